"""Playlists that people made: what the scoreboard takes for the truth."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np

from daltonify_core.catalogue.genres import normalise_genre
from daltonify_core.catalogue.public_data.cells import parse_track_id
from daltonify_core.errors import InvalidDataset, InvalidTrack
from daltonify_core.index.items import Items
from daltonify_core.ports.catalogue import RawTable

# A playlist's own subgenre label is not among them: it comes from the very playlists that are scored.
_GENRE_COLUMNS: Final = ("genre", "playlist_genre")


class Half(StrEnum):
    """Which playlists count: one half to choose numbers by, the other to report them."""

    TUNE = "tune"
    REPORT = "report"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class PlaylistRow:
    """A track in a playlist, and the genre that the playlist was collected for, where the file names one."""

    playlist_id: str
    track_id: str
    genre: str | None


@dataclass(frozen=True, slots=True)
class Playlists:
    """Playlists of one index.

    ``members``: the items of each playlist, ascending, each once, however often the file repeats them.
    ``playlists_of``: for each item the numbers of its playlists. ``genre_votes``: for each item how many of its
    playlists were collected for each genre. ``rows`` counts the rows of this half, ``unknown_rows`` those whose track
    the index does not hold.
    """

    members: tuple[Items, ...]
    playlists_of: Mapping[int, Sequence[int]]
    genre_votes: Mapping[int, Mapping[str, int]]
    rows: int
    unknown_rows: int

    def mates(self, item: int) -> Items:
        """Every other item that shares a playlist with ``item``, ascending, each once."""
        together = np.unique(np.concatenate([self.members[number] for number in self.playlists_of[item]]))
        return np.asarray(together[together != item])


def half_of(playlist_id: str) -> Half:
    """The half that a playlist belongs to, the same for ever: one bit of a hash of its id."""
    return Half.REPORT if hashlib.blake2b(playlist_id.encode(), digest_size=1).digest()[0] & 1 else Half.TUNE


def read_playlist_rows(table: RawTable) -> list[PlaylistRow]:
    """Rows of a table with the columns ``playlist_id``, ``track_id`` and, if it has one, ``genre``.

    Columns are found by header, others are passed over; ``playlist_genre`` is another name for ``genre``. Tracks may be
    ids, addresses or links. Rows without a playlist or a track are left out. Raises ``InvalidDataset`` when the table
    cannot be read, a column is missing or no row is left.
    """
    lines = _lines(table)
    header = [name.strip().lower() for name in next(lines)]
    missing = [name for name in ("playlist_id", "track_id") if name not in header]
    if missing:
        raise InvalidDataset(f"{table.name} has no column {' and no column '.join(missing)}, so it holds no playlists.")
    playlist, track = header.index("playlist_id"), header.index("track_id")
    genre = next((header.index(name) for name in _GENRE_COLUMNS if name in header), None)
    found = [
        PlaylistRow(cells[playlist].strip(), _track_id(cells[track]), _genre(cells, genre))
        for cells in lines
        if max(playlist, track) < len(cells) and cells[playlist].strip() and cells[track].strip()
    ]
    if not found:
        raise InvalidDataset(f"{table.name} holds no row with a playlist and a track.")
    return found


def playlists_of_half(rows: Iterable[PlaylistRow], half: Half, items: Mapping[str, int]) -> Playlists:
    """The playlists of one half; ``items`` leads from track ids to the index's items."""
    members: dict[str, set[int]] = {}
    votes: dict[tuple[str, int], str] = {}
    counted = unknown = 0
    for row in rows:
        if half is not Half.ALL and half_of(row.playlist_id) is not half:
            continue
        counted += 1
        item = items.get(row.track_id)
        if item is None:
            unknown += 1
            continue
        members.setdefault(row.playlist_id, set()).add(item)
        if row.genre is not None:
            votes.setdefault((row.playlist_id, item), row.genre)
    playlists_of: dict[int, list[int]] = defaultdict(list)
    for number, playlist in enumerate(members.values()):
        for item in sorted(playlist):
            playlists_of[item].append(number)
    genre_votes: dict[int, Counter[str]] = defaultdict(Counter)
    for (_, item), genre in votes.items():
        genre_votes[item][genre] += 1
    return Playlists(
        tuple(np.array(sorted(playlist), dtype=np.int32) for playlist in members.values()),
        dict(playlists_of),
        dict(genre_votes),
        counted,
        unknown,
    )


def _lines(table: RawTable) -> Iterator[Sequence[str]]:
    """The header and the rows; a table tells its faults without its name, so they are named here."""
    try:
        yield table.header()
        for _, cells in table.rows():
            yield cells
    except InvalidDataset as error:
        raise InvalidDataset(f"{table.name} holds no playlists: {error.message}.") from error


def _track_id(cell: str) -> str:
    """The id in a cell; what is no id stays as it is, as a track that no catalogue holds."""
    try:
        return parse_track_id(cell)
    except InvalidTrack:
        return cell.strip()


def _genre(cells: Sequence[str], place: int | None) -> str | None:
    return normalise_genre(cells[place]) if place is not None and place < len(cells) else None
