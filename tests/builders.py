"""Valid objects with any field overridden, so that a test states only what it is about."""

from typing import Any

from daltonify_core.catalogue.audio_features import FEATURE_NAMES, AudioFeatures
from daltonify_core.catalogue.track import ArtistCredit, Track


def track_id(number: int) -> str:
    """A valid Spotify id; greater numbers have greater ids."""
    return f"{number:022d}"


def make_features(**overrides: Any) -> AudioFeatures:
    """Features of a plain pop song."""
    values: dict[str, Any] = {
        "danceability": 0.6,
        "energy": 0.7,
        "loudness": -6.5,
        "speechiness": 0.05,
        "acousticness": 0.1,
        "instrumentalness": 0.0,
        "liveness": 0.12,
        "valence": 0.5,
        "tempo": 120.0,
        "key": 5,
        "mode": 1,
        "time_signature": 4,
    }
    return AudioFeatures(**(values | overrides))


def make_track(**overrides: Any) -> Track:
    """A catalogue track; names of features are taken as well, and ``artists`` may be plain names."""
    features = {name: overrides.pop(name) for name in FEATURE_NAMES if name in overrides}
    values: dict[str, Any] = {
        "track_id": track_id(1),
        "title": "Song",
        "artists": ("Artist",),
        "features": make_features(**features),
        "album": "Album",
        "release_date": "2019-05-01",
        "duration_ms": 200_000,
        "explicit": False,
        "popularity": 50,
        "genres": ("pop",),
    }
    values |= overrides
    values["artists"] = tuple(
        ArtistCredit(artist) if isinstance(artist, str) else artist for artist in values["artists"]
    )
    return Track(**values)
