"""What the demo reads from the index that it has just built: all tracks for the simulator, and some to begin with."""

import threading
from collections.abc import Callable, ItemsView, Iterable, Iterator, Mapping
from itertools import batched, chain
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from daltonify_core.adapters.annoy_index import AnnoyFormat
from daltonify_core.adapters.s3 import S3IndexStore
from daltonify_core.adapters.sqlite_tracks import SqliteTracksFormat
from daltonify_core.catalogue.track import Track
from daltonify_core.errors import IndexUnavailable
from daltonify_core.index.bundle import LoadedIndex, load_bundle
from infra.local.spotify_simulator import SimulatedTrack
from infra.local.synthetic_catalogue import synthetic_tracks

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_UNDATED: Final = "2024"
_UNTIMED_MS: Final = 180_000
_CANDIDATES: Final = 24
_READ_AT_ONCE: Final = 1_000
# Another catalogue than the demo's own.
_NEW_SEED: Final = 7
_INVENTED: Final = 50


def open_index(client: "S3Client", bucket: str, scratch: Path) -> LoadedIndex:
    """The current index, copied into ``scratch``; raises ``IndexUnavailable``."""
    store = S3IndexStore(client, bucket)
    current = store.read_state().current
    if current is None:
        raise IndexUnavailable("The build ended without an index.")
    return load_bundle(store.fetch(current.version, scratch), current.version, AnnoyFormat(), SqliteTracksFormat())


# Simulators answer several requests at once, and there may be several of them; the store is one connection.
_one_at_a_time = threading.Lock()


class _Walk[Value](ItemsView[str, Value]):
    """All entries of a mapping, for mappings that can read them faster than one by one."""

    def __init__(self, mapping: Mapping[str, Value], walk: Callable[[], Iterator[tuple[str, Value]]]) -> None:
        super().__init__(mapping)
        self._walk = walk

    def __iter__(self) -> Iterator[tuple[str, Value]]:
        return self._walk()


class CatalogueTracks(Mapping[str, Track]):
    """Every track of an index by its id, read when it is asked for."""

    def __init__(self, index: LoadedIndex) -> None:
        self._store = index.tracks

    def __getitem__(self, track_id: str) -> Track:
        with _one_at_a_time:
            return self._store.tracks([self._store.find([track_id])[track_id]])[0]

    def __iter__(self) -> Iterator[str]:
        return (track_id for track_id, _ in self._read_all())

    def items(self) -> ItemsView[str, Track]:
        """All of them, read many at a time."""
        return _Walk(self, self._read_all)

    def _read_all(self) -> Iterator[tuple[str, Track]]:
        for items in batched(range(len(self)), _READ_AT_ONCE):
            with _one_at_a_time:
                tracks = self._store.tracks(items)
            yield from ((track.track_id, track) for track in tracks)

    def __len__(self) -> int:
        with _one_at_a_time:
            return self._store.count()[0]


class WithMore(Mapping[str, Track]):
    """Tracks, and some more that are no part of them."""

    def __init__(self, tracks: Mapping[str, Track], more: Iterable[Track]) -> None:
        self._tracks = tracks
        self._more = {track.track_id: track for track in more}

    def __getitem__(self, track_id: str) -> Track:
        return self._more[track_id] if track_id in self._more else self._tracks[track_id]

    def __iter__(self) -> Iterator[str]:
        yield from self._tracks
        yield from self._more

    def items(self) -> ItemsView[str, Track]:
        """The tracks, and then the others."""
        return _Walk(self, lambda: chain(self._tracks.items(), self._more.items()))

    def __len__(self) -> int:
        return len(self._tracks) + len(self._more)


def new_releases(index: LoadedIndex) -> tuple[Track, ...]:
    """Two invented tracks of which the catalogue knows nothing; the same ones every time."""
    invented = list(synthetic_tracks(_INVENTED, _NEW_SEED))
    known = index.tracks.find([track.track_id for track in invented])
    by_artist = {track.artists[0].name: track for track in invented if track.track_id not in known}
    return tuple(by_artist.values())[:2]


class SpotifyTracksOf(Mapping[str, SimulatedTrack]):
    """Tracks as Spotify would know them."""

    def __init__(self, tracks: Mapping[str, Track]) -> None:
        self._tracks = tracks

    def __getitem__(self, track_id: str) -> SimulatedTrack:
        return _simulated(self._tracks[track_id])

    def __iter__(self) -> Iterator[str]:
        return iter(self._tracks)

    def items(self) -> ItemsView[str, SimulatedTrack]:
        """All of them, as fast as the tracks can be read."""
        return _Walk(self, lambda: ((track_id, _simulated(track)) for track_id, track in self._tracks.items()))

    def __len__(self) -> int:
        return len(self._tracks)


def tracks_between(index: LoadedIndex, lowest: int, highest: int) -> list[Track]:
    """A few tracks that make good examples, by artists with a popularity in this range; the same ones every time.

    They bear a genre that is on offer, and a plain title: a live version or an edit would puzzle more than it shows.
    """
    popularity = index.arrays.artist_popularity
    items = np.flatnonzero((popularity >= lowest) & (popularity <= highest))
    # Spread over the range, because neighbours in it are often by one artist.
    chosen = items[np.linspace(0, len(items) - 1, min(_CANDIDATES, len(items))).astype(np.int64)]
    tracks = index.tracks.tracks(chosen.tolist())
    return [track for track in tracks if set(track.genres) & set(index.genres) and _has_plain_names(track)]


def _has_plain_names(track: Track) -> bool:
    # They are shown at a terminal, which a name must not be able to control.
    return f"{track.artists[0].name}{track.title}".isprintable() and not any(
        mark in track.title for mark in ("(", " - ", "/")
    )


def _simulated(track: Track) -> SimulatedTrack:
    return SimulatedTrack(
        title=track.title,
        artists=tuple(credit.name for credit in track.artists),
        album=track.album or "",
        duration_ms=track.duration_ms or _UNTIMED_MS,
        release_date=track.release_date or _UNDATED,
        explicit=bool(track.explicit),
        genres=track.genres,
    )
