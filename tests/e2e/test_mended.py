"""What a visitor does in haste, offline or with a broken link, and what the page makes of it."""

import json
from collections.abc import Callable

from playwright.sync_api import Page, Route, expect

from tests.e2e.conftest import PHONE, Demo, OpenPage
from tests.e2e.steps import create, name_playlist, rows, try_example, wait_for_list, wait_for_playlist
from tests.e2e.taking import list_of, log_in_and_create, wait_for_taking

ANSWERS = "**/api/recommendations"


def answered(status: int, body: object, **headers: str) -> Callable[[Route], None]:
    return lambda route: route.fulfill(
        status=status, content_type="application/json", body=json.dumps(body), headers=headers
    )


def track_of(demo: Demo, number: int = 0) -> str:
    return demo.examples[number].rpartition("/")[2]


def test_answer_without_tracks_is_told_and_can_be_asked_for_again(page: Page):
    page.route(ANSWERS, answered(200, {"tracks": []}), times=1)
    page.locator("button.example").first.click()
    expect(page.locator("#problem")).to_contain_text("an answer that this page cannot read")
    page.locator("#problem").get_by_role("button", name="Try again").click()
    wait_for_list(page)


def test_rows_without_some_of_their_facts_are_drawn_with_what_is_there(page: Page):
    def lose_facts(route: Route) -> None:
        answer = route.fetch()
        values = answer.json()
        values["tracks"][1] = {"track_id": "x" * 22, "title": "Only a title", "artists": None}
        values |= {"reserves": None, "notes": None, "genre": None, "band": None}
        route.fulfill(response=answer, body=json.dumps(values))

    page.route(ANSWERS, lose_facts, times=1)
    try_example(page)
    row = rows(page).nth(1)
    expect(row).to_contain_text("Only a title")
    row.locator(".toggle").click()
    expect(page.locator("#list, #flow, #tune")).not_to_contain_text(["NaN", "NaN", "NaN"])


def test_link_that_was_cut_off_keeps_its_good_tracks_and_says_so(open_page: OpenPage, demo: Demo):
    page = open_page(path=f"/#1&s={track_of(demo)}&t={track_of(demo)}.cutoff&genre=polka")
    wait_for_list(page)
    notes = page.locator("#list .notes")
    expect(notes).to_contain_text("This link is incomplete; part of the list was made anew.")
    expect(notes).to_contain_text("“polka” is not on offer here")


def test_next_list_begins_with_the_usual_settings(open_page: OpenPage, demo: Demo):
    page = open_page(path=f"/#1&s={track_of(demo)}&size=5&order=popularity")
    wait_for_list(page)
    page.get_by_role("button", name="New list").click()
    with page.expect_request(ANSWERS) as asked:
        page.get_by_label("Your track").fill(demo.examples[1])
    body = asked.value.post_data_json or {}
    assert (body["size"], body["order"]) == (30, "flow")


def test_trouble_while_tuning_is_told_where_the_hand_is_with_the_time_of_the_next_attempt(open_page: OpenPage):
    page = open_page(viewport=PHONE)
    try_example(page)
    page.locator("#tune-fold > summary").click()
    refusal = {"code": "too_many_requests", "detail": "Slowly."}
    page.route(ANSWERS, answered(429, refusal, **{"retry-after": "2"}), times=1)
    page.get_by_role("button", name="Shuffle").click()
    behind = page.locator(".tune-behind")
    expect(behind).to_contain_text("does not follow your last change yet")
    expect(behind).to_be_in_viewport()
    expect(behind.get_by_role("button")).to_have_attribute("aria-disabled", "true")
    behind.get_by_role("button", name="Try again", exact=True).click()
    expect(behind).to_be_hidden()


def test_list_that_gets_shorter_without_a_network_says_why(page: Page):
    def without_reserves(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, body=json.dumps(answer.json() | {"reserves": []}))

    page.route(ANSWERS, without_reserves, times=1)
    try_example(page)
    wait_for_taking(page)
    page.context.set_offline(True)
    rows(page).first.locator(".remove").click()
    expect(page.locator("#list")).to_contain_text("All reserves are used up")
    page.context.set_offline(False)
    expect(page.locator("#list")).not_to_contain_text("All reserves are used up")


def test_enter_after_a_paste_into_another_track_is_no_fault(open_page: OpenPage, demo: Demo):
    page = open_page()
    try_example(page)
    page.locator("#seeds").get_by_role("button", name="Add another track").click()
    field = page.locator("#more-track")
    field.fill(demo.examples[1])
    field.press("Enter")
    expect(page.locator("#seeds .seed")).to_have_count(2)
    expect(page.locator("#more-track-error")).to_be_hidden()


def test_login_without_a_network_stays_on_the_page_and_says_so(open_page: OpenPage, demo: Demo):
    page = list_of(open_page, demo)
    page.context.set_offline(True)
    page.locator("#own").get_by_role("button", name="Log in with Spotify and create it").click()
    trouble = page.locator("#own .trouble")
    expect(trouble).to_contain_text("Your device is offline")
    expect(trouble).not_to_contain_text("kept")
    page.context.set_offline(False)
    log_in_and_create(page)


def test_clicks_in_haste_make_one_playlist_and_change_none(page: Page, demo: Demo):
    sent: list[str | None] = []
    page.on("request", lambda asked: sent.append(asked.url) if asked.url.endswith("/api/playlists") else None)
    try_example(page)
    name_playlist(page, "Clicked in haste")
    create(page)
    wait_for_playlist(page)
    page.locator("#create button[type=submit]").dblclick()
    expect(page.locator("#create")).to_contain_text("This playlist is made, with exactly these tracks.")
    assert len(sent) == 1
    assert len(demo.playlists_called("Clicked in haste")) == 1
    page.get_by_role("button", name="Send it all the same").click()
    expect(page.get_by_role("heading", name="Your playlist is up to date")).to_be_visible()
    assert len(sent) == 2
