"""Reasons: why a track is in the list, as statements that follow from the numbers.

A reason compares a track with the seed that it is nearest to: what is alike, what was asked for and is so, what differs
most, and how much more popular the artist is. *Which* likeness is named is decided by the distance itself: by the
features that bring the track nearer to the seed than its peers are (``closeness``). *Whether* it may be named is
decided by what people hear (``AUDIBLE_STEPS``): nothing is said that the numbers do not bear out. Among what is worth
saying, a list prefers what it has not said yet. Statements hold no words, so that any language can be made of them;
``reason_words`` makes English.

What could be said, and how well it would serve, is found for all tracks of a list at once; only the choice among it
goes track by track.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from functools import cache
from operator import attrgetter
from typing import Any, Final, NamedTuple

import numpy as np

from daltonify_core.catalogue.audio_features import AudioFeatures
from daltonify_core.index.feature_space import COLUMNS, RELEASE_YEAR, FloatArray


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


class Comparisons(NamedTuple):
    """The tracks of a list, each beside the seed that it is nearest to, and what the ranking made of them.

    ``nearest``: for each track the place of its seed among ``seeds``. ``lifts``: points of artist popularity above the
    seed level. ``closeness`` is what ``playlist.closeness`` found, shape ``(tracks, len(COLUMNS))``: by how much each
    number brings a track nearer than its peers. ``targets`` are the shifts that the request asked for, by feature.
    Years are ``None`` where unknown; ``newest_year`` is the catalogue's latest.
    """

    seeds: Sequence[AudioFeatures]
    seed_years: Sequence[int | None]
    nearest: Sequence[int]
    tracks: Sequence[AudioFeatures]
    track_years: Sequence[int | None]
    lifts: Sequence[int]
    closeness: FloatArray
    targets: Mapping[str, float]
    newest_year: int | None


class Steps(NamedTuple):
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

_FEATURES: Final = tuple(AUDIBLE_STEPS)
"""What the columns of everything are that is found for all tracks at once."""
_TEMPO: Final = _FEATURES.index("tempo")
_values: Final = attrgetter(*_FEATURES)
_SAME, _SIMILAR, _A_BIT = np.array([(one.same, one.similar, one.a_bit) for one in AUDIBLE_STEPS.values()]).T
_LOW, _HIGH = np.array([LEVELS.get(name, (-np.inf, np.inf)) for name in _FEATURES]).T
_IN_SPACE: Final = [COLUMNS.index(name) for name in _FEATURES]
_YEAR_IN_SPACE: Final = COLUMNS.index(RELEASE_YEAR)

_LIKENESS_KINDS: Final = (Likeness.SAME, Likeness.SIMILAR)
_CHANGE_KINDS: Final = (Likeness.A_BIT_MORE, Likeness.MORE, Likeness.A_BIT_LESS, Likeness.LESS)
_OF_LIKENESS: Final = [(kind, level, None) for level in (None, Level.LOW, Level.HIGH) for kind in _LIKENESS_KINDS]
_OF_CHANGE: Final = [(kind, None, time) for time in (None, Time.DOUBLE, Time.HALF) for kind in _CHANGE_KINDS]
SAYINGS: Final[Sequence[tuple[str, Likeness, Level | None, Time | None]]] = [
    (feature, *one) for feature in _FEATURES for one in (*_OF_LIKENESS, *_OF_CHANGE)
]
"""All that can be said of a sound but for the amount: what are chosen, and worded, are places in here."""
_SAYINGS_EACH: Final = len(SAYINGS) // len(_FEATURES)
_FIRST_SAYINGS: Final = np.arange(len(_FEATURES)) * _SAYINGS_EACH

type Said = tuple[tuple[int, ...], ReasonPart | None, tuple[int, ...], int | None]
"""What one reason says: what is alike, the statement about the era, if any, what was asked for, and what else differs,
if that is told; all but the era as places in ``SAYINGS``. A plain tuple, because a list makes dozens."""

# These are noticed less, and most tracks of one genre share them.
_UNREMARKABLE: Final = frozenset(map(_FEATURES.index, ("instrumentalness", "speechiness", "loudness", "liveness")))
_REMARKABLE: Final = [one for one in range(len(_FEATURES)) if one not in _UNREMARKABLE]
_UNREMARKABLE_WEIGHT: Final = 0.5
_NOTICED: Final = np.array([_UNREMARKABLE_WEIGHT if one in _UNREMARKABLE else 1.0 for one in range(len(_FEATURES))])

# More statements than these read like a data sheet.
_LIKENESSES: Final = 2
_WISHES: Final = 2
# Of what brings the track nearer than its peers; less is no reason for having chosen it.
_LEAST_SHARE: Final = 0.04
# "When it mattered": the years are named where they did at least this share of it, and then take the place of a
# likeness in sound. A list that has named them so often needs four times the share: its era is then well known.
_LEAST_ERA_SHARE: Final = 0.15
_ERA_WORN_AFTER: Final = 8


class Reasons:
    """What to say of each track of one list; what it or its seed lacks is not spoken of.

    The oftener the list has spoken of a feature, the better must be the reason for doing so again.
    """

    def __init__(self, comparisons: Comparisons) -> None:
        self._compared = comparisons
        self._heard = _hear(comparisons)
        # Higher by one with each time that the list speaks of it.
        self._worn = [1] * len(_FEATURES)
        self._said_eras = 0
        self._least_era_share = _LEAST_ERA_SHARE

    def next_of(self, place: int) -> Said:
        """What to say of the track at a place among the compared ones, which is the list's next."""
        said, granted, worn = self._heard.said[place], self._heard.granted[place], self._worn
        era = self._era(place)
        alike, loudest = self._worth_saying(place, _LIKENESSES if era is None else _LIKENESSES - 1)
        for feature in alike:
            worn[feature] += 1
        for feature in granted:
            worn[feature] += 1
        if loudest is not None:
            worn[loudest] += 1
        if era is not None:
            self._said_eras += 1
            self._least_era_share = _LEAST_ERA_SHARE * (1.0 + self._said_eras / _ERA_WORN_AFTER) ** 2
        return (
            tuple([said[feature] for feature in alike]),
            era,
            tuple([said[feature] for feature in granted]) if granted else (),
            None if loudest is None else said[loudest],
        )

    def parts(self, place: int, said: Said) -> tuple[ReasonPart, ...]:
        """The statements of what is said about the track at a place; the last one is the lift."""
        alike, era, granted, changed = said
        changes = self._heard.changes[place].tolist()
        parts: list[ReasonPart] = []
        for saying in (*alike, *granted, *(() if changed is None else (changed,))):
            feature, kind, level, time = SAYINGS[saying]
            change = changes[saying // _SAYINGS_EACH]
            # Half of the time of calling the class.
            parts.append(tuple.__new__(ReasonPart, (feature, kind, None, change, level, None, saying in granted, time)))
        if era is not None:
            parts.insert(len(alike), era)
        parts.append(_lift(self._compared.lifts[place]))
        return tuple(parts)

    def _worth_saying(self, place: int, count: int) -> tuple[list[int], int | None]:
        """At most ``count`` features, 1 or 2, of which to say that they are alike, in the order of noticing them.

        And the one whose difference is to be told, if any is.
        """
        worths, worn = self._heard.worths[place], self._worn
        first = second = -1
        loudest = None
        most = next_most = least = 0.0
        for feature, worth in enumerate(worths):
            if worth > 0.0:
                worth /= worn[feature] * worn[feature]
                if worth > most:
                    first, second, most, next_most = feature, first, worth, most
                elif worth > next_most:
                    second, next_most = feature, worth
            elif worth < 0.0:
                worth /= worn[feature]
                if worth < least:
                    loudest, least = feature, worth
        if first < 0:
            named = _most_noticed(self._heard.said[place])[:count]
        else:
            named = [first, second] if count > 1 and second >= 0 else [first]
            # Where nobody would notice any of them, the last makes room for the best that is noticed.
            if first in _UNREMARKABLE and named[-1] in _UNREMARKABLE:
                noticed = [feature for feature in _REMARKABLE if worths[feature] > 0.0]
                if noticed:
                    named[-1] = max(noticed, key=lambda feature: (worths[feature], -worn[feature]))
        named.sort()
        return named, loudest

    def _era(self, place: int) -> ReasonPart | None:
        """The years, where both are known, of one era, and brought the track nearer; the oftener said, the more."""
        if self._heard.era_shares[place] <= self._least_era_share:
            return None
        compared = self._compared
        ours, theirs = compared.seed_years[compared.nearest[place]], compared.track_years[place]
        if ours is None or theirs is None:
            return None
        decade = ours // 10 * 10 if ours // 10 == theirs // 10 else None
        near = abs(theirs - ours) <= SAME_ERA_YEARS
        newest = compared.newest_year
        # A release later than all of the catalogue has its newest tracks for company, however old they are.
        both_new = newest is not None and theirs >= newest - SAME_ERA_YEARS and ours > newest
        if not near and decade is None and not both_new:
            return None
        kind = Likeness.SAME if near else Likeness.SIMILAR
        level = Level.HIGH if both_new else None
        return ReasonPart(RELEASE_YEAR, kind, change=float(theirs - ours), level=level, decade=decade)


@cache
def _lift(points: int) -> ReasonPart:
    return ReasonPart("artist_popularity", Likeness.LIFT, points)


class _Heard(NamedTuple):
    """What is heard of each track of a list beside its seed. Features have numbers, in the order of noticing them."""

    worths: list[list[float]]
    """Of each feature how well it serves as a reason: above 0 a likeness, by how much it brings the track near; below 0
    a difference, by how loud it is and how much nearness it costs; both by how well people notice it."""
    granted: list[list[int]]
    """The features that differ as was asked for."""
    said: list[list[int]]
    """Of each feature the place in ``SAYINGS``."""
    changes: FloatArray
    """Of each feature the track's value less the seed's; shape ``(tracks, features)``."""
    era_shares: list[float]
    """How much of what brings the track nearer is its time of release."""


def _hear(compared: Comparisons) -> _Heard:
    """What is heard of every track; arrays have a row for each, and a column for each feature."""
    ours, theirs = _features_of(compared.seeds).take(compared.nearest, 0), _features_of(compared.tracks)
    # A track at 140 BPM beside one at 72 is hardly faster: whoever counts both alike counts 70.
    apart = np.log2(theirs[:, _TEMPO] / ours[:, _TEMPO])
    octaves = np.rint(apart)
    theirs[:, _TEMPO] *= np.exp2(-octaves)
    changes = theirs - ours
    # What either lacks is NaN, which no comparison finds small or large.
    sizes = np.abs(changes)
    sizes[:, _TEMPO] = np.abs(apart - octaves)
    alike, unlike = sizes <= _SIMILAR, sizes > _SIMILAR
    # Half and double time feel related, but are no likeness to name. Near half an octave a tempo is as much faster as
    # slower, counted anew.
    counted_alike = octaves == 0.0
    alike[:, _TEMPO] &= counted_alike
    unlike[:, _TEMPO] &= counted_alike | ((np.abs(octaves) == 1.0) & (sizes[:, _TEMPO] <= _A_BIT[_TEMPO]))
    granted: list[list[int]] = [[]] * len(sizes)
    if compared.targets:
        # What was asked for is said as soon as it can be heard; unasked, a difference must be clearer.
        wishes = [compared.targets.get(name, 0.0) for name in _FEATURES]
        is_granted = (sizes > _SAME) & (changes * wishes > 0.0)
        is_granted[:, _TEMPO] &= counted_alike
        is_granted &= is_granted.cumsum(axis=1) <= _WISHES
        granted = [row.nonzero()[0].tolist() for row in is_granted]
        alike &= ~is_granted
        unlike &= ~is_granted

    gains = compared.closeness.take(_IN_SPACE, 1)
    nearer = np.maximum(compared.closeness, 0.0)
    of_era, total = nearer[:, _YEAR_IN_SPACE], nearer.sum(axis=1)
    is_reason = gains > (_LEAST_SHARE * (total - of_era))[:, None]
    # A feature that the metric hardly counts may still be the loudest difference, so both have a say.
    loudness = sizes / _SIMILAR * (1.0 - np.minimum(gains, 0.0))
    worths = np.where(alike & is_reason, gains, np.where(unlike, -loudness, 0.0)) * _NOTICED
    levels = (np.maximum(ours, theirs) <= _LOW) + 2 * (np.minimum(ours, theirs) >= _HIGH)
    likenesses = (sizes > _SAME) + len(_LIKENESS_KINDS) * levels
    differences = len(_OF_LIKENESS) + (sizes > _A_BIT) + 2 * (changes <= 0.0)
    differences[:, _TEMPO] += len(_CHANGE_KINDS) * ((octaves == 1.0) + 2 * (octaves == -1.0))
    # Lists, because what follows takes single values, and those of an array cost four times as much.
    return _Heard(
        worths.tolist(),
        granted,
        (np.where(alike, likenesses, differences) + _FIRST_SAYINGS).tolist(),
        changes,
        (of_era / np.where(total > 0.0, total, 1.0)).tolist(),
    )


def _features_of(tracks: Sequence[AudioFeatures]) -> FloatArray:
    """Shape ``(tracks, features)``, NaN where absent."""
    return np.array([_values(track) for track in tracks], dtype=np.float64).reshape(-1, len(_FEATURES))


def _most_noticed(said: Sequence[int]) -> list[int]:
    """What to name where nothing in the distance tells: the same before the similar, else as people notice it."""
    kinds = [SAYINGS[one][1] for one in said]
    by_kind = [feature for wanted in _LIKENESS_KINDS for feature, kind in enumerate(kinds) if kind is wanted]
    return [feature for feature in by_kind if feature not in _UNREMARKABLE] or by_kind[:1]
