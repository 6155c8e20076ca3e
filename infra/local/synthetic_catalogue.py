"""Seeded synthetic tracks that sound like a real catalogue, for the demo, the tests and the benchmarks.

Real features may not be handed on freely, so whoever tries Daltonify without data of their own meets these. They keep
what the recommender depends on: how features spread and go together within a genre, how much the tracks of one artist
resemble each other, a long tail of tracks per artist, popularity that follows the artist's, guests on tracks, other
versions of a song, dates of mixed precision and names that are awkward to write down. All names are invented from the
word lists below; a resemblance to an artist is chance.

The numbers come from ``genre_figures.json``, which names its sources and licences; ``make_genre_figures`` derives it.
Those marked "chosen" have no source.
"""

import argparse
import functools
import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import NormalDist
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from daltonify_core.adapters.catalogue_file import write_catalogue_file
from daltonify_core.catalogue.audio_features import CONTINUOUS_FEATURES, FEATURE_RANGES, AudioFeatures
from daltonify_core.catalogue.track import SYNTHETIC_SOURCE, ArtistCredit, Track

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

SNAPSHOT: Final = "2026-01"
TRACK_ID_PREFIX: Final = "DaltonifySynth"
"""Every synthetic track id starts so; eight base62 characters follow."""
ARTIST_ID_PREFIX: Final = "DaltonifyMaker"
"""Every synthetic artist id starts so; eight base62 characters follow."""
MAX_COUNT: Final = 10_000_000
"""Tracks in one catalogue. Below 2^24, which keeps the arithmetic of ids within 64 bits."""

_SNAPSHOT_DAY: Final = np.datetime64("2026-01-15", "D")
_FEATURE_COUNT: Final = len(CONTINUOUS_FEATURES)
_DURATION: Final = _FEATURE_COUNT  # duration_ms is the tenth column of the figures
_TEMPO: Final = CONTINUOUS_FEATURES.index("tempo")
_LOUDNESS: Final = CONTINUOUS_FEATURES.index("loudness")
_INSTRUMENTALNESS: Final = CONTINUOUS_FEATURES.index("instrumentalness")
_LIVENESS: Final = CONTINUOUS_FEATURES.index("liveness")

# Large enough for numpy to pay off, small enough that a block of tracks stays below 100 MB.
_BLOCK_TRACKS: Final = 25_000

# Kinds of version, and how much of the original's Gaussian vector each keeps (chosen): a remaster differs by the
# mastering, a live recording by the whole performance.
_ORIGINAL, _LIVE, _REMASTER, _FEATURING, _EDIT, _SINGLE = range(6)
_KEPT: Final = np.array([1.0, 0.7, 0.96, 0.93, 0.97, 0.96])
_KIND_SHARES: Final = np.array([0.35, 0.6, 0.8, 1.0])  # cumulative, of live, remaster, feat. and edit (chosen)
# In standard deviations of the genre; liveness is the detector of an audience (chosen).
_LIVE_AUDIENCE: Final = 1.5

# Share of dates that hold a year only, by decade from the 1970s (and before) on, and of those that hold year and month:
# tidytuesday 2020-01-21.
_YEAR_ONLY: Final = np.array([0.295, 0.268, 0.193, 0.128, 0.01, 0.01])
_YEAR_AND_MONTH: Final = 0.0011

_STREAM_ARTISTS, _STREAM_SOUNDS, _STREAM_DETAILS, _STREAM_TEXTS = range(4)


@dataclass(frozen=True, slots=True)
class SyntheticSettings:
    """What may be tuned; the defaults are the realistic catalogue.

    ``artist_share`` is the share of a feature's variance within its genre that lies between artists, one number for
    all features or ``None`` for the calibrated one of each.
    """

    artist_share: float | None = None
    # Tracks per artist follow a power law, P(n or more) = n^-1.4 up to 130: tidytuesday's quantiles 50/75/90/99/100 %
    # are 1, 2, 5, 24 and 130 and its mean 2.65; these give 1, 2, 5, 26 and 130 and 2.8.
    tracks_per_artist_exponent: float = 1.4
    max_tracks_per_artist: int = 130
    # Chosen: most artists stay in one genre, and one in ten tracks looks across the border.
    home_genre_share: float = 0.9
    # Of tracks that have an elder one by the same artist. With the default about 6 % of all tracks are versions; of
    # the Spotify Tracks Dataset's 89,741 tracks 9 % repeat the name and artists of another.
    version_share: float = 0.1
    # Chosen: titles in scripts other than Latin, beyond the genres that are sung in one language.
    other_language_share: float = 0.06

    def __post_init__(self) -> None:
        shares = (self.home_genre_share, self.version_share, self.other_language_share)
        if not all(0 <= share <= 1 for share in shares):
            raise ValueError("Shares must lie in 0..1.")
        if self.artist_share is not None and not 0 <= self.artist_share <= 1:
            raise ValueError("artist_share must lie in 0..1.")
        if self.tracks_per_artist_exponent <= 0 or self.max_tracks_per_artist < 1:
            raise ValueError("tracks_per_artist_exponent must be positive and max_tracks_per_artist at least 1.")


DEFAULT_SETTINGS: Final = SyntheticSettings()


def synthetic_tracks(count: int, seed: int, settings: SyntheticSettings = DEFAULT_SETTINGS) -> Iterator[Track]:
    """Yield ``count`` tracks; equal arguments yield equal tracks, and a smaller count is no prefix of a larger one.

    The tracks of one artist follow each other and artists come in random order. Memory grows with the number of
    artists (about 200 bytes for each of ``count / 2.8``), not with the tracks. ``seed`` must not be negative.
    Raises ``ValueError`` for a count outside 0..``MAX_COUNT``.
    """
    catalogue = _Catalogue(count, seed, settings)
    for block in catalogue.blocks():
        yield from _tracks_of(catalogue, block)


def synthetic_features(
    count: int, seed: int, settings: SyntheticSettings = DEFAULT_SETTINGS
) -> tuple[FloatArray, IntArray, IntArray]:
    """The sound of the tracks that ``synthetic_tracks`` yields for the same arguments, in the same order.

    Returns float64 features of shape ``(count, 9)`` in the order of ``CONTINUOUS_FEATURES``, the number of each
    track's primary artist (from 0) and the number of its primary genre, which indexes ``synthetic_genres()``.
    """
    catalogue = _Catalogue(count, seed, settings)
    features = np.empty((count, _FEATURE_COUNT))
    artists, genres = np.empty(count, np.int64), np.empty(count, np.int64)
    for block in catalogue.blocks():
        rows = slice(block.first, block.first + len(block.artists))
        features[rows] = block.features[:, :_FEATURE_COUNT]
        artists[rows] = block.artists
        genres[rows] = block.genres
    return features, artists, genres


def synthetic_artist_popularity(count: int, seed: int, settings: SyntheticSettings = DEFAULT_SETTINGS) -> IntArray:
    """Popularity in 0..100 by artist number, for the artists of ``synthetic_features`` with the same arguments."""
    return _Catalogue(count, seed, settings).popularity


def synthetic_genres() -> tuple[str, ...]:
    """Normalised names of all genres, by genre number."""
    return _figures().names


def write_synthetic_catalogue(
    path: Path, count: int, seed: int, settings: SyntheticSettings = DEFAULT_SETTINGS
) -> None:
    """Write the tracks as one canonical CSV, compressed when ``path`` ends in ``.gz``; equal arguments, equal bytes.

    The file appears under its name only when it is complete.
    """
    write_catalogue_file(path, synthetic_tracks(count, seed, settings))


def main() -> None:
    """Write a catalogue file for trying things out."""
    parser = argparse.ArgumentParser(description="Write a synthetic catalogue: invented tracks that sound real.")
    parser.add_argument("path", type=Path, help="file to write, .csv or .csv.gz")
    parser.add_argument("--tracks", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    write_synthetic_catalogue(arguments.path, arguments.tracks, arguments.seed)
    print(f"Wrote {arguments.tracks:,} invented tracks to {arguments.path}")


# --- Figures ----------------------------------------------------------------------------------------------------------

# Standard normal values at which quantile functions are tabulated. Beyond 5 lies one value in two million.
_GRID_LIMIT: Final = 5.0
_GRID_STEPS: Final = 2000


@dataclass(frozen=True, slots=True)
class _Figures:
    """The figures file, prepared for drawing; G is the number of genres, and duration the last of ten features."""

    names: tuple[str, ...]
    weights: FloatArray  # (G,), sum 1
    factors: FloatArray  # (G, 10, 10), lower triangular; turns independent normals into the genre's correlated ones
    quantiles: FloatArray  # (G * 10 * (_GRID_STEPS + 1),), the value at each standard normal of the grid
    key: FloatArray  # (G, 12), cumulative
    mode_major: FloatArray  # (G,)
    time_signature: FloatArray  # (G, 12), cumulative over 1..12 beats
    explicit: FloatArray  # (G,)
    relatedness: FloatArray  # (G, G), logarithms; how readily a track of one genre counts to another as well
    popularity_lift: FloatArray  # (G,), of a genre's artists, in standard deviations over all artists
    artist_popularity: FloatArray  # (11,), share of artists below 0, 10, ..., 100
    track_popularity: FloatArray  # (3, 10), mean, standard deviation, share of zeros by decade of the artist's
    credits: FloatArray  # (5,), cumulative over 1..5 artists
    genre_count: FloatArray  # (3,), cumulative over 1..3 genres


@functools.cache
def _figures() -> _Figures:
    figures = json.loads(Path(__file__).with_name("genre_figures.json").read_text(encoding="utf-8"))
    if tuple(figures["features"]) != (*CONTINUOUS_FEATURES, "duration_ms"):
        raise ValueError("genre_figures.json holds other features; make it anew.")
    genres: list[dict[str, Any]] = list(figures["genres"].values())
    weights = np.array([genre["weight"] for genre in genres], np.float64)
    weights /= weights.sum()
    levels = np.array(figures["quantile_levels"])
    means = np.array([genre["mean"] for genre in genres]) / np.array(figures["overall_std"])
    distances = ((means[:, None] - means[None]) ** 2)[:, :, :_FEATURE_COUNT].sum(axis=2)
    relatedness = np.log(weights) - distances  # large and near genres first
    np.fill_diagonal(relatedness, -np.inf)
    medians = np.array([genre["artist_popularity_median"] for genre in genres])
    medians -= np.average(medians, weights=weights)
    track_popularity = figures["track_popularity_by_artist_decade"]
    return _Figures(
        names=tuple(figures["genres"]),
        weights=weights,
        factors=np.stack([_correlation_factor(genre["spearman"]) for genre in genres]),
        quantiles=np.concatenate([_tabulated_quantiles(genre, levels) for genre in genres]),
        key=np.stack([_cumulative(genre["key"]) for genre in genres]),
        mode_major=np.array([genre["mode_major"] for genre in genres]),
        time_signature=np.stack([_cumulative(_by_number(genre["time_signature"], 12)) for genre in genres]),
        explicit=np.array([genre["explicit"] for genre in genres]),
        relatedness=relatedness,
        popularity_lift=medians / math.sqrt(float(np.average(medians**2, weights=weights))),
        artist_popularity=np.concatenate([[0.0], _cumulative(figures["artists_by_decade"])]),
        track_popularity=np.array([track_popularity[name] for name in ("mean", "std", "zero")]),
        credits=_cumulative(_by_number(figures["artists_per_track"], 5)),
        genre_count=_cumulative(_by_number(figures["genres_per_track"], 3)),
    )


def _correlation_factor(spearman: Sequence[float]) -> FloatArray:
    """Cholesky factor of the Gaussian copula with these rank correlations (upper triangle, row by row)."""
    size = _FEATURE_COUNT + 1
    matrix = np.eye(size)
    upper = np.triu_indices(size, 1)
    # Pearson's correlation of two normals whose rank correlation is rho.
    matrix[upper] = 2 * np.sin(np.pi * np.array(spearman) / 6)
    matrix.T[upper] = matrix[upper]
    # Correlations converted one by one and rounded need not fit together: lift negative eigenvalues, then rescale.
    values, vectors = np.linalg.eigh(matrix)
    matrix = (vectors * np.maximum(values, 1e-3)) @ vectors.T
    scale = np.sqrt(np.diag(matrix))
    factor: FloatArray = np.linalg.cholesky(matrix / np.outer(scale, scale))
    return factor


def _tabulated_quantiles(genre: dict[str, Any], levels: FloatArray) -> FloatArray:
    """Values of all ten features at the standard normals of the grid, one feature after the other.

    Between the given quantiles the curve is straight on a scale that suits the feature: logit for 0..1, logarithm for
    tempo and duration, dB for loudness. Of linear, log and logit that choice came closest to the known means over 114
    genres (instrumentalness and acousticness pile up at 0, or at 1, which straight lines miss).
    """
    shares = _normal_shares(np.linspace(-_GRID_LIMIT, _GRID_LIMIT, _GRID_STEPS + 1))
    curves = []
    for column, quantiles in enumerate(np.array(genre["quantiles"], np.float64)):
        if column == _LOUDNESS:
            curves.append(np.interp(shares, levels, quantiles))
        elif column in (_TEMPO, _DURATION):
            curves.append(np.exp(np.interp(shares, levels, np.log(quantiles))))
        else:
            inner = np.clip(quantiles, 1e-6, 0.9999)
            curves.append(1 / (1 + np.exp(-np.interp(shares, levels, np.log(inner / (1 - inner))))))
    curves[_INSTRUMENTALNESS][shares < genre["instrumentalness_zero"]] = 0
    return np.concatenate(curves)


def _normal_shares(values: FloatArray) -> FloatArray:
    normal = NormalDist()
    return np.array([normal.cdf(value) for value in values.tolist()])


def _cumulative(shares: Sequence[float]) -> FloatArray:
    sums: FloatArray = np.cumsum(shares, dtype=np.float64)
    sums /= sums[-1]  # published shares are rounded
    return sums


def _by_number(shares: dict[str, float], highest: int) -> list[float]:
    return [shares.get(str(number), 0.0) for number in range(1, highest + 1)]


# --- Sounds -----------------------------------------------------------------------------------------------------------


# Share of each feature's Gaussian variance that lies between artists of a genre, in the order of the features, duration
# last. Calibrated so that within edm, hip hop, pop, r&b, latin and rock together the spread within artists over the
# overall spread is what tidytuesday 2020-01-21 has for the same six (`within_artist_ratio` of the figures: 0.74, 0.71,
# 0.66, 0.75, 0.74, 0.64, 0.96, 0.79, 0.96, 0.74). Instrumentalness is the exception, for that ratio hangs on the few
# instrumental tracks, of which these genres hold fewer than tidytuesday; 0.6 gives the same share between artists on
# ranks (0.41). One number for all, 0.40, gives nearly the same average, but liveness and tempo too narrow.
_ARTIST_SHARE: Final = np.array([0.33, 0.48, 0.55, 0.46, 0.43, 0.6, 0.05, 0.35, 0.07, 0.48])
# Correlation of the Gaussians behind an artist's popularity and number of tracks, calibrated so that tracks by decade
# of the artist's popularity come out as in the artist figures.
_FAME_AND_ACTIVITY: Final = 0.5


@dataclass(frozen=True, slots=True)
class _Block:
    """Consecutive tracks as arrays; it starts and ends between artists."""

    number: int
    first: int  # number of its first track
    artists: IntArray  # numbers of primary artists
    starts: IntArray  # row of the artist's first track
    genres: IntArray
    kinds: IntArray
    bases: IntArray  # row of the track that this one is a version of; the own row for originals
    features: FloatArray  # (rows, 10), rounded as published


class _Catalogue:
    """All artists of one catalogue, and its tracks block by block."""

    def __init__(self, count: int, seed: int, settings: SyntheticSettings) -> None:
        if not 0 <= count <= MAX_COUNT:
            raise ValueError(f"count is {count}; it must be from 0 to {MAX_COUNT:,}.")
        self.seed = seed
        self.settings = settings
        figures = _figures()
        random = self.random(_STREAM_ARTISTS, 0)
        artists = max(count, 1)  # at least one track each, so never too few
        fame = random.standard_normal(artists)
        activity = _FAME_AND_ACTIVITY * fame + math.sqrt(1 - _FAME_AND_ACTIVITY**2) * random.standard_normal(artists)
        rarity = np.maximum(1 - _phi(activity), 1e-12)
        sizes = np.minimum(rarity ** (-1 / settings.tracks_per_artist_exponent), settings.max_tracks_per_artist)
        ends = np.cumsum(sizes.astype(np.int64))
        artists = int(np.searchsorted(ends, count)) + 1 if count else 0
        self.ends: IntArray = np.minimum(ends[:artists], count)
        self.genres: IntArray = random.choice(len(figures.names), size=artists, p=figures.weights)
        # Genres differ in fame, but every genre has unknown artists (chosen: 0.4 of one standard deviation).
        lift = 0.4 * figures.popularity_lift[self.genres]
        standing = lift + math.sqrt(1 - 0.4**2) * fame[:artists]
        place = np.interp(_phi(standing), figures.artist_popularity, np.arange(0.0, 101.0, 10.0))
        self.popularity: IntArray = place.astype(np.int64)
        # Half of the artists began within the last twelve years (chosen; public sets are recent-heavy too).
        self.debut_days: FloatArray = np.minimum(np.exp(random.normal(math.log(12), 0.9, artists)), 66) * 365.25
        self.names: IntArray = random.integers(0, 2**62, artists)
        self.languages: IntArray = _draw_languages(random, self.genres, settings.other_language_share)
        # Artists of each genre stand together here, for finding guests.
        self.by_genre: IntArray = np.argsort(self.genres, kind="stable")
        self.genre_sizes: IntArray = np.bincount(self.genres, minlength=len(figures.names))
        share = _ARTIST_SHARE if settings.artist_share is None else np.full_like(_ARTIST_SHARE, settings.artist_share)
        self.artist_part: FloatArray = np.sqrt(share)
        self.track_part: FloatArray = np.sqrt(1 - share)

    def random(self, stream: int, block: int) -> np.random.Generator:
        """Randomness of one purpose, so that drawing more texts never changes a sound."""
        return np.random.Generator(np.random.PCG64(np.random.SeedSequence([self.seed, stream, block])))

    def blocks(self) -> Iterator[_Block]:
        """All tracks in order."""
        artist = number = first = 0
        while artist < len(self.ends):
            stop = int(np.searchsorted(self.ends, first + _BLOCK_TRACKS)) + 1
            ends = self.ends[artist:stop]
            yield self._block(number, first, artist, np.diff(ends, prepend=first))
            artist, first, number = artist + len(ends), int(ends[-1]), number + 1

    def _block(self, number: int, first: int, first_artist: int, sizes: IntArray) -> _Block:
        figures, settings = _figures(), self.settings
        random = self.random(_STREAM_SOUNDS, number)
        rows = int(sizes.sum())
        own = np.repeat(np.arange(len(sizes)), sizes)  # artist's number within the block
        artists = own + first_artist
        starts = np.repeat(np.cumsum(sizes) - sizes, sizes)
        places = np.arange(rows) - starts
        genres = self.genres[artists]
        away = np.flatnonzero(random.random(rows) >= settings.home_genre_share)
        genres[away] = _related(random, genres[away], 1)[:, 0]

        is_version = (places > 0) & (random.random(rows) < settings.version_share)
        kinds = np.where(is_version, 1 + np.searchsorted(_KIND_SHARES, random.random(rows)), 0)
        bases = np.where(is_version, starts + (random.random(rows) * places).astype(np.int64), np.arange(rows))
        while is_version[bases].any():  # a version of a version is one of the original; every artist starts with one
            bases = bases[bases]
        genres = genres[bases]

        # The Gaussian copula: an artist's vector and a track's vector, both with the genre's correlations.
        artist_vectors = random.standard_normal((len(sizes), _FEATURE_COUNT + 1))
        track_vectors = random.standard_normal((rows, _FEATURE_COUNT + 1))
        vectors = np.empty_like(track_vectors)
        fresh = np.empty_like(track_vectors)
        for genre, factor in enumerate(figures.factors):
            members = np.flatnonzero(genres == genre)
            fresh[members] = track_vectors[members] @ factor.T
            vectors[members] = artist_vectors[own[members]] @ factor.T
        vectors = self.artist_part * vectors + self.track_part * fresh
        kept = _KEPT[kinds[is_version]][:, None]
        vectors[is_version] = kept * vectors[bases[is_version]] + np.sqrt(1 - kept**2) * fresh[is_version]
        vectors[kinds == _LIVE, _LIVENESS] += _LIVE_AUDIENCE
        features = _margins(vectors, genres)
        features[kinds == _EDIT, _DURATION] *= 0.8  # chosen: a radio edit is a fifth shorter
        return _Block(number, first, artists, starts, genres, kinds, bases, _as_published(features))


def _phi(values: FloatArray) -> FloatArray:
    """Shares of the standard normal distribution below ``values``."""
    grid, shares = _phi_table()
    return np.interp(values, grid, shares)


@functools.cache
def _phi_table() -> tuple[FloatArray, FloatArray]:
    grid = np.linspace(-6.0, 6.0, 4801)
    return grid, _normal_shares(grid)


def _margins(vectors: FloatArray, genres: IntArray) -> FloatArray:
    """Feature values of standard normal vectors, through the quantiles of their genres."""
    width = _GRID_STEPS + 1
    steps = (np.clip(vectors, -_GRID_LIMIT, _GRID_LIMIT) + _GRID_LIMIT) * (_GRID_STEPS / (2 * _GRID_LIMIT))
    lower = np.minimum(steps.astype(np.int64), _GRID_STEPS - 1)
    curves = (genres[:, None] * (_FEATURE_COUNT + 1) + np.arange(_FEATURE_COUNT + 1)) * width + lower
    table = _figures().quantiles
    start = table[curves]
    values: FloatArray = start + (table[curves + 1] - start) * (steps - lower)
    return values


def _as_published(features: FloatArray) -> FloatArray:
    """Rounded as Spotify does: three significant digits, loudness and tempo three decimals, whole milliseconds."""
    features = features.copy()
    for column, name in enumerate(CONTINUOUS_FEATURES):
        values = np.clip(features[:, column], *FEATURE_RANGES[name])
        if column in (_LOUDNESS, _TEMPO):
            features[:, column] = np.round(values, 3)
        else:
            values[values < 1e-6] = 0
            scale = 10 ** (2 - np.floor(np.log10(np.where(values > 0, values, 1))))
            features[:, column] = np.rint(values * scale) / scale
    features[:, _DURATION] = np.rint(features[:, _DURATION])
    return features


def _related(random: np.random.Generator, genres: IntArray, count: int) -> IntArray:
    """``count`` different genres for each given one, near ones most often and never itself; shape ``(rows, count)``."""
    # The largest of log weight plus Gumbel noise is a draw by weight, the largest two are two draws without repeats.
    noisy = _figures().relatedness[genres] + random.gumbel(size=(len(genres), len(_figures().names)))
    chosen: IntArray = np.argsort(-noisy, axis=1)[:, :count]
    return chosen


# --- Details ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Details:
    """What a block's tracks have beside their sound."""

    keys: IntArray
    modes: IntArray
    time_signatures: IntArray
    explicit: BoolArray
    popularity: IntArray
    guests: IntArray  # (rows, 4), artist numbers; -1 where there is none
    genre_counts: IntArray
    other_genres: IntArray  # (rows, 2)
    kinds: IntArray  # as in the block, but for remasters of songs too young to have one
    album_heads: IntArray  # row of the track that opens the same release
    titled_albums: BoolArray  # by row: the release that this row opens is named after it
    dates: NDArray[np.datetime64]
    date_lengths: IntArray  # characters of the ISO date that are known: 4, 7 or 10


def _draw_details(catalogue: _Catalogue, block: _Block) -> _Details:
    figures = _figures()
    random = catalogue.random(_STREAM_DETAILS, block.number)
    rows, genres, bases = len(block.artists), block.genres, block.bases

    def pick(cumulative: FloatArray) -> IntArray:
        drawn: IntArray = (random.random(rows)[:, None] >= cumulative[:, :-1]).sum(axis=1)
        return drawn

    keys = pick(figures.key[genres])[bases]
    modes = (random.random(rows) < figures.mode_major[genres]).astype(np.int64)[bases]
    time_signatures = 1 + pick(figures.time_signature[genres])[bases]
    # Half of what makes a track explicit is its artist (chosen).
    habit = random.standard_normal(rows)[block.starts]
    bluntness = math.sqrt(0.5) * (habit + random.standard_normal(rows))
    explicit = (_phi(bluntness) < figures.explicit[genres])[bases]

    credit_counts = 1 + np.searchsorted(figures.credits, random.random(rows))
    credit_counts[block.kinds == _FEATURING] = np.maximum(credit_counts[block.kinds == _FEATURING], 2)
    guests = np.where(np.arange(1, 5) < credit_counts[:, None], _draw_guests(catalogue, random, genres), -1)
    plain_version = (block.kinds != _ORIGINAL) & (block.kinds != _FEATURING)
    guests[plain_version] = guests[bases[plain_version]]

    kinds, album_heads, titled, dates, lengths = _draw_releases(catalogue, block, random)
    return _Details(
        keys=keys,
        modes=modes,
        time_signatures=time_signatures,
        explicit=explicit,
        popularity=_draw_track_popularity(random, catalogue.popularity[block.artists]),
        guests=guests,
        genre_counts=(1 + np.searchsorted(figures.genre_count, random.random(rows)))[bases],
        other_genres=_related(random, genres, 2)[bases],
        kinds=kinds,
        album_heads=album_heads,
        titled_albums=titled,
        dates=dates,
        date_lengths=lengths,
    )


def _draw_track_popularity(random: np.random.Generator, artist_popularity: IntArray) -> IntArray:
    """Popularity of one track by each artist: zero with the known share, else a beta distribution with known moments.

    Mean, spread and share of zeros are known by decade of the artist's popularity and interpolated between.
    """
    middles = np.arange(4.5, 100, 10)
    mean, spread, zero = (np.interp(artist_popularity, middles, row) for row in _figures().track_popularity)
    positive = mean / (1 - zero)
    variance = (spread**2 + mean**2) / (1 - zero) - positive**2
    share = positive / 100
    precision = np.maximum(share * (1 - share) / (variance / 100**2) - 1, 0.5)
    drawn = np.clip(np.rint(100 * random.beta(share * precision, (1 - share) * precision)), 1, 100)
    popularity: IntArray = np.where(random.random(len(drawn)) < zero, 0, drawn).astype(np.int64)
    return popularity


def _draw_guests(catalogue: _Catalogue, random: np.random.Generator, genres: IntArray) -> IntArray:
    """Four artists for each track, five in six from its genre (chosen); they may repeat each other."""
    shape = (len(genres), 4)
    ends = np.cumsum(catalogue.genre_sizes)
    sizes = catalogue.genre_sizes[genres][:, None]
    firsts = ends[genres][:, None] - sizes
    anywhere = (random.random(shape) < 1 / 6) | (sizes == 0)
    firsts, sizes = np.where(anywhere, 0, firsts), np.where(anywhere, len(catalogue.genres), sizes)
    guests: IntArray = catalogue.by_genre[firsts + (random.random(shape) * sizes).astype(np.int64)]
    return guests


def _draw_releases(
    catalogue: _Catalogue, block: _Block, random: np.random.Generator
) -> tuple[IntArray, IntArray, BoolArray, NDArray[np.datetime64], IntArray]:
    """Kinds, row of the release's first track, whether it lends its name, dates, and known characters of the dates."""
    rows = len(block.artists)
    here = np.arange(rows)
    original = block.kinds == _ORIGINAL
    # An artist's tracks fall into releases of three or four on average, many of them singles (chosen).
    opens = original & ((here == block.starts) | (random.random(rows) < 0.3))
    heads = np.maximum.accumulate(np.where(opens, here, 0))
    heads[~original] = here[~original]  # a version is a release of its own
    # Releases crowd near today: ages are an artist's age times a power of a uniform number.
    ages = (catalogue.debut_days[block.artists] * random.random(rows) ** 1.4)[heads][block.bases]
    dates = _SNAPSHOT_DAY - ages.astype(np.int64)
    years = dates.astype("datetime64[Y]").astype(np.int64) + 1970

    # Whatever is younger than eight years needs no remaster yet.
    kinds = np.where((block.kinds == _REMASTER) & (years > 2017), _SINGLE, block.kinds)
    remastered = kinds == _REMASTER
    new_years = (years + 8 + random.random(rows) * np.maximum(2026 - years - 8, 1)).astype(np.int64)
    days = (random.random(rows) * 365).astype(np.int64)
    later = (new_years - 1970).astype("datetime64[Y]").astype("datetime64[D]") + days
    dates = np.where(remastered, later, dates)
    live = kinds == _LIVE
    dates = np.where(live, dates + (random.random(rows) * np.minimum(ages, 4 * 365)).astype(np.int64), dates)

    decades = np.clip((dates.astype("datetime64[Y]").astype(np.int64)) // 10, 0, len(_YEAR_ONLY) - 1)
    chance = random.random(rows)[heads]
    only_year = chance < _YEAR_ONLY[decades]
    lengths = np.where(only_year, 4, np.where(chance > 1 - _YEAR_AND_MONTH, 7, 10))
    return kinds, heads, random.random(rows) < 0.5, dates, lengths


# --- Names ------------------------------------------------------------------------------------------------------------

_BASE62: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_ID_DIGITS: Final = 8
# Odd and no multiple of 31, so multiplying by it modulo 62^8 is a permutation; near 2^39, so that its product with a
# number below 2^24 stays within 63 bits. Scattered ids keep ties that go by id from preferring an artist.
_ID_STEP: Final = 0x61C8864681
_NUMBER_LIMIT: Final = 62**_ID_DIGITS


def _ids(prefix: str, numbers: IntArray, seed: int) -> list[str]:
    """Ids of tracks or artists by number, different for different numbers below ``MAX_COUNT``."""
    offset = int(np.random.default_rng([seed, _ID_DIGITS]).integers(_NUMBER_LIMIT))
    numbers = ((numbers * _ID_STEP) % _NUMBER_LIMIT + offset) % _NUMBER_LIMIT
    letters = np.array(list(_BASE62))
    digits = np.empty((len(numbers), _ID_DIGITS), dtype="<U1")
    for place in range(_ID_DIGITS - 1, -1, -1):
        digits[:, place] = letters[numbers % 62]
        numbers = numbers // 62
    tails = np.ascontiguousarray(digits).view(f"<U{_ID_DIGITS}").ravel().tolist()
    return [prefix + tail for tail in tails]


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


# Starts end and endings begin with a consonant, middles begin with a vowel: every combination can be spoken.
_STARTS: Final = _words(
    "Vel Mor Tas Kir Lun Bren Dor Fen Gal Hes Iv Jor Kal Lem Mir Nor Ost Pel Quor Rav Sel Tor Ulm Ves Wil Yor Zan Bal "
    "Cor Drav Eld Fal Grim Hal Inn Jas Kel Lor Mav Nev Orin Prim Quin Ros Sul Tam Um Var Wen Yel Zol Ask Brun Cas Del "
    "Emb Frol Glen"
)
_MIDDLES: Final = _words("a e i o u a e i o an el ir on ul en ar is or")
_ENDS: Final = _words(
    "dra vik mund lis nar tova rin sel kett mora bane dahl fern gast holt jen karo lund meer nox pell quist rune seph "
    "tarn vane weld zim bress croft dane vey strom tal riel mont ska wick lo"
)
_PLURALS: Final = _words(
    "Doves Lanterns Harbours Foxes Satellites Gardens Engines Orchards Sparrows Islands Cinemas Ladders Comets Rivers "
    "Neighbours Hollows Mirrors Kites Tides Parades Machines Winters Pilots Embers Wolves Postcards Anchors Thunders"
)
_THINGS: Final = _words(
    "Orchard Signal Harbour Cathedral Motel Garden Radio Compass Avenue Society Collective Machine Valley Theatre "
    "Coast Museum Division Circuit Ensemble Union Terrace Meridian Archive Foundry"
)
_CLASSICAL: Final = ("Quartet", "Chamber Players", "Sinfonia", "Piano Trio", "Consort", "Philharmonic")

_MOODS: Final = _words(
    "Golden Silent Broken Electric Distant Paper Midnight Velvet Hollow Burning Gentle Crooked Silver Restless Lonely "
    "Wild Frozen Second Secret Endless Faded Crimson Slow Neon Borrowed Sleepless Bitter Honest Northern Invisible "
    "Plastic Sunday Winter Summer Tender Reckless Concrete Perfect Ordinary Quiet Heavy Weightless Yellow Blue Last "
    "First Little"
)
_NOUNS: Final = _words(
    "River Window Highway Mirror Garden Thunder Letter Ocean Shadow Engine Morning Ghost Lantern Weather Kitchen "
    "Station Fever Feather Diamond Promise Motion Signal Harbour Rain Fire Mountain Summer Telephone Satellite Bridge "
    "Kingdom Honey Skyline Backseat Ceiling Memory Heart Voice Tomorrow Yesterday Avenue Circle Paradise Gravity "
    "Anchor Photograph Sugar Season Static Hunger Daylight Ladder Desert Bottle Pocket Parachute Stranger Whisper "
    "Carousel Magnet Balcony Wire"
)
_DOINGS: Final = _words(
    "Running Dancing Falling Waiting Driving Dreaming Burning Leaving Breathing Holding Sleeping Calling Chasing "
    "Drifting Fading Singing Walking Losing Hiding Shining Turning Counting"
)
_WHERE: Final = (
    "Home", "in the Rain", "Without You", "Through the Night", "Again", "Alone", "by the Sea", "on the Moon",
    "After Midnight", "for Nothing", "Away", "in Circles", "Under Water", "with Strangers", "Back to You", "Tonight",
    "Forever", "in Colour", "on the Line", "Towards the Sun",
)  # fmt: skip
_PHRASES: Final = (
    "Don't Tell Me Twice", "What If I Stay", "I Thought I Knew", "You Were Never There", "Tell Nobody", "Call It Even",
    "Say It Slowly", "Nothing Left to Burn", "Take Me Anywhere", "Hold On, Hold On", "We Were Younger", "Not This Time",
    "Love Is a Slow Machine", "How It Ends", "Give Me a Reason to Stay Up", "Leave the Light On", "It's Only Weather",
    "Wherever You Sleep", "Come Undone Again",
)  # fmt: skip
# What an importer, a CSV file and a spreadsheet must survive; such titles exist.
_AWKWARD: Final = (
    "True", "Nil", "NA", "+", "@", "=SUM", "-", "1999", "50/50; Again", '"Hush"', "Wait, Listen", "back\\slash", "???",
    "É", "...", "Null & Void", "<3", "Untitled #4", "(Interlude)", "π",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Language:
    """Words of one language that join into titles which read well in any combination."""

    joined: str  # pattern of two nouns
    nouns: tuple[str, ...]
    syllables: tuple[str, ...] = ()  # of invented names in the language's own script; empty: names are Latin


def _language(joined: str, nouns: str, syllables: str = "") -> _Language:
    return _Language(joined, _words(nouns), _words(syllables))


_ENGLISH, _SPANISH, _KOREAN, _JAPANESE = range(4)
_LANGUAGES: Final = (
    _language("", ""),
    _language(
        "{} de {}",
        "Noche Lluvia Fuego Luna Corazón Verano Miel Sombra Cielo Arena Ceniza Promesa Domingo Volcán Añil Papel Río",
    ),
    _language(
        "{}의 {}",
        "밤 별 바람 여름 바다 꿈 비 거울 봄 시간 달 노래 겨울 기억 도시 편지",
        "라 모 세 빈 코 루 하 진 노 미 담 온",
    ),
    _language(
        "{}の{}",
        "夜 星 風 夏 海 夢 雨 鏡 春 時間 月 歌 冬 記憶 街 手紙",
        "ラ モ セ ビ コ ル ハ ジ ノ ミ タ ン",
    ),
    _language(
        "{}的{}",
        "夜晚 星星 风 夏天 海 梦 雨 镜子 春天 时间 月亮 歌 冬天 记忆 城市 信",
        "洛 莫 赛 宾 柯 鲁 岚 静 诺 弥",
    ),
    _language(
        "{} и {}",
        "Ночь Звезда Ветер Лето Море Сон Дождь Зеркало Весна Время Луна Песня Зима Память Город Письмо",
        "ра мол сев бин кор лу хан жин нов мир",
    ),
    _language("{} και {}", "Νύχτα Αστέρι Άνεμος Θάλασσα Όνειρο Βροχή Άνοιξη Χρόνος Φεγγάρι Χειμώνας Πόλη Γράμμα"),
    _language("{} و{}", "ليل نجم ريح صيف بحر حلم مطر مرآة ربيع زمن قمر أغنية شتاء"),
    _language("{} ו{}", "לילה כוכב רוח קיץ ים חלום גשם מראה אביב זמן ירח שיר חורף"),
    _language("{} और {}", "रात तारा हवा सपना बारिश चाँद गीत शहर समय सागर सुबह"),
    _language("{} und {}", "Nacht Sterne Übermut Sommer Meer Träume Regen Spiegel Frühling Zeit Mond Straße Winter"),
    _language("{} et {}", "Nuit Étoile Forêt Été Fenêtre Rêve Pluie Miroir Lumière Demain Chaleur Hiver Façade"),
    _language("{} e {}", "Noite Coração Vento Verão Mar Sonho Chuva Canção Saudade Manhã Lua Estação Inverno Solidão"),
)

# Share of a genre's artists who sing in one language (chosen).
_SUNG_IN: Final = {
    "latin": (_SPANISH, 0.6),
    "reggaeton": (_SPANISH, 0.75),
    "k-pop": (_KOREAN, 0.55),
    "j-pop": (_JAPANESE, 0.65),
}


def _draw_languages(random: np.random.Generator, genres: IntArray, other_share: float) -> IntArray:
    others = random.integers(1, len(_LANGUAGES), len(genres))
    languages = np.where(random.random(len(genres)) < other_share, others, _ENGLISH)
    chance = random.random(len(genres))
    for number, name in enumerate(_figures().names):
        if name in _SUNG_IN:
            language, share = _SUNG_IN[name]
            languages[(genres == number) & (chance < share)] = language
    return languages


class _Dice:
    """Many small choices out of one large random number, cheaper than asking the generator for each."""

    __slots__ = ("_left",)

    def __init__(self, number: int) -> None:
        self._left = number

    def below(self, limit: int) -> int:
        self._left, result = divmod(self._left, limit)
        return result

    def pick(self, words: Sequence[str]) -> str:
        self._left, position = divmod(self._left, len(words))
        return words[position]


def _invented_word(dice: _Dice) -> str:
    if dice.below(3) == 0:
        return dice.pick(_STARTS) + dice.pick(_MIDDLES) + dice.pick(_ENDS)
    return dice.pick(_STARTS) + dice.pick(_ENDS)


def _artist_name(number: int, genre: str, language: int) -> str:
    """The name that belongs to a 62-bit number."""
    dice = _Dice(number)
    syllables = _LANGUAGES[language].syllables
    if syllables and dice.below(5) < 2:
        name = "".join([dice.pick(syllables) for _ in range(3 + dice.below(2))])
        return name.capitalize()
    style = dice.below(100)
    if genre == "classical" and style < 50:
        return f"{_invented_word(dice)} {dice.pick(_CLASSICAL)}"
    if genre == "hip hop" and style < 25:
        return f"{dice.pick(('Lil', 'MC', 'Young', 'Big'))} {_invented_word(dice)}"
    if genre in ("house", "techno", "edm", "reggae") and style < 15:
        return f"DJ {_invented_word(dice)}"
    if style < 50:
        return f"{_invented_word(dice)} {_invented_word(dice)}"
    if style < 66:
        return f"The {_invented_word(dice)} {dice.pick(_PLURALS)}"
    if style < 80:
        return f"{_invented_word(dice)} {dice.pick(_THINGS)}"
    if style < 90:
        return dice.pick(_STARTS) + dice.pick(_MIDDLES) + dice.pick(_ENDS)
    if style < 94:
        return f"{_invented_word(dice)} & the {dice.pick(_PLURALS)}"
    if style < 96:
        return _invented_word(dice).upper()
    if style < 97:
        return f"{_invented_word(dice)}, the {dice.pick(_THINGS)}"
    if style < 98:
        return f"{_invented_word(dice)}/{_invented_word(dice)}"
    if style < 99:
        return f"{_invented_word(dice)}; {_invented_word(dice)}"
    return f"{_invented_word(dice)} “{dice.pick(_MOODS)}” {_invented_word(dice)}"


def _title(number: int, language: int) -> str:
    dice = _Dice(number)
    if language and dice.below(5):
        words = _LANGUAGES[language]
        first, second = dice.pick(words.nouns), dice.pick(words.nouns)
        return first if first == second else words.joined.format(first, second)
    style = dice.below(200)
    if style < 60:
        return f"{dice.pick(_MOODS)} {dice.pick(_NOUNS)}"
    if style < 90:
        return f"{dice.pick(_DOINGS)} {dice.pick(_WHERE)}"
    if style < 115:
        return dice.pick(_NOUNS)
    if style < 150:
        one, other = dice.pick(_NOUNS), dice.pick(_NOUNS)
        if one == other:
            return one
        return f"{one} in the {other}" if style < 135 else f"The {one} and the {other}"
    if style < 165:
        return f"{dice.pick(_NOUNS)} of {_invented_word(dice)}"
    if style < 177:
        return dice.pick(_PHRASES)
    if style < 187:
        return f"{dice.pick(_MOODS)} {dice.pick(_NOUNS)}, Pt. {1 + dice.below(4)}"
    if style < 193:
        return f"{dice.pick(_MOODS)} {dice.pick(_NOUNS)}".lower()
    if style < 198:
        return f"{dice.pick(_DOINGS)} {dice.pick(_WHERE)} ({dice.pick(_MOODS)} {dice.pick(_NOUNS)})"
    return dice.pick(_AWKWARD)


# --- Tracks -----------------------------------------------------------------------------------------------------------


def _artist_credits(catalogue: _Catalogue, numbers: IntArray) -> dict[int, ArtistCredit]:
    """The named artists by number; made per block, so that names never fill the memory."""
    wanted = np.unique(numbers)
    genre_names = _figures().names
    columns = (wanted, catalogue.names[wanted], catalogue.genres[wanted], catalogue.languages[wanted])
    ids = _ids(ARTIST_ID_PREFIX, wanted, catalogue.seed)
    return {
        number: ArtistCredit(_artist_name(name, genre_names[genre], language), artist_id)
        for number, name, genre, language, artist_id in zip(*(column.tolist() for column in columns), ids, strict=True)
    }


def _tracks_of(catalogue: _Catalogue, block: _Block) -> Iterator[Track]:
    details = _draw_details(catalogue, block)
    rows = len(block.artists)
    numbers = np.arange(block.first, block.first + rows)
    artists = _artist_credits(catalogue, np.concatenate([block.artists, details.guests[details.guests >= 0]]))
    genre_names = _figures().names
    genre_tuples: dict[tuple[int, ...], tuple[str, ...]] = {}
    random = catalogue.random(_STREAM_TEXTS, block.number)
    # Lists, because reading numpy arrays one by one costs more than everything else here.
    title_numbers, album_numbers, wordings = random.integers(0, 2**62, (3, rows)).tolist()
    languages = catalogue.languages[block.artists].tolist()
    artist_popularity = catalogue.popularity[block.artists].tolist()
    kinds, bases, heads = details.kinds.tolist(), block.bases.tolist(), details.album_heads.tolist()
    titled_albums = details.titled_albums.tolist()
    genres = np.column_stack([block.genres, details.other_genres]).tolist()
    plain_titles: list[str] = []
    albums: list[str] = []

    columns = (
        _ids(TRACK_ID_PREFIX, numbers, catalogue.seed),
        block.artists.tolist(),
        details.guests.tolist(),
        block.features.tolist(),
        details.keys.tolist(),
        details.modes.tolist(),
        details.time_signatures.tolist(),
        details.explicit.tolist(),
        details.popularity.tolist(),
        details.genre_counts.tolist(),
        np.datetime_as_string(details.dates).tolist(),
        details.date_lengths.tolist(),
    )
    for row, (
        track_id, artist, guests, sound, key, mode, beats, explicit, popularity, genre_count, date, date_length
    ) in enumerate(zip(*columns, strict=True)):  # fmt: skip
        credits = tuple([artists[number] for number in dict.fromkeys((artist, *guests)) if number >= 0])
        kind, base, wording = kinds[row], bases[row], _Dice(wordings[row])
        if kind == _ORIGINAL:
            plain = _title(title_numbers[row], languages[row])
            # Guests are credited; a third of the titles name them as well (chosen).
            title = f"{plain} (feat. {_joined(credits[1:])})" if len(credits) > 1 and not wording.below(3) else plain
            head = heads[row]
            if head != row:
                album = albums[head]
            else:
                album = plain if titled_albums[row] else _title(album_numbers[row], languages[row])
        else:
            plain = plain_titles[base]
            title, album = _version_texts(kind, plain, albums[base], credits, date[:4], wording)
        plain_titles.append(plain)
        albums.append(album)

        drawn = tuple(genres[row][:genre_count])
        if drawn not in genre_tuples:
            genre_tuples[drawn] = tuple(sorted({genre_names[genre] for genre in drawn}))
        danceability, energy, loudness, speechiness, acousticness, instrumentalness, liveness, valence, tempo, ms = (
            sound
        )
        yield Track(
            track_id=track_id,
            title=title,
            artists=credits,
            features=AudioFeatures(
                danceability, energy, loudness, speechiness, acousticness, instrumentalness, liveness, valence, tempo,
                key, mode, beats,
            ),
            album=album,
            release_date=date[:date_length],
            duration_ms=int(ms),
            explicit=explicit,
            popularity=popularity,
            artist_popularity=artist_popularity[row],
            genres=genre_tuples[drawn],
            snapshot=SNAPSHOT,
            source=SYNTHETIC_SOURCE,
        )  # fmt: skip


def _version_texts(
    kind: int, plain: str, album: str, credits: tuple[ArtistCredit, ...], year: str, wording: _Dice
) -> tuple[str, str]:
    """Title and album of another version of a song, in the spellings that Spotify titles have."""
    if kind == _LIVE:
        place = f"{_invented_word(wording)} {wording.pick(('Hall', 'Arena', 'Theatre', 'Sessions'))}"
        endings = (" - Live", " (Live)", f" - Live at {place}", f" - Live {year}")
        return plain + wording.pick(endings), f"{album} (Live)"
    if kind == _REMASTER:
        return plain + wording.pick((f" - {year} Remaster", f" - Remastered {year}")), f"{album} ({year} Remaster)"
    if kind == _FEATURING and len(credits) > 1:
        title = f"{plain} {wording.pick(('(feat. {})', '(with {})'))}".format(_joined(credits[1:]))
    else:
        title = f"{plain} - Single Version" if kind == _SINGLE else f"{plain} - Radio Edit"
    return title, title


def _joined(credits: Sequence[ArtistCredit]) -> str:
    names = [credit.name for credit in credits]
    return " & ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


if __name__ == "__main__":
    main()
