"""When a playlist cannot be made: each reason in plain words, with what to do, and copying goes on working."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.e2e.conftest import Demo, OpenPage
from tests.e2e.steps import copied_uris, create, name_playlist, try_example, wait_for_playlist


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
    demo.add_fault(method="POST", path_pattern="/v1/me/playlists", kind="quota", retry_after=4)
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
    done = page.locator(".done")
    expect(done).to_contain_text(f"“{answer['reserves'][0]['title']}” by")
    expect(done).to_contain_text("took its place")
    expect(done).to_contain_text(f"“{answer['tracks'][1]['title']}” by")
    expect(done).to_contain_text("was left out")
    expect(done).to_contain_text("could not be checked")


def test_link_in_the_title_is_refused_at_the_title(page: Page, demo: Demo):
    try_example(page)
    before = len(demo.playlists())
    name_playlist(page, "Listen at www.example.com")
    create(page)
    expect(page.locator("#playlist-title-error")).to_contain_text("link")
    expect(page.locator("#playlist-title")).to_be_focused()
    name_playlist(page, "")
    create(page)
    expect(page.locator("#playlist-title-error")).to_contain_text("Give the playlist a title")
    assert len(demo.playlists()) == before


def test_access_code_is_asked_for_where_it_is_needed_and_a_wrong_one_is_told_there(open_page: OpenPage):
    def refuse(route: Route) -> None:
        assert route.request.headers["x-access-code"] == "NEVERLOGME-wrong-code"
        problem = {"code": "not_authorised", "status": 403, "detail": "This access code is not valid."}
        route.fulfill(status=403, content_type="application/problem+json", body=json.dumps(problem))

    page = open_page(with_publishing(access="code"))
    page.route("**/api/playlists", refuse)
    try_example(page)
    create(page)
    expect(page.locator("#access-code-error")).to_contain_text("Give the access code")
    expect(page.get_by_label("Access code")).to_be_focused()
    page.keyboard.type("NEVERLOGME-wrong-code")
    page.keyboard.press("Enter")
    expect(page.locator("#access-code-error")).to_have_text("This access code is not valid.")
    expect(page.get_by_label("Access code")).to_be_focused()


@pytest.mark.parametrize(
    ("publishing", "words"),
    [
        ({"access": "off", "available": False}, "makes no playlists of its own"),
        (
            {"available": False, "retry_at": "2099-01-01T12:00:00Z"},
            "should work again from 12:00 on Thursday, January 1",
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
