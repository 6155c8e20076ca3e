"""Exact search: the reference answer, and the faster one while few items are left after filtering."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from daltonify_core.index.feature_space import FloatArray, QueryPoint
from daltonify_core.index.items import Items


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
