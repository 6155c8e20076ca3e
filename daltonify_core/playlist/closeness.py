"""Closeness: which numbers of a track bring it near to a seed, counted in the very distance that ranks.

A squared distance between two vectors is a sum over numbers: each adds how far it lies from the query's, times the pull
of that in the space's metric. (The sum is the distance but for an offset that is the same for every track.) A small
part alone is no reason, because it may be small for every track of the genre; so each part is set against what it is
for the track's peers on average.
"""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from daltonify_core.index.feature_space import FeatureSpace, FloatArray, QueryPoint

# Far below what any ranking can tell apart; hides last digits, in which processors differ.
_DECIMALS: Final = 6


def closeness(space: FeatureSpace, query: QueryPoint, peers: NDArray[Any], vectors: NDArray[Any]) -> FloatArray:
    """For each of ``vectors`` by how much each number brings it nearer to the query, in squared distance, than peers.

    ``peers`` and ``vectors``: shapes ``(n, dimension)``, n >= 1, and ``(m, dimension)``; the answer is as ``vectors``,
    with the numbers in the order of the space's columns. A value is negative where the number holds the track off, and
    0 where it does not count, be it unknown or not wanted.
    """
    parts = _parts(space, query, np.concatenate([peers.T, vectors.T], axis=1))
    usual = parts[:, : len(peers)].sum(axis=1) / len(peers)
    return np.asarray((usual - parts[:, len(peers) :].T).round(_DECIMALS))


def _parts(space: FeatureSpace, query: QueryPoint, vectors: NDArray[Any]) -> FloatArray:
    """What each number adds to the squared distances of ``vectors``; shape as ``vectors``, ``(dimension, n)``."""
    difference = vectors.astype(np.float64)
    difference -= query.vector[:, None]
    parts = space.unwhitening @ difference
    if query.basis is not None:
        difference = query.basis.T @ (query.basis @ difference)
    parts *= space.whitening.T @ difference
    return np.asarray(parts)
