"""A playlist in the visitor's own account: one, with exactly these tracks, whatever Spotify and the browser do."""

import json
import re
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, Route, expect

from tests.e2e.conftest import SECRET_MARK, Demo, OpenPage
from tests.e2e.taking import (
    allow,
    list_of,
    listed_uris,
    log_in_and_create,
    name_playlist,
    step_states,
    stored_text,
    wait_for_share_kit,
    wait_for_taking,
    without_reference,
)

CREATE = "/v1/me/playlists$"
FILL = "/v1/playlists/[^/]+/items$"
COVER = "/v1/playlists/[^/]+/images$"


def own(page: Page, name: str | re.Pattern[str]) -> None:
    page.locator("#own").get_by_role("button", name=name).click()


def test_list_lands_in_the_own_account_with_its_texts_and_its_cover(open_page: OpenPage, demo: Demo):
    page = list_of(open_page, demo)
    name_playlist(page, "In my own account")
    page.get_by_label("Description (optional)").fill("Songs for the evening")
    uris = listed_uris(page)
    log_in_and_create(page)
    allow(page)
    wait_for_share_kit(page)
    expect(page.get_by_role("heading", name="Your playlist is ready")).to_be_focused()
    expect(page.locator("#share")).to_contain_text("It stands in your own account.")
    [playlist] = demo.playlists_called("In my own account")
    assert playlist["uris"] == uris
    assert without_reference(playlist["description"]) == "Songs for the evening"
    assert playlist["description"] != "Songs for the evening", "by the reference a lost one is found"
    assert playlist["has_cover"]
    assert playlist["public"]
    assert set(step_states(page).values()) == {"done"}
    assert list(step_states(page)) == ["login", "create", "fill", "check", "cover"]


def test_after_the_login_the_address_is_clean_the_list_is_the_same_and_no_token_is_kept(
    open_page: OpenPage, demo: Demo
):
    page = list_of(open_page, demo)
    name_playlist(page, "With a clean address")
    address, uris = page.url, listed_uris(page)
    log_in_and_create(page)
    allow(page)
    wait_for_share_kit(page)
    assert urlsplit(page.url).query == ""
    assert page.url == address
    assert listed_uris(page) == uris
    assert SECRET_MARK not in stored_text(page)


def test_second_click_with_the_same_content_shows_the_playlist_that_there_is(open_page: OpenPage, demo: Demo):
    page = list_of(open_page, demo)
    name_playlist(page, "Clicked again")
    log_in_and_create(page)
    allow(page)
    wait_for_share_kit(page)
    page.locator("#own").get_by_label("Playlist").select_option(label="Make a new playlist")
    page.locator("#own").get_by_role("button", name="Create it in my account").dblclick()
    expect(page.locator("#own")).to_contain_text("You have made this playlist already")
    assert len(demo.playlists_called("Clicked again")) == 1
    # The kit of the first one stands there all the time.
    with page.expect_response(lambda answer: answer.request.method == "POST" and answer.url.endswith("/me/playlists")):
        own(page, "Make another one all the same")
    wait_for_share_kit(page)
    expect(page.locator("#own .note")).to_have_count(0)
    assert len(demo.playlists_called("Clicked again")) == 2


def test_double_click_with_a_login_makes_one_playlist_and_changes_update_it(open_page: OpenPage, demo: Demo):
    page = list_of(open_page, demo)
    name_playlist(page, "To have a login")
    log_in_and_create(page)
    allow(page)
    wait_for_share_kit(page)
    name_playlist(page, "Twice in a moment")
    page.locator("#own").get_by_label("Playlist").select_option(label="Make a new playlist")
    page.locator("#own").get_by_role("button", name="Create it in my account").dblclick()
    expect(page.locator("#share")).to_contain_text("Twice in a moment")
    assert len(demo.playlists_called("Twice in a moment")) == 1

    name_playlist(page, "Changed afterwards")
    own(page, "Update it in my account")
    wait_for_share_kit(page, "Your playlist is up to date")
    assert demo.playlists_called("Twice in a moment") == []
    assert len(demo.playlists_called("Changed afterwards")) == 1


def test_refused_consent_makes_nothing_and_keeps_the_list(open_page: OpenPage, demo: Demo):
    page = list_of(open_page, demo)
    name_playlist(page, "Never allowed")
    uris = listed_uris(page)
    log_in_and_create(page)
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator("#own .trouble")).to_contain_text("You did not allow it")
    assert urlsplit(page.url).query == ""
    expect(page.get_by_label("Title", exact=True)).to_have_value("Never allowed")
    assert listed_uris(page) == uris
    assert demo.playlists_called("Never allowed") == []
    log_in_and_create(page)
    allow(page)
    wait_for_share_kit(page)
    assert len(demo.playlists_called("Never allowed")) == 1


def test_update_whose_login_was_refused_is_not_offered_as_unfinished(open_page: OpenPage, demo: Demo):
    page = list_of(open_page, demo)
    name_playlist(page, "Left as it was")
    log_in_and_create(page)
    allow(page)
    wait_for_share_kit(page)
    # With the reload the login is gone.
    page.reload()
    wait_for_taking(page)
    name_playlist(page, "Never changed")
    own(page, "Log in with Spotify and update it")
    page.get_by_role("button", name="Cancel").click()
    trouble = page.locator("#own .trouble")
    expect(trouble).to_contain_text("You did not allow it")
    expect(trouble).not_to_contain_text("not finished")
    expect(page.locator("#own-create")).to_be_visible()
    page.reload()
    wait_for_taking(page)
    expect(page.locator("#own-create")).to_be_visible()
    expect(trouble).to_have_count(0)
    assert len(demo.playlists_called("Left as it was")) == 1
    own(page, "Log in with Spotify and update it")
    allow(page)
    wait_for_share_kit(page, "Your playlist is up to date")
    assert demo.playlists_called("Left as it was") == []


def test_login_that_was_not_begun_here_is_not_taken(open_page: OpenPage, demo: Demo):
    track = demo.examples[0].rpartition("/")[2]
    page = open_page(path=f"/?code={SECRET_MARK}-foreign&state=guessed#1&s={track}&size=10")
    wait_for_taking(page)
    expect(page.locator("#own .trouble")).to_contain_text("This login does not fit")
    assert urlsplit(page.url).query == ""
    assert SECRET_MARK not in stored_text(page)


def test_expired_login_goes_on_after_another_one(open_page: OpenPage, demo: Demo):
    page = list_of(open_page, demo)
    name_playlist(page, "Across two logins")
    uris = listed_uris(page)
    demo.add_fault(method="PUT", path_pattern=FILL, kind="expired_token")
    log_in_and_create(page)
    allow(page)
    expect(page.locator("#own .trouble")).to_contain_text("Your login has run out")
    assert step_states(page)["create"] == "done"
    assert step_states(page)["fill"] == "failed"
    own(page, "Log in again and go on")
    allow(page)
    wait_for_share_kit(page)
    [playlist] = demo.playlists_called("Across two logins")
    assert playlist["uris"] == uris


def test_listener_who_is_not_named_learns_of_the_rule_of_five_and_can_copy(open_page: OpenPage, demo: Demo):
    page = list_of(open_page, demo)
    name_playlist(page, "Not one of the five")
    demo.add_fault(method="POST", path_pattern=CREATE, kind="plain_text_403")
    log_in_and_create(page)
    allow(page)
    trouble = page.locator("#own .trouble")
    expect(trouble).to_contain_text("five listeners only whom its operator has named")
    expect(trouble).to_contain_text("copying the tracks works at once")
    expect(trouble.get_by_role("button")).to_have_count(0)
    assert listed_uris(page)
    assert demo.playlists_called("Not one of the five") == []


def test_used_up_quota_says_so_keeps_what_is_done_and_offers_copying(open_page: OpenPage, demo: Demo):
    page = list_of(open_page, demo)
    name_playlist(page, "Over the quota")
    demo.add_fault(method="PUT", path_pattern=FILL, kind="quota")
    log_in_and_create(page)
    allow(page)
    trouble = page.locator("#own .trouble")
    expect(trouble).to_contain_text("The app’s quota at Spotify is used up")
    # Browsers do not show the page every header of another site.
    expect(trouble).to_contain_text(re.compile("lets you try again from|did not tell this page until when"))
    expect(trouble).to_contain_text("Copying")
    page.reload()
    wait_for_taking(page)
    expect(page.locator("#own .trouble")).to_contain_text("“Over the quota” is not finished yet")
    assert len(demo.playlists_called("Over the quota")) == 1


def test_time_until_which_spotify_wants_peace_is_told_where_the_browser_shows_it(open_page: OpenPage, demo: Demo):
    def refuse(route: Route) -> None:
        error = {"error": {"status": 429, "message": "Too many requests", "reason": "QUOTA_EXCEEDED"}}
        exposed = {"Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": "Retry-After"}
        route.fulfill(status=429, headers={**exposed, "Retry-After": "7200"}, json=error)

    page = list_of(open_page, demo)
    log_in_and_create(page)
    page.route(re.compile("/v1/me/playlists$"), refuse)
    allow(page)
    expect(page.locator("#own .trouble")).to_contain_text(re.compile(r"lets you try again from \d\d:\d\d"))


@pytest.mark.parametrize("kind", ["drop_after", "empty_200"])
def test_lost_answer_to_the_creation_makes_no_second_playlist(open_page: OpenPage, demo: Demo, kind: str):
    title = f"Lost by {kind}"
    page = list_of(open_page, demo)
    name_playlist(page, title)
    uris = listed_uris(page)
    if kind == "empty_200":
        # The work is done, and something in between swallows the answer.
        page.route(re.compile("/v1/me/playlists$"), swallow)
    else:
        demo.add_fault(method="POST", path_pattern=CREATE, kind=kind)
    log_in_and_create(page)
    allow(page)
    wait_for_share_kit(page)
    [playlist] = demo.playlists_called(title)
    assert playlist["uris"] == uris


def swallow(route: Route) -> None:
    if route.request.method == "POST":
        answer = route.fetch()
        route.fulfill(status=200, headers=answer.headers, body="")
    else:
        route.continue_()


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", CREATE), ("PUT", FILL), ("PUT", COVER)],
    ids=["create", "fill", "cover"],
)
def test_reload_in_the_middle_goes_on_with_the_same_playlist(open_page: OpenPage, demo: Demo, method: str, path: str):
    title = f"Reloaded at {method} {path.rpartition('/')[2]}"
    page = list_of(open_page, demo)
    name_playlist(page, title)
    uris = listed_uris(page)
    demo.add_fault(method=method, path_pattern=path, kind="slow_after", seconds=3)
    log_in_and_create(page)
    with page.expect_request(lambda asked: asked.method == method and bool(re.search(path, urlsplit(asked.url).path))):
        allow(page)
    page.reload()
    wait_for_taking(page)
    trouble = page.locator("#own .trouble")
    expect(trouble).to_contain_text(f"“{title}” is not finished yet")
    trouble.get_by_role("button", name="Log in again and go on").click()
    allow(page)
    wait_for_share_kit(page)
    [playlist] = demo.playlists_called(title)
    assert playlist["uris"] == uris
    assert playlist["has_cover"]


def test_two_tabs_with_the_same_list_make_one_playlist(open_page: OpenPage, demo: Demo):
    page = list_of(open_page, demo)
    other = page.context.new_page()
    other.goto(page.url)
    wait_for_taking(other)
    for tab in (page, other):
        name_playlist(tab, "From two tabs")
        log_in_and_create(tab)
    demo.add_fault(method="POST", path_pattern=CREATE, kind="slow_after", seconds=3)
    with page.expect_request(lambda asked: asked.method == "POST" and asked.url.endswith("/v1/me/playlists")):
        allow(page)
    allow(other)
    expect(other.locator("#own .trouble")).to_contain_text("Another tab is at work on this playlist")
    wait_for_share_kit(page)
    own(other, re.compile("Create it in my account|Try again"))
    wait_for_share_kit(other)
    assert len(demo.playlists_called("From two tabs")) == 1


def test_track_that_spotify_does_not_know_gives_its_place_to_a_reserve(open_page: OpenPage, demo: Demo):
    page = list_of(open_page, demo)
    name_playlist(page, "With a dead track")
    uris = listed_uris(page)
    dead = uris[4]

    def refuse_dead(route: Route) -> None:
        if dead in (route.request.post_data or ""):
            headers = {"Access-Control-Allow-Origin": "*"}
            route.fulfill(status=400, headers=headers, json={"error": {"status": 400, "message": "Invalid track uri"}})
        else:
            route.continue_()

    log_in_and_create(page)
    page.route(re.compile("/v1/playlists/[^/]+/items"), refuse_dead)
    allow(page)
    wait_for_share_kit(page)
    [playlist] = demo.playlists_called("With a dead track")
    assert dead not in playlist["uris"]
    assert len(playlist["uris"]) == len(uris)
    assert [uri for uri in playlist["uris"] if uri in uris] == [uri for uri in uris if uri != dead]
    expect(page.locator("#share .notes")).to_contain_text("took its place")


def test_failed_cover_leaves_the_playlist_and_says_what_to_do(open_page: OpenPage, demo: Demo):
    page = list_of(open_page, demo)
    name_playlist(page, "Without its cover")
    demo.add_fault(method="PUT", path_pattern=COVER, kind="rate_limited")
    log_in_and_create(page)
    allow(page)
    wait_for_share_kit(page)
    expect(page.locator("#own .note")).to_contain_text("The cover could not be set")
    assert step_states(page)["cover"] == "failed"
    [playlist] = demo.playlists_called("Without its cover")
    assert not playlist["has_cover"]


def test_without_a_client_id_this_way_is_not_shown(open_page: OpenPage, demo: Demo):
    def without_client(route: Route) -> None:
        config = route.fetch().json()
        config["spotify"]["client_id"] = None
        route.fulfill(json=config)

    page = list_of(open_page, demo, prepare=lambda page: page.route("**/api/config", without_client))
    expect(page.locator("#own")).to_be_hidden()
    assert listed_uris(page)


def test_every_cover_is_a_jpeg_within_spotifys_limit(open_page: OpenPage, demo: Demo):
    page = list_of(open_page, demo)
    covers = page.evaluate(
        """async () => {
          const { COLOURS, VARIANTS, base64Of, jpegOf } = await import("/cover.js");
          const curve = Array.from({ length: 110 }, (_, n) => ({ energy: (n * 37 % 100) / 100, own: n % 10 === 2 }));
          const found = [];
          for (const variant of VARIANTS) for (const colours of COLOURS) {
            for (const title of ["", "Ein langer Titel 🎵 ".repeat(5), "قائمة تشغيل حول أغنيتي", "W".repeat(80)]) {
              const blob = await jpegOf({ curve, hue: 200, variant, colours, title });
              const bitmap = await createImageBitmap(blob);
              found.push({ type: blob.type, bytes: blob.size, text: (await base64Of(blob)).length,
                width: bitmap.width, height: bitmap.height });
            }
          }
          return found;
        }"""
    )
    assert len(covers) == 48
    for cover in covers:
        assert cover["type"] == "image/jpeg"
        assert cover["bytes"] <= 180_000
        assert cover["text"] <= 256 * 1024
        assert (cover["width"], cover["height"]) == (640, 640)


def test_cover_can_be_saved_and_is_described(open_page: OpenPage, demo: Demo):
    page = list_of(open_page, demo)
    name_playlist(page, "Drawn")
    page.locator("label.thumb", has_text="Rings").click()
    expect(page.get_by_role("img", name=re.compile("^11 rays around a centre .*Drawn"))).to_be_visible()
    with page.expect_download() as saved:
        page.get_by_role("button", name="Save the cover").click()
    assert saved.value.suggested_filename == "Drawn cover.jpg"
    assert saved.value.path().read_bytes().startswith(b"\xff\xd8\xff")
    page.reload()
    wait_for_taking(page)
    expect(page.get_by_label("Title", exact=True)).to_have_value("Drawn")
    expect(page.get_by_label("Rings")).to_be_checked()


def test_title_as_markup_stays_text_everywhere(open_page: OpenPage, demo: Demo):
    title = '"><img src=x onerror=alert(1)> \u202egnp'
    page = list_of(open_page, demo)
    name_playlist(page, title)
    log_in_and_create(page)
    allow(page)
    wait_for_share_kit(page)
    assert page.locator("#share img[src=x]").count() == 0
    [playlist] = demo.playlists_called('"><img src=x onerror=alert(1)> gnp')
    assert playlist["uris"]
    assert json.dumps(title) not in stored_text(page)
