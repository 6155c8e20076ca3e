"""The canonical CSV: the one form in which catalogue shards lie under ``catalogue/``.

UTF-8, comma, header line. Lists are ``;``-separated inside a field; a backslash escapes ``;`` and itself. An absent
value is an empty field. ``artist_ids`` runs parallel to ``artists``; an empty element is an unknown id.
"""

import csv
import gzip
import zlib
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Final, TextIO

from daltonify_core.catalogue.audio_features import CONTINUOUS_FEATURES, AudioFeatures
from daltonify_core.catalogue.genres import normalise_genres
from daltonify_core.catalogue.track import ArtistCredit, Track
from daltonify_core.errors import InvalidDataset, InvalidTrack

COLUMNS: Final = (
    "track_id",
    "title",
    "artists",
    "artist_ids",
    "album",
    "release_date",
    "duration_ms",
    "explicit",
    "popularity",
    "artist_popularity",
    "genres",
    "danceability",
    "energy",
    "key",
    "loudness",
    "mode",
    "speechiness",
    "acousticness",
    "instrumentalness",
    "liveness",
    "valence",
    "tempo",
    "time_signature",
    "snapshot",
    "source",
)
REQUIRED_COLUMNS: Final = ("track_id", "title", "artists", *CONTINUOUS_FEATURES)


def join_list(values: Iterable[str]) -> str:
    """One field that holds several values; the inverse of ``split_list`` for every list but ``[""]``."""
    values = list(values)
    joined = ";".join(values)
    if "\\" not in joined and joined.count(";") < len(values):
        return joined
    return ";".join(value.replace("\\", "\\\\").replace(";", "\\;") for value in values)


def split_list(text: str) -> list[str]:
    """The values of a list field; an empty field holds none."""
    if not text:
        return []
    if "\\" not in text:
        return text.split(";")
    values = [""]
    characters = iter(text)
    for character in characters:
        if character == "\\":
            values[-1] += next(characters, "\\")
        elif character == ";":
            values.append("")
        else:
            values[-1] += character
    return values


def format_credits(artists: Sequence[ArtistCredit]) -> tuple[str, str]:
    """The two parallel fields for names and ids; the latter is empty when no id is known."""
    has_ids = any(credit.artist_id for credit in artists)
    names = join_list(credit.name for credit in artists)
    return names, join_list(credit.artist_id or "" for credit in artists) if has_ids else ""


def parse_credits(artists: str, artist_ids: str) -> tuple[ArtistCredit, ...]:
    """The inverse of ``format_credits``; raises ``InvalidTrack`` when the fields do not run parallel."""
    names, ids = credit_texts(artists, artist_ids)
    return tuple([ArtistCredit(name, artist_id or None) for name, artist_id in zip(names, ids, strict=True)])


def credit_texts(artists: str, artist_ids: str) -> tuple[list[str], list[str]]:
    """Names and as many ids, "" for each that is not known; raises ``InvalidTrack`` as ``parse_credits``."""
    names = split_list(artists)
    ids = split_list(artist_ids) if artist_ids else [""] * len(names)
    if len(ids) != len(names):
        raise InvalidTrack("artist_ids", f"The row names {len(names)} artists but {len(ids)} artist ids.")
    return names, ids


def format_row(track: Track) -> list[str]:
    """The fields of one track in the order of ``COLUMNS``."""
    features = track.features
    artists, artist_ids = format_credits(track.artists)
    return [
        track.track_id,
        track.title,
        artists,
        artist_ids,
        track.album or "",
        track.release_date or "",
        _text(track.duration_ms),
        "" if track.explicit is None else str(track.explicit).lower(),
        _text(track.popularity),
        _text(track.artist_popularity),
        join_list(track.genres),
        _text(features.danceability),
        _text(features.energy),
        _text(features.key),
        _text(features.loudness),
        _text(features.mode),
        _text(features.speechiness),
        _text(features.acousticness),
        _text(features.instrumentalness),
        _text(features.liveness),
        _text(features.valence),
        _text(features.tempo),
        _text(features.time_signature),
        track.snapshot or "",
        track.source or "",
    ]


class RowParser:
    """Turns rows of one shard into tracks; made once per shard from its header.

    Columns may stand in any order and unknown ones are passed over. Raises ``InvalidDataset`` when a required column
    is missing or a column occurs twice.
    """

    def __init__(self, header: Sequence[str], name: str) -> None:
        positions = {column: position for position, column in enumerate(header)}
        if len(positions) != len(header):
            raise InvalidDataset(f"{name} names a column twice in its header.")
        missing = [column for column in REQUIRED_COLUMNS if column not in positions]
        if missing:
            raise InvalidDataset(
                f"{name} is not a catalogue file: it lacks the columns {', '.join(missing)}. "
                "Bring public data into this form with `daltonify import`."
            )
        self._width = len(header)
        # Absent optional columns read the extra empty cell that `parse` appends.
        self._positions = [positions.get(column, self._width) for column in COLUMNS]

    def parse(self, row: Sequence[str]) -> Track:
        """One track; raises ``InvalidTrack`` with a ``reason`` when the row cannot be one."""
        if len(row) != self._width:
            raise InvalidTrack("wrong_width", f"The row has {len(row)} fields; the header has {self._width}.")
        padded = (*row, "")
        (
            track_id, title, artists, artist_ids, album, release_date, duration_ms, explicit, popularity,
            artist_popularity, genres, danceability, energy, key, loudness, mode, speechiness, acousticness,
            instrumentalness, liveness, valence, tempo, time_signature, snapshot, source,
        ) = [padded[position] for position in self._positions]  # fmt: skip
        return Track(
            track_id=track_id,
            title=title,
            artists=parse_credits(artists, artist_ids),
            features=AudioFeatures(
                danceability=_parse_float("danceability", danceability),
                energy=_parse_float("energy", energy),
                loudness=_parse_float("loudness", loudness),
                speechiness=_parse_float("speechiness", speechiness),
                acousticness=_parse_float("acousticness", acousticness),
                instrumentalness=_parse_float("instrumentalness", instrumentalness),
                liveness=_parse_float("liveness", liveness),
                valence=_parse_float("valence", valence),
                tempo=_parse_float("tempo", tempo),
                key=_parse_int("key", key),
                mode=_parse_int("mode", mode),
                time_signature=_parse_int("time_signature", time_signature),
            ),
            album=album or None,
            release_date=release_date or None,
            duration_ms=_parse_int("duration_ms", duration_ms),
            explicit=_parse_explicit(explicit),
            popularity=_parse_int("popularity", popularity),
            artist_popularity=_parse_int("artist_popularity", artist_popularity),
            genres=_parse_genres(genres),
            snapshot=snapshot or None,
            source=source or None,
        )


def read_rows(stream: TextIO, name: str) -> Iterator[Track | InvalidTrack]:
    """Every row of one shard as a track, or as the error that says why it is none, in file order.

    ``stream`` must be opened with ``newline=""``. Raises ``InvalidDataset`` when the file is empty, has no usable
    header, or is not CSV at all.
    """
    fields = read_fields(stream, name)
    parser = RowParser(next(fields), name)
    for row in fields:
        try:
            yield parser.parse(row)
        except InvalidTrack as error:
            yield error


def read_fields(stream: TextIO, name: str) -> Iterator[list[str]]:
    """The header of one shard and then the fields of every row, blank lines aside; ``InvalidDataset`` as ``read_rows``.

    It checks no more than that the file is CSV and not empty.
    """
    reader = csv.reader(stream, strict=True)
    try:
        header = next(reader, None)
        if header is None:
            raise InvalidDataset(f"{name} is empty.")
        header[:1] = [column.removeprefix("\ufeff") for column in header[:1]]
        yield header
        yield from filter(None, reader)
    except (csv.Error, UnicodeDecodeError, EOFError, gzip.BadGzipFile, zlib.error) as error:
        # The last three come from a compressed stream that breaks off or is damaged; any other fault of reading is not
        # the file's and passes through.
        raise InvalidDataset(f"{name} cannot be read as UTF-8 CSV near line {reader.line_num}: {error}.") from error


def _text(value: float | None) -> str:
    return "" if value is None else repr(value)


def _parse_float(column: str, text: str) -> float | None:
    if not text:
        return None
    try:
        return float(text)
    except ValueError:
        raise InvalidTrack("feature_not_a_number", f"{column} is {text[:40]!r}; it must be a number.") from None


def _parse_int(column: str, text: str) -> int | None:
    if not text:
        return None
    try:
        return int(text)
    except ValueError:
        raise InvalidTrack(column, f"{column} is {text[:40]!r}; it must be a whole number.") from None


@lru_cache(maxsize=4096)
def _parse_genres(text: str) -> tuple[str, ...]:
    # A catalogue has few combinations of genres and many rows.
    return normalise_genres(split_list(text))


def _parse_explicit(text: str) -> bool | None:
    if not text:
        return None
    if text in ("true", "false"):
        return text == "true"
    raise InvalidTrack("explicit", f"explicit is {text[:40]!r}; it must be true, false or empty.")
