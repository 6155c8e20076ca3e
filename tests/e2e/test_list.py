"""The list: its rows and their details, the artists, and the drawing of how it flows."""

import re
from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, Route, expect

from tests.e2e.conftest import PHONE, Demo, OpenPage, Watch
from tests.e2e.list_steps import (
    Answer,
    answering,
    ask_for,
    open_details,
    others,
    row,
    said,
    settle,
    titles,
    with_real_tracks,
)
from tests.e2e.steps import rows, wait_for_list

SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
LONG = "An endless title that goes on and on " * 14
STRANGE_TITLES = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "“Quotes” & 'more' \"quotes\"",
    "\u202eright to left override",
    "\u05e9\u05d9\u05e8 \u05d7\u05d3\u05e9",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467 family \U0001f525",
    LONG[:500],
    "Nospaces" * 60,
]


def test_every_row_tells_artist_title_size_likeness_and_reason(page: Page, demo: Demo):
    ask_for(page, demo)
    expect(page.get_by_role("heading", name="30 tracks around")).to_be_visible()
    expect(rows(page)).to_have_count(31)
    line = others(page).first
    text = line.inner_text()
    artist, title = line.locator(".row-artist").inner_text(), line.locator(".row-title").inner_text()
    assert 0 <= text.index(artist) < text.index(title)
    expect(line.locator(".lift")).to_have_text(re.compile(r"^\+\d+$"))
    expect(line.locator(".row-lift")).to_contain_text(re.compile(r"\d+ points? bigger"))
    expect(line.locator(".row-alike")).to_contain_text(re.compile(r"Sounds \d+% alike"))
    expect(line.locator(".row-reason")).not_to_be_empty()
    assert line.locator(".meter-fill").bounding_box() is not None


def test_own_track_is_marked_and_stays(page: Page, demo: Demo):
    ask_for(page, demo)
    own = page.locator("#list .row.own")
    expect(own).to_have_count(1)
    expect(own).to_contain_text("Your track")
    expect(own.locator(".remove")).to_be_hidden()
    open_details(own)
    expect(own.get_by_role("button", name="Down")).to_be_visible()
    expect(own.get_by_role("button", name="Take out")).to_have_count(0)


def test_chosen_row_shows_its_sound_beside_the_own_track(page: Page, demo: Demo):
    ask_for(page, demo)
    line = others(page).nth(2)
    open_details(line)
    expect(line.locator(".toggle")).to_have_attribute("aria-expanded", "true")
    table = line.get_by_role("table", name=re.compile("How it sounds beside"))
    for feature in ("Energy", "Danceability", "Mood", "Acoustic", "Instrumental", "Spoken", "Live"):
        cells = table.get_by_role("row", name=re.compile(f"^{feature} ")).get_by_role("cell")
        expect(cells.nth(0)).to_contain_text(re.compile("more|less|brighter|darker|the same"))
        expect(cells.nth(1)).to_have_text(re.compile(r"^\d+%$"))
        expect(cells.nth(2)).to_have_text(re.compile(r"^\d+%$"))
    expect(table.get_by_role("row", name=re.compile("^Tempo"))).to_contain_text(re.compile("faster|slower|the same"))
    expect(table.get_by_role("row", name=re.compile("^Loudness"))).to_contain_text(re.compile("louder|softer|as loud"))
    expect(table.get_by_role("row", name=re.compile("^Key"))).to_contain_text(re.compile(r"\d+[AB]"))
    assert table.locator("svg.scale").count() == 7


def test_one_row_is_open_at_a_time_and_a_second_press_closes_it(page: Page, demo: Demo):
    ask_for(page, demo)
    open_details(others(page).nth(1))
    open_details(others(page).nth(4))
    expect(page.locator("#list .row-detail:visible")).to_have_count(1)
    # The whole line opens a row, not only its button.
    others(page).nth(4).locator(".row-reason").click()
    expect(page.locator("#list .row-detail:visible")).to_have_count(0)


def test_invented_tracks_lead_nowhere_and_are_not_played(page: Page, demo: Demo):
    ask_for(page, demo)
    open_details(others(page).first)
    assert page.locator("#list .rows a").count() == 0
    expect(page.get_by_role("button", name="Listen on Spotify")).to_have_count(0)


def test_titles_of_real_tracks_lead_to_spotify_in_a_tab_of_their_own(open_page: OpenPage, demo: Demo):
    page = open_page(with_real_tracks)
    ask_for(page, demo)
    link = others(page).first.get_by_role("link")
    expect(link).to_have_attribute("href", re.compile(r"^https://open\.spotify\.com/track/\w{22}$"))
    expect(link).to_have_attribute("target", "_blank")
    expect(link).to_have_attribute("rel", "noopener noreferrer")


def test_player_is_loaded_when_asked_for_and_not_before(open_page: OpenPage, demo: Demo, watch: Watch):
    page = open_page(with_real_tracks)
    embeds = page.request.get(f"{demo.url}/api/config").json()["spotify"]["embeds"]
    ask_for(page, demo)
    line = others(page).first
    open_details(line)
    expect(line).to_contain_text("Spotify then sees your visit")
    assert page.locator("iframe").count() == 0
    assert not any(url.startswith(embeds) for url in watch.requests)
    page.route(f"{embeds}**", lambda route: route.fulfill(body="<title>player</title>", content_type="text/html"))
    button = line.get_by_role("button", name="Listen on Spotify")
    button.click()
    player = line.locator("iframe")
    expect(player).to_have_attribute("src", re.compile(rf"^{re.escape(embeds)}track/\w{{22}}$"))
    expect(player).to_have_attribute("title", re.compile("player: .+ by .+"))
    expect(page.frame_locator("#list iframe").locator("html")).to_be_attached()
    line.get_by_role("button", name="Close the player").click()
    expect(page.locator("iframe")).to_have_count(0)
    expect(button).to_be_focused()


def test_player_needs_a_connection_and_says_so(open_page: OpenPage, demo: Demo):
    page = open_page(with_real_tracks)
    ask_for(page, demo)
    open_details(others(page).first)
    page.context.set_offline(True)
    page.get_by_role("button", name="Listen on Spotify").click()
    expect(others(page).first).to_contain_text("The player needs a connection")
    assert page.locator("iframe").count() == 0


def test_rows_stay_the_same_elements_when_the_list_changes(page: Page, demo: Demo):
    ask_for(page, demo)
    others(page).nth(5).evaluate("row => { row.isTheSame = true; }")
    handle = others(page).nth(5).locator(".handle")
    handle.focus()
    page.evaluate("window.scrollTo(0, 400)")
    others(page).nth(0).locator(".remove").evaluate("button => button.click()")
    expect(said(page)).to_contain_text("took its place")
    assert others(page).nth(5).evaluate("row => row.isTheSame === true")
    expect(handle).to_be_focused()


def test_artists_stand_by_size_beside_the_own_one(page: Page, demo: Demo):
    ask_for(page, demo)
    page.get_by_role("tab", name="Playlist").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tab", name="Artists")).to_be_focused()
    expect(page.locator("#view-playlist")).to_be_hidden()
    sizes = [int(text) for text in page.locator(".artist-size b").all_inner_texts()]
    assert len(sizes) == 31
    assert sizes == sorted(sizes, reverse=True)
    expect(page.locator(".artist.own")).to_have_count(1)
    expect(page.locator(".artist.own")).to_contain_text("You")
    expect(page.locator(".artist").first).to_contain_text(re.compile(r"Popularity \d+ of 100, \d+ points above you"))
    title = page.locator(".artist:not(.own) .link").first
    wanted = title.inner_text()
    title.click()
    chosen = page.locator("#list .row.chosen")
    expect(chosen).to_be_visible()
    assert chosen.locator(".row-title").inner_text() == wanted
    expect(chosen.locator(".toggle")).to_be_focused()


def test_drawing_is_walked_through_by_keyboard_and_points_at_rows(page: Page, demo: Demo):
    ask_for(page, demo)
    walk = page.get_by_role("slider", name="Walk through the list")
    walk.focus()
    page.keyboard.press("Home")
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    expect(row(page, 4)).to_have_class(re.compile("pointed"))
    expect(walk).to_have_attribute("aria-valuenow", "4")
    expect(walk).to_have_attribute("aria-valuetext", re.compile(r"^4\. .+ – .+\. Energy \d+% · \d+ BPM.* · \d+[AB], "))
    expect(page.locator(".flow-reading")).to_contain_text(row(page, 4).locator(".row-title").inner_text())
    page.keyboard.press("End")
    expect(row(page, 31)).to_have_class(re.compile("pointed"))
    page.keyboard.press("Enter")
    expect(row(page, 31).locator(".row-detail")).to_be_visible()
    expect(row(page, 31).locator(".toggle")).to_be_focused()
    expect(page.locator("#list .pointed")).to_have_count(0)


def test_pointing_at_the_drawing_points_at_the_row_and_back(page: Page, demo: Demo):
    ask_for(page, demo)
    drawing = page.locator(".flow-drawing")
    drawing.scroll_into_view_if_needed()
    box = drawing.bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] - 12, box["y"] + 60)
    expect(row(page, 31)).to_have_class(re.compile("pointed"))
    page.mouse.move(box["x"] + 12, box["y"] + 60)
    expect(row(page, 1)).to_have_class(re.compile("pointed"))
    row(page, 2).hover()
    expect(page.locator(".flow-reading")).to_contain_text(row(page, 2).locator(".row-title").inner_text())


def test_hard_transitions_are_counted_said_and_lead_to_their_rows(open_page: OpenPage, demo: Demo):
    def jump(values: Answer) -> None:
        calm = {"energy": 0.2, "tempo": 80.0, "key": 0, "mode": 1}
        for place, listed in enumerate(values["tracks"]):
            listed["features"] |= calm
            if place in (4, 20):
                listed["features"] |= {"energy": 0.9, "tempo": 113.0, "key": 6}

    page = open_page(answering(jump))
    ask_for(page, demo)
    expect(page.locator(".flow-told")).to_contain_text("4 hard transitions:")
    assert page.locator(".flow-jump rect").count() == 4
    hard = page.locator(".flow-hard")
    expect(hard).to_contain_text("4 → 5: energy rises from 20% to 90%, tempo jumps from 80 to 113 BPM, key jumps")
    expect(hard).to_contain_text("and 1 more")
    hard.get_by_role("button").first.click()
    expect(row(page, 5).locator(".row-detail")).to_be_visible()


def test_strange_titles_are_shown_as_text_and_break_nothing(open_page: OpenPage, demo: Demo):
    def spoil(values: Answer) -> None:
        for listed, title in zip(values["tracks"], STRANGE_TITLES, strict=False):
            listed["title"] = listed["reason"] = listed["album"] = title
            listed["artists"] = [title, "Somebody else"]
        values["seeds"][0]["title"] = values["seeds"][0]["artists"][0] = STRANGE_TITLES[0]
        values["notes"].append(STRANGE_TITLES[1])

    page = open_page(answering(spoil), viewport=PHONE)
    ask_for(page, demo)
    shown = titles(page)
    for title in STRANGE_TITLES:
        # What a browser shows of many spaces is one.
        assert " ".join(title.split()) in [" ".join(one.split()) for one in shown]
    assert page.locator("#list img, #list script").count() == 0
    expect(page.locator("#list-heading")).to_contain_text(STRANGE_TITLES[0])
    # However long a name is, a row stays a row.
    heights = page.locator("#list .row").evaluate_all("rows => rows.map((row) => row.offsetHeight)")
    assert max(heights) < 400
    for place in range(1, len(STRANGE_TITLES) + 1):
        open_details(row(page, place))
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    page.get_by_role("tab", name="Artists").click()
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_what_is_not_known_is_said_and_nothing_is_made_up(open_page: OpenPage, demo: Demo):
    def forget(values: Answer) -> None:
        for place, listed in enumerate(values["tracks"]):
            listed["similarity"] = listed["album"] = listed["release_year"] = None
            if place % 2:
                listed["features"] = dict.fromkeys(listed["features"])
            else:
                listed["features"] |= {"key": None, "mode": None, "tempo": None}

    page = open_page(answering(forget))
    ask_for(page, demo)
    expect(others(page).first).to_contain_text("not compared")
    # Odd places are counted from 0, and the own track stands third.
    open_details(row(page, 6))
    expect(row(page, 6)).to_contain_text("How this track sounds is not known here.")
    open_details(row(page, 5))
    expect(row(page, 5).get_by_role("row", name=re.compile("^Key"))).to_contain_text("not known")
    expect(page.locator(".flow-told")).to_contain_text("No hard transitions.")


@pytest.mark.parametrize("count", [0, 1, 100])
def test_short_and_long_lists_are_drawn(open_page: OpenPage, demo: Demo, count: int):
    def cut(values: Answer) -> None:
        own = [listed for listed in values["tracks"] if listed["own"]]
        kept = [listed for listed in values["tracks"] + values["reserves"] if not listed["own"]]
        many = [listed | {"track_id": f"{place:022d}"} for place, listed in enumerate(kept * 3)]
        values["tracks"], values["reserves"] = own + many[:count], []

    page = open_page(answering(cut), viewport=PHONE)
    page.get_by_role("combobox", name="Your track").fill(demo.examples[0])
    page.keyboard.press("Enter")
    wait_for_list(page)
    expect(rows(page)).to_have_count(count + 1)
    assert page.get_by_text("No tracks are left").is_visible() is (count == 0)
    assert page.locator(".flow-drawing svg").count() == 1
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_several_own_tracks_are_compared_with_the_nearest_and_with_any(open_page: OpenPage, demo: Demo):
    def second(values: Answer) -> None:
        first = values["seeds"][0]
        values["seeds"].append(first | {"title": "My other song", "features": first["features"] | {"energy": 0.01}})

    page = open_page(answering(second))
    ask_for(page, demo)
    expect(page.locator("#list-heading")).to_contain_text("and one more track")
    line = others(page).first
    open_details(line)
    choice = line.get_by_label("Beside")
    choice.select_option("My other song")
    expect(line.get_by_role("row", name=re.compile("^Energy"))).to_contain_text("1%")


def test_notes_of_the_service_stand_above_the_list(open_page: OpenPage, demo: Demo):
    page = open_page(answering(lambda values: values["notes"].append("The band was widened.")))
    ask_for(page, demo)
    expect(page.get_by_role("list", name="Good to know")).to_contain_text("The band was widened.")


def test_movement_is_left_out_for_those_who_want_none(open_page: OpenPage, demo: Demo):
    page = open_page(reduced_motion="reduce")
    ask_for(page, demo)
    page.evaluate("() => { Element.prototype.animate = () => { throw new Error('moved'); }; }")
    others(page).first.locator(".remove").click()
    expect(said(page)).to_contain_text("is out")


@pytest.mark.parametrize("viewport", [PHONE, {"width": 1440, "height": 900}], ids=["360", "1440"])
def test_no_state_of_the_list_breaks_a_rule(open_page: OpenPage, demo: Demo, viewport: dict[str, int]):
    # Few rows, because what is asked of one is asked of all.
    path = f"/#1&s={demo.examples[0].rpartition('/')[2]}&size=6"
    page = open_page(with_real_tracks, path=path, viewport=viewport)
    wait_for_list(page)

    def check(state: str) -> None:
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme)
            settle(page)
            results = Axe().run(page, "#list")
            assert results.violations_count == 0, f"{state}, {scheme}: {results.generate_report()}"

    check("list")
    open_details(others(page).nth(1))
    check("details")
    page.get_by_role("slider", name="Walk through the list").focus()
    check("walking")
    page.locator("#list .row.chosen").get_by_role("button", name=re.compile("^Never ")).click()
    expect(page.get_by_role("heading", name="Never in this list")).to_be_visible()
    check("banned")
    page.get_by_role("tab", name="Artists").click()
    check("artists")


def test_details_survive_a_list_that_is_made_anew(open_page: OpenPage, demo: Demo):
    answers: list[dict[str, Any]] = []

    def keep(route: Route) -> None:
        answer = route.fetch()
        answers.append(answer.json())
        route.fulfill(response=answer)

    page = open_page(lambda page: page.route("**/api/recommendations", keep))
    ask_for(page, demo)
    line = others(page).nth(3)
    open_details(line)
    title = line.locator(".row-title").inner_text()
    line.get_by_role("button", name="Pin").click()
    expect(line.get_by_role("button", name="Unpin")).to_be_focused()
    expect(line).to_contain_text("Pinned")
    page.reload()
    wait_for_list(page)
    kept = page.locator("#list .row.pinned")
    assert kept.locator(".row-title").inner_text() == title


def test_list_is_usable_at_twice_the_text_size(open_page: OpenPage, demo: Demo):
    page = open_page(viewport=PHONE)
    place = page.locator("#list")
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    ask_for(page, demo)
    open_details(others(page).nth(1))
    assert place.evaluate("list => list.scrollWidth <= list.clientWidth")
    others(page).nth(1).get_by_role("button", name="Down").click()
    expect(said(page)).to_contain_text("and pinned")
    page.get_by_role("tab", name="Artists").click()
    assert place.evaluate("list => list.scrollWidth <= list.clientWidth")
