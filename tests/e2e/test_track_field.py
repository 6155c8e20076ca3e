"""The field for the track: what counts when it changes, and what was asked for before the page could listen."""

import json
import re
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.e2e.conftest import PHONE, Demo, OpenPage
from tests.e2e.steps import UNKNOWN_LINK, wait_for_list

ALBUM = "https://open.spotify.com/album/4HJ7mSMtHAdU55lLjGE4zW"


def ask_for(page: Page, text: str) -> None:
    page.get_by_label("Your track").fill(text)
    page.keyboard.press("Enter")


def ask_for_unknown(page: Page) -> None:
    ask_for(page, UNKNOWN_LINK)
    expect(page.locator("#describe")).to_contain_text("We do not know this track yet")


def test_known_link_after_an_unknown_one_gives_its_list(page: Page, demo: Demo):
    ask_for_unknown(page)
    with page.expect_request("**/api/recommendations") as asked:
        ask_for(page, demo.examples[0])
    assert json.loads(asked.value.post_data or "")["seeds"] == [demo.examples[0]]
    wait_for_list(page)
    expect(page.locator("#describe")).to_be_hidden()
    expect(page.locator("#list-heading")).to_be_focused()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("https://example.com/track", "not open.spotify.com"),
        (ALBUM, "album"),
        ("nobody knows this", "Pick your track from the list"),
        ("", "Paste the Spotify link"),
    ],
    ids=["rubbish", "album", "words", "nothing"],
)
def test_what_is_wrong_after_an_unknown_link_is_said_at_the_field(page: Page, text: str, said: str):
    ask_for_unknown(page)
    ask_for(page, text)
    expect(page.locator("#track-error")).to_contain_text(said)
    expect(page.get_by_label("Your track")).to_be_focused()
    expect(page.get_by_label("Your track")).to_be_in_viewport()
    expect(page.locator("#describe")).to_be_hidden()


def test_second_unknown_link_keeps_the_artist_and_asks_anew_for_the_track(page: Page):
    ask_for_unknown(page)
    page.get_by_label("Title", exact=True).first.fill("First Song")
    page.get_by_label("Artist", exact=True).fill("Nobody Yet")
    page.get_by_label("Energy").fill("70")
    ask_for(page, UNKNOWN_LINK)
    expect(page.get_by_label("Title", exact=True).first).to_have_value("First Song")
    ask_for(page, UNKNOWN_LINK.replace("4HJ7", "5HJ7"))
    expect(page.get_by_label("Title", exact=True).first).to_be_focused()
    expect(page.get_by_label("Title", exact=True).first).to_have_value("")
    expect(page.get_by_label("Artist", exact=True)).to_have_value("Nobody Yet")
    expect(page.locator("output[for=feature-energy]")).to_have_text("not set")


def test_description_that_was_opened_by_hand_gives_way_to_a_link_and_is_kept(page: Page, demo: Demo):
    page.get_by_label("Your track").fill("Unreleased")
    page.get_by_role("button", name="Not on Spotify yet?").click()
    page.get_by_label("Artist", exact=True).fill("Nobody Yet")
    ask_for(page, demo.examples[0])
    wait_for_list(page)
    expect(page.locator("#describe")).to_be_hidden()
    page.get_by_role("button", name="Not on Spotify yet?").click()
    expect(page.get_by_label("Title", exact=True).first).to_have_value("Unreleased")
    expect(page.get_by_label("Artist", exact=True)).to_have_value("Nobody Yet")
    # Taking the link out leaves the description to tell the track.
    page.get_by_label("Your track").fill("")
    expect(page.locator("#describe")).to_be_visible()


def test_unknown_link_still_lets_itself_be_replaced_after_a_reload(page: Page, demo: Demo):
    ask_for_unknown(page)
    page.reload()
    expect(page.locator("#describe")).to_contain_text("We do not know this track yet")
    ask_for(page, demo.examples[0])
    wait_for_list(page)
    expect(page.locator("#describe")).to_be_hidden()


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
    expect(page.get_by_label("Your track")).to_have_value(demo.examples[0])
    expect(page.locator("#list-heading")).to_be_focused()
    assert page.url == f"{demo.url}/"
    assert len(held) == 1
    context.close()


def test_link_with_a_track_makes_its_list_and_a_reload_keeps_what_was_done_since(open_page: OpenPage, demo: Demo):
    page = open_page(path=f"/?track={demo.examples[0]}")
    wait_for_list(page)
    assert page.url == f"{demo.url}/"
    ask_for(page, demo.examples[1])
    expect(page.locator("#list-heading")).to_contain_text("Mountain in the Garden")
    page.reload()
    expect(page.locator("#list-heading")).to_contain_text("Mountain in the Garden")


def test_link_with_words_offers_the_tracks_that_they_find(open_page: OpenPage):
    page = open_page(path="/?track=second+kingdom")
    expect(page.get_by_label("Your track")).to_have_value("second kingdom")
    expect(page.locator("[role=option]").first).to_contain_text("Second Kingdom")
    expect(page.get_by_label("Your track")).to_be_focused()


def test_what_was_typed_before_the_page_listens_is_not_replaced(open_page: OpenPage, demo: Demo):
    page = open_page(path=f"/?track={demo.examples[0]}")
    wait_for_list(page)
    held: list[Route] = []
    page.route("**/app.js", lambda route: held.append(route), times=1)
    page.reload(wait_until="commit")
    page.get_by_label("Your track").fill(demo.examples[1])
    held[0].continue_()
    page.get_by_role("button", name="Update the list").click()
    expect(page.locator("#list-heading")).to_contain_text("Mountain in the Garden")


def test_list_that_may_not_hold_all_says_how_to_find_the_rest(open_page: OpenPage):
    page = open_page(viewport=PHONE)
    page.get_by_label("Your track").fill("love")
    expect(page.locator("[role=option]")).to_have_count(20)
    expect(page.get_by_text("Not there? Add the artist’s name.", exact=True)).to_be_visible()
    expect(page.get_by_role("status").filter(has_text="20 tracks found")).to_contain_text("Add the artist’s name")
    page.get_by_label("Your track").fill("second kingdom wilvane")
    expect(page.locator("#track-status")).to_have_text(re.compile(r"^\d+ tracks? found\. Pick yours\.$"))
    expect(page.get_by_text("Not there?")).to_be_hidden()


def test_examples_are_those_that_the_demo_names(page: Page, demo: Demo):
    found = page.request.get(f"{demo.url}/api/tracks?ids={','.join(demo.examples)}").json()["tracks"]
    assert len(found) == 3
    expect(page.locator("button.example b")).to_have_text([track["title"] for track in found])


def test_other_invented_catalogue_has_examples_too(open_page: OpenPage):
    def know_nothing(route: Route) -> None:
        route.fulfill(content_type="application/json", body=json.dumps({"tracks": []}))

    page = open_page(lambda page: page.route("**/api/tracks?ids=*", know_nothing))
    expect(page.locator("button.example").first).to_be_visible()


def test_list_that_comes_before_the_configuration_keeps_the_focus(open_page: OpenPage, demo: Demo):
    held: list[Route] = []
    page = open_page(lambda page: page.route("**/api/config", lambda route: held.append(route)))
    ask_for(page, demo.examples[0])
    expect(page.locator("#list-heading")).to_be_focused()
    held[0].continue_()
    expect(page.locator("#banner")).to_contain_text("Demonstration")
    expect(page.locator("#list-heading")).to_be_focused()
