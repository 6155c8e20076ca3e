"""How the page begins: nothing moves under the reader's eyes, and what cannot be had is told and kept."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.e2e.conftest import PHONE, Demo, OpenPage, Watch
from tests.e2e.list_steps import ask_for, row, settle, titles
from tests.e2e.steps import focused, rows, try_example, wait_for_list, wait_for_the_rest

ANSWERS = "**/api/recommendations"
WIDE = {"width": 1440, "height": 900}
# What is felt as calm, by the Core Web Vitals.
MOST_SHIFT = 0.1


def watch_shifts(page: Page) -> None:
    """For ``open_page``: count what moves without the reader's doing."""
    page.add_init_script(
        """globalThis.shifts = [];
        new PerformanceObserver((list) => {
          for (const { value, hadRecentInput, sources } of list.getEntries()) {
            const moved = sources.map(({ node }) => node?.id || node?.className || node?.nodeName);
            if (!hadRecentInput) globalThis.shifts.push({ value, moved });
          }
        }).observe({ type: "layout-shift", buffered: true });"""
    )


def shifts(page: Page) -> list[dict[str, Any]]:
    # Two frames, so that what has just been drawn is counted.
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    found: list[dict[str, Any]] = page.evaluate("globalThis.shifts")
    return found


def assert_calm(page: Page) -> None:
    found = shifts(page)
    assert sum(shift["value"] for shift in found) < MOST_SHIFT, found


def link_to_a_list(page: Page) -> str:
    """The address of a list that somebody would send to a friend."""
    try_example(page)
    order = page.locator("#list .row").evaluate_all("rows => rows.map((row) => row.dataset.key).join('.')")
    page.wait_for_function("order => location.hash.includes(order)", arg=order)
    return page.url.partition("#")[2]


@pytest.mark.parametrize("viewport", [PHONE, WIDE], ids=["phone", "wide"])
def test_nothing_moves_while_the_start_is_loaded(open_page: OpenPage, viewport: dict[str, int]):
    page = open_page(watch_shifts, viewport=viewport)
    expect(page.locator("button.example").first).to_be_visible()
    expect(page.locator("#demo")).to_be_visible()
    assert_calm(page)


@pytest.mark.parametrize("viewport", [PHONE, WIDE], ids=["phone", "wide"])
def test_followed_link_says_what_is_coming_and_then_shows_it_without_moving_anything(
    page: Page, open_page: OpenPage, viewport: dict[str, int]
):
    link = link_to_a_list(page)
    order = titles(page)
    held: list[Route] = []

    def prepare(page: Page) -> None:
        watch_shifts(page)
        # The answer waits until it has been seen what stands there meanwhile.
        page.route(ANSWERS, lambda route: held.append(route))

    friend = open_page(prepare, path=f"/#{link}", viewport=viewport, is_up=False)
    expect(friend.get_by_text("Opening the playlist that this link leads to")).to_be_visible()
    expect(friend.locator("#start, #about").first).to_be_hidden()
    expect(friend.locator("#foot-bar")).to_be_hidden()
    while not held:
        friend.wait_for_timeout(20)
    held[0].continue_()
    wait_for_list(friend)
    wait_for_the_rest(friend)
    expect(friend.locator(".opening")).to_be_hidden()
    assert titles(friend) == order
    assert_calm(friend)


def test_link_whose_list_failed_keeps_its_order_when_it_is_tried_again_or_loaded_again(page: Page, open_page: OpenPage):
    link = link_to_a_list(page)
    order = titles(page)
    refusal = {"code": "internal_error", "status": 500, "title": "Failed", "detail": "It failed.", "errors": []}

    def refuse(friend: Page) -> None:
        friend.route(ANSWERS, lambda route: route.fulfill(status=500, json=refusal))

    # As if the order had been the artist's own, which no new request would give.
    ids = re.findall(r"(?<=t=)[^&]+", link)[0].split(".")
    turned = link.replace(".".join(ids), ".".join(reversed(ids)))
    friend = open_page(refuse, path=f"/#{turned}", is_up=False)
    expect(friend.locator("#problem")).to_contain_text("Something went wrong")
    expect(friend.locator(".opening")).to_be_hidden()
    friend.reload()
    expect(friend.locator("#problem")).to_contain_text("Something went wrong")
    friend.unroute(ANSWERS)
    friend.locator("#problem").get_by_role("button", name="Try again").click()
    wait_for_list(friend)
    assert titles(friend) == order[::-1]
    expect(friend.get_by_role("button", name="Undo")).to_have_attribute("aria-disabled", "true")


def test_demonstration_says_what_is_simulated_when_asked(open_page: OpenPage):
    page = open_page(viewport=PHONE)
    try_example(page)
    page.evaluate("scrollTo(0, 0)")
    chip = page.locator("#demo")
    told = chip.locator("p")
    expect(told).to_be_hidden()
    chip.locator("summary").click()
    expect(told).to_contain_text("The tracks and artists are invented.")
    expect(told).to_contain_text("Playlists go to a simulated Spotify.")
    box = told.bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= PHONE["width"]
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.keyboard.press("Escape")
    expect(told).to_be_hidden()
    expect(chip.locator("summary")).to_be_focused()
    chip.locator("summary").click()
    page.locator("#list-heading").click()
    expect(told).to_be_hidden()


@pytest.mark.parametrize("width", [360, 768])
def test_top_line_is_one_line_in_which_no_word_breaks(open_page: OpenPage, width: int):
    page = open_page(viewport={"width": width, "height": 740})
    try_example(page)
    heights = page.locator("#home, #demo > summary, #another").evaluate_all(
        "parts => parts.map((part) => part.getClientRects().length && part.offsetHeight)"
    )
    tops = page.locator("#home, #demo > summary, #another").evaluate_all(
        "parts => parts.map((part) => { const box = part.getBoundingClientRect(); return box.top + box.height / 2; })"
    )
    assert max(heights) <= 48
    assert max(tops) - min(tops) < 4


def test_rows_far_down_are_moved_by_keyboard_and_show_their_focus(page: Page, demo: Demo):
    ask_for(page, demo)
    before = titles(page)
    handle = row(page, 25).locator(".handle")
    handle.focus()
    expect(handle).to_be_in_viewport()
    assert focused(page)["isOutlined"]
    # What is not laid out while it is out of sight would cut the focus where it leaves the row.
    assert row(page, 25).evaluate("row => getComputedStyle(row).contentVisibility") == "visible"
    page.keyboard.press("Space")
    for _ in range(15):
        page.keyboard.press("ArrowUp")
    page.keyboard.press("Space")
    settle(page)
    assert titles(page) == [*before[:9], before[24], *before[9:24], *before[25:]]
    expect(row(page, 10).locator(".handle")).to_be_focused()


def test_row_is_dragged_to_its_place_among_rows_that_were_never_in_sight(page: Page, demo: Demo):
    ask_for(page, demo)
    before = titles(page)
    row(page, 22).locator(".handle").scroll_into_view_if_needed()
    page.evaluate("scrollBy({ top: 200, behavior: 'instant' })")
    # Rows that come into sight are laid out with the next frame, and a slow machine measures before it.
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    start = row(page, 22).locator(".handle").bounding_box()
    goal = row(page, 25).bounding_box()
    assert start is not None
    assert goal is not None
    x, y = start["x"] + start["width"] / 2, start["y"] + start["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x, goal["y"] + goal["height"] / 2 + 6, steps=8)
    page.mouse.up()
    settle(page)
    assert titles(page) == [*before[:21], *before[22:25], before[21], *before[25:]]


def test_part_that_a_renewed_page_no_longer_has_is_told_and_a_reload_keeps_the_list(open_page: OpenPage, watch: Watch):
    def lose(page: Page) -> None:
        page.route(re.compile("/views/(take|share)\\.js$"), lambda route: route.fulfill(status=404))

    page = open_page(lose)
    try_example(page)
    rows(page).nth(3).locator(".remove").click()
    before = titles(page)
    trouble = page.locator(".not-loaded")
    expect(trouble).to_have_count(1)
    expect(trouble).to_be_visible()
    expect(trouble).to_contain_text("the page has been renewed since you opened it")
    expect(trouble).to_contain_text("your list is kept")
    page.unroute_all()
    trouble.get_by_role("button", name="Reload the page").click()
    wait_for_the_rest(page)
    assert titles(page) == before
    expect(trouble).to_have_count(0)
    told = [fault for fault in watch.faults if "Failed to fetch dynamically imported module" in fault]
    assert len(told) == 2
    for fault in told:
        watch.faults.remove(fault)
