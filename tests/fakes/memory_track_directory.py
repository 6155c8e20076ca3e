"""Track directories and finders that live in memory and fail on order."""

from collections.abc import Iterable, Mapping, Sequence

from daltonify_core.errors import UnknownPlaylist
from daltonify_core.ports.look_ups import AlbumListing, IdentitySource, TrackIdentity
from tests.fakes.faults import FaultPlan


class MemoryTrackDirectory:
    """Knows the tracks that it was given; ``source`` is what it is asked in place of.

    As oEmbed's, its answers have title and artwork only. ``asked`` holds the ids of all calls in order, those that
    failed included; ``faults`` strikes calls of ``track`` and ``album``. ``albums`` are listings by album id.
    """

    def __init__(self, tracks: Iterable[TrackIdentity] = (), source: IdentitySource = IdentitySource.SPOTIFY) -> None:
        self.tracks = {track.track_id: track for track in tracks}
        self.albums: dict[str, AlbumListing] = {}
        self.asked: list[str] = []
        self.faults = FaultPlan()
        self._source = source

    def track(self, track_id: str) -> TrackIdentity | None:
        self.asked.append(track_id)
        with self.faults.step("track"):
            known = self.tracks.get(track_id)
        if known is None:
            return None
        if self._source is IdentitySource.OEMBED:
            return TrackIdentity(track_id, known.title, (), self._source, artwork_url=known.artwork_url)
        return known

    def album(self, album_id: str) -> AlbumListing | None:
        self.asked.append(album_id)
        with self.faults.step("album"):
            return self.albums.get(album_id)


class MemoryTrackFinder:
    """Finds what it was given: ids by playlist and by genre. ``faults`` strikes calls by number or by name."""

    def __init__(
        self,
        playlists: Mapping[str, Sequence[str]] | None = None,
        genres: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        self.playlists = dict(playlists or {})
        self.genres = dict(genres or {})
        self.faults = FaultPlan()

    def playlist_track_ids(self, playlist_id: str) -> list[str]:
        with self.faults.step("playlist_track_ids"):
            if playlist_id not in self.playlists:
                raise UnknownPlaylist("There is no such playlist.")
            return list(dict.fromkeys(self.playlists[playlist_id]))

    def search_track_ids(self, genre: str, limit: int) -> list[str]:
        with self.faults.step("search_track_ids"):
            return list(dict.fromkeys(self.genres.get(genre, ())))[:limit]
