"""Reasons: why a track is in the list, in words that follow from the numbers.

A reason compares the track with the seed that it is nearest to: first what is alike, then what differs most, then how
much more popular the artist is. ``reason_parts`` says the same without words, for other languages.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from daltonify_core.catalogue.audio_features import AudioFeatures


class Likeness(StrEnum):
    """How a feature of the track relates to the seed's."""

    SAME = "same"
    SIMILAR = "similar"
    A_BIT_MORE = "a_bit_more"
    A_BIT_LESS = "a_bit_less"
    MORE = "more"
    LESS = "less"
    LIFT = "lift"
    """Not a feature: points of artist popularity above the seed level."""


@dataclass(frozen=True, slots=True)
class ReasonPart:
    """One statement. ``feature`` is a feature name, or ``artist_popularity`` with ``points``."""

    feature: str
    kind: Likeness
    points: int | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        values: dict[str, Any] = {"feature": self.feature, "kind": str(self.kind)}
        return values if self.points is None else values | {"points": self.points}


@dataclass(frozen=True, slots=True)
class Steps:
    """Largest difference that still counts as the same, as similar, and as a bit more; in the feature's own unit."""

    same: float
    similar: float
    a_bit: float


# In the order in which people notice the features. Steps are of what listeners hear, not of how a catalogue spreads:
# 0.08 and 0.0 instrumental are both "sung", though few tracks lie in between. Loudness is in dB, tempo in octaves
# (0.04 octaves are 3 BPM at 120).
AUDIBLE_STEPS: Final = {
    "energy": Steps(0.05, 0.12, 0.25),
    "tempo": Steps(0.04, 0.1, 0.25),
    "danceability": Steps(0.05, 0.12, 0.25),
    "valence": Steps(0.06, 0.15, 0.3),
    "acousticness": Steps(0.06, 0.15, 0.35),
    "instrumentalness": Steps(0.1, 0.3, 0.6),
    "speechiness": Steps(0.03, 0.1, 0.2),
    "loudness": Steps(0.75, 2.0, 4.0),
    "liveness": Steps(0.08, 0.25, 0.5),
}
# Most tracks of one genre share these, so that they are alike in them says little; named only for want of better.
_UNREMARKABLE: Final = ("instrumentalness", "speechiness", "loudness", "liveness")
# More statements than these read like a data sheet.
_LIKENESSES: Final = 2
_DIFFERENCES: Final = 1

_NOUNS: Final = {
    "energy": "energy",
    "tempo": "tempo",
    "danceability": "groove",
    "valence": "mood",
    "acousticness": "acoustic feel",
    "instrumentalness": "share of vocals",
    "speechiness": "way of singing",
    "loudness": "loudness",
    "liveness": "room sound",
}
_COMPARATIVES: Final = {
    # feature: (the track has more of it, the track has less of it)
    "energy": ("more energetic", "calmer"),
    "tempo": ("faster", "slower"),
    "danceability": ("more danceable", "less danceable"),
    "valence": ("more upbeat", "darker"),
    "acousticness": ("more acoustic", "less acoustic"),
    "instrumentalness": ("more instrumental", "more vocal"),
    "speechiness": ("wordier", "less wordy"),
    "loudness": ("louder", "quieter"),
    "liveness": ("more live-sounding", "more studio-like"),
}


def reason_parts(seed: AudioFeatures, track: AudioFeatures, lift: int) -> list[ReasonPart]:
    """What to say of a track beside its seed; what either lacks is not spoken of.

    ``lift``: points of artist popularity above the seed level. The difference named is the largest in audible steps.
    """
    differences = {
        name: difference for name in AUDIBLE_STEPS if (difference := _difference(name, seed, track)) is not None
    }
    alike = [
        ReasonPart(name, Likeness.SAME if abs(difference) <= AUDIBLE_STEPS[name].same else Likeness.SIMILAR)
        for name, difference in differences.items()
        if abs(difference) <= AUDIBLE_STEPS[name].similar
    ]
    alike.sort(key=lambda part: part.kind is not Likeness.SAME)
    remarkable = [part for part in alike if part.feature not in _UNREMARKABLE]
    unlike = [name for name, difference in differences.items() if abs(difference) > AUDIBLE_STEPS[name].similar]
    unlike.sort(key=lambda name: -abs(differences[name]) / AUDIBLE_STEPS[name].similar)
    parts = remarkable[:_LIKENESSES] or alike[:1]
    for name in unlike[:_DIFFERENCES]:
        slight = abs(differences[name]) <= AUDIBLE_STEPS[name].a_bit
        if differences[name] > 0:
            parts.append(ReasonPart(name, Likeness.A_BIT_MORE if slight else Likeness.MORE))
        else:
            parts.append(ReasonPart(name, Likeness.A_BIT_LESS if slight else Likeness.LESS))
    parts.append(ReasonPart("artist_popularity", Likeness.LIFT, lift))
    return parts


def reason_text(parts: Sequence[ReasonPart], seed_title: str | None = None) -> str:
    """The statements as one line of English; ``seed_title`` is named when there are several seeds.

    >>> reason_text([ReasonPart("energy", Likeness.SAME), ReasonPart("tempo", Likeness.SAME),
    ...              ReasonPart("acousticness", Likeness.A_BIT_MORE),
    ...              ReasonPart("artist_popularity", Likeness.LIFT, 31)])
    'same energy and tempo, a bit more acoustic; 31 points more popular'
    """
    phrases = []
    for kind in (Likeness.SAME, Likeness.SIMILAR):
        nouns = [_NOUNS[part.feature] for part in parts if part.kind is kind]
        if nouns:
            phrases.append(f"{kind} {' and '.join(nouns)}")
    for part in parts:
        if part.feature in _COMPARATIVES and part.kind not in (Likeness.SAME, Likeness.SIMILAR):
            more = part.kind in (Likeness.MORE, Likeness.A_BIT_MORE)
            slight = part.kind in (Likeness.A_BIT_MORE, Likeness.A_BIT_LESS)
            phrases.append(("a bit " if slight else "") + _COMPARATIVES[part.feature][0 if more else 1])
    sound = ", ".join(phrases) or "the nearest sound within reach"
    if seed_title is not None:
        sound = f"beside “{seed_title}”: {sound}"
    lift = next(part.points for part in parts if part.kind is Likeness.LIFT)
    return f"{sound}; {lift} {'point' if lift == 1 else 'points'} more popular"


def _difference(name: str, seed: AudioFeatures, track: AudioFeatures) -> float | None:
    """The track's value less the seed's in the unit of ``AUDIBLE_STEPS``; ``None`` when one is absent."""
    ours, theirs = getattr(seed, name), getattr(track, name)
    if ours is None or theirs is None:
        return None
    return math.log2(theirs / ours) if name == "tempo" else float(theirs - ours)
