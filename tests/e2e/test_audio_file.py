"""The artist's own file: chosen or dropped, heard here or by ReccoBeats, corrected, and a list made from it."""

import base64
import json
import re
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile  # type: ignore[import-untyped]
import soxr  # type: ignore[import-untyped]
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, Route, expect

from daltonify_core.audio.clip import CLIP_RATE, Clip, write_clip
from daltonify_core.audio.measurement import measure
from infra.cli.audio_file import hear
from tests.e2e.conftest import DESKTOP, PHONE, OpenPage, Watch
from tests.e2e.steps import UNKNOWN_LINK, rows, wait_for_list
from tests.unit.audio.site_sounds import EXPECTED, Sound, noise, song, track

HEARD = json.loads(EXPECTED.read_text(encoding="utf-8"))["track"]["features"]
ANY_JOB = "**/api/audio-features/*"
SENDING = "**/api/audio-features"
RESULT = {"energy": 0.71, "danceability": 0.62, "acousticness": 0.2, "valence": 0.4, "instrumentalness": 0.03}
RESULT |= {"tempo": 104.2, "loudness": -9.4, "speechiness": 0.05, "liveness": 0.1}


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Tracks and what is none."""
    folder = tmp_path_factory.mktemp("audio")
    sounds: dict[str, Sound] = {
        "track": track(CLIP_RATE),
        "short": song(12, CLIP_RATE),
        "too short": song(4, CLIP_RATE),
        "silence": np.zeros(12 * CLIP_RATE),
        "noise": noise(0.3, 12, CLIP_RATE),
        "silent end": np.concatenate([song(35, CLIP_RATE), np.zeros(40 * CLIP_RATE)]),
    }
    for name, sound in sounds.items():
        (folder / f"{name}.wav").write_bytes(write_clip(Clip(sound.astype(np.float32), CLIP_RATE)))
    stereo = np.stack([sounds["track"], 0.8 * sounds["track"]], axis=1)
    write(folder / "stereo at 48 kHz.flac", soxr.resample(stereo, CLIP_RATE, 48_000), 48_000)
    write(folder / "stereo.mp3", stereo, CLIP_RATE)
    (folder / "letter.mp3").write_text("Dear listener, this is my song.\n")
    (folder / "broken.mp3").write_bytes(b"ID3\x04" + bytes(2000))
    return folder


def write(path: Path, sound: Sound, rate: int) -> None:
    with soundfile.SoundFile(path, "w", rate, sound.shape[1]) as file:
        # Some versions of libsndfile crash when a compressed file is written in one piece.
        for piece in np.array_split(sound, len(sound) // 50_000):
            file.write(piece)


def open_file_way(page: Page) -> None:
    """From a link that nobody knows to the place for a file."""
    page.get_by_label("Your track").first.fill(UNKNOWN_LINK)
    page.get_by_label("Your track").first.press("Enter")
    page.locator("#remedy-title").fill("Tidal")
    page.locator("#remedy-artist").fill("Mara Lund")
    page.locator("#remedy-followers").fill("40")
    page.locator("[aria-controls='remedy-file']").click()
    expect(page.locator("#audio-heading")).to_be_visible()


def choose(page: Page, file: Path) -> None:
    page.set_input_files("#audio-file", file)


def ready(page: Page) -> None:
    expect(page.get_by_role("button", name="Measure here")).to_be_visible(timeout=30_000)


def outcome(page: Page) -> Any:
    return expect(page.locator("#audio-outcome"))


@pytest.fixture
def with_track(page: Page, files: Path) -> Page:
    open_file_way(page)
    choose(page, files / "track.wav")
    ready(page)
    return page


@pytest.fixture
def with_short(page: Page, files: Path) -> Page:
    """Where any file will do: it is read in a fifth of the time."""
    open_file_way(page)
    choose(page, files / "short.wav")
    ready(page)
    return page


def window(page: Page) -> Any:
    return page.get_by_role("slider", name="Start of the part that is heard")


def drop(page: Page, place: str, name: str, content: bytes) -> None:
    page.evaluate(
        """([place, name, content]) => {
          const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
          const dataTransfer = new DataTransfer();
          dataTransfer.items.add(new File([bytes], name, { type: "audio/wav" }));
          for (const type of ["dragenter", "dragover", "drop"]) {
            const event = new DragEvent(type, { bubbles: true, cancelable: true, dataTransfer });
            const wasTaken = !document.querySelector(place).dispatchEvent(event);
            if (type !== "dragenter" && !wasTaken) throw new Error(`${type} would leave the page`);
          }
        }""",
        [place, name, base64.b64encode(content).decode()],
    )


def test_a_dropped_file_is_drawn_and_its_loudest_30_seconds_are_chosen(page, files):
    open_file_way(page)
    drop(page, ".audio-drop", "Tidal.wav", (files / "track.wav").read_bytes())
    ready(page)
    expect(page.locator(".audio-track h4")).to_have_text("Tidal.wav 0:56")
    expect(window(page)).to_have_attribute("aria-valuetext", "from 0:12 to 0:42")
    assert page.locator(".wave svg").bounding_box()["width"] > 200
    expect(page.locator(".audio [role=status]")).to_contain_text("begins at 0:12")


def test_a_file_that_misses_its_place_does_not_take_the_page_away(page, files):
    open_file_way(page)
    drop(page, "h1", "Tidal.wav", (files / "short.wav").read_bytes())
    expect(page.locator("#audio-heading")).to_be_visible()


def test_the_part_is_moved_by_keys_by_a_click_and_by_dragging(with_track):
    page = with_track
    slider = window(page)
    slider.focus()
    for key, where in [
        ("ArrowRight", "from 0:13 to 0:43"),
        ("ArrowLeft", "from 0:12 to 0:42"),
        ("PageUp", "from 0:22 to 0:52"),
        ("End", "from 0:26 to 0:56"),
        ("Home", "from 0:00 to 0:30"),
    ]:
        page.keyboard.press(key)
        expect(slider).to_have_attribute("aria-valuetext", where)
        expect(slider).to_be_focused()
    place = page.locator(".wave").bounding_box()
    page.locator(".wave").click(position={"x": place["width"] * 0.98, "y": 20})
    expect(slider).to_have_attribute("aria-valuetext", "from 0:26 to 0:56")
    # By its middle a quarter of the track to the left.
    middle = place["x"] + place["width"] * 41 / 56, place["y"] + place["height"] / 2
    page.mouse.move(*middle)
    page.mouse.down()
    page.mouse.move(middle[0] - place["width"] / 4, middle[1], steps=4)
    page.mouse.up()
    expect(slider).to_have_attribute("aria-valuetext", "from 0:12 to 0:42")
    page.mouse.move(place["x"], place["y"])
    expect(slider).to_have_attribute("aria-valuetext", "from 0:12 to 0:42")
    page.keyboard.press("Home")
    page.get_by_role("button", name="Back to the loudest part").click()
    expect(slider).to_have_attribute("aria-valuenow", "12")
    expect(slider).to_be_focused()


def test_the_part_is_played_and_stopped(with_track):
    page = with_track
    page.get_by_role("button", name="Play this part").click()
    expect(page.locator(".wave-head")).to_be_visible()
    page.get_by_role("button", name="Stop").click()
    expect(page.locator(".wave-head")).to_be_hidden()
    page.get_by_role("button", name="Play this part").click()
    window(page).press("ArrowRight")
    expect(page.get_by_role("button", name="Play this part")).to_be_visible()


def test_a_file_of_less_than_30_seconds_is_heard_as_a_whole(page, files):
    open_file_way(page)
    choose(page, files / "short.wav")
    ready(page)
    expect(page.locator(".wave-range")).to_have_text("0:00 – 0:12 of 0:12")
    expect(window(page)).to_have_count(0)
    expect(page.get_by_role("button", name="Back to the loudest part")).to_be_hidden()


def test_measuring_here_asks_nobody_for_anything(page: Page, files: Path, watch: Watch):
    open_file_way(page)
    expect(page.locator("#audio-heading")).to_be_visible()
    page.wait_for_load_state("networkidle")
    before = len(watch.requests)
    choose(page, files / "track.wav")
    ready(page)
    # It is not the page's own thread that listens.
    assert [worker.url.rpartition("/")[2] for worker in page.workers] == ["worker.js"]
    page.context.set_offline(True)
    page.get_by_role("button", name="Measure here").click()
    outcome(page).to_be_focused()
    assert watch.requests[before:] == []
    expect(page.locator("#heard-tempo")).to_have_attribute("aria-valuetext", "104 BPM, measured")
    expect(page.locator("#heard-energy")).to_have_js_property("value", str(round(HEARD["energy"] * 100)))
    expect(page.locator("#heard-energy")).to_have_attribute("aria-valuetext", re.compile(", rough$"))
    expect(page.locator("#heard-valence")).to_have_attribute("aria-valuetext", re.compile("^not known"))
    expect(page.locator(".audio-attribution")).to_contain_text("CC BY 4.0")


@pytest.mark.parametrize("name", ["stereo at 48 kHz.flac", "stereo.mp3"])
def test_other_files_are_measured_as_the_command_line_does(page, files, name):
    """The browser decodes and resamples in its own way, so only nearly."""
    file = hear(files / name, None, lambda *_: None)
    wanted = measure(file.clip.samples, CLIP_RATE, file.loudness_lufs).features
    open_file_way(page)
    choose(page, files / name)
    ready(page)
    assert int(window(page).get_attribute("aria-valuenow") or -1) == pytest.approx(file.start_seconds, abs=1)
    page.get_by_role("button", name="Measure here").click()
    outcome(page).to_be_visible()
    with page.expect_request("**/api/recommendations") as asked:
        page.get_by_role("button", name="Use these").click()
    [seed] = asked.value.post_data_json["seeds"]
    for feature, value in wanted.present().items():
        allowed = {"loudness": 0.2, "tempo": 0.2}.get(feature, 0.03)
        assert seed["features"][feature] == pytest.approx(value, abs=allowed), feature


def test_answers_and_corrections_make_the_list(with_track):
    page = with_track
    page.get_by_role("button", name="Measure here").click()
    outcome(page).to_be_visible()
    page.get_by_label("Yes", exact=True).check()
    expect(page.locator("#heard-instrumentalness")).to_have_attribute("aria-valuetext", "with vocals, by hand")
    page.get_by_label("about 52 BPM").check()
    expect(page.locator("#heard-tempo")).to_have_attribute("aria-valuetext", "52 BPM, measured")
    page.get_by_label("Exactly").fill("5000")
    page.get_by_label("Exactly").press("Enter")
    expect(page.locator("#audio-bpm-error")).to_be_visible()
    page.get_by_label("Exactly").fill("103,5")
    page.get_by_label("Exactly").press("Enter")
    expect(page.locator("#audio-bpm-error")).to_be_hidden()
    expect(page.locator("#heard-tempo")).to_have_attribute("aria-valuetext", "104 BPM, by hand")
    energy = page.locator("#heard-energy")
    energy.fill("70")
    expect(energy).to_have_attribute("aria-valuetext", "energetic, by hand")
    energy.fill("90")
    page.get_by_role("button", name="Undo Energy").click()
    expect(energy).to_have_attribute("aria-valuetext", re.compile(", rough$"))
    expect(energy).to_be_focused()
    energy.fill("70")
    with page.expect_request("**/api/recommendations") as asked:
        page.get_by_role("button", name="Use these").click()
    [seed] = asked.value.post_data_json["seeds"]
    assert seed["features_source"] == "measured and given"
    assert sorted(seed["features_by_hand"]) == ["energy", "instrumentalness", "tempo"]
    measured = {name: HEARD[name] for name in ("acousticness", "danceability", "loudness")}
    assert seed["features"] == {**measured, "energy": 0.7, "instrumentalness": 0.0001, "tempo": 103.5}
    assert seed["duration_ms"] == 56_000
    wait_for_list(page)
    expect(rows(page).filter(has_text="Tidal")).to_have_count(1)


def test_nothing_is_sent_without_consent(with_track, watch: Watch):
    page = with_track
    before = len(watch.requests)
    consent = page.get_by_role("checkbox", name=re.compile("I may send this recording"))
    expect(consent).not_to_be_checked()
    expect(page.locator(".audio-consent")).to_contain_text("reccobeats.com")
    expect(page.locator(".audio-consent")).to_contain_text("deleted")
    page.get_by_role("button", name="Send and analyse").click()
    expect(page.locator("#audio-consent-error")).to_be_visible()
    expect(consent).to_be_focused()
    assert watch.requests[before:] == []
    # Consent was given for one file, not for the next.
    consent.check()
    expect(page.locator("#audio-consent-error")).to_be_hidden()


@pytest.mark.parametrize(
    ("is_simulated", "words"), [(True, "and no further"), (False, "to ReccoBeats (reccobeats.com)")]
)
def test_consent_says_where_the_excerpt_goes(open_page: OpenPage, files: Path, is_simulated: bool, words: str):
    def answer(route: Route) -> None:
        config = route.fetch().json()
        route.fulfill(json=config | {"demo": config["demo"] | {"reccobeats": is_simulated}})

    page = open_page(lambda opened: opened.route("**/api/config", answer))
    open_file_way(page)
    choose(page, files / "short.wav")
    ready(page)
    expect(page.locator(".audio-consent")).to_contain_text(words)


def send(page: Page) -> None:
    page.get_by_role("checkbox", name=re.compile("I may send this recording")).check()
    page.get_by_role("button", name="Send and analyse").click()


def test_consent_is_asked_for_every_file(with_track, files):
    page = with_track
    page.get_by_role("checkbox", name=re.compile("I may send this recording")).check()
    choose(page, files / "short.wav")
    expect(page.locator(".audio-track h4")).to_contain_text("short.wav")
    expect(page.get_by_role("checkbox", name=re.compile("I may send this recording"))).not_to_be_checked()


def test_reccobeats_hears_the_excerpt_and_the_list_is_made_from_it(with_track):
    page = with_track
    with page.expect_request(SENDING) as sent:
        send(page)
    assert sent.value.headers["content-type"] == "audio/wav"
    assert len(sent.value.headers["idempotency-key"]) >= 16
    outcome(page).to_be_focused(timeout=60_000)
    for name in ("energy", "valence", "instrumentalness", "tempo"):
        expect(page.locator(f"#heard-{name}")).to_have_attribute("aria-valuetext", re.compile(", heard$"))
    page.locator("#heard-valence").fill("80")
    with page.expect_request("**/api/recommendations") as asked:
        page.get_by_role("button", name="Use these").click()
    [seed] = asked.value.post_data_json["seeds"]
    assert seed["features_source"] == "audio_file and given"
    assert seed["features_by_hand"] == ["valence"]
    assert len(seed["features"]) == 9
    wait_for_list(page)


def job(state: str, **more: object) -> dict[str, Any]:
    empty: dict[str, Any] = {
        "features": None,
        "features_source": None,
        "rough": False,
        "questions": [],
        "notes": [],
        "problem": None,
    }
    return {"id": "A" * 43, "state": state, "expires_at": "2099-01-01T00:00:00Z", **empty, **more}


def answering(*answers: tuple[int, dict[str, Any]] | None) -> Callable[[Route], None]:
    """Give these answers one after the other, and the last one again and again; ``None`` breaks the connection."""
    left, lock = list(answers), threading.Lock()

    def answer(route: Route) -> None:
        with lock:
            given = left.pop(0) if len(left) > 1 else left[0]
        if given is None:
            route.abort()
        else:
            status, body = given
            route.fulfill(status=status, json=body, headers={"retry-after": "0"})

    return answer


TAKEN = (202, {**job("queued"), "status_url": "/api/audio-features/" + "A" * 43})


def test_a_failed_analysis_says_so_and_measuring_here_goes_on(with_short):
    page = with_short
    page.route(SENDING, answering(TAKEN))
    problem = "The file did not arrive completely, so nothing was analysed. Send the file again."
    page.route(ANY_JOB, answering((200, job("analysing")), (200, job("failed", problem=problem))))
    send(page)
    expect(page.locator(".audio .trouble")).to_contain_text(problem)
    page.get_by_role("button", name="Measure here instead").click()
    outcome(page).to_be_focused()
    expect(page.locator(".audio .trouble")).to_have_count(0)


UNSENT: list[tuple[tuple[int, dict[str, Any]] | None, str]] = [
    (None, "cannot be reached"),
    (
        (503, {"code": "upstream_unavailable", "detail": "Our own records are slow at the moment."}),
        "records are slow",
    ),
    ((429, {"code": "cap_reached", "detail": "Your address has sent 10 audio files today."}), "sent 10 audio files"),
    ((422, {"code": "audio_refused", "detail": "The audio is nothing but noise."}), "nothing but noise"),
]


def test_a_file_that_cannot_be_sent_is_still_there_to_be_measured(with_short):
    page = with_short
    page.get_by_role("checkbox", name=re.compile("I may send this recording")).check()
    for answer, words in UNSENT:
        page.route(SENDING, answering(answer), times=1)
        page.get_by_role("button", name="Send and analyse").click()
        expect(page.locator(".audio .trouble")).to_contain_text(words)
        expect(page.get_by_role("button", name="Measure here instead")).to_be_visible()
        expect(page.get_by_role("button", name="Send and analyse")).to_be_enabled()


def test_sending_again_after_a_lost_answer_is_the_same_request(with_short):
    page = with_short
    keys: list[str] = []
    page.on(
        "request", lambda sent: keys.append(sent.headers.get("idempotency-key", "")) if sent.method == "POST" else None
    )
    page.route(SENDING, answering(None, TAKEN))
    page.route(ANY_JOB, answering((200, job("done", features=RESULT, features_source="audio_file"))))
    send(page)
    expect(page.locator(".audio .trouble")).to_be_visible()
    page.get_by_role("button", name="Send and analyse").click()
    outcome(page).to_be_visible()
    assert len(keys) == 2
    assert keys[0] == keys[1]


def test_a_broken_connection_while_waiting_is_waited_out(with_short):
    page = with_short
    page.route(SENDING, answering(TAKEN))
    done = job("done", features=RESULT, features_source="audio_file")
    page.route(ANY_JOB, answering(None, (200, job("queued")), (200, done)))
    send(page)
    expect(page.locator("#audio-progress")).to_contain_text("Trying again")
    outcome(page).to_be_visible()


def test_what_the_service_measured_itself_is_marked_as_rough(with_short):
    page = with_short
    page.route(SENDING, answering(TAKEN))
    features = {"energy": 0.7, "acousticness": 0.2, "danceability": 0.6, "loudness": -9.0, "tempo": 104.0}
    note = "ReccoBeats could not be asked to listen to the file, so Daltonify measured it, which is rough."
    done = job("done", features=features, features_source="measured", rough=True, notes=[note])
    page.route(ANY_JOB, answering((200, done)))
    send(page)
    outcome(page).to_be_visible()
    expect(page.locator(".audio-outcome .note")).to_contain_text(note)
    expect(page.locator("#heard-energy")).to_have_attribute("aria-valuetext", "energetic, rough")


@pytest.fixture
def listening(with_short: Page) -> tuple[Page, dict[str, Any]]:
    """A page whose excerpt is being listened to; what is put into the dictionary is answered from then on."""
    page, said = with_short, {"answer": (200, job("analysing"))}
    page.route(SENDING, answering(TAKEN))
    page.route(ANY_JOB, lambda route: answering(said["answer"])(route))
    send(page)
    expect(page.locator("#audio-progress")).to_contain_text("ReccoBeats is listening")
    return page, said


def test_a_reload_in_the_middle_finds_the_result_although_the_file_is_gone(listening):
    page, said = listening
    page.reload()
    expect(page.locator("#audio-progress")).to_contain_text("ReccoBeats is listening")
    said["answer"] = (200, job("done", features=RESULT, features_source="audio_file"))
    outcome(page).to_be_visible()
    expect(page.locator("#heard-energy")).to_have_attribute("aria-valuetext", "energetic, heard")
    with page.expect_request("**/api/recommendations") as asked:
        page.get_by_role("button", name="Use these").click()
    [seed] = asked.value.post_data_json["seeds"]
    assert (seed["features"], seed["features_source"]) == (RESULT, "audio_file")
    assert seed["duration_ms"] == 12_000
    wait_for_list(page)


def test_a_result_that_is_no_longer_kept_says_to_choose_the_file_again(listening):
    page, said = listening
    page.reload()
    expect(page.locator("#audio-progress")).to_contain_text("ReccoBeats is listening")
    said["answer"] = (404, {"code": "unknown_audio", "detail": "Send the file again."})
    expect(page.locator(".audio .trouble")).to_contain_text("Choose the file again")


def test_waiting_is_cancelled_and_leads_back_to_the_choice(listening):
    page, _ = listening
    page.locator(".audio-progress").get_by_role("button", name="Cancel").click()
    expect(page.locator(".audio-progress")).to_be_hidden()
    expect(page.get_by_role("button", name="Measure here")).to_be_focused()
    page.reload()
    expect(page.locator("#audio-heading")).to_be_visible()
    expect(page.locator(".audio-progress")).to_be_hidden()


def test_another_part_has_to_be_heard_anew_and_what_the_artist_said_stays(with_track):
    page = with_track
    page.get_by_role("button", name="Measure here").click()
    outcome(page).to_be_visible()
    page.get_by_label("No, it is instrumental").check()
    window(page).press("Home")
    outcome(page).to_be_hidden()
    page.get_by_role("button", name="Measure here").click()
    outcome(page).to_be_visible()
    expect(page.get_by_label("No, it is instrumental")).to_be_checked()


REFUSED = {
    "letter.mp3": "It is text",
    "broken.mp3": "browser cannot read this file",
    "too short.wav": "4 seconds",
    "silence.wav": "nothing to be heard",
    "noise.wav": "nothing but noise",
}


def test_what_holds_no_music_is_refused_and_says_what_to_do(page, files):
    open_file_way(page)
    for name, words in REFUSED.items():
        choose(page, files / name)
        expect(page.locator(".audio .trouble")).to_contain_text(words)
        expect(page.get_by_role("button", name="Measure here")).to_be_hidden()
    choose(page, files / "short.wav")
    ready(page)
    expect(page.locator(".audio .trouble")).to_have_count(0)


def test_a_silent_part_of_a_track_is_refused_and_another_one_heard(page, files):
    open_file_way(page)
    choose(page, files / "silent end.wav")
    ready(page)
    window(page).press("End")
    page.get_by_role("button", name="Measure here").click()
    expect(page.locator(".audio .trouble")).to_contain_text("nothing to be heard")
    page.get_by_role("button", name="Back to the loudest part").click()
    expect(page.locator(".audio .trouble")).to_have_count(0)
    page.get_by_role("button", name="Measure here").click()
    outcome(page).to_be_visible()


def test_names_of_files_are_shown_as_text(page, files):
    open_file_way(page)
    drop(page, ".audio-drop", "<img src=x onerror=alert(1)>.wav", (files / "short.wav").read_bytes())
    ready(page)
    expect(page.locator(".audio-track h4")).to_contain_text("<img src=x onerror=alert(1)>.wav")


@pytest.mark.parametrize(
    "view",
    [{"viewport": PHONE, "color_scheme": "dark"}, {"viewport": DESKTOP, "color_scheme": "light"}],
    ids=["phone dark", "desktop light"],
)
def test_no_state_breaks_a_rule_or_scrolls_sideways(open_page: OpenPage, files: Path, view: dict[str, Any]):
    page = open_page(**view)

    def check(state: str) -> None:
        results = Axe().run(page)
        assert results.violations_count == 0, f"{state}: {results.generate_report()}"
        assert page.evaluate("document.documentElement.scrollWidth") <= view["viewport"]["width"], state

    open_file_way(page)
    check("empty")
    choose(page, files / "letter.mp3")
    expect(page.locator(".audio .trouble")).to_be_visible()
    check("refused")
    choose(page, files / "track.wav")
    ready(page)
    page.get_by_role("button", name="Send and analyse").click()
    check("consent missing")
    page.get_by_role("button", name="Measure here").click()
    outcome(page).to_be_visible()
    page.get_by_label("Yes", exact=True).check()
    page.get_by_text("Loudness, speech, live").click()
    check("outcome")


def test_everything_is_reached_with_the_keyboard_alone(page: Page, files: Path):
    open_file_way(page)
    for _ in range(6):
        if page.evaluate("document.activeElement.id") == "audio-file":
            break
        page.keyboard.press("Tab")
    # The label shows the focus of the field that lies unseen under it.
    assert page.evaluate("getComputedStyle(document.querySelector('.audio-choose label')).outlineStyle") == "solid"
    choose(page, files / "track.wav")
    ready(page)
    met = []
    for _ in range(6):
        page.keyboard.press("Tab")
        met.append(
            page.evaluate(
                "(({ ariaLabel, id, textContent }) => ariaLabel || id || textContent)(document.activeElement)"
            )
        )
    way = ["Start of the part that is heard", "Play this part", "Measure here", "audio-consent", "Privacy"]
    assert met == [*way, "Send and analyse"]
    page.get_by_role("button", name="Measure here").press("Enter")
    outcome(page).to_be_focused()
