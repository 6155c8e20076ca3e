"""Candidate search: the allowed items ranked by score, by the cheaper of two ways.

While few items are allowed, every one is measured (exact). Above a measured crossover the neighbour index proposes
items near the seed, proposals that are not allowed fall out, and the proposal grows until enough remain. Both ways
measure what they return with the same arithmetic, so they differ only in what the neighbour index overlooks. An index
of so few tracks that measuring all of them is no burden has no neighbour index.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from daltonify_core.index.exact import (
    CROWD,
    last_distance,
    last_score,
    least_keys,
    ranking_distances,
    rough_of_columns,
    rough_of_rows,
    rough_ranking_distances,
    squared_distances,
)
from daltonify_core.index.feature_space import FeatureSpace, Float32Array, FloatArray, QueryPoint
from daltonify_core.index.items import ItemArrays, Items, united
from daltonify_core.index.pools import GatheredRows, GenreStretch, ItemStretch, Mask, Pool, Run
from daltonify_core.ports.index import NeighbourIndex

# Items that exact search measures in the time in which Annoy inspects one entry: .15 us beside 2.5 ns (one thread,
# medians; the decision record on the search engine). A ratio, and stored, so that no timing decides at build time.
_ITEMS_PER_ENTRY: Final = 60


# Rows that are measured in double precision in the time that single precision and a closer look at the nearest take.
_FEW: Final = 700


class SearchPath(StrEnum):
    """How an answer was found."""

    EXACT = "exact"
    ANNOY = "annoy"


@dataclass(frozen=True, slots=True)
class SearchSettings:
    """Numbers that choose the way, each with its reason."""

    # Items that exact search measures in the time that Annoy needs to answer at all.
    exact_up_to: int = 50_000
    # Items that exact search measures in the time of one more proposal. Where few items are allowed, proposals that
    # fall out are many, and this is what sends such a request to exact search. 0: proposals cost nothing.
    items_per_proposal: float = 200.0
    # The first proposal asks for this many times the expected need, so that a second one is rare.
    proposal_margin: float = 1.5
    # From four queries on, each proposes so many times what is needed of all together.
    crowd_margin: int = 3

    @classmethod
    def beside(cls, neighbours: NeighbourIndex) -> "SearchSettings":
        """Settings for a neighbour index that inspects as many entries as it says."""
        floor = neighbours.effort(0)
        return cls(_ITEMS_PER_ENTRY * floor, float(_ITEMS_PER_ENTRY * (neighbours.effort(1) - floor)))


class Ranking(NamedTuple):
    """Items from best to worst score.

    ``items``: int32, ``scores`` and ``similarities``: float64 rounded to 1e-5, all of shape ``(m,)``. ``complete``
    says that no allowed item was left out, so asking for more is of no use.
    """

    items: Items
    scores: FloatArray
    similarities: FloatArray
    path: SearchPath
    complete: bool


class _Near(NamedTuple):
    """Items among which the best are, ascending, and their vectors; only those ``kept``, where that is given."""

    items: Items
    vectors: Float32Array
    kept: Mask | None = None


class CandidateSearch:
    """Ranks allowed items of one index.

    ``vectors``: float32, shape ``(n, dimension)``, memory-mapped or not.
    """

    def __init__(
        self,
        space: FeatureSpace,
        vectors: NDArray[Any],
        arrays: ItemArrays,
        neighbours: NeighbourIndex | None,
        settings: SearchSettings | None = None,
    ) -> None:
        self._space = space
        self._vectors = vectors
        self._arrays = arrays
        self._neighbours = neighbours
        self._settings = settings or (SearchSettings() if neighbours is None else SearchSettings.beside(neighbours))
        self._squares: Float32Array | None = None

    def rank(
        self,
        queries: Sequence[QueryPoint],
        allowed: Items | Pool,
        count: int,
        popularity_weight: float = 0.0,
        share: float = 1.0,
    ) -> Ranking:
        """At least the ``count`` best of ``allowed`` (fewer when there are fewer), best first.

        Score is similarity to the nearest query, or to a crowd of them (see ``exact.ranking_distances``), plus
        ``popularity_weight`` times artist popularity / 100; equal scores are ordered by track id. Items must be
        ascending. ``share``: of what the neighbour index usually inspects, where it is asked.
        """
        pool = allowed if isinstance(allowed, Pool) else Pool.of(allowed, self._arrays)
        proposed, neighbours = None, self._neighbours
        # Popularity moves items that are far away to the front, and an absent feature changes what is near; the
        # neighbour index knows neither.
        if (
            neighbours is not None
            and len(pool) > self._settings.exact_up_to
            and popularity_weight == 0
            and all(query.basis is None for query in queries)
        ):
            proposed = self._propose(neighbours, queries, pool, count, share)
        path = SearchPath.EXACT if proposed is None else SearchPath.ANNOY
        if proposed is not None:
            near = _Near(proposed, self._vectors[proposed])
        else:
            near = _all_of_few(pool) or self._shortlist(queries, pool, count, popularity_weight)
        return self._ordered(queries, near, count, popularity_weight, path, len(pool))

    def nearest(self, queries: Sequence[QueryPoint], count: int, share: float = 1.0) -> Items:
        """The ``count`` nearest of all items, nearest first.

        As ``rank``, but what the neighbour index proposes for a single query is taken as it is: measuring it would only
        tell the order of near ties, and takes half as long again.
        """
        total, neighbours, [query, *others] = len(self._vectors), self._neighbours, queries
        cost = self._settings.exact_up_to + count * self._settings.items_per_proposal
        if neighbours is not None and not others and query.basis is None and count <= total and cost <= total:
            found: Items = neighbours.nearest(query.vector.astype(np.float32), count, share).astype(np.int32)
            if len(found) >= count:
                return found
        return self.rank(queries, Pool.between(0, total, self._arrays), count, share=share).items[:count]

    def _propose(
        self, neighbours: NeighbourIndex, queries: Sequence[QueryPoint], pool: Pool, count: int, share: float
    ) -> Items | None:
        """Allowed items that hold the ``count`` nearest, ascending; ``None`` when exact search is cheaper."""
        parts = []
        # What lies well among a crowd need not be the very nearest to any of them.
        reserve = self._settings.crowd_margin if len(queries) >= CROWD else 1
        for query in queries:
            # Each query needs its own `count`: what another one found in plenty says nothing about this one's
            # neighbourhood, where the allowed items may lie behind many that are not.
            part = self._nearest_allowed(neighbours, query, pool, min(count * reserve, max(count, len(pool))), share)
            if part is None:
                return None
            parts.append(part)
        return united(parts)

    def _nearest_allowed(
        self, neighbours: NeighbourIndex, query: QueryPoint, pool: Pool, count: int, share: float
    ) -> Items | None:
        margin = self._settings.proposal_margin if len(pool) < len(self._vectors) else 1.0
        wanted = int(count / (len(pool) / len(self._vectors)) * margin) + 1
        worthwhile = len(pool) - self._settings.exact_up_to
        while count <= len(pool) and wanted * self._settings.items_per_proposal <= worthwhile:
            found = neighbours.nearest(query.vector.astype(np.float32), wanted, share).astype(np.int32)
            kept: Items = found[pool.holds(found)] if len(pool) < len(self._vectors) else found
            if len(kept) >= count:
                return kept
            wanted *= 2
        return None

    def _shortlist(self, queries: Sequence[QueryPoint], pool: Pool, count: int, weight: float) -> _Near:
        """The items that can be among the ``count`` that rank first, ties with the last place included.

        A scan in single precision that leaves out only what lies beyond every rounding error, so that measuring the
        shortlist in double precision gives the very answer that measuring all items would.
        """
        if len(pool) <= count:
            return _Near(items := pool.items(), self._vectors[items])
        if len(pool.runs) == 1:
            [run] = pool.runs
            keys = self._keys(queries, run, weight)
            found = least_keys(keys, run.kept, count)
            return self._at(run, found.up_to(self._limit(queries, found.last, weight), keys, run.kept))
        keys_of = [self._keys(queries, run, weight) for run in pool.runs]
        found_in = [least_keys(keys, run.kept, count) for keys, run in zip(keys_of, pool.runs, strict=True)]
        last = float(np.partition(np.concatenate([found.least for found in found_in]), count - 1)[count - 1])
        limit = self._limit(queries, last, weight)
        parts = [
            self._at(run, found.up_to(limit, keys, run.kept))
            for run, keys, found in zip(pool.runs, keys_of, found_in, strict=True)
        ]
        return _Near(np.concatenate([part.items for part in parts]), np.concatenate([part.vectors for part in parts]))

    def _at(self, run: Run, places: NDArray[np.intp]) -> _Near:
        """What stands in some rows of a run; the vectors of a genre's rows from where the scan has just been."""
        rows, items = run.rows, run.rows.at(places)
        return _Near(items, rows.vectors[places] if isinstance(rows, GenreStretch) else self._vectors[items])

    def _limit(self, queries: Sequence[QueryPoint], last: float, weight: float) -> float:
        """Up to which key an item may tie with, or precede, one whose key is ``last``."""
        reach = max([query.square for query in queries])
        return -last_score(self._space, reach, -last, weight) if weight else last_distance(self._space, reach, last)

    def _keys(self, queries: Sequence[QueryPoint], run: Run, weight: float) -> Float32Array:
        """What ranks every row of a run, the least first: squared distances or, with a weight, negative scores."""
        rows = run.rows
        if isinstance(rows, GenreStretch):
            points = rows.points
            measured = [rough_of_columns(points, query) for query in queries]
        else:
            vectors, squares = self._vectors_of(rows)
            measured = [rough_of_rows(vectors, squares, query) for query in queries]
        distances = rough_ranking_distances(self._space, measured)
        if not weight:
            return distances
        keys = -np.exp(np.maximum(distances, np.float32(0.0)) / np.float32(-self._space.width))
        keys -= (weight / 100.0) * rows.artist_popularity.astype(np.float32)
        return np.asarray(keys, dtype=np.float32)

    def _vectors_of(self, rows: GatheredRows | ItemStretch) -> tuple[Float32Array, Float32Array | None]:
        """Vectors and, where that takes no measuring, their squared lengths."""
        if isinstance(rows, GatheredRows):
            return self._vectors[rows.items], None
        stretch = slice(rows.first, rows.end)
        return self._vectors[stretch], self._squares_of_all()[stretch]

    def _squares_of_all(self) -> Float32Array:
        """Squared lengths of all vectors, kept from the first time on: four bytes a track."""
        if self._squares is None:
            squares = np.zeros(len(self._vectors), dtype=np.float32)
            for column in self._vectors.T:
                squares += column * column
            self._squares = squares
        return self._squares

    def _ordered(
        self,
        queries: Sequence[QueryPoint],
        near: _Near,
        count: int,
        popularity_weight: float,
        path: SearchPath,
        allowed_count: int,
    ) -> Ranking:
        items, vectors, kept = near
        similarities = self._space.similarity(squared_distances(vectors, queries))
        scores = similarities
        if len(queries) >= CROWD:
            scores = self._space.similarity(ranking_distances(self._space, vectors, queries))
        if popularity_weight:
            popularity = self._arrays.artist_popularity[items]
            scores = np.round(scores + popularity_weight * popularity / 100.0, 5)
        if kept is not None:
            best = _best(scores, kept, count)
            items, scores, similarities = items.take(best), scores.take(best), similarities.take(best)
        order = scores.argsort()[::-1]
        ranked = scores[order]
        ties = (ranked[1:] == ranked[:-1]).nonzero()[0]
        if len(ties):
            # Track ids and not numpy decide among equals, which mostly are a few pairs.
            tied = np.zeros(len(order), dtype=np.bool_)
            tied[ties] = tied[ties + 1] = True
            equals = order[tied]
            order[tied] = equals[np.lexsort((self._arrays.track_ids[items[equals]], -scores[equals]))]
        if len(items) > count:
            # Everything that ties with the last place stays.
            end = len(items) - int(ranked[::-1].searchsorted(ranked[count - 1]))
            order, ranked = order[:end], ranked[:end]
        return Ranking(items[order], ranked, similarities[order], path, len(order) == allowed_count)


def _all_of_few(pool: Pool) -> _Near | None:
    """All rows of a genre, where finding out which of them are near takes longer than measuring them."""
    if len(pool.runs) != 1:
        return None
    [run] = pool.runs
    if len(run.rows) > _FEW or not isinstance(run.rows, GenreStretch):
        return None
    kept = np.ones(len(run.rows), dtype=np.bool_) if run.kept is None else run.kept
    return _Near(run.rows.items, run.rows.vectors, kept)


def _best(scores: FloatArray, kept: Mask, count: int) -> NDArray[np.intp]:
    """Places of the ``count`` greatest of the kept scores and of all that equal the last of them, ascending."""
    if len(scores) <= count:
        return kept.nonzero()[0]
    wanted = np.where(kept, scores, -np.inf)
    first = len(wanted) - count
    found: NDArray[np.intp] = (kept & (wanted >= np.partition(wanted, first)[first])).nonzero()[0]
    return found
