"""Selection: the best candidates that may stand in one list together."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from daltonify_core.index.candidate_search import Ranking, SearchPath
from daltonify_core.playlist.band import BandUse
from daltonify_core.playlist.filters import SelectionFilter

_FIRST_REQUEST: Final = 4
"""Ranked candidates for each track wanted; one per artist leaves about every second or third of the best."""
_GROWTH: Final = 4
VARIATION_POOL: Final = 3
"""A variation draws from so many times the wanted tracks: near enough to stay good, many enough to differ."""


@dataclass(frozen=True, slots=True)
class Pick:
    """One chosen item with its score and similarity (both rounded to 1e-5)."""

    item: int
    score: float
    similarity: float


@dataclass(frozen=True, slots=True)
class Selection:
    """Chosen picks and spare ones, and how they were found.

    ``chosen`` comes stage by stage, each best first; ``spare`` is best first. ``in_band`` counts the chosen ones that
    lie in the band asked for.
    """

    chosen: list[Pick]
    spare: list[Pick]
    band: BandUse
    search: SearchPath
    in_band: int


def pick(
    rank: Callable[[int], Ranking], filters: Sequence[SelectionFilter], count: int
) -> tuple[list[Pick], SearchPath]:
    """At most ``count`` picks in order of score that all filters admit together; the filters remember them.

    ``rank(n)`` gives the n best candidates; it is asked for more until enough are found or none are left. The path is
    exact only when every ranking was.
    """
    wanted = count * _FIRST_REQUEST
    picks: list[Pick] = []
    seen: set[int] = set()
    path = SearchPath.EXACT
    while True:
        ranking = rank(wanted)
        path = ranking.path if path is SearchPath.EXACT else path
        for candidate in _candidates(ranking):
            if len(picks) == count:
                return picks, path
            if candidate.item in seen:
                continue
            seen.add(candidate.item)
            if all(one.admits(candidate.item) for one in filters):
                for one in filters:
                    one.take(candidate.item)
                picks.append(candidate)
        if ranking.complete or len(picks) == count:
            return picks, path
        wanted *= _GROWTH


def vary(pool: Sequence[Pick], count: int, variation: int, name_of: Callable[[int], bytes]) -> list[Pick]:
    """``count`` of the pool, best first: the best ones for variation 0, else a draw that the number fixes.

    Each variation orders the first ``VARIATION_POOL * count`` by a hash of its number and the track's id
    (``name_of``), so the draw is the same on every machine and says nothing about popularity.
    """
    if variation == 0 or len(pool) <= count:
        return list(pool[:count])

    def lot(candidate: Pick) -> bytes:
        return hashlib.blake2b(name_of(candidate.item), key=variation.to_bytes(8), digest_size=8).digest()

    drawn = sorted(pool[: VARIATION_POOL * count], key=lot)[:count]
    chosen = {candidate.item for candidate in drawn}
    return [candidate for candidate in pool if candidate.item in chosen]


def _candidates(ranking: Ranking) -> Iterator[Pick]:
    columns = (ranking.items.tolist(), ranking.scores.tolist(), ranking.similarities.tolist())
    for item, score, similarity in zip(*columns, strict=True):
        yield Pick(item, score, similarity)
