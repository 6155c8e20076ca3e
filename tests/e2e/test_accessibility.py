"""Nobody is shut out: automatic checks of every state, in both colour schemes, on a phone and on a desktop."""

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.e2e.conftest import DESKTOP, PHONE, OpenPage
from tests.e2e.steps import UNKNOWN_LINK, create, try_example, wait_for_list

SMALLEST = {"width": 320, "height": 568}
VIEWS = [
    pytest.param({"viewport": size, "color_scheme": scheme, "reduced_motion": motion}, id=f"{name} {scheme}")
    for name, size in (("phone", PHONE), ("desktop", DESKTOP))
    for scheme, motion in (("light", "no-preference"), ("dark", "reduce"))
]


def check(page: Page, state: str) -> None:
    # Nothing may be hidden from the check by a transition that is still under way.
    page.evaluate("Promise.all(document.getAnimations().map((animation) => animation.finished.catch(() => {})))")
    results = Axe().run(page)
    assert results.violations_count == 0, f"{state}: {results.generate_report()}"


@pytest.mark.parametrize("view", VIEWS)
def test_no_state_of_the_page_breaks_a_rule(open_page: OpenPage, view: dict[str, Any]):
    page = open_page(**view)
    expect(page.locator("button.example").first).to_be_visible()
    check(page, "start")
    page.get_by_label("Your track").fill("love is a")
    expect(page.locator("[role=option]").first).to_be_visible()
    expect(page.locator("#track-more")).to_be_visible()
    page.keyboard.press("ArrowDown")
    check(page, "search")
    page.get_by_label("Your track").fill("https://example.com/")
    page.keyboard.press("Enter")
    expect(page.locator("#track-error")).to_be_visible()
    check(page, "malformed link")
    page.get_by_label("Your track").fill(UNKNOWN_LINK)
    page.keyboard.press("Enter")
    expect(page.locator("#describe")).to_be_visible()
    page.get_by_role("button", name="Make my playlist").click()
    page.get_by_label("Energy").fill("70")
    check(page, "describing a track")
    try_example(page)
    check(page, "list")
    page.route("**/api/playlists", lambda route: route.abort())
    create(page)
    expect(page.locator("#create .trouble")).to_be_visible()
    check(page, "no connection")


def test_finished_playlist_breaks_no_rule(open_page: OpenPage):
    page = open_page(viewport=PHONE)
    try_example(page)
    create(page)
    expect(page.locator(".done h4")).to_be_visible(timeout=45_000)
    check(page, "playlist made")


@pytest.mark.parametrize("size", [SMALLEST, PHONE, DESKTOP], ids=["320", "360", "1280"])
def test_nothing_runs_off_the_side(open_page: OpenPage, size: dict[str, int]):
    page = open_page(viewport=size)

    def width() -> int:
        found: int = page.evaluate("document.documentElement.scrollWidth")
        return found

    assert width() <= size["width"]
    page.get_by_label("Tracks", exact=True).fill("45")
    try_example(page)
    assert width() <= size["width"]
    page.get_by_role("button", name="Not on Spotify yet?").click()
    page.get_by_label("Tempo").fill("200")
    assert width() <= size["width"]


def test_page_works_at_twice_the_text_size(open_page: OpenPage):
    page = open_page(viewport=PHONE)
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    try_example(page)
    wait_for_list(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
