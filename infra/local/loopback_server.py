"""The HTTP server under every simulator: on loopback only, silent, and aware of what it is still working on."""

import contextlib
import http.client
import socket
import threading
from collections.abc import Callable
from typing import Final, NoReturn

from werkzeug.http import http_date
from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler
from werkzeug.wrappers import Request, Response

_HOST: Final = "127.0.0.1"
_SHUTDOWN_POLL_SECONDS: Final = 0.02  # with the library's half second, stopping would dominate a short test
_FENCE_PATH: Final = "/_simulator/fence"

type Application = Callable[[Request], Response]


class _SilentHandler(WSGIRequestHandler):
    """Request lines hold codes in their query, so none is logged."""

    def log(self, type: str, message: str, *args: object) -> None:
        pass

    def send_response(self, code: int, message: str | None = None) -> None:
        # Without the library's own date: a simulator may live at another time.
        self.send_response_only(code, message)


class _CountingServer(ThreadedWSGIServer):
    """Counts connections from the moment they are accepted until they are closed."""

    def __init__(self, port: int, application: Application) -> None:
        self.changed = threading.Condition()
        self.open_connections = 0

        @Request.application
        def answer(request: Request) -> Response:
            if request.path == _FENCE_PATH:
                return Response(status=204)
            # Read at once: forms are parsed from it, it is recorded, and an answer before its end confuses clients.
            request.get_data(cache=True, parse_form_data=False)
            response = application(request)
            response.headers.setdefault("Date", http_date())
            return response

        super().__init__(_HOST, port, answer, _SilentHandler)

    def process_request(self, request: "_Connection", client_address: object) -> None:
        self._count(1)
        super().process_request(request, client_address)

    def shutdown_request(self, request: "_Connection") -> None:
        try:
            super().shutdown_request(request)
        finally:
            self._count(-1)

    def _count(self, step: int) -> None:
        with self.changed:
            self.open_connections += step
            self.changed.notify_all()


type _Connection = socket.socket | tuple[bytes, socket.socket]


class _Dropped(ConnectionAbortedError):
    """Ends a request without an answer; the server takes it for a client that went away."""


def drop_connection(request: Request) -> NoReturn:
    """Close the connection of ``request`` without an answer."""
    connection: socket.socket = request.environ["werkzeug.socket"]
    # The client may have gone before us.
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
    raise _Dropped


class LoopbackServer:
    """Serves ``application`` in a thread per request; ``port=0`` lets the system choose."""

    def __init__(self, application: Application, port: int) -> None:
        self._server = _CountingServer(port, application)
        self._thread = threading.Thread(target=self._serve, name="simulator", daemon=True)
        self.port = self._server.server_port
        self.url = f"http://{_HOST}:{self.port}"

    def start(self) -> None:
        """Answer from now on."""
        self._thread.start()

    def stop(self) -> None:
        """Take no more requests; those under way are not waited for."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _serve(self) -> None:
        self._server.serve_forever(poll_interval=_SHUTDOWN_POLL_SECONDS)

    @property
    def busy(self) -> bool:
        """Whether somebody is connected."""
        with self._server.changed:
            return self._server.open_connections > 0

    def wait_until_idle(self, timeout_seconds: float) -> None:
        """Return when everything that was sent before this call is done with; ``TimeoutError``."""
        # Connections are accepted in order: when this one is answered, no earlier one is overlooked.
        fence = http.client.HTTPConnection(_HOST, self.port, timeout=timeout_seconds)
        with contextlib.closing(fence):
            fence.request("GET", _FENCE_PATH)
            fence.getresponse().read()
        with self._server.changed:
            if not self._server.changed.wait_for(lambda: self._server.open_connections == 0, timeout_seconds):
                raise TimeoutError(f"{self._server.open_connections} requests are still being worked on")
