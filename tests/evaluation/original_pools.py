"""Are our lists nearer to the seed than the original project's, on its own three pools and demo tracks?

For each demo track both lists of 30 come from the pool that the original took for it. Printed are the mean Euclidean
distance to the seed over the six features that the original compares, z-scored within the pool, and the mean popularity
of the tracks, because the original orders by that. Our seed is described as the demo has it, its artist as popular as
the track. The pools hold no release dates, so era counts for nothing.

    python -m tests.evaluation.original_pools --data original-daltonify/data
"""

import argparse
import math
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from daltonify_core.catalogue.audio_features import CONTINUOUS_FEATURES
from daltonify_core.catalogue.track import Track
from daltonify_core.errors import NoBiggerArtists
from daltonify_core.evaluation.baselines import ORIGINAL_FEATURES, as_the_original
from daltonify_core.evaluation.ground import Ground
from daltonify_core.evaluation.methods import ORIGINAL
from daltonify_core.evaluation.questions import LIST_SIZE, Question, open_candidates
from daltonify_core.index.builder import BuildSettings
from daltonify_core.index.items import Items
from daltonify_core.playlist.request import RecommendationRequest, Seed
from daltonify_core.ports.surroundings import no_progress
from daltonify_core.use_cases.import_catalogue import ImportSettings
from daltonify_core.use_cases.recommend import Recommender
from infra.cli import wiring

DEMO_TRACKS = {
    "country": "4HJ7mSMtHAdU55lLjGE4zW",  # Boston, Dalton & the Sheriffs
    "rock": "6ttUD7vz01HOy3hm9Kq3t5",  # Beast of Burden, The Rolling Stones
    "hip hop": "4Oun2ylbjFKMPTiaSbbCih",  # WAP, Cardi B: nobody in the pool is bigger
}
OURS = "Daltonify"


@dataclass(frozen=True, slots=True)
class PoolScores:
    """One method's list for the demo track of a pool; ``distance`` and ``popularity`` are NaN for an empty list."""

    genre: str
    method: str
    tracks: int
    distance: float
    popularity: float


def compare(folder: Path) -> list[PoolScores]:
    """The original as it was and our method, on every pool in ``folder``."""
    with tempfile.TemporaryDirectory(prefix="daltonify-pools-") as work:
        catalogue, index = Path(work) / "catalogue.csv", Path(work) / "index"
        settings = ImportSettings(genre_from_file_name=True)
        wiring.import_files(sorted(folder.glob("*.csv*")), catalogue, settings, no_progress)
        wiring.build(catalogue, index, BuildSettings(), no_progress)
        with wiring.open_recommender(index) as recommender:
            ground = Ground.of_index(recommender.index)
            found = []
            for genre, track in DEMO_TRACKS.items():
                seed = ground.item_of[track]
                pool = open_candidates(seed, ground.genres.index(genre), ground)
                question = Question(seed, ground.genres.index(genre), 0, pool, pool[:0], 1)
                original = as_the_original(question, ground)[:LIST_SIZE]
                found.append(_scores(genre, ORIGINAL, seed, original, pool, ground))
                ours = _our_list(genre, ground.tracks[seed], recommender, ground)
                found.append(_scores(genre, OURS, seed, ours, pool, ground))
            return found


def _our_list(genre: str, track: Track, recommender: Recommender, ground: Ground) -> Items:
    artists = tuple(credit.name for credit in track.artists)
    seed = Seed(title=track.title, artists=artists, features=track.features, artist_popularity=track.popularity)
    try:
        answer = recommender.recommend(RecommendationRequest(seeds=(seed,), genre=genre, size=LIST_SIZE))
    except NoBiggerArtists:
        return np.empty(0, dtype=np.int32)
    return np.array([ground.item_of[row.track_id] for row in answer.tracks if row.track_id], dtype=np.int32)


def _scores(genre: str, method: str, seed: int, listed: Items, pool: Items, ground: Ground) -> PoolScores:
    if len(listed) == 0:
        return PoolScores(genre, method, 0, math.nan, math.nan)
    popularity = float(ground.arrays.track_popularity[listed].mean())
    return PoolScores(genre, method, len(listed), _distance(seed, listed, pool, ground), popularity)


def _distance(seed: int, listed: Items, pool: Items, ground: Ground) -> float:
    raw = ground.features[:, [CONTINUOUS_FEATURES.index(name) for name in ORIGINAL_FEATURES]]
    gaps = (raw[listed] - raw[seed]) / raw[pool].std(axis=0)
    return float(np.linalg.norm(gaps, axis=1).mean())


def main() -> None:
    """Print a row for each pool and method."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    print(f"{'pool':<10} {'method':<10} {'tracks':>6} {'distance':>9} {'popularity':>11}")
    for row in compare(parser.parse_args().data):
        print(f"{row.genre:<10} {row.method:<10} {row.tracks:>6} {row.distance:>9.2f} {row.popularity:>11.1f}")


if __name__ == "__main__":
    main()
