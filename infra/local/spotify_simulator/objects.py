"""The JSON objects of the Web API as an app in development mode gets them since February 2026.

Absent on purpose: popularity, followers, genres of artists, markets, relinking, labels, and what a user's account is.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlencode

from infra.local.spotify_simulator.catalogue import SimulatedAlbum, SimulatedCatalogue, SimulatedTrack, artist_id
from infra.local.spotify_simulator.state import SimulatedPlaylist, SpotifyState

type JsonObject = dict[str, object]

TRACK_URI: Final = "spotify:track:"
PLAYLIST_URI: Final = "spotify:playlist:"
_PRECISION: Final = {4: "year", 7: "month", 10: "day"}
_IMAGE_SIZES: Final = (640, 300, 64)


class ObjectWriter:
    """Writes objects; ``base_url`` is where this simulator answers, since every object links to itself."""

    def __init__(self, state: SpotifyState, base_url: str) -> None:
        self._state = state
        self._base_url = base_url

    @property
    def _catalogue(self) -> SimulatedCatalogue:
        return self._state.catalogue

    def track(self, track_id: str, track: SimulatedTrack, market: str | None) -> JsonObject:
        """A full track; whether it can be played is said only for a market."""
        written = self.simplified_track(track_id, track, market)
        written["album"] = self.simplified_album(self._catalogue.album_of(track_id, track))
        # Some tracks have no ISRC; the object is there all the same.
        written["external_ids"] = {"isrc": track.isrc} if track.isrc else {}
        return written

    def simplified_track(self, track_id: str, track: SimulatedTrack, market: str | None) -> JsonObject:
        """A track as an album lists it."""
        written = self._common("track", track_id, track.title) | {
            "artists": [self._simplified_artist(name) for name in track.artists],
            "disc_number": 1,
            "duration_ms": track.duration_ms,
            "explicit": track.explicit,
            "is_local": False,
            "preview_url": None,
            "track_number": track.track_number,
        }
        if market is not None:
            written["is_playable"] = track.playable
            if not track.playable:
                written["restrictions"] = {"reason": "market"}
        return written

    def artist(self, name: str) -> JsonObject:
        """A full artist."""
        return self._simplified_artist(name) | {"images": self._images(artist_id(name))}

    def _simplified_artist(self, name: str) -> JsonObject:
        return self._common("artist", artist_id(name), name)

    def simplified_album(self, album: SimulatedAlbum) -> JsonObject:
        """An album as a track or a search shows it."""
        return self._common("album", album.album_id, album.name) | {
            "album_type": album.kind,
            "artists": [self._simplified_artist(name) for name in album.artists],
            "images": self._images(album.album_id),
            "release_date": album.release_date,
            "release_date_precision": _PRECISION.get(len(album.release_date), "day"),
            "total_tracks": len(album.track_ids),
        }

    def album(self, album: SimulatedAlbum, tracks: JsonObject) -> JsonObject:
        """A full album with the first page of its tracks."""
        return self.simplified_album(album) | {
            "copyrights": [],
            "external_ids": {},
            "genres": [],
            "tracks": tracks,
        }

    def me(self, user_id: str) -> JsonObject:
        """The user behind a token."""
        return self._user(user_id) | {
            "account_id": f"account-{user_id}",
            "display_name": user_id,
            "images": [],
        }

    def simplified_playlist(self, playlist_id: str, playlist: SimulatedPlaylist, reader: str | None) -> JsonObject:
        """A playlist as the library lists it; how long it is, only its owner learns."""
        written = self._common("playlist", playlist_id, playlist.name) | {
            "collaborative": playlist.collaborative,
            "description": playlist.description,
            "images": self.cover(playlist_id, playlist),
            "owner": self._user(playlist.owner) | {"display_name": playlist.owner},
            "public": playlist.public,
            "snapshot_id": playlist.snapshot_id,
        }
        if reader == playlist.owner:
            href = f"{self._base_url}/v1/playlists/{playlist_id}/items"
            written["items"] = {"href": href, "total": len(playlist.uris)}
        return written

    def cover(self, playlist_id: str, playlist: SimulatedPlaylist) -> list[JsonObject]:
        """The uploaded cover; empty without one."""
        if playlist.cover is None:
            return []
        return [{"url": f"{self._base_url}/_simulator/cover/{playlist_id}.jpg", "height": None, "width": None}]

    def playlist_row(self, playlist: SimulatedPlaylist, uri: str, market: str | None) -> JsonObject:
        """A row of a playlist; its item is null when the track is not known any more."""
        track_id = uri.removeprefix(TRACK_URI)
        track = self._catalogue.track(track_id)
        return {
            "added_at": _moment(playlist.changed_at or self._state.clock()),
            "added_by": self._user(playlist.owner),
            "is_local": False,
            "item": None if track is None else self.track(track_id, track, market),
        }

    def page(self, path: str, query: Mapping[str, str], written: Sequence[object], window: "Window") -> JsonObject:
        """A paging object; its links repeat the query."""

        def link(offset: int) -> str:
            changed = dict(query) | {"offset": str(offset), "limit": str(window.limit)}
            return f"{self._base_url}{path}?{urlencode(changed)}"

        end = window.offset + window.limit
        return {
            "href": link(window.offset),
            "items": list(written),
            "limit": window.limit,
            "next": link(end) if end < window.total else None,
            "offset": window.offset,
            "previous": link(max(window.offset - window.limit, 0)) if window.offset > 0 else None,
            "total": window.total,
        }

    def _user(self, user_id: str) -> JsonObject:
        return {
            "external_urls": {"spotify": f"https://open.spotify.com/user/{user_id}"},
            "href": f"{self._base_url}/v1/users/{user_id}",
            "id": user_id,
            "type": "user",
            "uri": f"spotify:user:{user_id}",
        }

    def _common(self, kind: str, object_id: str, name: str) -> JsonObject:
        return {
            "external_urls": {"spotify": f"https://open.spotify.com/{kind}/{object_id}"},
            "href": f"{self._base_url}/v1/{kind}s/{object_id}",
            "id": object_id,
            "name": name,
            "type": kind,
            "uri": f"spotify:{kind}:{object_id}",
        }

    def _images(self, object_id: str) -> list[JsonObject]:
        url = f"{self._base_url}/_simulator/artwork/{object_id}.svg"
        return [{"url": url, "height": size, "width": size} for size in _IMAGE_SIZES]


class Window:
    """The part of a list that one page shows."""

    def __init__(self, total: int, limit: int, offset: int) -> None:
        self.total = total
        self.limit = limit
        self.offset = offset

    def of[Item](self, items: Sequence[Item]) -> Sequence[Item]:
        """The items inside."""
        return items[self.offset : self.offset + self.limit]


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
