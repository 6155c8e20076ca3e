"""Nobody is shut out: automatic checks of every state, in both colour schemes, on a phone and on a desktop."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from daltonify_core.audio.clip import CLIP_RATE, Clip, write_clip
from tests.e2e.conftest import DESKTOP, PHONE, Demo, OpenPage
from tests.e2e.steps import UNKNOWN_LINK, create, wait_for_list, wait_for_playlist
from tests.unit.audio.site_sounds import song

SMALLEST = {"width": 320, "height": 568}
WIDE = {"width": 1440, "height": 900}
# What is right need not be told: that takes most of the time.
ONLY_FAULTS = {"resultTypes": ["violations"], "preload": False}
LOOKS = 3
# Sizes and colours do not depend on each other: each size once, and the colours of each state in both schemes.
VIEWS = [
    pytest.param({"viewport": PHONE, "color_scheme": "light", "reduced_motion": "no-preference"}, id="phone"),
    pytest.param({"viewport": WIDE, "color_scheme": "dark", "reduced_motion": "reduce"}, id="wide"),
]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recording, and what is none."""
    folder = tmp_path_factory.mktemp("audio")
    (folder / "song.wav").write_bytes(write_clip(Clip(song(12, CLIP_RATE).astype(np.float32), CLIP_RATE)))
    (folder / "letter.mp3").write_text("Dear listener, this is my song.\n", encoding="utf-8")
    return folder


def settle(page: Page) -> None:
    """Let transitions end, which hide faults from a check, or show colours that are on their way to others."""
    page.evaluate(
        "new Promise(requestAnimationFrame).then(() => "
        "Promise.all(document.getAnimations().map((animation) => animation.finished.catch(() => {}))))"
    )


def check(page: Page, state: str) -> None:
    expect_no_fault(page, state, ONLY_FAULTS)
    is_dark = page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    page.emulate_media(color_scheme="light" if is_dark else "dark")
    expect_no_fault(page, f"{state}, in the other colours", ONLY_FAULTS | {"runOnly": ["color-contrast"]})
    page.emulate_media(color_scheme="dark" if is_dark else "light")


def expect_no_fault(page: Page, state: str, options: dict[str, Any]) -> None:
    # A list that is being fetched anew is dimmed for that moment; a fault is what is there whenever one looks.
    report = ""
    for _ in range(LOOKS):
        settle(page)
        results = Axe().run(page, options=options)
        if results.violations_count == 0:
            return
        report = results.generate_report()
    raise AssertionError(f"{state}: {report}")


def open_list(open_page: OpenPage, demo: Demo, more: str = "&size=8", **view: Any) -> Page:
    page = open_page(path=f"/#1&s={demo.examples[0].rpartition('/')[2]}{more}", **view)
    wait_for_list(page)
    expect(page.locator("#copy button.primary")).to_be_visible()
    return page


@pytest.mark.parametrize("view", VIEWS)
def test_start_and_its_remedies_break_no_rule(open_page: OpenPage, files: Path, view: dict[str, Any]):
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
    page.locator("[aria-controls='remedy-hand']").click()
    page.locator("#remedies").get_by_role("button", name="Make my playlist").click()
    expect(page.locator("#remedies .error:visible").first).to_be_visible()
    check(page, "sliders, and fields left empty")
    page.locator("[aria-controls='remedy-file']").click()
    page.set_input_files("#audio-file", files / "letter.mp3")
    expect(page.get_by_text("There is no sound in this file")).to_be_visible()
    check(page, "no recording")
    page.set_input_files("#audio-file", files / "song.wav")
    page.get_by_role("button", name="Measure here").click()
    expect(page.get_by_role("button", name="Use these")).to_be_visible(timeout=60_000)
    check(page, "measured")


@pytest.mark.parametrize("view", VIEWS)
def test_list_breaks_no_rule(open_page: OpenPage, demo: Demo, view: dict[str, Any]):
    page = open_list(open_page, demo, **view)
    check(page, "list")
    if page.locator("#tune-fold > summary").is_visible():
        page.locator("#tune-fold > summary").click()
    for summary in page.locator("#tune summary, #seeds summary").all():
        summary.click()
    line = page.locator("#list .row:not(.own)").first
    line.locator(".toggle").click()
    line.get_by_role("button", name="Never ").click()
    line = page.locator("#list .row:not(.own)").first
    line.locator(".toggle").click()
    line.get_by_role("button", name="Pin").click()
    page.locator("#list .row .handle").nth(2).focus()
    page.keyboard.press("Space")
    check(page, "everything opened, one banned, one pinned, one lifted")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Add another track or an album").click()
    page.get_by_role("tab", name="Artists").click()
    check(page, "artists, and the field for another track")
    page.route("**/api/recommendations", lambda route: route.abort())
    page.locator("input[name=order][value=popularity]").check()
    expect(page.locator("#banner")).to_contain_text("cannot be reached")
    check(page, "no connection")


@pytest.mark.parametrize("view", VIEWS)
def test_trouble_and_success_of_publishing_break_no_rule(open_page: OpenPage, demo: Demo, view: dict[str, Any]):
    page = open_list(open_page, demo, **view)
    page.route("**/api/playlists", lambda route: route.abort(), times=1)
    create(page)
    expect(page.locator("#create .trouble")).to_be_visible()
    check(page, "outcome unknown")
    page.locator("#create").get_by_role("button", name="Try again", exact=True).click()
    wait_for_playlist(page)
    check(page, "playlist made, with its share kit")


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
    # Below the list nothing is laid out before it comes near.
    page.locator("#take").scroll_into_view_if_needed()
    page.locator("#copy button.primary").scroll_into_view_if_needed()
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    jutting = page.evaluate(
        """() => [...document.querySelectorAll("main *")]
          .filter((one) => one.checkVisibility() && one.getBoundingClientRect().right > innerWidth)
          .filter((one) => !one.closest("svg, .visually-hidden"))
          .map((one) => `${one.localName}.${one.className}`)"""
    )
    assert jutting == []


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
