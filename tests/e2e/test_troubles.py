"""When a playlist cannot be made: each reason in plain words, with what to do, and copying goes on working."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.e2e.conftest import PHONE, Demo, OpenPage
from tests.e2e.steps import UNKNOWN_LINK, copied_uris, create, name_playlist, try_example, wait_for_playlist


def with_publishing(**publishing: Any) -> Callable[[Page], object]:
    """Opens the page of an installation that is set up differently."""

    def change(route: Route) -> None:
        answer = route.fetch()
        values = answer.json()
        values["publishing"].update(publishing)
        route.fulfill(response=answer, body=json.dumps(values))

    return lambda page: page.route("**/api/config", change)


def test_spent_quota_is_told_with_the_time_and_retrying_later_makes_the_playlist(page: Page, demo: Demo):
    try_example(page)
    name_playlist(page, "Made after the quota")
    demo.add_fault(method="POST", path_pattern="/v1/me/playlists", kind="quota", retry_after=2)
    create(page)
    trouble = page.locator("#create .trouble")
    expect(trouble).to_contain_text("Spotify cannot be asked right now")
    expect(trouble).to_contain_text("Try again from")
    expect(trouble.get_by_role("button")).to_have_attribute("aria-disabled", "true")
    assert demo.playlists_called("Made after the quota") == []
    assert len(copied_uris(page)) == 31
    expect(trouble.get_by_role("button", name="Try again", exact=True)).to_have_attribute(
        "aria-disabled", "false", timeout=60_000
    )
    trouble.get_by_role("button").click()
    wait_for_playlist(page)
    assert len(demo.playlists_called("Made after the quota")) == 1


def test_tracks_that_could_not_be_added_are_told_by_name(page: Page):
    sent: dict[str, Any] = {}

    def lose_tracks(route: Route) -> None:
        sent.update(route.request.post_data_json or {})
        answer = route.fetch()
        values = answer.json()
        values["replaced"] = [{"from": sent["uris"][0], "to": sent["reserves"][0]}]
        values["left_out"] = [sent["uris"][1]]
        values["tracks_added"] = None
        route.fulfill(response=answer, body=json.dumps(values))

    with page.expect_response("**/api/recommendations") as asked:
        try_example(page, 1)
    answer = asked.value.json()
    page.route("**/api/playlists", lose_tracks)
    create(page)
    wait_for_playlist(page)
    done = page.locator("#share")
    expect(done).to_contain_text(f"“{answer['reserves'][0]['title']}” by")
    expect(done).to_contain_text("took its place")
    expect(done).to_contain_text(f"“{answer['tracks'][1]['title']}” by")
    expect(done).to_contain_text("was left out")
    expect(done).to_contain_text("could not be checked")


@pytest.mark.parametrize(
    ("publishing", "words"),
    [
        ({"access": "off", "available": False}, "makes no playlists of its own"),
        (
            {"available": False, "retry_at": "2099-01-01T12:00:00Z"},
            "should work again from 12:00 on Thursday 1 January",
        ),
        ({"available": False}, "not known yet when"),
    ],
    ids=["switched off", "until a time", "until nobody knows when"],
)
def test_form_gives_way_to_a_reason_when_playlists_cannot_be_made(
    open_page: OpenPage, publishing: dict[str, Any], words: str
):
    page = open_page(with_publishing(**publishing))
    try_example(page)
    expect(page.locator("#publish")).to_contain_text(words)
    expect(page.get_by_role("button", name="Create playlist")).to_be_hidden()
    assert len(copied_uris(page)) == 31


def test_fault_of_the_service_is_told_with_a_number_to_report(page: Page):
    problem = {"code": "internal_error", "status": 500, "detail": "This was not your fault.", "request_id": "r-123"}
    try_example(page)
    page.route(
        "**/api/playlists",
        lambda route: route.fulfill(status=500, content_type="application/problem+json", body=json.dumps(problem)),
    )
    create(page)
    expect(page.locator("#create .trouble")).to_contain_text("r-123")
    expect(page.locator("#create .trouble").get_by_role("button", name="Try again")).to_be_visible()


def refuse(code: str, status: int, wait: timedelta | None = timedelta(seconds=1)) -> Callable[[Route], None]:
    """Answers as the service does, in its words for programs."""
    problem: dict[str, Any] = {"code": code, "status": status, "detail": "Send the same request again."}
    if wait:
        problem["retry_at"] = (datetime.now(UTC) + wait).isoformat()
    return lambda route: route.fulfill(status=status, content_type="application/problem+json", body=json.dumps(problem))


OPEN = {
    (
        "publication_unknown",
        503,
    ): "Spotify has not said yet whether it made your playlist. Trying again looks for it "
    "and finishes it. There will not be a second one.",
    ("publishing_unfinished", 503): "What is done so far is kept, and trying again goes on from there.",
    ("publication_in_progress", 409): "It is being written at this moment. Trying again shows how it ended.",
}


def test_open_outcome_is_told_in_words_for_people_with_the_time_to_try_again(page: Page):
    try_example(page)
    trouble = page.locator("#create .trouble")
    again = trouble.get_by_role("button", name="Try again", exact=True)
    for (code, status), words in OPEN.items():
        page.route("**/api/playlists", refuse(code, status), times=1)
        if again.is_visible():
            again.click()
        else:
            create(page)
        expect(trouble).to_contain_text(words)
        expect(trouble).not_to_contain_text("request")
        expect(trouble).to_contain_text("Try again from")
        expect(trouble).to_be_focused()
        expect(again).to_have_attribute("aria-disabled", "false")


def test_nothing_else_is_sent_while_the_outcome_is_open_whatever_else_is_chosen(page: Page):
    sent: list[tuple[str, Any]] = []
    page.on(
        "request",
        lambda request: (
            sent.append((request.headers["idempotency-key"], request.post_data_json))
            if request.url.endswith("/api/playlists")
            else None
        ),
    )
    try_example(page)
    name_playlist(page, "The first name")
    page.route("**/api/playlists", refuse("publication_unknown", 503))
    create(page)
    expect(page.locator("#playlist-title")).not_to_be_editable()
    expect(page.locator("#playlist-description")).not_to_be_editable()
    expect(page.get_by_role("button", name="Create playlist")).to_be_hidden()
    page.reload()
    page.get_by_role("button", name="New list").click()
    try_example(page, 1)
    expect(page.locator("#playlist-title")).to_have_value("The first name")
    expect(page.locator("#playlist-title")).not_to_be_editable()
    # An answer that settles nothing must not open the form either.
    page.unroute("**/api/playlists")
    page.route("**/api/playlists", refuse("publishing_unavailable", 503, wait=None))
    page.get_by_role("button", name="Try again", exact=True).click()
    expect(page.locator("#create .trouble")).to_contain_text("Spotify cannot be asked right now")
    expect(page.locator("#playlist-title")).not_to_be_editable()
    assert len(sent) == 2
    assert sent[0] == sent[1]


def test_open_outcome_can_be_given_up_after_a_warning(page: Page):
    keys: list[str] = []

    def note_key(route: Route) -> None:
        keys.append(route.request.headers["idempotency-key"])
        refuse("publication_unknown", 503)(route)

    try_example(page)
    page.route("**/api/playlists", note_key)
    create(page)
    expect(page.locator("#create .trouble")).to_contain_text("there will be two")
    page.get_by_role("button", name="Start anew").click()
    expect(page.locator("#create .trouble")).to_be_hidden()
    expect(page.get_by_role("button", name="Create playlist")).to_be_focused()
    expect(page.locator("#playlist-title")).to_be_editable()
    name_playlist(page, "Another name")
    create(page)
    expect(page.locator("#create .trouble")).to_be_visible()
    assert len(set(keys)) == len(keys) == 2


def test_refused_title_can_be_mended_even_when_an_answer_was_lost_before(page: Page):
    try_example(page)
    name_playlist(page, "Listen at www.example.com")
    page.route("**/api/playlists", lambda route: route.abort(), times=1)
    create(page)
    page.get_by_role("button", name="Try again", exact=True).click()
    expect(page.locator("#playlist-title-error")).to_contain_text("link")
    expect(page.locator("#playlist-title")).to_be_focused()
    expect(page.locator("#playlist-title")).to_be_editable()
    expect(page.get_by_role("button", name="Create playlist")).to_be_visible()


def test_missing_access_code_leaves_the_way_to_try_again(open_page: OpenPage):
    page = open_page(with_publishing(access="code"))
    try_example(page)
    page.get_by_label("Access code").fill("NEVERLOGME-some-code")
    page.route("**/api/playlists", refuse("publication_unknown", 503))
    create(page)
    expect(page.locator("#create .trouble")).to_be_visible()
    page.reload()
    page.get_by_role("button", name="Try again", exact=True).click()
    expect(page.locator("#access-code-error")).to_contain_text("Give the access code")
    expect(page.get_by_role("button", name="Try again", exact=True)).to_be_visible()


def test_long_wait_is_text_and_no_button(page: Page):
    try_example(page)
    page.route("**/api/playlists", refuse("cap_reached", 429, wait=timedelta(hours=9)))
    create(page)
    trouble = page.locator("#create .trouble")
    expect(trouble).to_contain_text("Try again from")
    expect(trouble.get_by_role("button")).to_have_count(0)
    # Nothing was made, so another title does no harm.
    expect(page.locator("#playlist-title")).to_be_editable()


def test_description_that_is_suggested_can_be_read_as_a_whole_on_a_phone(open_page: OpenPage):
    page = open_page(viewport=PHONE)
    try_example(page)
    box = page.locator("#playlist-description")
    box.fill("Tracks that sound like A Rather Long Title of Three Lines by The Velvet Museum of Modern Comets.")
    assert box.evaluate("box => box.scrollHeight <= box.clientHeight + 1")


def test_unknown_track_is_told_without_its_id(open_page: OpenPage):
    page = open_page(viewport=PHONE)
    page.get_by_label("Your track").fill(UNKNOWN_LINK)
    page.keyboard.press("Enter")
    expect(page.locator("#remedies")).to_be_visible()
    expect(page.locator("#remedies")).not_to_be_empty()
    expect(page.locator("#main")).not_to_contain_text("4HJ7mSMtHAdU55lLjGE4zW")
