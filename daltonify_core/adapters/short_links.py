"""Short links are opaque: only Spotify's redirect says where one leads, and this is what asks for it.

The link comes from a stranger and we fetch it, so every request goes to an address that ``links.is_short_link`` accepts
as a whole: https, one of two hosts, no user name, no port, a path of one code. What a redirect names is either such an
address or the end of the chain; it is never fetched to find out.
"""

import http.client
import queue
import socket
import threading
from collections.abc import Callable
from typing import Final
from urllib.parse import urljoin, urlsplit

from daltonify_core.catalogue.links import is_short_link, parse_link
from daltonify_core.errors import DaltonifyError, InvalidLink, UpstreamUnavailable

_MOST_HOPS: Final = 3
_HOSTS: Final = frozenset({"spotify.link", "open.spotify.com"})
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
# What looks like a browser is given a page with a script instead of a redirect.
_HEADERS: Final = {"User-Agent": "daltonify", "Accept": "*/*", "Connection": "close"}

_ADVICE: Final = (
    "Open it in a browser and copy the full link, such as https://open.spotify.com/track/4HJ7mSMtHAdU55lLjGE4zW"
)
_ELSEWHERE: Final = f"This short link does not lead to a track or an album on Spotify. {_ADVICE}"
_NO_ANSWER: Final = f"Spotify did not say in time where this short link leads. Try again, or: {_ADVICE}"

type Connect = Callable[[str, float], http.client.HTTPSConnection]
"""Prepares a connection to a host; the number is how many seconds it may wait at any point."""


def _connect(host: str, timeout_seconds: float) -> http.client.HTTPSConnection:
    return http.client.HTTPSConnection(host, timeout=timeout_seconds)


class HttpsLinkExpander:
    """Follows short links of Spotify's over https, at most three hops and ``total_seconds`` in all; reads no body."""

    def __init__(self, total_seconds: float = 2.0, connect: Connect = _connect) -> None:
        self._total_seconds = total_seconds
        self._connect = connect

    def expand(self, link: str) -> str:
        """The full track or album link behind a short one, without tracking parameters."""
        if not is_short_link(link):
            raise InvalidLink(f"This is no short link of Spotify's. {_ADVICE}")
        # A thread, because nothing else bounds the look-up of a name or a server that sends one byte a second.
        walk = _Walk(self._connect, self._total_seconds)
        threading.Thread(target=walk.run, args=(link,), daemon=True).start()
        return walk.result()


class NoLinkExpander:
    """Follows nothing, for an installation without the real Spotify: only that knows where a short link leads."""

    def expand(self, link: str) -> str:
        """Raises ``InvalidLink``."""
        raise InvalidLink(f"Only the real Spotify knows where a short link leads, and it is not asked here. {_ADVICE}")


class _Walk:
    """The way from one short link to its end, in a thread of its own."""

    def __init__(self, connect: Connect, seconds: float) -> None:
        self._connect = connect
        self._seconds = seconds
        self._outcome: queue.SimpleQueue[str | Exception] = queue.SimpleQueue()
        self._connection: http.client.HTTPSConnection | None = None
        self._given_up = False

    def result(self) -> str:
        try:
            outcome = self._outcome.get(timeout=self._seconds)
        except queue.Empty:
            self._give_up()
            raise UpstreamUnavailable(_NO_ANSWER) from None
        match outcome:
            case str():
                return outcome
            case DaltonifyError():
                raise outcome
            case OSError() | http.client.HTTPException():
                raise UpstreamUnavailable(_NO_ANSWER) from outcome
        raise outcome

    def run(self, link: str) -> None:
        try:
            self._outcome.put(self._follow(link))
        except Exception as error:  # noqa: BLE001 - it is raised where the result is waited for
            self._outcome.put(error)

    def _follow(self, link: str) -> str:
        for _ in range(_MOST_HOPS):
            target = self._ask(link)
            if not is_short_link(target):
                return _full_link(target)
            link = target
        raise InvalidLink(f"This short link leads from one short link to the next. {_ADVICE}")

    def _ask(self, link: str) -> str:
        """Where one short link redirects to, as an absolute address."""
        address = urlsplit(link)
        path = f"{address.path}?{address.query}" if address.query else address.path
        connection = self._connect(address.netloc.lower(), self._seconds)
        self._connection = connection
        try:
            connection.connect()
            if self._given_up:
                raise TimeoutError
            connection.request("GET", path, headers=_HEADERS)
            # Parses the head only; whatever follows is dropped with the connection.
            with connection.getresponse() as response:
                status, location = response.status, response.getheader("Location")
        finally:
            connection.close()
        if status == http.client.TOO_MANY_REQUESTS or status >= http.client.INTERNAL_SERVER_ERROR:
            raise UpstreamUnavailable(_NO_ANSWER)
        if status not in _REDIRECTS or not location:
            raise InvalidLink(_ELSEWHERE)
        try:
            return urljoin(link, location)
        except ValueError as error:
            raise InvalidLink(_ELSEWHERE) from error

    def _give_up(self) -> None:
        """Wake the thread if it is waiting for bytes, so that it ends as well."""
        self._given_up = True
        waiting = getattr(self._connection, "sock", None)
        if isinstance(waiting, socket.socket):
            try:
                waiting.shutdown(socket.SHUT_RDWR)
            except OSError:
                return  # the other side was faster


def _full_link(target: str) -> str:
    try:
        address = urlsplit(target)
    except ValueError as error:
        raise InvalidLink(_ELSEWHERE) from error
    # The whole authority is compared, so that a user name or a port is refused along with other hosts.
    if address.scheme != "https" or address.netloc.lower() not in _HOSTS:
        raise InvalidLink(_ELSEWHERE)
    return parse_link(target).url
