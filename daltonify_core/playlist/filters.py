"""Filters: one small element per rule that removes tracks.

An item filter looks at each item alone and works on whole arrays. A selection filter looks at what was already chosen.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from daltonify_core.catalogue.songs import Song
from daltonify_core.catalogue.track import accentless_key_of_name
from daltonify_core.index.items import UNKNOWN_YEAR, ItemArrays, Items

type Mask = NDArray[np.bool_]


class Explicit(StrEnum):
    """Which tracks with explicit lyrics may stand in the list."""

    ALLOW = "allow"
    CLEAN = "clean"
    ONLY = "only"


class ItemFilter(Protocol):
    """Says for each item alone whether it may be recommended."""

    def keep(self, items: Items) -> Mask:
        """True where the item stays; shape ``(len(items),)``."""


@dataclass(frozen=True, slots=True)
class EveryArtistBigger:
    """Every credited artist whose popularity is known must be above the seed level, not only the primary one."""

    arrays: ItemArrays
    level: int

    def keep(self, items: Items) -> Mask:
        """True where the weakest known credit is above the level."""
        return np.asarray(self.arrays.weakest_credit[items] > self.level)


@dataclass(frozen=True, slots=True)
class PrimaryArtistBigger:
    """The primary artist's popularity must be known and above the seed level; ranges of items see to it otherwise."""

    arrays: ItemArrays
    level: int

    def keep(self, items: Items) -> Mask:
        """True where the primary artist is above the level."""
        return np.asarray(self.arrays.artist_popularity[items] > self.level)


@dataclass(frozen=True, slots=True)
class NotThese:
    """Leaves out given items, ascending: seeds, tracks by the seeds' artists, whatever the request excludes."""

    excluded: Items

    def keep(self, items: Items) -> Mask:
        """True where the item is not excluded."""
        kept = np.ones(len(items), dtype=np.bool_)
        # The excluded are few and the items many, so each excluded one is looked up among the items.
        places = np.searchsorted(items, self.excluded)
        there = places < len(items)
        kept[places[there][items[places[there]] == self.excluded[there]]] = False
        return kept


@dataclass(frozen=True, slots=True)
class ReleasedBetween:
    """Years from ``first`` to ``last``, both included; a track of unknown year is out, since nobody can promise it."""

    arrays: ItemArrays
    first: int | None
    last: int | None

    def keep(self, items: Items) -> Mask:
        """True where the release year is known and lies in between."""
        years = self.arrays.release_year[items]
        kept = years != UNKNOWN_YEAR
        if self.first is not None:
            kept &= years >= self.first
        if self.last is not None:
            kept &= years <= self.last
        return np.asarray(kept)


@dataclass(frozen=True, slots=True)
class ExplicitLyrics:
    """``clean`` removes tracks known to be explicit, ``only`` keeps them; unknown ones count as not known explicit."""

    arrays: ItemArrays
    wish: Explicit

    def keep(self, items: Items) -> Mask:
        """True where the wish is met."""
        explicit = self.arrays.explicit[items]
        if self.wish is Explicit.CLEAN:
            return np.asarray(explicit != 1)
        if self.wish is Explicit.ONLY:
            return np.asarray(explicit == 1)
        return np.ones(len(items), dtype=np.bool_)


def apply_filters(items: Items, filters: Iterable[ItemFilter]) -> Items:
    """The items that every filter keeps, in their order."""
    for item_filter in filters:
        items = items[item_filter.keep(items)]
    return items


class SelectionFilter(Protocol):
    """Says whether an item may join what was chosen so far."""

    def admits(self, item: int) -> bool:
        """True when nothing that was taken forbids the item."""

    def take(self, item: int) -> None:
        """The item was chosen."""


class OnePerArtist:
    """No artist is credited on two tracks of a list; ``artists_of`` gives an item's credited artists."""

    def __init__(self, artists_of: Callable[[int], Sequence[int]], taken: Iterable[int] = ()) -> None:
        self._artists_of = artists_of
        self._taken = set(taken)

    def admits(self, item: int) -> bool:
        """True when no credited artist is in the list yet."""
        return self._taken.isdisjoint(self._artists_of(item))

    def take(self, item: int) -> None:
        """Remember all credited artists."""
        self._taken.update(self._artists_of(item))


class NotByName:
    """Leaves out artists by name, for names that lead to no one artist of the index; accents make no difference.

    ``names_of`` gives the keys of an item's credited names; it reads metadata, so let other filters speak first.
    """

    def __init__(self, names_of: Callable[[int], frozenset[str]], excluded: frozenset[str]) -> None:
        self._names_of = names_of
        self._excluded = frozenset(map(accentless_key_of_name, excluded))

    def admits(self, item: int) -> bool:
        """True when no credited artist bears an excluded name."""
        return not self._excluded or self._excluded.isdisjoint(map(accentless_key_of_name, self._names_of(item)))

    def take(self, item: int) -> None:
        """Nothing to remember."""


class NoAlternateVersions:
    """No song stands in the list twice, whoever is credited first.

    ``key_of`` gives an item's song key, ``song_of`` all that ties versions together (see ``catalogue.songs``); the
    latter is asked only when keys agree, because it reads metadata.
    """

    def __init__(
        self, key_of: Callable[[int], int], song_of: Callable[[int], Song], taken: Iterable[Song] = ()
    ) -> None:
        self._key_of = key_of
        self._song_of = song_of
        self._taken: dict[int, list[Song]] = {}
        self._taken_items: dict[int, list[int]] = {}
        for song in taken:
            self._taken.setdefault(song.key, []).append(song)

    def admits(self, item: int) -> bool:
        """True when the list holds no version of this song."""
        key = self._key_of(item)
        same_title = self._taken.get(key, [])
        same_title_items = self._taken_items.get(key, [])
        if not same_title and not same_title_items:
            return True
        song = self._song_of(item)
        others = (*same_title, *(self._song_of(other) for other in same_title_items))
        return not any(song.is_version_of(other) for other in others)

    def take(self, item: int) -> None:
        """Remember the song."""
        self._taken_items.setdefault(self._key_of(item), []).append(item)
