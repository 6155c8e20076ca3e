"""From a track to its card: what is known of it, who says so, and what an artist can do where too little is known."""

import json
import re
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.e2e.conftest import PHONE, Demo, OpenPage, fetch_json
from tests.e2e.steps import UNKNOWN_LINK, focused, rows, try_example, wait_for_list

ANSWERS = "**/api/recommendations"
HOSTILE = ["<script>alert(1)</script>", "\u202eright to left\u202c", "x" * 500, "🎶 “quotes” & 'more' 🎶"]


def panel(page: Page) -> Locator:
    return page.locator("#remedies")


def field(page: Page, label: str) -> Locator:
    """A field of the panel; the list's own settings bear some of the same names."""
    return panel(page).get_by_label(label, exact=True)


def send(page: Page) -> None:
    panel(page).locator("button[type=submit]").click()


def describe_new_track(page: Page) -> None:
    """A whole description of a track that is not on Spotify, but for the button that sends it."""
    page.get_by_role("button", name="Not on Spotify yet?").click()
    field(page, "Title").fill("My First Single")
    field(page, "Artist").fill("Nobody Yet")
    field(page, "Followers on Spotify").fill("812")
    page.get_by_role("button", name="Use sliders").click()
    field(page, "Mood").fill("80")


def body_of(request: Any) -> Any:
    return json.loads(request.value.post_data or "")


def refuse(missing: list[str], **known: Any) -> dict[str, Any]:
    """The service's answer for a seed that lacks this."""
    seed = {"position": 0, "track_id": UNKNOWN_LINK[-29:-7], "title": None, "artists": [], "tried": []} | known
    ways = ["describe", "audio_file", "measure"] if "features" in missing else []
    remedies = [{"kind": kind, "seeds": [0]} for kind in ways]
    return {
        "code": "seed_data_needed",
        "status": 422,
        "title": "Too little is known of a seed track",
        "detail": "Too little is known.",
        "request_id": "1",
        "errors": [{"field": "seeds", "message": "Too little is known."}],
        "seeds": [seed],
        "missing": {"0": missing},
        "remedies": remedies,
    }


def refusing(answer: dict[str, Any]) -> Any:
    """Prepares a page on which the first request for a list is refused like this."""

    def prepare(page: Page) -> None:
        page.route(
            ANSWERS,
            lambda route: route.fulfill(status=422, content_type="application/problem+json", body=json.dumps(answer)),
            times=1,
        )

    return prepare


# --- the card ---


def test_card_is_there_while_the_track_is_still_looked_up(page: Page):
    held: list[Route] = []
    page.route(ANSWERS, lambda route: held.append(route))
    page.get_by_label("Your track").fill("second kingdom")
    page.locator("[role=option]").first.click()
    card = page.locator(".seed")
    expect(card).to_have_attribute("aria-busy", "true")
    expect(card).to_contain_text("Second Kingdom")
    held[0].continue_()
    wait_for_list(page)
    expect(card).to_have_attribute("aria-busy", "false")
    expect(card).to_contain_text("Sound: our catalogue")


def test_card_of_a_pasted_link_waits_without_a_name(page: Page, demo: Demo):
    held: list[Route] = []
    page.route(ANSWERS, lambda route: held.append(route))
    page.get_by_label("Your track").fill(demo.examples[0])
    expect(page.locator(".seed .ghost")).to_be_visible()
    expect(page.locator(".seed")).to_contain_text("Looking up your track")
    held[0].continue_()
    wait_for_list(page)
    expect(page.locator(".seed .ghost")).to_have_count(0)


def test_card_says_in_words_where_its_data_come_from(page: Page):
    try_example(page)
    card = page.locator(".seed")
    expect(card.locator(".seed-brief")).to_have_text(re.compile(r"^Sound: our catalogue · popularity \d+ of 100 · "))
    expect(card.locator(".seed-sound")).to_contain_text("BPM")
    card.get_by_text("More about these data").click()
    facts = card.locator("dl")
    expect(facts).to_contain_text(re.compile(r"Artist’s popularity\d+ of 100"))
    expect(facts).to_contain_text("Released")
    expect(facts).to_contain_text("Title and artist")


def test_card_shows_the_cover_whole_and_leads_back_to_spotify(open_page: OpenPage, demo: Demo):
    def real(route: Route) -> None:
        answer = route.fetch()
        values = answer.json()
        values["demo"]["catalogue"] = False
        route.fulfill(response=answer, body=json.dumps(values))

    def covered(route: Route) -> None:
        answer = route.fetch()
        values = answer.json()
        values["seeds"][0]["artwork_url"] = f"{demo.simulator}/cover.svg"
        route.fulfill(response=answer, body=json.dumps(values))

    def prepare(page: Page) -> None:
        page.route("**/api/config", real)
        page.route(ANSWERS, covered)
        # Two to one, so that cutting it would show.
        drawing = (
            '<svg xmlns="http://www.w3.org/2000/svg" width="200" height="100"><rect width="200" height="100"/></svg>'
        )
        page.route("**/cover.svg", lambda route: route.fulfill(content_type="image/svg+xml", body=drawing))

    page = open_page(prepare)
    page.get_by_label("Your track").fill(demo.examples[0])
    wait_for_list(page)
    cover = page.locator(".seed-cover img")
    expect(cover).to_be_visible()
    box = cover.bounding_box()
    assert box is not None
    assert box["width"] == pytest.approx(2 * box["height"], rel=0.05)
    link = page.locator(".seed-title a")
    expect(link).to_have_attribute("href", demo.examples[0])
    expect(link).to_have_attribute("rel", "noopener noreferrer")
    expect(page.get_by_role("link", name="Open on Spotify")).to_be_visible()


def test_cover_from_elsewhere_is_not_even_asked_for(open_page: OpenPage, demo: Demo):
    def covered(route: Route) -> None:
        answer = route.fetch()
        values = answer.json()
        values["seeds"][0]["artwork_url"] = "https://example.com/cover.jpg"
        route.fulfill(response=answer, body=json.dumps(values))

    page = open_page(lambda page: page.route(ANSWERS, covered))
    page.get_by_label("Your track").fill(demo.examples[0])
    wait_for_list(page)
    expect(page.locator(".seed-cover svg")).to_be_visible()
    expect(page.locator(".seed-cover img")).to_have_count(0)


def test_title_and_artist_on_the_card_are_text_whatever_they_hold(open_page: OpenPage, demo: Demo):
    told = fetch_json(f"{demo.url}/api/recommendations", {"seeds": [demo.examples[0]], "size": 5})
    page = open_page(viewport=PHONE)
    for title in HOSTILE:
        told["seeds"][0] |= {"title": title, "artists": [title]}
        page.route(ANSWERS, lambda route: route.fulfill(json=told), times=1)
        page.get_by_label("Your track").fill(demo.examples[0])
        wait_for_list(page)
        assert page.locator(".seed-title").text_content() == title
        assert page.locator(".seed-artist").text_content() == title
        page.locator("[data-act=change]").click()
        expect(page.locator("#remedies-heading")).to_contain_text(title)
        assert page.locator("#seeds script, #remedies script").count() == 0
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        page.locator("#another").click()


# --- too little is known ---


def test_unknown_track_is_described_beside_two_other_ways(page: Page):
    page.get_by_label("Your track").fill(UNKNOWN_LINK)
    expect(page.locator("#remedies-heading")).to_have_text("We do not know this track yet")
    expect(page.locator("#remedies-heading")).to_be_focused()
    expect(panel(page)).to_contain_text("ReccoBeats does not know it.")
    for way in ("Analyse my file", "Set by hand", "Tell us your followers"):
        expect(panel(page).get_by_role("heading", name=way)).to_be_visible()
    send(page)
    expect(page.locator("#remedy-title-error")).to_have_text("Give the title of your track.")
    expect(page.locator("#remedy-artist-error")).to_have_text("Give the name of the artist.")
    expect(page.locator("#remedy-followers-error")).to_contain_text("in digits")
    expect(page.locator("#remedy-ways-error")).to_have_text("Choose a file, or set at least one slider.")
    expect(field(page, "Title")).to_be_focused()
    page.keyboard.type("My First Single")
    field(page, "Artist").fill("Nobody Yet")
    field(page, "Followers on Spotify").fill("9,999,999,999")
    page.get_by_role("button", name="Use sliders").click()
    expect(field(page, "Energy")).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(page.locator("output[for=hand-energy]")).not_to_have_text("not set")
    field(page, "Tempo").fill("128")
    send(page)
    expect(page.locator("#remedy-followers-error")).to_contain_text("Nobody has that many")
    expect(field(page, "Followers on Spotify")).to_be_focused()
    field(page, "Followers on Spotify").fill("812")
    with page.expect_request(ANSWERS) as request:
        page.keyboard.press("Enter")
    seed = body_of(request)["seeds"][0]
    assert set(seed["features"]) == {"energy", "tempo"}
    assert seed["features"]["tempo"] == 128
    wait_for_list(page)
    expect(panel(page)).to_be_hidden()
    expect(page.locator("#list .row.own")).to_contain_text("My First Single")
    expect(page.locator(".seed-brief")).to_contain_text("Sound: set by hand")
    page.get_by_text("More about these data").click()
    expect(page.locator(".seed-facts")).to_contain_text("estimated from 812 followers")


def test_only_the_number_of_followers_is_asked_for_where_the_sound_is_known(open_page: OpenPage):
    features = {"energy": 0.5, "tempo": 120.0}
    known = {"title": "Endless Rain", "artists": ["Torlis"], "features": features, "features_source": "reccobeats"}
    page = open_page(refusing(refuse(["artist_popularity"], **known)))
    page.get_by_label("Your track").fill(UNKNOWN_LINK)
    expect(page.locator("#remedies-heading")).to_have_text("How big is Torlis?")
    expect(page.locator(".seed")).to_contain_text("Endless Rain")
    send(page)
    expect(field(page, "Followers on Spotify")).to_be_focused()
    page.keyboard.type("0")
    with page.expect_request(ANSWERS) as request:
        page.keyboard.press("Enter")
    assert body_of(request)["seeds"][0]["followers"] == 0


def test_names_that_a_service_told_are_filled_in_and_are_not_asked_for(open_page: OpenPage):
    known = {"title": "Only a Title", "artists": ["Somebody", "Else"], "identity_source": "spotify"}
    page = open_page(refusing(refuse(["features", "artist_popularity"], **known)))
    page.get_by_label("Your track").fill(UNKNOWN_LINK)
    expect(page.locator("#remedies-heading")).to_contain_text("Only a Title")
    expect(field(page, "Title")).to_be_hidden()
    expect(page.locator(".seed-artist")).to_have_text("Somebody, Else")


def test_service_that_may_know_more_later_is_asked_again_by_hand(open_page: OpenPage):
    answer = refuse(["features"], title="Slow to be Found", artists=["Somebody"])
    answer["remedies"].append({"kind": "later", "seeds": [0], "retry_at": "2100-01-01T12:00:00Z"})
    page = open_page(refusing(answer))
    page.get_by_label("Your track").fill(UNKNOWN_LINK)
    expect(panel(page)).to_contain_text("more may be known from")
    with page.expect_request(ANSWERS) as request:
        page.get_by_role("button", name="Ask again").click()
    assert body_of(request)["seeds"] == [UNKNOWN_LINK]


def test_sliders_stand_at_what_is_usual_in_the_genre_and_do_not_count_until_moved(page: Page, demo: Demo):
    genres = {genre["name"]: genre for genre in page.request.get(f"{demo.url}/api/genres").json()["genres"]}
    name, genre = next(iter(genres.items()))
    page.get_by_role("button", name="Not on Spotify yet?").click()
    page.locator("#remedy-genre").select_option(name)
    page.get_by_role("button", name="Use sliders").click()
    expect(panel(page)).to_contain_text(f"usual in {name}")
    slider = field(page, "Energy")
    assert abs(int(slider.input_value()) - 100 * genre["typical"]["energy"]) <= 3
    expect(page.locator("output[for=hand-energy]")).to_have_text("not set")
    # A press where it stands is an answer too.
    slider.press("Enter")
    expect(page.locator("output[for=hand-energy]")).not_to_have_text("not set")
    expect(panel(page)).to_contain_text("1 slider set.")
    page.get_by_role("button", name="Clear Energy").click()
    expect(page.locator("output[for=hand-energy]")).to_have_text("not set")
    expect(slider).to_be_focused()


# --- not on Spotify yet ---


def test_track_that_is_not_on_spotify_yet_gets_a_list_with_a_place_for_it(page: Page):
    page.get_by_label("Your track").fill("Unreleased")
    page.get_by_role("button", name="Not on Spotify yet?").click()
    expect(page.locator("#remedies-heading")).to_be_focused()
    expect(field(page, "Title")).to_have_value("Unreleased")
    field(page, "Artist").fill("Nobody Yet")
    field(page, "Followers on Spotify").fill("0")
    page.locator("#remedy-genre").select_option("folk")
    field(page, "Release date").fill("2027-03-01")
    page.get_by_role("button", name="Use sliders").click()
    field(page, "Mood").fill("80")
    with page.expect_request(ANSWERS) as request:
        send(page)
    seed = body_of(request)["seeds"][0]
    assert "track" not in seed
    assert (seed["title"], seed["genres"], seed["release_date"]) == ("Unreleased", ["folk"], "2027-03-01")
    wait_for_list(page)
    expect(page.locator("#list .row.own")).to_contain_text("not on Spotify yet")
    expect(page.locator(".seed-brief")).to_contain_text("1 March 2027")
    expect(page.locator("#genre option").first).to_have_text("Chosen for you: folk")
    expect(rows(page)).to_have_count(31)


def test_track_that_is_not_on_spotify_is_added_to_a_list(page: Page):
    try_example(page)
    page.get_by_role("button", name="Add another track").click()
    page.locator("#more-track").fill("Next Single")
    page.locator("#seed-add").get_by_role("button", name="Not on Spotify yet?").click()
    expect(page.locator("#remedies-heading")).to_be_focused()
    expect(field(page, "Title")).to_have_value("Next Single")
    expect(field(page, "Artist")).to_have_value(page.locator(".seed-artist").inner_text())
    field(page, "Followers on Spotify").fill("0")
    page.get_by_role("button", name="Use sliders").click()
    field(page, "Mood").fill("80")
    with page.expect_request(ANSWERS) as request:
        page.get_by_role("button", name="Add this track").click()
    assert [seed["title"] for seed in body_of(request)["seeds"]][1:] == ["Next Single"]
    expect(page.locator("#seeds")).to_contain_text("Your 2 tracks")
    expect(page.locator("#list .row.own")).to_have_count(2)
    expect(panel(page)).to_be_hidden()
    assert focused(page)["tag"] == "button"
    page.reload()
    wait_for_list(page)
    expect(page.locator("#list .row.own")).to_have_count(2)
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#list .row.own")).to_have_count(1)


def test_description_is_kept_over_a_reload(page: Page):
    describe_new_track(page)
    page.reload()
    expect(field(page, "Title")).to_have_value("My First Single")
    expect(field(page, "Artist")).to_have_value("Nobody Yet")
    expect(page.locator("output[for=hand-valence]")).to_have_text("very bright")
    send(page)
    wait_for_list(page)


def test_description_can_be_left_and_the_focus_goes_back(page: Page):
    opener = page.get_by_role("button", name="Not on Spotify yet?")
    opener.click()
    field(page, "Title").fill("A Draft")
    panel(page).get_by_role("button", name="Close").click()
    expect(panel(page)).to_be_hidden()
    expect(opener).to_be_focused()
    opener.click()
    expect(field(page, "Title")).to_have_value("A Draft")


def test_whole_description_works_with_the_keyboard_alone(page: Page):
    page.get_by_role("button", name="Not on Spotify yet?").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type("Keys Only")
    page.keyboard.press("Tab")
    page.keyboard.type("Nobody Yet")
    page.get_by_role("button", name="Use sliders").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowRight")
    field(page, "Followers on Spotify").focus()
    page.keyboard.type("12.500")
    page.keyboard.press("Enter")
    wait_for_list(page)
    expect(page.locator("#list-heading")).to_be_focused()


# --- corrections ---


def test_artist_overrules_by_hand_what_the_catalogue_says(page: Page):
    try_example(page)
    page.locator("[data-act=change]").click()
    expect(page.locator("#remedies-heading")).to_be_focused()
    # A file tells less than the catalogue, and the catalogue's popularity counts first.
    expect(page.get_by_role("button", name="Use my file")).to_be_hidden()
    expect(field(page, "Followers on Spotify")).to_be_hidden()
    page.get_by_role("button", name="Use sliders").click()
    field(page, "Energy").fill("5")
    with page.expect_request(ANSWERS) as request:
        send(page)
    seed = body_of(request)["seeds"][0]
    assert seed["features"]["energy"] == 0.05
    assert seed["features_by_hand"] == ["energy"]
    expect(panel(page)).to_be_hidden()
    expect(page.locator(".seed-brief")).to_contain_text("our catalogue and set by hand")
    expect(page.locator(".seed-sound")).to_contain_text("very calm")


# --- several tracks ---


def add(page: Page, text: str) -> None:
    if not page.get_by_label("Another track or an album").is_visible():
        page.get_by_role("button", name="Add another track").click()
    page.get_by_label("Another track or an album").fill(text)


def test_tracks_are_added_and_taken_out_again(page: Page, demo: Demo):
    page.get_by_label("Your track").fill(demo.examples[0])
    wait_for_list(page)
    with page.expect_request(ANSWERS) as request:
        add(page, demo.examples[1])
    first, second = body_of(request)["seeds"]
    assert (first["track_id"], second) == (demo.examples[0][-22:], demo.examples[1])
    expect(page.locator(".seed")).to_have_count(2)
    expect(page.locator(".seed").nth(1)).to_contain_text("Mountain in the Garden")
    expect(page.locator("#list")).to_have_attribute("aria-busy", "false")
    add(page, demo.examples[1])
    expect(page.locator("#more-track-error")).to_have_text("That one is there already.")
    page.locator(".seed-remove").first.click()
    expect(page.locator(".seed")).to_have_count(1)
    expect(page.locator(".seed")).to_contain_text("Mountain in the Garden")
    expect(page.locator("#list-heading")).to_contain_text("Mountain in the Garden")
    expect(page.locator(".seed-remove")).to_have_count(0)


def test_bad_link_of_a_further_track_goes_back_into_its_field(page: Page, demo: Demo):
    page.get_by_label("Your track").fill(demo.examples[0])
    wait_for_list(page)
    add(page, "https://example.com/track")
    expect(page.locator("#more-track-error")).to_contain_text("not open.spotify.com")
    expect(page.get_by_label("Another track or an album")).to_have_value("https://example.com/track")
    expect(page.locator(".seed")).to_have_count(1)
    expect(page.locator("#list")).to_have_attribute("aria-busy", "false")


def test_further_track_of_which_too_little_is_known_can_be_left_out(page: Page, demo: Demo):
    page.get_by_label("Your track").fill(demo.examples[0])
    wait_for_list(page)
    add(page, UNKNOWN_LINK)
    expect(page.locator("#remedies-heading")).to_contain_text("We do not know this track yet")
    expect(page.locator(".seed")).to_have_count(2)
    page.get_by_role("button", name="Leave this track out").click()
    expect(page.locator(".seed")).to_have_count(1)
    expect(panel(page)).to_be_hidden()
    expect(page.locator("#list")).to_have_attribute("aria-busy", "false")


def test_album_becomes_its_tracks_of_which_each_can_be_taken_out(page: Page, demo: Demo):
    told = page.request.post(f"{demo.url}/api/recommendations", data={"seeds": list(demo.examples[:3])}).json()
    page.route(ANSWERS, lambda route: route.fulfill(json=told), times=1)
    page.get_by_label("Your track").fill("https://open.spotify.com/album/4HJ7mSMtHAdU55lLjGE4zW")
    wait_for_list(page)
    titles = [seed["title"] for seed in told["seeds"]]
    expect(page.locator(".seed-title")).to_have_text(titles)
    with page.expect_request(ANSWERS) as request:
        page.locator(".seed-remove").nth(1).click()
    assert [seed["title"] for seed in body_of(request)["seeds"]] == [titles[0], titles[2]]
    expect(page.locator(".seed-remove").nth(1)).to_be_visible()
    page.reload()
    expect(page.locator(".seed-title")).to_have_text([titles[0], titles[2]])
