"""Spotify's oEmbed service: a track's title and cover for anybody, without credentials and without its artists.

It is public and undocumented in its limits, and what it sends is shown to listeners. So every answer is bounded in size
and time, no redirect is followed, and nothing but the two fields is taken from it.
"""

import http.client
import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from daltonify_core.adapters.bounded import FAULTS, Answer, exchange, within
from daltonify_core.adapters.spotify.fields import RATE_RETRY_SECONDS, is_fault, mapping, retry_seconds
from daltonify_core.adapters.spotify.identities import Artwork, clean_name
from daltonify_core.catalogue.links import LinkKind, SpotifyLink, is_spotify_id
from daltonify_core.errors import UpstreamError, UpstreamRateLimited, UpstreamRefused, UpstreamUnavailable
from daltonify_core.ports.look_ups import IdentitySource, TrackIdentity

_MOST_BODY_BYTES: Final = 64 * 1024  # an answer has about 1 KB
_HEADERS: Final = {"User-Agent": "daltonify", "Accept": "application/json", "Connection": "close"}
_UNAVAILABLE: Final = "Spotify's public look-up of titles does not answer at the moment. Try again in some minutes."


class OEmbedTracks:
    """Port ``TrackDirectory`` on oEmbed: a title and, where there is one, the address of a cover; never artists.

    One request per call, never repeated, and no longer than ``connect_seconds`` and ``read_seconds`` together.
    """

    def __init__(self, oembed_url: str, connect_seconds: float = 2, read_seconds: float = 3) -> None:
        self._address = urlsplit(oembed_url)
        self._connect_seconds = connect_seconds
        self._read_seconds = read_seconds
        self._artwork = Artwork(oembed_url)

    def track(self, track_id: str) -> TrackIdentity | None:
        """Title and artwork of a track, ``None`` for one that Spotify does not know or has withdrawn."""
        if not is_spotify_id(track_id):
            return None
        try:
            answer = within(self._connect_seconds + self._read_seconds, lambda: self._ask(track_id))
        except FAULTS as error:
            raise UpstreamUnavailable(_UNAVAILABLE) from error
        if answer.status in (HTTPStatus.NOT_FOUND, HTTPStatus.BAD_REQUEST):
            return None
        if answer.status >= HTTPStatus.MULTIPLE_CHOICES:
            raise _refusal(answer.status, answer.headers.get("Retry-After"))
        return self._read(track_id, _parsed(answer.body))

    def _ask(self, track_id: str) -> Answer:
        query = urlencode({"url": SpotifyLink(LinkKind.TRACK, track_id).url})
        target = f"{self._address.path}?{query}"
        # Cut off where it is too long, and so no JSON any more.
        return exchange(self._connection(), "GET", target, _HEADERS, self._read_seconds, _MOST_BODY_BYTES)

    def _read(self, track_id: str, answer: Mapping[str, Any]) -> TrackIdentity | None:
        if "title" not in answer:
            raise UpstreamUnavailable(_UNAVAILABLE)
        title = clean_name(answer["title"])
        if not title:
            return None
        artwork = self._artwork.checked(answer.get("thumbnail_url"))
        return TrackIdentity(track_id, title, (), IdentitySource.OEMBED, artwork_url=artwork)

    def _connection(self) -> http.client.HTTPConnection:
        kind = http.client.HTTPConnection if self._address.scheme == "http" else http.client.HTTPSConnection
        return kind(self._address.netloc, timeout=self._connect_seconds)


def _refusal(status: int, retry_after: str | None) -> UpstreamError:
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        seconds = retry_seconds(retry_after, RATE_RETRY_SECONDS)
        return UpstreamRateLimited("Spotify asks for a pause, because it was asked too often.", seconds, quota=False)
    if is_fault(status):
        return UpstreamUnavailable(_UNAVAILABLE)
    return UpstreamRefused(f"Spotify's public look-up of titles refuses us (status {status}).", status)


def _parsed(body: bytes) -> Mapping[str, Any]:
    """An object, empty for what is none: pages, broken or cut-off answers, JSON nested beyond reason."""
    try:
        return mapping(json.loads(body))
    except (ValueError, RecursionError):
        return {}
