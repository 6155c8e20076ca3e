"""Who an artist is across a whole catalogue, and how popular.

Some files carry artist ids, some only names. A name without an id belongs to the artist of that name when the
catalogue knows exactly one; with several of that name it stays an artist of its own, because nobody can tell which.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from daltonify_core.catalogue.track import ArtistCredit, Track, artist_key_of_name


class PopularitySource(StrEnum):
    """Where an artist's popularity comes from."""

    CATALOGUE = "catalogue"
    """A file gave the artist's own popularity."""
    TRACK_MAX = "track_max"
    """The highest popularity among the artist's tracks, because no file gave their own."""
    GIVEN = "given"
    """Whoever asks said so."""
    FOLLOWERS = "followers"
    """Estimated from the number of followers that whoever asks gave."""


def artist_key(credit: ArtistCredit) -> str:
    """Identity of a credited artist: the id where there is one, else the normalised name."""
    return _key(credit.name, credit.artist_id)


def _key(name: str, artist_id: str | None) -> str:
    return f"id:{artist_id}" if artist_id else f"name:{artist_key_of_name(name)}"


@dataclass(frozen=True, slots=True)
class KnownArtist:
    """One artist of the catalogue; ``popularity`` is ``None`` when no source tells it.

    ``keys`` are all that lead to this artist and to nobody else; a name that several ids bear leads to none of them.
    """

    keys: tuple[str, ...]
    name: str
    popularity: int | None
    popularity_source: PopularitySource | None


@dataclass(frozen=True, slots=True)
class ArtistDirectory:
    """All artists of a catalogue. ``numbers[provisional]`` maps what ``ArtistCollector.add`` gave to ``artists``.

    ``shared_names`` are the keys of names that several ids bear, so that the name alone leads to nobody.
    """

    artists: tuple[KnownArtist, ...]
    numbers: NDArray[np.int64]
    shared_names: frozenset[str]


class ArtistCollector:
    """Meets every track once, then says who its artists are."""

    def __init__(self) -> None:
        self._number_by_key: dict[str, int] = {}
        self._names: list[str] = []
        self._given: list[tuple[str, int] | None] = []
        self._track_max: list[int | None] = []
        # Tuples, because a set takes four times the memory and hardly anybody has a second name.
        self._names_of_id: dict[int, tuple[str, ...]] = {}

    def add(self, track: Track, popularity_snapshot: str | None) -> list[int]:
        """As ``add_credits`` does it, for one track."""
        names = [credit.name for credit in track.artists]
        ids = [credit.artist_id or "" for credit in track.artists]
        return self.add_credits(names, ids, track.popularity, track.artist_popularity, popularity_snapshot)

    def add_credits(
        self,
        names: Sequence[str],
        ids: Sequence[str],
        popularity: int | None,
        artist_popularity: int | None,
        popularity_snapshot: str | None,
    ) -> list[int]:
        """Provisional numbers of a track's credited artists, in the order of its credits, each once.

        ``ids`` runs parallel to ``names``, with "" for one that is not known. ``popularity`` is the track's and
        ``artist_popularity`` the primary artist's, read in ``popularity_snapshot``; ``None`` counts as oldest.
        """
        numbers: list[int] = []
        for name, artist_id in zip(names, ids, strict=True):
            number = self._provisional_number(name, artist_id)
            if number not in numbers:
                numbers.append(number)
            if popularity is not None:
                known = self._track_max[number]
                if known is None or popularity > known:
                    self._track_max[number] = popularity
        if artist_popularity is not None:
            given = (popularity_snapshot or "", artist_popularity)
            known_given = self._given[numbers[0]]
            # The newest snapshot wins; within one, rows may differ by a day's drift, and the higher keeps rule 1 safe.
            if known_given is None or given > known_given:
                self._given[numbers[0]] = given
        return numbers

    def directory(self) -> ArtistDirectory:
        """Everybody that ``add`` has met."""
        target, keys, shared_names = self._resolve_names()
        final_numbers: dict[int, int] = {}
        members: list[list[int]] = []
        for provisional, representative in enumerate(target):
            if representative not in final_numbers:
                final_numbers[representative] = len(members)
                members.append([])
            members[final_numbers[representative]].append(provisional)
        return ArtistDirectory(
            artists=tuple(self._known_artist(group, keys) for group in members),
            numbers=np.array([final_numbers[representative] for representative in target], dtype=np.int64),
            shared_names=shared_names,
        )

    def _provisional_number(self, name: str, artist_id: str) -> int:
        key = _key(name, artist_id)
        number = self._number_by_key.get(key)
        if number is None:
            number = self._number_by_key[key] = len(self._names)
            self._names.append(name)
            self._given.append(None)
            self._track_max.append(None)
            if artist_id:
                self._names_of_id[number] = (artist_key_of_name(name),)
        elif artist_id and name != self._names[number]:
            # Every spelling counts: an artist may have changed their name between two snapshots.
            known, other = self._names_of_id[number], artist_key_of_name(name)
            self._names_of_id[number] = known if other in known else (*known, other)
        return number

    def _resolve_names(self) -> tuple[list[int], list[list[str]], frozenset[str]]:
        """For every number the one that represents it, the keys that lead to it alone, and names shared by ids."""
        ids_of_name: dict[str, list[int]] = {}
        for number, names in self._names_of_id.items():
            for name in names:
                ids_of_name.setdefault(name, []).append(number)
        target = list(range(len(self._names)))
        keys = [[key] for key in self._number_by_key]
        for name, numbers in ids_of_name.items():
            key = f"name:{name}"
            by_name = self._number_by_key.get(key)
            if len(numbers) == 1:
                keys[numbers[0]].append(key)
                if by_name is not None:
                    target[by_name] = numbers[0]
            elif by_name is not None:
                keys[by_name].remove(key)
        return target, keys, frozenset(name for name, numbers in ids_of_name.items() if len(numbers) > 1)

    def _known_artist(self, group: list[int], keys: list[list[str]]) -> KnownArtist:
        given = max((pair for number in group if (pair := self._given[number]) is not None), default=None)
        track_max = max((value for number in group if (value := self._track_max[number]) is not None), default=None)
        popularity, source = track_max, PopularitySource.TRACK_MAX if track_max is not None else None
        if given is not None:
            popularity, source = given[1], PopularitySource.CATALOGUE
        known_as = {key for number in group for key in keys[number]}
        return KnownArtist(tuple(sorted(known_as)), self._names[group[0]], popularity, source)
