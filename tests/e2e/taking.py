"""What a visitor does with a finished list: copy it, have it published, share it."""

import json
import re
from typing import Any
from urllib.parse import quote

from playwright.sync_api import Page, expect

from tests.e2e.conftest import Demo, OpenPage

UNRELEASED: dict[str, Any] = {
    "title": "Not out yet",
    "artists": ["Nobody Known"],
    "followers": 120,
    "features": {"energy": 0.6, "danceability": 0.5, "valence": 0.4, "acousticness": 0.2},
}


def list_of(
    open_page: OpenPage, demo: Demo, number: int = 0, seed: dict[str, Any] | None = None, **options: Any
) -> Page:
    """The page with a list for one of the demonstration's tracks, or for a track that is described."""
    track = demo.examples[number].rpartition("/")[2]
    told = quote(json.dumps(seed)) if seed else track
    page = open_page(path=f"/#1&s={told}&size=10", **options)
    wait_for_taking(page)
    return page


def wait_for_taking(page: Page) -> None:
    expect(page.locator("#list .row").first).to_be_visible()
    expect(page.locator("#copy button.primary")).to_contain_text("Copy")
    expect(page.locator("#publish")).to_be_visible()


def listed_uris(page: Page) -> list[str]:
    """Copy the tracks and read them back from the clipboard."""
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.locator("#copy button.primary").click()
    expect(page.locator("#copy [role=status]").first).to_contain_text("copied")
    text: str = page.evaluate("navigator.clipboard.readText()")
    return text.splitlines()


def name_playlist(page: Page, title: str) -> None:
    page.get_by_label("Title", exact=True).fill(title)


def create_here(page: Page) -> None:
    """Under the service's account."""
    page.locator("#publish").get_by_role("button", name="Create playlist").click()


def log_in_and_create(page: Page) -> None:
    """In the visitor's own account, up to Spotify's question."""
    page.locator("#own").get_by_role("button", name="Log in with Spotify and create it").click()
    expect(page.get_by_role("button", name="Allow")).to_be_visible()


def allow(page: Page) -> None:
    page.get_by_role("button", name="Allow").click()


def wait_for_share_kit(page: Page, heading: str = "Your playlist is ready") -> None:
    expect(page.get_by_role("heading", name=heading)).to_be_visible(timeout=45_000)


def step_states(page: Page) -> dict[str, str]:
    """The steps towards the own account, with how far each is."""
    found: dict[str, str] = page.evaluate(
        """() => Object.fromEntries([...document.querySelectorAll("#own .progress li")]
          .map((step) => [step.dataset.step, step.dataset.state]))"""
    )
    return found


def stored_text(page: Page) -> str:
    """All that the page keeps in the browser."""
    text: str = page.evaluate("JSON.stringify([{ ...sessionStorage }, { ...localStorage }])")
    return text


def without_reference(description: str) -> str:
    return re.sub(r" · ref [0-9a-f]{10}$", "", description)
