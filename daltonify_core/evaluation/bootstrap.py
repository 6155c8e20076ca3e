"""Paired bootstrap: how sure is it that one method finds more than another?"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from daltonify_core.index.feature_space import FloatArray

RESAMPLES: Final = 2_000
_BOUNDS: Final = (0.025, 0.975)


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate with its 95 % bounds."""

    value: float
    low: float
    high: float


def resampled_weights(groups: NDArray[np.int64], random_seed: int, resamples: int = RESAMPLES) -> FloatArray:
    """How often each question counts in each resample: shape ``(resamples, q)``.

    ``groups``, shape ``(q,)``, numbers the group of each question; whole groups are drawn, with replacement, as many as
    there are. With a group of its own for each question that is the ordinary bootstrap.
    """
    numbers, members = np.unique(groups, return_inverse=True)
    drawn = np.random.default_rng(random_seed).multinomial(
        len(numbers), np.full(len(numbers), 1.0 / len(numbers)), size=resamples
    )
    return drawn[:, members].astype(np.float64)


def mean(values: FloatArray, weights: FloatArray) -> Interval:
    """The mean of ``values``, shape ``(q,)``."""
    return _interval(float(values.mean()), weights @ values / weights.sum(axis=1))


def ratio_of_means(values: FloatArray, others: FloatArray, weights: FloatArray) -> Interval:
    """Mean of ``values`` over mean of ``others``, both of shape ``(q,)`` and from the same questions.

    Each resample takes the same questions of both, so what is easy for both does not blur the ratio. Infinite where
    the others find nothing, NaN where neither does.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        ratios = (weights @ values) / (weights @ others)
        ratio = float(np.float64(values.mean()) / np.float64(others.mean()))
    return _interval(ratio, ratios)


def _interval(value: float, resampled: FloatArray) -> Interval:
    # A resample in which neither finds anything tells nothing. By rank, not in between: one in which only the others
    # find nothing is infinite.
    known = resampled[~np.isnan(resampled)]
    low, high = np.quantile(known, _BOUNDS, method="nearest") if len(known) else (np.nan, np.nan)
    return Interval(value, float(low), float(high))
