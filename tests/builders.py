"""Valid objects with any field overridden, so that a test states only what it is about."""

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from daltonify_core.adapters.annoy_index import AnnoyFormat
from daltonify_core.adapters.catalogue_file import write_catalogue_file
from daltonify_core.adapters.local_folder import FolderIndexStore, FolderShards
from daltonify_core.adapters.sqlite_tracks import SqliteTracksFormat
from daltonify_core.catalogue.audio_features import FEATURE_NAMES, AudioFeatures
from daltonify_core.catalogue.track import ArtistCredit, Track
from daltonify_core.index.builder import BuildSettings
from daltonify_core.index.bundle import LoadedIndex, load_bundle
from daltonify_core.index.candidate_search import SearchSettings
from daltonify_core.use_cases.build_index import build_index


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


WITH_NEIGHBOURS = BuildSettings(neighbour_index_from=1)
"""A neighbour index however few tracks there are."""


def build_index_folder(folder: Path, tracks: Iterable[Track]) -> Path:
    """Write a catalogue of ``tracks`` below ``folder``, build its index, and give the bundle's folder."""
    write_catalogue_file(folder / "catalogue" / "tracks.csv.gz", sorted(tracks, key=lambda track: track.track_id))
    store = FolderIndexStore(folder / "index")
    built_at = datetime(2026, 1, 15, 12, tzinfo=UTC)
    report = build_index(
        FolderShards(folder / "catalogue"),
        store,
        AnnoyFormat(),
        SqliteTracksFormat(),
        built_at,
        lambda *_: None,
        WITH_NEIGHBOURS,
    )
    return store.fetch(report.manifest.version, folder)


def open_index(bundle: Path, settings: SearchSettings | None = None) -> LoadedIndex:
    """The index in a folder that ``build_index_folder`` gave; close it afterwards."""
    return load_bundle(bundle, bundle.name, AnnoyFormat(), SqliteTracksFormat(), settings)
