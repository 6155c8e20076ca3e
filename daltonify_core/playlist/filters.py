"""Filters: one small element per rule that removes tracks.

An item filter looks at each item alone and works on whole arrays. A selection filter looks at what was already chosen.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

import numpy as np

from daltonify_core.catalogue.songs import Song
from daltonify_core.catalogue.track import accentless_key_of_name
from daltonify_core.index.items import UNKNOWN_YEAR, Items
from daltonify_core.index.pools import ItemRows, Mask, Pool


class Explicit(StrEnum):
    """Which tracks with explicit lyrics may stand in the list."""

    ALLOW = "allow"
    CLEAN = "clean"
    ONLY = "only"


class ItemFilter(Protocol):
    """Says for each item alone whether it may be recommended."""

    def narrow(self, kept: Mask, rows: ItemRows) -> None:
        """Make ``kept``, of shape ``(m,)`` for ``m`` rows, false where the item must go."""


@dataclass(frozen=True, slots=True)
class EveryArtistBigger:
    """Every credited artist whose popularity is known must be above the seed level, not only the primary one."""

    level: int

    def narrow(self, kept: Mask, rows: ItemRows) -> None:
        """Keep those whose weakest known credit is above the level."""
        kept &= rows.weakest_credit > self.level


@dataclass(frozen=True, slots=True)
class PrimaryArtistBigger:
    """The primary artist's popularity must be known and above the seed level; ranges of items see to it otherwise."""

    level: int

    def narrow(self, kept: Mask, rows: ItemRows) -> None:
        """Keep those whose primary artist is above the level."""
        kept &= rows.artist_popularity > self.level


@dataclass(frozen=True, slots=True)
class NotThese:
    """Leaves out given items, ascending: seeds, tracks by the seeds' artists, whatever the request excludes."""

    excluded: Items

    def narrow(self, kept: Mask, rows: ItemRows) -> None:
        """Keep those that are not excluded."""
        rows.drop(kept, self.excluded)


@dataclass(frozen=True, slots=True)
class ReleasedBetween:
    """Years from ``first`` to ``last``, both included; a track of unknown year is out, since nobody can promise it."""

    first: int | None
    last: int | None

    def narrow(self, kept: Mask, rows: ItemRows) -> None:
        """Keep those whose release year is known and lies in between."""
        years = rows.release_year
        kept &= years != UNKNOWN_YEAR
        if self.first is not None:
            kept &= years >= self.first
        if self.last is not None:
            kept &= years <= self.last


@dataclass(frozen=True, slots=True)
class ExplicitLyrics:
    """``clean`` removes tracks known to be explicit, ``only`` keeps them; unknown ones count as not known explicit."""

    wish: Explicit

    def narrow(self, kept: Mask, rows: ItemRows) -> None:
        """Keep those that meet the wish."""
        if self.wish is Explicit.CLEAN:
            kept &= rows.explicit != 1
        elif self.wish is Explicit.ONLY:
            kept &= rows.explicit == 1


def apply_filters(pool: Pool, filters: Iterable[ItemFilter]) -> Pool:
    """What every filter keeps of a pool."""
    return pool.under([one.narrow for one in filters])


class SelectionFilter(Protocol):
    """Says whether an item may join what was chosen so far."""

    def expect(self, items: Items) -> None:
        """These will be asked about: what is known of them may be read at once."""

    def admits(self, item: int) -> bool:
        """True when nothing that was taken forbids the item."""

    def take(self, item: int) -> None:
        """The item was chosen."""


class OnePerArtist:
    """No artist is credited on two tracks of a list; ``artists_of`` gives everybody credited on each of some items."""

    def __init__(self, artists_of: Callable[[Items], list[list[int]]], taken: Iterable[int] = ()) -> None:
        self._artists_of = artists_of
        self._known: dict[int, list[int]] = {}
        self._taken = set(taken)

    def expect(self, items: Items) -> None:
        """Read their artists."""
        self._known.update(zip(items.tolist(), self._artists_of(items), strict=True))

    def admits(self, item: int) -> bool:
        """True when no credited artist is in the list yet."""
        return self._taken.isdisjoint(self._known.get(item) or self._artists(item))

    def take(self, item: int) -> None:
        """Remember all credited artists."""
        self._taken.update(self._known.get(item) or self._artists(item))

    def _artists(self, item: int) -> list[int]:
        self.expect(np.array([item], dtype=np.int32))
        return self._known[item]


class NotByName:
    """Leaves out artists by name, for names that lead to no one artist of the index; accents make no difference.

    ``names_of`` gives the keys of each item's credited names; it reads metadata, so let other filters speak first.
    """

    def __init__(self, names_of: Callable[[Items], list[frozenset[str]]], excluded: frozenset[str]) -> None:
        self._names_of = names_of
        self._known: dict[int, frozenset[str]] = {}
        self._excluded = frozenset(map(accentless_key_of_name, excluded))

    def expect(self, items: Items) -> None:
        """Read their names, if any is excluded at all."""
        if self._excluded:
            self._known.update(zip(items.tolist(), self._names_of(items), strict=True))

    def admits(self, item: int) -> bool:
        """True when no credited artist bears an excluded name."""
        if not self._excluded:
            return True
        if item not in self._known:
            self.expect(np.array([item], dtype=np.int32))
        return self._excluded.isdisjoint(map(accentless_key_of_name, self._known[item]))

    def take(self, item: int) -> None:
        """Nothing to remember."""


class NoAlternateVersions:
    """No song stands in the list twice, whoever is credited first.

    ``keys_of`` gives the song key of each of some items, ``song_of`` all that ties versions together (see
    ``catalogue.songs``); the latter is asked only when keys agree.
    """

    def __init__(
        self,
        keys_of: Callable[[Items], list[int]],
        song_of: Callable[[int], Song],
        taken: Iterable[Song] = (),
    ) -> None:
        self._keys_of = keys_of
        self._song_of = song_of
        self._keys: dict[int, int] = {}
        self._taken: dict[int, list[Song]] = {}
        self._taken_items: dict[int, list[int]] = {}
        for song in taken:
            self._taken.setdefault(song.key, []).append(song)

    def expect(self, items: Items) -> None:
        """Read their keys."""
        self._keys.update(zip(items.tolist(), self._keys_of(items), strict=True))

    def admits(self, item: int) -> bool:
        """True when the list holds no version of this song."""
        key = self._keys.get(item)
        if key is None:
            key = self._key(item)
        if key not in self._taken and key not in self._taken_items:
            return True
        song = self._song_of(item)
        others = (*self._taken.get(key, ()), *(self._song_of(other) for other in self._taken_items.get(key, ())))
        return not any(song.is_version_of(other) for other in others)

    def take(self, item: int) -> None:
        """Remember the song."""
        key = self._keys.get(item)
        self._taken_items.setdefault(self._key(item) if key is None else key, []).append(item)

    def _key(self, item: int) -> int:
        self.expect(np.array([item], dtype=np.int32))
        return self._keys[item]
