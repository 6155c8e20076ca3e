"""The original project's way beside ours, in one process. Prints its figures as JSON.

    python -m tests.benchmark.original FOLDER QUESTIONS

It held a genre's tracks in a pandas frame, computed the cosine similarity of each track to each other, and sorted: for
every list anew. Here that is done as well as pandas and scikit-learn can do it, for a catalogue of one genre. Runs in
the environment that ``setup_tools.sh peers`` makes; processor time of one thread, as in ``searching``.
"""

import json
import sys
import time
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from daltonify_core.evaluation.baselines import ORIGINAL_FEATURES
from daltonify_core.index.bundle import LoadedIndex
from daltonify_core.use_cases.recommend import Recommender
from tests.benchmark.figures import Times
from tests.benchmark.preparing import open_index
from tests.benchmark.questions import FILTERINGS, NEIGHBOURS, Question, questions_of, request_of
from tests.benchmark.rules import our_list

_REPEATS = 5
_ENOUGH_SECONDS = 60.0


def measure(folder: Path, count: int) -> dict[str, Any]:
    """Times of the original's way, of our search, of our rules, and of our whole recommendation."""
    index = open_index(folder)
    # Genres stand by size; the largest is the one that every track has.
    questions = questions_of(index, count, only_genre=0)
    frame = _frame(index)
    recommender = Recommender(index, "2026-01-15T12:00:00Z")
    under_rules = our_list(index)
    original = _original(frame)

    def search(one: Question) -> None:
        index.search.rank([one.point], FILTERINGS["genre and band"](index, one), NEIGHBOURS)

    ways = {
        "original": original,
        "search": search,
        "rules": under_rules,
        "whole": lambda one: recommender.recommend(request_of(index, one)),
    }
    taken: dict[str, list[float]] = {name: [] for name in ways}
    began = time.monotonic()
    for place, one in enumerate(questions):
        # A question may take half a minute on a busy machine; three of those tell as much as twenty.
        if place >= 3 and time.monotonic() - began > _ENOUGH_SECONDS:
            break
        for name, way in ways.items():
            times = []
            for _ in range(1 if name == "original" else _REPEATS):
                start = time.process_time()
                way(one)
                times.append(1000 * (time.process_time() - start))
            taken[name].append(min(times))
    index.close()
    found = {name: Times.of(times).p50 for name, times in taken.items()}
    return {
        "tracks": index.manifest.items,
        "questions": len(taken["original"]),
        "milliseconds": found,
        "ratios": {name: found["original"] / found[name] for name in found if name != "original"},
        "matrix_bytes": 8 * index.manifest.items**2,
    }


def _frame(index: LoadedIndex) -> Any:
    """What the original read from its file: id, popularity and six features of each track."""
    pandas = import_module("pandas")
    rows: list[tuple[Any, ...]] = []
    for start in range(0, index.manifest.items, 500):
        tracks = index.tracks.tracks(list(range(start, min(start + 500, index.manifest.items))))
        rows += [
            (track.track_id, track.popularity or 0, *(getattr(track.features, name) for name in ORIGINAL_FEATURES))
            for track in tracks
        ]
    return pandas.DataFrame(rows, columns=["track_id", "popularity", *ORIGINAL_FEATURES])


def _original(frame: Any) -> Any:
    pandas = import_module("pandas")
    pairwise = import_module("sklearn.metrics.pairwise")

    def recommend(one: Question) -> Any:
        features = frame[list(ORIGINAL_FEATURES)].to_numpy(np.float64)
        matrix = pairwise.cosine_similarity(features)
        similar = pandas.Series(matrix[one.item], index=frame.index)
        ranked = frame.assign(similarity=similar).sort_values("similarity", ascending=False, kind="stable")
        # The half that is more similar, and of it the most popular.
        half = ranked.head(len(ranked) // 2)
        return half.sort_values("popularity", ascending=False, kind="stable").head(NEIGHBOURS)

    return recommend


def main() -> None:
    folder, count = sys.argv[1:]
    print(json.dumps(measure(Path(folder), int(count))))


if __name__ == "__main__":
    main()
