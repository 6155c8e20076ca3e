"""Rows of one public table become tracks."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from daltonify_core.catalogue.audio_features import AudioFeatures
from daltonify_core.catalogue.public_data.cells import (
    clean_name,
    find_ids,
    first_value,
    names_are_missing,
    optional_text,
    parse_date,
    parse_explicit,
    parse_key,
    parse_mode,
    parse_number,
    parse_time_signature,
    parse_track_id,
    split_artists,
    split_genres,
)
from daltonify_core.catalogue.public_data.columns import FIELD_HEADERS, Columns
from daltonify_core.catalogue.public_data.scales import (
    DurationUnit,
    PopularityScale,
    parse_duration,
    parse_popularity,
)
from daltonify_core.catalogue.track import ArtistCredit, Track
from daltonify_core.errors import InvalidTrack

_FIELDS: Final = tuple(FIELD_HEADERS)  # in the order in which `parse` unpacks them


@dataclass(frozen=True, slots=True)
class TableScales:
    """What only the whole table tells: the scales of its popularity columns and the unit of its durations."""

    popularity: PopularityScale = PopularityScale.PERCENT
    artist_popularity: PopularityScale = PopularityScale.PERCENT
    duration: DurationUnit = DurationUnit.MILLISECONDS


class PublicRowParser:
    """Turns rows of one table into tracks; made once per table."""

    def __init__(self, columns: Columns, scales: TableScales) -> None:
        self._columns = columns
        self._scales = scales
        # Fields that the table lacks read the extra empty cell that `parse` appends.
        self._positions = [columns.positions.get(field, columns.width) for field in _FIELDS]
        self._has_album = "album" in columns.positions

    def parse(self, row: Sequence[str]) -> Track:
        """One track; raises ``InvalidTrack`` with a ``reason`` when the row cannot be one."""
        columns = self._columns
        if len(row) != columns.width:
            raise InvalidTrack("wrong_width", f"The row has {len(row)} fields; the header has {columns.width}.")
        if not any(row):
            raise InvalidTrack("empty_row", "All fields are empty.")
        padded = (*row, "")
        (
            track_id, title, artists, artist_ids, album, release_date, duration, explicit, popularity,
            artist_popularity, genres, danceability, energy, loudness, speechiness, acousticness, instrumentalness,
            liveness, valence, tempo, key, mode, time_signature, snapshot,
        ) = [padded[position] for position in self._positions]  # fmt: skip
        found_id = parse_track_id(track_id)
        found_title = clean_name(title)
        found_artists = self._credits(artists, artist_ids)
        if not found_artists or names_are_missing(found_title, artists, album if self._has_album else None):
            raise InvalidTrack("missing_name", f"The title is {title[:40]!r} and the artist {artists[:40]!r}.")
        found_danceability = parse_number("danceability", danceability)
        found_tempo = parse_number("tempo", tempo)
        found_time_signature = parse_time_signature(time_signature)
        duration_ms = parse_duration(duration, self._scales.duration)
        if 0 in (found_danceability, found_tempo, found_time_signature, duration_ms):
            raise InvalidTrack(
                "empty_analysis",
                f"{found_title[:40]!r} was never analysed: danceability, tempo, time signature or duration is 0.",
            )
        return Track(
            track_id=found_id,
            title=found_title,
            artists=found_artists,
            features=AudioFeatures(
                danceability=found_danceability,
                energy=parse_number("energy", energy),
                loudness=parse_number("loudness", loudness),
                speechiness=parse_number("speechiness", speechiness),
                acousticness=parse_number("acousticness", acousticness),
                instrumentalness=parse_number("instrumentalness", instrumentalness),
                liveness=parse_number("liveness", liveness),
                valence=parse_number("valence", valence),
                tempo=found_tempo,
                key=parse_key(key),
                mode=parse_mode(mode),
                time_signature=found_time_signature,
            ),
            album=optional_text(album),
            release_date=parse_date(release_date),
            duration_ms=duration_ms,
            explicit=parse_explicit(explicit),
            popularity=parse_popularity("popularity", popularity, self._scales.popularity),
            artist_popularity=parse_popularity(
                "artist_popularity", first_value(artist_popularity), self._scales.artist_popularity
            ),
            genres=split_genres(genres, columns.genres_are_plural),
            snapshot=parse_date(snapshot),
        )

    def _credits(self, artists: str, artist_ids: str) -> tuple[ArtistCredit, ...]:
        plural = self._columns.artist_ids_are_plural
        ids = find_ids(artist_ids)
        names = split_artists(artists, self._columns.artists_are_joined, len(ids) if ids and plural else None)
        if len(ids) == len(names):
            return tuple([ArtistCredit(name, artist_id) for name, artist_id in zip(names, ids, strict=True)])
        # A column for one id holds the primary artist's; of several ids nobody can say whose they are.
        primary_id = ids[0] if len(ids) == 1 and not plural else None
        return tuple([ArtistCredit(name, None if place else primary_id) for place, name in enumerate(names)])
