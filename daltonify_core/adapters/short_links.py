"""Short links are opaque: only Spotify's redirect says where one leads, and this is what asks for it.

The link comes from a stranger and we fetch it, so every request goes to an address that ``links.is_short_link`` accepts
as a whole: https, one of two hosts, no user name, no port, a path of one code. What a redirect names is either such an
address or the end of the chain; it is never fetched to find out.
"""

import http.client
from collections.abc import Callable
from http import HTTPStatus
from typing import Final
from urllib.parse import urljoin, urlsplit

from daltonify_core.adapters.bounded import FAULTS, exchange, within
from daltonify_core.catalogue.links import is_short_link, parse_link
from daltonify_core.errors import InvalidLink, UpstreamUnavailable

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
        try:
            return within(self._total_seconds, lambda: self._follow(link))
        except FAULTS as error:
            raise UpstreamUnavailable(_NO_ANSWER) from error

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
        connection = self._connect(address.netloc.lower(), self._total_seconds)
        # The head only; whatever follows is dropped with the connection.
        answer = exchange(connection, "GET", path, _HEADERS, self._total_seconds, most_bytes=0)
        if answer.status == HTTPStatus.TOO_MANY_REQUESTS or answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise UpstreamUnavailable(_NO_ANSWER)
        location = answer.headers.get("Location")
        if answer.status not in _REDIRECTS or not location:
            raise InvalidLink(_ELSEWHERE)
        try:
            return urljoin(link, location)
        except ValueError as error:
            raise InvalidLink(_ELSEWHERE) from error


class NoLinkExpander:
    """Follows nothing, for an installation without the real Spotify: only that knows where a short link leads."""

    def expand(self, link: str) -> str:
        """Raises ``InvalidLink``."""
        raise InvalidLink(f"Only the real Spotify knows where a short link leads, and it is not asked here. {_ADVICE}")


def _full_link(target: str) -> str:
    try:
        address = urlsplit(target)
    except ValueError as error:
        raise InvalidLink(_ELSEWHERE) from error
    # The whole authority is compared, so that a user name or a port is refused along with other hosts.
    if address.scheme != "https" or address.netloc.lower() not in _HOSTS:
        raise InvalidLink(_ELSEWHERE)
    return parse_link(target).url
