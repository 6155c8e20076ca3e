"""Exact search: the reference answer, and the faster one while few items are left after filtering."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from daltonify_core.index.feature_space import FeatureSpace, Float32Array, FloatArray, QueryPoint
from daltonify_core.index.items import Items

# Single precision errs by about 1e-6 of a squared distance; these margins are a hundred times wider.
_RELATIVE_MARGIN: Final = 1e-4
_ABSOLUTE_MARGIN: Final = 1e-3
# Two similarities that round to the same 1e-5 differ by less than that; twice as much is safe.
_TIE: Final = 2e-5

CROWD: Final = 4
"""From so many queries on it can be told which of them lie apart from the others, and where most of them lie."""
# Reach of one query in a crowd, as a share of sigma squared. Eight tracks of a human playlist found half as
# many again of its others as by the nearest query alone (nDCG@30 .146, not .099), and two thirds as many again when two
# of the eight were strangers (.126, not .076). A wider reach gains little more and prefers what lies between queries.
_REACH: Final = 0.25


def squared_distances(vectors: NDArray[Any], items: Items, queries: Sequence[QueryPoint]) -> FloatArray:
    """Squared distance of each item to its nearest query; float64, shape ``(len(items),)``.

    ``vectors``: shape ``(n, dimension)``. Several queries mean "near to any of them": a mean of unlike seeds would
    resemble none.
    """
    chosen = vectors[items]
    nearest = queries[0].squared_distances(chosen)
    for query in queries[1:]:
        np.minimum(nearest, query.squared_distances(chosen), out=nearest)
    return nearest


def ranking_distances(
    space: FeatureSpace, vectors: NDArray[Any], items: Items, queries: Sequence[QueryPoint]
) -> FloatArray:
    """Squared distances that rank; float64, shape ``(len(items),)``.

    Up to three queries: to the nearest one. A crowd of them, such as an album: every query draws within its own small
    reach, and all of them together rank an item by how many it is near to. So an item beside one query beats one in an
    empty middle, and one beside a query that lies apart from the crowd comes after those beside its fellows.
    """
    if len(queries) < CROWD:
        return squared_distances(vectors, items, queries)
    chosen = vectors[items]
    return np.asarray(_crowd_distances([query.squared_distances(chosen) for query in queries], space))


def _crowd_distances(distances: Sequence[NDArray[Any]], space: FeatureSpace) -> NDArray[Any]:
    """A soft minimum, never below the least distance: the logarithm of a mean over the queries' bells."""
    width = 2.0 * _REACH * space.sigma**2
    nearest = np.minimum.reduce(distances)
    total = np.zeros_like(nearest)
    for distance in distances:
        total += np.exp((nearest - distance) / width)
    return np.asarray(nearest - width * np.log(total / len(distances)))


def shortlist(
    space: FeatureSpace, vectors: NDArray[Any], items: Items, queries: Sequence[QueryPoint], count: int
) -> Items:
    """The items that can be among the ``count`` that rank first, ties with the last place included, in their order.

    A scan in single precision that leaves out only what lies beyond every rounding error, so that measuring the
    shortlist in double precision gives the very answer that measuring all items would.
    """
    if len(items) <= count:
        return items
    nearest = _rough_ranking_distances(space, vectors, items, queries)
    last = float(np.partition(nearest, count - 1)[count - 1])
    similarity = float(np.exp(-last / (2.0 * space.sigma**2))) - _TIE
    if similarity <= 0.0:
        # So far away that everything beyond rounds to the same similarity.
        return items
    limit = -2.0 * space.sigma**2 * float(np.log(similarity))
    return items[nearest <= limit * (1.0 + _RELATIVE_MARGIN) + _ABSOLUTE_MARGIN]


def _rough_ranking_distances(
    space: FeatureSpace, vectors: NDArray[Any], items: Items, queries: Sequence[QueryPoint]
) -> Float32Array:
    first, last = int(items[0]), int(items[-1])
    # A run of items is a view of the vectors; anything else has to be gathered.
    chosen = vectors[first : last + 1] if last - first + 1 == len(items) else vectors[items]
    found: list[Float32Array] = []
    for query in queries:
        difference = chosen - query.vector.astype(np.float32)
        if query.basis is not None:
            difference = difference @ query.basis.T.astype(np.float32)
        measured = np.einsum("ij,ij->i", difference, difference) - np.float32(query.offset)
        found.append(np.maximum(measured + np.float32(query.unknown), np.float32(0.0)))
    if len(found) < CROWD:
        return np.asarray(np.minimum.reduce(found))
    return np.asarray(_crowd_distances(found, space))
