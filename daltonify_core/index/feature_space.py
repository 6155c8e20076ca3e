"""The feature space: where "sounds similar" becomes a distance.

Raw features are transformed so that equal steps sound equally large (odds for shares, octaves for tempo), scaled to
unit spread, and whitened by the spread *within artists*: a direction in which one artist's own tracks differ a lot says
little about likeness and shrinks, one in which they agree grows. Distance is then measured in units of how much one
artist's tracks differ. The method is the within-class covariance normalisation of speaker recognition (Hatch,
Kajarekar, Stolcke 2006), with artists as classes.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from daltonify_core.catalogue.audio_features import CONTINUOUS_FEATURES, AudioFeatures
from daltonify_core.errors import InvalidQuery

type FloatArray = NDArray[np.float64]
type Float32Array = NDArray[np.float32]
type IntArray = NDArray[np.int64]

FAR_SIMILARITY: Final = math.exp(-0.5)
"""Similarity at the distance sigma, at which two tracks of one artist usually lie: farther is hardly similar."""

# Linear algebra differs in the last digits from one kind of processor to the next. Rounding away far more than that,
# and far less than anybody can hear, lets equal catalogues give equal bytes wherever they are built.
_PARAMETER_DIGITS: Final = 7
_VECTOR_DECIMALS: Final = 5

_UNIT_FEATURES: Final = frozenset(CONTINUOUS_FEATURES) - {"loudness", "tempo"}


@dataclass(frozen=True, slots=True)
class FeatureSpaceSettings:
    """Numbers that shape a feature space, each with its reason."""

    # Keeps logit finite and stops it from stretching what nobody hears: 0.0001 and 0.001 instrumental are both "sung".
    logit_margin: float = 0.01
    # dB. Below -30 lies near silence, above 0 clipping; differences out there are faults of mastering, not of style.
    loudness_limits: tuple[float, float] = (-30.0, 0.0)
    # Share of the diagonal mixed into the within-artist covariance, so that few artists cannot blow up a direction.
    shrinkage: float = 0.1
    # Below this many degrees of freedom (tracks beyond each artist's first) a 9 x 9 covariance is noise; the space
    # then falls back to plain scaling. Ten per covariance entry is the usual rule of thumb: 10 * 45.
    minimum_within_artist_tracks: int = 450
    # Least variance within artists, in squared spreads of the catalogue. A direction in which no artist's tracks differ
    # would otherwise outweigh all others; so it counts at most ten times.
    minimum_variance: float = 0.01
    # One prolific artist may count as many times, so that a label's house band does not define what similar means.
    maximum_tracks_per_artist: int = 50


@dataclass(frozen=True, slots=True)
class QueryPoint:
    """One seed in the feature space.

    ``vector``: float64, shape ``(dimension,)``; absent features stand at the catalogue's mean. ``basis``: ``None`` when
    every feature is present, else float64, shape ``(known, dimension)``: the directions in which a distance can be
    measured at all, scaled so that distances stay comparable with those of complete seeds.
    """

    vector: FloatArray
    basis: FloatArray | None = None

    def squared_distances(self, vectors: NDArray[Any]) -> FloatArray:
        """Squared distances to ``vectors`` (shape ``(n, dimension)``); float64, shape ``(n,)``."""
        difference = vectors.astype(np.float64) - self.vector
        if self.basis is not None:
            difference = difference @ self.basis.T
        return np.asarray(np.einsum("ij,ij->i", difference, difference))


@dataclass(frozen=True, slots=True)
class FeatureSpace:
    """Maps audio features to vectors.

    ``center``, ``scale``: shape ``(9,)``, of the transformed features. ``whitening``: shape ``(9, 9)``, applied to
    scaled features. ``sigma`` is the distance at which similarity has fallen to ``exp(-1/2)``.
    """

    center: FloatArray
    scale: FloatArray
    whitening: FloatArray
    sigma: float
    method: str
    settings: FeatureSpaceSettings = field(default_factory=FeatureSpaceSettings)

    @property
    def dimension(self) -> int:
        """Length of every vector."""
        return len(self.center)

    @classmethod
    def fit(
        cls, features: FloatArray, artists: IntArray, settings: FeatureSpaceSettings | None = None
    ) -> "FeatureSpace":
        """The space of one catalogue.

        ``features``: shape ``(n, 9)``, raw values in the order of ``CONTINUOUS_FEATURES``, n >= 1. ``artists``: shape
        ``(n,)``, a number per primary artist. Equal input gives an equal space. ``method`` tells which way was taken:
        ``within_artists`` or, with too few artists that have several tracks, ``plain``.
        """
        settings = settings or FeatureSpaceSettings()
        transformed = _transform(features, settings)
        center = _rounded(transformed.mean(axis=0))
        spread = _rounded(transformed.std(axis=0))
        varies = spread > 1e-9
        scale = np.where(varies, spread, 1.0)
        scaled = (transformed - center) / scale
        dimension = scaled.shape[1]
        within, freedom = _within_artist_covariance(scaled, artists, settings.maximum_tracks_per_artist)
        if freedom < settings.minimum_within_artist_tracks:
            # Two random tracks differ by a mean square of 2 per scaled dimension, two of one artist by about half.
            return cls(center, scale, np.diag(varies.astype(np.float64)), math.sqrt(dimension), "plain", settings)
        diagonal = np.diag(np.diag(within))
        shrunken = (1.0 - settings.shrinkage) * within + settings.shrinkage * diagonal
        values, directions = np.linalg.eigh(shrunken)
        whitening = (directions / np.sqrt(np.maximum(values, settings.minimum_variance))) @ directions.T
        # A feature that never varies in the catalogue tells no two tracks apart, but a seed may hold another value, and
        # a tiny spread would magnify that until nothing is similar.
        whitening[~varies, :] = whitening[:, ~varies] = 0.0
        whitening = _rounded(whitening)
        # Within one artist every whitened dimension has variance 1, so two of their tracks lie at mean square 2 * 9.
        return cls(center, scale, whitening, math.sqrt(2.0 * dimension), "within_artists", settings)

    def scaled(self, features: FloatArray) -> FloatArray:
        """Transformed features in units of the catalogue's spread: ``(n, 9)`` raw to ``(n, 9)``; NaN stays NaN."""
        return np.asarray((_transform(features, self.settings) - self.center) / self.scale)

    def vectors(self, features: FloatArray) -> Float32Array:
        """Vectors of complete features: ``(n, 9)`` raw to ``(n, 9)`` float32."""
        exact = np.einsum("ij,kj->ik", self.scaled(features), self.whitening)
        return np.asarray(np.round(exact, _VECTOR_DECIMALS), dtype=np.float32)

    def query(self, features: AudioFeatures) -> QueryPoint:
        """One seed's point; raises ``InvalidQuery`` when it has no continuous feature at all.

        An absent feature is never guessed: distance is the smallest that any value of it could give.
        """
        absent = [position for position, name in enumerate(CONTINUOUS_FEATURES) if getattr(features, name) is None]
        if len(absent) == self.dimension:
            raise InvalidQuery("The seed has no audio features; give at least one, such as energy or tempo.")
        raw = np.array([[_or_nan(getattr(features, name)) for name in CONTINUOUS_FEATURES]])
        scaled = self.scaled(raw)[0]
        scaled[absent] = 0.0
        vector = np.einsum("kj,j->k", self.whitening, scaled)
        if not absent:
            # As the vectors of the catalogue are, so that a track lies at distance 0 from itself.
            return QueryPoint(np.round(vector, _VECTOR_DECIMALS))
        # Whatever lies in the span of the absent features' columns could be explained by them, so only the
        # orthogonal complement is measured.
        left, strengths, _ = np.linalg.svd(self.whitening[:, absent], full_matrices=True)
        # The column of a feature that never varies is zero and explains nothing.
        complement = left[:, np.count_nonzero(strengths > 1e-9) :].T
        return QueryPoint(vector, complement * math.sqrt(self.dimension / len(complement)))

    def similarity(self, squared_distances: FloatArray) -> FloatArray:
        """``exp(-d^2 / 2 sigma^2)`` in 0..1, rounded to 1e-5 so that equal lists stay equal across machines."""
        return np.round(np.exp(-squared_distances / (2.0 * self.sigma**2)), 5)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for the manifest; ``from_dict`` restores an equal space."""
        return {
            "features": list(CONTINUOUS_FEATURES),
            "method": self.method,
            "sigma": self.sigma,
            "logit_margin": self.settings.logit_margin,
            "loudness_limits": list(self.settings.loudness_limits),
            "center": self.center.tolist(),
            "scale": self.scale.tolist(),
            "whitening": self.whitening.tolist(),
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """The space that ``to_dict`` described; raises ``ValueError`` or ``KeyError`` when it is malformed."""
        dimension = len(CONTINUOUS_FEATURES)
        if tuple(values["features"]) != CONTINUOUS_FEATURES:
            raise ValueError("the feature space names other features than this version knows")
        low, high = map(float, values["loudness_limits"])
        margin = float(values["logit_margin"])
        if not (0 < margin < math.inf and -math.inf < low < high < math.inf):
            raise ValueError("the feature space has limits that cannot be applied")
        space = cls(
            _finite(values["center"], (dimension,)),
            _finite(values["scale"], (dimension,)),
            _finite(values["whitening"], (dimension, dimension)),
            float(values["sigma"]),
            str(values["method"]),
            FeatureSpaceSettings(logit_margin=margin, loudness_limits=(low, high)),
        )
        if not (space.sigma > 0 and math.isfinite(space.sigma) and bool(np.all(space.scale > 0))):
            raise ValueError("the feature space has a scale or sigma that is not positive")
        return space


def _rounded(values: FloatArray) -> FloatArray:
    """To ``_PARAMETER_DIGITS`` significant digits."""
    magnitudes = np.floor(np.log10(np.maximum(np.abs(values), 1e-12)))
    factors = 10.0 ** (_PARAMETER_DIGITS - 1 - magnitudes)
    return np.asarray(np.round(values * factors) / factors)


def _or_nan(value: float | None) -> float:
    return math.nan if value is None else value


def _transform(features: FloatArray, settings: FeatureSpaceSettings) -> FloatArray:
    result = np.array(features, dtype=np.float64)
    margin = settings.logit_margin
    for position, name in enumerate(CONTINUOUS_FEATURES):
        column = result[:, position]
        if name in _UNIT_FEATURES:
            result[:, position] = np.log((column + margin) / (1.0 - column + margin))
        elif name == "tempo":
            result[:, position] = np.log2(column)
        else:
            result[:, position] = np.clip(column, *settings.loudness_limits)
    return result


def _within_artist_covariance(scaled: FloatArray, artists: IntArray, limit: int) -> tuple[FloatArray, int]:
    """Pooled covariance of tracks around their artist's mean, and its degrees of freedom."""
    order = np.argsort(artists, kind="stable")
    sorted_artists = artists[order]
    starts = np.flatnonzero(np.r_[True, sorted_artists[1:] != sorted_artists[:-1]])
    rank = np.arange(len(order)) - np.repeat(starts, np.diff(np.r_[starts, len(order)]))
    chosen = rank < limit
    rows, group = scaled[order][chosen], np.unique(sorted_artists[chosen], return_inverse=True)[1]
    counts = np.bincount(group)
    means = np.stack([np.bincount(group, weights=column) / counts for column in rows.T], axis=1)
    deviations = rows - means[group]
    freedom = len(rows) - len(counts)
    return np.asarray(deviations.T @ deviations) / max(freedom, 1), freedom


def _finite(values: Any, shape: tuple[int, ...]) -> FloatArray:
    array = np.asarray(values, dtype=np.float64)
    if array.shape != shape or not np.all(np.isfinite(array)):
        raise ValueError("the feature space holds numbers of another shape, or not finite ones")
    return array
