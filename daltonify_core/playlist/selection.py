"""Selection: the best candidates that may stand in one list together."""

import hashlib
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Final, NamedTuple

from daltonify_core.index.candidate_search import Ranking, SearchPath
from daltonify_core.playlist.band import BandUse
from daltonify_core.playlist.filters import SelectionFilter

_FIRST_REQUEST: Final = 4
"""Ranked candidates for each track wanted; one per artist leaves about every second or third of the best."""
_GROWTH: Final = 4
_EXPECTED: Final = 64
"""Candidates that filters read about at once; half of a first request is seldom needed."""
VARIATION_POOL: Final = 3
"""A variation draws from so many times the wanted tracks: near enough to stay good, many enough to differ."""
_VARIATION_LOSS: Final = 0.05
"""What a variation may lose of the best list's mean similarity; less than one seed's list differs from another's."""
_VARIATION_WIDTHS: Final = (1.0, 0.8, 0.65, 0.5, 0.43, 0.37, 0.31, 0.27, 0.25)
"""Shares of the other tracks in reach that a variation draws from, widest first; a quarter is what it needs."""


_LEAST_SIMILARITY: Final = math.exp(-3.0)
"""Of what is in reach; less has a track that lies three times as far, squared, as two random tracks do on average."""


class Pick(NamedTuple):
    """One chosen item with its score and similarity (both rounded to 1e-5)."""

    item: int
    score: float
    similarity: float


@dataclass(frozen=True, slots=True)
class Selection:
    """Chosen picks and spare ones, and how they were found.

    ``chosen`` begins with the ``pinned`` ones, then comes stage by stage, each best first; ``spare`` is best first.
    ``in_band`` counts the chosen ones that lie in the band asked for. ``reach`` is the similarity that what is known of
    the seeds gives a track that sounds just like one. ``unlike`` counts the tracks that were left out, because they
    sound nothing like any seed.
    """

    chosen: list[Pick]
    spare: list[Pick]
    band: BandUse
    search: SearchPath
    in_band: int
    reach: float
    unlike: int
    pinned: int = 0


def pick(
    rank: Callable[[int], Ranking], filters: Sequence[SelectionFilter], count: int
) -> tuple[list[Pick], SearchPath]:
    """At most ``count`` picks in order of score that all filters admit together; the filters remember them.

    ``rank(n)`` gives the n best candidates; it is asked for more until enough are found or none are left. The path is
    exact only when every ranking was.
    """
    admits, takes = [one.admits for one in filters], [one.take for one in filters]
    wanted = count * _FIRST_REQUEST
    picks: list[Pick] = []
    seen: set[int] = set()
    path, complete = SearchPath.EXACT, False
    while len(picks) < count and not complete:
        ranking = rank(wanted)
        path = ranking.path if path is SearchPath.EXACT else path
        for start in range(0, len(ranking.items), _EXPECTED):
            part = slice(start, start + _EXPECTED)
            items = ranking.items[part]
            # A longer ranking begins like the one before, of which the filters have been told.
            if start + len(items) > len(seen):
                for one in filters:
                    one.expect(items)
            scores, similarities = ranking.scores[part].tolist(), ranking.similarities[part].tolist()
            for item, score, similarity in zip(items.tolist(), scores, similarities, strict=True):
                if item in seen:
                    continue
                seen.add(item)
                for admit in admits:
                    if not admit(item):
                        break
                else:
                    for take in takes:
                        take(item)
                    picks.append(Pick(item, score, similarity))
                    if len(picks) == count:
                        return picks, path
        complete = ranking.complete
        wanted *= _GROWTH
    return picks, path


def picks_of(ranking: Ranking) -> list[Pick]:
    """Everything that was ranked, in its order."""
    columns = (ranking.items.tolist(), ranking.scores.tolist(), ranking.similarities.tolist())
    return [Pick(*one) for one in zip(*columns, strict=True)]


def like_enough(picks: Sequence[Pick], reach: float, least: int) -> list[Pick]:
    """The picks without those that sound nothing like any seed, but at least so many of the best, in their order.

    A shorter list beats a wrong one, and one that is too short to be a list is no help either.
    """
    floor = _LEAST_SIMILARITY * reach
    if sum(one.similarity >= floor for one in picks) >= least:
        return [one for one in picks if one.similarity >= floor]
    best = {one.item for one in sorted(picks, key=lambda one: -one.similarity)[:least]}
    return [one for one in picks if one.item in best]


def vary(pool: Sequence[Pick], count: int, variation: int, name_of: Callable[[int], bytes]) -> list[Pick]:
    """``count`` of the pool, best first: the best ones for variation 0, else another good list that the number fixes.

    Another list shares at most half of its tracks with the best one, and its mean similarity is at most
    ``_VARIATION_LOSS`` lower, as far as the pool allows both; with less choice the first counts more, and where even
    that cannot be kept the whole pool is used. Which tracks are drawn depends on a hash of the variation and the
    track's id (``name_of``), so it is the same on every machine and says nothing about popularity.
    """
    if variation == 0 or len(pool) <= count:
        return list(pool[:count])

    key = variation.to_bytes(8)
    lots = {one.item: hashlib.blake2b(name_of(one.item), key=key, digest_size=8).digest() for one in pool}

    def lot(candidate: Pick) -> bytes:
        return lots[candidate.item]

    best, others = pool[:count], pool[count : VARIATION_POOL * count]
    fresh = min(len(others), count - count // 2)
    enough = (1.0 - _VARIATION_LOSS) * _mean_similarity(best)
    kept = sorted(best, key=lot)[: count - fresh]
    # The wider the choice, the more variations differ from each other; so the widest one that is good enough.
    widths = dict.fromkeys(max(fresh, round(len(others) * share)) for share in _VARIATION_WIDTHS)
    drawn = [[*kept, *sorted(others[:width], key=lot)[:fresh]] for width in widths]
    drawn.append([*best[: count - fresh], *others[:fresh]])
    for chosen in drawn:
        if _mean_similarity(chosen) >= enough:
            break
    items = {candidate.item for candidate in chosen}
    return [candidate for candidate in pool if candidate.item in items]


def _mean_similarity(picks: Sequence[Pick]) -> float:
    return fmean(one.similarity for one in picks)
