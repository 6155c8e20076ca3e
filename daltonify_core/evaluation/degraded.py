"""Seeds as our users have them: the questions of the mission asked anew, with less known of the seed.

A new release is in no catalogue, and what is known of it comes from a service, from its file or from its artist. So
each seed is asked for as a track that the catalogue does not hold: by its numbers alone, without its artist's other
tracks, and with part of the numbers missing or wrong. Everything else stays as it is, candidates and right answers too.
Lists hold what our index's search ranks first among the candidates in the band, one track per artist and song. That is
what the recommender does for such a seed, without the words around it.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Final

import numpy as np

from daltonify_core.audio.local_model import local_model
from daltonify_core.audio.questions import WITH_VOCALS, WITHOUT_VOCALS
from daltonify_core.catalogue.audio_features import CONTINUOUS_FEATURES, FEATURE_RANGES, AudioFeatures
from daltonify_core.evaluation.ground import Ground
from daltonify_core.evaluation.methods import Answer
from daltonify_core.evaluation.questions import LIST_SIZE, Protocol, Question
from daltonify_core.index.bundle import LoadedIndex
from daltonify_core.index.candidate_search import Ranking
from daltonify_core.index.feature_space import FloatArray
from daltonify_core.index.items import Items
from daltonify_core.playlist.filters import NoAlternateVersions, OnePerArtist
from daltonify_core.playlist.request import SIZE_LIMITS
from daltonify_core.playlist.selection import like_enough, pick

RANDOM_SEED: Final = 20_201_122

HAND_SET: Final = ("energy", "danceability", "acousticness")
"""What an artist can judge without knowing anybody else's numbers: how intense, how danceable, how acoustic."""
# How far off a slider is that is set by ear (a guess: nobody has measured artists), and in which steps it moves.
_HAND_ERROR: Final = 0.15
_HAND_STEP: Final = 0.05

# Share of a within-artist standard deviation that another service's values are taken to be off by.
_NOISE: Final = 0.5
# Shares nearer to 0 or 1 than this count as equal when that deviation is measured: in log odds the difference between
# next to nothing and nothing would outweigh all others.
_LEAST_SHARE: Final = 1e-3

# How well the local model predicts tracks that it was not fitted to: the share of variance that it explains, how its
# errors go together, and how far off it is on music like a chart catalogue's. All else comes out right there, on
# average, so predictions lean towards the catalogue's own middle. Calibrated with Echo Nest audio features from "FMA: A
# Dataset For Music Analysis" (M. Defferrard, K. Benzi, P. Vandergheynst, X. Bresson, ISMIR 2017), CC BY 4.0.
_MODEL_SHARES: Final = {"acousticness": 0.757, "danceability": 0.38, "energy": 0.696}
_MODEL_BIASES: Final = {"acousticness": 0.05}
_MODEL_ERRORS: Final = np.array([[1.0, 0.05, -0.14], [0.05, 1.0, 0.09], [-0.14, 0.09, 1.0]])
# How often the tempo is right once the artist has said which octave it is in (53 % at once, 13 % an octave off), within
# which spread it is right, and how far off it is taken to be otherwise: anywhere in the octave.
_TEMPO_RIGHT: Final = 0.66
_TEMPO_SPREAD: Final = 0.02
_LOUDNESS_ERROR: Final = 1.0
# Above this a track counts as one without vocals, as the definition of instrumentalness has it.
_INSTRUMENTAL: Final = 0.5


class Knowledge(StrEnum):
    """What is known of a seed that the catalogue does not hold."""

    EVERYTHING = "everything"
    FEATURES = "nine features"
    NOISY = "nine features, noisy"
    HAND_SET = "three by hand"
    HAND_SET_BY_EAR = "three by ear"
    MEASURED = "measured from the file"


@dataclass(frozen=True)
class Degradation:
    """Takes numbers away from seeds, or spoils them; equal seeds are spoilt equally, whatever else is asked."""

    ground: Ground

    def features(self, knowledge: Knowledge, item: int) -> AudioFeatures:
        """What is known of an item's features, none of them key, mode or time signature."""
        random = np.random.default_rng((RANDOM_SEED, *bytes(self.ground.arrays.track_ids[item])))
        true = dict(zip(CONTINUOUS_FEATURES, self.ground.features[item].tolist(), strict=True))
        known: Mapping[str, float] = true
        if knowledge is Knowledge.NOISY:
            known = self._noisy(item, random)
        elif knowledge is Knowledge.HAND_SET:
            known = {name: true[name] for name in HAND_SET}
        elif knowledge is Knowledge.HAND_SET_BY_EAR:
            known = {name: _set_by_ear(true[name], random) for name in HAND_SET}
        elif knowledge is Knowledge.MEASURED:
            known = self._measured(true, random)
        return AudioFeatures.from_mapping({name: _within_range(name, value) for name, value in known.items()})

    def _noisy(self, item: int, random: np.random.Generator) -> dict[str, float]:
        errors = _NOISE * self._spreads_within_artists * random.standard_normal(len(CONTINUOUS_FEATURES))
        values = self.ground.features[item].tolist()
        return {
            name: _off_by(name, value, error)
            for name, value, error in zip(CONTINUOUS_FEATURES, values, errors.tolist(), strict=True)
        }

    def _measured(self, true: Mapping[str, float], random: np.random.Generator) -> dict[str, float]:
        """What measuring the file and two questions to the artist would tell of a track with these features.

        The artist says rightly whether somebody sings, and in which octave the tempo is.
        """
        known: dict[str, float] = {}
        errors = np.linalg.cholesky(_MODEL_ERRORS) @ random.standard_normal(len(_MODEL_SHARES))
        for (name, share), error in zip(_MODEL_SHARES.items(), errors.tolist(), strict=True):
            target, middle = local_model().targets[name], self._middles[name]
            score = float(np.interp(true[name], target.curve_values, target.curve_scores))
            predicted = middle + share * (score - middle) + math.sqrt(share * (1.0 - share)) * error
            value = float(np.interp(predicted, target.curve_scores, target.curve_values))
            known[name] = value + _MODEL_BIASES.get(name, 0.0)
        known["loudness"] = true["loudness"] + _LOUDNESS_ERROR * random.standard_normal()
        is_right = random.random() < _TEMPO_RIGHT
        octaves = random.normal(0.0, _TEMPO_SPREAD) / math.log(2.0) if is_right else random.uniform(-0.5, 0.5)
        known["tempo"] = true["tempo"] * 2.0**octaves
        known["instrumentalness"] = WITHOUT_VOCALS if true["instrumentalness"] > _INSTRUMENTAL else WITH_VOCALS
        return known

    @cached_property
    def _spreads_within_artists(self) -> FloatArray:
        """Standard deviation of each feature, on its natural scale, around its artist's mean; shape ``(9,)``."""
        low, high = _LEAST_SHARE, 1.0 - _LEAST_SHARE
        columns = [
            _natural(name, column if name in ("loudness", "tempo") else np.clip(column, low, high))
            for name, column in zip(CONTINUOUS_FEATURES, self.ground.features.T, strict=True)
        ]
        artists = np.unique(self.ground.primary, return_inverse=True)[1]
        counts = np.bincount(artists)
        deviations = [column - (np.bincount(artists, weights=column) / counts)[artists] for column in columns]
        freedom = max(len(artists) - len(counts), 1)
        return np.sqrt(np.array([np.square(one).sum() for one in deviations]) / freedom)

    @cached_property
    def _middles(self) -> dict[str, float]:
        """The catalogue's mean of each feature that the local model predicts, in the model's scores."""
        middles = {}
        for name in _MODEL_SHARES:
            target, values = local_model().targets[name], self.ground.features[:, CONTINUOUS_FEATURES.index(name)]
            middles[name] = float(np.interp(values, target.curve_values, target.curve_scores).mean())
        return middles


@dataclass(frozen=True, slots=True)
class DegradedMethod:
    """Our search for seeds of which only so much is known.

    ``reach`` gives the candidates of a question that lie in the band.
    """

    knowledge: Knowledge
    era: bool
    index: LoadedIndex
    ground: Ground
    degradation: Degradation
    reach: Callable[[Question], Items]
    protocols: tuple[Protocol, ...] = field(default=(Protocol.MISSION,))

    @property
    def name(self) -> str:
        """Unique among the degraded methods."""
        return f"{self.knowledge}, {'with era' if self.era else 'sound only'}"

    def answer(self, protocol: Protocol, question: Question) -> Answer:
        """The best list for what is known; the seed's own date counts as known, since a release has one."""
        ground, index = self.ground, self.index
        track = ground.tracks[question.seed]
        features = self.degradation.features(self.knowledge, question.seed)
        duration = track.duration_ms if self.knowledge is Knowledge.EVERYTHING else None
        query = index.space.query(features, duration, track.release_date, era=self.era)
        candidates = self.reach(question)
        keys = ground.arrays.song_keys
        rules = (
            OnePerArtist(ground.arrays.artists_of_each, ground.arrays.artists_of(question.seed)),
            NoAlternateVersions(lambda items: keys[items].tolist(), ground.song, [ground.song(question.seed)]),
        )

        def rank(count: int) -> Ranking:
            return index.search.rank([query], candidates, count)

        if len(candidates) == 0:
            return Answer((), ())
        reach = float(index.space.similarity(np.array([query.unknown]))[0])
        items = [one.item for one in like_enough(pick(rank, rules, LIST_SIZE)[0], reach, SIZE_LIMITS[0])]
        return Answer(items, items)


def degraded_methods(
    index: LoadedIndex, ground: Ground, reach: Callable[[Question], Items]
) -> tuple[DegradedMethod, ...]:
    """Our method for every kind of knowledge, in both variants."""
    degradation = Degradation(ground)
    return tuple(
        DegradedMethod(knowledge, era, index, ground, degradation, reach)
        for knowledge in Knowledge
        for era in (False, True)
    )


def _natural(name: str, values: FloatArray) -> FloatArray:
    """Values on the scale on which errors are alike everywhere: dB, log tempo, and log odds of all shares."""
    if name == "loudness":
        return values
    if name == "tempo":
        return np.log(values)
    return np.asarray(np.log(values / (1.0 - values)))


def _off_by(name: str, value: float, error: float) -> float:
    """A value with an error on its natural scale; certainty stays certain, since no log odds lead away from it."""
    if name == "loudness":
        return value + error
    factor = float(np.exp(error))
    return value * factor if name == "tempo" else value * factor / (1.0 - value + value * factor)


def _set_by_ear(value: float, random: np.random.Generator) -> float:
    return round((value + _HAND_ERROR * random.standard_normal()) / _HAND_STEP) * _HAND_STEP


def _within_range(name: str, value: float) -> float:
    low, high = FEATURE_RANGES[name]
    return min(max(value, low), high)
