"""Loudness by ITU-R BS.1770-4: what Spotify normalises by, in LUFS, for a whole file that is read piece by piece."""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

STEPS_A_SECOND: Final = 10
_STEPS_A_BLOCK: Final = 4
_OFFSET: Final = -0.691
_ABSOLUTE_GATE: Final = -70.0
_RELATIVE_GATE: Final = -10.0
_SILENT: Final = -70.0

# The analogue prototypes behind the two filters that the standard gives for 48 kHz; from them the filters follow for
# every rate. First the head's shelf (Hz, Q, dB), then the high-pass (Hz, Q).
_SHELF: Final = (1681.974450955533, 0.7071752369554196, 3.999843853973347)
_SHELF_BAND_EXPONENT: Final = 0.4996667741545416
_HIGH_PASS: Final = (38.13547087602444, 0.5003270373238773)
_MEMORY_SECONDS: Final = 0.2
"""After that the filters' answer to a click has fallen below what a double can tell."""

type Samples = NDArray[np.float32] | NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Biquad:
    b: tuple[float, float, float]
    a: tuple[float, float, float]

    def response(self, size: int) -> NDArray[np.complex128]:
        turn: NDArray[np.complex128] = np.exp(-2j * np.pi * np.arange(size // 2 + 1) / size)
        above = self.b[0] + turn * (self.b[1] + turn * self.b[2])
        below = self.a[0] + turn * (self.a[1] + turn * self.a[2])
        return above / below


def _weighting(rate: int) -> tuple[_Biquad, _Biquad]:
    hertz, quality, gain_db = _SHELF
    k = math.tan(math.pi * hertz / rate)
    high = 10.0 ** (gain_db / 20.0)
    band = high**_SHELF_BAND_EXPONENT
    shelf = _Biquad(
        (high + band * k / quality + k * k, 2.0 * (k * k - high), high - band * k / quality + k * k),
        (1.0 + k / quality + k * k, 2.0 * (k * k - 1.0), 1.0 - k / quality + k * k),
    )
    hertz, quality = _HIGH_PASS
    k = math.tan(math.pi * hertz / rate)
    scale = 1.0 + k / quality + k * k
    # The standard leaves the zeros of this one unscaled.
    high_pass = _Biquad((scale, -2.0 * scale, scale), (scale, 2.0 * (k * k - 1.0), 1.0 - k / quality + k * k))
    return shelf, high_pass


class LoudnessMeter:
    """Takes a file piece by piece, in any sizes, and keeps one number for each tenth of a second.

    One channel counts as if both loudspeakers played it, which is how a mono file is heard; the standard alone would
    read 3.01 dB less. Two channels are counted as they are. ``rate`` is in samples a second, at least 8,000.
    """

    def __init__(self, rate: int, channels: int) -> None:
        if channels not in (1, 2):
            raise ValueError(f"Loudness is measured in one or two channels, not in {channels}.")
        self._channel_weight = 2.0 if channels == 1 else 1.0
        self.step_frames = round(rate / STEPS_A_SECOND)
        self._size = 1 << (2 * rate).bit_length()
        shelf, high_pass = _weighting(rate)
        self._response = (shelf.response(self._size) * high_pass.response(self._size))[:, np.newaxis]
        self._memory = np.zeros((round(rate * _MEMORY_SECONDS), channels))
        self._rest = np.zeros(0)
        self._steps: list[NDArray[np.float64]] = []

    def add(self, samples: Samples) -> None:
        """Take the next samples, shape (n, channels), or (n,) of one channel, in -1..1."""
        sound = np.asarray(samples, dtype=np.float64).reshape(len(samples), self._memory.shape[1])
        piece = self._size - len(self._memory)
        for start in range(0, len(sound), piece):
            self._add_piece(sound[start : start + piece])

    def _add_piece(self, piece: NDArray[np.float64]) -> None:
        remembered = len(self._memory)
        sound = np.concatenate((self._memory, piece))
        # What the filters still say after the end comes round into the remembered part, which is thrown away.
        spectrum = np.fft.rfft(sound, self._size, axis=0) * self._response
        weighted = np.fft.irfft(spectrum, self._size, axis=0)[remembered : len(sound)]
        self._memory = sound[len(sound) - remembered :]
        power = np.concatenate((self._rest, np.sum(weighted**2, axis=1) * self._channel_weight))
        whole = len(power) // self.step_frames * self.step_frames
        self._steps.append(power[:whole].reshape(-1, self.step_frames).mean(axis=1))
        self._rest = power[whole:]

    def steps(self) -> NDArray[np.float64]:
        """Weighted mean square of every full tenth of a second, shape (steps,)."""
        return np.concatenate(self._steps) if self._steps else np.zeros(0)

    def integrated(self) -> float:
        """Loudness in LUFS of all that was taken, pauses left out; -70 for what is silent or shorter than 0.4 s."""
        steps = self.steps()
        if len(steps) < _STEPS_A_BLOCK:
            return _SILENT
        blocks = np.lib.stride_tricks.sliding_window_view(steps, _STEPS_A_BLOCK).mean(axis=1)
        audible = blocks[decibels_of_power(blocks) > _ABSOLUTE_GATE]
        if len(audible) == 0:
            return _SILENT
        gate = float(decibels_of_power(audible.mean())) + _RELATIVE_GATE
        return float(decibels_of_power(audible[decibels_of_power(audible) > gate].mean()))


def decibels_of_power(power: NDArray[np.float64] | np.float64) -> NDArray[np.float64]:
    """LUFS of a weighted mean square."""
    return _OFFSET + 10.0 * np.log10(np.maximum(power, np.finfo(np.float64).tiny))
