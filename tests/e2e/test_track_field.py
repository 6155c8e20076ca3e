"""The field for the track: what counts when it changes, and what was asked for before the page could listen."""

import json
import re
from typing import Any

import pytest
from playwright.sync_api import Page, Request, Route, expect

from tests.e2e.conftest import PHONE, Demo, OpenPage
from tests.e2e.steps import UNKNOWN_LINK, wait_for_list

ANSWERS = "**/api/recommendations"


def ask_for(page: Page, text: str) -> None:
    field = page.get_by_label("Your track", exact=True)
    if not field.is_visible():
        page.locator("#another").click()
    field.fill(text)
    page.keyboard.press("Enter")


def ask_for_unknown(page: Page) -> None:
    ask_for(page, UNKNOWN_LINK)
    expect(page.locator("#remedies")).to_contain_text("We do not know this track yet")


def paste(page: Page, text: str) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.evaluate("text => navigator.clipboard.writeText(text)", text)
    page.keyboard.press("Control+V")


def asked(page: Page) -> list[Any]:
    """Bodies of all requests for a list from now on."""
    bodies: list[Any] = []

    def note(request: Request) -> None:
        if request.url.endswith("/api/recommendations"):
            bodies.append(json.loads(request.post_data or ""))

    page.on("request", note)
    return bodies


def test_pasted_link_gives_its_list_without_another_press(page: Page, demo: Demo):
    bodies = asked(page)
    page.get_by_label("Your track").focus()
    paste(page, f" {demo.examples[0]}?si=1 ")
    wait_for_list(page)
    expect(page.locator("#list-heading")).to_be_focused()
    # Out of habit, or because the first answer was slow.
    assert len(bodies) == 1


def test_enter_after_a_paste_does_not_ask_again(page: Page, demo: Demo):
    bodies = asked(page)
    held: list[Route] = []
    page.route(ANSWERS, lambda route: held.append(route))
    page.get_by_label("Your track").fill(demo.examples[0])
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Make my playlist").click()
    for route in held:
        route.continue_()
    wait_for_list(page)
    assert len(bodies) == 1


def test_typed_link_is_asked_for_when_it_is_sent(page: Page, demo: Demo):
    bodies = asked(page)
    page.get_by_label("Your track").press_sequentially(demo.examples[0])
    assert bodies == []
    page.keyboard.press("Enter")
    wait_for_list(page)
    assert bodies[0]["seeds"] == [demo.examples[0]]


@pytest.mark.parametrize(
    "form",
    # All of them: tests/site/links.test.js.
    ["spotify:track:{id}", " <https://open.spotify.com/intl-de/track/{id}?si=1> "],
)
def test_link_in_any_form_gives_the_list_of_its_track(page: Page, demo: Demo, form: str):
    ask_for(page, form.format(id=demo.examples[0][-22:]))
    wait_for_list(page)
    expect(page.locator(".seed-title")).to_have_count(1)


def test_several_pasted_links_are_taken_together(page: Page, demo: Demo):
    page.get_by_label("Your track").focus()
    paste(page, "\n".join(demo.examples[:3]))
    wait_for_list(page)
    expect(page.locator(".seed")).to_have_count(3)


def test_name_finds_tracks_to_pick_with_the_keyboard_alone(page: Page):
    field = page.get_by_label("Your track")
    field.press_sequentially("love")
    options = page.locator("[role=option]")
    expect(options.first).to_be_visible()
    expect(field).to_have_attribute("aria-expanded", "true")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(options.nth(1)).to_have_attribute("aria-selected", "true")
    expect(field).to_have_attribute("aria-activedescendant", "track-option-1")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    assert field.get_attribute("aria-activedescendant") is None
    page.keyboard.press("ArrowUp")
    expect(options.last).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Escape")
    expect(options).to_have_count(0)
    expect(field).to_have_value("love")
    page.keyboard.press("ArrowDown")
    expect(options.first).to_be_visible()
    title = options.first.locator(".option-title").inner_text()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    wait_for_list(page)
    expect(page.locator("#list-heading")).to_contain_text(title)


def test_known_link_after_an_unknown_one_gives_its_list(page: Page, demo: Demo):
    ask_for_unknown(page)
    with page.expect_request(ANSWERS) as request:
        ask_for(page, demo.examples[0])
    assert json.loads(request.value.post_data or "")["seeds"] == [demo.examples[0]]
    wait_for_list(page)
    expect(page.locator("#remedies")).to_be_hidden()
    expect(page.locator("#list-heading")).to_be_focused()


WRONG = {
    "https://example.com/track": "not open.spotify.com",
    "https://open.spotify.com/artist/4HJ7mSMtHAdU55lLjGE4zW": "artist",
    "nobody knows this": "Pick your track from the list",
    "": "Paste the Spotify link",
}


def test_what_is_wrong_after_an_unknown_link_is_said_at_the_field(page: Page):
    for text, said in WRONG.items():
        ask_for_unknown(page)
        ask_for(page, text)
        field = page.get_by_label("Your track", exact=True)
        expect(page.locator("#track-error")).to_contain_text(said)
        expect(field).to_be_focused()
        expect(field).to_have_attribute("aria-invalid", "true")
        expect(field).to_be_in_viewport()
        expect(page.locator("#list")).to_be_hidden()


def test_nothing_found_says_what_else_can_be_done(page: Page):
    page.get_by_label("Your track").fill("zzzz nobody knows this")
    expect(page.locator("#track-status")).to_contain_text("Nothing called")
    expect(page.locator("#track-status")).to_contain_text("describe your track")


def test_second_unknown_link_keeps_the_artist_and_asks_anew_for_the_track(page: Page):
    ask_for_unknown(page)
    page.locator("#remedy-title").fill("First Song")
    page.locator("#remedy-artist").fill("Nobody Yet")
    page.get_by_role("button", name="Use sliders").click()
    page.locator("#hand-energy").fill("70")
    ask_for(page, UNKNOWN_LINK.replace("4HJ7", "5HJ7"))
    expect(page.locator("#remedy-title")).to_have_value("")
    expect(page.locator("#remedy-artist")).to_have_value("Nobody Yet")
    page.get_by_role("button", name="Use sliders").click()
    expect(page.locator("output[for=hand-energy]")).to_have_text("not set")


def test_unknown_link_still_lets_itself_be_replaced_after_a_reload(page: Page, demo: Demo):
    ask_for_unknown(page)
    page.reload()
    expect(page.locator("#remedies")).to_contain_text("We do not know this track yet")
    ask_for(page, demo.examples[0])
    wait_for_list(page)
    expect(page.locator("#remedies")).to_be_hidden()


def test_form_that_is_sent_before_the_page_listens_still_gives_the_list(browser: Any, demo: Demo):
    context = browser.new_context()
    page = context.new_page()
    held: list[Route] = []
    page.route("**/app.js", lambda route: held.append(route), times=1)
    page.goto(demo.url, wait_until="commit")
    page.get_by_label("Your track").fill(demo.examples[0])
    with page.expect_navigation(url=re.compile(r"\?track="), wait_until="commit"):
        page.keyboard.press("Enter")
    wait_for_list(page)
    assert "?track=" not in page.url
    assert len(held) == 1
    context.close()


def test_link_with_a_track_makes_its_list_and_a_reload_keeps_what_was_done_since(open_page: OpenPage, demo: Demo):
    page = open_page(path=f"/?track={demo.examples[0]}")
    wait_for_list(page)
    assert "?track=" not in page.url
    ask_for(page, demo.examples[1])
    expect(page.locator("#list-heading")).to_contain_text("Mountain in the Garden")
    page.reload()
    expect(page.locator("#list-heading")).to_contain_text("Mountain in the Garden")


def test_link_with_words_offers_the_tracks_that_they_find(open_page: OpenPage):
    page = open_page(path="/?track=second+kingdom")
    expect(page.get_by_label("Your track")).to_have_value("second kingdom")
    expect(page.locator("[role=option]").first).to_contain_text("Second Kingdom")
    expect(page.get_by_label("Your track")).to_be_focused()


def test_list_that_may_not_hold_all_says_how_to_find_the_rest(open_page: OpenPage):
    page = open_page(viewport=PHONE)
    page.get_by_label("Your track").fill("love")
    expect(page.locator("[role=option]")).to_have_count(20)
    expect(page.get_by_text("Not there? Add the artist’s name.", exact=True)).to_be_visible()
    expect(page.get_by_role("status").filter(has_text="20 tracks found")).to_contain_text("Add the artist’s name")
    page.get_by_label("Your track").fill("second kingdom wilvane")
    expect(page.locator("#track-status")).to_have_text(re.compile(r"^\d+ tracks? found\. Pick yours\.$"))
    expect(page.get_by_text("Not there?")).to_be_hidden()


def test_what_the_search_finds_is_shown_as_text(open_page: OpenPage):
    titles = ["<script>alert(1)</script>", "\u202eright to left\u202c", "x" * 500, "🎶 “quotes” & 'more' 🎶"]

    def hostile(route: Route) -> None:
        answer = route.fetch()
        values = answer.json()
        for track, title in zip(values["tracks"], titles, strict=False):
            track["title"], track["artists"] = title, [title]
        route.fulfill(response=answer, body=json.dumps(values))

    page = open_page(lambda page: page.route("**/api/tracks?q=*", hostile), viewport=PHONE)
    page.get_by_label("Your track").fill("love")
    expect(page.locator(".option-title").nth(3)).to_be_visible()
    assert page.locator(".option-title").all_text_contents()[:4] == titles
    assert page.locator("#track-options script").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
