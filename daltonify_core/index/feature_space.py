"""The feature space: where "sounds similar" becomes a distance.

Every number of a track becomes its place in the catalogue (a normal score, so that equal steps are equally rare), and a
linear map then weighs directions by what tells artists apart. The map follows from two covariances: how tracks differ
*within* artists and how artists differ from each other. Tracks are compared as in speaker recognition (probabilistic
linear discriminant analysis: Ioffe 2006, Prince and Elder 2007), where the likelihood that two recordings share a voice
is set against chance. Written as a distance this has two effects: a direction counts for as much as it separates
artists, and the seed is measured from a point pushed outward from the catalogue's middle, because what is near the
middle is near to everything and says little. A track also counts partly as its artist's other tracks sound, since one
recording is a noisy witness. Time of release is one more dimension beside the sound.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from statistics import NormalDist
from typing import Any, Final, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from daltonify_core.catalogue.audio_features import CONTINUOUS_FEATURES, AudioFeatures
from daltonify_core.errors import InvalidQuery

type FloatArray = NDArray[np.float64]
type Float32Array = NDArray[np.float32]
type IntArray = NDArray[np.int64]

RELEASE_YEAR: Final = "release_year"
SOUND_COLUMNS: Final = (*CONTINUOUS_FEATURES, "duration")
"""What a recording itself shows; the nine features are always there, its length may be unknown."""
COLUMNS: Final = (*SOUND_COLUMNS, RELEASE_YEAR)
"""All numbers that place a track, in the order of every row; a vector has as many dimensions."""

FAR_SIMILARITY: Final = math.exp(-1.0)
"""Similarity at seven tenths of the usual distance of a track taken at random: farther is hardly similar."""

# Linear algebra differs in the last digits from one kind of processor to the next. Rounding away far more than that,
# and far less than anybody can hear, lets equal catalogues give equal bytes wherever they are built.
_PARAMETER_DIGITS: Final = 7
_VECTOR_DECIMALS: Final = 5

# Least ratio of the variance between artists to that within them; below it a direction is noise, and its weight (which
# falls with the square) already next to nothing, while the maps stay well conditioned.
_LEAST_RATIO: Final = 0.01
_BLOCK_ROWS: Final = 1 << 16
_NORMAL: Final = NormalDist()
_UNIFORM_SPREAD: Final = math.sqrt(12.0)


class FeatureSpaceSettings(NamedTuple):
    """Numbers that shape a feature space, each with its reason. Figures: the decision record on the feature space."""

    # Knots of each table of scores: more change no figure, half as many cost one percent of nDCG.
    knots: int = 65
    # Beyond this share at either end all values count as equal: differences out there are faults of analysis.
    tail: float = 0.005
    # A number that fewer tracks have is left out of the space, because all others would crowd in its middle.
    minimum_known_share: float = 0.5
    # Share of the diagonal mixed into the within-artist covariance, so that few artists cannot blow up a direction.
    shrinkage: float = 0.1
    # Added to every variance within artists, in squared normal scores, so that a feature that hardly varies at all is
    # not magnified.
    least_variance: float = 0.01
    # Below this many degrees of freedom (tracks beyond each artist's first) a covariance of ten numbers, with its 55
    # entries, is noise; the space then falls back to plain scaling.
    minimum_within_artist_tracks: int = 450
    # One prolific artist may count as many times, so that a label's house band does not define what similar means.
    maximum_tracks_per_artist: int = 50
    # How far outward a seed is measured from; likelihood asks for 1. Half of it finds as many playlist mates and
    # keeps nearer to the seed.
    outward: float = 0.5
    # How much of a track's place is its artist's mean, and how many average tracks of the catalogue that mean starts
    # from. Up to .8 gains a little more; the lower, the more a track speaks for itself.
    artist_share: float = 0.6
    artist_prior: float = 1.0
    # Spread of release dates, in the unit of the sound. Up to 4 still gains on playlists of the past, but at 1.5 sound
    # outweighs time.
    era_weight: float = 1.5


@dataclass(frozen=True, slots=True)
class QueryPoint:
    """One seed in the feature space.

    ``vector``: float64, shape ``(dimension,)``, the point that distances are measured from. ``basis``: ``None`` when
    every number counts, else float64, shape ``(known, dimension)``: the directions in which a distance can be measured
    at all, scaled so that leaving out time makes nothing nearer. ``offset``: the squared distance of a track that
    sounds just like the seed; it is taken off, so that such a track lies at 0. ``unknown``: what the seed's absent
    numbers are expected to add to the squared distance of every track.
    """

    vector: FloatArray
    basis: FloatArray | None = None
    offset: float = 0.0
    unknown: float = 0.0
    square: float = field(init=False, repr=False, compare=False)
    """Squared length of ``vector``."""
    weights: Float32Array = field(init=False, repr=False, compare=False)
    """Shape ``(dimension + 1,)``: their product with a vector and its squared length, plus ``square``, is the squared
    distance, in single precision."""

    def __post_init__(self) -> None:
        weights = np.ones(len(self.vector) + 1, dtype=np.float32)
        weights[:-1] = self.vector * -2.0
        object.__setattr__(self, "weights", weights)
        object.__setattr__(self, "square", float(self.vector.dot(self.vector)))

    def squared_distances(self, vectors: NDArray[Any]) -> FloatArray:
        """Squared distances to ``vectors``, shape ``(n, dimension)``: float64, ``(n,)``, never below 0.

        A track that lies further outward than the seed may be nearer than one that sounds just like it. That is left
        so: of a seed with few known numbers many tracks are as near, and cut off they would rank by nothing at all.
        """
        # The point is in double precision, and so is the difference.
        difference = vectors - self.vector
        if self.basis is not None:
            difference = difference @ self.basis.T
        measured = np.einsum("ij,ij->i", difference, difference)
        measured += self.unknown - self.offset
        return np.asarray(np.maximum(measured, 0.0, out=measured))


class ArtistSound(NamedTuple):
    """What the index holds by a seed's artist: the mean vector of ``tracks`` tracks, shape ``(dimension,)``.

    ``with_seed`` says that the seed is one of them.
    """

    mean: FloatArray
    tracks: int
    with_seed: bool


class ScoreTable(NamedTuple):
    """Maps the values of one number to scores: straight lines between ``knots`` (ascending), level beyond them."""

    knots: FloatArray
    scores: FloatArray

    @classmethod
    def flat(cls) -> "ScoreTable":
        """For a number that tells no two tracks apart."""
        return cls(np.zeros(1), np.zeros(1))

    @classmethod
    def normal(cls, values: FloatArray, settings: FeatureSpaceSettings) -> "ScoreTable":
        """Normal scores of ranks, with mean 0 over ``values``; equal values share their middle rank."""
        distinct, counts = np.unique(values, return_counts=True)
        knots, shares = _quantiles(distinct, counts, settings.knots)
        clipped = np.clip(shares, settings.tail, 1.0 - settings.tail)
        table = cls(knots, np.array([_NORMAL.inv_cdf(share) for share in clipped.tolist()]))
        return cls(knots, _rounded(table.scores - math.fsum((table(distinct) * counts).tolist()) / len(values)))

    @classmethod
    def uniform(cls, values: FloatArray, spread: float, settings: FeatureSpaceSettings) -> "ScoreTable":
        """Ranks from lowest to highest, with standard deviation ``spread`` where none are equal."""
        knots, shares = _quantiles(*np.unique(values, return_counts=True), settings.knots)
        return cls(knots, _rounded((shares - 0.5) * _UNIFORM_SPREAD * spread))

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Raises ``ValueError`` unless knots ascend, scores never descend, and all are finite."""
        table = cls(_finite(values["knots"], None), _finite(values["scores"], None))
        if table.knots.ndim != 1 or table.knots.shape != table.scores.shape or not len(table.knots):
            raise ValueError("a table of the feature space is not two equally long lists")
        if np.any(np.diff(table.knots) <= 0) or np.any(np.diff(table.scores) < 0):
            raise ValueError("a table of the feature space is not in ascending order")
        return table

    def __call__(self, values: FloatArray) -> FloatArray:
        """Scores of ``values``, of the same shape; NaN stays NaN."""
        return np.asarray(np.interp(values, self.knots, self.scores))

    @property
    def varies(self) -> bool:
        """Whether it tells any two values apart."""
        return bool(self.scores[0] < self.scores[-1])

    def to_dict(self) -> dict[str, list[float]]:
        """Plain values for the manifest."""
        return {"knots": self.knots.tolist(), "scores": self.scores.tolist()}


class _Maps(NamedTuple):
    """Linear maps of ``k`` numbers: where tracks stand, where a seed is measured from; both of shape ``(k, k)``.

    ``spread`` is the mean squared distance of two random tracks whose artists are unlike.
    """

    items: FloatArray
    seeds: FloatArray
    spread: float

    @classmethod
    def of(cls, within: FloatArray, between: FloatArray, outward: float) -> "_Maps":
        """The maps that compare by likelihood; both covariances have shape ``(k, k)``.

        In a direction with variance 1 within artists and ``r`` between them, a squared distance counts for
        ``r^2 / ((1 + r)(1 + 2r))`` and the seed stands ``1 + outward / r`` times as far out as it sounds. Symmetric
        roots are taken, because eigenvectors are unique only up to sign and rotation, and processors choose
        differently.
        """
        unit = np.linalg.inv(np.linalg.cholesky(within))
        ratios, directions = np.linalg.eigh(unit @ between @ unit.T)
        ratios = np.maximum(ratios, _LEAST_RATIO)
        directions = directions.T @ unit
        metric = (directions.T * (ratios**2 / ((1.0 + ratios) * (1.0 + 2.0 * ratios)))) @ directions
        pushed = ratios * (ratios + outward)
        cross = (directions.T * (pushed / ((1.0 + ratios) * (1.0 + 2.0 * ratios)))) @ directions
        values, axes = np.linalg.eigh(metric)
        roots = np.sqrt(np.maximum(values, 1e-12))
        return cls(
            items=_rounded((axes * roots) @ axes.T),
            seeds=_rounded((axes / roots) @ axes.T @ cross),
            spread=float(np.sum(2.0 * pushed / (1.0 + 2.0 * ratios))),
        )

    @classmethod
    def plain(cls, count: int) -> "_Maps":
        """Every direction counts alike, and a seed is measured from where it stands."""
        return cls(np.eye(count), np.eye(count), 2.0 * count)


@dataclass(frozen=True, slots=True)
class FeatureSpace:
    """Maps the numbers of a track to a vector.

    ``tables``: one per entry of ``COLUMNS``. ``within`` and ``between``: covariances of the scores of
    ``SOUND_COLUMNS``, shape ``(10, 10)``, not used by the method ``plain``. ``sound_spread`` and ``era_spread``: mean
    squared distance of two random tracks, in sound and in time.
    """

    tables: tuple[ScoreTable, ...]
    within: FloatArray
    between: FloatArray
    sound_spread: float
    era_spread: float
    method: str
    outward: float = 0.0
    artist_share: float = 0.0
    artist_prior: float = 1.0
    whitening: FloatArray = field(init=False, repr=False)
    """Shape ``(dimension, dimension)``: takes scores to vectors. Rows of numbers that tell nothing are zero."""
    _varying: IntArray = field(init=False, repr=False)
    _maps: _Maps = field(init=False, repr=False)
    _inverse: FloatArray = field(init=False, repr=False)
    width: float = field(init=False, repr=False)
    """Twice ``sigma`` squared: the squared distance at which similarity has fallen to ``exp(-1)``."""
    unwhitening: FloatArray = field(init=False, repr=False)
    """Shape as ``whitening``: takes vectors back to scores, as far as they tell them."""

    def __post_init__(self) -> None:
        varying = np.flatnonzero([table.varies for table in self.tables[: len(SOUND_COLUMNS)]])
        maps = self._maps_of(varying)
        whitening = np.zeros((self.dimension, self.dimension))
        whitening[np.ix_(varying, varying)] = maps.items
        whitening[-1, -1] = float(self.tables[-1].varies)
        for name, value in (
            ("whitening", whitening),
            ("_varying", varying),
            ("_maps", maps),
            ("_inverse", np.linalg.inv(maps.items)),
            ("unwhitening", np.linalg.pinv(whitening)),
            ("width", 2.0 * self.sigma**2),
        ):
            object.__setattr__(self, name, value)

    @property
    def dimension(self) -> int:
        """Length of every vector."""
        return len(COLUMNS)

    @property
    def sigma(self) -> float:
        """The distance at which similarity has fallen to ``exp(-1/2)``: half the usual one of two random tracks."""
        return math.sqrt(self.sound_spread + self.era_spread) / 2.0

    @classmethod
    def fit(cls, rows: FloatArray, artists: IntArray, settings: FeatureSpaceSettings | None = None) -> "FeatureSpace":
        """The space of one catalogue.

        ``rows``: shape ``(n, 11)`` as ``row_of`` gives them, n >= 1. ``artists``: shape ``(n,)``, a number per primary
        artist. Equal input gives an equal space. ``method`` tells which way was taken: ``within_artists`` or, with too
        few artists that have several tracks, ``plain``.
        """
        settings = settings or FeatureSpaceSettings()
        tables = tuple(_table(name, column, settings) for name, column in zip(COLUMNS, rows.T, strict=True))
        *sounds, era = (np.nan_to_num(table(column)) for table, column in zip(tables, rows.T, strict=True))
        sound = np.stack(sounds, axis=1)
        del sounds
        within, between, freedom = _covariances(sound, artists, settings.maximum_tracks_per_artist)
        if freedom < settings.minimum_within_artist_tracks:
            nothing = np.zeros_like(within)
            space = cls(tables, nothing, nothing, 1.0, 0.0, "plain")
        else:
            diagonal = np.diag(np.diag(within))
            shrunken = (1.0 - settings.shrinkage) * within + settings.shrinkage * diagonal
            within = _rounded(shrunken + settings.least_variance * np.eye(len(within)))
            blend = (settings.outward, settings.artist_share, settings.artist_prior)
            space = cls(tables, within, _rounded(between), 1.0, 0.0, "within_artists", *blend)
        return cls(
            tables,
            space.within,
            space.between,
            space._measured_spread(space._blended(sound, artists)),
            float(_rounded(np.array([2.0 * float(era.var())]))[0]),
            space.method,
            space.outward,
            space.artist_share,
            space.artist_prior,
        )

    def scores(self, rows: FloatArray) -> FloatArray:
        """Places in the catalogue: ``(n, 11)`` raw to ``(n, 11)``; NaN stays NaN."""
        return np.stack([table(column) for table, column in zip(self.tables, rows.T, strict=True)], axis=1)

    def vectors(self, rows: FloatArray, artists: IntArray | None = None) -> Float32Array:
        """Vectors of tracks: ``(n, 11)`` raw to ``(n, 11)`` float32; an unknown length or date stands in the middle.

        ``artists``: shape ``(n,)``, a number per primary artist, for all tracks that the index holds by each of them;
        ``None`` when every track is its artist's only one.
        """
        scores = np.nan_to_num(self.scores(rows), copy=False)
        scores[:, :-1] = self._blended(scores[:, :-1], artists)
        vectors = np.empty(scores.shape, dtype=np.float32)
        for block in _blocks(len(rows)):
            vectors[block] = np.round(np.einsum("ij,kj->ik", scores[block], self.whitening), _VECTOR_DECIMALS)
        return vectors

    def query(
        self,
        features: AudioFeatures,
        duration_ms: int | None = None,
        release_date: str | None = None,
        artist: ArtistSound | None = None,
        era: bool = True,
    ) -> QueryPoint:
        """One seed's point; raises ``InvalidQuery`` when it has no continuous feature at all.

        A number that is absent is never guessed: the comparison is the one that a catalogue without that number would
        make, and no track counts as nearer than what is unknown lets expect. Without ``era``, as without a date, the
        list is one of sound alone: time neither counts nor is missed. ``artist`` is what the index holds by the seed's
        artist.
        """
        if len(features.missing()) == len(CONTINUOUS_FEATURES):
            raise InvalidQuery("The seed has no audio features; give at least one, such as energy or tempo.")
        row = np.array(row_of(features, duration_ms, release_date))
        scores = np.array([table(value) for table, value in zip(self.tables, row, strict=True)])
        is_known = np.isfinite(scores)
        known = self._varying[is_known[self._varying]]
        sound = np.zeros(len(SOUND_COLUMNS))
        sound[known] = self._blended_seed(np.where(is_known, scores, 0.0)[:-1], artist)[known]
        if not self.tables[-1].varies:
            timed, moment = True, 0.0
        else:
            timed = era and math.isfinite(scores[-1])
            moment = float(scores[-1]) if timed else 0.0
        vector = np.zeros(self.dimension)
        vector[-1] = moment
        if len(known) == len(self._varying):
            vector[known] = np.einsum("kj,j->k", self._maps.seeds, sound[known])
            maps, to_known = self._maps, None
        else:
            maps = self._maps_of(known)
            places = np.searchsorted(self._varying, known)
            # From vectors back to scores, of which the known ones are mapped anew as if there were no others.
            to_known = maps.items @ self._inverse[places]
            seed = np.linalg.solve(maps.items, maps.seeds @ sound[known])
            vector[self._varying] = self._maps.items[:, places] @ seed
        own = np.einsum("kj,j->k", maps.seeds - maps.items, sound[known])
        offset = float(np.square(own).sum())
        if timed and len(known) == len(self._varying):
            return QueryPoint(vector.round(_VECTOR_DECIMALS), None, round(offset, _VECTOR_DECIMALS))
        basis = np.zeros((len(known) + timed, self.dimension))
        basis[: len(known), self._varying] = np.eye(len(known)) if to_known is None else to_known
        if timed:
            basis[-1, -1] = 1.0
        comparable = (self.sound_spread + self.era_spread) / (self.sound_spread + self.era_spread * timed)
        absent = len(self._varying) - len(known)
        share = 1.0 - maps.spread / self._maps.spread if absent else 0.0
        unknown = self._expected_of(absent, comparable * self.sound_spread * share)
        return QueryPoint(vector, basis * math.sqrt(comparable), offset * comparable, unknown)

    def _expected_of(self, absent: int, spread: float) -> float:
        """The squared distance that costs as much similarity as ``absent`` numbers of a seed do on average.

        ``spread`` is the mean squared distance that they make between two random tracks, each its share. The mean is
        taken of similarities and not of distances, because a few far values must not outweigh many near ones.
        """
        if absent == 0 or spread <= 0.0:
            return 0.0
        reach = self.sigma**2 * absent
        return reach * math.log1p(spread / reach)

    def seed_points(self, vectors: Float32Array) -> Float32Array:
        """Where seeds are measured from whose vectors, as tracks, are these; shape and type as ``vectors``."""
        points = vectors.astype(np.float64)
        outward = self._maps.seeds @ self._inverse
        points[:, self._varying] = np.einsum("ij,kj->ik", points[:, self._varying], outward)
        return np.asarray(np.round(points, _VECTOR_DECIMALS), dtype=np.float32)

    def similarity(self, squared_distances: FloatArray) -> FloatArray:
        """``exp(-d^2 / 2 sigma^2)`` in 0..1, rounded to 1e-5 so that equal lists stay equal across machines."""
        return np.asarray(np.exp(squared_distances / -self.width).round(5))

    def to_dict(self) -> dict[str, Any]:
        """Plain values for the manifest; ``from_dict`` restores an equal space."""
        return {
            "columns": list(COLUMNS),
            "method": self.method,
            "tables": [table.to_dict() for table in self.tables],
            "within": self.within.tolist(),
            "between": self.between.tolist(),
            "sound_spread": self.sound_spread,
            "era_spread": self.era_spread,
            "outward": self.outward,
            "artist_share": self.artist_share,
            "artist_prior": self.artist_prior,
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """The space that ``to_dict`` described; raises ``ValueError`` or ``KeyError`` when it is malformed."""
        if tuple(values["columns"]) != COLUMNS:
            raise ValueError("the feature space names other numbers than this version knows")
        shape = (len(SOUND_COLUMNS), len(SOUND_COLUMNS))
        tables = tuple(ScoreTable.from_dict(table) for table in values["tables"])
        sound_spread, era_spread, outward, share, prior = (
            float(values[name]) for name in ("sound_spread", "era_spread", "outward", "artist_share", "artist_prior")
        )
        if len(tables) != len(COLUMNS):
            raise ValueError("the feature space has another number of tables than of columns")
        if not (0 < sound_spread < math.inf and 0 <= era_spread < math.inf):
            raise ValueError("the feature space has a spread that is not positive")
        if not (0 <= share < 1 and 0 < prior < math.inf and 0 <= outward < math.inf):
            raise ValueError("the feature space moves tracks or seeds by impossible shares")
        within, between = (_finite(values[name], shape) for name in ("within", "between"))
        return cls(tables, within, between, sound_spread, era_spread, str(values["method"]), outward, share, prior)

    def _maps_of(self, numbers: IntArray) -> _Maps:
        """Maps of some of the sound's numbers, as if there were no others."""
        if self.method == "plain":
            return _Maps.plain(len(numbers))
        block = np.ix_(numbers, numbers)
        return _Maps.of(self.within[block], self.between[block], self.outward)

    def _blended(self, sound: FloatArray, artists: IntArray | None) -> FloatArray:
        """Scores mixed with those of the same artist's tracks; shape ``(n, 10)`` as ``sound``."""
        if artists is None:
            return sound * (1.0 - self.artist_share + self.artist_share / (1.0 + self.artist_prior))
        group = np.unique(artists, return_inverse=True)[1]
        sums = np.stack([np.bincount(group, weights=column) for column in sound.T], axis=1)
        centre = self.artist_share * (sums / (np.bincount(group)[:, None] + self.artist_prior))
        blended: FloatArray = (1.0 - self.artist_share) * sound
        for block in _blocks(len(sound)):
            blended[block] += centre[group[block]]
        return blended

    def _blended_seed(self, sound: FloatArray, artist: ArtistSound | None) -> FloatArray:
        """As ``_blended`` does it for tracks of the index; ``sound``: shape ``(10,)``."""
        count, total = 1, sound
        if artist is not None:
            # The stored vectors are blended already, which kept the direction of the artist's mean and shortened it.
            kept = 1.0 - self.artist_share + self.artist_share * artist.tracks / (artist.tracks + self.artist_prior)
            mean = np.zeros(len(SOUND_COLUMNS))
            mean[self._varying] = self._inverse @ artist.mean[self._varying] / kept
            count = artist.tracks + (not artist.with_seed)
            total = mean * artist.tracks + (0.0 if artist.with_seed else sound)
        centre = total / (count + self.artist_prior)
        return np.asarray((1.0 - self.artist_share) * sound + self.artist_share * centre)

    def _measured_spread(self, sound: FloatArray) -> float:
        """Mean squared distance over all pairs of these scores, shape ``(n, 10)``, each as seed and as track."""
        if self.method == "plain":
            # A small catalogue may hold nothing but likes; what usual catalogues hold is the better measure.
            return 2.0 * len(SOUND_COLUMNS)
        squares, item_sum, seed_sum = 0.0, np.zeros(len(self._varying)), np.zeros(len(self._varying))
        for block in _blocks(len(sound)):
            scores = sound[block][:, self._varying]
            items, seeds = scores @ self._maps.items.T, scores @ self._maps.seeds.T
            squares += float(np.square(items).sum() + np.square(seeds).sum() - np.square(seeds - items).sum())
            item_sum += items.sum(axis=0)
            seed_sum += seeds.sum(axis=0)
        spread = squares / len(sound) - 2.0 * float((item_sum / len(sound)) @ (seed_sum / len(sound)))
        # Where all tracks are alike, any unit will do.
        return float(_rounded(np.array([spread]))[0]) if spread > 1e-6 else 1.0


def _blocks(count: int) -> Iterator[slice]:
    """Parts of ``count`` rows, so that what is computed on the way never takes as much memory as all of them."""
    return (slice(first, first + _BLOCK_ROWS) for first in range(0, count, _BLOCK_ROWS))


def row_of(features: AudioFeatures, duration_ms: int | None, release_date: str | None) -> list[float]:
    """The numbers of one track in the order of ``COLUMNS``, NaN where absent; dates are ``YYYY[-MM[-DD]]``."""
    values: Sequence[float | None] = [getattr(features, name) for name in CONTINUOUS_FEATURES]
    return [*(math.nan if value is None else value for value in values), duration_ms or math.nan, moment(release_date)]


@lru_cache(maxsize=1 << 16)
def moment(date: str | None) -> float:
    """A date in years; the middle of the year or month where no more is known, NaN where nothing is."""
    if date is None:
        return math.nan
    year, *rest = (int(part) for part in date.split("-"))
    month = rest[0] - 1 if rest else 6
    day = rest[1] - 1 if len(rest) > 1 else 15 if rest else 0
    return round(year + month / 12 + day / 372, 4)


def _table(name: str, column: FloatArray, settings: FeatureSpaceSettings) -> ScoreTable:
    known = column[np.isfinite(column)]
    if len(known) < settings.minimum_known_share * len(column):
        return ScoreTable.flat()
    if name == RELEASE_YEAR:
        return ScoreTable.uniform(known, settings.era_weight, settings)
    return ScoreTable.normal(known, settings)


def _quantiles(distinct: FloatArray, counts: IntArray, knots: int) -> tuple[FloatArray, FloatArray]:
    """At most ``knots`` of the ``distinct`` values (ascending) that cut all into equal shares, and the shares below.

    ``counts`` says how often each occurs; half of a value's own share counts as below it.
    """
    shares = (np.cumsum(counts) - counts / 2.0) / counts.sum()
    wanted = np.searchsorted(shares, np.linspace(shares[0], shares[-1], knots))
    chosen = np.unique(np.r_[0, np.minimum(wanted, len(distinct) - 1), len(distinct) - 1])
    return distinct[chosen], shares[chosen]


def _rounded(values: FloatArray) -> FloatArray:
    """To ``_PARAMETER_DIGITS`` significant digits; what is next to nothing beside 1 becomes 0."""
    magnitudes = np.floor(np.log10(np.maximum(np.abs(values), 1e-12)))
    factors = 10.0 ** (_PARAMETER_DIGITS - 1 - magnitudes)
    return np.where(np.abs(values) < 1e-10, 0.0, np.round(values * factors) / factors)


def _covariances(scores: FloatArray, artists: IntArray, limit: int) -> tuple[FloatArray, FloatArray, int]:
    """Pooled covariance of tracks around their artist's mean, that of artists, and the degrees of freedom of the first.

    An artist's mean strays from the truth by the spread within over its number of tracks, which is taken off again.
    """
    order = np.argsort(artists, kind="stable")
    sorted_artists = artists[order]
    starts = np.flatnonzero(np.r_[True, sorted_artists[1:] != sorted_artists[:-1]])
    rank = np.arange(len(order)) - np.repeat(starts, np.diff(np.r_[starts, len(order)]))
    chosen = rank < limit
    rows, group = scores[order][chosen], np.unique(sorted_artists[chosen], return_inverse=True)[1]
    counts = np.bincount(group)
    means = np.stack([np.bincount(group, weights=column) / counts for column in rows.T], axis=1)
    deviations = rows - means[group]
    freedom = len(rows) - len(counts)
    within = np.asarray(deviations.T @ deviations) / max(freedom, 1)
    centred = means - means.mean(axis=0)
    between = np.asarray(centred.T @ centred) / max(len(counts) - 1, 1) - within * float(np.mean(1.0 / counts))
    return within, between, freedom


def _finite(values: Any, shape: tuple[int, ...] | None) -> FloatArray:
    array = np.asarray(values, dtype=np.float64)
    if (shape is not None and array.shape != shape) or not np.all(np.isfinite(array)):
        raise ValueError("the feature space holds numbers of another shape, or not finite ones")
    return array
