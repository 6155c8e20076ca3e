"""Track metadata in one read-only SQLite file with full-text search."""

import re
import sqlite3
import struct
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import fields
from itertools import islice
from operator import itemgetter
from pathlib import Path
from typing import Any, Final

from daltonify_core.catalogue.artists import KnownArtist, PopularitySource
from daltonify_core.catalogue.audio_features import (
    CONTINUOUS_FEATURES,
    DISCRETE_FEATURES,
    FEATURE_NAMES,
    AudioFeatures,
)
from daltonify_core.catalogue.canonical_csv import COLUMNS, credit_texts, split_list
from daltonify_core.catalogue.plain_rows import PLACES, PlainRow
from daltonify_core.catalogue.track import ArtistCredit, ListedTrack, Track
from daltonify_core.errors import IndexCorrupt

_SCHEMA: Final = """
CREATE TABLE tracks (
    item INTEGER PRIMARY KEY, track_id TEXT NOT NULL, title TEXT NOT NULL,
    artists TEXT NOT NULL, artist_ids TEXT NOT NULL, album TEXT, release_date TEXT, duration_ms INTEGER,
    explicit INTEGER, popularity INTEGER, artist_popularity INTEGER, genres TEXT NOT NULL, snapshot TEXT, source TEXT,
    sound BLOB NOT NULL
);
CREATE TABLE artists (number INTEGER PRIMARY KEY, name TEXT NOT NULL, popularity INTEGER, popularity_source TEXT);
CREATE TABLE artist_keys (key TEXT PRIMARY KEY, number INTEGER NOT NULL) WITHOUT ROWID;
CREATE VIRTUAL TABLE words USING fts5 (
    title, artists, content='tracks', content_rowid='item', tokenize="unicode61 remove_diacritics 2", detail=column
);
"""
_PLAIN_COLUMNS: Final = tuple(column for column in COLUMNS if column not in FEATURE_NAMES)
_COLUMNS: Final = ", ".join((*_PLAIN_COLUMNS, "sound"))
_LISTED_COLUMNS: Final = "track_id, title, artists, album, release_date, explicit, popularity, sound"
_plain_values: Final = itemgetter(*(PLACES[column] for column in _PLAIN_COLUMNS))
# All features of a track in one value: as columns they took as long to read as everything else of it.
_SOUND: Final = struct.Struct(f"<{len(CONTINUOUS_FEATURES)}d{len(DISCRETE_FEATURES)}b")
_UNKNOWN: Final = -1
_sound_values: Final = itemgetter(*(PLACES[name] for name in FEATURE_NAMES))
# The most that SQLite maps. Tracks lie all over the file, and read page by page they take a fifth longer.
_MAPPED_BYTES: Final = 0x7FFF0000
# SQLite allows 32,766 parameters in one statement; a playlist needs a few hundred.
_BATCH_PARAMETERS: Final = 900


class SqliteTracks:
    """One open track store."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def tracks(self, items: Sequence[int]) -> list[Track]:
        """The tracks of these items, in the same order; raises ``IndexCorrupt`` when one is missing."""
        return self._of_items(items, _COLUMNS, _track)

    def listed(self, items: Sequence[int]) -> list[ListedTrack]:
        """As ``tracks``, what a list tells of them."""
        return self._of_items(items, _LISTED_COLUMNS, _listed_track)

    def _of_items[Kind](self, items: Sequence[int], columns: str, kind: Callable[[Sequence[Any]], Kind]) -> list[Kind]:
        rows = self._select(f"SELECT {columns}, item FROM tracks WHERE item", items)  # noqa: S608 - constants
        found = {row[-1]: kind(row) for row in rows}
        try:
            return [found[int(item)] for item in items]
        except KeyError as error:
            raise IndexCorrupt(f"The track store has no item {error}. Build the index anew.") from error

    def find(self, track_ids: Sequence[str]) -> dict[str, int]:
        """Item numbers of the ids that the index knows."""
        return dict(self._select("SELECT track_id, item FROM tracks WHERE track_id", track_ids))

    def known(self, track_ids: Sequence[str]) -> dict[str, tuple[int, Track]]:
        """As ``find``, with the tracks themselves."""
        rows = self._select(f"SELECT {_COLUMNS}, item FROM tracks WHERE track_id", track_ids)  # noqa: S608 - constants
        return {row[0]: (row[-1], _track(row)) for row in rows}

    def search(self, text: str, limit: int, smallest_first: bool = False) -> list[int]:
        """Items whose title or artists hold every word of ``text`` (the last one as a beginning)."""
        # The tokenizer parts words at underscores too; a word that it parts would be a phrase, which `detail=column`
        # cannot find. Text copied from macOS comes in decomposed form.
        words = re.findall(r"[^\W_]+", unicodedata.normalize("NFC", text))
        if not words:
            return []
        # One Latin letter begins far too many words; one Chinese or Japanese character may be a word.
        is_beginning = len(words[-1]) > 1 or not words[-1].isascii()
        pattern = " ".join(f'"{word}"' for word in words) + ("*" if is_beginning else "")
        if smallest_first:
            query = "SELECT rowid FROM words WHERE words MATCH ? ORDER BY rowid DESC LIMIT ?"
        else:
            query = "SELECT rowid FROM words WHERE words MATCH ? ORDER BY rowid LIMIT ?"
        rows = self._rows(query, (pattern, limit))
        return [row[0] for row in rows]

    def artists(self, numbers: Sequence[int]) -> list[KnownArtist]:
        """The artists of these numbers, in the same order."""
        keys: dict[int, list[str]] = {}
        for key, number in self._select("SELECT key, number FROM artist_keys WHERE number", numbers):
            keys.setdefault(number, []).append(key)
        found = {
            number: KnownArtist(tuple(keys.get(number, ())), name, popularity, source and PopularitySource(source))
            for number, name, popularity, source in self._select(
                "SELECT number, name, popularity, popularity_source FROM artists WHERE number", numbers
            )
        }
        try:
            return [found[int(number)] for number in numbers]
        except KeyError as error:
            raise IndexCorrupt(f"The track store has no artist {error}. Build the index anew.") from error

    def find_artists(self, keys: Sequence[str]) -> dict[str, int]:
        """Artist numbers of the keys that the index knows."""
        return dict(self._select("SELECT key, number FROM artist_keys WHERE key", keys))

    def count(self) -> tuple[int, int]:
        """Numbers of tracks and of artists."""
        ((tracks, artists),) = self._rows("SELECT (SELECT count(*) FROM tracks), (SELECT count(*) FROM artists)")
        return tracks, artists

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def _select(self, statement: str, values: Sequence[Any]) -> Iterator[Any]:
        remaining = iter(dict.fromkeys(int(value) if not isinstance(value, str) else value for value in values))
        while batch := list(islice(remaining, _BATCH_PARAMETERS)):
            places = ",".join("?" * len(batch))
            yield from self._rows(f"{statement} IN ({places})", batch)

    def _rows(self, statement: str, values: Sequence[Any] = ()) -> list[Any]:
        try:
            return self._connection.execute(statement, values).fetchall()
        except sqlite3.DatabaseError as error:
            raise IndexCorrupt(f"The track store cannot be read: {error}. Build the index anew.") from error


class SqliteTracksFormat:
    """Builds and opens track stores."""

    def build(self, tracks: Iterable[PlainRow], artists: Sequence[KnownArtist], path: Path) -> None:
        """Write tracks in item order and artists in number order; equal input gives equal bytes."""
        path.unlink(missing_ok=True)
        connection = sqlite3.connect(path, isolation_level=None)
        try:
            # A build that breaks off is thrown away whole, so a journal would only cost time.
            for pragma in ("page_size=4096", "journal_mode=OFF", "synchronous=OFF", "cache_size=-65536"):
                connection.execute(f"PRAGMA {pragma}")
            connection.executescript(_SCHEMA)
            connection.execute("BEGIN")
            places = ",".join("?" * (2 + len(_PLAIN_COLUMNS)))
            connection.executemany(
                f"INSERT INTO tracks (item, {_COLUMNS}) VALUES ({places})",  # noqa: S608 - constants
                ((item, *_plain_values(row), _packed(_sound_values(row))) for item, row in enumerate(tracks)),
            )
            connection.executemany(
                "INSERT INTO artists VALUES (?, ?, ?, ?)",
                ((number, a.name, a.popularity, a.popularity_source) for number, a in enumerate(artists)),
            )
            keys = sorted((key, number) for number, artist in enumerate(artists) for key in artist.keys)
            connection.executemany("INSERT INTO artist_keys VALUES (?, ?)", keys)
            connection.execute("INSERT INTO words (words) VALUES ('rebuild')")
            connection.execute("INSERT INTO words (words) VALUES ('optimize')")
            # After the words, because merging those leaves free pages, which the indexes then fill.
            connection.execute("CREATE UNIQUE INDEX tracks_by_id ON tracks (track_id)")
            connection.execute("CREATE INDEX artist_keys_by_number ON artist_keys (number)")
            connection.execute("COMMIT")
        finally:
            connection.close()

    def open(self, path: Path) -> SqliteTracks:
        """Open read-only; raises ``IndexCorrupt`` when the file is no track store."""
        # Warm Lambda environments answer one request at a time, but not always from the thread that opened the file.
        connection = None
        try:
            connection = sqlite3.connect(
                f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True, check_same_thread=False
            )
            connection.execute(f"PRAGMA mmap_size={_MAPPED_BYTES}")
            connection.execute(f"SELECT {_COLUMNS} FROM tracks LIMIT 0")  # noqa: S608 - constants
        except sqlite3.Error as error:
            if connection is not None:
                connection.close()
            raise IndexCorrupt(f"{path.name} is not a track store: {error}.") from error
        return SqliteTracks(connection)


def _listed_track(row: Sequence[Any]) -> ListedTrack:
    track_id, title, artists, album, release_date, explicit, popularity, sound, _ = row
    return ListedTrack(
        track_id,
        title,
        tuple(split_list(artists)),
        album,
        release_date,
        None if explicit is None else bool(explicit),
        popularity,
        _unpacked(sound),
    )


def _track(row: Sequence[Any]) -> Track:
    names, ids = credit_texts(row[2], row[3])
    explicit = row[7]
    values = (
        row[0],
        row[1],
        tuple(map(_credit, names, ids)),
        _unpacked(row[13]),
        row[4],
        row[5],
        row[6],
        None if explicit is None else bool(explicit),
        row[8],
        row[9],
        tuple(split_list(row[10])),
        row[11],
        row[12],
    )
    return _made(Track, _TRACK_SETTERS, values)


def _packed(features: Sequence[Any]) -> bytes:
    """Features in the order of ``FEATURE_NAMES``, of which a track always has the continuous ones."""
    continuous, discrete = features[: len(CONTINUOUS_FEATURES)], features[len(CONTINUOUS_FEATURES) :]
    return _SOUND.pack(*continuous, *(_UNKNOWN if value is None else value for value in discrete))


def _unpacked(sound: bytes) -> AudioFeatures:
    # As they are: the builder checked them.
    features = AudioFeatures._make(_SOUND.unpack(sound))
    if _UNKNOWN in features[len(CONTINUOUS_FEATURES) :]:
        absent = [name for name in DISCRETE_FEATURES if getattr(features, name) == _UNKNOWN]
        return features._replace(**dict.fromkeys(absent))
    return features


def _credit(name: str, artist_id: str) -> ArtistCredit:
    return _made(ArtistCredit, _CREDIT_SETTERS, (name, artist_id or None))


def _made[Kind](kind: type[Kind], setters: Sequence[Callable[[Kind, Any], None]], values: Sequence[Any]) -> Kind:
    """An object with these values for its fields.

    It is not checked again: the builder did, and the file's hash says that it is still that row. Most of the time that
    45 tracks of an answer took to read went into checking them.
    """
    made = object.__new__(kind)
    for set_field, value in zip(setters, values, strict=True):
        set_field(made, value)
    return made


def _setters(kind: type[Any]) -> tuple[Any, ...]:
    return tuple(getattr(kind, field.name).__set__ for field in fields(kind))


_TRACK_SETTERS: Final = _setters(Track)
_CREDIT_SETTERS: Final = _setters(ArtistCredit)
