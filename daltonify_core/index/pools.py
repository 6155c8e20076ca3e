"""Pools: the items among which one search looks, each genre's lying side by side as the search reads them.

What most requests ask for, one genre within a band of popularity, is a run of consecutive entries in that genre's list.
So every genre has its own copy of what a search reads of an item, in the order of that list: the vectors, and what
filters look at. A request then touches one stretch of each array and gathers nothing.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from daltonify_core.index.feature_space import Float32Array
from daltonify_core.index.items import ItemArrays, Items

type Mask = NDArray[np.bool_]

type Narrowing = Callable[[Mask, ItemRows], None]
"""A filter: makes a mask, of shape ``(m,)`` for ``m`` rows, false where an item must go."""

# Columns that are turned into rows at a time while the columns are built.
_BLOCK: Final = 65_536


class ItemRows(Protocol):
    """What filters see of ``m`` items: arrays of shape ``(m,)`` with the values of ``ItemArrays``."""

    def __len__(self) -> int: ...
    def drop(self, kept: Mask, items: Items) -> None:
        """Make ``kept`` false in the rows of ``items``, which ascend."""

    @property
    def artist_popularity(self) -> NDArray[np.int16]: ...
    @property
    def weakest_credit(self) -> NDArray[Any]: ...
    @property
    def release_year(self) -> NDArray[np.int16]: ...
    @property
    def explicit(self) -> NDArray[np.int8]: ...


class GatheredRows:
    """Any items, ascending; every column is gathered when it is asked for."""

    __slots__ = ("_arrays", "items")

    def __init__(self, items: Items, arrays: ItemArrays) -> None:
        self.items = items
        self._arrays = arrays

    def __len__(self) -> int:
        return len(self.items)

    def drop(self, kept: Mask, items: Items) -> None:
        """Make ``kept`` false in the rows of ``items``, which ascend."""
        _drop(kept, items, self.items)

    def find(self, items: NDArray[Any]) -> tuple[NDArray[np.intp], Mask]:
        """For each of ``items`` a row, and whether that is it."""
        return _found(items, self.items)

    def at(self, places: NDArray[Any]) -> Items:
        """The items in some rows."""
        return np.asarray(self.items[places])

    @property
    def artist_popularity(self) -> NDArray[np.int16]:
        """Of the primary artist."""
        return np.asarray(self._arrays.artist_popularity[self.items])

    @property
    def weakest_credit(self) -> NDArray[Any]:
        """Lowest known popularity among the credited artists."""
        return np.asarray(self._arrays.weakest_credit[self.items])

    @property
    def release_year(self) -> NDArray[np.int16]:
        """Or ``UNKNOWN_YEAR``."""
        return np.asarray(self._arrays.release_year[self.items])

    @property
    def explicit(self) -> NDArray[np.int8]:
        """Or ``UNKNOWN_EXPLICIT``."""
        return np.asarray(self._arrays.explicit[self.items])


class ItemStretch:
    """All items from ``first`` to ``end``, that excluded: every column is a view."""

    __slots__ = ("_arrays", "end", "first")

    def __init__(self, first: int, end: int, arrays: ItemArrays) -> None:
        self.first = first
        self.end = end
        self._arrays = arrays

    def __len__(self) -> int:
        return self.end - self.first

    def drop(self, kept: Mask, items: Items) -> None:
        """Make ``kept`` false in the rows of ``items``, which ascend."""
        kept[items[(items >= self.first) & (items < self.end)] - self.first] = False

    def find(self, items: NDArray[Any]) -> tuple[NDArray[np.intp], Mask]:
        """For each of ``items`` a row, and whether that is it."""
        there = (items >= self.first) & (items < self.end)
        return np.where(there, items - self.first, 0), there

    def at(self, places: NDArray[Any]) -> Items:
        """The items in some rows."""
        return (places + self.first).astype(np.int32)

    @property
    def items(self) -> Items:
        """All of them."""
        return np.arange(self.first, self.end, dtype=np.int32)

    @property
    def artist_popularity(self) -> NDArray[np.int16]:
        """Of the primary artist."""
        return self._arrays.artist_popularity[self.first : self.end]

    @property
    def weakest_credit(self) -> NDArray[Any]:
        """Lowest known popularity among the credited artists."""
        return self._arrays.weakest_credit[self.first : self.end]

    @property
    def release_year(self) -> NDArray[np.int16]:
        """Or ``UNKNOWN_YEAR``."""
        return self._arrays.release_year[self.first : self.end]

    @property
    def explicit(self) -> NDArray[np.int8]:
        """Or ``UNKNOWN_EXPLICIT``."""
        return self._arrays.explicit[self.first : self.end]


class GenreStretch:
    """A stretch of one genre's list, from place ``first`` to ``end``, that excluded: every column is a view."""

    __slots__ = ("_arrays", "_columns", "_stretch", "items")

    def __init__(self, columns: "GenreColumns", arrays: ItemArrays, first: int, end: int) -> None:
        self._columns = columns
        self._arrays = arrays
        self._stretch = slice(first, end)
        self.items: Items = arrays.genre_items[self._stretch]

    def __len__(self) -> int:
        return len(self.items)

    def drop(self, kept: Mask, items: Items) -> None:
        """Make ``kept`` false in the rows of ``items``, which ascend."""
        _drop(kept, items, self.items)

    def find(self, items: NDArray[Any]) -> tuple[NDArray[np.intp], Mask]:
        """For each of ``items`` a row, and whether that is it."""
        return _found(items, self.items)

    def at(self, places: NDArray[Any]) -> Items:
        """The items in some rows."""
        return self.items.take(places)

    @property
    def points(self) -> Float32Array:
        """Shape ``(dimension + 1, m)``, see ``GenreColumns``."""
        return self._columns.genre_points[:, self._stretch]

    @property
    def vectors(self) -> Float32Array:
        """Shape ``(m, dimension)``."""
        return self._columns.genre_points[:-1, self._stretch].T

    @property
    def artist_popularity(self) -> NDArray[np.int16]:
        """Of the primary artist."""
        return self._arrays.artist_popularity[self.items]

    @property
    def weakest_credit(self) -> NDArray[Any]:
        """Lowest known popularity among the credited artists."""
        return self._columns.genre_weakest_credit[self._stretch]

    @property
    def release_year(self) -> NDArray[np.int16]:
        """Or ``UNKNOWN_YEAR``."""
        return self._columns.genre_release_year[self._stretch]

    @property
    def explicit(self) -> NDArray[np.int8]:
        """Or ``UNKNOWN_EXPLICIT``."""
        return self._columns.genre_explicit[self._stretch]


def _drop(kept: Mask, items: Items, ascending: Items) -> None:
    # The dropped are few and the rows many, so each dropped one is looked up among the rows, unless all lie beyond.
    if len(ascending) and len(items) and items[0] <= ascending[-1] and items[-1] >= ascending[0]:
        places = ascending.searchsorted(items)
        kept[places[ascending.take(places, mode="clip") == items]] = False


def _found(items: NDArray[Any], ascending: Items) -> tuple[NDArray[np.intp], Mask]:
    if len(ascending) == 0:
        return np.zeros(len(items), dtype=np.intp), np.zeros(len(items), dtype=np.bool_)
    # A needle of another type would make numpy convert the whole list first.
    places = np.minimum(ascending.searchsorted(items.astype(ascending.dtype)), len(ascending) - 1)
    return places, np.asarray(ascending[places] == items)


class Run:
    """Rows in ascending order of items; ``kept`` says which of them are allowed, ``None`` that all are."""

    __slots__ = ("_count", "kept", "rows")

    def __init__(self, rows: GatheredRows | ItemStretch | GenreStretch, kept: Mask | None = None) -> None:
        self.rows = rows
        self.kept = kept
        self._count = len(rows) if kept is None else int(np.count_nonzero(kept))

    def __len__(self) -> int:
        return self._count

    @property
    def items(self) -> Items:
        """The allowed items, ascending."""
        return self.rows.items if self.kept is None else self.rows.at(self.kept.nonzero()[0])

    def under(self, filters: Sequence[Narrowing]) -> "Run":
        """The run of what every filter keeps."""
        if self.kept is None:
            # Half the time of np.ones.
            kept = np.empty(len(self.rows), dtype=np.bool_)
            kept.fill(True)
        else:
            kept = self.kept.copy()
        for narrow in filters:
            narrow(kept, self.rows)
        return Run(self.rows, kept)

    def holds(self, items: NDArray[Any]) -> Mask:
        """For each of ``items`` whether it is allowed."""
        places, there = self.rows.find(items)
        if self.kept is None or not len(self.kept):
            return there
        return np.asarray(there & self.kept[places])


class Pool:
    """Allowed items: the union of ``runs``, no two of which allow the same item."""

    __slots__ = ("_count", "runs")

    def __init__(self, runs: Sequence[Run]) -> None:
        self.runs = runs
        self._count = sum([len(run) for run in runs])

    @classmethod
    def of(cls, items: Items, arrays: ItemArrays) -> Self:
        """A pool of any items, which must be ascending."""
        if len(items) and int(items[-1]) - int(items[0]) + 1 == len(items):
            return cls.between(int(items[0]), int(items[-1]) + 1, arrays)
        return cls([Run(GatheredRows(items, arrays))])

    @classmethod
    def between(cls, first: int, end: int, arrays: ItemArrays) -> Self:
        """A pool of all items from ``first`` to ``end``, that excluded."""
        return cls([Run(ItemStretch(first, end, arrays))])

    def __len__(self) -> int:
        return self._count

    def items(self) -> Items:
        """All allowed items, ascending."""
        parts = [run.items for run in self.runs]
        return parts[0] if len(parts) == 1 else np.sort(np.concatenate([np.empty(0, np.int32), *parts]))

    def holds(self, items: NDArray[Any]) -> Mask:
        """For each of ``items`` whether it is allowed; shape ``(len(items),)``."""
        held = np.zeros(len(items), dtype=np.bool_)
        for run in self.runs:
            held |= run.holds(items)
        return held

    def under(self, filters: Sequence[Narrowing]) -> "Pool":
        """The pool of what every filter keeps."""
        return Pool([run.under(filters) for run in self.runs])


@dataclass(frozen=True, slots=True)
class GenreColumns:
    """Columns in the order of ``ItemArrays.genre_items``, of length ``p``: genre by genre, ascending items in each."""

    genre_points: Float32Array
    """``(dimension + 1, p)``: the vectors' coordinates and, last, their squared length. One product with a query's
    coordinates, times -2, and a 1 is the squared distance but for the query's own squared length."""
    genre_weakest_credit: NDArray[np.int8]
    genre_release_year: NDArray[np.int16]
    genre_explicit: NDArray[np.int8]
    _shared: dict[tuple[int, int], NDArray[np.int64]] = field(init=False, default_factory=dict, repr=False)
    """Places in one genre's list of what another one holds, too: never more than there are entries with two genres."""

    @classmethod
    def of(cls, arrays: ItemArrays, vectors: Float32Array) -> Self:
        """Columns for an index; equal on every kind of processor."""
        items, dimension = arrays.genre_items, vectors.shape[1]
        points = np.empty((dimension + 1, len(items)), dtype=np.float32)
        for start in range(0, len(items), _BLOCK):
            block = vectors[items[start : start + _BLOCK]]
            points[:dimension, start : start + _BLOCK] = block.T
            # Added up one by one: sums over an axis differ in the last digit from processor to processor.
            squares = np.zeros(len(block))
            for column in block.T.astype(np.float64):
                squares += column * column
            points[dimension, start : start + _BLOCK] = squares
        return cls(
            points,
            arrays.weakest_credit[items].astype(np.int8),
            np.asarray(arrays.release_year[items]),
            np.asarray(arrays.explicit[items]),
        )

    def by_name(self) -> dict[str, NDArray[Any]]:
        """All columns, as they are stored."""
        return {name: getattr(self, name) for name in _COLUMN_TYPES}

    @classmethod
    def names(cls) -> tuple[str, ...]:
        """Names of the columns."""
        return tuple(_COLUMN_TYPES)

    def faults(self, entries: int, dimension: int) -> list[str]:
        """What contradicts a number of entries in all genres' lists and a dimension."""
        found = []
        for name, column in self.by_name().items():
            dtype = _COLUMN_TYPES[name]
            shape = (dimension + 1, entries) if name == "genre_points" else (entries,)
            if column.shape != shape or column.dtype != dtype:
                found.append(f"{name} holds {column.dtype} of shape {column.shape}, not {np.dtype(dtype)} of {shape}")
        return found

    def pool(self, arrays: ItemArrays, genres: Iterable[int], low: int, high: int) -> Pool:
        """The items of these genres whose number lies in ``low <= item < high``, each once."""
        runs: list[Run] = []
        before: list[int] = []
        for genre in dict.fromkeys(genres):
            first, last = arrays.genre_stretch(genre, low, high)
            rows = GenreStretch(self, arrays, first, last)
            run = Run(rows)
            for other in before:
                places = self._places_shared(arrays, genre, other) - first
                twice = places[np.searchsorted(places, 0) : np.searchsorted(places, last - first)]
                if len(twice):
                    once = np.ones(last - first, dtype=np.bool_) if run.kept is None else run.kept
                    once[twice] = False
                    run = Run(rows, once)
            runs.append(run)
            before.append(genre)
        return Pool(runs)

    def _places_shared(self, arrays: ItemArrays, genre: int, other: int) -> NDArray[np.int64]:
        """Places in ``genre_items`` of the items of ``genre`` that ``other`` holds as well, ascending."""
        known = self._shared.get((genre, other))
        if known is None:
            ours, theirs = arrays.items_of_genre(genre), arrays.items_of_genre(other)
            shared = np.intersect1d(ours, theirs, assume_unique=True)
            known = np.searchsorted(ours, shared) + int(arrays.genre_offsets[genre])
            self._shared[genre, other] = known
        return known


_COLUMN_TYPES: Final[Mapping[str, Any]] = {
    "genre_points": np.float32,
    "genre_weakest_credit": np.int8,
    "genre_release_year": np.int16,
    "genre_explicit": np.int8,
}
