"""The way in: what CloudFront and the HTTP API do for the deployed service, on one port of this machine.

``/api/*`` goes to a Lambda function as API Gateway v2 events, everything else is the static page. Only loopback is
listened on.
"""

import base64
import errno
import gzip
import json
import logging
import os
import socket
import threading
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self
from urllib.parse import urlsplit

from werkzeug.datastructures import Headers
from werkzeug.exceptions import BadRequest, HTTPException, MethodNotAllowed, NotFound, RequestEntityTooLarge
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.utils import send_from_directory
from werkzeug.wrappers import Request, Response

from infra.local.content_types import cache_control, content_type, is_compressed, served_type
from infra.local.gateway_events import (
    MAX_REQUEST_BYTES,
    HttpRequest,
    HttpResponse,
    MalformedResult,
    make_event,
    make_response,
    own_response,
)
from infra.local.gateway_routes import Routes
from infra.local.lambda_function import FunctionFailed, FunctionSettings, FunctionTimedOut, Handler, LambdaFunction
from infra.local.sam_template import read_template

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

LOOPBACK: Final = "127.0.0.1"
SITE: Final = Path(__file__).parents[1] / "site"
SECURITY_HEADERS: Final = Path(__file__).parents[1] / "security_headers.json"
GATEWAY_TIMEOUT_SECONDS: Final = 30.0
"""How long an HTTP API waits for a function; it cannot be raised."""
SILENCE_SECONDS: Final = 30.0
"""How long a connection may be silent in the middle of a request, or between two, before it is closed."""

_API_PREFIX: Final = "/api/"
_API_FUNCTION: Final = "Api"
_OWN_NAMES: Final = frozenset({LOOPBACK, "localhost"})
_POLL_SECONDS: Final = 0.1
# A server must not send this one over anything but TLS (RFC 6797, section 7.2).
_TLS_ONLY: Final = "strict-transport-security"
_POLICY: Final = "Content-Security-Policy"
# Where the policy names Spotify's addresses: pictures, calls and players.
_SPOTIFYS: Final = frozenset({"img-src", "connect-src", "frame-src"})
# What belongs to one connection goes no further, in neither direction.
_CONNECTION_HEADERS: Final = frozenset({"connection", "expect", "keep-alive", "te", "transfer-encoding", "upgrade"})
_SERVERS_OWN_HEADERS: Final = frozenset({"content-length", "date", "server"})
# The service says these itself, whatever a client claims.
_FORWARDING_HEADERS: Final = frozenset({"x-amzn-trace-id", "x-forwarded-port", "x-forwarded-proto"})
_CHUNK_BYTES: Final = 64 * 1024

_logger = logging.getLogger(__name__)


class PortInUse(Exception):
    """Another program listens on the port; ``port`` is its number."""

    def __init__(self, port: int) -> None:
        super().__init__(f"Port {port} is in use by another program.")
        self.port = port


def listen(port: int) -> socket.socket:
    """A listening socket on loopback, on any free port for 0. Who connects before it is served has to wait.

    Raises ``PortInUse``, or ``OSError`` for a port that cannot be had for another reason.
    """
    try:
        return socket.create_server((LOOPBACK, port), backlog=128)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise PortInUse(port) from error
        raise


def read_security_headers(path: Path = SECURITY_HEADERS, stand_in: str | None = None) -> dict[str, str]:
    """The headers that every answer of the page carries, less what means nothing without TLS.

    ``stand_in`` is the origin of a simulated Spotify, which the page may then use as it may use Spotify.
    """
    headers: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    policy = headers[_POLICY].split("; ")
    if stand_in is not None:
        policy = [f"{one} {stand_in}" if one.partition(" ")[0] in _SPOTIFYS else one for one in policy]
    headers[_POLICY] = "; ".join(policy)
    return {name: value for name, value in headers.items() if name.lower() != _TLS_ONLY}


class FrontDoor:
    """Serves the page and one Lambda function over HTTP; a context manager.

    ``spotify`` is the origin of a simulated Spotify, if there is one.

    ``routes`` and ``function`` default to what ``template.yaml`` says about the API. ``listener`` is a socket from
    ``listen``, which is closed with the front door; without one any free port is taken. ``gateway_timeout_seconds``
    and ``clock`` are the HTTP API's. Who says nothing for ``silence_seconds`` is not waited for any longer.
    """

    def __init__(
        self,
        handler: Handler,
        *,
        routes: Iterable[str] | None = None,
        function: FunctionSettings | None = None,
        site: Path = SITE,
        spotify: str | None = None,
        listener: socket.socket | None = None,
        gateway_timeout_seconds: float = GATEWAY_TIMEOUT_SECONDS,
        silence_seconds: float = SILENCE_SECONDS,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._routes = Routes(read_template().route_keys() if routes is None else routes)
        self._function = LambdaFunction(handler, function or read_template().function(_API_FUNCTION))
        self._gateway_timeout_seconds = gateway_timeout_seconds
        self._site = site
        self._page_headers = read_security_headers(stand_in=spotify)
        self._clock = clock
        self._listener = listener or listen(0)
        port = self._listener.getsockname()[1]
        self.url = f"http://{LOOPBACK}:{port}"
        # The standard library reads the limit from the class, and makes the objects itself.
        connection = type("Connection", (_Connection,), {"timeout": silence_seconds, "routes": self._routes})
        self._server = make_server(
            LOOPBACK, port, self._answer, threaded=True, request_handler=connection, fd=self._listener.fileno()
        )
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(_POLL_SECONDS,), name="front-door", daemon=True
        )

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._listener.close()

    def _answer(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        request = Request(environ)
        target = _target(environ)
        # As the real ones do. Here it keeps out pages whose name was made to point at this machine: their scripts could
        # use the service with the browser of whoever looks at them.
        if environ.get("HTTP_HOST", LOOPBACK).partition(":")[0].lower() not in _OWN_NAMES:
            response = _sent(own_response(403, "Forbidden", _new_request_id()))
        elif target.startswith(_API_PREFIX):
            response = _sent(self._api_response(request, target))
        else:
            try:
                response = self._page(request)
            except HTTPException as error:
                response = Response(f"{error.code} {error.name}\n", status=error.code, headers=_allowed(error))
            for name, value in self._page_headers.items():
                response.headers[name] = value
        return response(environ, start_response)

    def _page(self, request: Request) -> Response:
        if request.method not in ("GET", "HEAD"):
            raise MethodNotAllowed(["GET", "HEAD"])
        name = "index.html" if request.path == "/" else request.path[1:]
        if name.endswith("/"):
            raise NotFound
        response = send_from_directory(self._site, name, request.environ, mimetype=content_type(name))
        # The first is the server's to say, the second is for downloads.
        for header in ("Date", "Content-Disposition"):
            response.headers.remove(header)
        if response.status_code != HTTPStatus.NOT_MODIFIED:
            response.headers["Content-Type"] = served_type(name)
        # Read now: a browser that goes away in between would leave the file open.
        response.direct_passthrough = False
        response.make_sequence()
        response.close()
        response.headers["Cache-Control"] = cache_control(name)
        return _compressed(response, request) if response.status_code == HTTPStatus.OK else response

    def _api_response(self, request: Request, target: str) -> HttpResponse:
        request_id = _new_request_id()
        try:
            body = _body(request)
        except HTTPException as error:
            return own_response(error.code or 400, error.name, request_id)
        http_request = HttpRequest(
            method=request.method,
            target=target,
            headers=self._headers(request),
            body=body,
            source_ip=request.remote_addr or LOOPBACK,
            protocol=request.environ["SERVER_PROTOCOL"],
        )
        match = self._routes.match(http_request.method, http_request.path)
        if match is None:
            return own_response(404, "Not Found", request_id)
        event = make_event(http_request, match, request_id, self._clock())
        # Lambda ends a call at the function's own limit, which the HTTP API then hears of as an error.
        function_limit = self._function.settings.timeout_seconds
        try:
            result = self._function.invoke(event, min(function_limit, self._gateway_timeout_seconds))
            return make_response(result, request_id)
        except FunctionTimedOut as error:
            _logger.error("%s", error)
            if function_limit > self._gateway_timeout_seconds:
                return own_response(503, "Service Unavailable", request_id)
        except FunctionFailed as error:
            _logger.error("%s", error, exc_info=error.__cause__)
        except MalformedResult as error:
            _logger.error("The handler's result is malformed: %s.", error)
        return own_response(500, "Internal Server Error", request_id)

    def _headers(self, request: Request) -> tuple[tuple[str, str], ...]:
        """The client's headers and those that the service adds: a trace, and where the request came from."""
        dropped = _CONNECTION_HEADERS | _FORWARDING_HEADERS
        return (
            *((name, value) for name, value in request.headers.items() if name.lower() not in dropped),
            ("X-Amzn-Trace-Id", f"Root=1-{int(self._clock().timestamp()):08x}-{os.urandom(12).hex()}"),
            ("X-Forwarded-For", request.remote_addr or LOOPBACK),
            ("X-Forwarded-Port", str(self._server.port)),
            ("X-Forwarded-Proto", "http"),
        )


class _Connection(WSGIRequestHandler):
    """Logs to this module's logger: no query strings, which may hold authorization codes, and no ids in paths."""

    routes: Routes

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        path = getattr(self, "path", "").partition("?")[0]
        if path.startswith(_API_PREFIX):
            match = self.routes.match(self.command, path)
            path = match.route_key.rpartition(" ")[2] if match else f"{_API_PREFIX}…"
        _logger.info("%s %s %s", self.command, path, int(code) if isinstance(code, int) else code)

    def log_error(self, format: str, *args: object) -> None:
        # A client's doing, not a fault of ours; the words may quote the request.
        _logger.info("A request was malformed, or nothing came for too long.")

    def log(self, type: str, message: str, *args: object) -> None:
        _logger.log(logging.getLevelNamesMapping().get(type.upper(), logging.INFO), message, *args)


def _new_request_id() -> str:
    return base64.urlsafe_b64encode(os.urandom(11)).decode("ascii")


def _sent(answer: HttpResponse) -> Response:
    dropped = _CONNECTION_HEADERS | _SERVERS_OWN_HEADERS
    headers = Headers([(name, value) for name, value in answer.headers if name not in dropped])
    return Response(answer.body, status=answer.status, headers=headers)


def _compressed(response: Response, request: Request) -> Response:
    """As CloudFront compresses; its tag is then weak, because the same file has another form as well."""
    if not is_compressed(response.headers["Content-Type"], len(response.data)):
        return response
    response.headers["Vary"] = "Accept-Encoding"
    if request.accept_encodings["gzip"] <= 0:
        return response
    # Without a time in it, equal files stay equal.
    response.data = gzip.compress(response.data, mtime=0)
    response.headers["Content-Encoding"] = "gzip"
    tag, _ = response.get_etag()
    if tag is not None:
        response.set_etag(tag, weak=True)
    return response


def _target(environ: "WSGIEnvironment") -> str:
    """Path and query as they were sent; a proxy's form with scheme and host is reduced to them."""
    target = str(environ["RAW_URI"])
    if target.startswith("/"):
        return target
    parts = urlsplit(target)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def _body(request: Request) -> bytes:
    """The whole body, however it is sent; raises ``RequestEntityTooLarge`` and ``BadRequest``.

    Werkzeug's own limit cuts a chunked body off without a word.
    """
    if (request.content_length or 0) > MAX_REQUEST_BYTES:
        raise RequestEntityTooLarge
    body = bytearray()
    try:
        while chunk := request.stream.read(_CHUNK_BYTES):
            body += chunk
            if len(body) > MAX_REQUEST_BYTES:
                raise RequestEntityTooLarge
    except OSError as error:
        raise BadRequest from error
    return bytes(body)


def _allowed(error: HTTPException) -> dict[str, str]:
    methods = error.valid_methods if isinstance(error, MethodNotAllowed) else None
    return {"Allow": ", ".join(methods)} if methods else {}
