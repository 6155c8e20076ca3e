"""Candidate search: the allowed items ranked by score, by the cheaper of two ways.

While few items are allowed, every one is measured (exact). Above a measured crossover the neighbour index proposes
items near the seed, proposals that are not allowed fall out, and the proposal grows until enough remain. Both ways
measure what they return with the same arithmetic, so they differ only in what the neighbour index overlooks.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from daltonify_core.index.exact import CROWD, ranking_distances, shortlist, squared_distances
from daltonify_core.index.feature_space import FeatureSpace, FloatArray, QueryPoint
from daltonify_core.index.items import ItemArrays, Items, contained
from daltonify_core.ports import NeighbourIndex


class SearchPath(StrEnum):
    """How an answer was found."""

    EXACT = "exact"
    ANNOY = "annoy"


@dataclass(frozen=True, slots=True)
class SearchSettings:
    """Numbers that choose the way, each with its reason."""

    # Items that exact search measures in the time that Annoy needs to answer at all; both numbers follow from
    # `make bench`.
    exact_up_to: int = 50_000
    # Items that exact search measures in the time of one more proposal. Where few items are allowed, proposals that
    # fall out are many, and this is what sends such a request to exact search. 0: proposals cost nothing.
    items_per_proposal: float = 200.0
    # The first proposal asks for this many times the expected need, so that a second one is rare.
    proposal_margin: float = 1.5
    # From four queries on, each proposes so many times what is needed of all together.
    crowd_margin: int = 3


@dataclass(frozen=True, slots=True)
class Ranking:
    """Items from best to worst score.

    ``items``: int32, ``scores`` and ``similarities``: float64 rounded to 1e-5, all of shape ``(m,)``. ``complete``
    says that no allowed item was left out, so asking for more is of no use.
    """

    items: Items
    scores: FloatArray
    similarities: FloatArray
    path: SearchPath
    complete: bool


class CandidateSearch:
    """Ranks allowed items of one index.

    ``vectors``: float32, shape ``(n, dimension)``, memory-mapped or not.
    """

    def __init__(
        self,
        space: FeatureSpace,
        vectors: NDArray[Any],
        arrays: ItemArrays,
        neighbours: NeighbourIndex,
        settings: SearchSettings | None = None,
    ) -> None:
        self._space = space
        self._vectors = vectors
        self._arrays = arrays
        self._neighbours = neighbours
        self._settings = settings or SearchSettings()

    def rank(
        self, queries: Sequence[QueryPoint], allowed: Items, count: int, popularity_weight: float = 0.0
    ) -> Ranking:
        """At least the ``count`` best of ``allowed`` (fewer when there are fewer), best first.

        Score is similarity to the nearest query, or to a crowd of them (see ``exact.ranking_distances``), plus
        ``popularity_weight`` times artist popularity / 100; equal scores are ordered by track id. ``allowed`` must be
        ascending.
        """
        proposed = None
        # Popularity moves items that are far away to the front, and an absent feature changes what is near; the
        # neighbour index knows neither.
        if (
            len(allowed) > self._settings.exact_up_to
            and popularity_weight == 0
            and all(q.basis is None for q in queries)
        ):
            proposed = self._propose(queries, allowed, count)
        if proposed is None:
            return self._ordered(queries, allowed, count, popularity_weight, SearchPath.EXACT, len(allowed))
        return self._ordered(queries, proposed, count, popularity_weight, SearchPath.ANNOY, len(allowed))

    def _propose(self, queries: Sequence[QueryPoint], allowed: Items, count: int) -> Items | None:
        """Allowed items that hold the ``count`` nearest, ascending; ``None`` when exact search is cheaper."""
        parts = []
        # What lies well among a crowd need not be the very nearest to any of them.
        reserve = self._settings.crowd_margin if len(queries) >= CROWD else 1
        for query in queries:
            # Each query needs its own `count`: what another one found in plenty says nothing about this one's
            # neighbourhood, where the allowed items may lie behind many that are not.
            part = self._nearest_allowed(query, allowed, min(count * reserve, max(count, len(allowed))))
            if part is None:
                return None
            parts.append(part)
        return np.unique(np.concatenate(parts))

    def _nearest_allowed(self, query: QueryPoint, allowed: Items, count: int) -> Items | None:
        share = len(allowed) / len(self._vectors)
        wanted = int(count / share * self._settings.proposal_margin) + 1
        worthwhile = len(allowed) - self._settings.exact_up_to
        while count <= len(allowed) and wanted * self._settings.items_per_proposal <= worthwhile:
            found = self._neighbours.nearest(query.vector.astype(np.float32), wanted).astype(np.int32)
            kept: Items = found[contained(found, allowed)]
            if len(kept) >= count:
                return kept
            wanted *= 2
        return None

    def _ordered(
        self,
        queries: Sequence[QueryPoint],
        items: Items,
        count: int,
        popularity_weight: float,
        path: SearchPath,
        allowed_count: int,
    ) -> Ranking:
        if not popularity_weight:
            items = shortlist(self._space, self._vectors, items, queries, count)
        similarities = self._space.similarity(squared_distances(self._vectors, items, queries))
        scores = similarities
        if len(queries) >= CROWD:
            scores = self._space.similarity(ranking_distances(self._space, self._vectors, items, queries))
        if popularity_weight:
            popularity = self._arrays.artist_popularity[items]
            scores = np.round(scores + popularity_weight * popularity / 100.0, 5)
        if len(items) > count:
            # Everything that ties with the last place stays, so that track ids and not numpy decide among equals.
            threshold = np.partition(scores, len(scores) - count)[len(scores) - count]
            kept = scores >= threshold
            items, scores, similarities = items[kept], scores[kept], similarities[kept]
        order = np.lexsort((self._arrays.track_ids[items], -scores))
        return Ranking(items[order], scores[order], similarities[order], path, len(items) == allowed_count)
