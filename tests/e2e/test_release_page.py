"""The page about one release in a browser: every state, every trouble, and how calmly it looks again."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, Route, expect

from tests.e2e.conftest import DESKTOP, PHONE, OpenPage

RELEASE_ID = "0a" * 16
PLAYLIST = "https://open.spotify.com/playlist/5xGhJrBnCtFv6m2QwZkLp0"
TRACK = "https://open.spotify.com/track/3aBcDeFgHiJkLmNoPqRsTu"
NOT_THERE = "Spotify does not have this release yet. We keep looking until 6 December 2026."
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


@dataclass
class Service:
    """Answers for the service: with what stands in ``answer``, or with ``problem`` under ``status``."""

    answer: dict[str, Any] = field(default_factory=dict)
    problem: dict[str, str] | None = None
    status: int = 503
    is_reachable: bool = True
    asked: int = 0

    def serve(self, page: Page) -> None:
        page.route("**/api/releases/*", self._on)

    def _on(self, route: Route) -> None:
        self.asked += 1
        assert route.request.url.endswith(f"/api/releases/{RELEASE_ID}")
        assert "referer" not in route.request.headers
        if not self.is_reachable:
            route.abort()
        elif self.problem:
            route.fulfill(status=self.status, content_type="application/problem+json", body=json.dumps(self.problem))
        else:
            route.fulfill(content_type="application/json", body=json.dumps(self.answer))


def answer(state: str, **more: Any) -> dict[str, Any]:
    names = ("why", "next_attempt_at", "finished_at", "track_url", "playlist_url", "version")
    facts = {"id": RELEASE_ID, "title": "Rain on Tin", "received_at": NOON.isoformat(), "notes": []}
    return {**facts, **dict.fromkeys(names), "state": state, **more}


def later(seconds: float) -> str:
    return (NOON + timedelta(seconds=seconds)).isoformat()


DONE = {"track_url": TRACK, "playlist_url": PLAYLIST, "version": 3, "finished_at": later(60)}
STATES: dict[str, tuple[dict[str, Any], str]] = {
    "received": ({}, "We have it"),
    "resolving": ({}, "Being looked up"),
    "waiting": ({"why": NOT_THERE, "next_attempt_at": later(4000)}, "Waiting"),
    "publishing": ({"track_url": TRACK}, "On its way into the playlist"),
    "done": ({**DONE, "notes": ["One track was replaced."]}, "It is in the playlist"),
    "failed": ({"why": "This release is by another artist on Spotify."}, "This did not work"),
}


@pytest.fixture
def service() -> Service:
    return Service()


def opened(open_page: OpenPage, service: Service, link: str = f"#{RELEASE_ID}", **options: Any) -> Page:
    def prepare(page: Page) -> None:
        page.clock.install(time=NOON)
        service.serve(page)

    return open_page(prepare=prepare, path=f"/release.html{link}", is_up=False, **options)


def heading(page: Page, text: str) -> None:
    expect(page.get_by_role("heading", name=text, exact=True)).to_be_visible()


def set_hidden(page: Page, is_hidden: bool) -> None:
    page.evaluate(
        "(hidden) => { Object.defineProperty(document, 'hidden', { value: hidden, configurable: true });"
        "document.dispatchEvent(new Event('visibilitychange')); }",
        is_hidden,
    )


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize(("size", "scheme"), [(PHONE, "light"), (DESKTOP, "dark")], ids=["phone", "desktop"])
def test_each_state_is_told_for_eyes_ears_and_narrow_screens(open_page, service, state, size, scheme):
    more, title = STATES[state]
    service.answer = answer(state, **more)
    page = opened(open_page, service, viewport=size, color_scheme=scheme)
    heading(page, title)
    expect(page.get_by_role("status")).to_contain_text(title)
    expect(page.locator("#release")).to_contain_text("“Rain on Tin”")
    expect(page.get_by_role("list", name="The way into the playlist").get_by_role("listitem")).to_have_count(5)
    assert RELEASE_ID not in page.title() + page.locator("body").inner_text()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert [one["id"] for one in Axe().run(page).response["violations"]] == []


def test_what_is_done_leads_to_the_playlist_without_saying_from_where(open_page, service):
    service.answer = answer("done", **DONE)
    page = opened(open_page, service)
    link = page.get_by_role("link", name="Open the playlist on Spotify")
    expect(link).to_have_attribute("href", PLAYLIST)
    expect(link).to_have_attribute("rel", "noreferrer")
    expect(page.locator("#release")).to_contain_text("version 3 of this playlist")
    expect(page.get_by_role("button", name="Look again")).to_be_hidden()


def test_a_track_that_was_announced_before_says_so(open_page, service):
    service.answer = answer("done", track_url=TRACK, notes=["This track was announced before."])
    heading(opened(open_page, service), "Announced before")


def test_a_failure_says_why_and_what_to_do(open_page, service):
    service.answer = answer("failed", why="This release is by another artist on Spotify.")
    page = opened(open_page, service)
    expect(page.locator("#release")).to_contain_text("This release is by another artist on Spotify.")
    expect(page.locator("#release")).to_contain_text("ask whoever runs this service to replay it")


def test_a_wait_is_told_with_its_end_and_looked_at_when_it_is_over(open_page, service):
    service.answer = answer("waiting", why=NOT_THERE, next_attempt_at=later(600))
    page = opened(open_page, service)
    expect(page.locator("#release")).to_contain_text(NOT_THERE)
    expect(page.locator("#release")).to_contain_text("It is looked at again at 12:10.")
    page.clock.fast_forward(500_000)
    assert service.asked == 1
    service.answer = answer("done", **DONE)
    page.clock.fast_forward(150_000)
    heading(page, "It is in the playlist")
    expect(page.get_by_role("status")).to_contain_text("It is in the playlist")
    page.clock.fast_forward(86_400_000)
    assert service.asked == 2


def test_nobody_is_asked_for_a_page_that_nobody_sees(open_page, service):
    service.answer = answer("resolving")
    page = opened(open_page, service)
    heading(page, "Being looked up")
    set_hidden(page, is_hidden=True)
    page.clock.fast_forward(3_600_000)
    assert service.asked == 1
    service.answer = answer("publishing", track_url=TRACK)
    set_hidden(page, is_hidden=False)
    page.clock.fast_forward(1)
    heading(page, "On its way into the playlist")


def test_troubles_leave_what_is_known_and_pass_by_themselves(open_page, service):
    service.answer = answer("resolving")
    page = opened(open_page, service)
    heading(page, "Being looked up")
    service.is_reachable = False
    page.clock.fast_forward(16_000)
    heading(page, "No connection")
    expect(page.locator("#trouble")).to_contain_text("What stands below was so at 12:00.")
    heading(page, "Being looked up")
    service.is_reachable = True
    service.problem = {"code": "upstream_unavailable", "detail": "Our records cannot be reached."}
    page.clock.fast_forward(16_000)
    expect(page.locator("#trouble")).to_contain_text("Our records cannot be reached.")
    service.problem = None
    service.answer = answer("publishing", track_url=TRACK)
    page.clock.fast_forward(31_000)
    heading(page, "On its way into the playlist")
    expect(page.locator("#trouble")).to_be_empty()


def test_a_release_that_there_is_not_is_not_asked_after_again(open_page, service):
    service.status, service.problem = 404, {"code": "unknown_release", "detail": "There is no such release."}
    page = opened(open_page, service)
    heading(page, "There is no such release")
    page.clock.fast_forward(86_400_000)
    assert service.asked == 1


@pytest.mark.parametrize("link", ["", "#", "#main", "#0a0a"])
def test_a_link_without_a_whole_id_asks_nobody(open_page, service, link):
    heading(opened(open_page, service, link), "This link is not complete")
    assert service.asked == 0


def test_it_works_by_keyboard_and_keeps_the_link_whole(open_page, service):
    service.answer = answer("received")
    page = opened(open_page, service)
    heading(page, "We have it")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
    assert page.url.endswith(f"#{RELEASE_ID}")
    button = page.get_by_role("button", name="Look again")
    page.keyboard.press("Tab")
    expect(button).to_be_focused()
    service.answer = answer("resolving")
    page.keyboard.press("Enter")
    heading(page, "Being looked up")
    expect(button).to_be_focused()
