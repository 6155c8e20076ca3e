"""Metrics: what a list is worth, and what it costs.

Lists come as one matrix of items, shape ``(q, LIST_SIZE)``: row ``i`` answers question ``i``, best first, and
``ABSENT`` fills what a short list lacks.
"""

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from daltonify_core.evaluation.ground import Ground
from daltonify_core.evaluation.questions import LIST_SIZE, Question
from daltonify_core.index.feature_space import FloatArray

type Lists = NDArray[np.int32]
type Flags = NDArray[np.bool_]

ABSENT: Final = -1
_GAINS: Final = 1.0 / np.log2(np.arange(2, LIST_SIZE + 2))


def as_lists(rows: Sequence[Sequence[int]], size: int = LIST_SIZE) -> Lists:
    """Lists of at most ``size`` items as one matrix, shape ``(len(rows), size)``."""
    lists = np.full((len(rows), size), ABSENT, dtype=np.int32)
    for place, row in enumerate(rows):
        lists[place, : len(row)] = row
    return lists


def hits_of(lists: Lists, questions: Sequence[Question], ground: Ground, once_per_artist: bool) -> Flags:
    """Where a list holds a relevant item, bool, shape of ``lists``; an item that stands there twice counts once.

    With ``once_per_artist`` only the first hit of a primary artist counts, so that a list which repeats an artist
    cannot find more than the best list that may not.
    """
    hits = np.zeros(lists.shape, dtype=np.bool_)
    for place, question in enumerate(questions):
        row = lists[place]
        hits[place] = np.isin(row, question.relevant) & (row != ABSENT)
        found = np.flatnonzero(hits[place])
        names = ground.primary[row[found]] if once_per_artist else row[found]
        first = np.unique(names, return_index=True)[1]
        hits[place, np.delete(found, first)] = False
    return hits


def ndcg(hits: Flags, ideals: NDArray[np.int64]) -> FloatArray:
    """Normalised discounted cumulative gain of each list.

    A hit in place ``p`` (from 1) is worth ``1 / log2(p + 1)``; the sum is divided by that of a list whose first
    ``ideal`` places are hits. ``ideals`` are at least 1.
    """
    return np.asarray((hits * _GAINS).sum(axis=1) / np.cumsum(_GAINS)[ideals - 1])


def precision(hits: Flags) -> FloatArray:
    """Hits among ``LIST_SIZE`` places; a place that a short list leaves empty is no hit."""
    return np.asarray(hits.mean(axis=1))


def r_precision(hits: Flags, ideals: NDArray[np.int64]) -> FloatArray:
    """Hits among the first ``ideal`` places, over ``ideal``."""
    inside = np.arange(LIST_SIZE) < ideals[:, None]
    return np.asarray((hits & inside).sum(axis=1) / ideals)


def rule_abiding(lists: Lists, questions: Sequence[Question], ground: Ground) -> FloatArray:
    """Share of each list's rows that keep rules 1 and 3, NaN for an empty list.

    A row breaks them when its primary artist or any credited artist of known popularity is not above the level, when
    it credits an artist of the seed or of a row before it, or when it is a version of the seed's song or of such a
    row's. Artists are compared by the index's credits and, apart from those, by name without accents.
    """
    arrays = ground.arrays
    shares = np.full(len(lists), np.nan)
    for place, question in enumerate(questions):
        items = _present(lists[place]).tolist()
        seen, seen_names, kept = set(arrays.artists_of(question.seed)), set(ground.people(question.seed)), 0
        versions = _versions(question.seed, items, ground)
        for item, is_version in zip(items, versions, strict=True):
            artists, names = arrays.artists_of(item), ground.people(item)
            known = [ground.popularity_of_name[name] for name in names if name in ground.popularity_of_name]
            weakest = min(arrays.artist_popularity[item], arrays.weakest_credit[item], *known)
            is_new = seen.isdisjoint(artists) and seen_names.isdisjoint(names)
            kept += bool(weakest > question.level and is_new and not is_version)
            seen.update(artists)
            seen_names |= names
        if items:
            shares[place] = kept / len(items)
    return shares


def alternate_versions(lists: Lists, questions: Sequence[Question], ground: Ground) -> NDArray[np.int64]:
    """How many rows of each list are a version of the seed's song or of a row before."""
    return np.array(
        [
            sum(_versions(question.seed, _present(row).tolist(), ground))
            for row, question in zip(lists, questions, strict=True)
        ],
        dtype=np.int64,
    )


def mean_lift(lists: Lists, questions: Sequence[Question], ground: Ground) -> FloatArray:
    """Mean points of popularity by which a list's primary artists are above the level, NaN for an empty list."""
    levels = np.array([question.level for question in questions])
    lifts = np.where(lists == ABSENT, np.nan, ground.arrays.artist_popularity[lists] - levels[:, None])
    return _mean_of_known(lifts)


def distinct_artists(lists: Lists, ground: Ground) -> NDArray[np.int64]:
    """Number of different primary artists on each list."""
    return np.array([len(np.unique(ground.primary[_present(row)])) for row in lists], dtype=np.int64)


def coherence(lists: Lists, questions: Sequence[Question], ground: Ground) -> FloatArray:
    """How much more alike the tracks of a list are than tracks of its genre: 0 as little, 1 all equal; may be negative.

    One less the mean squared distance of two tracks of the list over that of two tracks of the genre, both over nine
    z-scored features. NaN for a list of fewer than two tracks.
    """
    spread = [
        _mean_squared_distance(ground.z_scores[ground.arrays.items_of_genre(number)])
        for number in range(len(ground.genres))
    ]
    values = np.full(len(lists), np.nan)
    for place, question in enumerate(questions):
        row = _present(lists[place])
        if len(row) > 1 and spread[question.genre] > 0:
            values[place] = 1.0 - _mean_squared_distance(ground.z_scores[row]) / spread[question.genre]
    return values


def overlap(lists: Lists, questions: Sequence[Question]) -> float:
    """Mean share of rows that the lists of two different seeds of one genre have in common, NaN without such a pair.

    Shared items over the mean length of all lists, averaged over all pairs.
    """
    genres = np.array([question.genre for question in questions], dtype=np.int64)
    shared = pairs = 0
    for genre in np.unique(genres):
        own = lists[genres == genre]
        times = np.unique(own[own != ABSENT], return_counts=True)[1]
        shared += int((times * (times - 1) // 2).sum())
        pairs += math.comb(len(own), 2)
    length = float((lists != ABSENT).sum(axis=1).mean()) if len(lists) else 0.0
    return shared / pairs / length if pairs and length else math.nan


def _present(row: Lists) -> Lists:
    return np.asarray(row[row != ABSENT])


def _versions(seed: int, items: Sequence[int], ground: Ground) -> list[bool]:
    """For each item whether it is a version of the seed's song or of an item before it."""
    same_title: dict[int, list[int]] = {int(ground.arrays.song_keys[seed]): [seed]}
    flags = []
    for item, key in zip(items, ground.arrays.song_keys[list(items)].tolist(), strict=True):
        before = same_title.setdefault(key, [])
        flags.append(any(ground.are_versions(item, other) for other in before))
        before.append(item)
    return flags


def _mean_squared_distance(points: FloatArray) -> float:
    """Of two different points of ``points``, shape ``(m, d)``: twice their variance, with the divisor ``m - 1``."""
    return 2.0 * float(points.var(axis=0, ddof=1).sum()) if len(points) > 1 else math.nan


def _mean_of_known(values: FloatArray) -> FloatArray:
    """Mean of each row over what is not NaN; NaN for a row that knows nothing."""
    known = ~np.isnan(values)
    counts = known.sum(axis=1)
    return np.asarray(np.where(counts > 0, np.where(known, values, 0.0).sum(axis=1) / np.maximum(counts, 1), np.nan))
