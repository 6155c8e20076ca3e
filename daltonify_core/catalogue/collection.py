"""The files in which collected tracks lie, and the lists of tracks that somebody wants.

Collected tracks fill numbered shards of the catalogue, one after the other. Beside them a hidden file, which readers of
the catalogue pass over, remembers which ids came to nothing, so that nobody is asked for them every day.
"""

import csv
import gzip
import io
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final, TextIO

from daltonify_core.catalogue.canonical_csv import COLUMNS, format_row, read_rows
from daltonify_core.catalogue.links import LinkKind, parse_link
from daltonify_core.catalogue.track import Track
from daltonify_core.errors import InvalidDataset, InvalidLink, InvalidTrack

SHARD_ROWS: Final = 400
"""No shard holds more: one is packed and written within a second, and ten look-ups refresh it."""
MISSES_NAME: Final = ".misses.csv"

_SHARD_NAME: Final = re.compile(r"reccobeats-([0-9]{5,9})\.csv\.gz")
_PACKING: Final = 4  # as every shard: packs within 3 % of level 6 in two thirds of its time
_MISS_COLUMNS: Final = ("track_id", "asked_on", "reason")
_COMMENT: Final = "#"


def shard_name(number: int) -> str:
    """The file of a shard; ``number`` counts from 1."""
    return f"reccobeats-{number:05}.csv.gz"


def shard_number(name: str) -> int | None:
    """The inverse of ``shard_name``; ``None`` for files of any other name."""
    match = _SHARD_NAME.fullmatch(name)
    return int(match[1]) if match and shard_name(int(match[1])) == name else None


def encode_shard(tracks: Iterable[Track]) -> bytes:
    """Packed canonical CSV in the order of ``tracks``; equal tracks give equal bytes.

    Raises ``InvalidDataset`` when ``decode_shard`` could not read them again, which would stop everybody who reads the
    catalogue.
    """
    text = _csv_of(tracks)
    _parse_shard(io.StringIO(text, newline=""), "The shard to be written")
    return gzip.compress(text.encode(), _PACKING, mtime=0)


def check_readable(track: Track) -> None:
    """Raises ``InvalidTrack`` for a row that a shard cannot hold, as when a field is longer than CSV readers take."""
    try:
        _parse_shard(io.StringIO(_csv_of([track]), newline=""), "The row")
    except InvalidDataset as error:
        raise InvalidTrack("unreadable", f"As a row it could not be read again. {error.message}") from error


def decode_shard(content: bytes, name: str) -> dict[str, Track]:
    """The tracks of a shard by id, in file order; raises ``InvalidDataset`` when any row cannot be one.

    Whoever writes the shard again would lose such a row.
    """
    packed = gzip.GzipFile(fileobj=io.BytesIO(content))
    with io.TextIOWrapper(packed, encoding="utf-8", newline="") as stream:
        return _parse_shard(stream, name)


def _csv_of(tracks: Iterable[Track]) -> str:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    writer.writerows(format_row(track) for track in tracks)
    return text.getvalue()


def _parse_shard(stream: TextIO, name: str) -> dict[str, Track]:
    tracks: dict[str, Track] = {}
    for row in read_rows(stream, name):
        if isinstance(row, InvalidTrack):
            raise InvalidDataset(f"{name} holds a row that is no track: {row.message} Mend or remove the file.")
        tracks[row.track_id] = row
    return tracks


@dataclass(frozen=True, slots=True)
class Miss:
    """An id that came to nothing when it was asked for, and why, as a short stable word."""

    asked_on: date
    reason: str


def encode_misses(misses: Mapping[str, Miss]) -> bytes:
    """CSV in the order of ids; the inverse of ``decode_misses``."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_MISS_COLUMNS)
    writer.writerows((track_id, miss.asked_on.isoformat(), miss.reason) for track_id, miss in sorted(misses.items()))
    return text.getvalue().encode()


def decode_misses(content: bytes) -> dict[str, Miss]:
    """Misses by track id; raises ``InvalidDataset``."""
    try:
        header, *rows = csv.reader(io.StringIO(content.decode(), newline=""), strict=True)
        if tuple(header) != _MISS_COLUMNS:
            raise ValueError("its header is another one")
        return {track_id: Miss(date.fromisoformat(day), reason) for track_id, day, reason in rows}
    except (ValueError, csv.Error) as error:
        raise InvalidDataset(
            f"{MISSES_NAME} cannot be read: {error}. Remove it; unknown tracks are asked for anew then."
        ) from error


@dataclass(frozen=True, slots=True)
class UnreadableLine:
    """A line of a list that names no track; ``line`` counts from 1."""

    source: str
    line: int
    problem: str


@dataclass(frozen=True, slots=True)
class WantedTracks:
    """Spotify ids of tracks, once each, in the order of the list."""

    track_ids: tuple[str, ...]
    unreadable: tuple[UnreadableLine, ...] = ()

    def __add__(self, other: "WantedTracks") -> "WantedTracks":
        return WantedTracks(
            tuple(dict.fromkeys((*self.track_ids, *other.track_ids))), (*self.unreadable, *other.unreadable)
        )


def read_wanted(text: str, source: str) -> WantedTracks:
    """A list with one track id or link per line; empty lines and those that begin with ``#`` are passed over."""
    found: dict[str, None] = {}
    unreadable = []
    for number, line in enumerate(text.removeprefix("\ufeff").splitlines(), start=1):
        pasted = line.strip()
        if not pasted or pasted.startswith(_COMMENT):
            continue
        try:
            link = parse_link(pasted)
            if link.kind is not LinkKind.TRACK:
                raise InvalidLink("This is a link to an album; list its tracks instead.")
        except InvalidLink as error:
            unreadable.append(UnreadableLine(source, number, error.message))
        else:
            found[link.id] = None
    return WantedTracks(tuple(found), tuple(unreadable))
