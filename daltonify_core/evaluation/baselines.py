"""Baselines: simple methods that get the same seeds and candidates as ours.

Each orders a question's candidates, best first; equals stay in item order, that is by popularity of their artist.
"""

from collections.abc import Callable
from typing import Final

import numpy as np

from daltonify_core.catalogue.audio_features import CONTINUOUS_FEATURES
from daltonify_core.evaluation.ground import Ground
from daltonify_core.evaluation.questions import LIST_SIZE, Question
from daltonify_core.index.feature_space import FloatArray
from daltonify_core.index.items import Items
from daltonify_core.playlist.band import BandLifts, band_stages
from daltonify_core.playlist.filters import NoAlternateVersions, OnePerArtist

type Baseline = Callable[[Question, Ground], Items]

RANDOM_SEED: Final = 20_201_122

ORIGINAL_FEATURES: Final = ("danceability", "energy", "valence", "instrumentalness", "acousticness", "speechiness")
"""The six raw features that the original project compared by cosine."""

SCALED_FEATURES: Final = tuple(name for name in CONTINUOUS_FEATURES if name != "liveness")
"""The eight features of the scaled distance; liveness tells hardly anything about genre or style."""

_ORIGINAL_COLUMNS: Final = [CONTINUOUS_FEATURES.index(name) for name in ORIGINAL_FEATURES]
_SCALED_COLUMNS: Final = [CONTINUOUS_FEATURES.index(name) for name in SCALED_FEATURES]


def by_chance(question: Question, ground: Ground) -> Items:
    """In an order that the seed's item alone decides."""
    return np.random.default_rng((RANDOM_SEED, question.seed)).permutation(question.candidates)


def by_popularity(question: Question, ground: Ground) -> Items:
    """The most popular tracks first, whatever they sound like."""
    return _most_popular_first(question.candidates, ground)


def as_the_original(question: Question, ground: Ground) -> Items:
    """As the original project: of the candidates at or above the median cosine, the most popular tracks first."""
    cosines = _cosines(question.candidates, question.seed, ground)
    if len(cosines) == 0:
        return question.candidates
    return _most_popular_first(question.candidates[cosines >= np.median(cosines)], ground)


def by_raw_cosine(question: Question, ground: Ground) -> Items:
    """By the original's cosine alone."""
    return question.candidates[np.argsort(-_cosines(question.candidates, question.seed, ground), kind="stable")]


def by_scaled_distance(question: Question, ground: Ground) -> Items:
    """By Euclidean distance over eight z-scored features."""
    difference = ground.z_scores[question.candidates] - ground.z_scores[question.seed]
    distances = (difference[:, _SCALED_COLUMNS] ** 2).sum(axis=1)
    return question.candidates[np.argsort(distances, kind="stable")]


def best_allowed(ordered: Items, question: Question, ground: Ground, size: int = LIST_SIZE) -> list[int]:
    """The first ``size`` of ``ordered`` under rule 3: no artist twice and no version of a song twice."""
    keys = ground.arrays.song_keys
    rules = (
        OnePerArtist(ground.arrays.artists_of_each, ground.arrays.artists_of(question.seed)),
        NoAlternateVersions(lambda items: keys[items].tolist(), ground.song, [ground.song(question.seed)]),
    )
    chosen: list[int] = []
    for item in ordered.tolist():
        if len(chosen) == size:
            break
        if all(rule.admits(item) for rule in rules):
            for rule in rules:
                rule.take(item)
            chosen.append(item)
    return chosen


def within_band(question: Question, ground: Ground, size: int = LIST_SIZE) -> Items:
    """The candidates in the default band of rule 2, widened step by step as ours until ``size`` of them make a list."""
    candidates = question.candidates
    popularity = ground.arrays.artist_popularity[candidates]
    inside = candidates[:0]
    for stage in band_stages(question.level, BandLifts(), may_widen=True):
        inside = candidates[(popularity >= stage.used.low) & (popularity <= stage.used.high)]
        if len(best_allowed(inside, question, ground, size)) == size:
            break
    return np.asarray(inside)


class Reach:
    """The candidates of mission questions ``within_band``, kept, because method after method asks for them."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._known: dict[tuple[int, int, int], Items] = {}

    def __call__(self, question: Question) -> Items:
        """Those of one question; its seed, genre and level decide."""
        key = (question.seed, question.genre, question.level)
        if key not in self._known:
            self._known[key] = within_band(question, self._ground)
        return self._known[key]


def _most_popular_first(items: Items, ground: Ground) -> Items:
    popularity = ground.arrays.track_popularity[items].astype(np.int32)
    return np.asarray(items[np.argsort(-popularity, kind="stable")])


def _cosines(items: Items, seed: int, ground: Ground) -> FloatArray:
    raw, query = ground.features[items][:, _ORIGINAL_COLUMNS], ground.features[seed, _ORIGINAL_COLUMNS]
    lengths = np.linalg.norm(raw, axis=1) * np.linalg.norm(query)
    return np.asarray((raw @ query) / np.where(lengths > 0, lengths, 1.0))
