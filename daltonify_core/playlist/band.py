"""The band: how much more popular than the seed a recommended artist should be.

A band is stated as lifts, points of popularity above the seed level. When it holds too few tracks it widens in a fixed
order: first its upper end rises to 100, then its lower end falls one point at a time until one point above the level.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from daltonify_core.errors import InvalidQuery

MAXIMUM_POPULARITY: Final = 100


@dataclass(frozen=True, slots=True)
class BandLifts:
    """Points above the seed level, both ends included.

    Ten points are the least that listeners notice as "bigger"; beyond sixty hardly anybody who plays the one has ever
    met the other. Raises ``InvalidQuery`` unless ``1 <= min_lift <= max_lift <= 100``.
    """

    min_lift: int = 10
    max_lift: int = 60

    def __post_init__(self) -> None:
        if not 1 <= self.min_lift <= self.max_lift <= MAXIMUM_POPULARITY:
            raise InvalidQuery(
                f"The band {self.min_lift} to {self.max_lift} is not possible: "
                "min_lift must be at least 1, at most max_lift, and max_lift at most 100."
            )

    @classmethod
    def from_ends(cls, min_lift: int | None, max_lift: int | None) -> "BandLifts":
        """The band with one or both ends given; where the usual other end leaves no room, it is as far as possible."""
        usual = cls()
        low, high = min_lift or usual.min_lift, max_lift or usual.max_lift
        if min_lift is None and high <= low:
            low = 1
        if max_lift is None and high <= low:
            high = MAXIMUM_POPULARITY
        return cls(low if min_lift is None else min_lift, high if max_lift is None else max_lift)


@dataclass(frozen=True, slots=True)
class Band:
    """Artist popularity from ``low`` to ``high``, both included; nobody is in it when ``low`` is above ``high``."""

    low: int
    high: int


@dataclass(frozen=True, slots=True)
class BandUse:
    """The band asked for, the one in use after widening, and how many tracks it holds under all rules but the
    limit of one per artist and song.

    ``tracks_at`` says for each popularity from 0 to 100 how many tracks of the used genres have a primary artist
    there, whatever the rules say of them: what another band would hold at most.
    """

    asked: Band
    used: Band
    widened: bool
    candidates: int
    tracks_at: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class BandStage:
    """One step of widening: ``added`` is the part that is new, ``used`` all that is in use from here on."""

    added: Band
    used: Band
    widened: bool


def band_stages(level: int, lifts: BandLifts, may_widen: bool) -> Iterator[BandStage]:
    """The band above ``level`` (0..100) and, if it may widen, every step after it.

    The parts never overlap, none reaches down to ``level``, and together they end at ``level + 1 .. 100``.
    """
    low, high = level + lifts.min_lift, min(MAXIMUM_POPULARITY, level + lifts.max_lift)
    yield BandStage(Band(low, high), Band(low, high), widened=False)
    if not may_widen:
        return
    if high < MAXIMUM_POPULARITY:
        yield BandStage(Band(high + 1, MAXIMUM_POPULARITY), Band(low, MAXIMUM_POPULARITY), widened=True)
    # A lower end above 100 holds nobody, so steps up there would change nothing.
    for lowered in range(min(low - 1, MAXIMUM_POPULARITY), level, -1):
        yield BandStage(Band(lowered, lowered), Band(lowered, MAXIMUM_POPULARITY), widened=True)
