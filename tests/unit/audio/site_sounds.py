"""What the page has to measure: the sounds of tests/site/audio_sounds.js, and what the service makes of them.

``python -m tests.unit.audio.site_sounds`` writes the expected values anew; a test fails while they are out of date.
"""

import hashlib
import json
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from daltonify_core.audio.clip import CLIP_RATE, Clip, check_clip, write_clip
from daltonify_core.audio.descriptors import describe
from daltonify_core.audio.filter_banks import RATE
from daltonify_core.audio.local_model import local_model
from daltonify_core.audio.loudness import LoudnessMeter
from daltonify_core.audio.measurement import measure
from daltonify_core.audio.questions import apply_answers, questions_about
from daltonify_core.audio.resampling import halve, low_pass
from daltonify_core.catalogue.audio_features import AudioFeatures
from daltonify_core.errors import AudioRefused
from infra.cli.audio_file import hear

EXPECTED: Final = Path(__file__).parents[2] / "site/audio_expected.json"
VECTORS: Final = json.loads(Path(__file__).with_name("vectors.json").read_text(encoding="utf-8"))
_FULL_SCALE: Final = 32_768

type Sound = NDArray[np.float64]


def noise_at(places: NDArray[np.int64]) -> Sound:
    """A number in -1..1 for every place: the same in both languages, which no library's random numbers are."""
    mixed = places.astype(np.uint32) * np.uint32(2_654_435_761)
    mixed = (mixed ^ (mixed >> np.uint32(16))) * np.uint32(2_246_822_519)
    mixed = (mixed ^ (mixed >> np.uint32(13))) * np.uint32(3_266_489_917)
    whole: Sound = (mixed ^ (mixed >> np.uint32(16))).astype(np.float64)
    return whole / 2**31 - 1.0


def sampled(seconds: float, rate: int, value_at: Callable[[Sound, NDArray[np.int64]], Sound]) -> Sound:
    """The values of a function of second and place, as 16 bits would hold them."""
    places = np.arange(round(seconds * rate))
    values = np.floor(value_at(places / rate, places) * _FULL_SCALE + 0.5)
    sound: Sound = np.clip(values, -_FULL_SCALE, _FULL_SCALE - 1) / _FULL_SCALE
    return sound


def song(seconds: float, rate: int, bpm: float = 120.0, level: float = 1.0) -> Sound:
    """Kick, hat and a chord that changes with every bar."""
    beat = 60 / bpm

    def value_at(second: Sound, place: NDArray[np.int64]) -> Sound:
        since_beat, since_off = second % beat, (second + beat / 2) % beat
        root = np.array([220, 174.6, 196, 164.8])[np.floor(second / (4 * beat)).astype(int) % 4]
        kick = 0.4 * _wave(55, since_beat) * np.exp(-18 * since_beat)
        hat = 0.1 * noise_at(place) * np.exp(-60 * since_off)
        # From the root far up, since a few low tones alone count as coloured noise.
        chord = np.zeros(len(second))
        for ratio in (1, 1.1875, 1.5, 2, 3, 4, 6, 8, 12, 16):
            chord += 0.04 * _wave(root * ratio, second)
        return level * (kick + hat + chord + 0.1 * _wave(root / 2, second))

    return sampled(seconds, rate, value_at)


def sine(hertz: float, amplitude: float, seconds: float, rate: int) -> Sound:
    return sampled(seconds, rate, lambda second, _: amplitude * _wave(hertz, second))


def noise(amplitude: float, seconds: float, rate: int) -> Sound:
    return sampled(seconds, rate, lambda _, place: amplitude * noise_at(place))


def chords(seconds: float, rate: int) -> Sound:
    """A chord every four seconds that fades in while the last one fades out: nothing begins sharply."""

    def value_at(second: Sound, _: NDArray[np.int64]) -> Sound:
        value = np.zeros(len(second))
        for place, start in enumerate(np.arange(0, seconds, 4.0)):
            fade = np.clip(second - start, 0, 1) * np.clip(start + 5 - second, 0, 1)
            for hertz in (110, 164.8, 220, 261.6):
                value += 0.1 * fade * _wave(hertz * (1, 0.8, 1.2, 0.75)[place % 4], second)
        return value

    return sampled(seconds, rate, value_at)


def track(rate: int) -> Sound:
    """Quiet, then 32 loud seconds, then quiet."""
    quiet = song(12, rate, 104, 0.1)
    return np.concatenate([quiet, song(32, rate, 104, 0.5), quiet])


def with_pauses(rate: int) -> Sound:
    """Silence of three seconds, twelve of music, silence of two."""
    return np.concatenate([np.zeros(3 * rate), song(12, rate), np.zeros(2 * rate)])


def _wave(hertz: float | Sound, second: Sound) -> Sound:
    value: Sound = np.sin(2 * np.pi * hertz * second)
    return value


DESCRIBED: Final[dict[str, Callable[[], Sound]]] = {
    "song": partial(song, 30, RATE),
    "fast song": partial(song, 12, RATE, 174),
    "noise": partial(noise, 0.3, 12, RATE),
    "sine": partial(sine, 440, 0.5, 12, RATE),
    "chords": partial(chords, 30, RATE),
    "pauses": partial(with_pauses, RATE),
    "silence": lambda: np.zeros(10 * RATE),
}
CHECKED: Final[dict[str, Callable[[], Sound]]] = {
    "song": partial(song, 12, CLIP_RATE),
    "loud song": lambda: np.clip(song(12, CLIP_RATE) * 6, -1, 1),
    "quiet song": partial(song, 12, CLIP_RATE, 120, 0.01),
    "one note": partial(sine, 440, 0.5, 12, CLIP_RATE),
    "low tones": lambda: sum((sine(hertz, 0.1, 12, CLIP_RATE) for hertz in (41.2, 49.0, 65.4, 98.0)), np.zeros(1)),
    "short": partial(song, 9.9, CLIP_RATE),
    "silence": lambda: np.zeros(12 * CLIP_RATE),
    "constant": lambda: np.full(12 * CLIP_RATE, 0.25),
    "mostly silent": lambda: np.concatenate([song(3, CLIP_RATE), np.zeros(20 * CLIP_RATE)]),
    "noise": partial(noise, 0.3, 12, CLIP_RATE),
    "clipped noise": lambda: np.clip(noise(3.0, 12, CLIP_RATE), -1, 1),
}
_METERED_RATES: Final = (8_000, 44_100, 48_000)


def expected(folder: Path) -> dict[str, Any]:
    """What the service makes of the sounds; ``folder`` is for a file on the way."""
    model = local_model()
    song_file = folder / "track.wav"
    song_file.write_bytes(write_clip(_clip(track(CLIP_RATE))))
    heard = hear(song_file, None, lambda *_: None)
    measured = measure(heard.clip.samples, CLIP_RATE, heard.loudness_lufs)
    halved = halve(song(1, CLIP_RATE))
    return {
        "model": [model.predict(vector["descriptors"]) for vector in VECTORS],
        "described": {name: _described(make()) for name, make in DESCRIBED.items()},
        "loudness": {
            f"{channels} at {rate}": _metered(rate, channels) for rate in _METERED_RATES for channels in (1, 2)
        },
        "checked": {name: _refusal(make()) for name, make in CHECKED.items()},
        "low_pass": low_pass()[::27].tolist(),
        "halved": halved[::441].tolist(),
        "wav_sha256": hashlib.sha256(write_clip(_clip(song(2, CLIP_RATE)))).hexdigest(),
        "track": {
            "start": heard.start_seconds,
            "loudness": heard.loudness_lufs,
            "features": measured.features.present(),
            "trust": {name: trust.value for name, trust in measured.trust.items()},
        },
        "questions": {
            str(bpm): [
                [option.value, option.features.tempo] for option in questions_about(AudioFeatures(tempo=bpm))[1].options
            ]
            for bpm in (50.0, 97.3, 104.3, 104.5, 104.7, 200.0)
        },
        "answers": {
            str(vocals): apply_answers(AudioFeatures(tempo=97.3, energy=0.5), vocals, "double").present()
            for vocals in (True, False, None)
        },
    }


def _described(sound: Sound) -> dict[str, Any]:
    model = local_model()
    description = describe(sound, model.major, model.minor)
    beat = description.beat
    return {"descriptors": description.descriptors, "lagBpm": beat.lag_bpm, "bpm": beat.bpm, "isClear": beat.is_clear}


def _metered(rate: int, channels: int) -> dict[str, Any]:
    sound = song(6, rate) * np.where(np.arange(6 * rate) < 3 * rate, 1.0, 0.05)
    meter = LoudnessMeter(rate, channels)
    meter.add(sound if channels == 1 else np.stack([sound, 0.5 * sound[::-1]], axis=1))
    return {"integrated": meter.integrated(), "steps": meter.steps()[::7].tolist()}


def _refusal(sound: Sound) -> str | None:
    try:
        check_clip(_clip(sound))
    except AudioRefused as error:
        return error.message
    return None


def _clip(sound: Sound) -> Clip:
    return Clip(sound.astype(np.float32), CLIP_RATE)


def main() -> None:
    """Write the expected values."""
    with tempfile.TemporaryDirectory() as folder:
        EXPECTED.write_text(json.dumps(expected(Path(folder)), indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
