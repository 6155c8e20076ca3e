"""Descriptors: held to closed formulas, and to what the library gives that the model's own data were made with."""

import json
import math
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from daltonify_core.audio.descriptors import decibels, describe
from daltonify_core.audio.filter_banks import (
    BINS,
    FRAME,
    RATE,
    bin_hertz,
    cepstral_bank,
    mel_bank,
    pitch_class_bank,
)
from daltonify_core.audio.local_model import local_model
from tests.unit.audio.sounds import clicks, pink_noise, sine, song, white_noise, with_pauses

REFERENCE = json.loads(Path(__file__).with_name("reference.json").read_text(encoding="utf-8"))["sounds"]
SOUNDS = {
    "song": partial(song, 30.0, RATE),
    "clicks": partial(clicks, 133.0, rate=RATE),
    "pink_noise": partial(pink_noise, rate=RATE),
    "with_pauses": partial(with_pauses, RATE),
    "sine": partial(sine, 440.0, rate=RATE),
}
C_MAJOR = (523.25, 659.26, 783.99)
A_MINOR = (440.0, 523.25, 659.26)


def descriptors(sound):
    model = local_model()
    return describe(sound, model.major, model.minor).descriptors


@pytest.mark.parametrize("name", SOUNDS)
def test_every_descriptor_is_what_the_reference_library_gives(name):
    """Within a thousandth of its standard deviation among real tracks."""
    model = local_model()
    found, expected = descriptors(SOUNDS[name]()), REFERENCE[name]
    assert list(found) == list(model.names)
    apart = {
        key: abs(found[key] - expected[key]) / deviation
        for key, deviation in zip(model.names, model.deviations, strict=True)
    }
    assert max(apart.values()) < 1e-3, apart


@pytest.mark.parametrize("hertz", [200.0, 1000.0, 5000.0])
def test_a_sine_lies_at_its_frequency(hertz):
    found = descriptors(sine(hertz, seconds=20.0, rate=RATE))
    # The two frames at the very ends hold half a tone, which has some width.
    assert math.exp(found["log_centroid"]) == pytest.approx(hertz, rel=0.03)
    assert math.exp(found["log_rolloff"]) == pytest.approx(hertz, abs=RATE / FRAME * 1.5)
    assert math.exp(found["log_zcr"]) == pytest.approx(2 * hertz / RATE, rel=0.01)
    assert math.exp(found["log_bandwidth"]) < hertz


@pytest.mark.parametrize("amplitude", [0.5, 0.05])
def test_the_level_of_a_sine_is_that_under_the_window(amplitude):
    """The mean square of a Hann window is 3/8."""
    found = descriptors(sine(1000.0, amplitude, seconds=20.0, rate=RATE))
    assert found["rms_db"] == pytest.approx(20 * math.log10(amplitude / math.sqrt(2) * math.sqrt(3 / 8)), abs=0.05)
    assert found["rms_cv"] < 0.05
    assert found["rms_crest_db"] == pytest.approx(0.0, abs=0.01)


def test_two_levels_set_variation_and_crest():
    """A third of the time ten times as loud as the rest."""
    quiet, loud = sine(1000.0, 0.05, 20.0, RATE), sine(1000.0, 0.5, 10.0, RATE)
    found = descriptors(np.concatenate([quiet, loud]))
    assert found["rms_crest_db"] == pytest.approx(20.0, abs=0.05)
    # Mean (2 + 10) / 3 = 4 and deviation √(2/9)·9, in units of the quiet level.
    assert found["rms_cv"] == pytest.approx(math.sqrt(2 / 9) * 9 / 4, rel=0.02)


def test_white_noise_fills_the_spectrum_evenly():
    found = descriptors(white_noise(seconds=20.0, rate=RATE))
    assert math.exp(found["log_centroid"]) == pytest.approx(RATE / 4, rel=0.01)
    assert math.exp(found["log_bandwidth"]) == pytest.approx(RATE / 2 / math.sqrt(12), rel=0.01)
    assert math.exp(found["log_rolloff"]) == pytest.approx(0.85 * RATE / 2, rel=0.01)
    assert found["rolloff_over_centroid"] == pytest.approx(math.log(1.7), abs=0.01)
    assert math.exp(found["log_zcr"]) == pytest.approx(0.5, abs=0.005)
    assert found["chroma_entropy"] > 0.99


@pytest.mark.parametrize(("chord", "is_major"), [(C_MAJOR, True), (A_MINOR, False)])
def test_a_chord_has_a_clear_key_and_its_mode(chord, is_major):
    found = descriptors(sum(sine(hertz, 0.2, 20.0, RATE) for hertz in chord))
    assert found["key_clarity"] > 0.6
    assert (found["major_minus_minor"] > 0) == is_major


def test_harmony_does_not_depend_on_the_key():
    """The same chord a fourth higher; bins do not fall on notes, so only nearly."""
    low = descriptors(sum(sine(hertz, 0.2, 20.0, RATE) for hertz in C_MAJOR))
    high = descriptors(sum(sine(hertz * 2 ** (5 / 12), 0.2, 20.0, RATE) for hertz in C_MAJOR))
    assert high["key_clarity"] == pytest.approx(low["key_clarity"], abs=0.1)
    assert high["chroma_entropy"] == pytest.approx(low["chroma_entropy"], abs=0.1)


def test_a_tone_in_a_band_raises_the_contrast_of_that_band():
    noise = white_noise(0.01, 20.0, RATE)
    plain, toned = descriptors(noise), descriptors(noise + sine(2400.0, 0.5, 20.0, RATE))
    assert toned["contrast_4"] > plain["contrast_4"] + 10
    assert toned["contrast_0"] == pytest.approx(plain["contrast_0"], abs=1.0)


def test_only_the_first_cepstral_coefficient_and_the_level_hear_a_change_of_gain():
    loud, soft = descriptors(pink_noise(0.2, rate=RATE)), descriptors(pink_noise(0.02, rate=RATE))
    moved = {name for name in loud if abs(loud[name] - soft[name]) > 0.02}
    assert moved == {"mfcc_0", "rms_db"}
    assert loud["rms_db"] - soft["rms_db"] == pytest.approx(20.0, abs=0.01)
    # An orthonormal transform turns the same value in 128 bands into √128 times it.
    assert loud["mfcc_0"] - soft["mfcc_0"] == pytest.approx(20.0 * math.sqrt(128), abs=0.1)


def test_silence_and_a_constant_give_finite_numbers():
    for sound in (np.zeros(RATE * 10), np.full(RATE * 10, 0.5)):
        assert all(math.isfinite(value) for value in descriptors(sound).values())


def test_decibels_have_a_floor_and_a_range():
    assert decibels(np.array([[1.0, 1e-3, 0.0]])).tolist() == [[0.0, -30.0, -80.0]]
    assert decibels(np.zeros((1, 2))).tolist() == [[-100.0, -100.0]]


def test_mel_bands_have_equal_area_and_leave_no_gap():
    bank = mel_bank()
    assert bank.shape == (BINS, 128)
    areas = bank.sum(axis=0) * RATE / FRAME
    # The lowest triangles are narrower than two bins, so their sampled area wobbles.
    assert areas[20:] == pytest.approx(1.0, abs=0.05)
    inside = (bin_hertz() > 50) & (bin_hertz() < 10_900)
    assert np.all(bank[inside].sum(axis=1) > 0)


def test_the_cosine_transform_is_orthonormal():
    bank = cepstral_bank()
    assert bank.T @ bank == pytest.approx(np.eye(13), abs=1e-12)


@pytest.mark.parametrize(("hertz", "pitch_class"), [(523.25, 0), (880.0, 9), (1108.73, 1), (987.77, 11)])
def test_a_note_falls_into_its_pitch_class(hertz, pitch_class):
    weights = pitch_class_bank()[round(hertz * FRAME / RATE)]
    assert int(np.argmax(weights)) == pitch_class
