"""Which releases an artist has on Spotify, and which of them a sender means."""

import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any, Final

from daltonify_core.adapters.bounded import within
from daltonify_core.adapters.spotify.app_access import AppAccess
from daltonify_core.adapters.spotify.fields import mapping
from daltonify_core.adapters.spotify.identities import Artwork, clean_name, read_track, read_track_id, release_date_of
from daltonify_core.adapters.spotify.web_api import UNAVAILABLE, UNREADABLE, UnknownTrack, WebApi
from daltonify_core.catalogue.links import is_spotify_id
from daltonify_core.errors import UpstreamUnavailable
from daltonify_core.ports.releases import FoundRelease, NewAlbum
from daltonify_core.ports.surroundings import Clock, SecretStore
from daltonify_core.releases.nearest import is_long_before, nearest
from daltonify_core.releases.release import ReferenceKind, ReleaseReference

_MOST_PER_PAGE: Final = 10  # what an app in development mode gets at once


class SpotifyReleases:
    """Port ``ReleaseDirectory`` with the app's own credentials, as ``SpotifyTracks`` has them; times are alike too.

    A release that is named by its track costs one call, by album or code two at most.
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
        read_seconds: float = 5,
    ) -> None:
        api = WebApi(api_url, accounts_url, clock, (connect_seconds, read_seconds))
        self._access = AppAccess(secrets, secret_name, api, clock)
        self._artwork = Artwork(api_url)
        self._market = market
        self._seconds = connect_seconds + read_seconds

    def find(
        self, reference: ReleaseReference, artist_id: str, artist_name: str, announced_for: str | None = None
    ) -> FoundRelease | None:
        """The track, or of an album, the artist's own tracks before others', that it is named after, or the first."""
        match reference.kind:
            case ReferenceKind.TRACK:
                return self._track(reference.value)
            case ReferenceKind.ALBUM:
                return self._first_of_album(reference.value, artist_id)
            case ReferenceKind.ISRC:
                tracks = list(self._found_tracks(f"isrc:{reference.value}", artist_id))
                # One recording may be out as a single and on an album.
                return nearest(tracks, announced_for) if announced_for else next(iter(tracks), None)
            case ReferenceKind.UPC:
                albums = self._search("album", f"upc:{reference.value}")
                ids = (album.get("id") for album in albums if artist_id in _artist_ids(album))
                album_id = next((one for one in ids if isinstance(one, str) and is_spotify_id(one)), None)
                return self._first_of_album(album_id, artist_id) if album_id else None
            case ReferenceKind.TITLE:
                wanted = f'track:"{_quotable(reference.value)}" artist:"{_quotable(artist_name)}"'
                tracks = [one for one in self._found_tracks(wanted, artist_id) if _same(one.title, reference.value)]
                # A single comes again on an album, and a new song may have an old one's name.
                return nearest([one for one in tracks if not is_long_before(one, announced_for)], announced_for)

    def newest(self, artist_id: str, limit: int) -> list[NewAlbum]:
        """An artist's newest albums and singles, at most ten, newest first."""
        if not is_spotify_id(artist_id):
            return []
        query: dict[str, str | int] = {
            "include_groups": "album,single",
            "limit": min(limit, _MOST_PER_PAGE),
            "market": self._market,
        }
        answer = self._read(f"artists/{artist_id}/albums", query)
        if answer is None:
            return []
        found = [_new_album(row) for row in _rows(answer)]
        albums = [album for album in found if album is not None]
        return sorted(albums, key=lambda album: album.release_date, reverse=True)

    def _track(self, track_id: str) -> FoundRelease | None:
        answer = self._read(f"tracks/{track_id}", {"market": self._market})
        return None if answer is None else self._release(track_id, answer)

    def _first_of_album(self, album_id: str, artist_id: str) -> FoundRelease | None:
        album = self._read(f"albums/{album_id}", {"market": self._market})
        if album is None:
            return None
        listed = [row for row in _rows(mapping(album.get("tracks"))) if read_track_id(row)]
        title = clean_name(album.get("name"))
        named_after = [row for row in listed if _same(clean_name(row.get("name")), title)]
        # On a split single or a sampler the first track is somebody else's.
        for row in sorted((*named_after, *listed), key=lambda row: artist_id not in _artist_ids(row)):
            found = self._release(read_track_id(row) or "", {**row, "album": album})
            if found is not None:
                return found
        return None

    def _found_tracks(self, words: str, artist_id: str) -> Iterator[FoundRelease]:
        for row in self._search("track", words):
            track_id = read_track_id(row)
            found = self._release(track_id, row) if track_id else None
            if found is not None and artist_id in found.artist_ids:
                yield found

    def _search(self, kind: str, words: str) -> list[Mapping[str, Any]]:
        query: dict[str, str | int] = {"q": words, "type": kind, "market": self._market, "limit": _MOST_PER_PAGE}
        answer = self._read("search", query)
        return [] if answer is None else _rows(mapping(answer.get(f"{kind}s")))

    def _release(self, track_id: str, track: Mapping[str, Any]) -> FoundRelease | None:
        identity = read_track(track_id, track, self._artwork)
        if identity is None:
            return None
        album_id = mapping(track.get("album")).get("id")
        return FoundRelease(
            track_id=track_id,
            title=identity.title,
            # Of all artists whose ids are known: a guest without one must not hide who it is by.
            artist_ids=_artist_ids(track),
            artists=identity.artists,
            album_id=album_id if isinstance(album_id, str) else None,
            release_date=identity.release_date,
            isrc=identity.isrc,
        )

    def _read(self, path: str, query: Mapping[str, str | int]) -> Mapping[str, Any] | None:
        try:
            answer = within(self._seconds, lambda: self._access.read(path, query))
        except TimeoutError as error:
            raise UpstreamUnavailable(UNAVAILABLE) from error
        except UnknownTrack:
            return None
        if not isinstance(answer, Mapping):
            raise UpstreamUnavailable(UNREADABLE)
        return answer


def _rows(page: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    items = page.get("items")
    return [mapping(row) for row in items] if isinstance(items, list) else []


def _artist_ids(row: Mapping[str, Any]) -> tuple[str, ...]:
    artists = row.get("artists")
    ids = (mapping(artist).get("id") for artist in artists) if isinstance(artists, list) else ()
    return tuple(one for one in ids if isinstance(one, str) and is_spotify_id(one))


def _new_album(row: Mapping[str, Any]) -> NewAlbum | None:
    album_id, title = row.get("id"), clean_name(row.get("name"))
    date = release_date_of(row.get("release_date"), row.get("release_date_precision"))
    if not isinstance(album_id, str) or not is_spotify_id(album_id) or not title:
        return None
    return NewAlbum(album_id, title, date or "")


def _same(title: str, wanted: str) -> bool:
    return _plain(title) == _plain(wanted)


def _plain(title: str) -> str:
    """A title without case and punctuation: an apostrophe is typed in three ways, and the artist is known besides."""
    # Composed before punctuation goes, because some marks are letters' accents once they are decomposed.
    text = unicodedata.normalize("NFC", title)
    letters = "".join(one for one in text if one.isalnum() or unicodedata.category(one)[0] == "M")
    # Without spaces, since "Don't" and "Dont" are one title too; and some titles are all punctuation.
    return unicodedata.normalize("NFKC", letters or "".join(text.split())).casefold()


def _quotable(text: str) -> str:
    return " ".join(text.replace('"', " ").split())
