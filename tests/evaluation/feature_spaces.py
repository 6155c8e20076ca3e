"""Does whitening by the spread within artists find more of what people put into one playlist than plain scaling?

Seeds are tracks by artists of popularity 40 or less. Candidates are tracks of the seed's genre by artists above the
seed's level, one per artist, nearest first; relevant is what shares a playlist with the seed. The spaces are fitted
without the playlists. nDCG@30, with the ideal capped at the distinct relevant artists.

    python -m tests.evaluation.feature_spaces --index index --playlists spotify_songs.csv.gz
"""

import argparse
import csv
import gzip
import io
from collections import defaultdict
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from daltonify_core.catalogue.audio_features import CONTINUOUS_FEATURES
from daltonify_core.index.bundle import LoadedIndex
from daltonify_core.index.feature_space import FeatureSpace, FeatureSpaceSettings, FloatArray
from infra.cli.wiring import open_recommender

LIST_SIZE = 30
SMALL_ARTIST = 40
RESAMPLES = 2_000


def read_playlists(path: Path, index: LoadedIndex) -> list[set[int]]:
    """Items of each playlist of a CSV file with the columns ``playlist_id`` and ``track_id``."""
    text = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    with io.StringIO(text.decode("utf-8-sig"), newline="") as stream:
        rows = [(row["playlist_id"], row["track_id"]) for row in csv.DictReader(stream)]
    items = index.tracks.find([track_id for _, track_id in rows])
    playlists: dict[str, set[int]] = defaultdict(set)
    for playlist, track_id in rows:
        if track_id in items:
            playlists[playlist].add(items[track_id])
    return list(playlists.values())


def spaces(index: LoadedIndex, features: FloatArray) -> dict[str, NDArray[np.float64]]:
    """Vectors of all items in each space that is compared."""
    artists = index.arrays.credit_artists[index.arrays.credit_offsets[:-1]].astype(np.int64)
    never = FeatureSpaceSettings(minimum_within_artist_tracks=len(features) + 1)
    raw = (features - features.mean(axis=0)) / features.std(axis=0)
    return {
        "raw features, z-scored": raw,
        "transformed, plain scaling": FeatureSpace.fit(features, artists, never).vectors(features).astype(np.float64),
        "whitened within artists": FeatureSpace.fit(features, artists).vectors(features).astype(np.float64),
    }


def ndcg(
    index: LoadedIndex, vectors: NDArray[np.float64], seeds: list[int], mates: dict[int, set[int]]
) -> NDArray[np.float64]:
    """One value per seed; NaN where no relevant track may be recommended."""
    arrays = index.arrays
    primary = arrays.credit_artists[arrays.credit_offsets[:-1]]
    gains = 1.0 / np.log2(np.arange(2, LIST_SIZE + 2))
    genre_of = {
        int(item): number for number in range(len(index.genres))[::-1] for item in arrays.items_of_genre(number)
    }
    values = []
    for seed in seeds:
        start, end = arrays.popularity_range(int(arrays.artist_popularity[seed]) + 1, 100)
        candidates = arrays.genre_range(genre_of[seed], start, end)
        ideal = min(LIST_SIZE, len({int(primary[item]) for item in candidates if int(item) in mates[seed]}))
        if not ideal:
            values.append(np.nan)
            continue
        distances = ((vectors[candidates] - vectors[seed]) ** 2).sum(axis=1)
        seen: set[int] = set()
        gain = 0.0
        for item in candidates[np.argsort(distances, kind="stable")].tolist():
            if (artist := int(primary[item])) not in seen:
                gain += gains[len(seen)] if item in mates[seed] else 0.0
                seen.add(artist)
                if len(seen) == LIST_SIZE:
                    break
        values.append(gain / gains[:ideal].sum())
    return np.array(values)


def main() -> None:
    """Print a row per space: the mean, and its ratio to the first with a 95 % interval of paired resampling."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--index", type=Path, default=Path("index"))
    parser.add_argument("--playlists", type=Path, required=True)
    parser.add_argument("--seeds", type=int, default=2_000)
    arguments = parser.parse_args()
    random = np.random.default_rng(0)
    with open_recommender(arguments.index) as recommender:
        index = recommender.index
        mates: dict[int, set[int]] = defaultdict(set)
        for playlist in read_playlists(arguments.playlists, index):
            for item in playlist:
                mates[item] |= playlist - {item}
        in_genre = {
            item for number in range(len(index.genres)) for item in index.arrays.items_of_genre(number).tolist()
        }
        small = [
            item
            for item in sorted(mates)
            if item in in_genre and 0 <= index.arrays.artist_popularity[item] <= SMALL_ARTIST
        ]
        seeds = random.permutation(small)[: arguments.seeds].tolist()
        tracks = index.tracks.tracks(range(index.manifest.items))
        features = np.array([[getattr(track.features, name) for name in CONTINUOUS_FEATURES] for track in tracks])
        results = {name: ndcg(index, vectors, seeds, mates) for name, vectors in spaces(index, features).items()}
    first = next(iter(results.values()))
    answered = ~np.isnan(first)
    print(f"{answered.sum():,} seeds ({len(seeds) - answered.sum()} without a relevant track)")
    draws = random.integers(answered.sum(), size=(RESAMPLES, answered.sum()))
    for name, values in results.items():
        means = values[answered][draws].mean(axis=1) / first[answered][draws].mean(axis=1)
        low, high = np.quantile(means, (0.025, 0.975))
        ratio = values[answered].mean() / first[answered].mean()
        print(f"{name:<28} nDCG@30 {values[answered].mean():.4f}   ratio {ratio:.3f} ({low:.3f} to {high:.3f})")


if __name__ == "__main__":
    main()
