"""The guard in conftest.py holds, even against code that handles network errors."""

import contextlib
import socket
import threading
import urllib.request
from collections.abc import Iterator

import pytest


@pytest.fixture
def listening() -> Iterator[tuple[str, int]]:
    """A server that would answer, so that only the guard can be what stops a connection."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()


def test_a_connection_is_refused_although_somebody_listens(listening):
    with pytest.raises(pytest.fail.Exception, match="must not use the network"):
        socket.create_connection(listening)


def test_a_raw_socket_is_refused_too(listening):
    with (
        socket.socket() as client,
        pytest.raises(pytest.fail.Exception, match="must not use the network"),
    ):
        client.connect(listening)


def test_a_datagram_is_refused(listening):
    with (
        socket.socket(type=socket.SOCK_DGRAM) as client,
        pytest.raises(pytest.fail.Exception, match="must not use the network"),
    ):
        client.sendto(b"", listening)


def test_a_name_is_not_looked_up():
    with pytest.raises(pytest.fail.Exception, match="must not use the network"):
        socket.getaddrinfo("localhost", 80)


def test_code_that_handles_network_errors_does_not_hide_it(listening):
    host, port = listening
    with pytest.raises(pytest.fail.Exception), contextlib.suppress(Exception):
        urllib.request.urlopen(f"http://{host}:{port}/", timeout=5)


def test_threads_of_the_process_may_still_talk():
    near, far = socket.socketpair()
    with near, far:
        sender = threading.Thread(target=near.sendall, args=(b"x",))
        sender.start()
        assert far.recv(1) == b"x"
        sender.join()
