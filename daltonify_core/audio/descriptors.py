"""The 34 numbers that describe how a clip sounds, and from which the model reads energy and the like.

They are means over frames of 2,048 samples, 512 apart, at 22,050 samples a second; the clip is padded with half a frame
of zeros on either side. Each is defined as when the model was fitted, down to the edges of the bands.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from daltonify_core.audio.filter_banks import (
    CEPSTRAL_COEFFICIENTS,
    FRAME,
    HOP,
    PITCH_CLASSES,
    bin_hertz,
    cepstral_bank,
    mel_bank,
    pitch_class_bank,
)
from daltonify_core.audio.tempo import REFERENCE_BPM, Beat, find_beat

CONTRAST_EDGES: Final = (0.0, 200.0, 400.0, 800.0, 1600.0, 3200.0, 6400.0, 12_800.0)
"""Hz. The last band is measured for its level alone: what lies there depends on how the file was resampled."""
DESCRIBED_BANDS: Final = 6
_QUANTILE: Final = 0.02
_ROLL_OFF: Final = 0.85
_FLOOR: Final = 1e-10
_RANGE_DB: Final = 80.0
_INAUDIBLE: Final = 1e-10  # a sample below that has no sign
_EXTREMES: Final = 3

type Vector = NDArray[np.float64]
type Matrix = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Description:
    """The 34 descriptors by name, in the model's order, and the beat that one of them was read from."""

    descriptors: dict[str, float]
    beat: Beat


def describe(samples: Vector, major: Vector, minor: Vector) -> Description:
    """Describe mono sound at 22,050 samples a second, shape (n,), at least a frame long.

    ``major`` and ``minor`` are how often each of the twelve pitch classes occurs in a key, from its root.
    """
    padded = np.pad(samples, FRAME // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, FRAME)[::HOP]
    window = 0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(FRAME) / FRAME)
    magnitude = np.abs(np.fft.rfft(frames * window, axis=1))
    power = magnitude**2
    mel_db = decibels(power @ mel_bank())
    beat = find_beat(mel_db)
    return Description(
        descriptors={
            **_shape(magnitude, _crossing_rate(padded, len(frames))),
            **_contrast(magnitude),
            **_cepstrum(mel_db),
            **_harmony(power, major, minor),
            **_dynamics(power),
            "log_tempo": float(np.log2(beat.lag_bpm / REFERENCE_BPM)),
        },
        beat=beat,
    )


def decibels(power: Matrix) -> Matrix:
    """``10·log10``, with a floor of 1e-10, and of 80 dB below the greatest of all values."""
    level: Matrix = 10.0 * np.log10(np.maximum(power, _FLOOR))
    return np.maximum(level, level.max() - _RANGE_DB)


def _shape(magnitude: Matrix, crossing_rate: float) -> dict[str, float]:
    """Where the spectrum lies and how wide it is; a silent frame counts as lying at 0 Hz."""
    hertz = bin_hertz()
    total = magnitude.sum(axis=1)
    safe = np.where(total > 0.0, total, 1.0)
    share = magnitude / safe[:, np.newaxis]
    centroid = share @ hertz
    bandwidth = np.sqrt(np.maximum(share @ hertz**2 - centroid**2, 0.0))
    summed = np.cumsum(magnitude, axis=1)
    rolloff = hertz[np.argmax(summed >= _ROLL_OFF * summed[:, -1:], axis=1)]
    log_centroid, log_rolloff = _log_mean(centroid), _log_mean(rolloff)
    return {
        "log_centroid": log_centroid,
        "log_bandwidth": _log_mean(bandwidth),
        "log_rolloff": log_rolloff,
        "log_zcr": float(np.log(max(crossing_rate, _FLOOR))),
        "rolloff_over_centroid": log_rolloff - log_centroid,
    }


def _crossing_rate(padded: Vector, frames: int) -> float:
    """Changes of sign a sample, mean over frames; changes between two frames belong to neither."""
    negative = padded < -_INAUDIBLE
    changes = np.concatenate(([0], np.cumsum(negative[1:] != negative[:-1])))
    starts = np.arange(frames) * HOP
    return float(np.mean((changes[starts + FRAME - 1] - changes[starts]) / FRAME))


def _contrast(magnitude: Matrix) -> dict[str, float]:
    """How far the loudest bins of each band rise above its quietest."""
    hertz = bin_hertz()
    peaks, valleys = [], []
    for low, high in pairwise(CONTRAST_EDGES):
        inside = np.flatnonzero((hertz >= low) & (hertz <= high))
        is_last = high == CONTRAST_EDGES[-1]
        # All but the lowest band take the bin below in, and all but the highest leave their last one out.
        first = inside[0] - (low > 0.0)
        width = inside[-1] + 1 - first
        band = magnitude[:, first : inside[-1] + is_last]
        count = max(int(np.rint(_QUANTILE * width)), 1)
        ordered = np.partition(band, (count - 1, band.shape[1] - count), axis=1)
        valleys.append(ordered[:, :count].mean(axis=1))
        peaks.append(ordered[:, -count:].mean(axis=1))
    contrast = (decibels(np.stack(peaks)) - decibels(np.stack(valleys))).mean(axis=1)
    return {f"contrast_{band}": float(contrast[band]) for band in range(DESCRIBED_BANDS)}


def _cepstrum(mel_db: Matrix) -> dict[str, float]:
    coefficients = mel_db.mean(axis=0) @ cepstral_bank()
    return {f"mfcc_{place}": float(coefficients[place]) for place in range(CEPSTRAL_COEFFICIENTS)}


def _harmony(power: Matrix, major: Vector, minor: Vector) -> dict[str, float]:
    """How sound spreads over the pitch classes, whichever of them is the root."""
    classes = power @ pitch_class_bank()
    loudest = classes.max(axis=1, keepdims=True)
    chroma = (classes / np.where(loudest > 0.0, loudest, 1.0)).mean(axis=0)
    ordered = np.sort(chroma)
    total = chroma.sum()
    share = chroma / total if total > 0.0 else np.full(PITCH_CLASSES, 1.0 / PITCH_CLASSES)
    spread = -float(np.sum(share * np.log(np.maximum(share, np.finfo(np.float64).tiny))))
    as_major, as_minor = _likeness(chroma, major), _likeness(chroma, minor)
    return {
        "chroma_mean": float(chroma.mean()),
        "chroma_peak": float(ordered[-1] - ordered[-2]),
        "chroma_range": float(ordered[-_EXTREMES:].mean() - ordered[:_EXTREMES].mean()),
        "chroma_entropy": spread / float(np.log(PITCH_CLASSES)),
        "key_clarity": max(as_major, as_minor),
        "major_minus_minor": as_major - as_minor,
    }


def _likeness(chroma: Vector, profile: Vector) -> float:
    """The best correlation with the profile in any of the twelve keys, 0 where all pitch classes are alike."""
    keys = np.stack([np.roll(profile, root) for root in range(PITCH_CLASSES)])
    deviation, of_keys = chroma - chroma.mean(), keys - keys.mean(axis=1, keepdims=True)
    size = float(np.linalg.norm(deviation))
    if size == 0.0:
        return 0.0
    return float(np.max(of_keys @ deviation / np.linalg.norm(of_keys, axis=1)) / size)


def _dynamics(power: Matrix) -> dict[str, float]:
    """Level of the windowed frames, how much it varies, and how far the loudest frame rises above the usual."""
    halved = power.sum(axis=1) - 0.5 * (power[:, 0] + power[:, -1])
    level = np.sqrt(2.0 * halved) / FRAME
    mean, usual = max(float(level.mean()), _FLOOR), max(float(np.median(level)), _FLOOR)
    return {
        "rms_db": float(20.0 * np.log10(mean)),
        "rms_cv": float(level.std()) / mean,
        "rms_crest_db": float(20.0 * np.log10(max(float(level.max()), _FLOOR) / usual)),
    }


def _log_mean(values: Vector) -> float:
    return float(np.log(max(float(values.mean()), _FLOOR)))
