"""The list lives as long as the artist wants it: over reloads, the way back, links, tabs, and a network that fails."""

import json
import re
import threading
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Locator, Page, Route, expect

from tests.e2e.conftest import Demo, OpenPage
from tests.e2e.steps import copied_uris, rows, try_example, wait_for_list, wait_for_the_rest

ANSWERS = "**/api/recommendations"


def listed(page: Page) -> list[str]:
    """The keys of the rows in their order."""
    wait_for_list(page)
    found: list[str] = page.locator("#list .row").evaluate_all("rows => rows.map(row => row.dataset.key)")
    return found


def asked_for(answered: Any) -> Any:
    """What the page sent for an answer that was waited for."""
    return answered.value.request.post_data_json


def remove(page: Page, place: int) -> None:
    rows(page).nth(place).locator(".remove").click()


def order(page: Page, name: str) -> Locator:
    """The setting for this order of the list."""
    return page.locator(f"input[name=order][value={name}]")


def choose_order(page: Page, name: str) -> None:
    """Change a setting, and so ask for another list."""
    if not order(page, name).is_visible():
        page.locator(".tune-more summary").click()
    order(page, name).check()


def undo(page: Page) -> None:
    page.get_by_role("button", name="Undo").click()


def redo(page: Page) -> None:
    page.get_by_role("button", name="Redo").click()


def wait_for_address(page: Page) -> str:
    """The address once it holds the list as it stands."""
    keys = listed(page)
    ids = [key for key in keys if re.fullmatch(r"\w{22}", key)]
    page.wait_for_function("wanted => location.hash.includes(`t=${wanted}`)", arg=".".join(ids))
    return page.url


# --- reload ---


def test_reload_shows_the_edited_list_at_once_without_asking_again(page: Page):
    try_example(page)
    remove(page, 4)
    choose_order(page, "popularity")
    expect(page.locator("#list")).to_have_attribute("aria-busy", "false")
    before = listed(page)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.reload()
    assert listed(page) == before
    expect(order(page, "popularity")).to_be_checked()
    page.wait_for_load_state("networkidle")
    assert not any("recommendations" in url for url in asked)


def test_reload_that_lost_its_place_in_the_history_shows_the_edited_list_all_the_same(page: Page):
    try_example(page)
    first = wait_for_address(page)
    remove(page, 4)
    edited = wait_for_address(page)
    before = listed(page)
    assert edited != first
    # As a browser leaves it that is told of a new address while it begins to reload.
    page.evaluate("address => history.replaceState(null, '', address)", first)
    page.reload()
    assert listed(page) == before
    page.wait_for_function("address => location.href === address", arg=edited)


def test_what_was_done_before_a_reload_can_still_be_undone(page: Page):
    try_example(page)
    first = listed(page)
    remove(page, 4)
    second = listed(page)
    assert second != first
    page.reload()
    assert listed(page) == second
    undo(page)
    assert listed(page) == first
    page.reload()
    redo(page)
    assert listed(page) == second


def test_reload_in_the_middle_of_the_first_answer_still_brings_the_list(page: Page):
    page.route(ANSWERS, lambda route: None, times=1)
    page.locator("button.example").first.click()
    expect(page.locator("#seeds")).not_to_be_empty()
    page.reload()
    assert len(listed(page)) == 31


def test_reload_in_the_middle_of_a_change_brings_what_was_asked_for(page: Page):
    try_example(page)
    page.route(ANSWERS, lambda route: None, times=1)
    with page.expect_request(ANSWERS):
        choose_order(page, "popularity")
    with page.expect_response(ANSWERS) as answered:
        page.reload()
    assert asked_for(answered)["order"] == "popularity"
    expect(page.locator("#list")).to_have_attribute("aria-busy", "false")
    answer = answered.value.json()
    assert listed(page) == [row["track_id"] for row in answer["tracks"]]


def test_damaged_memory_is_no_obstacle(page: Page):
    try_example(page)
    before = listed(page)
    wait_for_address(page)
    page.evaluate(
        """() => {
          for (const area of [sessionStorage, localStorage])
            for (const name of Object.keys(area)) area.setItem(name, '{"rows":[1],"answers":{}}');
        }"""
    )
    page.reload()
    assert listed(page) == before


def test_browser_that_keeps_nothing_still_makes_lists(open_page: OpenPage):
    def forbid(page: Page) -> None:
        page.add_init_script(
            "Storage.prototype.setItem = () => { throw new DOMException('no', 'QuotaExceededError'); }"
        )

    page = open_page(forbid)
    try_example(page)
    before = listed(page)
    remove(page, 4)
    assert listed(page) != before


# --- back, forward and links ---


def test_back_and_forward_lead_from_list_to_list(page: Page):
    try_example(page)
    remove(page, 5)
    first = listed(page)
    page.get_by_role("button", name="New list").click()
    expect(page.locator("#start")).to_be_visible()
    try_example(page, 1)
    second = listed(page)
    assert second != first
    page.go_back()
    expect(page.locator("#start")).to_be_visible()
    page.go_back()
    assert listed(page) == first
    page.go_forward()
    page.go_forward()
    assert listed(page) == second


def test_changes_of_one_list_are_one_step_of_the_way_back(page: Page):
    try_example(page)
    for place in (3, 5, 7):
        remove(page, place)
    choose_order(page, "similarity")
    wait_for_address(page)
    page.go_back()
    expect(page.locator("#start")).to_be_visible()


def test_shared_link_brings_the_same_tracks_in_the_same_order(page: Page, open_page: OpenPage, demo: Demo):
    try_example(page, 1)
    remove(page, 4)
    remove(page, 8)
    rows(page).nth(9).locator(".handle").focus()
    for key in ("Space", "ArrowUp", "ArrowUp", "ArrowUp", "Space"):
        page.keyboard.press(key)
    address = wait_for_address(page)
    other = open_page(path=address.removeprefix(demo.url))
    assert listed(other) == listed(page)
    expect(other.locator("#list .row.pinned")).to_have_count(1)
    assert other.locator("#list .row.pinned").get_attribute("data-key") == page.locator(
        "#list .row.pinned"
    ).get_attribute("data-key")


def test_link_to_a_place_on_the_page_leaves_the_list_in_the_address(page: Page):
    try_example(page)
    address = wait_for_address(page)
    page.keyboard.press("Home")
    page.evaluate("document.querySelector('.skip').click()")
    expect(page.locator("#main")).to_be_focused()
    assert page.url == address


def test_address_that_holds_no_list_shows_the_start(page: Page, demo: Demo):
    # What else may stand there: tests/site/address.test.js.
    for address in ("#", "#1&s=x&t=..", "#2&s=4HJ7mSMtHAdU55lLjGE4zW", "#%E0%A4%A", "#take"):
        page.goto("about:blank")
        page.goto(f"{demo.url}/{address}")
        expect(page.get_by_label("Your track")).to_be_visible()
        expect(page.locator("button.example").first).to_be_visible()
        expect(page.locator("#problem")).to_be_empty()
    try_example(page)


# --- tabs ---


def test_new_tab_offers_the_last_list_and_neither_tab_changes_the_others(page: Page, demo: Demo):
    try_example(page)
    remove(page, 3)
    first = listed(page)
    wait_for_address(page)
    other = page.context.new_page()
    other.goto(demo.url)
    expect(other.get_by_label("Your track")).to_be_visible()
    expect(other.locator("#list")).to_be_hidden()
    other.locator("#last button").click()
    assert listed(other) == first
    other.go_back()
    expect(other.get_by_label("Your track")).to_be_visible()
    other.go_forward()
    assert listed(other) == first
    remove(other, 6)
    second = listed(other)
    wait_for_address(other)
    remove(page, 1)
    third = listed(page)
    wait_for_address(page)
    for tab, expected in ((page, third), (other, second)):
        tab.reload()
        assert listed(tab) == expected


def test_list_that_another_tab_works_on_is_offered_as_it_stands_there(page: Page, demo: Demo):
    other = page.context.new_page()
    other.goto(demo.url)
    expect(other.locator("#last")).to_be_hidden()
    try_example(page)
    wait_for_address(page)
    expect(other.locator("#last button")).to_contain_text("31 tracks")


# --- a network that fails ---


def test_editing_goes_on_without_a_network_and_settings_follow_when_it_is_back(page: Page):
    try_example(page)
    wait_for_the_rest(page)
    before = listed(page)
    page.context.set_offline(True)
    expect(page.locator("#banner")).to_contain_text("You are offline")
    remove(page, 4)
    expect(rows(page)).to_have_count(31)
    undo(page)
    assert listed(page) == before
    choose_order(page, "popularity")
    expect(page.locator("#list")).to_have_attribute("aria-busy", "false")
    assert listed(page) == before
    expect(page.locator("#problem")).to_be_empty()
    with page.expect_response(ANSWERS) as answered:
        page.context.set_offline(False)
    expect(page.locator("#banner")).not_to_contain_text("You are offline")
    assert asked_for(answered)["order"] == "popularity"
    expect(rows(page).first).to_have_attribute("data-key", answered.value.json()["tracks"][0]["track_id"])


def test_page_opens_without_a_network_with_the_list_on_it(open_page: OpenPage):
    page = open_page(service_workers="allow")
    try_example(page)
    remove(page, 4)
    before = listed(page)
    wait_for_address(page)
    page.wait_for_function(
        "async () => Boolean(await caches.match(location.pathname) && await caches.match('views/take.js'))"
    )
    page.context.set_offline(True)
    page.reload()
    assert listed(page) == before
    expect(page.locator("#banner")).to_contain_text("You are offline")
    undo(page)
    assert listed(page) != before
    assert len(copied_uris(page)) == 31


def test_files_that_are_kept_are_not_served_while_there_is_a_network(open_page: OpenPage):
    page = open_page(service_workers="allow")
    page.wait_for_function("async () => Boolean(await caches.match(location.pathname))")
    page.evaluate(
        """async () => {
          const cache = await caches.open((await caches.keys())[0]);
          for (const request of await cache.keys())
            await cache.put(request, new Response("old", { headers: { "content-type": "text/html" } }));
        }"""
    )
    page.reload()
    expect(page.get_by_label("Your track")).to_be_visible()


def test_service_that_cannot_be_reached_is_told_and_asked_again_by_itself(page: Page):
    try_example(page)
    page.route(ANSWERS, lambda route: route.abort(), times=1)
    choose_order(page, "similarity")
    expect(page.locator("#banner")).to_contain_text("cannot be reached")
    expect(page.locator("#banner")).not_to_contain_text("cannot be reached")
    assert len(listed(page)) == 31


def problem(code: str, status: int, **more: Any) -> Callable[[Route], None]:
    body = json.dumps({"code": code, "status": status, "detail": "In the service’s words.", **more})
    return lambda route: route.fulfill(status=status, content_type="application/problem+json", body=body)


def test_failing_service_leaves_the_list_standing_and_can_be_asked_again(page: Page):
    try_example(page)
    before = listed(page)
    page.route(ANSWERS, problem("internal_error", 500, request_id="r-1"), times=1)
    choose_order(page, "similarity")
    trouble = page.locator("#problem .trouble")
    expect(trouble).to_contain_text("Something went wrong on our side")
    expect(trouble).to_contain_text("r-1")
    assert listed(page) == before
    trouble.get_by_role("button", name="Try again").click()
    expect(page.locator("#problem")).to_be_empty()
    assert sorted(listed(page)) == sorted(before)


def test_setting_that_leaves_nobody_is_explained_and_can_be_undone(page: Page):
    try_example(page)
    before = listed(page)
    page.route(ANSWERS, problem("no_bigger_artists", 422), times=1)
    choose_order(page, "similarity")
    expect(page.locator("#problem")).to_contain_text("Nobody left to recommend")
    undo(page)
    expect(page.locator("#problem")).to_be_empty()
    expect(order(page, "flow")).to_be_checked()
    assert listed(page) == before


def test_only_the_latest_of_quick_changes_counts_and_nothing_jumps_meanwhile(page: Page):
    try_example(page)
    before = listed(page)
    held: list[Route] = []
    release = threading.Event()

    def hold(route: Route) -> None:
        held.append(route)
        if len(held) > 1:
            release.set()
            route.continue_()

    page.route(ANSWERS, hold)
    with page.expect_request(ANSWERS):
        choose_order(page, "similarity")
    expect(page.locator("#list")).to_have_attribute("aria-busy", "true")
    assert page.locator("#list .row").evaluate_all("rows => rows.map(row => row.dataset.key)") == before
    with page.expect_response(ANSWERS) as answered:
        choose_order(page, "popularity")
    expect(page.locator("#list")).to_have_attribute("aria-busy", "false")
    expect(order(page, "popularity")).to_be_focused()
    assert asked_for(answered)["order"] == "popularity"
    assert listed(page) == [row["track_id"] for row in answered.value.json()["tracks"]]
    assert release.is_set()
    assert len(held) == 2


def test_row_that_is_removed_while_an_answer_is_on_its_way_stays_away(page: Page):
    try_example(page)
    held: list[Route] = []
    page.route(ANSWERS, lambda route: held.append(route), times=1)
    with page.expect_request(ANSWERS):
        choose_order(page, "similarity")
    gone = page.locator("#list .row").nth(5).get_attribute("data-key")
    with page.expect_response(ANSWERS) as answered:
        remove(page, 5)
    assert gone in asked_for(answered)["filters"]["exclude_tracks"]
    assert gone not in listed(page)


# --- undo and redo ---


def test_undoing_everything_gives_the_first_list_back_with_its_settings(page: Page):
    try_example(page)
    first = listed(page)
    remove(page, 3)
    choose_order(page, "popularity")
    listed(page)
    remove(page, 7)
    last = listed(page)
    for _ in range(3):
        undo(page)
    assert listed(page) == first
    expect(order(page, "flow")).to_be_checked()
    for _ in range(3):
        redo(page)
    assert listed(page) == last
    expect(order(page, "popularity")).to_be_checked()


def test_running_out_of_reserves_brings_new_ones(page: Page):
    try_example(page)
    reserves = 0

    def count(route: Route) -> None:
        nonlocal reserves
        route.continue_()
        reserves += 1

    page.route(ANSWERS, count)
    for _ in range(40):
        wait_for_list(page)
        remove(page, 6)
        if reserves:
            break
    assert reserves
    assert len(listed(page)) == 31
