"""Taking the list along: copying and files work at any time, and a finished playlist comes with a share kit."""

import csv
import json
import re

from playwright.sync_api import expect

from daltonify_core.playlist.export import CSV_COLUMNS
from tests.e2e.conftest import PHONE, Demo, OpenPage, fetch_json
from tests.e2e.taking import (
    UNRELEASED,
    create_here,
    list_of,
    listed_uris,
    name_playlist,
    wait_for_share_kit,
    wait_for_taking,
)

MINE = "37i9dQZF1DXcBWIGoYBM5M"


def test_copying_and_saving_go_on_without_a_network(open_page: OpenPage, demo: Demo):
    page = list_of(open_page, demo)
    name_playlist(page, "Offline: a/b")
    page.context.set_offline(True)
    uris = listed_uris(page)
    assert len(uris) == 11
    with page.expect_download() as saved:
        page.locator("#copy").get_by_role("button", name="Addresses (.txt)").click()
    assert saved.value.suggested_filename == "Offline a b.txt"
    assert saved.value.path().read_text(encoding="utf-8").splitlines() == uris
    with page.expect_download() as saved:
        page.get_by_role("button", name="Save the cover").click()
    assert saved.value.path().read_bytes().startswith(b"\xff\xd8\xff")


def test_refused_clipboard_shows_the_addresses_selected(open_page: OpenPage, demo: Demo):
    refuse = "navigator.clipboard.writeText = () => Promise.reject(new DOMException('no', 'NotAllowedError'));"
    page = list_of(open_page, demo, prepare=lambda page: page.add_init_script(refuse))
    page.locator("#copy button.primary").click()
    addresses = page.get_by_label("The tracks’ addresses, one per line")
    expect(addresses).to_be_focused()
    selected: str = addresses.evaluate("field => field.value.slice(field.selectionStart, field.selectionEnd)")
    assert len(selected.splitlines()) == 11
    expect(page.locator("#copy [role=status]").first).to_contain_text("did not allow copying")


def test_files_have_the_form_of_the_command_lines_and_name_what_is_to_do(open_page: OpenPage, demo: Demo):
    genre = fetch_json(f"{demo.url}/api/genres")["genres"][0]["name"]
    page = list_of(open_page, demo, seed=UNRELEASED | {"title": "=1+1", "genres": [genre]})
    expect(page.locator("#copy")).to_contain_text("“=1+1” is not on Spotify yet")
    name_playlist(page, "As files")
    with page.expect_download() as saved:
        page.locator("#copy").get_by_role("button", name="Table (.csv)").click()
    with saved.value.path().open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert tuple(rows[0]) == CSV_COLUMNS
    [own] = [row for row in rows if row["own"] == "yes"]
    assert own["title"] == "'=1+1"
    assert own["to_do"] == f"Not on Spotify yet: add it at place {own['position']} on release day."
    assert [row["uri"] for row in rows if row["uri"]] == listed_uris(page)
    with page.expect_download() as saved:
        page.locator("#copy").get_by_role("button", name="Playlist file (.jspf)").click()
    assert saved.value.suggested_filename == "As files.jspf"
    playlist = json.loads(saved.value.path().read_text(encoding="utf-8"))["playlist"]
    assert playlist["title"] == "As files"
    assert [track["trackNum"] for track in playlist["track"]] == list(range(1, len(rows) + 1))


def test_link_of_a_copied_playlist_opens_the_share_kit(open_page: OpenPage, demo: Demo):
    page = list_of(open_page, demo)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    name_playlist(page, "Copied by hand")
    link = page.get_by_label("Made it? Paste its link for your share kit")
    link.fill("https://open.spotify.com/track/4HJ7mSMtHAdU55lLjGE4zW")
    link.press("Enter")
    expect(page.locator("#made-link-error")).to_contain_text("not a link to a Spotify playlist")
    link.fill(f"https://open.spotify.com/intl-de/playlist/{MINE}?si=abc")
    link.press("Enter")
    expect(page.get_by_role("heading", name="Your share kit")).to_be_focused()
    share = page.locator("#share")
    expect(share.get_by_label("Link", exact=True)).to_have_value(f"https://open.spotify.com/playlist/{MINE}")
    share.get_by_role("button", name="Copy link").click()
    expect(share.get_by_text("Copied.")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == f"https://open.spotify.com/playlist/{MINE}"


def test_share_kit_holds_codes_and_texts_to_take_away(open_page: OpenPage, demo: Demo):
    page = list_of(open_page, demo)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    name_playlist(page, 'My "kit" <b>')
    page.locator("#made-link").fill(f"spotify:playlist:{MINE}")
    page.locator("#made-link").press("Enter")
    share = page.locator("#share")
    code = share.get_by_role("img", name=re.compile("^QR code that opens"))
    assert code.evaluate("image => image.decode().then(() => image.naturalWidth > 0)")
    with page.expect_download() as saved:
        share.get_by_role("link", name="Save as SVG").click()
    assert saved.value.path().read_text(encoding="utf-8").startswith("<svg")
    assert saved.value.suggested_filename.endswith("QR code.svg")
    with page.expect_download() as saved:
        share.get_by_role("link", name="Save as PNG").click()
    assert saved.value.path().read_bytes().startswith(b"\x89PNG\r\n\x1a\n")

    share.get_by_role("button", name="Copy the code").click()
    expect(share.get_by_text("Copied.")).to_be_visible()
    embed = page.evaluate("navigator.clipboard.readText()")
    assert embed.count("<") == 2
    assert f"https://open.spotify.com/embed/playlist/{MINE}" in embed
    for label in ("For a post", "For a story", "For a mail"):
        text = share.get_by_label(label)
        assert f"https://open.spotify.com/playlist/{MINE}" in text.input_value()
    share.get_by_label("For a mail").fill("Hello & thanks?\nMe")
    expect(share.get_by_role("link", name="Open in your mail program")).to_have_attribute(
        "href", re.compile(r"^mailto:\?subject=.*&body=Hello%20%26%20thanks%3F%0AMe$")
    )
    expect(share).to_contain_text("nobody can tell how many will listen")


def test_share_kit_stays_over_a_reload_without_pulling_the_reader_to_it(open_page: OpenPage, demo: Demo):
    page = list_of(open_page, demo)
    page.locator("#made-link").fill(f"spotify:playlist:{MINE}")
    page.locator("#made-link").press("Enter")
    expect(page.get_by_role("heading", name="Your share kit")).to_be_focused()
    page.reload()
    expect(page.get_by_role("heading", name="Your share kit")).to_be_visible()
    expect(page.get_by_role("heading", name="Your share kit")).not_to_be_focused()


def test_missing_qr_code_is_explained(open_page: OpenPage, demo: Demo):
    page = list_of(open_page, demo)
    page.route("**/api/qr*", lambda route: route.abort())
    page.locator("#made-link").fill(f"spotify:playlist:{MINE}")
    page.locator("#made-link").press("Enter")
    expect(page.locator("#share")).to_contain_text("The QR code could not be loaded")


def test_nothing_sticks_out_on_a_narrow_phone(open_page: OpenPage, demo: Demo):
    page = list_of(open_page, demo, viewport=PHONE)
    name_playlist(page, "W" * 80)
    page.locator("#made-link").fill(f"spotify:playlist:{MINE}")
    page.locator("#made-link").press("Enter")
    expect(page.get_by_role("heading", name="Your share kit")).to_be_visible()
    for part in ("#take", "#share"):
        wide = page.locator(part).evaluate(
            "part => [...part.querySelectorAll('*')].filter((one) => one.getBoundingClientRect().right > innerWidth + 1"
            " && getComputedStyle(one).clipPath === 'none').map((one) => one.outerHTML.slice(0, 80))"
        )
        assert wide == []


def test_phone_that_cannot_paste_is_told_to_send_the_list_to_a_computer(open_page: OpenPage, demo: Demo):
    page = list_of(open_page, demo, viewport=PHONE, has_touch=True, is_mobile=True)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.evaluate("delete Navigator.prototype.share")
    page.get_by_role("button", name="Send this list to my computer").click()
    expect(page.locator("#copy [role=status]").first).to_contain_text("Open it on your computer")
    computer = open_page()
    computer.goto(page.evaluate("navigator.clipboard.readText()"))
    wait_for_taking(computer)
    assert listed_uris(computer) == listed_uris(page)


def test_embed_code_of_a_simulated_playlist_leads_to_the_simulation(open_page: OpenPage, demo: Demo):
    page = list_of(open_page, demo)
    create_here(page)
    wait_for_share_kit(page)
    simulated = re.compile(f'src="{re.escape(demo.simulator)}/embed/playlist/')
    expect(page.get_by_label("Embed code for your site")).to_have_value(simulated)
