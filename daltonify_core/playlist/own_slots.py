"""Own slots: where the artist's own tracks stand in the list."""

from enum import StrEnum
from typing import Final

EARLY_SLOT: Final = 3
"""Late enough not to look like an advert, early enough that listeners reach it."""


class OwnSlots(StrEnum):
    """Where own tracks go."""

    EARLY = "early"
    """Slot 3, then evenly deeper."""
    FIRST = "first"
    """At the top, one after the other."""
    SPREAD = "spread"
    """Evenly over the whole list."""


def own_track_limit(recommended: int) -> int:
    """How many own tracks a list of so many recommended tracks may hold."""
    return max(1, recommended // 10)


def own_positions(own: int, recommended: int, slots: OwnSlots) -> list[int]:
    """Positions (from 1) of ``own`` tracks in a list with ``recommended`` others, ascending and each once."""
    total = own + recommended
    if slots is OwnSlots.FIRST:
        return list(range(1, own + 1))
    if slots is OwnSlots.SPREAD:
        return [1 + (2 * place + 1) * total // (2 * own) for place in range(own)]
    first = min(EARLY_SLOT, recommended + 1)
    return [first + place * (total - first + 1) // own for place in range(own)]
