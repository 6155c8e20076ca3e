"""What a visitor does with the list, and answers of the service that the catalogue of a demonstration never gives."""

import json
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Locator, Page, Route, expect

from tests.e2e.conftest import Demo
from tests.e2e.steps import wait_for_list, wait_for_the_rest

type Answer = dict[str, Any]


def ask_for(page: Page, demo: Demo, number: int = 0) -> None:
    """Paste a link that the demonstration names and wait for its list."""
    page.get_by_role("combobox", name="Your track").fill(demo.examples[number])
    page.keyboard.press("Enter")
    wait_for_list(page)
    wait_for_the_rest(page)


def answering(change: Callable[[Answer], object]) -> Callable[[Page], None]:
    """For ``open_page``: every recommendation passes through ``change`` on its way to the page."""

    def spoil(route: Route) -> None:
        answer = route.fetch()
        values = answer.json()
        change(values)
        route.fulfill(response=answer, body=json.dumps(values))

    def prepare(page: Page) -> None:
        page.route("**/api/recommendations", spoil)

    return prepare


def with_real_tracks(page: Page) -> None:
    """For ``open_page``: the catalogue says of itself that it is no invention."""

    def real(route: Route) -> None:
        answer = route.fetch()
        values = answer.json()
        values["demo"]["catalogue"] = False
        route.fulfill(response=answer, body=json.dumps(values))

    page.route("**/api/config", real)


def row(page: Page, place: int) -> Locator:
    """The row at this place, counted from 1 as readers do."""
    return page.locator("#list .row").nth(place - 1)


def others(page: Page) -> Locator:
    return page.locator("#list .row:not(.own)")


def titles(page: Page) -> list[str]:
    """Titles in the order in which they stand."""
    # Rows far down are not laid out before they are in sight, and have no inner text until then.
    return page.locator("#list .row-title").all_text_contents()


def open_details(line: Locator) -> None:
    line.locator(".toggle").click()
    expect(line.locator(".row-detail")).to_be_visible()


def said(page: Page) -> Locator:
    """What those hear who cannot see the page."""
    return page.locator("#status")


def settle(page: Page) -> None:
    """Wait until nothing moves any more."""
    page.evaluate("Promise.all(document.getAnimations().map((animation) => animation.finished.catch(() => {})))")
