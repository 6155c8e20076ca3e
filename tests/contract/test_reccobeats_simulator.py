"""The simulated ReccoBeats keeps to what is known of the real one, over real HTTP; adapters are tested against it."""

import io
import json
import threading
import wave
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime

import pytest
import requests

from daltonify_core.catalogue.track import Track
from infra.local.reccobeats_simulator import Fault, FaultKind, ReccoBeatsSimulator, RowsOfTracks, SimulatedRow
from tests.builders import make_features, make_track, track_id
from tests.fakes.set_clock import SetClock

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
AGENT = {"User-Agent": "test/1 (+https://daltonify.example)", "Accept": "application/json"}
TIMEOUT_SECONDS = 30
UNKNOWN = "N" * 22
TWO_RELEASES = "USUG12103683"
FEATURE_FIELDS = {
    "acousticness",
    "danceability",
    "energy",
    "instrumentalness",
    "liveness",
    "loudness",
    "speechiness",
    "tempo",
    "valence",
}


def row(number: int, isrc: str | None = None) -> SimulatedRow:
    return SimulatedRow(
        f"Häuser {number}", ("Band",), make_features(tempo=100.0 + number), ("A" * 22,), isrc=isrc, popularity=number
    )


ROWS = {track_id(number): row(number) for number in range(1, 60)} | {
    track_id(60): row(60, TWO_RELEASES),
    track_id(61): row(61, TWO_RELEASES),
}


@pytest.fixture
def clock() -> SetClock:
    return SetClock(NOW)


@pytest.fixture
def simulator(clock) -> Iterator[ReccoBeatsSimulator]:
    with ReccoBeatsSimulator(ROWS, clock=clock, requests_per_window=20, window_seconds=30) as running:
        yield running


def get(simulator: ReccoBeatsSimulator, path: str, **arguments) -> requests.Response:
    headers = AGENT | arguments.pop("headers", {})
    return requests.get(simulator.api_url + path, headers=headers, timeout=TIMEOUT_SECONDS, **arguments)


def upload(simulator: ReccoBeatsSimulator, content: bytes, field: str = "audioFile") -> requests.Response:
    files = {field: ("clip.wav", content, "audio/wav")}
    url = f"{simulator.api_url}analysis/audio-features"
    return requests.post(url, files=files, headers=AGENT, timeout=TIMEOUT_SECONDS)


def wav(frames: int = 100) -> bytes:
    written = io.BytesIO()
    with wave.open(written, "wb") as file:
        file.setparams((1, 2, 44_100, 0, "NONE", ""))
        file.writeframes(b"\x01\x02" * frames)
    return written.getvalue()


# Shapes


def test_features_come_in_the_observed_shape(simulator):
    answer = get(simulator, f"audio-features?ids={track_id(5)}")
    [shown] = answer.json()["content"]
    assert answer.json().keys() == {"content"}
    assert shown.keys() == FEATURE_FIELDS | {"id", "href", "isrc", "key", "mode"}
    assert shown["href"] == f"https://open.spotify.com/track/{track_id(5)}"
    assert (shown["tempo"], shown["key"], shown["mode"]) == (105.0, 5, 1)


def test_tracks_come_in_the_documented_shape(simulator):
    [shown] = get(simulator, f"track?ids={track_id(5)}").json()["content"]
    assert shown.keys() == {
        "id",
        "trackTitle",
        "artists",
        "durationMs",
        "isrc",
        "ean",
        "upc",
        "href",
        "availableCountries",
        "popularity",
    }
    assert (shown["trackTitle"], shown["popularity"]) == ("Häuser 5", 5)
    [artist] = shown["artists"]
    assert artist.keys() == {"id", "name", "href"}
    assert artist["href"] == f"https://open.spotify.com/artist/{'A' * 22}"


@pytest.mark.parametrize("query", ["ids={},{},{}", "ids={}&ids={}&ids={}", "ids={},{}&ids={}"])
@pytest.mark.parametrize("path", ["audio-features", "track"])
def test_ids_are_taken_in_both_forms_and_unknown_ones_are_simply_absent(simulator, path, query):
    answer = get(simulator, f"{path}?{query.format(track_id(1), UNKNOWN, track_id(2))}")
    assert answer.status_code == 200
    found = {one["href"].rpartition("/")[2] for one in answer.json()["content"]}
    assert found == {track_id(1), track_id(2)}


def test_nothing_known_is_an_empty_list(simulator):
    answer = get(simulator, f"audio-features?ids={UNKNOWN}")
    assert (answer.status_code, answer.json()) == (200, {"content": []})


def test_rows_do_not_come_in_the_order_of_the_question(simulator):
    asked = [track_id(number) for number in range(1, 41)]
    rows = get(simulator, f"audio-features?ids={','.join(asked)}").json()["content"]
    found = [one["href"].rpartition("/")[2] for one in rows]
    assert found != asked
    assert sorted(found) == asked


def test_a_key_that_is_absent_is_minus_one(simulator):
    simulator.add_rows({UNKNOWN: SimulatedRow("A", ("B",), make_features(key=None, mode=None))})
    [shown] = get(simulator, f"audio-features?ids={UNKNOWN}").json()["content"]
    assert (shown["key"], shown["mode"]) == (-1, None)


def test_a_code_finds_every_release_of_a_recording_and_an_id_only_its_own(simulator):
    found = get(simulator, f"track?ids={TWO_RELEASES.lower()}").json()["content"]
    assert {one["href"].rpartition("/")[2] for one in found} == {track_id(60), track_id(61)}
    assert len(get(simulator, f"track?ids={track_id(60)}").json()["content"]) == 1


def test_own_ids_lead_to_one_track_and_foreign_ones_nowhere(simulator):
    [shown] = get(simulator, f"track?ids={track_id(9)}").json()["content"]
    assert get(simulator, f"track/{shown['id']}").json() == shown
    assert get(simulator, f"track/{shown['id']}/audio-features").json()["tempo"] == 109.0
    assert [one["id"] for one in get(simulator, f"audio-features?ids={shown['id']}").json()["content"]] == [shown["id"]]
    # Paths take only ReccoBeats's own.
    for path in (f"track/{track_id(9)}", f"track/{track_id(9)}/audio-features", "track/x"):
        refused = get(simulator, path)
        assert refused.status_code == 404
        assert refused.json().keys() == {"timestamp", "error", "path", "status"}
        assert refused.json()["status"] == 4041


# Refusals


@pytest.mark.parametrize(("path", "about"), [("audio-features", "getAudioFeatures.ids"), ("track", "getTracks.ids")])
def test_more_than_forty_ids_fail_as_a_whole(simulator, path, about):
    for ids in (",".join(track_id(number) for number in range(1, 42)), ""):
        refused = get(simulator, f"{path}?ids={ids}")
        assert refused.status_code == 400
        errors = [{"path": about, "message": "size must be between 1 and 40"}]
        assert refused.json() == {"status": 4004, "errors": errors}


def test_without_ids_the_parameter_is_missing(simulator):
    refused = get(simulator, "audio-features")
    assert (refused.status_code, refused.json()["status"]) == (400, 4001)


def test_a_path_that_does_not_exist_has_a_code_of_its_own(simulator):
    refused = get(simulator, "songs")
    assert (refused.status_code, refused.json()["status"]) == (404, 4042)


@pytest.mark.parametrize("agent", ["Python-urllib/3.13", "python-requests/2.32", "Python/3.13 aiohttp/3.9", ""])
def test_default_names_of_libraries_are_turned_away(simulator, agent):
    refused = get(simulator, f"audio-features?ids={track_id(1)}", headers={"User-Agent": agent})
    assert (refused.status_code, refused.text) == (403, "error code: 1010")


def test_too_many_requests_are_refused_until_the_window_ends(simulator, clock):
    answers = [get(simulator, f"track?ids={track_id(1)}") for _ in range(21)]
    assert [answer.status_code for answer in answers] == [200] * 20 + [429]
    assert answers[-1].headers["Retry-After"] == "30"
    assert answers[-1].json()["status"] == 4291
    clock.advance(29.5)
    assert get(simulator, f"track?ids={track_id(1)}").headers["Retry-After"] == "1"
    clock.advance(0.5)
    assert get(simulator, f"track?ids={track_id(1)}").status_code == 200


def test_the_limit_holds_when_many_ask_at_once(simulator):
    with ThreadPoolExecutor(8) as pool:
        codes = list(pool.map(lambda _: get(simulator, f"track?ids={track_id(1)}").status_code, range(30)))
    assert sorted(codes) == [200] * 20 + [429] * 10


def test_without_a_limit_nobody_is_refused():
    with ReccoBeatsSimulator(ROWS, requests_per_window=None) as simulator:
        assert all(get(simulator, f"track?ids={track_id(1)}").ok for _ in range(130))


# Files


def test_a_file_gets_nine_numbers_and_the_same_ones_again(simulator):
    heard = upload(simulator, wav())
    assert heard.status_code == 200
    assert heard.json().keys() == FEATURE_FIELDS
    assert upload(simulator, wav()).json() == heard.json()
    assert upload(simulator, wav(101)).json() != heard.json()


@pytest.mark.parametrize(
    "content", [b"", b"a letter", b"RIFF and no more", wav(0), b"fLaC" + bytes(100), b"%PDF-1.7", b"\x89PNG\r\n"]
)
def test_what_is_no_audio_of_a_listed_kind_is_refused(simulator, content):
    refused = upload(simulator, content)
    assert refused.status_code == 400
    assert refused.json()["status"] == 4004


def test_a_file_above_five_megabytes_is_refused(simulator):
    assert upload(simulator, wav(2_400_000)).status_code == 200
    assert upload(simulator, wav(2_500_001)).status_code == 413


def test_a_file_under_another_name_is_missing(simulator):
    refused = upload(simulator, wav(), field="file")
    assert (refused.status_code, refused.json()["status"]) == (400, 4001)


def test_what_is_no_form_is_malformed(simulator):
    url = f"{simulator.api_url}analysis/audio-features"
    refused = requests.post(url, data=wav(), headers=AGENT, timeout=TIMEOUT_SECONDS)
    assert (refused.status_code, refused.json()["status"]) == (400, 4002)


def test_an_analyser_of_ones_own_is_listened_to():
    heard: list[bytes] = []

    def analyse(content: bytes) -> Mapping[str, float]:
        heard.append(content)
        if len(content) < 1_000:
            raise ValueError("too short")
        return {"tempo": 99.0}

    with ReccoBeatsSimulator(analyser=analyse) as simulator:
        assert upload(simulator, wav(1_000)).json() == {"tempo": 99.0}
        assert upload(simulator, wav(10)).status_code == 400
    assert heard == [wav(1_000), wav(10)]


# A large catalogue behind it


class ReadOneByOne(Mapping[str, Track]):
    """Tracks of which none exists before it is asked for, and that nobody may walk over."""

    def __getitem__(self, wanted: str) -> Track:
        if not wanted.startswith("0"):
            raise KeyError(wanted)
        return make_track(track_id=wanted, title=f"Song {int(wanted)}", popularity=None)

    def __iter__(self) -> Iterator[str]:
        raise AssertionError("a million tracks were walked over")

    def __len__(self) -> int:
        return 1_000_000


def test_a_catalogue_is_read_by_id_only():
    with ReccoBeatsSimulator(RowsOfTracks(ReadOneByOne())) as simulator:
        asked = f"{track_id(999_999)},{UNKNOWN}"
        [shown] = get(simulator, f"track?ids={asked}").json()["content"]
        assert (shown["trackTitle"], shown["popularity"]) == ("Song 999999", 0)
        assert get(simulator, f"track/{shown['id']}").ok
        assert len(get(simulator, f"audio-features?ids={asked}").json()["content"]) == 1


def test_tracks_that_are_added_are_known_from_then_on(simulator):
    assert get(simulator, f"track?ids={UNKNOWN}").json()["content"] == []
    simulator.add_rows({UNKNOWN: row(7, "GBAYE0000001")})
    assert len(get(simulator, f"track?ids={UNKNOWN}").json()["content"]) == 1
    assert len(get(simulator, "track?ids=GBAYE0000001").json()["content"]) == 1
    assert UNKNOWN not in ROWS
    with pytest.raises(ValueError, match="22 letters"):
        simulator.add_rows({"short": row(1)})


# Records, faults and switches


def test_requests_are_recorded_with_their_ids_and_without_their_files(simulator):
    get(simulator, f"audio-features?ids={track_id(1)},{UNKNOWN}&ids={track_id(2)}")
    upload(simulator, wav())
    asked, sent = simulator.requests
    assert (asked.path, asked.ids, asked.status) == ("/v1/audio-features", (track_id(1), UNKNOWN, track_id(2)), 200)
    assert asked.headers["User-Agent"] == AGENT["User-Agent"]
    assert (sent.method, sent.path, sent.status) == ("POST", "/v1/analysis/audio-features", 200)
    assert sent.body_bytes > len(wav())


def test_a_fault_strikes_what_it_is_meant_for_and_as_often_as_ordered(simulator):
    simulator.add_fault(Fault("server_error", path_pattern="/v1/track$", times=2, after=1))
    codes = [get(simulator, f"track?ids={track_id(1)}").status_code for _ in range(4)]
    assert codes == [200, 500, 500, 200]
    simulator.add_fault(Fault("unavailable", "POST", times=None))
    assert get(simulator, f"track?ids={track_id(1)}").ok
    assert upload(simulator, wav()).status_code == 503
    simulator.clear_faults()
    assert upload(simulator, wav()).ok
    assert [exchange.fault for exchange in simulator.requests if exchange.fault] == [
        "server_error",
        "server_error",
        "unavailable",
    ]


def test_a_rate_limit_on_order_says_when_to_come_back_or_does_not(simulator):
    simulator.add_fault(Fault("rate_limited", retry_after=77))
    assert get(simulator, "track").headers["Retry-After"] == "77"
    simulator.add_fault(Fault("rate_limited", retry_after=""))
    assert "Retry-After" not in get(simulator, "track").headers


def test_answers_are_dated_by_the_simulators_clock(simulator):
    assert get(simulator, f"track?ids={track_id(1)}").headers["Date"] == "Sun, 22 Nov 2026 12:00:00 GMT"


def test_what_hangs_is_recorded_at_once_and_let_go_at_the_end():
    answered = threading.Event()

    def ask(hanging: ReccoBeatsSimulator) -> None:
        with pytest.raises(requests.ConnectionError):
            get(hanging, f"track?ids={track_id(1)}")
        answered.set()

    with ReccoBeatsSimulator(ROWS) as simulator:
        simulator.add_fault(Fault("hang"))
        waiting = threading.Thread(target=ask, args=(simulator,))
        waiting.start()
        while not simulator.requests:
            waiting.join(0.01)
        assert simulator.busy
        assert not answered.is_set()
    waiting.join(TIMEOUT_SECONDS)
    assert answered.is_set()


def test_slow_answers_come_in_the_end(simulator):
    for kind in ("slow", "drip"):
        simulator.add_fault(Fault(kind, seconds=0.001))
        assert len(get(simulator, f"track?ids={track_id(1)}").json()["content"]) == 1


def test_every_fault_leaves_the_simulator_working(simulator):
    # The others never end by themselves.
    kinds = [kind for kind in FaultKind if kind not in (FaultKind.HANG, FaultKind.DRIP_HEAD)]
    for kind in kinds:
        simulator.add_fault(Fault(kind, seconds=0.001))
        with suppress(requests.RequestException):
            get(simulator, f"track?ids={track_id(1)}", allow_redirects=False)
    assert get(simulator, f"track?ids={track_id(1)}").ok
    assert [exchange.fault for exchange in simulator.requests] == [*kinds, None]


def test_faults_can_be_ordered_and_looked_at_over_http(simulator):
    url = simulator.api_url.removesuffix("v1/") + "_simulator/"
    ordered = requests.post(f"{url}faults", json={"kind": "blocked", "times": 3}, timeout=TIMEOUT_SECONDS)
    assert ordered.status_code == 201
    assert get(simulator, f"track?ids={track_id(1)}").status_code == 403
    [shown] = requests.get(f"{url}faults", timeout=TIMEOUT_SECONDS).json()["faults"]
    assert (shown["kind"], shown["left"]) == ("blocked", 2)
    assert requests.delete(f"{url}faults", timeout=TIMEOUT_SECONDS).status_code == 204
    assert get(simulator, f"track?ids={track_id(1)}").ok
    recorded = requests.get(f"{url}requests", timeout=TIMEOUT_SECONDS).json()["requests"]
    assert [(one["ids"], one["fault"]) for one in recorded] == [([track_id(1)], "blocked"), ([track_id(1)], None)]


@pytest.mark.parametrize("body", ["{}", '{"kind": "flood"}', '{"kind": "slow", "seconds": -1}', "[1]", "x"])
def test_what_is_no_fault_is_not_taken(simulator, body):
    url = simulator.api_url.removesuffix("v1/") + "_simulator/faults"
    assert requests.post(url, data=body, timeout=TIMEOUT_SECONDS).status_code == 400
    assert json.loads(requests.get(url, timeout=TIMEOUT_SECONDS).content) == {"faults": []}
