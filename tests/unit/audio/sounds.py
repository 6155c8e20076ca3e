"""Sounds with known properties, and WAV files written byte by byte."""

import struct

import numpy as np
from numpy.typing import NDArray

from daltonify_core.audio.clip import CLIP_RATE, Clip

type Sound = NDArray[np.float64]


def times(seconds: float, rate: int = CLIP_RATE) -> Sound:
    return np.arange(round(seconds * rate)) / rate


def sine(hertz: float, amplitude: float = 0.5, seconds: float = 12.0, rate: int = CLIP_RATE) -> Sound:
    return amplitude * np.sin(2 * np.pi * hertz * times(seconds, rate))


def white_noise(amplitude: float = 0.3, seconds: float = 12.0, rate: int = CLIP_RATE, seed: int = 1) -> Sound:
    return amplitude * np.random.default_rng(seed).standard_normal(round(seconds * rate))


def pink_noise(amplitude: float = 0.2, seconds: float = 30.0, rate: int = CLIP_RATE, seed: int = 4) -> Sound:
    spectrum = np.fft.rfft(white_noise(1.0, seconds, rate, seed))
    sound = np.fft.irfft(spectrum / np.sqrt(np.maximum(1, np.arange(len(spectrum)))), round(seconds * rate))
    return amplitude * sound / sound.std()


def brown_noise(amplitude: float = 0.2, seconds: float = 30.0, rate: int = CLIP_RATE, seed: int = 4) -> Sound:
    spectrum = np.fft.rfft(white_noise(1.0, seconds, rate, seed))
    sound = np.fft.irfft(spectrum / np.maximum(20 * seconds, np.arange(len(spectrum))), round(seconds * rate))
    return amplitude * sound / sound.std()


def swelling_chords(seconds: float = 30.0, rate: int = CLIP_RATE, attack: float = 1.0) -> Sound:
    """A chord every four seconds that fades in while the last one fades out."""
    t = times(seconds, rate)
    sound = np.zeros(len(t))
    for place, start in enumerate(np.arange(0, seconds, 4.0)):
        fade = np.clip((t - start) / attack, 0, 1) * np.clip((start + 4.0 + attack - t) / attack, 0, 1)
        for hertz in (110.0, 164.8, 220.0, 261.6):
            sound += 0.1 * fade * np.sin(2 * np.pi * hertz * (1, 0.8, 1.2, 0.75)[place % 4] * t)
    return sound


def below(hertz: float, sound: Sound, rate: int = CLIP_RATE) -> Sound:
    """The sound with nothing left above a frequency."""
    spectrum = np.fft.rfft(sound)
    spectrum[np.fft.rfftfreq(len(sound), 1 / rate) > hertz] = 0
    return np.fft.irfft(spectrum, len(sound))


def clicks(bpm: float, seconds: float = 30.0, rate: int = CLIP_RATE, seed: int = 3) -> Sound:
    """A short burst of noise on every beat, over a faint chord."""
    sound = sum((sine(hertz, 0.02, seconds, rate) for hertz in (220.0, 277.2, 329.6)), np.zeros(round(seconds * rate)))
    burst = np.random.default_rng(seed).standard_normal(rate // 25) * np.exp(-np.linspace(0, 6, rate // 25)) * 0.3
    for beat in np.arange(0, seconds, 60 / bpm):
        start = round(beat * rate)
        piece = sound[start : start + len(burst)]
        piece += burst[: len(piece)]
    return sound


def with_pauses(rate: int = CLIP_RATE) -> Sound:
    """Silence of three seconds, twelve seconds of music, silence of two."""
    return np.concatenate([np.zeros(3 * rate), song(12.0, rate), np.zeros(2 * rate)])


def song(seconds: float = 12.0, rate: int = CLIP_RATE, bpm: float = 120.0, seed: int = 5, level: float = 1.0) -> Sound:
    """Kick, hat, a bass and a chord that changes: made-up music with everything that is measured in it."""
    t = times(seconds, rate)
    beat = 60 / bpm
    random = np.random.default_rng(seed)
    since_beat = t % beat
    kick = np.sin(2 * np.pi * 55 * since_beat) * np.exp(-since_beat * 18) * 0.5
    since_off = (t + beat / 2) % beat
    hat = random.standard_normal(len(t)) * np.exp(-since_off * 60) * 0.12
    chords = np.array([[220.0, 261.6, 329.6], [174.6, 220.0, 261.6], [196.0, 246.9, 293.7], [164.8, 207.7, 246.9]])
    bar = (t // (4 * beat)).astype(int) % len(chords)
    chord = sum((0.08 * np.sign(np.sin(2 * np.pi * chords[bar, voice] * t)) for voice in range(3)), np.zeros(len(t)))
    bass = 0.15 * np.sin(2 * np.pi * chords[bar, 0] / 2 * t)
    whole: Sound = level * (kick + hat + chord + bass)
    return whole


def clip(sound: Sound, rate: int = CLIP_RATE) -> Clip:
    return Clip(sound.astype(np.float32), rate)


def chunk(name: bytes, content: bytes, size: int | None = None) -> bytes:
    declared = len(content) if size is None else size
    return name + struct.pack("<I", declared) + content + b"\0" * (len(content) % 2)


def form(coding: int = 1, channels: int = 1, rate: int = CLIP_RATE, bits: int = 16, more: bytes = b"") -> bytes:
    block = channels * bits // 8
    return chunk(b"fmt ", struct.pack("<HHIIHH", coding, channels, rate, rate * block, block, bits) + more)


def riff(*chunks: bytes, size: int | None = None) -> bytes:
    body = b"WAVE" + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(body) if size is None else size) + body


def pcm16(sound: Sound) -> bytes:
    return np.clip(np.rint(sound * 32_768), -32_768, 32_767).astype("<i2").tobytes()
