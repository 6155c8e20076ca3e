"""What a visitor does on the page, in the words of the page."""

import re
from typing import Any

from playwright.sync_api import Locator, Page, expect

UNKNOWN_LINK = "https://open.spotify.com/intl-de/track/4HJ7mSMtHAdU55lLjGE4zW?si=abc"


def try_example(page: Page, number: int = 0) -> None:
    """Click one of the demonstration's tracks and wait for its list."""
    page.locator("button.example").nth(number).click()
    wait_for_list(page)


def wait_for_list(page: Page) -> None:
    expect(page.locator("#list .row").first).to_be_visible()
    expect(page.locator("#list")).to_have_attribute("aria-busy", "false")


def wait_for_the_rest(page: Page) -> None:
    """Wait for the parts below the list, which come when nothing else is to be done."""
    expect(page.locator("#copy button.primary")).to_be_attached()


def rows(page: Page) -> Locator:
    return page.locator("#list .row")


def copied_uris(page: Page) -> list[str]:
    """Copy the tracks and read them back from the clipboard."""
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name=re.compile(r"^Copy \d+ tracks?$")).click()
    expect(page.locator("#copy [role=status]").first).to_contain_text("copied")
    text: str = page.evaluate("navigator.clipboard.readText()")
    return text.splitlines()


def name_playlist(page: Page, title: str) -> None:
    page.get_by_label("Title", exact=True).fill(title)


def create(page: Page) -> None:
    """Under the service's account."""
    page.locator("#publish").get_by_role("button", name="Create playlist").click()


def wait_for_playlist(page: Page) -> None:
    expect(page.get_by_role("heading", name="Your playlist is ready")).to_be_visible(timeout=45_000)


def focused(page: Page) -> dict[str, Any]:
    """Where the focus is: the element's id, tag and text, and whether one can see it."""
    found: dict[str, Any] = page.evaluate(
        """() => {
          const element = document.activeElement;
          // A radio button lies unseen over its label, which shows the focus in its place.
          const shown = element.matches(".pill input") ? element.nextElementSibling : element;
          const style = getComputedStyle(shown);
          return { id: element.id, tag: element.localName, text: (element.textContent || "").trim(),
            isOutlined: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2 };
        }"""
    )
    return found
