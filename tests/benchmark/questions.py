"""What is asked in a benchmark: seeds as small artists have them, and the four ways of filtering."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from daltonify_core.index.bundle import LoadedIndex
from daltonify_core.index.feature_space import QueryPoint
from daltonify_core.index.pools import Pool
from daltonify_core.playlist.band import BandLifts
from daltonify_core.playlist.request import RecommendationRequest

NEIGHBOURS: Final = 30
HIGHEST_LEVEL: Final = 40
"""Of a seed's artist. Users are artists whom few know; the index has hardly anybody above those whom many do."""
LEAST_CHOICE: Final = 3 * NEIGHBOURS
"""Allowed tracks; with fewer there is nothing to search."""
_SEED: Final = 20_261_123


@dataclass(frozen=True, slots=True)
class Question:
    """A seed, one of its genres by number, and the default band above its artist as a range of items."""

    item: int
    genre: int
    start: int
    end: int
    point: QueryPoint
    query: NDArray[np.float32]
    """The point's vector in single precision, which everybody finds prepared."""


FILTERINGS: Final[dict[str, Callable[[LoadedIndex, Question], Pool]]] = {
    "none": lambda index, _: Pool.between(0, index.manifest.items, index.arrays),
    "genre": lambda index, one: index.pool([one.genre], 0, index.manifest.items),
    "band": lambda index, one: Pool.between(one.start, one.end, index.arrays),
    "genre and band": lambda index, one: index.pool([one.genre], one.start, one.end),
}
"""Among what each way of filtering looks, as the recommender gives it to the search."""


def questions_of(index: LoadedIndex, count: int, only_genre: int | None = None) -> list[Question]:
    """So many questions, equal for equal indexes: seeds drawn from all tracks of small artists, genres by tracks.

    ``only_genre`` asks for one genre alone.
    """
    arrays, lifts = index.arrays, BandLifts()
    start, end = arrays.popularity_range(0, HIGHEST_LEVEL)
    random = np.random.default_rng(_SEED)
    found: list[Question] = []
    while len(found) < count:
        # By their places in the genres' lists, so that a genre is asked for as often as it has tracks.
        place = int(random.integers(len(arrays.genre_items)))
        item = int(arrays.genre_items[place])
        if not start <= item < end:
            continue
        genre = int(np.searchsorted(arrays.genre_offsets, place, side="right")) - 1
        if only_genre not in (None, genre):
            continue
        level = int(arrays.artist_popularity[item])
        first, last = arrays.popularity_range(level + lifts.min_lift, level + lifts.max_lift)
        place, behind = arrays.genre_stretch(genre, first, last)
        if behind - place < LEAST_CHOICE:
            continue
        point = _point(index, item)
        found.append(Question(item, genre, first, last, point, point.vector.astype(np.float32)))
    return found


def request_of(index: LoadedIndex, question: Question) -> RecommendationRequest:
    """What a visitor sends for the question."""
    track_id = index.arrays.track_ids[question.item].decode()
    return RecommendationRequest.from_dict({"seeds": [track_id], "genre": index.genres[question.genre]})


def _point(index: LoadedIndex, item: int) -> QueryPoint:
    """Where a request for this track looks: outward from where the track itself stands."""
    [track] = index.tracks.tracks([item])
    artist = index.sound_of_artist(index.arrays.artists_of(item)[0], item)
    return index.space.query(track.features, track.duration_ms, track.release_date, artist)
