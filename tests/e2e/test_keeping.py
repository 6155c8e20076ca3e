"""What the browser keeps: with full storage, in two tabs, and while the service cannot be reached."""

from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, Route, expect

from tests.e2e.conftest import Demo, OpenPage
from tests.e2e.steps import rows
from tests.e2e.taking import create_here, list_of, name_playlist, wait_for_share_kit, wait_for_taking

# Leaves room for so many characters; a step to undo takes some thousand.
FILL = """(room) => {
  sessionStorage.setItem("room", "x".repeat(room));
  for (let size = 2 ** 23; size >= 1; size /= 2) {
    for (let count = 0; ; count += 1) {
      try {
        sessionStorage.setItem(`filler.${size}.${count}`, "x".repeat(size));
      } catch {
        break;
      }
    }
  }
  sessionStorage.removeItem("room");
}"""


def keys(page: Page) -> list[str]:
    """The keys of the rows in their order."""
    found: list[str] = rows(page).evaluate_all("rows => rows.map(row => row.dataset.key)")
    return found


@pytest.mark.parametrize("room", [500, 0])
def test_full_storage_costs_steps_to_undo_and_not_the_list(open_page: OpenPage, demo: Demo, room: int):
    page = list_of(open_page, demo)
    at_first = keys(page)
    page.evaluate(FILL, room)
    rows(page).nth(4).locator(".remove").click()
    expect(rows(page).nth(4)).not_to_have_attribute("data-key", at_first[4])
    expect(rows(page)).to_have_count(len(at_first))
    before = keys(page)
    page.reload()
    wait_for_taking(page)
    assert keys(page) == before


def test_two_tabs_with_the_same_list_make_one_playlist(open_page: OpenPage, demo: Demo):
    first = list_of(open_page, demo, 1)
    second = first.context.new_page()
    second.goto(first.url)
    wait_for_taking(second)
    for page in (first, second):
        name_playlist(page, "Made from two tabs")
    create_here(first)
    wait_for_share_kit(first)
    create_here(second)
    wait_for_share_kit(second)
    assert len(demo.playlists_called("Made from two tabs")) == 1


def test_second_tab_waits_for_the_first_and_shows_its_playlist(open_page: OpenPage, demo: Demo):
    first = list_of(open_page, demo, 2)
    second = first.context.new_page()
    second.goto(first.url)
    wait_for_taking(second)
    for page in (first, second):
        name_playlist(page, "Made from two tabs at once")
    demo.add_fault(method="POST", path_pattern="/v1/me/playlists", kind="slow_after", seconds=2)
    create_here(first)
    create_here(second)
    wait_for_share_kit(first)
    ready = second.get_by_role("heading", name="Your playlist is ready")
    again = second.locator("#create").get_by_role("button", name="Try again", exact=True)
    expect(ready.or_(again).first).to_be_visible(timeout=45_000)
    if not ready.is_visible():
        again.click()
    wait_for_share_kit(second)
    assert len(demo.playlists_called("Made from two tabs at once")) == 1


def test_link_that_is_opened_while_nobody_answers_brings_its_list_by_itself(open_page: OpenPage, demo: Demo):
    def refuse(route: Route) -> None:
        if urlsplit(route.request.url).path.startswith("/api/"):
            route.abort()
        else:
            route.continue_()

    track = demo.examples[0].rpartition("/")[2]
    page = open_page(path=f"/#1&s={track}&size=10", prepare=lambda page: page.route("**/*", refuse))
    expect(page.locator("#banner")).to_contain_text("cannot be reached")
    page.unroute("**/*", refuse)
    wait_for_taking(page)
    expect(page.locator("#banner")).not_to_contain_text("cannot be reached")
    expect(page.locator("#problem")).to_be_empty()
