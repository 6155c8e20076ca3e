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


def shortlist(
    space: FeatureSpace, vectors: NDArray[Any], items: Items, queries: Sequence[QueryPoint], count: int
) -> Items:
    """The items that can be among the ``count`` most similar, ties with the last place included, in their order.

    A scan in single precision that leaves out only what lies beyond every rounding error, so that measuring the
    shortlist in double precision gives the very answer that measuring all items would.
    """
    if len(items) <= count:
        return items
    nearest = _rough_squared_distances(vectors, items, queries)
    last = float(np.partition(nearest, count - 1)[count - 1])
    similarity = float(np.exp(-last / (2.0 * space.sigma**2))) - _TIE
    if similarity <= 0.0:
        # So far away that everything beyond rounds to the same similarity.
        return items
    limit = -2.0 * space.sigma**2 * float(np.log(similarity))
    return items[nearest <= limit * (1.0 + _RELATIVE_MARGIN) + _ABSOLUTE_MARGIN]


def _rough_squared_distances(vectors: NDArray[Any], items: Items, queries: Sequence[QueryPoint]) -> Float32Array:
    first, last = int(items[0]), int(items[-1])
    # A run of items is a view of the vectors; anything else has to be gathered.
    chosen = vectors[first : last + 1] if last - first + 1 == len(items) else vectors[items]
    nearest: Float32Array | None = None
    for query in queries:
        difference = chosen - query.vector.astype(np.float32)
        if query.basis is not None:
            difference = difference @ query.basis.T.astype(np.float32)
        rough = np.einsum("ij,ij->i", difference, difference)
        nearest = rough if nearest is None else np.minimum(nearest, rough, out=nearest)
    return np.asarray(nearest)
