"""Filter banks that turn a spectrum of 1,025 bins into mel bands, cepstral coefficients and pitch classes.

The model was fitted on descriptors in the form that the library librosa gives them, so these banks are of that form
too: another one would shift every descriptor.
"""

from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

RATE: Final = 22_050
"""Samples a second of everything that is described."""
FRAME: Final = 2048
HOP: Final = 512
BINS: Final = FRAME // 2 + 1
MEL_BANDS: Final = 128
CEPSTRAL_COEFFICIENTS: Final = 13
PITCH_CLASSES: Final = 12

_LINEAR_HERTZ_PER_MEL: Final = 200.0 / 3.0
_LOG_FROM_HERTZ: Final = 1000.0
_LOG_STEP: Final = np.log(6.4) / 27.0
_LOWEST_A: Final = 27.5
_DOMINANT_OCTAVE: Final = 5.0
_OCTAVES_OF_DOMINANCE: Final = 2.0
_C_ABOVE_A: Final = 3

type Bank = NDArray[np.float64]


def bin_hertz() -> Bank:
    """The frequency of each bin of a spectrum."""
    return np.arange(BINS, dtype=np.float64) * (RATE / FRAME)


@cache
def mel_bank() -> Bank:
    """Weights of shape (bins, mel bands): triangles of equal area on Slaney's mel scale, from 0 to 11,025 Hz."""
    edges = _hertz_of_mel(np.linspace(0.0, _mel_of_hertz(RATE / 2), MEL_BANDS + 2))
    below, top, above = edges[:-2], edges[1:-1], edges[2:]
    hertz = bin_hertz()[:, np.newaxis]
    rising, falling = (hertz - below) / (top - below), (above - hertz) / (above - top)
    bank: Bank = np.maximum(0.0, np.minimum(rising, falling)) * (2.0 / (above - below))
    return bank


@cache
def cepstral_bank() -> Bank:
    """Weights of shape (mel bands, coefficients): the first rows of the orthonormal cosine transform (DCT-II)."""
    positions = (np.arange(MEL_BANDS) + 0.5)[:, np.newaxis]
    weights: Bank = np.cos(np.pi / MEL_BANDS * positions * np.arange(CEPSTRAL_COEFFICIENTS)) * np.sqrt(2.0 / MEL_BANDS)
    weights[:, 0] /= np.sqrt(2.0)
    return weights


@cache
def pitch_class_bank() -> Bank:
    """Weights of shape (bins, pitch classes from C): bumps that are strongest five octaves above 27.5 Hz."""
    # Bin 0 has no pitch; it is put one and a half octaves below bin 1.
    semitones: Bank = PITCH_CLASSES * np.log2(np.arange(1, BINS + 1) * (RATE / FRAME) / _LOWEST_A)
    semitones = np.concatenate(([semitones[0] - 1.5 * PITCH_CLASSES], semitones))
    widths = np.maximum(np.diff(semitones), 1.0)[:, np.newaxis]
    semitones = semitones[:BINS, np.newaxis]
    half = PITCH_CLASSES / 2
    apart = np.mod(semitones - np.arange(PITCH_CLASSES) + half, PITCH_CLASSES) - half
    bumps = np.exp(-0.5 * (2.0 * apart / widths) ** 2)
    bumps /= np.sqrt(np.sum(bumps**2, axis=1, keepdims=True))
    dominance = (semitones / PITCH_CLASSES - _DOMINANT_OCTAVE) / _OCTAVES_OF_DOMINANCE
    bank: Bank = np.roll(bumps * np.exp(-0.5 * dominance**2), -_C_ABOVE_A, axis=1)
    return bank


def _mel_of_hertz(hertz: float) -> float:
    """For frequencies of 1,000 Hz and more."""
    return float(_LOG_FROM_HERTZ / _LINEAR_HERTZ_PER_MEL + np.log(hertz / _LOG_FROM_HERTZ) / _LOG_STEP)


def _hertz_of_mel(mel: Bank) -> Bank:
    bend = _LOG_FROM_HERTZ / _LINEAR_HERTZ_PER_MEL
    curved: Bank = _LOG_FROM_HERTZ * np.exp(_LOG_STEP * (np.maximum(mel, bend) - bend))
    return np.where(mel < bend, mel * _LINEAR_HERTZ_PER_MEL, curved)
