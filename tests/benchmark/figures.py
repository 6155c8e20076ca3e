"""What a benchmark computes from what it measured: percentiles, recall and ratios."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

# Two libraries add the same squares in another order; whoever is so little further away is as near.
_EQUALLY_FAR: Final = 1.0 + 1e-4


@dataclass(frozen=True, slots=True)
class Times:
    """Milliseconds of one thing that was done many times."""

    p50: float
    p99: float
    mean: float
    count: int

    @classmethod
    def of(cls, milliseconds: Sequence[float]) -> "Times":
        """Raises ``ValueError`` when nothing was measured."""
        return cls(
            percentile(milliseconds, 50),
            percentile(milliseconds, 99),
            math.fsum(milliseconds) / len(milliseconds),
            len(milliseconds),
        )


def percentile(values: Sequence[float], share: float) -> float:
    """The least value that at least ``share`` per cent of the values do not exceed; never a value between two.

    Raises ``ValueError`` for no values, or a share outside 0..100.
    """
    if not values or not 0 <= share <= 100:
        raise ValueError("A percentile needs values, and a share from 0 to 100.")
    return sorted(values)[max(0, math.ceil(share / 100 * len(values)) - 1)]


def least_of_rounds(rounds: Sequence[Sequence[float]]) -> list[float]:
    """For each thing the least of its times, given one list of times per round.

    Whatever else the machine does can only add to a time, so the least is nearest to what the work itself takes.
    """
    return [min(times) for times in zip(*rounds, strict=True)]


def recall(found: NDArray[Any], exact: NDArray[Any], query: NDArray[Any], vectors: NDArray[Any], wanted: int) -> float:
    """The share of the ``wanted`` nearest that was found; 1 when there are none to find.

    ``exact`` are the items of the exact answer, ``found`` those of another one that keeps the same filter. By
    distance, so that of equally distant items any will do: an item counts when it is no further away than the last of
    the exact answer. An item that was found twice counts once.
    """
    wanted = min(wanted, len(exact))
    if wanted == 0:
        return 1.0
    last = _squared(vectors[exact[:wanted]], query).max() * _EQUALLY_FAR
    near = _squared(vectors[np.unique(found[: wanted + 1][:wanted])], query) <= last
    return min(1.0, int(near.sum()) / wanted)


def _squared(vectors: NDArray[Any], query: NDArray[Any]) -> NDArray[np.float64]:
    difference = vectors.astype(np.float64) - query
    return np.asarray(np.einsum("ij,ij->i", difference, difference))


def growth(sizes: Sequence[float], costs: Sequence[float]) -> float | None:
    """The power of the size that a cost follows from the smallest to the largest size: 0 constant, 1 in proportion.

    ``None`` where two sizes with a cost above zero are lacking.
    """
    known = sorted((size, cost) for size, cost in zip(sizes, costs, strict=True) if cost > 0)
    if len(known) < 2 or known[0][0] == known[-1][0]:
        return None
    (small, first), (large, last) = known[0], known[-1]
    return math.log(last / first) / math.log(large / small)
