"""Editing the list: taking out, pinning, banning, moving by hand and by keyboard, and the way back from all of it."""

import re

import pytest
from playwright.sync_api import CDPSession, Locator, Page, expect

from tests.e2e.conftest import PHONE, Demo, OpenPage, Watch
from tests.e2e.list_steps import Answer, answering, ask_for, open_details, others, row, said, settle, titles
from tests.e2e.steps import rows


@pytest.fixture
def listed(page: Page, demo: Demo) -> Page:
    """The page with a list of 30 tracks and the own one."""
    ask_for(page, demo)
    return page


def middle_of(locator: Locator) -> tuple[float, float]:
    box = locator.bounding_box()
    assert box
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def moved(before: list[str], start: int, end: int) -> list[str]:
    """``before`` with what stands at place ``start`` put at place ``end``, both counted from 1."""
    after = [*before]
    after.insert(end - 1, after.pop(start - 1))
    return after


def bring_up(page: Page, place: int) -> None:
    """Scroll until the row stands near the top, below the bar, so that several others are in view as well."""
    row(page, place).evaluate("row => window.scrollBy(0, row.getBoundingClientRect().top - 130)")


def drag(page: Page, start: int, end: int) -> None:
    """Take the row at one place by its handle and let it go over another."""
    # An edit before may still be moving rows, and where they are is where the pointer goes.
    settle(page)
    bring_up(page, min(start, end))
    x, y = middle_of(row(page, start).locator(".handle"))
    _, goal = middle_of(row(page, end))
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x, (y + goal) / 2, steps=4)
    page.mouse.move(x, goal + (6 if end > start else -6), steps=4)
    page.mouse.up()
    settle(page)


def test_row_that_is_taken_out_makes_room_for_a_reserve(listed: Page):
    before = titles(listed)
    line = row(listed, 2)
    line.locator(".remove").click()
    after = titles(listed)
    assert len(after) == len(before)
    assert before[1] not in after
    assert after[:1] + after[2:] == before[:1] + before[2:]
    expect(said(listed)).to_have_text(f"{before[1]} is out; {after[1]} took its place.")
    expect(row(listed, 2).locator(".remove")).to_be_focused()


def test_everything_can_be_undone_and_done_again(listed: Page):
    undo, redo = listed.get_by_role("button", name="Undo"), listed.get_by_role("button", name="Redo")
    expect(undo).to_have_attribute("aria-disabled", "true")
    expect(redo).to_have_attribute("aria-disabled", "true")
    before = titles(listed)
    row(listed, 2).locator(".remove").click()
    row(listed, 5).locator(".remove").click()
    after = titles(listed)
    undo.click()
    expect(said(listed)).to_contain_text(f"In the list now: {before[4]}.")
    undo.click()
    assert titles(listed) == before
    expect(undo).to_have_attribute("aria-disabled", "true")
    redo.click()
    redo.click()
    assert titles(listed) == after
    expect(redo).to_have_attribute("aria-disabled", "true")


def test_undo_has_its_keys_but_not_while_a_text_is_written(listed: Page):
    before = titles(listed)
    row(listed, 2).locator(".remove").click()
    after = titles(listed)
    listed.keyboard.press("Control+z")
    assert titles(listed) == before
    listed.keyboard.press("Control+Shift+z")
    assert titles(listed) == after
    listed.evaluate("document.querySelector('main').prepend(document.createElement('textarea'))")
    listed.locator("main > textarea").focus()
    listed.keyboard.press("Control+z")
    assert titles(listed) == after


def test_pinned_row_says_so_and_can_be_let_go(listed: Page):
    line = others(listed).nth(3)
    title = line.locator(".row-title").inner_text()
    open_details(line)
    line.get_by_role("button", name="Pin").click()
    expect(line.locator(".badge")).to_have_text("Pinned")
    expect(said(listed)).to_contain_text(f"{title} is pinned")
    line.get_by_role("button", name="Unpin").click()
    expect(line.locator(".badge")).to_have_count(0)
    expect(line.get_by_role("button", name="Pin", exact=True)).to_be_focused()


def test_banned_artist_leaves_with_all_tracks_and_can_be_allowed_again(open_page: OpenPage, demo: Demo):
    def twice(values: Answer) -> None:
        for place in (5, 9):
            values["tracks"][place]["artists"] = ["The Twins"]
        values["reserves"][0]["artists"] = ["Somebody", "The Twins"]

    page = open_page(answering(twice))
    ask_for(page, demo)
    twins = page.locator("#list .row", has_text="The Twins")
    expect(twins).to_have_count(2)
    open_details(row(page, 6))
    row(page, 6).get_by_role("button", name="Never The Twins").click()
    expect(twins).to_have_count(0)
    expect(rows(page)).to_have_count(31)
    expect(said(page)).to_contain_text("Nothing by The Twins any more. 2 tracks from the reserve moved in.")
    expect(row(page, 6).locator(".toggle")).to_be_focused()
    allow = page.get_by_role("button", name="Allow The Twins again")
    allow.click()
    expect(allow).to_have_count(0)
    expect(page.get_by_role("heading", name="Never in this list")).to_be_hidden()
    expect(page.locator("#list-heading")).to_be_focused()
    expect(said(page)).to_contain_text("The Twins may be in the list again")


def test_artist_can_be_banned_among_the_artists(listed: Page):
    listed.get_by_role("tab", name="Artists").click()
    first = listed.locator(".artist:not(.own)").first
    name = first.locator("strong").inner_text()
    first.get_by_role("button", name=f"Never {name}").click()
    expect(listed.locator(".artist strong", has_text=re.compile(f"^{re.escape(name)}$"))).to_have_count(0)
    expect(listed.get_by_role("button", name=f"Allow {name} again")).to_be_visible()
    expect(listed.locator(".artist").first.locator(".never")).to_be_focused()


def test_row_is_moved_by_dragging_its_handle(listed: Page):
    before = titles(listed)
    for start, end in ((1, 4), (6, 2), (2, 3)):
        drag(listed, start, end)
        assert titles(listed) == moved(before, start, end)
        expect(said(listed)).to_have_text(f"{before[start - 1]} is at place {end} of 31 now, and pinned.")
        expect(row(listed, end).locator(".handle")).to_be_focused()
        listed.get_by_role("button", name="Undo").click()
        assert titles(listed) == before


def test_drawing_follows_a_move_at_once(open_page: OpenPage, demo: Demo):
    def jump(values: Answer) -> None:
        for place, listed in enumerate(values["tracks"]):
            loud = place == 5
            listed["features"] |= {"energy": 0.95 if loud else 0.2, "tempo": 113.0 if loud else 80.0}

    page = open_page(answering(jump))
    ask_for(page, demo)
    expect(page.locator(".flow-told")).to_contain_text("2 hard transitions:")
    drag(page, 6, 3)
    expect(page.locator(".flow-hard")).to_contain_text("2 → 3")
    handle = row(page, 3).locator(".handle")
    handle.focus()
    for key in ("Space", "Home", "Space"):
        page.keyboard.press(key)
    expect(page.locator(".flow-told")).to_contain_text("1 hard transition:")


def test_drag_can_be_given_up(listed: Page):
    before = titles(listed)
    bring_up(listed, 1)
    x, y = middle_of(row(listed, 1).locator(".handle"))
    listed.mouse.move(x, y)
    listed.mouse.down()
    listed.mouse.move(x, y + 250, steps=4)
    listed.keyboard.press("Escape")
    listed.mouse.up()
    settle(listed)
    assert titles(listed) == before
    assert listed.locator("#list .row").evaluate_all("rows => rows.every((row) => row.style.transform === '')")


def test_page_scrolls_while_a_row_is_held_at_its_edge(listed: Page):
    before = titles(listed)
    bring_up(listed, 1)
    x, y = middle_of(row(listed, 1).locator(".handle"))
    listed.mouse.move(x, y)
    listed.mouse.down()
    bottom = listed.evaluate("innerHeight") - 4
    listed.mouse.move(x, bottom, steps=4)
    listed.wait_for_function("(start) => scrollY > start + 900", arg=listed.evaluate("scrollY"))
    listed.mouse.up()
    settle(listed)
    place = titles(listed).index(before[0]) + 1
    assert place > 8
    assert titles(listed) == moved(before, 1, place)


def touch(session: CDPSession, kind: str, x: float, y: float) -> None:
    points = [] if kind == "touchEnd" else [{"x": x, "y": y}]
    session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})


def test_row_is_moved_with_a_finger_on_its_handle_and_the_page_stays(open_page: OpenPage, demo: Demo):
    page = open_page(viewport=PHONE, has_touch=True)
    ask_for(page, demo)
    before = titles(page)
    bring_up(page, 2)
    stood = page.evaluate("scrollY")
    x, y = middle_of(row(page, 2).locator(".handle"))
    _, goal = middle_of(row(page, 3))
    session = page.context.new_cdp_session(page)
    touch(session, "touchStart", x, y)
    for step in range(1, 9):
        touch(session, "touchMove", x, y + (goal + 8 - y) * step / 8)
    touch(session, "touchEnd", x, goal)
    settle(page)
    assert titles(page) == moved(before, 2, 3)
    assert page.evaluate("scrollY") == stood


def test_row_is_lifted_and_moved_by_keyboard(listed: Page):
    before = titles(listed)
    handle = row(listed, 4).locator(".handle")
    expect(handle).to_have_accessible_description(re.compile("By keyboard: Space lifts it"))
    handle.focus()
    listed.keyboard.press("Space")
    expect(handle).to_have_attribute("aria-pressed", "true")
    expect(said(listed)).to_contain_text(f"{before[3]} lifted from place 4 of 31.")
    listed.keyboard.press("ArrowUp")
    expect(said(listed)).to_have_text("Place 3 of 31.")
    listed.keyboard.press("ArrowUp")
    assert titles(listed) == moved(before, 4, 2)
    lifted = row(listed, 2).locator(".handle")
    expect(lifted).to_be_focused()
    listed.keyboard.press("Space")
    expect(lifted).to_have_attribute("aria-pressed", "false")
    expect(said(listed)).to_have_text(f"{before[3]} is at place 2 of 31 now, and pinned.")
    assert titles(listed) == moved(before, 4, 2)
    expect(row(listed, 2)).to_contain_text("Pinned")


def test_lifted_row_is_put_back_with_escape(listed: Page):
    before = titles(listed)
    row(listed, 4).locator(".handle").focus()
    for key in ("Space", "ArrowDown", "PageDown", "Escape"):
        listed.keyboard.press(key)
    assert titles(listed) == before
    expect(said(listed)).to_have_text(f"{before[3]} stays where it was.")
    expect(row(listed, 4).locator(".handle")).to_be_focused()
    expect(listed.get_by_role("button", name="Undo")).to_have_attribute("aria-disabled", "true")


def test_row_that_is_lifted_stays_within_the_list(listed: Page):
    before = titles(listed)
    row(listed, 4).locator(".handle").focus()
    for key in ("Space", "End", "ArrowDown", "Enter"):
        listed.keyboard.press(key)
    assert titles(listed) == moved(before, 4, 31)
    expect(said(listed)).to_contain_text("is at place 31 of 31")


def test_buttons_move_a_row_and_end_at_the_ends(listed: Page):
    before = titles(listed)
    own = listed.locator("#list .row.own")
    start = before.index(own.locator(".row-title").inner_text()) + 1
    open_details(own)
    up = own.get_by_role("button", name="Up")
    for _ in range(start - 1):
        up.click()
        expect(up).to_be_focused()
    assert titles(listed) == moved(before, start, 1)
    expect(up).to_have_attribute("aria-disabled", "true")
    listed.keyboard.press("Enter")
    expect(up).to_be_focused()
    assert titles(listed) == moved(before, start, 1)
    own.get_by_role("button", name="Down").click()
    assert titles(listed) == moved(before, start, 2)


def test_editing_goes_on_without_the_network(listed: Page, watch: Watch):
    before = titles(listed)
    listed.context.set_offline(True)
    asked = [url for url in watch.requests if "/api/" in url]
    row(listed, 1).locator(".remove").click()
    drag(listed, 5, 3)
    open_details(others(listed).nth(7))
    others(listed).nth(7).get_by_role("button", name=re.compile("^Never ")).click()
    expect(listed.get_by_role("heading", name="Never in this list")).to_be_visible()
    expect(rows(listed)).to_have_count(31)
    for _ in range(3):
        listed.get_by_role("button", name="Undo").click()
    assert titles(listed) == before
    assert [url for url in watch.requests if "/api/" in url] == asked


def test_list_becomes_shorter_when_the_reserves_are_used_up_and_nobody_can_be_asked(listed: Page):
    listed.context.set_offline(True)
    for _ in range(17):
        row(listed, 1).locator(".remove").click()
    expect(rows(listed)).to_have_count(29)
    expect(listed.locator("#list-heading")).to_contain_text("28 tracks around")
    expect(said(listed)).to_have_text(re.compile("is out.$"))


def test_every_target_is_large_enough_for_a_finger(open_page: OpenPage, demo: Demo):
    page = open_page(viewport=PHONE, has_touch=True)
    ask_for(page, demo)
    open_details(others(page).nth(1))
    small = page.locator("#list :is(button:not(.link), [role=tab])").evaluate_all(
        "found => found.filter((one) => one.checkVisibility() && !one.closest('[hidden]')).map((one) =>"
        " [one.className || one.textContent, one.offsetWidth, one.offsetHeight]).filter(([, width, height]) =>"
        " width < 44 || height < 44)"
    )
    assert small == []
