"""Exact search: the reference answer, and the faster one while few items are left after filtering."""

import math
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from daltonify_core.index.feature_space import FeatureSpace, Float32Array, FloatArray, IntArray, QueryPoint

# Single precision errs by about 1e-6 of a squared distance; these margins are a hundred times wider.
_RELATIVE_MARGIN: Final = 1e-4
_ABSOLUTE_MARGIN: Final = 1e-3
# A distance that is the difference of squared lengths errs by about 1e-7 of those for each number of a vector.
_LENGTH_MARGIN: Final = 4e-6
# Two similarities that round to the same 1e-5 differ by less than that; twice as much is safe.
_TIE: Final = 2e-5
# Columns whose differences stay in a processor's cache.
_BLOCK: Final = 4_096
_WIDE_BLOCK: Final = 32_768
_STEPS: Final = 1e5
# Keys that tell where the least ones lie: every eighth, or so many; sorting those takes a tenth of the time of looking
# at a hundred thousand.
_SAMPLE_STEP: Final = 8
_SAMPLE: Final = 2_048
# Keys from which on a look at a sample pays: half of fewer are soon told from the others.
_MANY: Final = 4_096

CROWD: Final = 4
"""From so many queries on it can be told which of them lie apart from the others, and where most of them lie."""
# Reach of one query in a crowd, as a share of sigma squared. Eight tracks of a human playlist found half as
# many again of its others as by the nearest query alone (nDCG@30 .146, not .099), and two thirds as many again when two
# of the eight were strangers (.126, not .076). A wider reach gains little more and prefers what lies between queries.
_REACH: Final = 0.25


def squared_distances(vectors: NDArray[Any], queries: Sequence[QueryPoint]) -> FloatArray:
    """Squared distance of each vector to its nearest query; float64, shape ``(n,)``.

    ``vectors``: shape ``(n, dimension)``. Several queries mean "near to any of them": a mean of unlike seeds would
    resemble none.
    """
    nearest = queries[0].squared_distances(vectors)
    for query in queries[1:]:
        np.minimum(nearest, query.squared_distances(vectors), out=nearest)
    return nearest


def ranking_distances(space: FeatureSpace, vectors: NDArray[Any], queries: Sequence[QueryPoint]) -> FloatArray:
    """Squared distances that rank; float64, shape ``(n,)`` for ``vectors`` of shape ``(n, dimension)``.

    Up to three queries: to the nearest one. A crowd of them, such as an album: every query draws within its own small
    reach, and all of them together rank an item by how many it is near to. So an item beside one query beats one in an
    empty middle, and one beside a query that lies apart from the crowd comes after those beside its fellows.
    """
    if len(queries) < CROWD:
        return squared_distances(vectors, queries)
    return np.asarray(_crowd_distances([query.squared_distances(vectors) for query in queries], space))


def _crowd_distances(distances: Sequence[NDArray[Any]], space: FeatureSpace) -> NDArray[Any]:
    """A soft minimum, never below the least distance: the logarithm of a mean over the queries' bells."""
    width = _REACH * space.width
    nearest = np.minimum.reduce(distances)
    total = np.zeros_like(nearest)
    for distance in distances:
        total += np.exp((nearest - distance) / width)
    return np.asarray(nearest - width * np.log(total / len(distances)))


def rough_ranking_distances(space: FeatureSpace, distances: Sequence[Float32Array]) -> Float32Array:
    """As ``ranking_distances``, in single precision, from the ``distances`` to each query.

    Of a single query they may fall below 0, which tracks do that lie further outward than what sounds just like it.
    """
    if len(distances) == 1:
        return distances[0]
    found = [np.maximum(one, np.float32(0.0)) for one in distances]
    if len(found) < CROWD:
        return np.asarray(np.minimum.reduce(found))
    return np.asarray(_crowd_distances(found, space))


def rough_of_columns(points: Float32Array, query: QueryPoint) -> Float32Array:
    """Squared distances; ``points``: shape ``(dimension + 1, m)``, the last row squared lengths."""
    if query.basis is None:
        measured: Float32Array = query.weights @ points
    else:
        measured = np.empty(points.shape[1], dtype=np.float32)
        basis, start = query.basis.astype(np.float32), query.vector.astype(np.float32)[:, None]
        for first in range(0, len(measured), _BLOCK):
            block = slice(first, first + _BLOCK)
            difference = basis @ (points[:-1, block] - start)
            np.einsum("ij,ij->j", difference, difference, out=measured[block])
    measured += np.float32(query.unknown - query.offset + (query.square if query.basis is None else 0.0))
    return measured


def rough_of_rows(vectors: Float32Array, squares: Float32Array | None, query: QueryPoint) -> Float32Array:
    """Squared distances; ``vectors``: shape ``(m, dimension)``, ``squares`` their squared lengths, if known."""
    added = query.unknown - query.offset
    if query.basis is None and squares is not None:
        measured = query.weights[:-1] @ vectors.T
        measured += squares
        added += query.square
    else:
        difference = vectors - query.vector.astype(np.float32)
        if query.basis is not None:
            difference = difference @ query.basis.T.astype(np.float32)
        measured = np.einsum("ij,ij->i", difference, difference)
    measured += np.float32(added)
    return measured


def last_distance(space: FeatureSpace, reach: float, distance: float) -> float:
    """Up to where an item in single precision may tie with, or precede, one at ``distance``; infinite where all may.

    ``reach``: the greatest squared length of a query.
    """
    similarity = math.exp(-max(distance, 0.0) / space.width) - _TIE
    if similarity <= 0.0:
        # So far away that everything beyond rounds to the same similarity.
        return math.inf
    limit = -space.width * math.log(similarity)
    return limit + _margin(reach, limit)


def last_score(space: FeatureSpace, reach: float, score: float, weight: float) -> float:
    """Down to where an item in single precision may tie with, or precede, one whose score is ``score``."""
    # Similarity falls fastest where the distance is 0; farther out distances err by more and count for less.
    slack = 4.0 * _margin(reach, 0.0) / space.width + _RELATIVE_MARGIN
    return score - _TIE - slack - 1e-6 * weight


def _margin(reach: float, distance: float) -> float:
    """More than single precision errs in a squared distance, which is taken from squared lengths."""
    lengths = reach + (math.sqrt(reach) + math.sqrt(distance)) ** 2
    return _RELATIVE_MARGIN * distance + _ABSOLUTE_MARGIN + _LENGTH_MARGIN * lengths


class LeastKeys(NamedTuple):
    """The least of some keys: ``last`` of them, and all unordered. ``places``, ascending, hold all up to ``reach``."""

    last: float
    least: Float32Array
    places: NDArray[np.intp] | None = None
    reach: float = -math.inf

    def up_to(self, limit: float, keys: Float32Array, kept: NDArray[np.bool_] | None) -> NDArray[np.intp]:
        """Places of all kept keys up to a limit, ascending; ``keys`` and ``kept`` as they were looked at."""
        if self.places is not None and limit <= self.reach:
            return self.places[keys[self.places] <= limit]
        within = keys <= limit
        if kept is not None:
            within &= kept
        return within.nonzero()[0]


def least_keys(keys: Float32Array, kept: NDArray[np.bool_] | None, count: int) -> LeastKeys:
    """The ``count`` least of the kept keys, or all of them where there are fewer.

    Of many keys a sample tells about where the last one lies, so that most are looked at once and never sorted.
    """
    total = len(keys)
    if total > _MANY:
        step = max(_SAMPLE_STEP, -(-total // _SAMPLE))
        sample, wanted = keys[::step], count / step
        while (rank := int(wanted + 3.0 * math.sqrt(wanted)) + 4) < len(sample):
            reach = float(np.partition(sample, rank)[rank])
            places = (keys <= reach).nonzero()[0]
            if kept is not None:
                places = places[kept[places]]
            if len(places) >= count:
                return LeastKeys(*_least(keys[places], count), places, reach)
            wanted = 4.0 * wanted + 1.0
    return LeastKeys(*_least(keys if kept is None else keys[kept], count))


def _least(keys: Float32Array, count: int) -> tuple[float, Float32Array]:
    if len(keys) > count:
        keys = np.partition(keys, count - 1)[:count]
        return float(keys[-1]), keys
    return float(keys.max()) if len(keys) else -math.inf, keys


def nearest_of_each(vectors: Float32Array, queries: Float32Array, count: int) -> IntArray:
    """The items nearest to each query, nearest first and of equals the lower number; int64, ``(m, min(count, n))``.

    ``vectors``: shape ``(n, dimension)``, ``queries``: ``(m, dimension)``, both with five decimals. Counted in those
    steps all terms are whole numbers that double precision holds exactly, so every processor finds the same.
    """
    count = min(count, len(vectors))
    wanted = np.rint(queries.astype(np.float64) * _STEPS)
    nearest = [(np.empty(0, dtype=np.int64), np.empty(0), math.inf) for _ in queries]
    for first in range(0, len(vectors), _WIDE_BLOCK):
        block = np.rint(vectors[first : first + _WIDE_BLOCK].astype(np.float64) * _STEPS)
        # Less the query's own squared length, which is the same for all items.
        measured = np.einsum("ij,ij->i", block, block) - 2.0 * (wanted @ block.T)
        for number, (row, (items, distances, last)) in enumerate(zip(measured, nearest, strict=True)):
            found = (row <= last).nonzero()[0]
            items, distances = np.concatenate([items, found + first]), np.concatenate([distances, row[found]])
            if len(items) > count:
                last = float(np.partition(distances, count - 1)[count - 1])
                items, distances = items[distances <= last], distances[distances <= last]
            nearest[number] = items, distances, last
    ranked = [items[np.lexsort((items, distances))[:count]] for items, distances, _ in nearest]
    return np.array(ranked, dtype=np.int64).reshape(len(queries), count)
