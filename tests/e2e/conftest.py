"""The page in a real browser, against the demo as anybody starts it. `make test-site` runs these."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, expect, sync_playwright

ROOT = Path(__file__).parents[2]
LOOPBACK = "127.0.0.1"
PHONE = {"width": 360, "height": 740}
# Every secret of the demo and the tests holds it.
SECRET_MARK = "NEVERLOGME"
DESKTOP = {"width": 1280, "height": 800}
# Without the page's keeper of files, because a test that stands in for the network must not be answered past.
USUAL_CONTEXT = {"viewport": DESKTOP, "locale": "en-GB", "timezone_id": "UTC", "service_workers": "block"}
# The first start makes a catalogue and an index, which takes a while on a busy machine.
START_SECONDS = 180
# As root Chromium refuses to start with its sandbox; the rest keeps it from calling home.
BROWSER_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

# The browser itself reports every answer that is no success, wanted or not; the other is our own doing, see below.
EXPECTED_COMPLAINTS = ("Failed to load resource", "Service Worker registration blocked by Playwright")

expect.set_options(timeout=15_000)


@dataclass(frozen=True, slots=True)
class Demo:
    """A running demo and the simulated Spotify behind it."""

    url: str
    simulator: str
    examples: tuple[str, ...]
    """Links to the tracks that it says to begin with."""

    def playlists(self) -> list[dict[str, Any]]:
        """Every playlist of the simulated Spotify."""
        found: list[dict[str, Any]] = fetch_json(f"{self.simulator}/_simulator/playlists")["playlists"]
        return found

    def playlists_called(self, title: str) -> list[dict[str, Any]]:
        return [playlist for playlist in self.playlists() if playlist["name"] == title]

    def add_fault(self, **fault: object) -> None:
        """Let something go wrong at the simulated Spotify, until it has happened or the test ends."""
        fetch_json(f"{self.simulator}/_simulator/faults", fault)

    def clear_faults(self) -> None:
        """Nothing goes wrong there any more."""
        request = urllib.request.Request(f"{self.simulator}/_simulator/faults", method="DELETE")  # noqa: S310 - loopback
        urllib.request.urlopen(request, timeout=30).close()  # noqa: S310


def fetch_json(url: str, body: object = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"})  # noqa: S310 - loopback only
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
        return json.load(answer)


@pytest.fixture(scope="session")
def running_demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """One for all tests, because it takes long to start. It lets one client make 50 playlists, which has to do."""
    cache = tmp_path_factory.mktemp("demo")
    kept = {name: value for name, value in os.environ.items() if name not in ("CATALOGUE", "PUBLISH_ACCESS")}
    environment = {name: value for name, value in kept.items() if not name.startswith("SPOTIFY_")} | {"PORT": "0"}
    process = subprocess.Popen(
        [sys.executable, "-m", "infra.local.demo", "--cache", str(cache)],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        greeting = _greeting(process)
        [url] = set(re.findall(rf"http://{re.escape(LOOPBACK)}:\d+", greeting))
        examples = tuple(re.findall(r"https://open\.spotify\.com/track/\w{22}", greeting))
        opens_at = fetch_json(f"{url}/api/config")["open_playlists_at"]
        yield Demo(url, f"http://{urlsplit(opens_at).netloc}", examples)
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.communicate(timeout=30)
        except subprocess.TimeoutExpired:
            # How fast it ends is for its own tests to say; here it only must be gone, and its pipe closed.
            process.kill()
            process.communicate()
    logs = [log.read_text(encoding="utf-8") for log in cache.glob("*.log")]
    assert logs
    assert not any(SECRET_MARK in log for log in logs)


@pytest.fixture
def demo(running_demo: Demo) -> Iterator[Demo]:
    """The demo, with nothing left of what other tests let go wrong; their playlists stay."""
    yield running_demo
    running_demo.clear_faults()


def _greeting(process: "subprocess.Popen[str]") -> str:
    """All that the demo says until it serves; fails with it when it ends instead."""
    assert process.stdout is not None
    said = []
    impatience = threading.Timer(START_SECONDS, process.kill)
    impatience.start()
    try:
        for line in process.stdout:
            said.append(line)
            if line.startswith("Logs are in"):
                return "".join(said)
    finally:
        impatience.cancel()
    pytest.fail(f"The demo ended before it was ready:\n{''.join(said)}", pytrace=False)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    found = subprocess.run(
        [ROOT / "infra/local/find_chromium.sh"], check=False, capture_output=True, text=True, timeout=600
    )
    if found.returncode:
        pytest.fail(found.stderr, pytrace=False)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found.stdout.strip(), args=BROWSER_ARGUMENTS)
        yield browser
        browser.close()


@dataclass
class Watch:
    """What a page did that no page of ours may do."""

    faults: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def on(self, page: Page) -> None:
        page.on("console", self._on_console)
        page.on("pageerror", lambda error: self.faults.append(f"uncaught: {error}"))
        page.on("request", self._on_request)

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not message.text.startswith(EXPECTED_COMPLAINTS):
            self.faults.append(f"{message.type}: {message.text}")

    def _on_request(self, request: Request) -> None:
        self.requests.append(request.url)
        if urlsplit(request.url).hostname != LOOPBACK:
            self.faults.append(f"asked {request.url}")


type OpenPage = Callable[..., Page]


@pytest.fixture
def watch() -> Iterator[Watch]:
    """Watches every page of a test. What a browser complains of, a broken security policy included, fails the test."""
    watch = Watch()
    yield watch
    assert watch.faults == []


@pytest.fixture
def open_page(browser: Browser, demo: Demo, watch: Watch) -> Iterator[OpenPage]:
    """Opens the page in a browser of its own: ``open_page(viewport=PHONE, color_scheme="dark")``.

    ``prepare`` is called with the page before; ``is_up=False`` does not wait until the service has said what it is.
    """
    contexts: list[BrowserContext] = []

    def open_page(
        prepare: Callable[[Page], object] = lambda page: None, path: str = "/", is_up: bool = True, **options: Any
    ) -> Page:
        context = browser.new_context(**USUAL_CONTEXT | options)
        contexts.append(context)
        page = context.new_page()
        watch.on(page)
        prepare(page)
        page.goto(f"{demo.url}{path}")
        if is_up:
            expect(page.locator("#about")).to_contain_text("not affiliated")
        return page

    yield open_page
    for context in contexts:
        context.close()


@pytest.fixture
def page(open_page: OpenPage) -> Page:
    """The page at the size of a desktop, as a first visitor meets it."""
    return open_page()
