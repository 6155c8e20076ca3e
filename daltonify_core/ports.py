"""Ports: what the domain needs from the outside, in its own words."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TextIO

import numpy as np
from numpy.typing import NDArray

from daltonify_core.catalogue.artists import KnownArtist
from daltonify_core.catalogue.track import Track


@dataclass(frozen=True, slots=True)
class TableLayout:
    """How a table is stored, for people who wonder why it reads as it does; ``None`` where its format has no such."""

    encoding: str | None = None
    delimiter: str | None = None


class RawTable(Protocol):
    """One table of a public data set, as text, before anybody knows what its columns mean.

    ``name`` is the path that a person would recognise, inside an archive too (``dump.zip/rock.csv``).
    """

    @property
    def name(self) -> str: ...

    def header(self) -> list[str]:
        """Column names as the file spells them; raises ``InvalidDataset`` when the file is no table."""

    def layout(self) -> TableLayout:
        """What was found out about the file's form; raises ``InvalidDataset`` when the file is no table."""

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """Every row from the start, each time it is called, after the line on which it begins.

        Lines count from 1, the header's included; a format without lines gives the row's number from 1. Absent values
        are empty strings and blank lines are left out. Raises ``InvalidDataset`` when the file breaks off.
        """


class NeighbourIndex(Protocol):
    """Approximate nearest neighbours over the vectors of one index."""

    def nearest(self, query: NDArray[np.float32], count: int) -> NDArray[np.int64]:
        """Item numbers of at most ``count`` neighbours, nearest first. ``query``: shape ``(dimension,)``."""

    def vector(self, item: int) -> NDArray[np.float32]:
        """What was stored for an item, so that a reader can tell whether the file belongs to its vectors."""

    def __len__(self) -> int: ...


class NeighbourIndexFormat(Protocol):
    """Writes and opens neighbour index files of one kind."""

    def build(self, vectors: NDArray[np.float32], path: Path, seed: int) -> None:
        """Write an index of ``vectors``, shape ``(n, dimension)``; equal input and seed give equal bytes."""

    def open(self, path: Path, dimension: int) -> NeighbourIndex:
        """Open a file; raises ``IndexCorrupt`` when it cannot be one of that dimension."""

    def describe(self) -> dict[str, str | int]:
        """What the manifest must remember to open the file again: kind, metric and parameters."""


class TrackStore(Protocol):
    """Metadata of the tracks and artists of one index, by number."""

    def tracks(self, items: Sequence[int]) -> list[Track]:
        """The tracks of these items, in the same order; raises ``IndexCorrupt`` when one is missing."""

    def find(self, track_ids: Sequence[str]) -> dict[str, int]:
        """Item numbers of the ids that the index knows."""

    def search(self, text: str, limit: int) -> list[int]:
        """Items whose title or artists match the words of ``text``, most popular artist first."""

    def artists(self, numbers: Sequence[int]) -> list[KnownArtist]:
        """The artists of these numbers, in the same order."""

    def find_artists(self, keys: Sequence[str]) -> dict[str, int]:
        """Artist numbers of the keys (see ``catalogue.artists.artist_key``) that the index knows."""

    def count(self) -> tuple[int, int]:
        """Numbers of tracks and of artists."""

    def close(self) -> None: ...


class TrackStoreFormat(Protocol):
    """Writes and opens track stores of one kind."""

    def build(self, tracks: Iterable[Track], artists: Sequence[KnownArtist], path: Path) -> None:
        """Write tracks in item order and artists in number order; equal input gives equal bytes."""

    def open(self, path: Path) -> TrackStore:
        """Open read-only; raises ``IndexCorrupt`` when the file is no track store."""


class CatalogueShards(Protocol):
    """The files that make up a catalogue."""

    def names(self) -> list[str]:
        """Names of all shards, sorted."""

    def open(self, name: str) -> AbstractContextManager[TextIO]:
        """The decompressed text of one shard, opened with ``newline=""``."""


type Progress = Callable[[str, int, int], None]
"""Called now and then in long work: a phase in words, what is done, what there is to do (0 if not known)."""


def no_progress(phase: str, done: int, total: int) -> None:
    """For callers who do not watch."""


@dataclass(frozen=True, slots=True)
class CurrentIndex:
    """Which index is current. ``built_at`` is UTC in ISO form; ``previous`` holds older versions, newest first."""

    version: str
    built_at: str
    previous: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ActivationState:
    """What was current when it was read. ``tag`` changes with every activation; ``None`` means there was none."""

    current: CurrentIndex | None
    tag: str | None


class IndexStore(Protocol):
    """Where built indexes live. A version is immutable, and at most one is current."""

    def read_state(self) -> ActivationState:
        """Raises ``IndexCorrupt`` when the pointer is unreadable."""

    def upload(self, version: str, bundle: Path) -> None:
        """Store every file of a bundle folder under its version, complete or not at all.

        A version names one content, so one that is stored already is left alone, or replaced if it was damaged since.
        """

    def activate(self, current: CurrentIndex, expected_tag: str | None) -> None:
        """Make a stored version current; raises ``ActivationConflict`` when the state's tag is another one."""

    def fetch(self, version: str, scratch: Path) -> Path:
        """A local folder that holds the version's files, in ``scratch`` if it must be copied.

        Raises ``IndexUnavailable`` when there is no such version.
        """

    def prune(self, keep: Collection[str]) -> list[str]:
        """Remove all versions but these and those that the state names; the names of those removed.

        A version that was stored only recently may stay: another build may be about to activate it.
        """
