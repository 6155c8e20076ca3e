"""Ports around a catalogue: tables that are imported, files of tracks, and what collects them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager
    from typing import TextIO


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


class CatalogueShards(Protocol):
    """The files that make up a catalogue."""

    def names(self) -> list[str]:
        """Names of all shards, sorted."""

    def open(self, name: str) -> AbstractContextManager[TextIO]:
        """The decompressed text of one shard, opened with ``newline=""``."""


class TrackFinder(Protocol):
    """Finds tracks to know more of, by their Spotify ids.

    Every method may raise ``UpstreamUnavailable``, ``UpstreamRateLimited``, ``UpstreamRefused``, ``ConsentNeeded`` and
    ``SecretUnavailable``; none of them waits out a limit.
    """

    def playlist_track_ids(self, playlist_id: str) -> list[str]:
        """Ids of the tracks of a playlist that the operator may read, once each, in its order; episodes, local files
        and rows without a track are left out. Raises ``UnknownPlaylist``.
        """

    def search_track_ids(self, genre: str, limit: int) -> list[str]:
        """Ids of at most ``limit`` tracks that a search for the genre finds, once each, best first."""


@dataclass(frozen=True, slots=True)
class CollectionFile:
    """A file as it was read. Another content has another ``tag``."""

    content: bytes
    tag: str


class CollectionFiles(Protocol):
    """A folder of small files, each replaced whole, and only by somebody who saw what it replaces.

    Every method may raise ``UpstreamUnavailable`` and ``UpstreamRefused``.
    """

    def names(self) -> list[str]:
        """Names of all files that lie in the folder itself, sorted."""

    def read(self, name: str) -> CollectionFile | None:
        """The file as it is now, ``None`` when there is none."""

    def write(self, name: str, content: bytes, expected_tag: str | None) -> None:
        """Replace the file that has this tag; ``None`` makes one where there is none. All or nothing.

        Raises ``CollectionConflict`` when the file is another one by now, and nothing is written then. Writing what is
        there already is no conflict.
        """
