"""The page on privacy: reached from the foot of every page, readable by everybody."""

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.e2e.conftest import Demo, OpenPage, Watch
from tests.e2e.test_accessibility import SMALLEST, VIEWS


@pytest.fixture
def read(browser: Browser, demo: Demo, watch: Watch, request: pytest.FixtureRequest) -> Iterator[Page]:
    context = browser.new_context(**request.param)
    page = context.new_page()
    watch.on(page)
    page.goto(f"{demo.url}/privacy.html")
    yield page
    context.close()


@pytest.mark.parametrize("read", VIEWS, indirect=True)
def test_it_breaks_no_rule(read: Page):
    results = Axe().run(read)
    assert results.violations_count == 0, results.generate_report()


@pytest.mark.parametrize("read", [{"viewport": SMALLEST}], indirect=True)
def test_nothing_runs_off_the_side(read: Page):
    assert read.evaluate("document.documentElement.scrollWidth") <= SMALLEST["width"]


def test_it_is_one_link_away_and_leads_back(open_page: OpenPage):
    page = open_page()
    page.get_by_role("link", name="Privacy and terms").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Privacy and terms")
    # Whoever runs it on one machine is nobody whom others could write to.
    expect(page.locator("#contact")).to_contain_text("own machine")
    page.get_by_role("link", name="Back to the page").click()
    expect(page.get_by_label("Your track")).to_be_visible()
