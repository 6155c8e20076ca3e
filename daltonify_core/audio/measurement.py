"""Measuring a clip on our own: no service is asked, nothing leaves the machine, and the result is rough.

Loudness and tempo are measured. Energy and acousticness, and with less right danceability, are read from how the clip
sounds by a small model. Vocals are asked for; valence, liveness and speechiness stay unknown, because no simple
measurement tells them. The excerpt should be the loudest or the most typical 30 seconds.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from daltonify_core.audio.clip import CLIP_RATE
from daltonify_core.audio.descriptors import describe
from daltonify_core.audio.filter_banks import RATE
from daltonify_core.audio.local_model import Trust, local_model
from daltonify_core.audio.loudness import LoudnessMeter
from daltonify_core.audio.questions import Question, TempoAnswer, apply_answers, questions_about
from daltonify_core.audio.resampling import halve
from daltonify_core.catalogue.audio_features import FEATURE_RANGES, AudioFeatures

_DECIMALS: Final = 2
"""What machines get; people are shown words and whole numbers, for even that much says more than is known."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """What was measured in a clip.

    ``features`` hold loudness, tempo, energy, acousticness and danceability, rounded; ``trust`` says of each how far it
    may be relied on. There is no tempo where no beat is clear. ``descriptors`` are the 34 numbers that the model took.
    """

    loudness_lufs: float
    tempo_bpm: float | None
    features: AudioFeatures
    descriptors: dict[str, float]
    trust: dict[str, Trust]
    questions: tuple[Question, ...]


def measure(
    samples: NDArray[np.float32] | NDArray[np.float64], rate: int, loudness_lufs: float | None = None
) -> Measurement:
    """Measure mono sound of 10 to 30 seconds, shape (n,), in -1..1; the same samples always give the same numbers.

    ``rate`` is 44,100 or 22,050 samples a second, else ``ValueError``. ``loudness_lufs`` is that of the whole track
    where it is known; otherwise the clip's own counts, as if both loudspeakers played it.
    """
    if rate not in (CLIP_RATE, RATE):
        raise ValueError(f"Sound is measured at {CLIP_RATE} or {RATE} samples a second, not at {rate}.")
    sound = np.asarray(samples, dtype=np.float64)
    if loudness_lufs is None:
        meter = LoudnessMeter(rate, channels=1)
        meter.add(sound)
        loudness_lufs = meter.integrated()
    model = local_model()
    description = describe(halve(sound) if rate == CLIP_RATE else sound, model.major, model.minor)
    tempo = description.beat.bpm if description.beat.is_clear else None
    predicted = model.predict(description.descriptors)
    low, high = FEATURE_RANGES["loudness"]
    features = AudioFeatures(
        loudness=round(min(max(loudness_lufs, low), high), 1),
        tempo=None if tempo is None else round(tempo, 1),
        energy=round(predicted["energy"], _DECIMALS),
        acousticness=round(predicted["acousticness"], _DECIMALS),
        danceability=round(predicted["danceability"], _DECIMALS),
    )
    return Measurement(
        loudness_lufs=loudness_lufs,
        tempo_bpm=tempo,
        features=features,
        descriptors=description.descriptors,
        trust={
            "loudness": Trust.MEASURED,
            **({} if tempo is None else {"tempo": Trust.MEASURED}),
            **model.trust(),
        },
        questions=questions_about(features),
    )


def answered(measurement: Measurement, vocals: bool | None, tempo: TempoAnswer = "as_is") -> AudioFeatures:
    """The measured features with the artist's answers, as ``apply_answers`` takes them."""
    return apply_answers(measurement.features, vocals, tempo)
