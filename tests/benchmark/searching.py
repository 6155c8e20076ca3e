"""Search on one index: ours and every peer's, in one process and in turn. Prints figures as JSON.

    python -m tests.benchmark.searching FOLDER QUESTIONS ROUNDS

runs in the environment that ``setup_tools.sh peers`` makes. First each way of each library is tuned: the least
effort that finds .99 of the exact answer. Of a library's ways the faster one is kept. Then, round after round and in
another order each, everybody answers the same questions: all of them at a stretch, because whoever comes after another
finds the processor's caches full of what the other left there, and in that nobody should be lucky.

Times are processor time of this process: everybody works on one thread and nobody waits for anything, so on a machine
with nothing else to do it is the time that passes, and on a busy one it is the time that can be compared.
"""

import hashlib
import json
import random
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from daltonify_core.index.bundle import LoadedIndex
from daltonify_core.use_cases.recommend import Recommender
from tests.benchmark.figures import Times, least_of_rounds, recall
from tests.benchmark.peers import EVERY, Ground, Way, all_ways
from tests.benchmark.preparing import KEPT, open_index
from tests.benchmark.questions import FILTERINGS, NEIGHBOURS, Question, questions_of, request_of
from tests.benchmark.rules import list_of, our_list

OURS: Final = "Daltonify"
WHOLE: Final = "Daltonify, whole recommendation"
RULES: Final = ", rules 1 and 3"
LEAST_RECALL: Final = 0.99
_SEED: Final = 1
# Whoever takes longer for all questions is no rival, whatever a greater effort would find.
_TUNING_SECONDS: Final = 10.0


@dataclass(frozen=True, slots=True)
class Contender:
    """One way to answer, with the effort that it needs."""

    name: str
    way: str
    answer: Callable[[Question], NDArray[Any]]
    among: Callable[[Question, int], NDArray[Any]] | None = None
    """The same with any number of neighbours."""


def measure(folder: Path, count: int, rounds: int) -> dict[str, Any]:
    """Figures by way of filtering and contender."""
    index = open_index(folder)
    # A copy of our own: some libraries refuse what is mapped from a file, since nobody may write to it.
    vectors = np.array(index.vectors, order="C")
    digest = hashlib.sha256(vectors.tobytes()).hexdigest()[:12]
    kept = KEPT / f"peers-{len(vectors)}-{digest}"
    kept.mkdir(parents=True, exist_ok=True)
    _say("building the peers' indexes")
    ways = all_ways(Ground(vectors, index.arrays, kept))
    questions = questions_of(index, count)
    found = {filtering: _measure(index, vectors, filtering, ways, questions, rounds) for filtering in EVERY}
    index.close()
    return found


def _measure(
    index: LoadedIndex,
    vectors: NDArray[np.float32],
    filtering: str,
    ways: Sequence[Way],
    questions: Sequence[Question],
    rounds: int,
) -> dict[str, Any]:
    allowed_of = FILTERINGS[filtering]

    def exact(one: Question) -> NDArray[Any]:
        allowed = allowed_of(index, one).items()
        difference = vectors[allowed].astype(np.float64) - one.point.vector
        return np.asarray(
            allowed[np.argsort(np.einsum("ij,ij->i", difference, difference), kind="stable")[:NEIGHBOURS]]
        )

    paths: set[str] = set()

    def ours(one: Question) -> NDArray[Any]:
        ranking = index.search.rank([one.point], allowed_of(index, one), NEIGHBOURS)
        paths.add(str(ranking.path))
        return ranking.items[:NEIGHBOURS]

    truth = [exact(one) for one in questions]

    def recalls(answers: Sequence[NDArray[Any]]) -> list[float]:
        return [
            recall(found, nearest, one.point.vector, vectors, NEIGHBOURS)
            for found, nearest, one in zip(answers, truth, questions, strict=True)
        ]

    _say(f"{filtering}: tuning")
    best: dict[str, tuple[float, float, Contender]] = {}
    given_up: dict[str, float] = {}
    for way in ways:
        if filtering not in way.filterings:
            continue
        tuned = _tuned(way, filtering, questions, lambda answers: statistics.fmean(recalls(answers)))
        if tuned is None:
            continue
        reached, seconds, _ = tuned
        if reached < LEAST_RECALL:
            given_up[f"{way.library}, {way.way}"] = reached
        # Whoever reaches the recall comes before whoever does not.
        known = best.get(way.library)
        if known is None or (reached >= LEAST_RECALL, -seconds) > (known[0] >= LEAST_RECALL, -known[1]):
            best[way.library] = tuned
    contenders = [Contender(OURS, "", ours), *(contender for _, _, contender in best.values())]
    if filtering == "genre and band":
        contenders += _with_rules(index, contenders)

    _say(f"{filtering}: {len(contenders)} contenders, {len(questions)} questions, {rounds} rounds")
    taken: dict[str, list[list[float]]] = {one.name: [] for one in contenders}
    answers: dict[str, list[NDArray[Any]]] = {}
    order = random.Random(_SEED)
    for _ in range(rounds):
        for one in order.sample(contenders, len(contenders)):
            times: list[float] = []
            given: list[NDArray[Any]] = []
            # Whoever came before has filled the caches with what is theirs.
            one.answer(questions[-1])
            for question in questions:
                began = time.process_time()
                answer = one.answer(question)
                times.append(1000 * (time.process_time() - began))
                given.append(answer)
            taken[one.name].append(times)
            answers[one.name] = given
    rows = {}
    for one in contenders:
        row = {"way": one.way, **asdict(Times.of(least_of_rounds(taken[one.name])))}
        if not one.name.endswith(RULES) and one.name != WHOLE:
            shares = recalls(answers[one.name])
            row |= {"recall": statistics.fmean(shares), "worst_recall": min(shares)}
        rows[one.name] = row
    rows[OURS]["way"] = " and ".join(sorted(paths))
    sizes = [len(allowed_of(index, one)) for one in questions]
    return {"allowed": {"p50": statistics.median(sizes), "largest": max(sizes)}, "rows": rows, "given_up": given_up}


def _tuned(
    way: Way,
    filtering: str,
    questions: Sequence[Question],
    recall_of: Callable[[Sequence[NDArray[Any]]], float],
) -> tuple[float, float, Contender] | None:
    """Recall, seconds and contender at the least effort that is good enough, else at the greatest that was tried.

    On the very questions that are asked later, which favours the peers: nobody does more than it needs.
    """
    found = None
    for effort in way.efforts:

        def among(one: Question, count: int, effort: int = effort) -> NDArray[Any]:
            return way.search(one, filtering, count, effort)

        def answer(one: Question, among: Callable[[Question, int], NDArray[Any]] = among) -> NDArray[Any]:
            return among(one, NEIGHBOURS)

        if effort == way.efforts[0]:
            for one in questions:
                answer(one)  # what is made at the first question, such as a genre's mask, counts for nobody
        began = time.process_time()
        answers = [answer(one) for one in questions]
        seconds = time.process_time() - began
        reached = recall_of(answers)
        said = f"{way.way}, effort {effort}" if len(way.efforts) > 1 else way.way
        found = (reached, seconds, Contender(way.library, said, answer, among))
        if reached >= LEAST_RECALL or seconds > _TUNING_SECONDS:
            break
    return found


def _with_rules(index: LoadedIndex, peers: Sequence[Contender]) -> list[Contender]:
    """What makes a list of neighbours: the recommender whole, and rules 1 and 3 alone on what each search finds."""
    recommender = Recommender(index, "2026-01-15T12:00:00Z")

    def whole(one: Question) -> NDArray[Any]:
        answer = recommender.recommend(request_of(index, one))
        return np.array([row.position for row in answer.tracks])

    return [
        Contender(WHOLE, "", whole),
        Contender(OURS + RULES, "", our_list(index)),
        *(Contender(one.name + RULES, one.way, list_of(index, one.among)) for one in peers if one.among is not None),
    ]


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def main() -> None:
    folder, count, rounds = sys.argv[1:]
    print(json.dumps(measure(Path(folder), int(count), int(rounds))))


if __name__ == "__main__":
    main()
