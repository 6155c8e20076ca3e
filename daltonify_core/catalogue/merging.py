"""One track per id out of many rows: files repeat tracks, and snapshots of different years overlap.

The text of all rows waits in a private SQLite file, so that a million rows cost disk and not RAM. Memory holds no more
of a row than its id and its snapshot, by which numpy brings the rows of one track together.
"""

import json
import sqlite3
import tempfile
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from daltonify_core.catalogue.audio_features import FEATURE_NAMES
from daltonify_core.catalogue.canonical_csv import COLUMNS, join_list, parse_credits, split_list
from daltonify_core.catalogue.plain_rows import PLACES, PlainRow, plain_row, track_of_row
from daltonify_core.catalogue.track import ArtistCredit, Track, artist_key_of_name

type IntArray = NDArray[np.int64]

_BATCH_ROWS: Final = 2_000
_ID_LENGTH: Final = 22
_PADDED_LENGTH: Final = 24
_PARAMETERS: Final = ", ".join("?" * len(COLUMNS))
_TRACK_ID, _ARTISTS, _ARTIST_IDS, _ARTIST_POPULARITY, _GENRES, _SNAPSHOT = (
    PLACES[name] for name in ("track_id", "artists", "artist_ids", "artist_popularity", "genres", "snapshot")
)
# Filled from older rows when the newest lacks them. Genres are a union instead.
_FILLED: Final = tuple(
    PLACES[name]
    for name in ("album", "release_date", "duration_ms", "explicit", "popularity", "source", *FEATURE_NAMES)
)


@dataclass(frozen=True, slots=True)
class MergedTrack:
    """A track and the number of rows that it was merged from (at least 1).

    ``artist_popularity_snapshot`` is that of the row that gave ``artist_popularity``, which may be older than the
    track's own; ``None`` counts as oldest.
    """

    track: Track
    rows: int
    artist_popularity_snapshot: str | None


@dataclass(frozen=True, slots=True)
class MergedRows:
    """One row per track, in the order of track ids; they can be read as long as their merger is open.

    ``track_ids``: ASCII, shape ``(n,)``, ascending. ``sizes``: how many rows each was merged from.
    ``popularity_snapshots``: for each the snapshot of the row that gave ``artist_popularity``, as a place in
    ``snapshots``, in which "" stands for none.
    """

    track_ids: NDArray[np.bytes_]
    sizes: IntArray
    popularity_snapshots: IntArray
    snapshots: tuple[str, ...]
    _numbers: IntArray
    _database: sqlite3.Connection

    def __len__(self) -> int:
        return len(self._numbers)

    def read(self, order: IntArray | None = None, columns: Sequence[str] = COLUMNS) -> Iterator[PlainRow]:
        """The given columns of all tracks; ``order`` lists other places to read, in any order."""
        return _read(self._database, self._numbers if order is None else self._numbers[order], columns)


class TrackMerger:
    """Collects rows and gives back one track per id.

    The newest ``snapshot`` wins, then the row added later (so add files in path order). What the winner lacks is
    filled from the next newest row that has it; genres are the union of all rows. Use as a context manager: the work
    file goes when it ends. ``work_folder`` defaults to the system's temporary folder.
    """

    def __init__(self, work_folder: Path | None = None) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="daltonify-", dir=work_folder)
        self._database = _open_work_database(Path(self._folder.name) / "rows.sqlite")
        self._waiting: list[PlainRow] = []
        self._ids = bytearray()
        self._snapshots = array("q")
        self._snapshot_numbers = {"": 0}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._database.close()
        self._folder.cleanup()

    def add(self, track: Track) -> None:
        """Take one row; a later call outranks an earlier one of the same snapshot."""
        self._waiting.append(plain_row(track))
        if len(self._waiting) >= _BATCH_ROWS:
            self._flush()

    def add_rows(self, rows: Sequence[PlainRow]) -> None:
        """Take several rows at once, as ``add`` takes one after the other."""
        self._flush()
        self._store(rows)

    def merged(self) -> Iterator[MergedTrack]:
        """Every track once, in the order of track ids."""
        merged = self.merged_rows()
        told = zip(merged.read(), merged.sizes.tolist(), merged.popularity_snapshots.tolist(), strict=True)
        for row, size, number in told:
            given_in = None if row[_ARTIST_POPULARITY] is None else merged.snapshots[number]
            yield MergedTrack(track_of_row(row), size, given_in or None)

    def merged_rows(self) -> MergedRows:
        """As ``merged``, with everything but ids and numbers left on disk."""
        self._flush()
        order, is_first, ids = self._ranked()
        starts = np.flatnonzero(is_first)
        sizes = np.diff(np.r_[starts, len(order)])
        numbers = order[starts] + 1
        popularity_snapshots = np.array(self._snapshots, dtype=np.int64)[order[starts]]
        rows = _read(self._database, order[np.repeat(sizes > 1, sizes)] + 1, COLUMNS)
        waiting: list[tuple[object, ...]] = []
        for place in np.flatnonzero(sizes > 1).tolist():
            row, snapshot = _merge(list(islice(rows, int(sizes[place]))))
            # What was merged lies at the negative number of the row that won.
            numbers[place] = -numbers[place]
            popularity_snapshots[place] = self._snapshot_numbers[snapshot]
            waiting.append((int(numbers[place]), *row))
            if len(waiting) >= _BATCH_ROWS:
                self._store_merged(waiting)
        self._store_merged(waiting)
        return MergedRows(ids, sizes, popularity_snapshots, tuple(self._snapshot_numbers), numbers, self._database)

    def _ranked(self) -> tuple[IntArray, NDArray[np.bool_], NDArray[np.bytes_]]:
        """Places of all rows by track id, best of each track first; which are the best; the track ids."""
        count = len(self._snapshots)
        padded = np.zeros((count, _PADDED_LENGTH), dtype=np.uint8)
        padded[:, :_ID_LENGTH] = np.frombuffer(bytes(self._ids), dtype=np.uint8).reshape(count, _ID_LENGTH)
        # Three big-endian numbers sort as the text does, and much faster.
        words = padded.view(">u8").astype(np.uint64)
        age = {snapshot: rank for rank, snapshot in enumerate(sorted(self._snapshot_numbers, reverse=True))}
        ages = np.array([age[snapshot] for snapshot in self._snapshot_numbers], dtype=np.int64)
        latest_first = np.arange(count)[::-1]
        order = np.lexsort((latest_first, ages[np.array(self._snapshots, dtype=np.int64)], *words.T[::-1]))
        words = words[order]
        is_first = np.ones(count, dtype=np.bool_)
        is_first[1:] = np.any(words[1:] != words[:-1], axis=1)
        ids = padded[order[is_first], :_ID_LENGTH].copy()
        return order, is_first, ids.view(f"S{_ID_LENGTH}").reshape(-1)

    def _flush(self) -> None:
        self._store(self._waiting)
        self._waiting.clear()

    def _store(self, rows: Sequence[PlainRow]) -> None:
        self._database.executemany(f"INSERT INTO rows VALUES ({_PARAMETERS})", rows)  # noqa: S608 - constants
        self._ids += "".join([row[_TRACK_ID] for row in rows]).encode()
        numbers = self._snapshot_numbers
        self._snapshots.extend([numbers.setdefault(row[_SNAPSHOT] or "", len(numbers)) for row in rows])

    def _store_merged(self, rows: list[tuple[object, ...]]) -> None:
        columns = ", ".join(COLUMNS)
        statement = f"INSERT OR REPLACE INTO rows (rowid, {columns}) VALUES (?, {_PARAMETERS})"  # noqa: S608 - constants
        self._database.executemany(statement, rows)
        rows.clear()


def merge_rows(rows: list[Track]) -> Track:
    """One track out of rows of one id, which come best first."""
    return track_of_row(_merge([plain_row(row) for row in rows])[0])


def _merge(rows: Sequence[PlainRow]) -> tuple[PlainRow, str]:
    """One row out of rows of one track, best first, and the snapshot of the one that gave the artist's popularity."""
    merged, others = list(rows[0]), rows[1:]
    for place in _FILLED:
        if merged[place] is None:
            merged[place] = next((value for row in others if (value := row[place]) is not None), None)
    donor = _artist_popularity_donor(rows)
    merged[_ARTIST_POPULARITY] = donor[_ARTIST_POPULARITY] if donor else None
    merged[_GENRES] = _union(frozenset(row[_GENRES] for row in rows))
    if not _has_all_ids(rows[0]):
        same_names = (row for row in others if row[_ARTISTS] == merged[_ARTISTS])
        merged[_ARTIST_IDS] = next((row[_ARTIST_IDS] for row in same_names if _has_all_ids(row)), merged[_ARTIST_IDS])
    return tuple(merged), (donor[_SNAPSHOT] if donor else None) or ""


@lru_cache(maxsize=4096)
def _union(lists: frozenset[str]) -> str:
    # A catalogue has few combinations of genres and many rows.
    return join_list(sorted({genre for text in lists for genre in split_list(text)}))


def _has_all_ids(row: PlainRow) -> bool:
    return bool(row[_ARTIST_IDS]) and all(split_list(row[_ARTIST_IDS]))


def _artist_popularity_donor(rows: Sequence[PlainRow]) -> PlainRow | None:
    """The best row that gives the popularity of the artist who is the primary one in the first row."""
    if rows[0][_ARTIST_POPULARITY] is not None:
        return rows[0]
    primary = _primary(rows[0])
    return next((row for row in rows if row[_ARTIST_POPULARITY] is not None and _is_same(_primary(row), primary)), None)


def _primary(row: PlainRow) -> ArtistCredit:
    return parse_credits(row[_ARTISTS], row[_ARTIST_IDS])[0]


def _is_same(one: ArtistCredit, other: ArtistCredit) -> bool:
    if one.artist_id and other.artist_id:
        return one.artist_id == other.artist_id
    return artist_key_of_name(one.name) == artist_key_of_name(other.name)


def _read(database: sqlite3.Connection, numbers: IntArray, columns: Sequence[str]) -> Iterator[PlainRow]:
    """These columns of the rows with these numbers, in the order of the numbers."""
    statement = f"SELECT {', '.join(f'rows.{column}' for column in columns)} FROM json_each(?) AS wanted "  # noqa: S608
    statement += "CROSS JOIN rows ON rows.rowid = wanted.value ORDER BY wanted.key"
    for first in range(0, len(numbers), _BATCH_ROWS):
        wanted = json.dumps(numbers[first : first + _BATCH_ROWS].tolist())
        yield from database.execute(statement, (wanted,)).fetchall()


def _open_work_database(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(path, isolation_level=None)
    # The file is private and worthless after a crash, so durability would only cost time.
    for pragma in ("journal_mode=OFF", "synchronous=OFF", "cache_size=-65536", "locking_mode=EXCLUSIVE"):
        database.execute(f"PRAGMA {pragma}")
    database.execute(f"CREATE TABLE rows ({', '.join(COLUMNS)})")
    database.execute("BEGIN")
    return database
