"""Where the time of a recommendation goes, step by step. Prints figures as JSON.

    OPENBLAS_NUM_THREADS=1 python -m tests.benchmark.recommending FOLDER QUESTIONS ROUNDS

Milliseconds of processor: of the whole, the median over requests of each one's least time in so many rounds; of each
step what it takes without the steps inside it, the mean over requests of their least. Watching the steps takes time
too, so they are measured in rounds of their own, and their sum is more than the whole.
"""

import json
import statistics
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch

from daltonify_core.adapters.annoy_index import OpenAnnoyIndex
from daltonify_core.adapters.sqlite_tracks import SqliteTracks
from daltonify_core.index.candidate_search import CandidateSearch
from daltonify_core.playlist.reason_words import ReasonWriter
from daltonify_core.playlist.rows import RowWriter
from daltonify_core.playlist.seeds import ResolvedSeed
from daltonify_core.use_cases import recommend
from daltonify_core.use_cases.recommend import Recommender
from tests.benchmark.preparing import open_index
from tests.benchmark.questions import questions_of, request_of

_STEPS: Final[dict[str, list[tuple[object, str]]]] = {
    "seeds": [(recommend, "resolve_seeds"), (ResolvedSeed, "query")],
    "Annoy": [(OpenAnnoyIndex, "nearest")],
    "search": [(CandidateSearch, "rank")],
    "genre": [(Recommender, "_choose_genre")],
    "filters": [(recommend, "apply_filters")],
    "picking": [(recommend, "pick")],
    "metadata": [(SqliteTracks, name) for name in ("tracks", "listed", "find", "known", "artists", "find_artists")],
    "closeness": [(RowWriter, "__init__")],
    "reasons": [(ReasonWriter, "__init__"), (ReasonWriter, "write")],
    "rows": [(RowWriter, "row")],
    "flow": [(Recommender, "_ordered")],
    "notes": [(recommend, "notes_for")],
    "rest": [(Recommender, "recommend")],
}


class _Watch:
    """Adds up what each step takes, without the steps inside it."""

    def __init__(self) -> None:
        self.taken: dict[str, float] = {}
        self._inside: list[float] = []

    def around(self, step: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def watched(*arguments: Any, **named: Any) -> Any:
            self._inside.append(0.0)
            began = time.process_time()
            try:
                return call(*arguments, **named)
            finally:
                passed = time.process_time() - began
                self.taken[step] = self.taken.get(step, 0.0) + passed - self._inside.pop()
                if self._inside:
                    self._inside[-1] += passed

        return watched


def measure(folder: Path, count: int, rounds: int) -> dict[str, Any]:
    """The whole and its steps, in milliseconds."""
    index = open_index(folder)
    recommender = Recommender(index, "2026-01-15T12:00:00Z")
    requests = [request_of(index, one) for one in questions_of(index, count)]
    whole = [9e9] * len(requests)
    for _ in range(rounds):
        for place, request in enumerate(requests):
            began = time.process_time()
            recommender.recommend(request)
            whole[place] = min(whole[place], 1000 * (time.process_time() - began))
    watch = _Watch()
    least: list[dict[str, float]] = [{} for _ in requests]
    with ExitStack() as stack:
        for step, places in _STEPS.items():
            for owner, name in places:
                stack.enter_context(patch.object(owner, name, watch.around(step, getattr(owner, name))))
        for _ in range(rounds):
            for known, request in zip(least, requests, strict=True):
                watch.taken = {}
                recommender.recommend(request)
                for step, seconds in watch.taken.items():
                    known[step] = min(known.get(step, 9e9), 1000 * seconds)
    index.close()
    steps = {step: statistics.fmean(known.get(step, 0.0) for known in least) for step in _STEPS}
    return {"whole_p50": statistics.median(whole), "steps": steps}


def main() -> None:
    folder, count, rounds = sys.argv[1:]
    print(json.dumps(measure(Path(folder), int(count), int(rounds)), indent=1))


if __name__ == "__main__":
    main()
