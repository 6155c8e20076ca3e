"""A track store that holds everything in memory once it is open; on disk it is one JSON file."""

import json
import re
import unicodedata
from collections.abc import Iterable, Sequence
from pathlib import Path

from daltonify_core.catalogue.artists import KnownArtist, PopularitySource
from daltonify_core.catalogue.canonical_csv import COLUMNS, RowParser, format_row
from daltonify_core.catalogue.plain_rows import PlainRow, track_of_row
from daltonify_core.catalogue.track import ListedTrack, Track
from daltonify_core.errors import IndexCorrupt


class MemoryTracks:
    """Lists of tracks and artists."""

    def __init__(self, tracks: Sequence[Track], artists: Sequence[KnownArtist]) -> None:
        self._tracks = tracks
        self._artists = artists
        self._words = [_words(" ".join([track.title, *(credit.name for credit in track.artists)])) for track in tracks]

    def tracks(self, items: Sequence[int]) -> list[Track]:
        return [_at(self._tracks, item) for item in items]

    def listed(self, items: Sequence[int]) -> list[ListedTrack]:
        return [
            ListedTrack(
                track.track_id,
                track.title,
                tuple(credit.name for credit in track.artists),
                track.album,
                track.release_date,
                track.explicit,
                track.popularity,
                track.features,
            )
            for track in self.tracks(items)
        ]

    def find(self, track_ids: Sequence[str]) -> dict[str, int]:
        wanted = set(track_ids)
        return {track.track_id: item for item, track in enumerate(self._tracks) if track.track_id in wanted}

    def known(self, track_ids: Sequence[str]) -> dict[str, tuple[int, Track]]:
        return {track_id: (item, self._tracks[item]) for track_id, item in self.find(track_ids).items()}

    def search(self, text: str, limit: int, smallest_first: bool = False) -> list[int]:
        *whole, beginning = _words(text) or [""]
        if not beginning:
            return []
        found = [
            item
            for item, words in enumerate(self._words)
            if set(whole) <= set(words) and any(_begins(word, beginning) for word in words)
        ]
        return (found[::-1] if smallest_first else found)[:limit]

    def artists(self, numbers: Sequence[int]) -> list[KnownArtist]:
        return [_at(self._artists, number) for number in numbers]

    def find_artists(self, keys: Sequence[str]) -> dict[str, int]:
        number_of = {key: number for number, artist in enumerate(self._artists) for key in artist.keys}
        return {key: number_of[key] for key in keys if key in number_of}

    def count(self) -> tuple[int, int]:
        return len(self._tracks), len(self._artists)

    def close(self) -> None:
        pass


class MemoryTracksFormat:
    """Rows of the canonical CSV as JSON."""

    def build(self, tracks: Iterable[PlainRow], artists: Sequence[KnownArtist], path: Path) -> None:
        content = {
            "tracks": [format_row(track_of_row(row)) for row in tracks],
            "artists": [[a.keys, a.name, a.popularity, a.popularity_source] for a in artists],
        }
        path.write_text(json.dumps(content), encoding="utf-8")

    def open(self, path: Path) -> MemoryTracks:
        parser = RowParser(COLUMNS, path.name)
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            tracks = [parser.parse(row) for row in content["tracks"]]
            artists = [
                KnownArtist(tuple(keys), name, popularity, source and PopularitySource(source))
                for keys, name, popularity, source in content["artists"]
            ]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise IndexCorrupt(f"{path.name} is no track store.") from error
        return MemoryTracks(tracks, artists)


def _at[T](values: Sequence[T], number: int) -> T:
    if not 0 <= number < len(values):
        raise IndexCorrupt(f"The track store has no number {number}.")
    return values[number]


def _begins(word: str, beginning: str) -> bool:
    return word.startswith(beginning) if len(beginning) > 1 or not beginning.isascii() else word == beginning


def _words(text: str) -> list[str]:
    decomposed = unicodedata.normalize("NFD", text.casefold())
    plain = unicodedata.normalize("NFC", "".join(c for c in decomposed if not "\u0300" <= c <= "\u036f"))
    return re.findall(r"[^\W_]+", plain)
