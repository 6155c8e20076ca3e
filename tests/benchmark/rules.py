"""Thirty tracks in genre and band under rules 1 and 3, by the recommender's own code, whoever finds the neighbours.

Rule 1: every credited artist bigger, and none of the seed's own. Rule 3: each artist and each song once.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from daltonify_core.index.bundle import LoadedIndex
from daltonify_core.index.candidate_search import Ranking, SearchPath
from daltonify_core.playlist.filters import (
    EveryArtistBigger,
    ItemFilter,
    NoAlternateVersions,
    NotThese,
    OnePerArtist,
    SelectionFilter,
    apply_filters,
)
from daltonify_core.playlist.selection import pick
from tests.benchmark.questions import NEIGHBOURS, Question

type Answer = Callable[[Question], NDArray[Any]]


def our_list(index: LoadedIndex) -> Answer:
    """Rule 1 before the search, as in the recommender."""

    def answer(one: Question) -> NDArray[Any]:
        before, after = _rules(index, one)
        allowed = apply_filters(index.pool([one.genre], one.start, one.end), before)
        picks, _ = pick(lambda count: index.search.rank([one.point], allowed, count), after, NEIGHBOURS)
        return np.array([found.item for found in picks])

    return answer


def list_of(index: LoadedIndex, nearest: Callable[[Question, int], NDArray[Any]]) -> Answer:
    """All rules after the search of a library that can only filter by genre and band."""

    def answer(one: Question) -> NDArray[Any]:
        before, after = _rules(index, one)

        def rank(count: int) -> Ranking:
            found = nearest(one, count).astype(np.int32)
            items = found[apply_filters(index.pool_of(np.sort(found)), before).holds(found)]
            nothing = np.zeros(len(items))
            return Ranking(items, nothing, nothing, SearchPath.ANNOY, len(found) < count)

        picks, _ = pick(rank, after, NEIGHBOURS)
        return np.array([found.item for found in picks])

    return answer


def _rules(index: LoadedIndex, one: Question) -> tuple[list[ItemFilter], list[SelectionFilter]]:
    arrays = index.arrays
    artists = arrays.artists_of(one.item)
    own = np.unique(np.concatenate([arrays.items_by(number) for number in artists]))
    return (
        [EveryArtistBigger(int(arrays.artist_popularity[one.item])), NotThese(own)],
        [
            OnePerArtist(arrays.artists_of_each, artists),
            NoAlternateVersions(
                lambda items: arrays.song_keys.take(items).tolist(), arrays.song, [arrays.song(one.item)]
            ),
        ],
    )
