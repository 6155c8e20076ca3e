"""The tracks that the simulated Spotify knows, with the artists and albums that follow from them."""

import hashlib
import re
import string
from collections import ChainMap
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

_BASE62: Final = string.digits + string.ascii_letters
_ID_LENGTH: Final = 22
_ID: Final = re.compile(f"[0-9A-Za-z]{{{_ID_LENGTH}}}")
_FILTER: Final = re.compile(r"\b(artist|track|album|year|isrc|upc|genre|tag):", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class SimulatedTrack:
    """One track. ``release_date`` is a year, month or day; what is not ``playable`` is so in no market.

    ``upc`` is its album's; ``genres`` are what a search finds it by; Spotify shows them nowhere.
    """

    title: str
    artists: tuple[str, ...]
    album: str = ""
    playable: bool = True
    isrc: str | None = None
    duration_ms: int = 180_000
    release_date: str = "2024"
    explicit: bool = False
    track_number: int = 1
    genres: tuple[str, ...] = ()
    upc: str | None = None


@dataclass(frozen=True, slots=True)
class SimulatedAlbum:
    """An album as its tracks imply it; ``track_ids`` in the order of their numbers."""

    album_id: str
    name: str
    artists: tuple[str, ...]
    release_date: str
    track_ids: tuple[str, ...]
    upc: str | None = None

    @property
    def kind(self) -> str:
        """What Spotify calls an album of this length."""
        return "album" if len(self.track_ids) > 1 else "single"


def is_id(text: str) -> bool:
    """Whether ``text`` has the form of a Spotify id: 22 characters of base 62."""
    return _ID.fullmatch(text) is not None


def artist_id(name: str) -> str:
    """The id that stands for an artist of this name, the same in every run."""
    return _id_of("artist", name)


def album_id(track: SimulatedTrack) -> str:
    """The id of the track's album, the same for every track of it."""
    return _id_of("album", track.artists[0], _album_name(track))


def _id_of(*texts: str) -> str:
    number = int.from_bytes(hashlib.sha256("\0".join(texts).encode()).digest())
    characters = []
    for _ in range(_ID_LENGTH):
        number, digit = divmod(number, len(_BASE62))
        characters.append(_BASE62[digit])
    return "".join(characters)


def _album_name(track: SimulatedTrack) -> str:
    return track.album or track.title


class SimulatedCatalogue:
    """Tracks by id; artists and albums are derived when one is asked for, since most callers never do.

    The given mapping is read as it is, so a large one may look its tracks up only when they are needed.
    """

    def __init__(self, tracks: Mapping[str, SimulatedTrack]) -> None:
        # ChainMap writes to its first map only, so the caller's mapping is never changed.
        self._tracks: ChainMap[str, SimulatedTrack] = ChainMap({}, tracks)  # type: ignore[arg-type]
        self._artists: dict[str, tuple[str, list[str]]] | None = None
        self._albums: dict[str, SimulatedAlbum] | None = None

    def add(self, tracks: Mapping[str, SimulatedTrack]) -> None:
        """Make more tracks known, or replace them; raises ``ValueError`` for an id that Spotify could not have."""
        for track_id in tracks:
            if not is_id(track_id):
                raise ValueError(f"{track_id!r} is not 22 letters and digits")
        self._tracks.update(tracks)
        self._artists = self._albums = None

    def track(self, track_id: str) -> SimulatedTrack | None:
        """The track, ``None`` for an unknown id."""
        return self._tracks.get(track_id)

    def artist(self, wanted_id: str) -> str | None:
        """The name of the artist with this id."""
        found = self._all_artists().get(wanted_id)
        return found[0] if found else None

    def read_ahead(self) -> None:
        """Derive artists and albums now, so that no request waits for a walk over a large catalogue."""
        self._all_artists()
        self._all_albums()

    def _all_artists(self) -> dict[str, tuple[str, list[str]]]:
        """Name and tracks of every artist by id."""
        if self._artists is None:
            by_name: dict[str, list[str]] = {}
            for track_id, track in self._walk():
                for name in track.artists:
                    by_name.setdefault(name, []).append(track_id)
            self._artists = {artist_id(name): (name, track_ids) for name, track_ids in by_name.items()}
        return self._artists

    def album(self, wanted_id: str) -> SimulatedAlbum | None:
        """The album with this id."""
        return self._all_albums().get(wanted_id)

    def albums_by(self, wanted_id: str) -> list[SimulatedAlbum]:
        """The albums of the artist with this id, newest first."""
        name, track_ids = self._all_artists()[wanted_id]
        # An album is by its first artist, so all of its tracks are among these.
        own = ((track_id, self._tracks[track_id]) for track_id in track_ids)
        found = _albums_of((track_id, track) for track_id, track in own if track.artists[0] == name)
        return sorted(found.values(), key=lambda album: (album.release_date, album.album_id), reverse=True)

    def album_of(self, track_id: str, track: SimulatedTrack) -> SimulatedAlbum:
        """The album as the track knows it; the list of its tracks may be short, which saves a walk over them all."""
        return SimulatedAlbum(
            album_id(track), _album_name(track), track.artists[:1], track.release_date, track_ids=(track_id,)
        )

    def _all_albums(self) -> dict[str, SimulatedAlbum]:
        if self._albums is None:
            self._albums = _albums_of(self._walk())
        return self._albums

    def _walk(self) -> Iterator[tuple[str, SimulatedTrack]]:
        """All tracks, each read once: the given mapping may be slow to ask for one."""
        added, given = self._tracks.maps
        yield from ((track_id, track) for track_id, track in given.items() if track_id not in added)
        yield from added.items()

    def search_tracks(self, query: str) -> list[str]:
        """Ids of the tracks that hold every word and meet every field filter of ``query``."""
        wanted = _Query.parse(query)
        return [track_id for track_id, track in self._walk() if _track_matches(track, wanted)]

    def search_artists(self, query: str) -> list[str]:
        """Names of the artists that match; only free words and ``artist:`` can apply to one."""
        wanted = _Query.parse(query)
        if wanted.filters.keys() - {"artist"}:
            return []
        names = dict.fromkeys(name for _, track in self._walk() for name in track.artists)
        return [name for name in names if _holds(name, wanted.words + wanted.filters.get("artist", ()))]

    def search_albums(self, query: str) -> list[SimulatedAlbum]:
        """Albums that match by free words, ``album:``, ``artist:``, ``year:`` and ``upc:``."""
        wanted = _Query.parse(query)
        if wanted.filters.keys() - {"artist", "album", "year", "upc"}:
            return []
        return [
            album
            for album in self._all_albums().values()
            if _holds(" ".join((album.name, *album.artists)), wanted.words)
            and _holds(" ".join(album.artists), wanted.filters.get("artist", ()))
            and _holds(album.name, wanted.filters.get("album", ()))
            and _in_years(album.release_date, wanted.filters.get("year", ()))
            and ("upc" not in wanted.filters or (album.upc or "") in wanted.filters["upc"])
        ]


def _albums_of(tracks: Iterable[tuple[str, SimulatedTrack]]) -> dict[str, SimulatedAlbum]:
    members: dict[str, list[tuple[int, str]]] = {}
    firsts: dict[str, tuple[int, SimulatedTrack]] = {}
    for track_id, track in tracks:
        found = album_id(track)
        members.setdefault(found, []).append((track.track_number, track_id))
        if found not in firsts or track.track_number < firsts[found][0]:
            firsts[found] = track.track_number, track
    return {
        found: _album_from(found, firsts[found][1], [track_id for _, track_id in sorted(numbered, key=_number)])
        for found, numbered in members.items()
    }


def _number(numbered: tuple[int, str]) -> int:
    return numbered[0]


def _album_from(found_id: str, first: SimulatedTrack, track_ids: list[str]) -> SimulatedAlbum:
    return SimulatedAlbum(
        found_id, _album_name(first), first.artists[:1], first.release_date, tuple(track_ids), first.upc
    )


@dataclass(frozen=True, slots=True)
class _Query:
    words: tuple[str, ...]
    filters: Mapping[str, tuple[str, ...]]

    @classmethod
    def parse(cls, text: str) -> "_Query":
        # The value of a filter reaches to the next filter: `track:Doxy artist:Miles Davis`, quoted or not.
        words, *parts = _FILTER.split(text)
        pairs = zip(parts[::2], parts[1::2], strict=True)
        return cls(_words(words), {name.lower(): _words(value) for name, value in pairs})


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.replace('"', " ").casefold().split())


def _track_matches(track: SimulatedTrack, wanted: _Query) -> bool:
    fields = {"track": track.title, "artist": " ".join(track.artists), "album": _album_name(track)}
    for name, words in wanted.filters.items():
        if name in fields:
            matches = _holds(fields[name], words)
        elif name == "isrc":
            matches = (track.isrc or "").casefold() in words
        elif name == "year":
            matches = _in_years(track.release_date, words)
        elif name == "genre":
            matches = any(_holds(genre, words) for genre in track.genres)
        else:
            matches = False  # upc and tag are for albums
        if not matches:
            return False
    return _holds(" ".join(fields.values()), wanted.words)


def _holds(text: str, words: tuple[str, ...]) -> bool:
    folded = text.casefold()
    return all(word in folded for word in words)


def _in_years(release_date: str, years: tuple[str, ...]) -> bool:
    for text in years:
        first, _, last = text.partition("-")
        if not first <= release_date[:4] <= (last or first):
            return False
    return True
