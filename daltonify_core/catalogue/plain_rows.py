"""One track as plain values: the form in which millions of them are read, merged and stored.

A row takes a fraction of the time and space of a ``Track``, whose checks it has passed already.
"""

from typing import Any

from daltonify_core.catalogue.audio_features import FEATURE_NAMES, AudioFeatures
from daltonify_core.catalogue.canonical_csv import COLUMNS, format_credits, join_list, parse_credits, split_list
from daltonify_core.catalogue.track import Track

type PlainRow = tuple[Any, ...]
"""The values of one valid track in the order of ``COLUMNS``: text, numbers, or ``None`` where absent.

Lists (``artists``, ``artist_ids``, ``genres``) are one text each, joined as in the canonical CSV and never ``None``;
``artist_ids`` is empty when no id is known. ``explicit`` is true, false or ``None``, of any type that compares so.
"""

PLACES = {column: place for place, column in enumerate(COLUMNS)}
"""Where each column stands in a row."""

_FEATURE_PLACES = tuple(PLACES[name] for name in FEATURE_NAMES)


def plain_row(track: Track) -> PlainRow:
    """The row of a track; the inverse of ``track_of_row``."""
    features = track.features
    artists, artist_ids = format_credits(track.artists)
    return (
        track.track_id,
        track.title,
        artists,
        artist_ids,
        track.album,
        track.release_date,
        track.duration_ms,
        track.explicit,
        track.popularity,
        track.artist_popularity,
        join_list(track.genres),
        features.danceability,
        features.energy,
        features.key,
        features.loudness,
        features.mode,
        features.speechiness,
        features.acousticness,
        features.instrumentalness,
        features.liveness,
        features.valence,
        features.tempo,
        features.time_signature,
        track.snapshot,
        track.source,
    )


def track_of_row(row: PlainRow) -> Track:
    """The track of a row."""
    track_id, title, artists, artist_ids, album, release_date, duration_ms, explicit = row[:8]
    popularity, artist_popularity, genres, *_, snapshot, source = row[8:]
    return Track(
        track_id=track_id,
        title=title,
        artists=parse_credits(artists, artist_ids),
        features=AudioFeatures(*[row[place] for place in _FEATURE_PLACES]),
        album=album,
        release_date=release_date,
        duration_ms=duration_ms,
        explicit=None if explicit is None else bool(explicit),
        popularity=popularity,
        artist_popularity=artist_popularity,
        genres=tuple(split_list(genres)),
        snapshot=snapshot,
        source=source,
    )
