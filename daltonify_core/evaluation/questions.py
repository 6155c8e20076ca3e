"""What is asked of every method: one seed, the tracks to choose from, and those that count as found.

*Open*: what sounds as if it belonged to the seed? Candidates are the tracks of the seed's genre by other artists,
relevant are those that share a playlist with the seed, and the best list holds as many of them as fit.

*Mission*: what the product promises. Candidates are further held to rule 1 (every artist whose popularity is known is
above the seed's artist) and rule 3 (no version of the seed's song); the popularity band is a default and no rule, so it
takes nothing away here, though methods keep to it. Rule 3 also allows an artist once, so the best list holds one track
of each relevant artist.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np

from daltonify_core.evaluation.ground import Ground
from daltonify_core.evaluation.playlists import Playlists
from daltonify_core.index.items import Items, contained

LIST_SIZE: Final = 30
SMALL_ARTIST: Final = 40
"""Artist popularity up to which a seed counts as one of our users'."""


class Protocol(StrEnum):
    """Which question is asked."""

    MISSION = "mission"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class Question:
    """One seed's question.

    ``candidates`` and ``relevant`` are ascending, and every relevant item is a candidate. ``ideal`` is how many hits
    the best possible list has, 1 to ``LIST_SIZE``. ``level`` is the popularity of the seed's artist.
    """

    seed: int
    genre: int
    level: int
    candidates: Items
    relevant: Items
    ideal: int


@dataclass(frozen=True, slots=True)
class Questions:
    """The questions of one protocol; ``skipped`` are the seeds to which nobody could give a right answer."""

    asked: tuple[Question, ...]
    skipped: Items


def genre_of(item: int, ground: Ground, playlists: Playlists) -> int | None:
    """Number of the genre that a seed asks for, ``None`` when it has none that is on offer.

    Of the seed's genres in the catalogue that is the one for which most of its playlists were collected; among equals,
    and where the file names no genre, the largest.
    """
    votes = playlists.genre_votes.get(item, {})
    genres = ground.genres_of(item)
    return max(genres, key=lambda number: (votes.get(ground.genres[number], 0), -number), default=None)


def draw_seeds(ground: Ground, playlists: Playlists, count: int, random_seed: int) -> tuple[Items, Items]:
    """``count`` seeds by small artists and ``count`` seeds by anybody, each ascending; fewer where there are fewer.

    Every track in a playlist has the same chance, in however many playlists it is. The draws overlap: both take from
    one shuffled row, so that questions are shared.
    """
    eligible = [
        item
        for item in playlists.playlists_of
        if ground.arrays.artist_popularity[item] >= 0 and genre_of(item, ground, playlists) is not None
    ]
    # By id, so that the draw does not depend on how an index numbers its items.
    eligible.sort(key=lambda item: bytes(ground.arrays.track_ids[item]))
    shuffled = np.random.default_rng(random_seed).permutation(np.array(eligible, dtype=np.int32))
    small = shuffled[ground.arrays.artist_popularity[shuffled] <= SMALL_ARTIST]
    return np.sort(small[:count]), np.sort(shuffled[:count])


def ask(protocol: Protocol, seeds: Items, ground: Ground, playlists: Playlists) -> Questions:
    """The questions of ``seeds``, in their order, without those that have no relevant track."""
    asked: list[Question] = []
    skipped: list[int] = []
    for question in _questions(protocol, seeds, ground, playlists):
        if question.ideal:
            asked.append(question)
        else:
            skipped.append(question.seed)
    return Questions(tuple(asked), np.array(skipped, dtype=np.int32))


def _questions(protocol: Protocol, seeds: Items, ground: Ground, playlists: Playlists) -> Iterator[Question]:
    for seed in seeds.tolist():
        genre = genre_of(seed, ground, playlists)
        if genre is None:
            raise ValueError(f"item {seed} has no genre on offer, so it cannot be a seed")
        level = int(ground.arrays.artist_popularity[seed])
        candidates = open_candidates(seed, genre, ground)
        if protocol is Protocol.MISSION:
            candidates = allowed_by_rules(candidates, seed, level, ground)
        relevant = candidates[contained(candidates, playlists.mates(seed))]
        found = len(np.unique(ground.primary[relevant])) if protocol is Protocol.MISSION else len(relevant)
        yield Question(seed, genre, level, candidates, relevant, min(LIST_SIZE, found))


def open_candidates(seed: int, genre: int, ground: Ground) -> Items:
    """Tracks of a genre that credit none of the seed's artists, guests included; the seed is none of them."""
    items = ground.arrays.items_of_genre(genre)
    return items[~contained(items, ground.items_of_artists_of(seed))]


def allowed_by_rules(candidates: Items, seed: int, level: int, ground: Ground) -> Items:
    """What rules 1 and 3 leave of ``candidates`` before anything is chosen."""
    arrays = ground.arrays
    bigger = (arrays.artist_popularity[candidates] > level) & (arrays.weakest_credit[candidates] > level)
    kept = candidates[bigger]
    same_title = kept[arrays.song_keys[kept] == arrays.song_keys[seed]]
    versions = [item for item in same_title.tolist() if ground.are_versions(seed, item)]
    return kept[~np.isin(kept, versions)]
