"""Which tracks there are and what they are called, as Spotify's Web API tells it."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from daltonify_core.adapters.bounded import within
from daltonify_core.adapters.spotify.app_access import AppAccess
from daltonify_core.adapters.spotify.fields import mapping
from daltonify_core.adapters.spotify.identities import Artwork, clean_name, read_track, read_track_id
from daltonify_core.adapters.spotify.playlists import SpotifyPlaylistService
from daltonify_core.adapters.spotify.web_api import UNAVAILABLE, UNREADABLE, Page, UnknownTrack, WebApi
from daltonify_core.catalogue.links import is_spotify_id
from daltonify_core.errors import UpstreamUnavailable
from daltonify_core.ports.look_ups import AlbumListing, TrackIdentity
from daltonify_core.ports.surroundings import Clock, SecretStore

_TRACK_URI: Final = "spotify:track:"
_SEARCH_PAGE: Final = 10  # the most that an app in development mode gets at once
_MOST_ALBUM_TRACKS: Final = 10_000  # beyond any album, so a larger number is none
_LAST_SEARCH_OFFSET: Final = 1000


class SpotifyTracks:
    """Ports ``TrackDirectory`` and ``AlbumDirectory`` on ``GET /tracks/{id}`` and ``GET /albums/{id}``, one per call.

    The app's own credentials are used.
    The secret needs ``client_id`` and ``client_secret``; whether anybody has consented to publishing does not matter.
    Raises ``ConsentNeeded`` when Spotify does not accept them. The access token is kept until a minute before its end.
    A request that fails at Spotify or on the way is repeated once, one that is not answered in time is not. A call
    takes at most ``connect_seconds`` and ``read_seconds`` together, with the secret, the token and what is repeated.
    """

    def __init__(
        self,
        secrets: SecretStore,
        secret_name: str,
        api_url: str,
        accounts_url: str,
        market: str,
        clock: Clock,
        connect_seconds: float = 2,
        read_seconds: float = 3,
    ) -> None:
        api = WebApi(api_url, accounts_url, clock, (connect_seconds, read_seconds))
        self._access = AppAccess(secrets, secret_name, api, clock)
        self._artwork = Artwork(api_url)
        self._market = market
        self._seconds = connect_seconds + read_seconds

    def track(self, track_id: str) -> TrackIdentity | None:
        """What Spotify says of a track, ``None`` for one that it does not know or has withdrawn."""
        track = self._read("tracks", track_id)
        return None if track is None else read_track(track_id, track, self._artwork)

    def album(self, album_id: str) -> AlbumListing | None:
        """The album and the first 50 of its tracks; those that are not Spotify's own, or have no title, are left out.

        ``None`` for an album that Spotify does not know.
        """
        album = self._read("albums", album_id)
        if album is None:
            return None
        page = Page.read(album.get("tracks"))
        listed = ((read_track_id(row), {**row, "album": album}) for row in page.rows)
        found = (read_track(track_id, row, self._artwork) for track_id, row in listed if track_id is not None)
        tracks = tuple(track for track in found if track is not None)
        total = album.get("total_tracks")
        told = total if isinstance(total, int) and 0 < total <= _MOST_ALBUM_TRACKS else 0
        return AlbumListing(clean_name(album["name"]), tracks, max(told, len(page.rows)))

    def _read(self, kind: str, spotify_id: str) -> Mapping[str, Any] | None:
        # What has another form could lead to another address of the API.
        if not is_spotify_id(spotify_id):
            return None
        try:
            answer = within(self._seconds, lambda: self._access.read(f"{kind}/{spotify_id}", {"market": self._market}))
        except UnknownTrack:
            return None
        except TimeoutError as error:
            raise UpstreamUnavailable(UNAVAILABLE) from error
        found = mapping(answer)
        # Without this field it is neither; something between Spotify and us has answered.
        if "name" not in found:
            raise UpstreamUnavailable(UNREADABLE)
        return found


class SpotifyTrackFinder:
    """Port ``TrackFinder``: playlists as the service account sees them, searches with the app's own credentials.

    Takes the secret of ``SpotifyPlaylistService``. A search gives 10 tracks per call, so 1,000 take 100 of a quota that
    Spotify does not publish.
    """

    def __init__(
        self,
        secrets: SecretStore,
        secret_name: str,
        api_url: str,
        accounts_url: str,
        market: str,
        clock: Clock,
        connect_seconds: float = 3,
        read_seconds: float = 8,
    ) -> None:
        is_real = False  # asked before publishing only, and nothing is published here
        self._playlists = SpotifyPlaylistService(
            secrets, secret_name, api_url, accounts_url, market, is_real, clock, connect_seconds, read_seconds
        )
        api = WebApi(api_url, accounts_url, clock, (connect_seconds, read_seconds))
        self._access = AppAccess(secrets, secret_name, api, clock)
        self._market = market

    def playlist_track_ids(self, playlist_id: str) -> list[str]:
        """Ids of the tracks of a playlist that the account owns, once each, in its order."""
        uris = (item.uri for item in self._playlists.read_items(playlist_id))
        return _once_each(uri.removeprefix(_TRACK_URI) for uri in uris if uri is not None)

    def search_track_ids(self, genre: str, limit: int) -> list[str]:
        """Ids of at most ``limit`` tracks, and of no more than the 1,010 that Spotify lets anybody page to."""
        found: list[str] = []
        for offset in range(0, _LAST_SEARCH_OFFSET + 1, _SEARCH_PAGE):
            if len(found) >= limit:
                break
            page = Page.read(mapping(self._access.read("search", self._search(genre, offset))).get("tracks"))
            found = _once_each([*found, *(read_track_id(row) for row in page.rows)])
            if page.is_last:
                break
        return found[: max(limit, 0)]

    def _search(self, genre: str, offset: int) -> Mapping[str, str | int]:
        words = " ".join(genre.replace('"', " ").split())
        return {
            "q": f'genre:"{words}"',
            "type": "track",
            "market": self._market,
            "limit": _SEARCH_PAGE,
            "offset": offset,
        }


def _once_each(ids: Iterable[str | None]) -> list[str]:
    return list(dict.fromkeys(one for one in ids if one is not None and is_spotify_id(one)))
