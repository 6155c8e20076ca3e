"""Index parts and whole bundles of hand-made tracks, built as the builder builds them."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from daltonify_core.catalogue.artists import ArtistCollector
from daltonify_core.catalogue.merging import TrackMerger
from daltonify_core.catalogue.track import Track
from daltonify_core.index.builder import BuildSettings, IndexBuilder
from daltonify_core.index.feature_space import COLUMNS, SOUND_COLUMNS, FeatureSpace, ScoreTable
from daltonify_core.index.items import ItemArrays, invert
from daltonify_core.index.manifest import IndexManifest
from daltonify_core.ports.index import NeighbourIndexFormat, TrackStoreFormat
from daltonify_core.ports.surroundings import no_progress
from tests.builders import make_track, track_id


def write_bundle(
    tracks: Iterable[Track],
    folder: Path,
    neighbour_format: NeighbourIndexFormat,
    track_format: TrackStoreFormat,
    settings: BuildSettings | None = None,
) -> IndexManifest:
    """Build ``tracks`` into ``folder``, which is made."""
    folder.mkdir(parents=True)
    with TrackMerger() as merger:
        for track in tracks:
            merger.add(track)
        return IndexBuilder(merger, neighbour_format, track_format, settings).write(folder, no_progress)


def make_tracks(count: int, seed: int = 1) -> list[Track]:
    """Tracks that differ in sound, artists, guests, popularity and genres; equal arguments give equal tracks."""
    random = np.random.default_rng(seed)
    tracks = []
    for number in range(count):
        artist = int(random.integers(max(1, count // 3)))
        guest = (f"Artist {artist + 1}",) if random.random() < 0.2 else ()
        sound = random.random(7).round(3).tolist()
        tracks.append(
            make_track(
                track_id=track_id(int(random.integers(10**6)) * 10_000 + number),
                title=f"Song {number}",
                artists=(f"Artist {artist}", *guest),
                popularity=int(random.integers(101)) if random.random() < 0.9 else None,
                explicit=[True, False, None][int(random.integers(3))],
                release_date=str(int(random.integers(1960, 2026))) if random.random() < 0.9 else None,
                genres=tuple(name for name in ("country", "pop", "rock") if random.random() < 0.5),
                danceability=sound[0],
                energy=sound[1],
                speechiness=sound[2],
                acousticness=sound[3],
                instrumentalness=sound[4],
                liveness=sound[5],
                valence=sound[6],
                tempo=round(float(random.uniform(60, 180)), 2),
                loudness=round(float(random.uniform(-20, -3)), 2),
            )
        )
    return tracks


def plain_space(sigma: float = 3.0) -> FeatureSpace:
    """A space whose vectors are the numbers themselves, up to a million."""
    ends = np.array([-1e6, 1e6])
    nothing = np.zeros((len(SOUND_COLUMNS), len(SOUND_COLUMNS)))
    return FeatureSpace((ScoreTable(ends, ends),) * len(COLUMNS), nothing, nothing, 4.0 * sigma**2, 0.0, "plain")


def make_arrays(popularity: Sequence[int], track_ids: Sequence[str] | None = None) -> ItemArrays:
    """Arrays of tracks with one artist each; ``popularity`` is the artists' and must descend."""
    count = len(popularity)
    offsets = np.arange(count + 1, dtype=np.int64)
    artists = np.arange(count, dtype=np.int32)
    artist_offsets, artist_items = invert(offsets, artists, count)
    values = np.array(popularity, dtype=np.int16)
    return ItemArrays(
        track_ids=np.array(track_ids or [track_id(number) for number in range(count)], dtype=np.bytes_),
        artist_popularity=values,
        weakest_credit=values.copy(),
        track_popularity=values.copy(),
        release_year=np.full(count, 2020, np.int16),
        explicit=np.zeros(count, np.int8),
        song_keys=np.arange(count, dtype=np.int64),
        song_mark_offsets=offsets,
        song_marks=artists,
        credit_offsets=offsets,
        credit_artists=artists,
        artist_offsets=artist_offsets,
        artist_items=artist_items,
        genre_offsets=np.zeros(1, np.int64),
        genre_items=np.empty(0, np.int32),
        item_genre_offsets=np.zeros(count + 1, np.int64),
        item_genres=np.empty(0, np.int16),
    )


def collect_artists(tracks: Iterable[Track]) -> ArtistCollector:
    """A collector that met these tracks, each with its own snapshot."""
    collector = ArtistCollector()
    for track in tracks:
        collector.add(track, track.snapshot)
    return collector
