"""Look up tracks of the index, by words or by id, so that people can pick a seed and see what a link stands for."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from daltonify_core.catalogue.track import Track
from daltonify_core.index.bundle import LoadedIndex
from daltonify_core.index.items import UNKNOWN_POPULARITY

_CONSIDERED: Final = 200
"""Of each end of the popularity scale; enough for every title that is no common word, and read in milliseconds."""


@dataclass(frozen=True, slots=True)
class FoundTrack:
    """A track of the index; ``artist_popularity`` is its primary artist's, ``None`` where nobody knows it."""

    track: Track
    artist_popularity: int | None


def search_tracks(index: LoadedIndex, text: str, limit: int) -> list[FoundTrack]:
    """At most ``limit`` tracks whose title or artists hold the words of ``text``.

    Tracks of that very title and artists of that very name come first, then the smaller artists: who looks for a seed
    looks for a track of their own, and a common word alone would fill every list with stars.
    """
    items = dict.fromkeys(
        (*index.tracks.search(text, _CONSIDERED, smallest_first=True), *index.tracks.search(text, _CONSIDERED))
    )
    wanted = _plain(text)

    def rank(item: int, track: Track) -> tuple[bool, int]:
        names = {_plain(track.title), *(_plain(credit.name) for credit in track.artists)}
        return wanted not in names, -item

    tracks = zip(items, index.tracks.tracks(list(items)), strict=True)
    return _found(index, [item for item, _ in sorted(tracks, key=lambda pair: rank(*pair))][:limit])


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def tracks_by_id(index: LoadedIndex, track_ids: Sequence[str]) -> list[FoundTrack]:
    """The tracks of these ids that the index knows, each once, in the order of the ids."""
    items = index.tracks.find(track_ids)
    return _found(index, [items[track_id] for track_id in dict.fromkeys(track_ids) if track_id in items])


def _found(index: LoadedIndex, items: Sequence[int]) -> list[FoundTrack]:
    popularity = [int(index.arrays.artist_popularity[item]) for item in items]
    return [
        FoundTrack(track, None if value == UNKNOWN_POPULARITY else value)
        for track, value in zip(index.tracks.tracks(items), popularity, strict=True)
    ]
