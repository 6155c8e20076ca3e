"""The service's account: one playlist, with exactly these tracks, however the buttons and the network behave."""

from typing import Any

from playwright.sync_api import Page, Route, expect

from tests.e2e.conftest import SECRET_MARK, Demo, OpenPage, fetch_json
from tests.e2e.taking import (
    UNRELEASED,
    create_here,
    list_of,
    listed_uris,
    name_playlist,
    stored_text,
    wait_for_share_kit,
    wait_for_taking,
    without_reference,
)


def lose_answer(route: Route) -> None:
    route.fetch()
    route.abort("connectionreset")


def with_publishing(**publishing: Any) -> Any:
    """Changes what the service says of itself before the page is opened."""

    def changed(route: Route) -> None:
        config = route.fetch().json()
        config["publishing"] |= publishing
        route.fulfill(json=config)

    return lambda page: page.route("**/api/config", changed)


def test_double_click_makes_one_playlist_with_the_listed_tracks_and_the_same_browser_updates_it(
    open_page: OpenPage, demo: Demo
):
    page = list_of(open_page, demo)
    name_playlist(page, "Made by a double click")
    page.get_by_label("Description (optional)").fill("Songs for the evening")
    page.locator("#publish").get_by_role("button", name="Create playlist").dblclick()
    wait_for_share_kit(page)
    expect(page.get_by_role("heading", name="Your playlist is ready")).to_be_focused()
    [playlist] = demo.playlists_called("Made by a double click")
    assert playlist["uris"] == listed_uris(page)
    assert without_reference(playlist["description"]) == "Songs for the evening"
    share = page.locator("#share")
    expect(share).to_contain_text("It holds 11 tracks")
    expect(share).to_contain_text("It stands in the service’s account")
    expect(share.get_by_role("link", name="Made by a double click")).to_have_attribute("href", playlist["page"])
    expect(page.locator("#publish")).to_contain_text("followers gather at the service’s account")

    # A reload afterwards must not lead to a second one either: the button goes on with what there is.
    page.reload()
    wait_for_taking(page)
    page.locator("#list .row .remove, #list [data-act=remove], #list button[aria-label^='Take out']").first.click()
    page.locator("#publish").get_by_role("button", name="Update this playlist").click()
    wait_for_share_kit(page, "Your playlist is up to date")
    [updated] = demo.playlists_called("Made by a double click")
    assert updated["id"] == playlist["id"]
    assert updated["uris"] == listed_uris(page)
    assert updated["uris"] != playlist["uris"]


def test_reload_while_it_is_being_made_does_not_make_a_second_one(open_page: OpenPage, demo: Demo):
    page = list_of(open_page, demo, 1)
    name_playlist(page, "Made across a reload")
    demo.add_fault(method="POST", path_pattern="/v1/me/playlists", kind="slow_after", seconds=2)
    with page.expect_request("**/api/playlists"):
        create_here(page)
    page.reload()
    wait_for_taking(page)
    expect(page.locator("#create .trouble")).to_contain_text("there will not be a second one")
    expect(page.get_by_label("Title", exact=True)).to_have_value("Made across a reload")
    page.locator("#create").get_by_role("button", name="Try again", exact=True).click()
    # While the first attempt is still at work, the service says so and when to ask again.
    ready = page.get_by_role("heading", name="Your playlist is ready")
    again = page.locator("#create").get_by_role("button", name="Try again", exact=True)
    expect(ready.or_(again).first).to_be_visible(timeout=60_000)
    if not ready.is_visible():
        again.click()
    wait_for_share_kit(page)
    [playlist] = demo.playlists_called("Made across a reload")
    assert playlist["uris"] == listed_uris(page)


def test_lost_answer_is_explained_and_trying_again_finds_the_same_playlist(open_page: OpenPage, demo: Demo):
    page = list_of(open_page, demo, 2)
    name_playlist(page, "Made with a lost answer")
    page.route("**/api/playlists", lose_answer, times=1)
    create_here(page)
    expect(page.locator("#create .trouble")).to_contain_text("there will not be a second one")
    expect(page.get_by_label("Title", exact=True)).not_to_be_editable()
    assert len(demo.playlists_called("Made with a lost answer")) == 1
    page.locator("#create .trouble").get_by_role("button", name="Try again").click()
    wait_for_share_kit(page)
    [playlist] = demo.playlists_called("Made with a lost answer")
    assert playlist["uris"] == listed_uris(page)


def test_browser_that_stores_nothing_makes_no_second_playlist_either(open_page: OpenPage, demo: Demo):
    refuse = "Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError'); }"
    page = list_of(open_page, demo, prepare=lambda page: page.add_init_script(refuse))
    name_playlist(page, "Made without memory")
    page.route("**/api/playlists", lose_answer, times=1)
    create_here(page)
    page.locator("#create").get_by_role("button", name="Try again", exact=True).click()
    wait_for_share_kit(page)
    assert len(demo.playlists_called("Made without memory")) == 1


def test_access_code_is_asked_for_sent_along_and_never_kept(open_page: OpenPage, demo: Demo):
    sent: list[str | None] = []

    def answer(route: Route) -> None:
        sent.append(route.request.headers.get("x-access-code"))
        if len(sent) == 1:
            detail = "This access code is not known."
            route.fulfill(status=401, json={"code": "not_authorised", "detail": detail, "status": 401})
        else:
            route.fulfill(status=201, json=published)

    published = {
        "playlist_id": "37i9dQZF1DXcBWIGoYBM5M",
        "url": "https://open.spotify.com/playlist/37i9dQZF1DXcBWIGoYBM5M",
    }
    page = list_of(open_page, demo, prepare=with_publishing(access="code"))
    page.route("**/api/playlists", answer)
    create_here(page)
    expect(page.locator("#access-code-error")).to_contain_text("copy the tracks instead")
    expect(page.get_by_label("Access code")).to_be_focused()
    assert sent == []
    page.get_by_label("Access code").fill(f"{SECRET_MARK}-code")
    create_here(page)
    expect(page.locator("#access-code-error")).to_have_text("This access code is not known.")
    expect(page.get_by_label("Access code")).to_be_focused()
    page.keyboard.press("Enter")
    wait_for_share_kit(page)
    assert sent == [f"{SECRET_MARK}-code"] * 2
    assert SECRET_MARK not in stored_text(page)


def test_unreleased_track_is_left_out_and_its_place_is_told(open_page: OpenPage, demo: Demo):
    page = list_of(open_page, demo, seed=UNRELEASED | {"genres": [first_genre(demo)]})
    expect(page.locator("#copy")).to_contain_text("“Not out yet” is not on Spotify yet")
    name_playlist(page, "Before release day")
    create_here(page)
    wait_for_share_kit(page)
    [playlist] = demo.playlists_called("Before release day")
    assert playlist["uris"] == listed_uris(page)
    expect(page.locator("#share .notes li")).to_have_count(1)
    expect(page.locator("#share .notes")).to_contain_text("On release day, add it at place 3.")


def first_genre(demo: Demo) -> str:
    name: str = fetch_json(f"{demo.url}/api/genres")["genres"][0]["name"]
    return name


def test_texts_that_are_too_long_or_missing_are_told_beside_their_field(open_page: OpenPage, demo: Demo):
    page = list_of(open_page, demo)
    before = len(demo.playlists())
    name_playlist(page, "x" * 81)
    expect(page.locator("#playlist-title-count")).to_have_text("81 of 80 characters")
    create_here(page)
    expect(page.locator("#playlist-title-error")).to_contain_text("At most 80 characters fit")
    expect(page.get_by_label("Title", exact=True)).to_be_focused()
    name_playlist(page, " ")
    create_here(page)
    expect(page.locator("#playlist-title-error")).to_contain_text("Give the playlist a title")
    name_playlist(page, "see www.example.com")
    create_here(page)
    expect(page.locator("#playlist-title-error")).to_contain_text("link")
    expect(page.get_by_label("Title", exact=True)).to_be_focused()
    assert len(demo.playlists()) == before


def test_suggested_titles_can_be_picked_and_names_of_others_are_advised_against(open_page: OpenPage, demo: Demo):
    page = list_of(open_page, demo)
    titles = page.get_by_role("list", name="Suggested titles").get_by_role("button")
    assert titles.count() >= 4
    titles.nth(2).click()
    expect(page.get_by_label("Title", exact=True)).to_have_value(titles.nth(2).inner_text())
    before = page.get_by_label("Description (optional)").input_value()
    page.get_by_role("button", name="Suggest another description").click()
    expect(page.get_by_label("Description (optional)")).not_to_have_value(before)
    others = other_artist(page)
    name_playlist(page, f"The best of {others}")
    expect(page.locator("#playlist-title-hint")).to_contain_text(f"names {others}")


def other_artist(page: Page) -> str:
    """An artist of the list whose name is long enough to be nobody's everyday word."""
    with page.expect_download() as saved:
        page.locator("#copy").get_by_role("button", name="Table (.csv)").click()
    lines = saved.value.path().read_text(encoding="utf-8").splitlines()
    names = [line.split(",")[2] for line in lines[1:] if line.split(",")[1] == "no"]
    return next(name for name in names if ";" not in name and len(name) > 8 and '"' not in name)
