"""Items: the tracks of one index, numbered so that popularity is a range.

Items are numbered by their primary artist's popularity, highest first (then track popularity, then track id), so that
"bigger than X" and any band of popularity is one contiguous range of numbers. Everything that the rules need lies in
small arrays beside the vectors; metadata is read only for tracks that are returned.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from daltonify_core.catalogue.songs import Song

UNKNOWN_POPULARITY: Final = -1
UNKNOWN_YEAR: Final = 0
UNKNOWN_EXPLICIT: Final = -1

type Items = NDArray[np.int32]
"""Item numbers in ascending order, that is from the most to the least popular artist."""


@dataclass(frozen=True, slots=True)
class ItemArrays:
    """Per-item arrays of an index with ``n`` items, ``a`` artists and ``c`` credits.

    Credits include guests whom only a title names, and artists whose name differs from a credited one's by accents
    alone (unless ids tell both apart): rules that keep artists apart must hold for them too. Ragged lists come as
    offsets and values: the artists of item ``i`` are ``credit_artists[credit_offsets[i]:credit_offsets[i + 1]]``,
    primary artist first.
    """

    track_ids: NDArray[np.bytes_]
    """``(n,)`` ASCII ids."""
    artist_popularity: NDArray[np.int16]
    """``(n,)`` of the primary artist, descending; ``UNKNOWN_POPULARITY`` at the end."""
    weakest_credit: NDArray[np.int16]
    """``(n,)`` lowest known popularity among all credited artists, namesakes but for accents aside."""
    track_popularity: NDArray[np.int16]
    """``(n,)`` or ``UNKNOWN_POPULARITY``."""
    release_year: NDArray[np.int16]
    """``(n,)`` or ``UNKNOWN_YEAR``."""
    explicit: NDArray[np.int8]
    """``(n,)`` 1, 0 or ``UNKNOWN_EXPLICIT``."""
    song_keys: NDArray[np.int64]
    """``(n,)`` equal for titles of the same song, see ``catalogue.songs``."""
    song_mark_offsets: NDArray[np.int64]
    """``(n + 1,)``"""
    song_marks: NDArray[np.int32]
    """``Song.marks`` of each item: what ties tracks of one title as versions of one song."""
    credit_offsets: NDArray[np.int64]
    """``(n + 1,)``"""
    credit_artists: NDArray[np.int32]
    """``(c,)`` artist numbers."""
    artist_offsets: NDArray[np.int64]
    """``(a + 1,)``"""
    artist_items: NDArray[np.int32]
    """``(c,)`` items of each artist, ascending."""
    genre_offsets: NDArray[np.int64]
    """``(g + 1,)`` in the order of the manifest's genres."""
    genre_items: NDArray[np.int32]
    """Items of each genre, ascending."""
    item_genre_offsets: NDArray[np.int64]
    """``(n + 1,)``"""
    item_genres: NDArray[np.int16]
    """Genres of each item, ascending: the same pairs as in ``genre_items``."""

    def __len__(self) -> int:
        return len(self.track_ids)

    def artists_of(self, item: int) -> list[int]:
        """Numbers of the item's credited artists, primary first."""
        numbers: list[int] = self.credit_artists[self.credit_offsets[item] : self.credit_offsets[item + 1]].tolist()
        return numbers

    def artists_of_each(self, items: Items) -> list[list[int]]:
        """Numbers of the credited artists of each of some items, primary first."""
        places, ends = ragged_places(self.credit_offsets, items)
        numbers: list[int] = self.credit_artists.take(places).tolist()
        last = ends.tolist()
        return [numbers[start:end] for start, end in zip([0, *last], last, strict=False)]

    def song(self, item: int) -> Song:
        """What tells which other tracks are versions of the item's song."""
        marks = self.song_marks[self.song_mark_offsets[item] : self.song_mark_offsets[item + 1]]
        return Song(int(self.song_keys[item]), tuple(marks.tolist()))

    def items_by(self, artist: int) -> Items:
        """Every item that credits the artist."""
        return np.asarray(self.artist_items[self.artist_offsets[artist] : self.artist_offsets[artist + 1]])

    def items_of_genre(self, genre: int) -> Items:
        """Every item of one genre."""
        return np.asarray(self.genre_items[self.genre_offsets[genre] : self.genre_offsets[genre + 1]])

    def genre_stretch(self, genre: int, low: int, high: int) -> tuple[int, int]:
        """First place in ``genre_items``, and end, of a genre's items whose number lies in ``low <= item < high``."""
        start = int(self.genre_offsets[genre])
        items = self.genre_items[start : int(self.genre_offsets[genre + 1])]
        first, last = items.searchsorted(np.array((low, high), dtype=items.dtype)).tolist()
        return start + first, start + max(first, last)

    def genre_counts(self, items: Items) -> list[int]:
        """How many of ``items`` are of each genre; shape ``(g,)``."""
        places, _ = ragged_places(self.item_genre_offsets, items)
        counts: list[int] = np.bincount(self.item_genres[places], minlength=len(self.genre_offsets) - 1).tolist()
        return counts

    def popularity_range(self, low: int, high: int) -> tuple[int, int]:
        """First item and end of the range whose artist popularity lies in ``low <= popularity <= high``."""
        # searchsorted wants ascending order, for which a reversed view will do, and a needle of the array's own type:
        # with another one it converts the whole array first.
        ascending = self.artist_popularity[::-1]
        below, upto = ascending.searchsorted(np.array((low, high + 1), dtype=ascending.dtype)).tolist()
        start, end = len(ascending) - upto, len(ascending) - below
        return start, max(start, end)

    def counts_by_popularity(self, items: Items, highest: int) -> list[int]:
        """How many of the items have a primary artist at each popularity from 0 to ``highest``; unknown ones are out.

        It takes a search per popularity, not a look at each item.
        """
        ascending = self.artist_popularity[::-1]
        levels = np.arange(highest + 2, dtype=ascending.dtype)
        ends = len(ascending) - np.searchsorted(ascending, levels, side="left")
        at_least = np.searchsorted(items, ends.astype(items.dtype))
        counts: list[int] = (at_least[:-1] - at_least[1:]).tolist()
        return counts

    def by_name(self) -> dict[str, NDArray[Any]]:
        """All arrays, as they are stored."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @classmethod
    def names(cls) -> tuple[str, ...]:
        """Names of the arrays."""
        return tuple(field.name for field in fields(cls))

    def faults(self, counts: Mapping[str, int]) -> list[str]:
        """What contradicts ``counts`` (``items``, ``artists``, ``genres``) or the order that range search relies on."""
        found = [f"{name} is not a list" for name, array in self.by_name().items() if array.ndim != 1]
        found += [
            f"{name} holds {array.dtype}"
            for name, array in self.by_name().items()
            if (array.dtype.kind != "S" if name == "track_ids" else array.dtype != _TYPES[name])
        ]
        if found:
            return found
        expected = {
            "credit_offsets": counts["items"] + 1,
            "artist_offsets": counts["artists"] + 1,
            "song_mark_offsets": counts["items"] + 1,
            "song_marks": int(self.song_mark_offsets[-1]) if len(self.song_mark_offsets) else 0,
            "genre_offsets": counts["genres"] + 1,
            "credit_artists": int(self.credit_offsets[-1]) if len(self.credit_offsets) else 0,
            "artist_items": int(self.artist_offsets[-1]) if len(self.artist_offsets) else 0,
            "genre_items": int(self.genre_offsets[-1]) if len(self.genre_offsets) else 0,
            "item_genre_offsets": counts["items"] + 1,
            "item_genres": int(self.genre_offsets[-1]) if len(self.genre_offsets) else 0,
        }
        for name, array in self.by_name().items():
            length = expected.get(name, counts["items"])
            if array.shape != (length,):
                found.append(f"{name} has shape {array.shape}, not ({length},)")
        if bool(np.any(self.artist_popularity[1:] > self.artist_popularity[:-1])):
            found.append("artist_popularity is not in descending order")
        return found


_TYPES: Final[Mapping[str, Any]] = {
    "artist_popularity": np.int16,
    "weakest_credit": np.int16,
    "track_popularity": np.int16,
    "release_year": np.int16,
    "explicit": np.int8,
    "song_keys": np.int64,
    "song_mark_offsets": np.int64,
    "song_marks": np.int32,
    "credit_offsets": np.int64,
    "credit_artists": np.int32,
    "artist_offsets": np.int64,
    "artist_items": np.int32,
    "genre_offsets": np.int64,
    "genre_items": np.int32,
    "item_genre_offsets": np.int64,
    "item_genres": np.int16,
}


def united(parts: Iterable[NDArray[np.int32]]) -> Items:
    """The items that any of these hold, ascending, each once.

    What ``np.unique`` would give, but that imports ``numpy.ma`` when it is first called: 7 ms of a cold start.
    """
    items = np.sort(np.concatenate([np.empty(0, np.int32), *parts]))
    return np.asarray(items[np.diff(items, prepend=-1) > 0])


def contained(items: NDArray[Any], ascending: Items) -> NDArray[np.bool_]:
    """For each of ``items`` whether it is among ``ascending``, by binary search; shape ``(len(items),)``."""
    if len(ascending) == 0:
        return np.zeros(len(items), dtype=np.bool_)
    places = np.minimum(np.searchsorted(ascending, items), len(ascending) - 1)
    return np.asarray(ascending[places] == items)


def ragged_places(offsets: NDArray[np.int64], rows: NDArray[Any]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Where the values of some rows of a ragged list lie, row after row, and where each row ends among those."""
    starts = offsets.take(rows)
    lengths = offsets.take(rows + 1) - starts
    ends = lengths.cumsum()
    total = int(ends[-1]) if len(ends) else 0
    return np.arange(total) + (starts - ends + lengths).repeat(lengths), ends


def load_array(path: Path) -> NDArray[Any]:
    """One memory-mapped array; numpy cannot map an array without elements, so such a one is read."""
    array = np.load(path, mmap_mode=None if path.stat().st_size <= 256 else "r", allow_pickle=False)
    if not isinstance(array, np.ndarray):
        raise ValueError(f"{path.name} is not an array")
    # A plain view of the same memory: numpy's memmap class makes every small read several times slower.
    return np.asarray(array)


def invert(
    offsets: NDArray[np.int64], values: NDArray[np.int32], size: int
) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """The same relation seen from the values' side: for each of ``size`` values, the ascending rows that hold it."""
    rows = np.repeat(np.arange(len(offsets) - 1, dtype=np.int32), np.diff(offsets))
    order = np.argsort(values, kind="stable")
    inverse_offsets = np.zeros(size + 1, dtype=np.int64)
    np.cumsum(np.bincount(values, minlength=size), out=inverse_offsets[1:])
    return inverse_offsets, rows[order]
