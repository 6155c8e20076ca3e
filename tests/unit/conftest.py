"""Unit tests reach no network: one that did would be slow, and would fail on a train."""

import socket
from collections.abc import Iterator

import pytest


# A few lines of our own instead of pytest-socket: one dependency less, and that plugin forbids making a socket at all,
# which also stops event loops, although those never leave the process.
@pytest.fixture(autouse=True, scope="module")
def no_network() -> Iterator[None]:
    """Per module and not per test, because Hypothesis refuses fixtures that it cannot renew for each example."""

    def refuse(*_args: object, **_kwargs: object) -> None:
        # pytest's own failure is no Exception, so code that handles network errors cannot swallow it.
        pytest.fail("unit tests must not use the network; write a contract test")

    with pytest.MonkeyPatch.context() as patch:
        for name in ("connect", "connect_ex", "sendto", "sendmsg"):
            patch.setattr(socket.socket, name, refuse)
        for name in ("getaddrinfo", "gethostbyname", "gethostbyname_ex"):
            patch.setattr(socket, name, refuse)
        yield
