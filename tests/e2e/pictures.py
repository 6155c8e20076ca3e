"""Pictures of every state of the page, to be looked at: three widths, light and dark.

With ``make demo`` running: ``python -m tests.e2e.pictures FOLDER --only tune,share``; all without ``--only``. With
``--readme`` it makes the one picture that the README shows, ``infra/pictures/page.png``.
"""

import argparse
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import numpy as np
from playwright.sync_api import Browser, Error, Page, Route, expect, sync_playwright

from daltonify_core.audio.clip import CLIP_RATE, Clip, write_clip
from tests.e2e.conftest import BROWSER_ARGUMENTS, ROOT
from tests.e2e.list_steps import open_details
from tests.e2e.steps import UNKNOWN_LINK, try_example, wait_for_list, wait_for_playlist
from tests.unit.audio.site_sounds import track

WIDTHS = {"360": (360, 740), "768": (768, 1024), "1440": (1440, 900)}
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
ANY_LIST = "**/api/recommendations"
MADE = "https://open.spotify.com/playlist/37i9dQZF1DXcBWIGoYBM5M"

STATES: dict[str, Callable[[Page], None]] = {}


def state(act: Callable[[Page], None]) -> Callable[[Page], None]:
    """Note a way into a state of the page, under the function's name."""
    STATES[act.__name__] = act
    return act


def ask(page: Page, text: str) -> None:
    page.get_by_label("Your track").first.fill(text)
    page.get_by_label("Your track").first.press("Enter")


def refuse(page: Page, pattern: str, status: int, **problem: object) -> None:
    """Every request of this kind is answered by a problem document."""

    def fulfil(route: Route) -> None:
        body = json.dumps({"status": status, "title": "Refused", "errors": [], **problem})
        route.fulfill(status=status, content_type="application/problem+json", body=body)

    page.route(pattern, fulfil)


def unfold(page: Page) -> None:
    fold = page.locator("#tune-fold > summary")
    if fold.is_visible():
        fold.click()


def take_ready(page: Page) -> None:
    try_example(page)
    expect(page.locator("#copy button.primary")).to_be_visible()
    expect(page.locator("#publish")).to_be_visible()


def unknown(page: Page) -> None:
    ask(page, UNKNOWN_LINK)
    expect(page.locator("#remedies > *").first).to_be_visible()


def choose_file(page: Page) -> None:
    unknown(page)
    page.locator("[aria-controls='remedy-file']").click()
    expect(page.locator("#audio-heading")).to_be_visible()


def listen(page: Page) -> None:
    choose_file(page)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "Tidal (final mix).wav"
        file.write_bytes(write_clip(Clip(track(CLIP_RATE).astype(np.float32), CLIP_RATE)))
        page.set_input_files("#audio-file", file)
        expect(page.get_by_role("button", name="Measure here")).to_be_visible(timeout=30_000)


@state
def start(page: Page) -> None:
    expect(page.locator("#about")).to_contain_text("not affiliated")


@state
def searching(page: Page) -> None:
    page.get_by_label("Your track").fill("love")
    expect(page.locator("[role=option]").first).to_be_visible()
    page.keyboard.press("ArrowDown")


@state
def nothing_found(page: Page) -> None:
    page.get_by_label("Your track").fill("qqqq zzzz")
    expect(page.locator("#track-status")).to_contain_text("Nothing called")


@state
def wrong_link(page: Page) -> None:
    ask(page, "https://example.com/")
    expect(page.locator("#track-error")).to_be_visible()


@state
def asking(page: Page) -> None:
    page.route(ANY_LIST, lambda route: None)
    page.locator("button.example").first.click()
    expect(page.locator("#seeds > *").first).to_be_visible()


@state
def remedies(page: Page) -> None:
    unknown(page)


@state
def describe(page: Page) -> None:
    page.get_by_role("button", name="Not on Spotify yet").click()
    expect(page.locator("#remedies > *").first).to_be_visible()
    page.locator("[aria-controls='remedy-hand']").click()


@state
def file_empty(page: Page) -> None:
    choose_file(page)


@state
def file_read(page: Page) -> None:
    listen(page)


@state
def file_measured(page: Page) -> None:
    listen(page)
    page.get_by_role("button", name="Measure here").click()
    expect(page.get_by_role("button", name="Use these")).to_be_visible(timeout=60_000)


@state
def file_refused(page: Page) -> None:
    choose_file(page)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "letter.mp3"
        file.write_text("Dear listener, this is my song.\n", encoding="utf-8")
        page.set_input_files("#audio-file", file)
        expect(page.get_by_text("There is no sound in this file")).to_be_visible()


@state
def lists(page: Page) -> None:
    take_ready(page)


@state
def row_detail(page: Page) -> None:
    take_ready(page)
    line = page.locator("#list .row:not(.own)").first
    open_details(line)
    line.scroll_into_view_if_needed()


@state
def artists(page: Page) -> None:
    take_ready(page)
    page.get_by_role("tab", name="Artists").click()


@state
def tune(page: Page) -> None:
    take_ready(page)
    unfold(page)
    for summary in page.locator("#tune summary, #seeds summary").all():
        summary.click()


@state
def lifted(page: Page) -> None:
    take_ready(page)
    grip = page.locator("#list .row .handle").nth(2)
    grip.focus()
    page.keyboard.press("Space")
    page.keyboard.press("ArrowDown")


@state
def banned(page: Page) -> None:
    take_ready(page)
    for _ in range(2):
        line = page.locator("#list .row:not(.own)").nth(1)
        open_details(line)
        line.get_by_role("button", name=re.compile("^Never ")).click()
    page.locator("#list .banned").scroll_into_view_if_needed()


@state
def offline(page: Page) -> None:
    take_ready(page)
    unfold(page)
    page.context.set_offline(True)
    expect(page.locator("#banner")).to_contain_text("offline")


@state
def service_failed(page: Page) -> None:
    refuse(
        page,
        ANY_LIST,
        500,
        code="internal_error",
        detail="The service failed. Try again; if it goes on, tell its operator.",
        request_id="0f3c1c9e",
    )
    page.locator("button.example").first.click()
    expect(page.locator("#problem .trouble")).to_be_visible()


@state
def nobody_bigger(page: Page) -> None:
    take_ready(page)
    refuse(
        page,
        ANY_LIST,
        422,
        code="no_bigger_artists",
        detail="No track of pop by a bigger artist passes the filters.",
    )
    unfold(page)
    page.locator("input[name=order][value=popularity]").evaluate("input => input.click()")
    expect(page.locator("#problem .trouble")).to_be_visible()


@state
def several(page: Page) -> None:
    take_ready(page)
    page.get_by_role("button", name="Add another track or an album").click()
    field = page.get_by_label("Another track or an album of yours")
    field.fill("lady gaga")
    page.locator("#seeds [role=option]").first.click()
    expect(page.locator("#seeds")).to_contain_text("Your 2 tracks")
    wait_for_list(page)


@state
def shared(page: Page) -> None:
    take_ready(page)
    address = page.url
    page.evaluate("localStorage.clear()")
    page.goto("about:blank")
    page.goto(address)
    wait_for_list(page)


@state
def opening(page: Page) -> None:
    take_ready(page)
    address = page.url
    page.evaluate("localStorage.clear()")
    page.goto("about:blank")
    page.route(ANY_LIST, lambda route: None)
    page.goto(address)
    expect(page.locator(".opening")).to_be_visible()


@state
def own_refused(page: Page) -> None:
    take_ready(page)
    page.locator("#own").get_by_role("button", name="Log in with Spotify and create it").click()
    page.get_by_role("button", name=re.compile("Cancel|Deny|Refuse")).click()
    expect(page.locator("#own .trouble")).to_be_visible()
    page.locator("#own").scroll_into_view_if_needed()


@state
def own_made(page: Page) -> None:
    take_ready(page)
    page.locator("#own").get_by_role("button", name="Log in with Spotify and create it").click()
    page.get_by_role("button", name="Allow").click()
    wait_for_playlist(page)


@state
def service_unsure(page: Page) -> None:
    take_ready(page)
    page.route("**/api/playlists", lambda route: route.abort())
    page.locator("#publish").get_by_role("button", name="Create playlist").click()
    expect(page.locator("#create .trouble")).to_be_visible()
    page.locator("#publish").scroll_into_view_if_needed()


@state
def copied(page: Page) -> None:
    take_ready(page)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.locator("#copy button.primary").click()
    expect(page.locator("#copy [role=status]").first).to_contain_text("copied")
    page.locator("#copy").scroll_into_view_if_needed()


@state
def share(page: Page) -> None:
    take_ready(page)
    page.get_by_label("Made it? Paste its link for your share kit").fill(MADE)
    page.get_by_label("Made it? Paste its link for your share kit").press("Enter")
    expect(page.locator("#share h2")).to_be_visible()
    expect(page.locator("#share img").first).to_be_visible()


def photograph(browser: Browser, url: str, folder: Path, names: list[str]) -> list[str]:
    """One picture for each state, width and scheme; returns what could not be reached."""
    missed = []
    for width, (across, down) in WIDTHS.items():
        for scheme in SCHEMES:
            for name in names:
                context = browser.new_context(
                    viewport={"width": across, "height": down},
                    color_scheme=scheme,
                    locale="en-GB",
                    service_workers="block",
                )
                page = context.new_page()
                page.set_default_timeout(10_000)
                page.goto(url)
                try:
                    STATES[name](page)
                    page.wait_for_timeout(400)
                    page.screenshot(path=folder / f"{name}-{width}-{scheme}.png")
                    # Rows far down are laid out when they are scrolled to, and nobody scrolls here.
                    page.evaluate(
                        "for (const one of document.querySelectorAll('.row, #take, #share')) "
                        "one.style.contentVisibility = 'visible'"
                    )
                    page.screenshot(path=folder / f"{name}-{width}-{scheme}-whole.png", full_page=True)
                except (AssertionError, Error) as problem:
                    missed.append(f"{name} at {width}, {scheme}: {str(problem).splitlines()[0]}")
                context.close()
    return missed


def photograph_for_readme(browser: Browser, url: str) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 1080}, color_scheme="light", locale="en-GB")
    page.goto(url)
    take_ready(page)
    page.wait_for_timeout(400)
    target = ROOT / "infra/pictures/page.png"
    target.parent.mkdir(exist_ok=True)
    page.screenshot(path=target)
    page.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=Path(tempfile.gettempdir()) / "daltonify-pictures")
    parser.add_argument("--url", default="http://127.0.0.1:8000")
    parser.add_argument("--only", help="names of states, with commas between them")
    parser.add_argument("--widths", help="of 360, 768 and 1440, with commas between them")
    parser.add_argument("--readme", action="store_true")
    asked = parser.parse_args()
    if asked.widths:
        for width in set(WIDTHS) - set(asked.widths.split(",")):
            del WIDTHS[width]
    asked.folder.mkdir(parents=True, exist_ok=True)
    found = subprocess.run([ROOT / "infra/local/find_chromium.sh"], check=True, capture_output=True, text=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found.stdout.strip(), args=BROWSER_ARGUMENTS)
        if asked.readme:
            photograph_for_readme(browser, asked.url)
            missed = []
        else:
            missed = photograph(browser, asked.url, asked.folder, asked.only.split(",") if asked.only else list(STATES))
        browser.close()
    sys.stdout.writelines(f"Not reached: {line}\n" for line in missed)
    sys.stdout.write(f"Pictures are in {asked.folder}.\n")


if __name__ == "__main__":
    main()
