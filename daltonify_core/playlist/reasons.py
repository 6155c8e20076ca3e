"""Reasons: why a track is in the list, as statements that follow from the numbers.

A reason compares a track with the seed that it is nearest to: what is alike, what was asked for and is so, what differs
most, and how much more popular the artist is. *Which* likeness is named is decided by the distance itself: by the
features that bring the track nearer to the seed than its peers are (``closeness``). *Whether* it may be named is
decided by what people hear (``AUDIBLE_STEPS``): nothing is said that the numbers do not bear out. Among what is worth
saying, a list prefers what it has not said yet. Statements hold no words, so that any language can be made of them;
``reason_words`` makes English.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import log2
from operator import attrgetter
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from daltonify_core.catalogue.audio_features import AudioFeatures
from daltonify_core.index.feature_space import RELEASE_YEAR


class Likeness(StrEnum):
    """How a feature of the track relates to the seed's."""

    # Wordings are looked up by it hundreds of times a list, and an enum's own hash is a call.
    __hash__ = str.__hash__

    SAME = "same"
    SIMILAR = "similar"
    A_BIT_MORE = "a_bit_more"
    A_BIT_LESS = "a_bit_less"
    MORE = "more"
    LESS = "less"
    LIFT = "lift"
    """Not a feature: points of artist popularity above the seed level."""


class Level(StrEnum):
    """Where on its scale a feature lies in both the track and the seed."""

    __hash__ = str.__hash__

    LOW = "low"
    HIGH = "high"


class Time(StrEnum):
    """How a track's tempo is counted beside the seed's, where not alike."""

    __hash__ = str.__hash__

    DOUBLE = "double"
    HALF = "half"


_NOTHING: Final[Mapping[str, float]] = MappingProxyType({})


class ReasonPart(NamedTuple):
    """One statement about the track beside its seed. A tuple, because a list makes two hundred of them.

    ``feature`` is a feature name, ``release_year``, or ``artist_popularity`` with ``points``. ``change`` is the track's
    value less the seed's, in the feature's own unit (BPM, dB, years). ``level`` is set where both lie high or low (high
    years are the newest of the catalogue, and later ones), ``decade`` (1990) where both were released in it, and
    ``asked`` where the request wanted the change. With a ``time`` the tempo is compared as if counted like the seed's.
    """

    feature: str
    kind: Likeness
    points: int | None = None
    change: float | None = None
    level: Level | None = None
    decade: int | None = None
    asked: bool = False
    time: Time | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON; ``change`` as ``direction`` and ``amount``, and nothing that does not apply."""
        values: dict[str, Any] = {"feature": self.feature, "kind": str(self.kind)}
        if self.points is not None:
            values["points"] = self.points
        if self.change is not None:
            change = round(self.change, 3)
            values["direction"] = "more" if change > 0 else "less" if change < 0 else "equal"
            values["amount"] = abs(change)
        if self.level is not None:
            values["level"] = str(self.level)
        if self.decade is not None:
            values["decade"] = self.decade
        if self.asked:
            values["asked"] = True
        if self.time is not None:
            values["time"] = str(self.time)
        return values


class Comparison(NamedTuple):
    """A recommended track, the seed that it is nearest to, and what the ranking made of the two.

    ``lift``: points of artist popularity above the seed level. ``closeness`` is what ``playlist.closeness`` found: by
    how much each number brings the track nearer than its peers, ``release_year`` only where time of release counted.
    ``targets`` are the shifts that the request asked for, by feature. Years are ``None`` where unknown;
    ``newest_year`` is the catalogue's latest.
    """

    seed: AudioFeatures
    track: AudioFeatures
    lift: int
    closeness: Mapping[str, float] = _NOTHING
    targets: Mapping[str, float] = _NOTHING
    seed_year: int | None = None
    track_year: int | None = None
    newest_year: int | None = None


@dataclass(frozen=True, slots=True)
class Steps:
    """Largest difference that still counts as the same, as similar, and as a bit more; in the feature's own unit."""

    same: float
    similar: float
    a_bit: float


# In the order in which people notice the features. Steps are of what listeners hear, not of how a catalogue spreads:
# 0.08 and 0.0 instrumental are both "sung", though few tracks lie in between. Loudness is in dB, tempo in octaves
# (0.04 octaves are 3 BPM at 120) and folded, as half and double time are the sequencer's.
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
SAME_ERA_YEARS: Final = 3
"""Releases this many years apart sound of one time; a decade is one whatever the years in it."""
# From here down and from here up a feature has a word of its own; a track between the two lies nowhere in particular.
LEVELS: Final[Mapping[str, tuple[float, float]]] = {
    "energy": (0.35, 0.75),
    "valence": (0.35, 0.65),
    "acousticness": (0.1, 0.6),
    "instrumentalness": (0.1, 0.6),
    "loudness": (-12.0, -5.0),
}

# These are noticed less, and most tracks of one genre share them.
_UNREMARKABLE: Final = frozenset(("instrumentalness", "speechiness", "loudness", "liveness"))
_UNREMARKABLE_WEIGHT: Final = 0.5
_NOTICED: Final = {name: _UNREMARKABLE_WEIGHT if name in _UNREMARKABLE else 1.0 for name in AUDIBLE_STEPS}
_heard: Final = attrgetter(*AUDIBLE_STEPS)
"""A track's values in the order of the steps."""
_HEARD_STEPS: Final = tuple((name, steps.same, steps.similar) for name, steps in AUDIBLE_STEPS.items())
"""As ``AUDIBLE_STEPS``: a list looks at them hundreds of times."""

# More statements than these read like a data sheet.
_LIKENESSES: Final = 2
_WISHES: Final = 2
# Of what brings the track nearer than its peers; less is no reason for having chosen it.
_LEAST_SHARE: Final = 0.04
# "When it mattered": the years are named where they did at least this share of it, and then take the place of a
# likeness in sound. A list that has named them so often needs four times the share: its era is then well known.
_LEAST_ERA_SHARE: Final = 0.15
_ERA_WORN_AFTER: Final = 8


def reason_parts(comparison: Comparison, said: Mapping[str, int] | None = None) -> tuple[ReasonPart, ...]:
    """What to say of a track beside its seed; what either lacks is not spoken of.

    ``said`` counts how often the list has spoken of a feature already; the oftener, the better must be the reason for
    doing so again.
    """
    said = said or {}
    targets, closeness = comparison.targets, comparison.closeness
    differences: dict[str, float] = {}
    granted: list[str] = []
    alike: list[str] = []
    unlike: list[str] = []
    octaves = 0
    for (name, same, similar), ours, theirs in zip(
        _HEARD_STEPS, _heard(comparison.seed), _heard(comparison.track), strict=True
    ):
        if ours is None or theirs is None:
            continue
        if name == "tempo":
            octaves, difference = _folded(ours, theirs)
            counted_alike = octaves == 0
        else:
            difference = theirs - ours
            counted_alike = True
        differences[name] = difference
        size = abs(difference)
        # What was asked for is said as soon as it can be heard; unasked, a difference must be clearer.
        if (
            targets
            and name in targets
            and size > same
            and difference * targets[name] > 0
            and counted_alike
            and len(granted) < _WISHES
        ):
            granted.append(name)
        elif size > similar:
            if counted_alike or _can_compare(octaves, difference):
                unlike.append(name)
        # Half and double time feel related, but are no likeness to name.
        elif counted_alike:
            alike.append(name)
    total = sum([gain for gain in closeness.values() if gain > 0.0])
    of_era = max(closeness.get(RELEASE_YEAR, 0.0), 0.0)
    era = _era(comparison, of_era, total, said.get(RELEASE_YEAR, 0)) if of_era else []
    least = _LEAST_SHARE * (total - of_era)
    ranked = _reasons_among(alike, closeness, least, said) or _most_noticed(alike, differences)
    named = _understood(ranked, _LIKENESSES - len(era), closeness)
    parts = [_likeness(name, comparison, differences[name]) for name in alike if name in named]
    parts += era
    parts += [_change(name, comparison, differences[name], octaves, asked=True) for name in granted]
    if unlike:
        # A feature that the metric hardly counts may still be the loudest difference, so both have a say.
        most, worth = "", -1.0
        for name in unlike:
            gain = closeness.get(name, 0.0)
            loud = abs(differences[name]) / AUDIBLE_STEPS[name].similar * _NOTICED[name]
            one = loud * (1.0 - gain if gain < 0.0 else 1.0) / (1 + said.get(name, 0))
            if one > worth:
                most, worth = name, one
        parts.append(_change(most, comparison, differences[most], octaves))
    return (*parts, ReasonPart("artist_popularity", Likeness.LIFT, comparison.lift))


def _folded(ours: float, theirs: float) -> tuple[int, float]:
    """How many octaves apart two tempos are counted, and what is left of their distance, -0.5 to 0.5 octaves.

    A track at 140 BPM beside one at 72 is hardly faster: whoever counts both alike counts 70.
    """
    apart = log2(theirs / ours)
    octaves = round(apart)
    return octaves, apart - octaves


def _reasons_among(
    alike: Sequence[str], closeness: Mapping[str, float], least: float, said: Mapping[str, int]
) -> list[str]:
    """Of the features that are alike those that gain more nearness than ``least`` (>= 0), the best to say first."""
    worth = {
        name: gain * _NOTICED[name] / (1 + said.get(name, 0)) ** 2
        for name in alike
        if (gain := closeness.get(name, 0.0)) > least
    }
    return sorted(worth, key=worth.__getitem__, reverse=True)


def _understood(ranked: Sequence[str], count: int, closeness: Mapping[str, float]) -> list[str]:
    """The first ``count``; where nobody would notice any of them, the last makes room for the best that is noticed."""
    named = list(ranked[:count])
    if named and _UNREMARKABLE.issuperset(named):
        noticed = [name for name in ranked[count:] if name not in _UNREMARKABLE]
        if noticed:
            named[-1] = max(noticed, key=lambda name: max(closeness.get(name, 0.0), 0.0))
    return named


def _can_compare(octaves: int, difference: float) -> bool:
    """Whether more or less can be said of a tempo so many octaves away.

    Near half an octave it is as much faster as slower, counted anew.
    """
    return abs(octaves) == 1 and abs(difference) <= AUDIBLE_STEPS["tempo"].a_bit


def _most_noticed(alike: Sequence[str], differences: Mapping[str, float]) -> list[str]:
    """What to name where nothing in the distance tells: the same before the similar, else as people notice it."""
    by_kind = sorted(alike, key=lambda name: abs(differences[name]) > AUDIBLE_STEPS[name].same)
    return [name for name in by_kind if name not in _UNREMARKABLE] or by_kind[:1]


def _likeness(name: str, comparison: Comparison, difference: float) -> ReasonPart:
    kind = Likeness.SAME if abs(difference) <= AUDIBLE_STEPS[name].same else Likeness.SIMILAR
    theirs, ours = getattr(comparison.track, name), getattr(comparison.seed, name)
    level = None
    if name in LEVELS:
        low, high = LEVELS[name]
        if ours <= low and theirs <= low:
            level = Level.LOW
        elif ours >= high and theirs >= high:
            level = Level.HIGH
    # What is alike is counted alike.
    return ReasonPart(name, kind, None, float(theirs - ours), level)


def _change(name: str, comparison: Comparison, difference: float, octaves: int, asked: bool = False) -> ReasonPart:
    slight = abs(difference) <= AUDIBLE_STEPS[name].a_bit
    if difference > 0:
        kind = Likeness.A_BIT_MORE if slight else Likeness.MORE
    else:
        kind = Likeness.A_BIT_LESS if slight else Likeness.LESS
    theirs, ours = getattr(comparison.track, name), getattr(comparison.seed, name)
    if name != "tempo" or not octaves:
        return ReasonPart(name, kind, None, float(theirs - ours), None, None, asked)
    time = Time.DOUBLE if octaves == 1 else Time.HALF if octaves == -1 else None
    return ReasonPart(name, kind, change=float(theirs / 2.0**octaves - ours), asked=asked, time=time)


def _era(comparison: Comparison, gain: float, total: float, said: int) -> list[ReasonPart]:
    """The years, where both are known, of one era, and brought the track nearer; the oftener said, the more."""
    ours, theirs = comparison.seed_year, comparison.track_year
    needed = _LEAST_ERA_SHARE * (1.0 + said / _ERA_WORN_AFTER) ** 2 * total
    if ours is None or theirs is None or gain <= needed:
        return []
    decade = ours // 10 * 10 if ours // 10 == theirs // 10 else None
    near = abs(theirs - ours) <= SAME_ERA_YEARS
    newest = comparison.newest_year
    # A release later than all of the catalogue has its newest tracks for company, however old they are.
    both_new = newest is not None and theirs >= newest - SAME_ERA_YEARS and ours > newest
    if not near and decade is None and not both_new:
        return []
    kind = Likeness.SAME if near else Likeness.SIMILAR
    level = Level.HIGH if both_new else None
    return [ReasonPart(RELEASE_YEAR, kind, change=float(theirs - ours), level=level, decade=decade)]
