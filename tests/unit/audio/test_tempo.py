"""Tempo: exact up to octaves on steady music, and never an error."""

import math

import numpy as np
import pytest

from daltonify_core.audio.descriptors import describe
from daltonify_core.audio.filter_banks import HOP, RATE
from daltonify_core.audio.local_model import local_model
from daltonify_core.audio.tempo import find_beat
from tests.unit.audio.sounds import brown_noise, clicks, pink_noise, sine, song, swelling_chords, white_noise


def beat_of(sound):
    model = local_model()
    return describe(sound, model.major, model.minor).beat


def octaves_apart(found: float, true: float) -> float:
    """Distance to the nearest of the tempo, its doubles and its halves, as a share."""
    octaves = math.log2(found / true)
    return abs(float(2.0 ** (octaves - round(octaves))) - 1.0)


@pytest.mark.parametrize("bpm", [60, 85, 97, 120, 128, 140, 174, 180])
@pytest.mark.parametrize("make", [clicks, song])
def test_tempo_is_exact_up_to_octaves(make, bpm):
    found = beat_of(make(bpm=float(bpm), rate=RATE, seconds=20.0))
    assert octaves_apart(found.bpm, bpm) < 0.002
    assert found.bpm / bpm == pytest.approx(1.0, abs=0.01) or bpm < 80 or bpm > 160


@pytest.mark.parametrize("bpm", [60, 120, 174])
def test_ten_seconds_are_enough(bpm):
    assert octaves_apart(beat_of(clicks(float(bpm), seconds=10.0, rate=RATE)).bpm, bpm) < 0.01


def test_the_model_gets_the_tempo_of_a_whole_number_of_frames():
    model = local_model()
    description = describe(clicks(120.0, rate=RATE), model.major, model.minor)
    lag = 60 * RATE / HOP / description.beat.lag_bpm
    assert lag == pytest.approx(round(lag))
    assert round(lag) in (21, 22)
    assert description.descriptors["log_tempo"] == pytest.approx(math.log2(description.beat.lag_bpm / 120))


def test_a_band_that_drifts_has_about_its_mean_tempo():
    rate, beats = RATE, []
    moment = 0.0
    while moment < 29.5:
        beats.append(moment)
        moment += 60 / (118 + 4 * moment / 30)
    sound = sum((sine(hertz, 0.02, 30.0, rate) for hertz in (220.0, 330.0)), np.zeros(30 * rate))
    burst = white_noise(0.3, 0.04, rate) * np.exp(-np.linspace(0, 6, round(0.04 * rate)))
    for beat in beats:
        piece = sound[round(beat * rate) : round(beat * rate) + len(burst)]
        piece += burst[: len(piece)]
    found = beat_of(sound)
    assert 117 <= found.bpm <= 123
    assert found.is_clear


@pytest.mark.parametrize("sound", [np.zeros(RATE * 12), sine(440.0, rate=RATE), white_noise(rate=RATE)])
def test_what_has_no_beat_still_gets_a_number(sound):
    assert 40 <= beat_of(sound).bpm <= 320


@pytest.mark.parametrize("seconds", [10.0, 30.0])
@pytest.mark.parametrize(
    "make",
    [
        lambda seconds: sine(220.0, 0.5, seconds, RATE),
        lambda seconds: sine(440.0, 0.01, seconds, RATE),
        lambda seconds: white_noise(0.3, seconds, RATE),
        lambda seconds: pink_noise(0.2, seconds, RATE),
        lambda seconds: brown_noise(0.2, seconds, RATE),
        lambda seconds: swelling_chords(seconds, RATE),
        lambda seconds: swelling_chords(seconds, RATE, attack=0.5),
        lambda seconds: np.zeros(round(seconds * RATE)),
    ],
    ids=["sine", "soft sine", "white", "pink", "brown", "chords", "quicker chords", "silence"],
)
def test_what_has_no_beat_is_not_said_to_have_one(make, seconds):
    assert not beat_of(make(seconds)).is_clear


@pytest.mark.parametrize("seconds", [10.0, 30.0])
@pytest.mark.parametrize("bpm", [60, 97, 120, 180])
@pytest.mark.parametrize(
    "make", [clicks, song, lambda **how: song(**how) + pink_noise(0.1, how["seconds"], RATE)], ids=["c", "s", "n"]
)
def test_a_beat_is_clear_in_noise_as_well(make, bpm, seconds):
    assert beat_of(make(bpm=float(bpm), rate=RATE, seconds=seconds)).is_clear


def test_silence_is_put_at_the_usual_tempo():
    assert find_beat(np.zeros((500, 128))).lag_bpm == pytest.approx(120, rel=0.03)
