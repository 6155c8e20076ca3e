"""A session of requests for Spotify: bodies up to a limit, connections that are let go when nobody waits any more."""

import socket
from http import HTTPStatus
from typing import Any, Final

import requests
import urllib3
from requests.adapters import HTTPAdapter

from daltonify_core.adapters.bounded import hold, read_up_to

_MOST_BODY_BYTES: Final = 2_000_000  # a page of 50 rows with every country has about 200 KB


def bounded_session() -> requests.Session:
    """A session that takes nothing from a ``.netrc`` file and no compressed body, whose size nobody could know.

    Every answer has been read when it comes. One of success raises ``RequestException`` where its body cannot be read,
    is longer than 2 MB or compressed all the same; any other comes without that body, since its status says enough.
    """
    session = requests.Session()
    session.headers["Accept-Encoding"] = "identity"
    # Without any auth of its own, a session lets a .netrc file replace the token.
    session.auth = _leave_as_it_is
    for scheme in ("https://", "http://"):
        session.mount(scheme, _BoundedAdapter())
    return session


class _BoundedAdapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _HttpPool, "https": _HttpsPool}

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        response = super().send(request, *args, **kwargs)
        try:
            body = _body(response)
        except (urllib3.exceptions.HTTPError, requests.RequestException, OSError, ValueError) as error:
            response.close()
            if response.status_code < HTTPStatus.MULTIPLE_CHOICES:
                raise _unread(error) from error
            body = b""
        response._content = body
        return response


class _HeldHttp(urllib3.connection.HTTPConnection):
    def connect(self) -> None:
        super().connect()
        _hold(self.sock)

    def request(self, *args: Any, **kwargs: Any) -> None:
        # A connection that was kept is not made again.
        _hold(self.sock)
        super().request(*args, **kwargs)


class _HeldHttps(urllib3.connection.HTTPSConnection):
    def connect(self) -> None:
        super().connect()
        _hold(self.sock)

    def request(self, *args: Any, **kwargs: Any) -> None:
        _hold(self.sock)
        super().request(*args, **kwargs)


class _HttpPool(urllib3.HTTPConnectionPool):
    ConnectionCls = _HeldHttp


class _HttpsPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _HeldHttps


def _hold(connected: socket.socket | None) -> None:
    if connected is not None:
        hold(connected)


def _body(response: requests.Response) -> bytes:
    if response.headers.get("Content-Encoding", "identity").strip().lower() != "identity":
        raise requests.exceptions.ContentDecodingError("compressed, though it was asked not to be")
    body = read_up_to(_MOST_BODY_BYTES + 1, response.raw)
    if len(body) > _MOST_BODY_BYTES:
        raise requests.exceptions.ChunkedEncodingError("longer than any answer of Spotify's")
    return body


def _unread(error: Exception) -> requests.RequestException:
    if isinstance(error, requests.RequestException):
        return error
    if isinstance(error, urllib3.exceptions.ReadTimeoutError):
        return requests.ReadTimeout(error)
    return requests.exceptions.ChunkedEncodingError(error)


def _leave_as_it_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request
