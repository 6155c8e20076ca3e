"""Loudness: the standard's own figures, its gates, and reading piece by piece."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daltonify_core.audio.loudness import LoudnessMeter
from tests.unit.audio.sounds import Sound, pink_noise, sine, song


def stereo(left: Sound, right: Sound | None = None) -> Sound:
    return np.stack([left, left if right is None else right], axis=1)


def loudness(sound: Sound, rate: int = 48_000) -> float:
    meter = LoudnessMeter(rate, 1 if sound.ndim == 1 else sound.shape[1])
    meter.add(sound)
    return meter.integrated()


def level(lufs: float) -> float:
    return float(10 ** (lufs / 20))


@pytest.mark.parametrize("rate", [8_000, 22_050, 44_100, 48_000, 96_000])
def test_a_full_scale_sine_in_one_of_two_channels_reads_as_the_standard_says(rate):
    tone = sine(997.0, 1.0, 10.0, rate)
    assert loudness(stereo(tone, 0 * tone), rate) == pytest.approx(-3.01, abs=0.05)


def test_a_mono_file_is_as_loud_as_the_same_sound_in_two_channels():
    music = song(20.0, 48_000)
    assert loudness(music) == pytest.approx(loudness(stereo(music)), abs=1e-9)
    assert loudness(sine(997.0, 1.0, 10.0, 48_000)) == pytest.approx(0.0, abs=0.05)


@pytest.mark.parametrize("lufs", [-23.0, -33.0, -9.0])
def test_a_tone_of_1000_hz_in_both_channels_has_the_loudness_of_its_peak(lufs):
    assert loudness(stereo(sine(1000.0, level(lufs), 20.0, 48_000))) == pytest.approx(lufs, abs=0.1)


@pytest.mark.parametrize(
    "parts",
    [
        pytest.param([(-36, 10), (-23, 60), (-36, 10)], id="relative gate"),
        pytest.param([(-72, 10), (-36, 10), (-23, 60), (-36, 10), (-72, 10)], id="both gates"),
        pytest.param([(-26, 20), (-20, 20.1), (-26, 20)], id="all counts"),
    ],
)
def test_gating_leaves_out_what_the_broadcasters_test_signals_want_left_out(parts):
    """The third, fourth and fifth signal of EBU Tech 3341; each must read -23 within 0.1."""
    sound = np.concatenate([sine(1000.0, level(lufs), seconds, 48_000) for lufs, seconds in parts])
    assert loudness(stereo(sound)) == pytest.approx(-23.0, abs=0.1)


def test_what_nobody_hears_does_not_lower_the_gate_for_the_rest():
    parts = [(-80, 75), (-23, 20), (-37, 5)]
    sound = np.concatenate([sine(1000.0, level(lufs), seconds, 48_000) for lufs, seconds in parts])
    assert loudness(stereo(sound)) == pytest.approx(-23.0, abs=0.3)


def test_bass_counts_less_and_treble_more():
    def at(hertz: float) -> float:
        return loudness(sine(hertz, 0.1, 10.0, 48_000))

    assert at(25.0) < at(1000.0) - 8
    assert at(10_000.0) == pytest.approx(at(500.0) + 4.0, abs=0.3)


@pytest.mark.parametrize(
    "sound",
    [
        np.zeros(48_000),
        np.zeros(0),
        sine(997.0, 1.0, 0.3, 48_000),
        np.full(48_000, 1e-6),
        sine(1000.0, level(-80.0), 10.0, 48_000),
    ],
    ids=["zeros", "nothing", "less than a block", "a constant", "a tone that nobody hears"],
)
def test_silence_and_less_than_a_block_read_minus_70(sound):
    assert loudness(sound) == -70.0


@settings(max_examples=25)
@given(st.lists(st.integers(1, 60_000), min_size=1, max_size=12), st.integers(1, 2))
def test_the_size_of_the_pieces_does_not_matter(sizes, channels):
    rate = 8_000
    sound = pink_noise(0.2, 12.0, rate)
    sound = sound if channels == 1 else stereo(sound, sound[::-1])
    whole, pieces = LoudnessMeter(rate, channels), LoudnessMeter(rate, channels)
    whole.add(sound)
    place = 0
    for size in sizes:
        pieces.add(sound[place : place + size])
        place += size
    pieces.add(sound[place:])
    assert pieces.steps() == pytest.approx(whole.steps(), rel=1e-9)
    assert pieces.integrated() == pytest.approx(whole.integrated(), abs=1e-9)


def test_the_weighting_is_that_of_the_filters_run_sample_by_sample():
    """The standard's own coefficients for 48 kHz, applied by their difference equations."""
    sound = pink_noise(0.3, 1.0, 48_000)
    for (b0, b1, b2), (a1, a2) in (
        ((1.53512485958697, -2.69169618940638, 1.19839281085285), (-1.69065929318241, 0.73248077421585)),
        ((1.0, -2.0, 1.0), (-1.99004745483398, 0.99007225036621)),
    ):
        filtered, past = np.zeros(len(sound)), [0.0, 0.0, 0.0, 0.0]
        for place, value in enumerate(sound):
            now = b0 * value + b1 * past[0] + b2 * past[1] - a1 * past[2] - a2 * past[3]
            past = [value, past[0], now, past[2]]
            filtered[place] = now
        sound = filtered
    meter = LoudnessMeter(48_000, 2)
    original = pink_noise(0.3, 1.0, 48_000)
    meter.add(stereo(original, 0 * original))
    assert meter.steps() == pytest.approx((sound**2).reshape(10, -1).mean(axis=1), rel=1e-6)


def test_more_than_two_channels_are_not_taken():
    with pytest.raises(ValueError, match="one or two channels"):
        LoudnessMeter(48_000, 6)
