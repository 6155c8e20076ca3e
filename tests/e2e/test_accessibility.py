"""Nobody is shut out: automatic checks of every state, in both colour schemes, on a phone and on a desktop."""

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.e2e.conftest import DESKTOP, PHONE, Demo, OpenPage
from tests.e2e.steps import UNKNOWN_LINK, create, wait_for_list, wait_for_playlist

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


def open_list(open_page: OpenPage, demo: Demo, more: str = "&size=8", **view: Any) -> Page:
    page = open_page(path=f"/#1&s={demo.examples[0].rpartition('/')[2]}{more}", **view)
    wait_for_list(page)
    expect(page.locator("#copy button.primary")).to_be_visible()
    return page


@pytest.mark.parametrize("view", VIEWS)
def test_start_breaks_no_rule(open_page: OpenPage, view: dict[str, Any]):
    page = open_page(**view)
    expect(page.locator("button.example").first).to_be_visible()
    check(page, "start")
    page.get_by_label("Your track").fill("love is a")
    expect(page.locator("[role=option]").first).to_be_visible()
    page.keyboard.press("ArrowDown")
    check(page, "search")
    page.get_by_label("Your track").fill("https://example.com/")
    page.keyboard.press("Enter")
    expect(page.locator("#track-error")).to_be_visible()
    check(page, "malformed link")
    page.get_by_label("Your track").fill(UNKNOWN_LINK)
    page.keyboard.press("Enter")
    expect(page.locator("#remedies > *").first).to_be_visible()
    check(page, "too little known")


@pytest.mark.parametrize("view", VIEWS)
def test_list_breaks_no_rule(open_page: OpenPage, demo: Demo, view: dict[str, Any]):
    page = open_list(open_page, demo, **view)
    check(page, "list")
    if page.locator("#tune-fold > summary").is_visible():
        page.locator("#tune-fold > summary").click()
    for summary in page.locator("#tune summary, #seeds summary").all():
        summary.click()
    page.locator("#list .row .toggle").first.click()
    expect(page.locator("#list .row-detail").first).to_be_visible()
    check(page, "everything opened")
    page.get_by_role("tab", name="Artists").click()
    check(page, "artists")
    page.route("**/api/recommendations", lambda route: route.abort())
    page.locator("input[name=order][value=popularity]").check()
    expect(page.locator("#banner")).to_contain_text("cannot be reached")
    check(page, "no connection")


@pytest.mark.parametrize("view", VIEWS[:1] + VIEWS[-1:])
def test_trouble_and_success_of_publishing_break_no_rule(open_page: OpenPage, demo: Demo, view: dict[str, Any]):
    page = open_list(open_page, demo, **view)
    page.route("**/api/playlists", lambda route: route.abort(), times=1)
    create(page)
    expect(page.locator("#create .trouble")).to_be_visible()
    check(page, "outcome unknown")
    page.locator("#create").get_by_role("button", name="Try again", exact=True).click()
    wait_for_playlist(page)
    check(page, "playlist made")


@pytest.mark.parametrize("size", [SMALLEST, PHONE, DESKTOP], ids=["320", "360", "1280"])
def test_nothing_runs_off_the_side(open_page: OpenPage, demo: Demo, size: dict[str, int]):
    page = open_page(viewport=size)

    def width() -> int:
        found: int = page.evaluate("document.documentElement.scrollWidth")
        return found

    expect(page.locator("button.example").first).to_be_visible()
    assert width() <= size["width"]
    page.get_by_label("Your track").fill(UNKNOWN_LINK)
    page.keyboard.press("Enter")
    expect(page.locator("#remedies > *").first).to_be_visible()
    assert width() <= size["width"]
    page = open_list(open_page, demo, "&size=45", viewport=size)
    if page.locator("#tune-fold > summary").is_visible():
        page.locator("#tune-fold > summary").click()
    for summary in page.locator("#tune summary, #seeds summary").all():
        summary.click()
    page.locator("#list .row .toggle").first.click()
    assert width() <= size["width"]


def test_page_works_at_twice_the_text_size(open_page: OpenPage, demo: Demo):
    page = open_list(open_page, demo, viewport=PHONE)
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_no_focus_and_no_list_hides_behind_the_bar_at_the_foot(open_page: OpenPage, demo: Demo):
    """WCAG 2.2, focus not obscured."""
    page = open_list(open_page, demo, viewport=PHONE)
    bar = page.locator("#foot-bar")
    expect(bar).to_be_visible()
    page.locator("#list .row .toggle").nth(2).focus()
    for _ in range(12):
        page.keyboard.press("Tab")
        covered = page.evaluate(
            """() => {
              const one = document.activeElement.getBoundingClientRect();
              const bar = document.getElementById("foot-bar");
              if (bar.contains(document.activeElement) || getComputedStyle(bar).display === "none") return false;
              return one.top >= bar.getBoundingClientRect().top;
            }"""
        )
        assert not covered
    bar.get_by_role("link").click()
    expect(page.locator("#take-heading")).to_be_focused()
    expect(bar).to_be_hidden()
