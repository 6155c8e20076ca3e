"""One track per id out of many rows: files repeat tracks, and snapshots of different years overlap.

Rows wait in a private SQLite file instead of memory, so that a million rows cost disk and not RAM; SQLite's external
sort then brings the rows of one track together.
"""

import marshal
import sqlite3
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from daltonify_core.catalogue.audio_features import FEATURE_NAMES, AudioFeatures
from daltonify_core.catalogue.track import ArtistCredit, Track, artist_key_of_name

_BATCH_ROWS: Final = 2_000
# Filled from older rows when the newest lacks them, as absent features are. Genres are a union instead.
_FILLED_FIELDS: Final = (
    "album",
    "release_date",
    "duration_ms",
    "explicit",
    "popularity",
    "source",
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


class TrackMerger:
    """Collects rows and gives back one track per id.

    The newest ``snapshot`` wins, then the row added later (so add files in path order). What the winner lacks is
    filled from the next newest row that has it; genres are the union of all rows. Use as a context manager: the work
    file goes when it ends. ``work_folder`` defaults to the system's temporary folder.
    """

    def __init__(self, work_folder: Path | None = None) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="daltonify-", dir=work_folder)
        self._database = _open_work_database(Path(self._folder.name) / "rows.sqlite")
        self._database.execute("CREATE TABLE rows (track_id TEXT, snapshot TEXT, payload BLOB)")
        self._database.execute("BEGIN")
        self._waiting: list[tuple[str, str, bytes]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._database.close()
        self._folder.cleanup()

    def add(self, track: Track) -> None:
        """Take one row; a later call outranks an earlier one of the same snapshot."""
        self._waiting.append((track.track_id, track.snapshot or "", marshal.dumps(_pack(track))))
        if len(self._waiting) >= _BATCH_ROWS:
            self._flush()

    def merged(self) -> Iterator[MergedTrack]:
        """Every track once, in the order of track ids."""
        self._flush()
        rows = self._database.execute("SELECT track_id, payload FROM rows ORDER BY track_id, snapshot DESC, rowid DESC")
        for _, group in groupby(rows, key=itemgetter(0)):
            tracks = [_unpack(marshal.loads(payload)) for _, payload in group]  # noqa: S302 - our own private file
            donor = _artist_popularity_donor(tracks)
            track = tracks[0] if len(tracks) == 1 else merge_rows(tracks)
            yield MergedTrack(track, len(tracks), donor.snapshot if donor else None)

    def _flush(self) -> None:
        self._database.executemany("INSERT INTO rows VALUES (?, ?, ?)", self._waiting)
        self._waiting.clear()


class TrackSpool:
    """Tracks on disk, in the order in which they were added, to be read again in any order."""

    def __init__(self, path: Path) -> None:
        self._database = _open_work_database(path)
        self._database.execute("CREATE TABLE spool (place INTEGER PRIMARY KEY, payload BLOB)")
        self._database.execute("BEGIN")
        self._waiting: list[tuple[bytes]] = []

    def add(self, track: Track) -> None:
        """Append one track."""
        self._waiting.append((marshal.dumps(_pack(track)),))
        if len(self._waiting) >= _BATCH_ROWS:
            self._flush()

    def read(self, places: Iterable[int]) -> Iterator[Track]:
        """The tracks at these places (counted from 0), in the order asked for."""
        self._flush()
        for place in places:
            (payload,) = self._database.execute("SELECT payload FROM spool WHERE place = ?", (place + 1,)).fetchone()
            yield _unpack(marshal.loads(payload))  # noqa: S302 - our own private file

    def close(self) -> None:
        """Close the file; whoever named it removes it."""
        self._database.close()

    def _flush(self) -> None:
        self._database.executemany("INSERT INTO spool (payload) VALUES (?)", self._waiting)
        self._waiting.clear()


def merge_rows(rows: list[Track]) -> Track:
    """One track out of rows of one id, which come best first."""
    winner, *others = rows
    changes: dict[str, object] = {}
    for name in _FILLED_FIELDS:
        if getattr(winner, name) is None:
            changes[name] = next((value for row in others if (value := getattr(row, name)) is not None), None)
    donor = _artist_popularity_donor(rows)
    changes["artist_popularity"] = donor.artist_popularity if donor else None
    genres = {genre for row in rows for genre in row.genres}
    changes["genres"] = tuple(sorted(genres))
    absent = [name for name in FEATURE_NAMES if getattr(winner.features, name) is None]
    filled = {
        name: next((value for row in others if (value := getattr(row.features, name)) is not None), None)
        for name in absent
    }
    if any(value is not None for value in filled.values()):
        changes["features"] = replace(winner.features, **filled)
    if not all(credit.artist_id for credit in winner.artists):
        names = [credit.name for credit in winner.artists]
        donors = (row.artists for row in others if [credit.name for credit in row.artists] == names)
        changes["artists"] = next((ids for ids in donors if all(credit.artist_id for credit in ids)), winner.artists)
    return replace(winner, **changes)  # type: ignore[arg-type]


def _artist_popularity_donor(rows: list[Track]) -> Track | None:
    """The best row that gives the popularity of the artist who is the primary one in the first row."""
    primary = rows[0].artists[0]
    return next((row for row in rows if row.artist_popularity is not None and _is_same(row.artists[0], primary)), None)


def _is_same(one: ArtistCredit, other: ArtistCredit) -> bool:
    if one.artist_id and other.artist_id:
        return one.artist_id == other.artist_id
    return artist_key_of_name(one.name) == artist_key_of_name(other.name)


def _open_work_database(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(path, isolation_level=None)
    # The file is private and worthless after a crash, so durability would only cost time.
    for pragma in ("journal_mode=OFF", "synchronous=OFF", "cache_size=-65536", "temp_store=FILE"):
        database.execute(f"PRAGMA {pragma}")
    return database


type _Packed = tuple[Any, ...]


def _pack(track: Track) -> _Packed:
    features = track.features
    return (
        track.track_id,
        track.title,
        tuple([(credit.name, credit.artist_id) for credit in track.artists]),
        tuple([getattr(features, name) for name in FEATURE_NAMES]),
        track.album,
        track.release_date,
        track.duration_ms,
        track.explicit,
        track.popularity,
        track.artist_popularity,
        track.genres,
        track.snapshot,
        track.source,
    )


def _unpack(packed: _Packed) -> Track:
    track_id, title, artists, features, *rest = packed
    credits = tuple([ArtistCredit(name, artist_id) for name, artist_id in artists])
    return Track(track_id, title, credits, AudioFeatures(*features), *rest)
