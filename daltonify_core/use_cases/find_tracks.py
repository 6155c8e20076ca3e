"""Look up tracks of the index, by words or by id, so that people can pick a seed and see what a link stands for."""

from collections.abc import Sequence
from dataclasses import dataclass

from daltonify_core.catalogue.track import Track
from daltonify_core.index.bundle import LoadedIndex
from daltonify_core.index.items import UNKNOWN_POPULARITY


@dataclass(frozen=True, slots=True)
class FoundTrack:
    """A track of the index; ``artist_popularity`` is its primary artist's, ``None`` where nobody knows it."""

    track: Track
    artist_popularity: int | None


def search_tracks(index: LoadedIndex, text: str, limit: int) -> list[FoundTrack]:
    """At most ``limit`` tracks whose title or artists hold the words of ``text``, most popular artist first."""
    return _found(index, index.tracks.search(text, limit))


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
