"""Pinned tracks: what somebody chose by hand, and what of it the rules let stay.

A pinned track is there ahead of the choice, so neither genre, band nor similarity bind it. Rules and filters do: a list
with pins keeps every promise that a list without them keeps.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from daltonify_core.index.pools import ItemRows
from daltonify_core.playlist.filters import ItemFilter, SelectionFilter


class Unkept(StrEnum):
    """Why a pinned track cannot stay."""

    NOT_IN_CATALOGUE = "not in the catalogue"
    OWN_ARTIST = "by an artist of the seeds"
    NOT_BIGGER = "by an artist who is not above the seed level"
    LEFT_OUT = "excluded"
    LYRICS = "of lyrics that were not asked for"
    YEAR = "not of the years asked for"
    SAME_ARTIST = "by an artist who stands in the list already"
    SAME_SONG = "a version of a song that stands in the list already"


@dataclass(frozen=True, slots=True)
class Pins:
    """``kept`` items in the order in which they were pinned, and those that are not kept, each with its reason.

    ``missing`` counts the pinned tracks that the catalogue does not hold.
    """

    kept: tuple[int, ...]
    unkept: Mapping[int, Unkept]
    missing: int


NO_PINS = Pins((), {}, 0)
"""For requests that pin nothing."""


def keep_pins(
    items: Sequence[int],
    rows_of: Callable[[int], ItemRows],
    missing: int,
    item_filters: Sequence[tuple[Unkept, ItemFilter]],
    selection_filters: Sequence[tuple[Unkept, SelectionFilter]],
) -> Pins:
    """The items that all filters let stay together; of two that exclude each other the first one stays.

    ``rows_of`` gives what filters see of an item. Each filter comes with the reason that it stands for; the first that
    objects is told. The selection filters remember what is kept.
    """
    kept: list[int] = []
    unkept: dict[int, Unkept] = {}
    for item in items:
        alone = rows_of(item)
        reason = next((why for why, one in item_filters if not _keeps(one, alone)), None)
        reason = reason or next((why for why, one in selection_filters if not one.admits(item)), None)
        if reason is not None:
            unkept[item] = reason
            continue
        kept.append(item)
        for _, one in selection_filters:
            one.take(item)
    return Pins(tuple(kept), unkept, missing)


def _keeps(one: ItemFilter, alone: ItemRows) -> bool:
    kept = np.ones(1, dtype=np.bool_)
    one.narrow(kept, alone)
    return bool(kept[0])
