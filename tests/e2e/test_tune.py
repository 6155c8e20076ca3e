"""Tuning the list: what each setting asks for, what it says, and that nothing is lost or asked twice."""

import json
import re
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, Request, Route, expect

from tests.e2e.conftest import PHONE, Demo, OpenPage
from tests.e2e.steps import rows, try_example, wait_for_list

ANSWERS = "**/api/recommendations"


@pytest.fixture
def tuned(page: Page) -> Page:
    """A page with the list of the first example."""
    try_example(page)
    return page


def asked(page: Page) -> list[Any]:
    """Bodies of all requests for a list from now on."""
    bodies: list[Any] = []

    def note(request: Request) -> None:
        if request.url.endswith("/api/recommendations"):
            bodies.append(json.loads(request.post_data or ""))

    page.on("request", note)
    return bodies


def body_of(request: Any) -> Any:
    return json.loads(request.value.post_data or "")


def settle(page: Page, bodies: list[Any], count: int) -> None:
    """Wait until this many requests have been made and answered."""
    page.wait_for_function("() => document.querySelector('#list').getAttribute('aria-busy') === 'true'")
    expect(page.locator("#list")).to_have_attribute("aria-busy", "false")
    assert len(bodies) == count


def more(page: Page) -> Locator:
    """The settings that are folded away at first, opened."""
    fold = page.locator(".tune-more")
    if fold.get_attribute("open") is None:
        fold.locator("summary").first.click()
    return fold


def handle(page: Page, which: str) -> Locator:
    return page.locator(f"#band-{which}")


def answer_of(page: Page, demo: Demo, number: int = 0) -> Any:
    body = {"seeds": [demo.examples[number]]}
    return page.request.post(f"{demo.url}/api/recommendations", data=body).json()


def changed_answers(change: Any) -> Any:
    """Prepares a page on which every answer is changed like this."""

    def spoil(route: Route) -> None:
        answer = route.fetch()
        values = answer.json()
        change(values)
        route.fulfill(response=answer, body=json.dumps(values))

    return lambda page: page.route(ANSWERS, spoil)


# --- genre ---


def test_genre_is_chosen_by_us_first_and_says_why(tuned: Page):
    expect(tuned.get_by_label("Genre", exact=True)).to_have_value("")
    expect(tuned.locator("#genre option").first).to_have_text(re.compile(r"^Chosen for you: \w+"))
    expect(tuned.locator("#genre-why")).to_contain_text("Chosen by us, because your track counts as")


def test_another_genre_is_asked_for_and_taken_back(tuned: Page):
    with tuned.expect_request(ANSWERS) as request:
        tuned.get_by_label("Genre", exact=True).select_option("rock")
    assert body_of(request)["genre"] == "rock"
    expect(tuned.locator("#genre-why")).to_have_text("Chosen by you.")
    with tuned.expect_request(ANSWERS) as request:
        tuned.get_by_label("Genre", exact=True).select_option("")
    assert body_of(request)["genre"] is None
    expect(tuned.locator("#genre-why")).to_contain_text("Chosen by us")


def test_shares_of_the_nearest_genres_can_be_pressed(tuned: Page, demo: Demo):
    shares = answer_of(tuned, demo)["genre"]["inferred"]
    tuned.get_by_text("Where the nearest tracks come from").click()
    buttons = tuned.locator("button.share")
    expect(buttons).to_have_count(min(5, len(shares)))
    expect(buttons.first).to_contain_text(f"{round(100 * shares[0]['share'])}%")
    with tuned.expect_request(ANSWERS) as request:
        buttons.nth(1).click()
    assert body_of(request)["genre"] == shares[1]["name"]
    expect(buttons.nth(1)).to_have_attribute("aria-pressed", "true")
    expect(buttons.nth(1)).to_be_focused()
    expect(tuned.get_by_label("Genre", exact=True)).to_have_value(shares[1]["name"])


# --- how big the artists may be ---


def used_genres(page: Page, demo: Demo) -> str:
    return " and ".join(answer_of(page, demo)["genre"]["used"])


def test_band_tells_its_places_and_how_many_tracks_it_holds(tuned: Page, demo: Demo):
    band = answer_of(tuned, demo)["band"]
    low, high = band["asked"]
    held = sum(band["tracks_at"][low : high + 1])
    said = f"Artists from {low} to {high}: {held:,} tracks in all of {used_genres(tuned, demo)}"
    expect(tuned.locator("#band-said")).to_have_text(said)
    expect(handle(tuned, "low")).to_have_value(str(low))
    expect(handle(tuned, "high")).to_have_value(str(high))
    expect(tuned.locator(".range-mark")).to_have_text(f"you: {low - 10}")
    expect(tuned.get_by_label("Bigger", exact=True)).to_be_checked()


def test_handles_move_by_keys_and_many_steps_ask_once(tuned: Page, demo: Demo):
    band = answer_of(tuned, demo)["band"]
    low, high = band["asked"]
    own = low - 10
    bodies = asked(tuned)
    handle(tuned, "low").focus()
    for _ in range(5):
        tuned.keyboard.press("ArrowRight")
    held = sum(band["tracks_at"][low + 5 : high + 1])
    expect(tuned.locator("#band-said")).to_contain_text(f"Artists from {low + 5} to {high}: {held:,} tracks in all of ")
    expect(handle(tuned, "low")).to_have_attribute("aria-valuetext", f"{low + 5} of 100, 15 points above you")
    settle(tuned, bodies, 1)
    assert bodies[0]["band"] == {"min_lift": 15, "max_lift": high - own}
    expect(handle(tuned, "low")).to_be_focused()
    expect(tuned.get_by_label("Bigger", exact=True)).not_to_be_checked()
    # Never down to the artist's own place, and never past the other handle.
    tuned.keyboard.press("Home")
    expect(handle(tuned, "low")).to_have_value(str(own + 1))
    tuned.keyboard.press("End")
    expect(handle(tuned, "low")).to_have_value(str(high))


def test_handles_are_drawn_with_the_mouse_and_the_line_brings_the_nearer_one(tuned: Page):
    drawing = tuned.locator(".range-drawing")
    drawing.scroll_into_view_if_needed()
    box = drawing.bounding_box()
    assert box is not None

    def middle_of(place: int) -> float:
        return box["x"] + box["width"] * (place + 0.5) / 101

    line = tuned.locator(".range-line").bounding_box()
    assert line is not None
    y = line["y"] + line["height"] / 2
    high = int(handle(tuned, "high").input_value())
    tuned.mouse.move(middle_of(high), y)
    tuned.mouse.down()
    tuned.mouse.move(middle_of(high - 10), y, steps=5)
    with tuned.expect_request(ANSWERS):
        tuned.mouse.up()
    assert abs(int(handle(tuned, "high").input_value()) - (high - 10)) <= 1
    wait_for_list(tuned)
    with tuned.expect_request(ANSWERS):
        tuned.mouse.click(middle_of(95), box["y"] + 5)
    expect(handle(tuned, "high")).to_have_value("95")
    expect(handle(tuned, "high")).to_be_focused()


def test_quick_choices_set_the_handles(tuned: Page, demo: Demo):
    own = answer_of(tuned, demo)["band"]["asked"][0] - 10
    with tuned.expect_request(ANSWERS) as request:
        tuned.get_by_label("A bit bigger").check()
    assert body_of(request)["band"] == {"min_lift": 1, "max_lift": 25}
    expect(handle(tuned, "low")).to_have_value(str(own + 1))
    expect(handle(tuned, "high")).to_have_value(str(own + 25))
    with tuned.expect_request(ANSWERS) as request:
        tuned.get_by_label("Bigger", exact=True).check()
    # The service's own default may widen in every direction.
    assert body_of(request)["band"] is None


def test_band_that_must_not_widen_is_named_even_if_it_is_the_usual_one(tuned: Page):
    with tuned.expect_request(ANSWERS) as request:
        tuned.get_by_label("If there are too few").uncheck()
    assert body_of(request)["band"] == {"min_lift": 10, "max_lift": 60}
    assert body_of(request)["widen"] is False
    expect(tuned.get_by_label("Bigger", exact=True)).to_be_checked()


def test_band_that_was_widened_is_said_where_it_was_asked_for(open_page: OpenPage):
    def widen(values: Any) -> None:
        values["band"] |= {"widened": True, "used": [30, 100]}

    page = open_page(changed_answers(widen))
    try_example(page)
    expect(page.locator("#band")).to_contain_text("the list also looks further: at artists from 30 to 100.")


def test_what_lies_above_the_top_cannot_be_chosen(open_page: OpenPage):
    def grow(values: Any) -> None:
        values["seeds"][0]["artist_popularity"] = 80

    page = open_page(changed_answers(grow))
    try_example(page)
    expect(page.get_by_label("Stars")).to_be_disabled()
    expect(page.get_by_label("Much bigger")).to_be_disabled()
    expect(page.get_by_label("A bit bigger")).to_be_enabled()
    expect(page.locator(".range-mark")).to_have_text("you: 80")


def test_answer_without_counts_still_has_its_handles(open_page: OpenPage):
    page = open_page(changed_answers(lambda values: values["band"].pop("tracks_at")))
    try_example(page)
    expect(page.locator("#band-said")).to_have_text(re.compile(r"^Artists from \d+ to \d+$"))


# --- more or less of something ---


def test_more_and_less_of_something_are_said_asked_for_and_taken_back(tuned: Page):
    energy = tuned.locator("#shift-energy")
    said = tuned.locator("#shift-energy-said")
    expect(said).to_have_text("as my track")
    bodies = asked(tuned)
    energy.focus()
    tuned.keyboard.press("ArrowRight")
    expect(said).to_have_text("a little more energetic")
    tuned.keyboard.press("ArrowRight")
    settle(tuned, bodies, 1)
    assert bodies[0]["targets"] == {"energy": 0.5}
    tuned.locator("#shift-tempo").fill("-1")
    settle(tuned, bodies, 2)
    assert bodies[1]["targets"] == {"energy": 0.5, "tempo": -1}
    expect(tuned.locator("#shift-tempo-said")).to_have_text("far slower")
    tuned.get_by_role("button", name="Reset Energy").click()
    expect(energy).to_be_focused()
    expect(said).to_have_text("as my track")
    settle(tuned, bodies, 3)
    assert bodies[2]["targets"] == {"tempo": -1}


def test_what_is_not_known_of_the_track_is_said_beside_its_slider(open_page: OpenPage):
    page = open_page(changed_answers(lambda values: values["seeds"][0]["features"].pop("valence")))
    try_example(page)
    expect(page.locator("#shift-valence-note")).to_have_text("Not known of your track, so this changes nothing.")
    expect(page.locator("#shift-energy-note")).to_be_hidden()


# --- everything else ---


def test_number_of_tracks_steps_and_says_what_is_possible(tuned: Page):
    size = tuned.get_by_label("Number of tracks")
    tuned.get_by_role("button", name="Fewer tracks").click()
    expect(size).to_have_value("25")
    expect(rows(tuned)).to_have_count(26)
    bodies = asked(tuned)
    size.fill("4")
    tuned.keyboard.press("Tab")
    expect(tuned.locator("#size-error")).to_have_text("Choose from 5 to 100 tracks.")
    expect(size).to_have_attribute("aria-invalid", "true")
    assert bodies == []
    size.fill("12")
    expect(tuned.locator("#size-error")).to_be_hidden()
    expect(rows(tuned)).to_have_count(13)


def test_years_lyrics_order_and_own_place_are_asked_for(tuned: Page):
    fold = more(tuned)
    fold.get_by_label("from", exact=True).fill("2015")
    tuned.keyboard.press("Tab")
    fold.get_by_label("to", exact=True).fill("2010")
    tuned.keyboard.press("Tab")
    expect(tuned.locator("#years-error")).to_have_text("The first year must not be later than the second.")
    fold.get_by_label("to", exact=True).fill("1800")
    tuned.keyboard.press("Tab")
    expect(tuned.locator("#years-error")).to_have_text("Give years from 1900 to 2100, or none.")
    fold.get_by_label("to", exact=True).fill("2024")
    expect(tuned.locator("#years-error")).to_be_hidden()
    fold.get_by_label("None", exact=True).check()
    fold.get_by_label("Most similar first").check()
    fold.get_by_label("Spread out").check()
    # The last of them; how many requests the others made depends on how fast they followed each other.
    with tuned.expect_request(lambda request: '"era":false' in (request.post_data or "")) as request:
        fold.get_by_label("Prefer tracks of its time").uncheck()
    last = body_of(request)
    filters = last["filters"]
    assert (filters["year_from"], filters["year_to"], filters["explicit"]) == (2015, 2024, "clean")
    assert (last["order"], last["own_slots"], last["era"]) == ("similarity", "spread", False)


def test_shuffling_anew_gives_another_list_and_leads_back(tuned: Page):
    before = tuned.locator("#list .row-title").all_text_contents()
    bodies = asked(tuned)
    tuned.get_by_role("button", name="Shuffle anew").click()
    settle(tuned, bodies, 1)
    assert bodies[0]["variation"] == 1
    assert tuned.locator("#list .row-title").all_text_contents() != before
    tuned.get_by_role("button", name="Back to the first").click()
    expect(tuned.get_by_role("button", name="Shuffle anew")).to_be_focused()
    settle(tuned, bodies, 2)
    assert tuned.locator("#list .row-title").all_text_contents() == before


def test_settings_survive_a_reload_and_can_all_be_taken_back(tuned: Page):
    tuned.get_by_label("Genre", exact=True).select_option("rock")
    tuned.locator("#shift-energy").fill("0.5")
    tuned.get_by_label("A bit bigger").check()
    with tuned.expect_request(lambda request: '"year_from":2000' in (request.post_data or "")):
        more(tuned).get_by_label("from", exact=True).fill("2000")
    tuned.reload()
    wait_for_list(tuned)
    expect(tuned.get_by_label("Genre", exact=True)).to_have_value("rock")
    expect(tuned.locator("#shift-energy-said")).to_have_text("more energetic")
    expect(tuned.get_by_label("A bit bigger")).to_be_checked()
    # A setting that is not as usual is not folded away.
    expect(tuned.get_by_label("from", exact=True)).to_have_value("2000")
    with tuned.expect_request(ANSWERS) as request:
        tuned.get_by_role("button", name="Reset all settings").click()
    body = body_of(request)
    assert (body["genre"], body["band"], body["targets"], body["filters"]["year_from"]) == (None, None, {}, None)
    expect(tuned.get_by_role("button", name="Shuffle anew")).to_be_focused()
    expect(tuned.get_by_role("button", name="Reset all settings")).to_be_hidden()
    expect(tuned.get_by_label("from", exact=True)).to_have_value("")


def test_slow_answer_that_was_overtaken_does_not_come_through(tuned: Page):
    held: list[Route] = []
    tuned.route(ANSWERS, lambda route: held.append(route), times=1)
    with tuned.expect_request(ANSWERS):
        tuned.get_by_label("Genre", exact=True).select_option("rock")
    expect(tuned.locator("#list")).to_have_attribute("aria-busy", "true")
    # The list keeps standing meanwhile.
    expect(rows(tuned)).to_have_count(31)
    tuned.get_by_label("Genre", exact=True).select_option("pop")
    expect(tuned.locator("#list")).to_have_attribute("aria-busy", "false")
    expect(tuned.locator("#list")).to_contain_text("From pop")


def test_fault_that_only_the_service_finds_is_said_at_its_field(tuned: Page):
    problem = {
        "code": "unknown_genre",
        "status": 422,
        "detail": "There is no genre called rock.",
        "errors": [{"field": "genre", "message": "There is no genre called rock."}],
    }
    body = json.dumps(problem)
    tuned.route(ANSWERS, lambda route: route.fulfill(status=422, body=body), times=1)
    tuned.get_by_label("Genre", exact=True).select_option("rock")
    expect(tuned.locator("#genre-error")).to_have_text("There is no genre called rock.")
    expect(rows(tuned)).to_have_count(31)
    tuned.get_by_label("Genre", exact=True).select_option("pop")
    expect(tuned.locator("#genre-error")).to_be_hidden()


def test_everything_can_be_reached_and_seen_with_the_keyboard(tuned: Page):
    more(tuned)
    tuned.get_by_label("Genre", exact=True).focus()
    seen = []
    for _ in range(30):
        tuned.keyboard.press("Tab")
        seen.append(tuned.evaluate("document.activeElement.id || document.activeElement.textContent.trim()"))
        assert tuned.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none" or tuned.evaluate(
            "document.activeElement.matches('.pill input')"
        )
    wanted = [
        "preset-usual",
        "band-low",
        "band-high",
        "widen",
        "shift-energy",
        "shift-tempo",
        "size",
        "year-from",
        "era",
    ]
    assert [name for name in seen if name in wanted] == wanted


def test_on_a_phone_tuning_is_folded_away_and_fits(open_page: OpenPage):
    page = open_page(viewport=PHONE, has_touch=True)
    try_example(page)
    expect(page.get_by_label("Genre", exact=True)).to_be_hidden()
    page.locator("#tune-fold > summary").click()
    more(page)
    expect(page.get_by_label("Genre", exact=True)).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    for which in ("low", "high"):
        assert page.evaluate(f"document.querySelector('#band-{which}').getBoundingClientRect().height") >= 44
