"""The beat of a clip: how long it takes until the onsets repeat, and so the tempo, exact up to octaves."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from daltonify_core.audio.filter_banks import FRAME, HOP, RATE

REFERENCE_BPM: Final = 120.0
_OCTAVES_OF_PRIOR: Final = 1.0
_FASTEST_BPM: Final = 320.0
_WINDOW: Final = 8 * RATE // HOP
"""Frames in eight seconds: long enough for two bars of a slow song, short enough to follow a band that drifts."""
_FRAMES_A_MINUTE: Final = 60.0 * RATE / HOP
_LIKELIHOOD_GAIN: Final = 1e6
_FOLLOWED_BEATS: Final = 16
_SHOWN_BPM: Final = (40.0, 320.0)
_REPEATING: Final = 4.5
"""Times one by the root of the number of frames, which is how far noise strays from never repeating: it reaches 3.7 in
any of the lags, a band whose beats are 20 ms off comes to 16.
"""
_LONGEST_REPEAT: Final = 4 * RATE // HOP
"""Frames in four seconds, a slow bar."""
_SHARPEST_SHARE: Final = 0.02
_SHARP_DB: Final = 0.6
"""Chords that swell rise by .4 dB a frame at most, and a steady tone by the little that windows differ; the softest
drums rise by 1.5.
"""

type Vector = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Beat:
    """Tempo in BPM.

    ``lag_bpm`` is that of a whole number of frames, as the model knows it (5 % apart at 120 BPM); ``bpm`` is refined
    over many beats and lies in 40..320. Unless it ``is_clear``, both are only the likeliest of numbers that mean
    nothing, because sounds have no beginnings or begin whenever they like.
    """

    lag_bpm: float
    bpm: float
    is_clear: bool


def find_beat(mel_db: NDArray[np.float64]) -> Beat:
    """The beat of a spectrogram in dB, shape (frames, mel bands), with frames 512 samples apart.

    Of two tempos that explain the onsets alike, the one nearer to 120 BPM is taken.
    """
    onsets = _onsets(mel_db)
    repeats = _repeats(onsets)
    lags = np.arange(1, _WINDOW)
    tempos = _FRAMES_A_MINUTE / lags
    prior = -0.5 * (np.log2(tempos / REFERENCE_BPM) / _OCTAVES_OF_PRIOR) ** 2
    score = np.where(tempos < _FASTEST_BPM, np.log1p(_LIKELIHOOD_GAIN * np.maximum(repeats[1:], 0.0)) + prior, -np.inf)
    lag = int(lags[np.argmax(score)])
    bpm = _FRAMES_A_MINUTE / _refined(onsets, lag)
    while bpm < _SHOWN_BPM[0]:
        bpm *= 2.0
    return Beat(lag_bpm=_FRAMES_A_MINUTE / lag, bpm=min(bpm, _SHOWN_BPM[1]), is_clear=_is_clear(onsets))


def _onsets(mel_db: NDArray[np.float64]) -> Vector:
    """How much louder each frame is than the one before, mean over bands, set where its sound begins."""
    rises = np.maximum(0.0, np.diff(mel_db, axis=0)).mean(axis=1)
    delay = 1 + FRAME // (2 * HOP)
    return np.concatenate((np.zeros(delay), rises))[: len(mel_db)]


def _repeats(onsets: Vector) -> Vector:
    """Autocorrelation of the onsets within windows of eight seconds around each frame, mean over the windows.

    Shape (window,), by lag in frames; 1 at lag 0, or 0 throughout where there are no onsets.
    """
    half = _WINDOW // 2
    padded = np.pad(onsets, half, mode="linear_ramp", end_values=0.0)
    frames = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)[: len(onsets)]
    window = 0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(_WINDOW) / _WINDOW)
    size = 1 << (2 * _WINDOW - 1).bit_length()
    spectrum = np.fft.rfft(frames * window, size, axis=1)
    correlation = np.fft.irfft(spectrum.real**2 + spectrum.imag**2, size, axis=1)[:, :_WINDOW]
    greatest = np.abs(correlation).max(axis=1, keepdims=True)
    result: Vector = (correlation / np.where(greatest > np.finfo(np.float64).tiny, greatest, 1.0)).mean(axis=0)
    return result


def _is_clear(onsets: Vector) -> bool:
    """Whether sounds begin sharply, and again after the same time, over the whole clip.

    The windows of ``_repeats`` cannot tell: noise repeats in some of them, and they leave its mean in.
    """
    if len(onsets) <= 2 * _LONGEST_REPEAT or np.quantile(onsets, 1.0 - _SHARPEST_SHARE) < _SHARP_DB:
        return False
    correlation = _autocorrelation(onsets)
    lags = np.arange(int(_FRAMES_A_MINUTE / _FASTEST_BPM), _LONGEST_REPEAT)
    # The longer the lag, the fewer frames are compared.
    repeats = correlation[lags] / correlation[0] * len(onsets) / (len(onsets) - lags)
    # A slow rise and fall is most like itself a moment later, which is no peak.
    peaks = repeats[1:-1][(repeats[1:-1] > repeats[:-2]) & (repeats[1:-1] >= repeats[2:])]
    return bool(peaks.max(initial=0.0) > _REPEATING / np.sqrt(len(onsets)))


def _autocorrelation(onsets: Vector) -> Vector:
    """That of the onsets of the whole clip without their mean, by lag in frames."""
    swing = onsets - onsets.mean()
    size = 1 << (2 * len(swing)).bit_length()
    spectrum = np.fft.rfft(swing, size)
    correlation: Vector = np.fft.irfft(spectrum.real**2 + spectrum.imag**2, size)
    return correlation


def _refined(onsets: Vector, lag: int) -> float:
    """The lag to a fraction of a frame, read where onsets repeat after 1, 2, 4, 8 and 16 beats.

    Each doubling starts from the last answer and looks two frames around, so a beat that is not steady misleads little.
    """
    correlation = _autocorrelation(onsets)
    best, beats = float(lag), 1
    while beats <= _FOLLOWED_BEATS and beats * best + 3 < len(onsets) / 2:
        middle = round(beats * best)
        around = np.arange(max(middle - 2, 1), middle + 3)
        peak = int(around[np.argmax(correlation[around])])
        before, at, after = correlation[peak - 1 : peak + 2]
        bend = before - 2.0 * at + after
        # A straight line or a hollow has no peak to refine.
        offset = float(np.clip(0.5 * (before - after) / bend, -0.5, 0.5)) if bend < 0.0 else 0.0
        best = (peak + offset) / beats
        beats *= 2
    return best
