"""Which column of a public data set is which field: every data set spells its header differently.

Headers are compared by letters and digits alone, so case, spaces, underscores and brackets never matter
(``Artist Name(s)`` is ``artistnames``). When several columns could be one field, the one listed first here wins.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from daltonify_core.catalogue.audio_features import CONTINUOUS_FEATURES
from daltonify_core.catalogue.public_data.scales import DurationUnit
from daltonify_core.errors import InvalidDataset

FIELD_HEADERS: Final[Mapping[str, tuple[str, ...]]] = {
    # Addresses stand before a bare "id", which may be a row number.
    "track_id": (
        "spotifytrackid", "trackspotifyid", "spotifyid", "trackid", "idtrack", "spotifytrackuri", "trackuri",
        "spotifyuri", "uri", "trackurl", "spotifyurl", "songid", "id", "url",
    ),
    "title": ("trackname", "tracktitle", "songname", "songtitle", "title", "name", "track", "song"),
    "artists": (
        "trackartists", "trackartist", "artistnames", "artistsnames", "artistsname", "artists", "artistname", "artist",
    ),
    "artist_ids": (
        "trackartistids", "trackartistid", "artistids", "artistsids", "artistsid", "idartists", "artisturis",
        "artistid", "artisturi",
    ),
    "album": ("trackalbumname", "albumname", "albumtitle", "album"),
    "release_date": (
        "trackalbumreleasedate", "albumreleasedate", "trackreleasedate", "releasedate", "releaseyear", "year",
    ),
    "duration": (
        "durationms", "trackdurationms", "songdurationms", "durationseconds", "durations", "durationsec",
        "durationminutes", "durationmins", "durationmin", "trackduration", "songduration", "duration", "tracklength",
        "songlength", "length",
    ),
    "explicit": ("explicit", "isexplicit", "trackexplicit"),
    "popularity": ("trackpopularity", "songpopularity", "popularity"),
    "artist_popularity": ("artistpopularity", "artistspopularity", "artistpopularities"),
    "genres": (
        "trackgenre", "trackgenres", "playlistgenre", "genre", "genres", "maingenre", "musicgenre", "topgenre",
        "artistgenre", "artistgenres", "artistsgenres",
    ),
    **{feature: (feature,) for feature in CONTINUOUS_FEATURES},
    "loudness": ("loudness", "loadness"),
    "tempo": ("tempo", "bpm"),
    "key": ("key",),
    "mode": ("mode",),
    "time_signature": ("timesignature", "timesig"),
    "snapshot": ("snapshot", "snapshotdate"),
}  # fmt: skip
"""Field -> folded headers that mean it, best first. A playlist's own subgenre label is no genre, so it is not here."""

REQUIRED_FIELDS: Final = ("track_id", "title", "artists", *CONTINUOUS_FEATURES)

# Exportify and its kin write "A, B" there; anywhere else a comma belongs to the name ("Tyler, The Creator").
_JOINED_ARTISTS: Final = frozenset({"artistnames", "artistsnames", "artistsname"})

_DURATION_UNITS: Final = {
    "durationms": DurationUnit.MILLISECONDS,
    "trackdurationms": DurationUnit.MILLISECONDS,
    "songdurationms": DurationUnit.MILLISECONDS,
    "durationseconds": DurationUnit.SECONDS,
    "durations": DurationUnit.SECONDS,
    "durationsec": DurationUnit.SECONDS,
    "durationminutes": DurationUnit.MINUTES,
    "durationmins": DurationUnit.MINUTES,
    "durationmin": DurationUnit.MINUTES,
}

_SHOWN_MISSING: Final = 3
_SHOWN_HEADERS: Final = 8
_HEADER_NAME: Final = re.compile(r"[^\W\d][\w .()#%-]{0,39}")


@dataclass(frozen=True, slots=True)
class Columns:
    """The meaning of one table's columns.

    ``positions`` and ``headers`` map the fields that the table has to a column number from 0 and to the header as the
    file spells it. ``duration_unit`` is ``None`` when the header does not tell.
    """

    width: int
    positions: Mapping[str, int]
    headers: Mapping[str, str]
    artists_are_joined: bool
    artist_ids_are_plural: bool
    genres_are_plural: bool
    duration_unit: DurationUnit | None


def fold_header(header: str) -> str:
    """Letters and digits of a column name, case-folded."""
    return "".join(character for character in header.casefold() if character.isalnum())


def choose_columns(header: Sequence[str]) -> Columns:
    """The columns to read; raises ``InvalidDataset`` naming the required ones that are not there."""
    first_positions: dict[str, int] = {}
    for position, name in enumerate(header):
        first_positions.setdefault(fold_header(name), position)
    chosen = {
        field: next((spelling for spelling in spellings if spelling in first_positions), "")
        for field, spellings in FIELD_HEADERS.items()
    }
    missing = [field for field in REQUIRED_FIELDS if not chosen[field]]
    if missing:
        raise InvalidDataset(f"it lacks the columns {_shortened(missing, _SHOWN_MISSING)}; {_found(header)}")
    positions = {field: first_positions[spelling] for field, spelling in chosen.items() if spelling}
    return Columns(
        width=len(header),
        positions=positions,
        headers={field: header[position] for field, position in positions.items()},
        artists_are_joined=chosen["artists"] in _JOINED_ARTISTS,
        artist_ids_are_plural=chosen["artist_ids"].endswith("s"),
        genres_are_plural=chosen["genres"].endswith("s"),
        duration_unit=_DURATION_UNITS.get(chosen["duration"]),
    )


def _found(header: Sequence[str]) -> str:
    names = [name.strip()[:40] for name in header if name.strip()]
    if not names:
        return "its first line names no columns"
    # Whatever it is, it may be somebody's secret: only what names columns is repeated.
    known = {spelling for spellings in FIELD_HEADERS.values() for spelling in spellings}
    is_header = len(names) > 1 and all(_HEADER_NAME.fullmatch(name) for name in names)
    if not is_header and not any(fold_header(name) in known for name in names):
        return "its first line is no header of a table"
    return f"its first line reads {_shortened(names, _SHOWN_HEADERS)}"


def _shortened(names: Sequence[str], shown: int) -> str:
    rest = f" and {len(names) - shown} more" if len(names) > shown else ""
    return f"{', '.join(names[:shown])}{rest}"
