"""From a link or a name to a list: what a visitor sees, by mouse and by keyboard."""

import json
import re
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, Route, expect

from tests.e2e.conftest import PHONE, Demo, OpenPage, Watch
from tests.e2e.steps import UNKNOWN_LINK, copied_uris, focused, rows, try_example, wait_for_list

PAGE_BYTES = 120 * 1024


def test_page_says_that_tracks_are_invented_and_spotify_is_simulated(page: Page):
    expect(page.locator("#banner")).to_contain_text("tracks and artists are invented")
    expect(page.locator("#banner")).to_contain_text("simulated Spotify")


def test_page_weighs_less_than_120_kb_and_comes_from_one_place(open_page: OpenPage, demo: Demo, watch: Watch):
    sizes: dict[str, int] = {}

    def weigh(page: Page) -> None:
        page.on("response", lambda answer: sizes.update({answer.url: len(answer.body())}))

    page = open_page(weigh)
    page.wait_for_load_state("networkidle")
    assert {urlsplit(url).netloc for url in watch.requests} == {urlsplit(demo.url).netloc}
    assert {f"{demo.url}/app.js", f"{demo.url}/styles.css"} <= sizes.keys()
    assert sum(size for url, size in sizes.items() if "/api/" not in url) < PAGE_BYTES


def test_example_gives_thirty_tracks_and_marks_the_own_one(page: Page):
    try_example(page)
    expect(page.get_by_role("heading", name="30 tracks around")).to_be_focused()
    expect(rows(page)).to_have_count(31)
    expect(page.locator("#list .row.own")).to_have_count(1)
    expect(page.locator("#list .row.own")).to_contain_text("Your track")
    other = page.locator("#list .row:not(.own)").first
    expect(other.locator(".lift")).to_have_text(re.compile(r"^\+\d+$"))
    expect(other.locator(".row-reason")).to_contain_text("more popular")
    expect(other.locator(".percent")).to_contain_text("%")
    # Invented tracks are nowhere on Spotify, so nothing in the list leads there.
    assert page.locator("#list .rows a").count() == 0


def test_track_is_found_and_picked_by_keyboard_alone(page: Page):
    page.keyboard.press("Tab")
    assert focused(page)["text"] == "Skip to the main part"
    page.keyboard.press("Tab")
    assert focused(page)["id"] == "track"
    page.keyboard.type("gentle telephone")
    field = page.get_by_role("combobox", name="Your track")
    expect(page.locator("#track-status")).to_contain_text("tracks found")
    expect(field).to_have_attribute("aria-expanded", "true")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(field).to_have_attribute("aria-activedescendant", "track-option-1")
    chosen = page.locator("#track-option-1 .option-title").inner_text()
    page.keyboard.press("Escape")
    expect(field).to_have_attribute("aria-expanded", "false")
    page.keyboard.press("ArrowDown")
    expect(field).to_have_attribute("aria-expanded", "true")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(field).to_have_attribute("aria-expanded", "false")
    assert field.input_value().startswith(chosen)
    page.keyboard.press("Enter")
    wait_for_list(page)
    expect(page.locator("#list-heading")).to_contain_text(chosen)


@pytest.mark.parametrize("has_touch", [False, True], ids=["mouse", "finger"])
def test_track_is_picked_with_a_pointer(open_page: OpenPage, has_touch: bool):
    page = open_page(viewport=PHONE, has_touch=has_touch)
    field = page.get_by_role("combobox", name="Your track")
    field.fill("gentle telephone")
    option = page.locator("[role=option]").last
    chosen = option.locator(".option-title").inner_text()
    if has_touch:
        option.tap()
    else:
        option.click()
    expect(field).to_have_value(re.compile(f"^{re.escape(chosen)}"))
    expect(field).to_be_focused()
    page.keyboard.press("Enter")
    wait_for_list(page)
    expect(page.locator("#list-heading")).to_contain_text(chosen)


def test_everything_is_reached_by_tab_with_a_focus_that_shows(page: Page):
    try_example(page)
    page.keyboard.press("Control+Home")
    page.locator("body").evaluate("body => { body.tabIndex = -1; body.focus(); body.removeAttribute('tabindex'); }")
    seen = []
    for _ in range(80):
        page.keyboard.press("Tab")
        place = focused(page)
        if place["tag"] == "body":
            break
        assert place["isOutlined"], f"no focus to be seen on {place}"
        seen.append(place["id"] or place["text"])
    wanted = ["track", "ask-submit", "genre", "size", "preset-usual", "min-lift", "max-lift", "widen", "playlist-title"]
    assert [name for name in seen if name in wanted] == wanted
    assert any(text.startswith("Copy ") for text in seen)
    assert "Create playlist" in seen


def test_pasted_link_in_any_form_gives_the_list_of_its_track(page: Page, demo: Demo):
    found = page.request.get(f"{demo.url}/api/tracks?q=hollow paradise").json()["tracks"][0]
    page.get_by_label("Your track").fill(f" <https://open.spotify.com/intl-de/track/{found['track_id']}?si=1> ")
    page.keyboard.press("Enter")
    wait_for_list(page)
    expect(page.locator("#list-heading")).to_contain_text(found["title"])


def test_settings_change_the_list_at_once(page: Page):
    try_example(page)
    page.get_by_label("Tracks", exact=True).fill("12")
    page.keyboard.press("Tab")
    expect(rows(page)).to_have_count(13)
    page.get_by_label("Genre").select_option("rock")
    expect(page.locator(".summary")).to_contain_text("From rock")
    page.get_by_label("Stars").check()
    expect(page.get_by_label("From")).to_have_value("50")
    page.get_by_label("From").fill("40")
    page.keyboard.press("Tab")
    expect(page.get_by_label("My own range")).to_be_checked()
    expect(rows(page)).to_have_count(13)


def test_row_that_is_taken_out_makes_room_for_a_reserve_and_stays_out(page: Page):
    try_example(page)
    first = page.locator("#list .row").first
    gone = first.locator(".row-name").inner_text()
    first.get_by_role("button").click()
    expect(first.locator(".row-name")).not_to_have_text(gone)
    expect(rows(page)).to_have_count(31)
    expect(first.get_by_role("button")).to_be_focused()
    page.get_by_label("Genre").focus()
    page.get_by_role("button", name="Update the list").click()
    expect(page.locator("#list-heading")).to_be_focused()
    assert gone not in page.locator("#list .row-name").all_inner_texts()


def test_copy_puts_every_track_on_the_clipboard_in_order(page: Page):
    with page.expect_response("**/api/recommendations") as asked:
        try_example(page)
    listed = [row["uri"] for row in asked.value.json()["tracks"]]
    assert len(listed) == 31
    assert copied_uris(page) == listed


def test_refused_clipboard_leaves_the_tracks_selected_to_be_copied_by_hand(open_page: OpenPage):
    page = open_page(
        lambda page: page.add_init_script("navigator.clipboard.writeText = () => Promise.reject(new Error('no'))")
    )
    try_example(page)
    page.get_by_role("button", name="Copy 31 tracks").click()
    expect(page.locator("#copy [role=status]")).to_contain_text("did not allow copying")
    selected = page.evaluate("getSelection().toString()")
    assert len(selected.split()) == 31
    assert selected.startswith("spotify:track:")


def test_list_and_settings_survive_a_reload(page: Page):
    page.get_by_label("Tracks", exact=True).fill("7")
    try_example(page, 1)
    before = page.locator("#list .row-name").all_inner_texts()
    page.reload()
    expect(rows(page)).to_have_count(8)
    assert page.locator("#list .row-name").all_inner_texts() == before
    expect(page.get_by_label("Tracks", exact=True)).to_have_value("7")


def test_titles_of_real_tracks_lead_to_spotify_in_a_tab_of_their_own(open_page: OpenPage):
    def real(route: Route) -> None:
        answer = route.fetch()
        values = answer.json()
        values["demo"] = {"catalogue": False, "spotify": False}
        values["index"]["source"] = "some public data set"
        route.fulfill(response=answer, body=json.dumps(values))

    page = open_page(lambda page: page.route("**/api/config", real))
    expect(page.locator("#about")).to_contain_text("Track data from some public data set, as of")
    expect(page.locator("#banner")).to_be_empty()
    expect(page.locator("#examples")).to_be_empty()
    page.get_by_label("Your track").fill("hollow paradise")
    page.locator("[role=option]").first.click()
    page.keyboard.press("Enter")
    wait_for_list(page)
    link = page.locator("#list .row").first.get_by_role("link")
    expect(link).to_have_attribute("href", re.compile(r"^https://open\.spotify\.com/track/\w{22}$"))
    expect(link).to_have_attribute("target", "_blank")
    expect(link).to_have_attribute("rel", "noopener noreferrer")


def test_text_from_the_catalogue_never_becomes_markup(open_page: OpenPage):
    title = "<img src=x onerror=alert(1)>"

    def spoil(route: Route) -> None:
        answer = route.fetch()
        values = answer.json()
        values["tracks"][0]["title"] = values["seeds"][0]["title"] = values["tracks"][0]["reason"] = title
        values["notes"].append(title)
        route.fulfill(response=answer, body=json.dumps(values))

    page = open_page(lambda page: page.route("**/api/recommendations", spoil))
    try_example(page)
    expect(page.locator("#list .row").first).to_contain_text(title)
    expect(page.locator("#list-heading")).to_contain_text(title)
    assert page.locator("#list img").count() == 0


def test_malformed_link_is_explained_at_the_field(page: Page):
    field = page.get_by_label("Your track")
    field.fill("https://example.com/track/4HJ7mSMtHAdU55lLjGE4zW")
    page.get_by_role("button", name="Make my playlist").click()
    expect(page.locator("#track-error")).to_contain_text("not open.spotify.com")
    expect(field).to_be_focused()
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(page.locator("#list")).to_be_hidden()


def test_nothing_and_a_mere_name_are_answered_with_what_to_do(page: Page):
    page.get_by_role("button", name="Make my playlist").click()
    expect(page.locator("#track-error")).to_contain_text("Paste the Spotify link")
    page.get_by_label("Your track").fill("zzzz nobody knows this")
    expect(page.locator("#track-status")).to_contain_text("Nothing called")
    page.keyboard.press("Enter")
    expect(page.locator("#track-error")).to_contain_text("Pick your track from the list")


def test_impossible_numbers_are_explained_at_their_fields(page: Page):
    page.get_by_label("Tracks", exact=True).fill("4")
    page.get_by_label("From").fill("60")
    page.get_by_label("to", exact=True).fill("10")
    page.locator("button.example").first.click()
    expect(page.locator("#size-error")).to_have_text("Choose from 5 to 100 tracks.")
    expect(page.locator("#band-error")).to_contain_text("must not be larger")
    expect(page.get_by_label("Tracks", exact=True)).to_be_focused()
    expect(page.locator("#list")).to_be_hidden()


def test_track_of_the_biggest_artist_is_answered_with_what_else_to_try(page: Page, demo: Demo):
    # The search lists the biggest artists first, and nobody in the first one's genre need be bigger.
    found = page.request.get(f"{demo.url}/api/tracks?q=love is a").json()["tracks"]
    biggest = max(found, key=lambda track: track["artist_popularity"])
    page.get_by_label("Your track").fill(biggest["url"])
    page.get_by_label("From").fill("100")
    page.get_by_label("to", exact=True).fill("100")
    page.get_by_label("If there are too few").uncheck()
    page.get_by_role("button", name="Make my playlist").click()
    expect(page.locator("#ask-problem")).to_contain_text("Nobody left to recommend")
    expect(page.locator("#list")).to_be_hidden()


def test_unknown_track_can_be_described_and_still_gets_a_list(page: Page):
    page.get_by_label("Your track").fill(UNKNOWN_LINK)
    page.keyboard.press("Enter")
    expect(page.locator("#describe")).to_contain_text("We do not know this track yet")
    expect(page.get_by_label("Title", exact=True).first).to_be_focused()
    page.get_by_role("button", name="Make my playlist").click()
    expect(page.locator("#describe-artist-error")).to_contain_text("Give the name of the artist")
    expect(page.locator("#features-error")).to_contain_text("Set at least one")
    page.keyboard.type("My First Single")
    page.get_by_label("Artist", exact=True).fill("Nobody Yet")
    page.get_by_label("Followers on Spotify").fill("9,999,999,999")
    page.get_by_label("Energy").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("output[for=feature-energy]")).to_have_text("medium")
    page.get_by_label("Tempo").fill("128")
    page.get_by_label("Genre").select_option("pop")
    page.get_by_role("button", name="Make my playlist").click()
    expect(page.locator("#describe-followers-error")).to_contain_text("at most")
    expect(page.get_by_label("Followers on Spotify")).to_be_focused()
    page.get_by_label("Followers on Spotify").fill("812")
    page.get_by_role("button", name="Make my playlist").click()
    wait_for_list(page)
    expect(page.locator("#list .row.own")).to_contain_text("My First Single")
    assert "spotify:track:4HJ7mSMtHAdU55lLjGE4zW" in copied_uris(page)


def test_track_that_is_not_on_spotify_yet_gets_a_list_without_it_to_copy(page: Page):
    page.get_by_label("Your track").fill("Unreleased")
    page.get_by_role("button", name="Not on Spotify yet?").click()
    expect(page.get_by_label("Title", exact=True).first).to_have_value("Unreleased")
    page.get_by_label("Artist", exact=True).fill("Nobody Yet")
    page.get_by_label("Followers on Spotify").fill("0")
    page.get_by_label("Mood").fill("80")
    page.get_by_label("Genre").select_option("folk")
    page.get_by_role("button", name="Make my playlist").click()
    wait_for_list(page)
    expect(page.locator("#list .row.own")).to_contain_text("not on Spotify yet")
    assert len(copied_uris(page)) == 30


def test_catalogue_that_is_not_ready_is_said_and_tried_again(open_page: OpenPage):
    problem = {"code": "index_unavailable", "status": 503, "detail": "No index has been built yet."}

    def not_ready(page: Page) -> None:
        page.route("**/api/genres", lambda route: route.fulfill(status=503, body=json.dumps(problem)), times=1)

    page = open_page(not_ready)
    expect(page.locator("#ask-problem")).to_contain_text("The catalogue is not ready yet. No index has been built yet.")
    page.get_by_role("button", name="Try again").click()
    expect(page.locator("#ask-problem")).to_be_empty()
    page.get_by_label("Genre").select_option("rock")
    try_example(page)
    expect(page.locator(".summary")).to_contain_text("From rock")


def test_lost_network_is_said_plainly_and_trying_again_works(page: Page):
    expect(page.locator("button.example").first).to_be_visible()
    page.context.set_offline(True)
    page.locator("button.example").first.click()
    expect(page.locator("#ask-problem")).to_contain_text("cannot be reached")
    page.context.set_offline(False)
    page.get_by_role("button", name="Try again").click()
    wait_for_list(page)
