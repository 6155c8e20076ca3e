"""What only the artist knows of a track: whether somebody sings, and which of its possible tempos people count.

These two questions mend the two errors of a measurement that spoil recommendations most.
"""

from dataclasses import dataclass
from typing import Final, Literal

from daltonify_core.catalogue.audio_features import FEATURE_RANGES, AudioFeatures
from daltonify_core.errors import InvalidQuery

WITH_VOCALS: Final = 0.0001
WITHOUT_VOCALS: Final = 0.8
"""Instrumentalness of tracks with and without vocals; what lies between is guessing.

With vocals the middle of such tracks is meant: a bare 0 is what only a third of them have, and it finds less.
"""
_OFFERED_BPM: Final = (30.0, 300.0)
_OCTAVES: Final = {"as_is": 1.0, "double": 2.0, "half": 0.5}

type TempoAnswer = Literal["as_is", "double", "half", "none"] | float


@dataclass(frozen=True, slots=True)
class Option:
    """An answer that may be given; ``features`` are those that it sets, and all others stay as they are."""

    value: str
    label: str
    features: AudioFeatures


@dataclass(frozen=True, slots=True)
class Question:
    """One question to the artist, ``name`` being the feature's or the subject's for machines."""

    name: str
    text: str
    options: tuple[Option, ...]


_VOCALS: Final = Question(
    "vocals",
    "Does somebody sing or rap on the track?",
    (
        Option("yes", "Yes", AudioFeatures(instrumentalness=WITH_VOCALS)),
        Option("no", "No, it is instrumental", AudioFeatures(instrumentalness=WITHOUT_VOCALS)),
    ),
)
_NO_BEAT: Final = Question(
    "tempo",
    "No clear beat was found. If you count one, which tempo has it, in BPM?",
    (Option("none", "It has no beat", AudioFeatures()),),
)


def questions_about(features: AudioFeatures) -> tuple[Question, ...]:
    """The questions that are worth asking about features that were measured.

    A tempo may be given that none of the options names.
    """
    if features.tempo is None:
        return _VOCALS, _NO_BEAT
    tempos = {name: features.tempo * factor for name, factor in _OCTAVES.items()}
    options = (
        Option(name, f"about {bpm:.0f} BPM", AudioFeatures(tempo=round(bpm, 1)))
        for name, bpm in tempos.items()
        if name == "as_is" or _OFFERED_BPM[0] <= bpm <= _OFFERED_BPM[1]
    )
    text = "Which tempo do you count? You may also give the exact number."
    return _VOCALS, Question("tempo", text, tuple(options))


def apply_answers(features: AudioFeatures, vocals: bool | None, tempo: TempoAnswer = "as_is") -> AudioFeatures:
    """The features with what the artist says in place of what was measured; ``vocals`` is ``None`` when not answered.

    ``tempo`` is a way to count the one that was found, the right one in BPM, or "none" to be without one. Raises
    ``InvalidQuery`` for one that no track has.
    """
    if vocals is not None:
        features = features._replace(instrumentalness=WITH_VOCALS if vocals else WITHOUT_VOCALS)
    if tempo == "none":
        return features._replace(tempo=None)
    if isinstance(tempo, str):
        if features.tempo is None or tempo == "as_is":
            return features
        bpm = features.tempo * _OCTAVES[tempo]
    else:
        bpm = tempo
    low, high = FEATURE_RANGES["tempo"]
    if not low <= bpm <= high:
        raise InvalidQuery(f"A tempo of {bpm:.0f} BPM is none; give a number from {low:g} to {high:g}.", field="tempo")
    return features._replace(tempo=round(bpm, 1))
