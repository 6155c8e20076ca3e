"""Spotify's oEmbed service: a track's title and cover for anybody, without credentials and without its artists.

It is public and undocumented in its limits, and what it sends is shown to listeners. So every answer is bounded in size
and time, no redirect is followed, and nothing but the two fields is taken from it.
"""

import http.client
import json
import queue
import socket
import threading
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from daltonify_core.adapters.spotify.fields import RATE_RETRY_SECONDS, is_fault, mapping, retry_seconds
from daltonify_core.adapters.spotify.identities import Artwork, clean_name
from daltonify_core.catalogue.links import LinkKind, SpotifyLink, is_spotify_id
from daltonify_core.errors import UpstreamError, UpstreamRateLimited, UpstreamRefused, UpstreamUnavailable
from daltonify_core.ports import IdentitySource, TrackIdentity

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
        query = urlencode({"url": SpotifyLink(LinkKind.TRACK, track_id).url})
        request = _Request(self._connection(), f"{self._address.path}?{query}", self._read_seconds)
        status, retry_after, body = request.answer(self._connect_seconds + self._read_seconds)
        if status in (HTTPStatus.NOT_FOUND, HTTPStatus.BAD_REQUEST):
            return None
        if status >= HTTPStatus.MULTIPLE_CHOICES:
            raise _refusal(status, retry_after)
        return self._read(track_id, _parsed(body))

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


type _Answer = tuple[int, str | None, bytes]


class _Request:
    """One request in a thread of its own.

    Nothing else bounds the look-up of a name, or a server that sends one byte a second.
    """

    def __init__(self, connection: http.client.HTTPConnection, target: str, read_seconds: float) -> None:
        self._connection = connection
        self._target = target
        self._read_seconds = read_seconds
        self._outcome: queue.SimpleQueue[_Answer | Exception] = queue.SimpleQueue()
        self._given_up = False

    def answer(self, seconds: float) -> _Answer:
        """Status, ``Retry-After`` and body; raises ``UpstreamUnavailable``."""
        threading.Thread(target=self._run, daemon=True).start()
        try:
            outcome = self._outcome.get(timeout=seconds)
        except queue.Empty:
            self._give_up()
            raise UpstreamUnavailable(_UNAVAILABLE) from None
        match outcome:
            case OSError() | http.client.HTTPException():
                raise UpstreamUnavailable(_UNAVAILABLE) from outcome
            case Exception():
                raise outcome
        return outcome

    def _run(self) -> None:
        try:
            self._outcome.put(self._ask())
        except Exception as error:  # noqa: BLE001 - it is raised where the answer is waited for
            self._outcome.put(error)

    def _ask(self) -> _Answer:
        try:
            self._connection.connect()
            if self._given_up:
                raise TimeoutError
            self._connection.sock.settimeout(self._read_seconds)
            self._connection.request("GET", self._target, headers=_HEADERS)
            with self._connection.getresponse() as response:
                # Cut off where it is too long, and so no JSON any more.
                body = response.read(_MOST_BODY_BYTES)
                return response.status, response.getheader("Retry-After"), body
        finally:
            self._connection.close()

    def _give_up(self) -> None:
        """Wake the thread if it is waiting for bytes, so that it ends as well."""
        self._given_up = True
        waiting = getattr(self._connection, "sock", None)
        if isinstance(waiting, socket.socket):
            try:
                waiting.shutdown(socket.SHUT_RDWR)
            except OSError:
                return  # the other side was faster


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
