"""Genre choice: in which genre to look for bigger artists."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum
from typing import Final

from daltonify_core.catalogue.genres import normalise_genre
from daltonify_core.errors import UnknownGenre
from daltonify_core.index.bundle import LoadedIndex
from daltonify_core.index.items import Items

# What record shops and streaming services put on one shelf (Hip-Hop/Rap, R&B/Soul), or what one name is short for.
_SHELVES: Final = (("hip hop", "rap"), ("r&b", "soul"), ("edm", "electronic", "electronic dance", "dance"))
# "pop" is no slip of the keys for "hip hop", though as many as six letters in ten agree.
_LEAST_ALIKE: Final = 0.7


class GenreSource(StrEnum):
    """How the genre was chosen."""

    ASKED = "asked"
    TRACK = "track"
    """The seed tracks' own genres, or wider ones on offer that share a word with them."""
    ARTIST = "artist"
    """Genres of the seed artists' other tracks."""
    INFERRED = "inferred"
    """Genres of the tracks that sound nearest."""


@dataclass(frozen=True, slots=True)
class GenreSettings:
    """Numbers that decide between genres, each with its reason."""

    # Neighbours; enough that a share of a few percent is more than one track.
    neighbours: int = 100
    # Of what the neighbour index usually inspects, where there is one and the nearest tracks are shown but have no say.
    # A quarter of it finds .91 of the neighbours and moves shares by .02 in the mean, in four tenths of the time.
    shown_share: float = 0.25
    # Among genres that the catalogue names, the best must have half as much again as the next, else two are used.
    clear_lead: float = 1.5
    # What neighbours suggest is weaker evidence, so it must lead by more. Of 800 tracks of tidytuesday whose genre was
    # hidden, a single genre was right for 75 %, and one of those in use for 73 %; for 59 % one genre was clear.
    inferred_lead: float = 2.0
    # Neighbours that are expected of every genre beyond its share, so that the single neighbour of a tiny genre is not
    # taken for a hundredfold surplus.
    prior_neighbours: float = 10.0
    # Tracks that a seed with absent features is compared with; enough for shares in whole percents.
    sample: int = 50_000
    # Shares shown to people.
    shown: int = 5


@dataclass(frozen=True, slots=True)
class GenreChoice:
    """Genres in use (one or two), how they were found, and what the nearest tracks suggest."""

    used: tuple[str, ...]
    how: GenreSource
    inferred: tuple[tuple[str, float], ...]


def choose_genre(
    asked: str | None,
    track_genres: Sequence[Sequence[str]],
    artist_genres: Callable[[], Mapping[str, float]],
    inferred: Callable[[bool], Mapping[str, float]],
    offered: Sequence[str],
    settings: GenreSettings | None = None,
) -> GenreChoice:
    """The genre asked for, else the seed tracks', else their artists', else the nearest tracks'.

    ``track_genres``: one list per seed; every seed has one vote that its genres share, or those related to them where
    none is offered (``related_genres``). ``artist_genres`` and ``inferred`` find weights by genre, the former only
    where they count; the latter is told whether the nearest tracks have a say. They have where nothing else points to a
    genre, and among seed and artist genres that tie. Raises ``UnknownGenre`` when the genre asked for is not offered,
    or when nothing points to any.
    """
    settings = settings or GenreSettings()
    if asked is not None:
        return GenreChoice((offered_genre(asked, offered),), GenreSource.ASKED, _shown(inferred(False), settings))
    votes: dict[str, float] = {}
    for genres in track_genres:
        known = [genre for genre in genres if genre in offered]
        known = known or list(dict.fromkeys(wider for genre in genres for wider in related_genres(genre, offered)))
        for genre in known:
            votes[genre] = votes.get(genre, 0.0) + 1.0 / len(known)
    weights, source, lead = votes, GenreSource.TRACK, settings.clear_lead
    if not weights:
        weights = {genre: weight for genre, weight in artist_genres().items() if genre in offered}
        source = GenreSource.ARTIST
    suggested = inferred(not _are_decided(weights, lead))
    if not weights:
        weights, source, lead = dict(suggested), GenreSource.INFERRED, settings.inferred_lead
    if not weights:
        raise UnknownGenre(
            "The catalogue offers no genres. Import data that name them, or one file per genre.", offered
        )
    ranked = sorted(weights, key=lambda genre: (-weights[genre], -suggested.get(genre, 0.0), genre))
    clear = len(ranked) == 1 or weights[ranked[0]] >= lead * weights[ranked[1]]
    return GenreChoice(tuple(ranked[: 1 if clear else 2]), source, _shown(suggested, settings))


def _shown(suggested: Mapping[str, float], settings: GenreSettings) -> tuple[tuple[str, float], ...]:
    return tuple(sorted(suggested.items(), key=lambda genre: (-genre[1], genre[0]))[: settings.shown])


def _are_decided(weights: Mapping[str, float], lead: float) -> bool:
    """Whether weights alone tell which genres are used, and which of two comes first."""
    first, second, third = [*sorted(weights.values(), reverse=True), 0.0, 0.0, 0.0][:3]
    return first > second and (first >= lead * second or second > third)


def offered_genre(asked: str, offered: Sequence[str]) -> str:
    """The name on offer of a genre that is asked for; raises ``UnknownGenre``."""
    name = asked if asked in offered else normalise_genre(asked)
    if name is None or name not in offered:
        raise _not_offered(asked, name or "", offered)
    return name


def inferred_shares(neighbours: Items, index: LoadedIndex, settings: GenreSettings | None = None) -> dict[str, float]:
    """How strongly ``neighbours`` point to each genre; shares sum to 1.

    A genre's weight is its number of neighbours over the root of the number that its share of the catalogue (and a
    prior) lets expect, halfway between the bare number, which favours large genres, and the surplus, which favours tiny
    ones.
    """
    settings = settings or GenreSettings()
    weights: dict[str, float] = {}
    found_of_each = index.arrays.genre_counts(neighbours)
    total, prior = index.manifest.items, settings.prior_neighbours
    for found, (name, count) in zip(found_of_each, index.manifest.genres.items(), strict=True):
        if found:
            expected = len(neighbours) * (count / total)
            weights[name] = found / math.sqrt(expected + prior)
    sum_of_all = sum(weights.values())
    return {name: round(weight / sum_of_all, 5) for name, weight in weights.items()}


def artist_genre_weights(items: Items, index: LoadedIndex) -> dict[str, float]:
    """Number of ``items`` in each offered genre."""
    counts = zip(index.genres, index.arrays.genre_counts(items), strict=True)
    return {name: float(count) for name, count in counts if count}


def related_genres(name: str, offered: Sequence[str]) -> list[str]:
    """The genres on offer that share a word with a normalised name ("rock" for "indie rock"), or stand on one shelf.

    The later the word, the earlier the genre: pop rock is a kind of rock.
    """
    words = _words(name)
    shelved = {other for shelf in _SHELVES if any(_holds(name, term) for term in shelf) for other in shelf}
    place = {
        genre: max((words.index(word) for word in _words(genre) if word in words), default=-1) for genre in offered
    }
    related = [genre for genre in offered if place[genre] >= 0 or genre in shelved]
    return sorted(related, key=lambda genre: -place[genre])


def _words(name: str) -> list[str]:
    return name.replace("-", " ").split()


def _holds(name: str, term: str) -> bool:
    return f" {term} " in f" {' '.join(_words(name))} "


def _not_offered(asked: str, name: str, offered: Sequence[str]) -> UnknownGenre:
    # Similar spelling catches a slip of the keys, a shared word the finer genre of somebody who knows their music.
    alike = get_close_matches(name[:60], offered, n=3, cutoff=_LEAST_ALIKE)
    nearest = list(dict.fromkeys([*alike, *related_genres(name, offered)]))
    meant = f" Did you mean {' or '.join(nearest[:3])}?" if nearest else ""
    rest = [genre for genre in offered if genre not in nearest]
    return UnknownGenre(
        f"The catalogue has no genre {asked[:60]!r}.{meant} It offers {_listed(offered)}.", [*nearest, *rest]
    )


def _listed(genres: Sequence[str]) -> str:
    shown = ", ".join(genres[:30])
    return f"{shown} and {len(genres) - 30} more" if len(genres) > 30 else shown or "none"
