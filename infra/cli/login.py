"""``daltonify login``: a person allows our app to publish under their account, and that consent is stored.

Spotify sends the person's browser back to an address on this machine, where one small server waits for that one
request. What comes back is a code that works once and only together with the client's secret; ``state`` proves that it
belongs to this attempt.
"""

import html
import json
import os
import queue
import re
import secrets
import socketserver
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Final
from urllib.parse import parse_qs, urlsplit

from daltonify_core.errors import ConsentNeeded, InvalidQuery, SecretUnavailable
from daltonify_core.ports.surroundings import SecretStore

SPOTIFY_API: Final = "https://api.spotify.com/v1/"
SPOTIFY_ACCOUNTS: Final = "https://accounts.spotify.com"
DEFAULT_SECRET: Final = "daltonify/spotify"  # noqa: S105 - the secret's name
DEFAULT_PORT: Final = 8888
DEFAULT_TIMEOUT_SECONDS: Final = 300

_HOST: Final = "127.0.0.1"  # Spotify refuses the name localhost
_PATH: Final = "/callback"
_STATE_BYTES: Final = 32
_MOST_WAIT_SECONDS: Final = 10  # for a browser that opens a connection and says nothing
_NOTHING_STORED: Final = "Nothing was stored."
_PAGE: Final = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Daltonify</title>
<h1>{heading}</h1><p>You can close this tab and go back to the terminal.</p></html>
"""


@dataclass(frozen=True, slots=True)
class Answer:
    """What Spotify sent the browser back with; each is empty where it was absent."""

    code: str = field(repr=False)
    state: str = field(repr=False)
    error: str


class CallbackServer:
    """Waits on this machine for the browser's return, from ``with`` on; raises ``InvalidQuery`` for a busy port.

    With port 0 the system chooses one; Spotify accepts any if the redirect URI was entered without a port.
    """

    def __init__(self, port: int) -> None:
        self._answers: queue.SimpleQueue[Answer] = queue.SimpleQueue()
        try:
            self._server = _Server((_HOST, port), self._handler())
        except OSError as error:
            raise InvalidQuery(
                f"Port {port} of this machine cannot be used ({error.strerror}). Choose another with --port, and "
                "enter its address among the redirect URIs of the app at Spotify."
            ) from error
        self.redirect_uri = f"http://{_HOST}:{self._server.server_address[1]}{_PATH}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    def __enter__(self) -> "CallbackServer":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def wait(self, timeout_seconds: float) -> Answer:
        """The first answer that arrives; raises ``ConsentNeeded`` when none does in time."""
        try:
            return self._answers.get(timeout=timeout_seconds)
        except queue.Empty:
            raise ConsentNeeded(
                f"Nobody consented within {timeout_seconds:g} seconds. {_NOTHING_STORED} If Spotify showed an error "
                f"instead of asking, compare the client id and enter {self.redirect_uri} among the app's redirect URIs."
            ) from None

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        answers = self._answers

        class Handler(BaseHTTPRequestHandler):
            timeout = _MOST_WAIT_SECONDS

            def do_GET(self) -> None:
                address = urlsplit(self.path)
                if address.path != _PATH:
                    self.send_error(404)
                    return
                given = parse_qs(address.query)
                first = {name: given.get(name, [""])[0] for name in ("code", "state", "error")}
                self._show("Spotify has answered" if first["code"] else "Spotify sent you back without a consent")
                answers.put(Answer(**first))

            def _show(self, heading: str) -> None:
                page = _PAGE.format(heading=html.escape(heading)).encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Content-Length", str(len(page)))
                # The address of this page holds the code.
                self.send_header("Referrer-Policy", "no-referrer")
                self.send_header("Cache-Control", "no-store")
                self.send_header("Content-Security-Policy", "default-src 'none'")
                self.end_headers()
                self.wfile.write(page)

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing: the line would hold the code."""

        return Handler


class _Server(socketserver.ThreadingTCPServer):
    # Browsers open connections ahead of time and leave them silent; one thread each keeps those out of the way.
    daemon_threads = True
    allow_reuse_address = True
    block_on_close = False


def wait_for_code(
    server: CallbackServer,
    address_for: Callable[[str], str],
    announce: Callable[[str], None],
    open_browser: Callable[[str], object] | None,
    timeout_seconds: float,
) -> str:
    """Send a person to the consent page and return the code that comes back.

    ``address_for`` makes the page's address from a state; it is announced, and opened if ``open_browser`` is given.
    Raises ``ConsentNeeded`` when the person refuses, nobody answers, or the answer is not to this question.
    """
    state = secrets.token_urlsafe(_STATE_BYTES)
    address = address_for(state)
    announce(address)
    if open_browser is not None:
        open_browser(address)
    answer = server.wait(timeout_seconds)
    if not secrets.compare_digest(answer.state.encode(), state.encode()):
        raise ConsentNeeded(
            f"The browser came back with an answer to another question, perhaps from an earlier attempt. "
            f"{_NOTHING_STORED} Run `daltonify login` again and use the address that it prints."
        )
    if answer.error == "access_denied":
        raise ConsentNeeded(f"The consent was refused on Spotify's page. {_NOTHING_STORED}")
    if not answer.code:
        named = f" ({answer.error})" if re.fullmatch("[a-z_]{1,40}", answer.error) else ""
        raise ConsentNeeded(f"Spotify sent the browser back without a consent{named}. {_NOTHING_STORED}")
    return answer.code


def can_open_browser() -> bool:
    """Whether there is a screen to show a page on; without one, Python would start a text browser in this terminal."""
    return not sys.platform.startswith("linux") or any(
        os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")
    )


def stored_values(store: SecretStore, name: str) -> Mapping[str, str]:
    """What a secret holds now, nothing for one that does not exist; raises ``SecretUnavailable``."""
    try:
        return store.read(name)
    except SecretUnavailable as error:
        if error.is_absent:
            return {}
        raise


class PrivateFiles:
    """Port ``SecretStore`` on files that only their owner may read; a secret's name is its path."""

    def read(self, name: str) -> Mapping[str, str]:
        try:
            values = json.loads(Path(name).read_text(encoding="utf-8"))
        except FileNotFoundError as error:
            if not Path(name).parent.is_dir():
                raise SecretUnavailable(f"There is no folder for {name}.") from error
            raise SecretUnavailable(f"There is no file {name}.", is_absent=True) from error
        except OSError as error:
            raise SecretUnavailable(f"{name} cannot be read: {error.strerror}.") from error
        except ValueError:
            # Not chained: the cause carries the text that could not be read.
            raise SecretUnavailable(f"{name} is there already and holds something else. Name another file.") from None
        if not isinstance(values, dict) or not all(isinstance(value, str) for value in values.values()):
            raise SecretUnavailable(f"{name} is there already and holds something else. Name another file.")
        return values

    def write(self, name: str, values: Mapping[str, str]) -> None:
        target = Path(name).resolve()
        unfinished = target.with_name(f".{target.name}.{os.getpid()}.part")
        try:
            # Private from its first byte on.
            with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                json.dump(dict(values), file, indent=2)
            unfinished.replace(target)
        except OSError as error:
            raise SecretUnavailable(f"{name} cannot be written: {error.strerror}.") from error
        finally:
            unfinished.unlink(missing_ok=True)
