"""A bound on what an outside service may cost: the one module that every adapter may import.

The time-outs of sockets bound a single wait, so neither the look-up of a name nor a server that sends one byte a second
is bounded by them. Here a whole call, with everything it asks, runs in a thread that is left behind when its time is
over, and the socket that it waits at is shut, so that the thread ends as well. Bodies are read up to a limit.
"""

import http.client
import queue
import socket
import threading
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final, Protocol

FAULTS: Final = (OSError, http.client.HTTPException)
"""What ``exchange`` raises, and ``within`` when time is over; nothing else comes from a network."""


class _Lifeline:
    """What ties a call to whoever waits for it."""

    def __init__(self) -> None:
        self._socket: socket.socket | None = None
        self._is_given_up = False

    def hold(self, connected: socket.socket) -> None:
        # Remembered first: giving up in between finds either the socket or is seen below.
        self._socket = connected
        if self._is_given_up:
            raise TimeoutError

    def give_up(self) -> None:
        self._is_given_up = True
        if self._socket is not None:
            try:
                self._socket.shutdown(socket.SHUT_RDWR)
            except OSError:
                return  # the other side was faster


# Each call has a thread of its own, and so a value of its own.
_LIFELINE: Final[ContextVar[_Lifeline | None]] = ContextVar("lifeline", default=None)


def within[T](seconds: float, call: Callable[[], T]) -> T:
    """What ``call`` returns or raises; ``TimeoutError`` when it has done neither after so many seconds.

    From then on ``hold`` raises in it, so that nothing more is asked for nobody.
    """
    lifeline = _Lifeline()
    outcome: queue.SimpleQueue[tuple[T] | Exception] = queue.SimpleQueue()

    def run() -> None:
        _LIFELINE.set(lifeline)
        try:
            outcome.put((call(),))
        except Exception as error:  # noqa: BLE001 - it is raised where the outcome is waited for
            outcome.put(error)

    threading.Thread(target=run, name="bounded", daemon=True).start()
    try:
        came = outcome.get(timeout=seconds)
    except queue.Empty:
        lifeline.give_up()
        raise TimeoutError from None
    if isinstance(came, Exception):
        raise came
    return came[0]


def hold(connected: socket.socket) -> None:
    """Name the socket that this call is about to wait at, in place of the one before.

    Raises ``TimeoutError`` when nobody waits for the call any more. Outside ``within`` it does nothing.
    """
    lifeline = _LIFELINE.get()
    if lifeline is not None:
        lifeline.hold(connected)


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer over HTTP with as much of its body as was asked for."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes


def exchange(
    connection: http.client.HTTPConnection,
    method: str,
    target: str,
    headers: Mapping[str, str],
    read_seconds: float,
    most_bytes: int,
    body: bytes | None = None,
) -> Answer:
    """Connect, ask once and close; for use in ``within``.

    ``read_seconds`` is how long one wait for bytes may last. A body longer than ``most_bytes`` is cut off there, one
    that breaks off before is a fault. No redirect is followed.
    """
    try:
        connection.connect()
        # The connection forgets its socket once the head of an answer is read that ends with it.
        hold(connection.sock)
        connection.sock.settimeout(read_seconds)
        try:
            connection.request(method, target, body, dict(headers))
        except (BrokenPipeError, ConnectionResetError):
            # A file may be turned down before all of it was sent.
            if body is None:
                raise
        return _answer(connection, most_bytes)
    finally:
        connection.close()


class _Pieces(Protocol):
    def read1(self, amt: int, /) -> bytes: ...


def read_up_to(most_bytes: int, body: _Pieces) -> bytes:
    """At most so many bytes of a body.

    In pieces as they come: asked for an amount, the standard library believes a chunk that says to be of -1 bytes and
    reads on without end.
    """
    read = bytearray()
    while len(read) < most_bytes and (piece := body.read1(most_bytes - len(read))):
        read += piece
    return bytes(read)


def _answer(connection: http.client.HTTPConnection, most_bytes: int) -> Answer:
    try:
        with connection.getresponse() as response:
            body = read_up_to(most_bytes, response)
            if response.length and len(body) < most_bytes:
                # Read in pieces, a body that breaks off is no error to the library.
                raise http.client.IncompleteRead(body, response.length)
            return Answer(response.status, response.headers, body)
    except ValueError as error:
        # What the library stumbles with over heads and chunks that make no sense.
        raise http.client.HTTPException("no HTTP") from error
