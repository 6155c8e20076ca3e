"""Creating a playlist: one, with exactly these tracks, however the buttons and the network behave."""

from playwright.sync_api import Page, Route, expect

from tests.e2e.conftest import Demo, OpenPage
from tests.e2e.steps import copied_uris, create, name_playlist, try_example, wait_for_playlist


def test_double_click_makes_one_playlist_with_the_listed_tracks_and_the_same_browser_updates_it(page: Page, demo: Demo):
    try_example(page)
    name_playlist(page, "Made by a double click")
    page.get_by_role("button", name="Create playlist").dblclick()
    wait_for_playlist(page)
    expect(page.get_by_role("heading", name="Your playlist is ready")).to_be_focused()
    [playlist] = demo.playlists_called("Made by a double click")
    assert playlist["uris"] == copied_uris(page)
    assert playlist["description"].startswith("Tracks that sound like Second Kingdom by Wilvane & the Comets.")
    done = page.locator(".done")
    expect(done).to_contain_text("It holds 31 tracks")
    expect(done.get_by_role("link", name="Made by a double click")).to_have_attribute("href", playlist["page"])
    code = page.get_by_role("img", name="QR code that opens the playlist “Made by a double click”")
    assert code.evaluate("image => image.decode().then(() => image.naturalWidth > 0)")
    with page.expect_download() as saved:
        done.get_by_role("link", name="Save the QR code").click()
    assert saved.value.suggested_filename == "Made by a double click QR code.svg"
    assert saved.value.path().read_text(encoding="utf-8").startswith("<svg")

    # A reload afterwards must not lead to a second one either: the button goes on with what there is.
    page.reload()
    page.get_by_label("Tracks", exact=True).fill("10")
    page.keyboard.press("Tab")
    expect(page.locator("#list .row")).to_have_count(11)
    page.get_by_role("button", name="Update this playlist").click()
    expect(page.get_by_role("heading", name="Your playlist is up to date")).to_be_visible()
    [updated] = demo.playlists_called("Made by a double click")
    assert updated["id"] == playlist["id"]
    assert updated["uris"] == copied_uris(page)
    assert len(updated["uris"]) == 11


def test_reload_while_it_is_being_made_does_not_make_a_second_one(page: Page, demo: Demo):
    try_example(page, 1)
    name_playlist(page, "Made across a reload")
    demo.add_fault(method="POST", path_pattern="/v1/me/playlists", kind="slow_after", seconds=2)
    with page.expect_request("**/api/playlists"):
        create(page)
    page.reload()
    expect(page.locator("#create .trouble")).to_contain_text("there will not be a second one")
    page.get_by_role("button", name="Try again", exact=True).click()
    # While the first attempt is still at work, the service says so and when to ask again.
    ready = page.get_by_role("heading", name="Your playlist is ready")
    again = page.get_by_role("button", name="Try again", exact=True)
    expect(ready.or_(again).first).to_be_visible(timeout=60_000)
    if not ready.is_visible():
        again.click()
    wait_for_playlist(page)
    [playlist] = demo.playlists_called("Made across a reload")
    assert playlist["uris"] == copied_uris(page)


def test_lost_answer_is_explained_and_trying_again_finds_the_same_playlist(page: Page, demo: Demo):
    def lose_answer(route: Route) -> None:
        route.fetch()
        route.abort("connectionreset")

    try_example(page, 2)
    name_playlist(page, "Made with a lost answer")
    page.route("**/api/playlists", lose_answer, times=1)
    create(page)
    expect(page.locator("#create .trouble")).to_contain_text("there will not be a second one")
    assert len(demo.playlists_called("Made with a lost answer")) == 1
    page.locator("#create .trouble").get_by_role("button", name="Try again").click()
    wait_for_playlist(page)
    [playlist] = demo.playlists_called("Made with a lost answer")
    assert playlist["uris"] == copied_uris(page)


def test_browser_that_stores_nothing_makes_no_second_playlist_either(open_page: OpenPage, demo: Demo):
    def lose_answer(route: Route) -> None:
        route.fetch()
        route.abort("connectionreset")

    refuse = "Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError'); }"
    page = open_page(lambda page: page.add_init_script(refuse))
    try_example(page)
    name_playlist(page, "Made without memory")
    page.route("**/api/playlists", lose_answer, times=1)
    create(page)
    page.get_by_role("button", name="Try again", exact=True).click()
    wait_for_playlist(page)
    assert len(demo.playlists_called("Made without memory")) == 1
