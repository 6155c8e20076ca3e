"""Halving the sample rate: what may be heard stays, what would fold goes."""

import numpy as np
import pytest

from daltonify_core.audio.resampling import halve, low_pass
from tests.unit.audio.sounds import sine


@pytest.mark.parametrize("hertz", [50.0, 440.0, 3000.0, 9900.0])
def test_a_tone_below_10_khz_keeps_its_level_and_place(hertz):
    halved = halve(sine(hertz, 0.5, 1.0))
    assert len(halved) == 22_050
    inner = slice(200, -200)
    assert halved[inner] == pytest.approx(sine(hertz, 0.5, 1.0, 22_050)[inner], abs=1e-3)


@pytest.mark.parametrize("hertz", [11_100.0, 15_000.0, 21_000.0])
def test_a_tone_above_what_the_new_rate_holds_is_80_db_down(hertz):
    assert np.abs(halve(sine(hertz, 1.0, 1.0))[200:-200]).max() < 10 ** (-78 / 20)


def test_only_kept_samples_are_computed_and_they_are_those_of_the_whole_filter():
    sound = np.random.default_rng(0).standard_normal(5001)
    assert halve(sound) == pytest.approx(np.convolve(sound, low_pass(), "same")[::2])


@pytest.mark.parametrize("length", [1, 2, 3, 216, 217, 218, 441])
def test_any_length_is_halved(length):
    assert len(halve(np.ones(length))) == (length + 1) // 2
