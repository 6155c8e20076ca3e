"""What every feature service promises, the fake and ReccoBeats's adapter alike; then all that ReccoBeats may do wrong.

The adapter speaks with the simulator, and with a scripted server where answers are needed that the simulator never
gives.
"""

import io
import json
import socket
import ssl
import threading
import wave
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

import hypothesis
import hypothesis.strategies as st
import pytest
from werkzeug.wrappers import Request, Response

from daltonify_core.adapters.reccobeats import MAX_UPLOAD_BYTES, ReccoBeatsService
from daltonify_core.catalogue.audio_features import CONTINUOUS_FEATURES, FEATURE_NAMES, FEATURE_RANGES, AudioFeatures
from daltonify_core.errors import (
    AudioRefused,
    UpstreamError,
    UpstreamRateLimited,
    UpstreamRefused,
    UpstreamUnavailable,
)
from daltonify_core.ports.look_ups import FEATURE_BATCH, FeatureService, IdentitySource, TrackIdentity
from infra.local.loopback_server import LoopbackServer
from infra.local.reccobeats_simulator import Fault, ReccoBeatsSimulator, SimulatedRow
from tests.builders import make_features, track_id
from tests.contract.throwaway_certificate import make_certificate
from tests.fakes.memory_feature_service import MemoryFeatureService
from tests.fakes.set_clock import SetClock

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
UNKNOWN = "N" * 22
ARTIST_ID = "A" * 22


def row(number: int) -> SimulatedRow:
    features = make_features(tempo=100.0 + number, energy=number / 200, time_signature=None)
    return SimulatedRow(
        f"Song {number}",
        ("Band", "Guest"),
        features,
        (ARTIST_ID, "B" * 22),
        duration_ms=180_000 + number,
        isrc=f"DEXX1{number:07}",
        popularity=number % 101,
    )


ROWS = {track_id(number): row(number) for number in range(1, 101)}


def wav(seconds: float = 1.0) -> bytes:
    written = io.BytesIO()
    with wave.open(written, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(44_100)
        file.writeframes(b"\x10\x20" * int(44_100 * seconds))
    return written.getvalue()


@dataclass
class ReccoBeats:
    """A simulator of its own and adapters on it; one that is not ``patient`` gives up soon."""

    simulator: ReccoBeatsSimulator
    service: ReccoBeatsService
    hasty: ReccoBeatsService

    def fails(self, kind: str, **order: Any) -> None:
        self.simulator.add_fault(Fault(kind, **order))


def patient(api_url: str) -> ReccoBeatsService:
    """Waits so long that a busy machine never decides a test."""
    return ReccoBeatsService(api_url, 30, 30, 30, user_agent="Daltonify/0 (+https://daltonify.example)")


@pytest.fixture
def reccobeats() -> Iterator[ReccoBeats]:
    with ReccoBeatsSimulator(ROWS, clock=SetClock(NOW)) as simulator:
        url = simulator.api_url
        yield ReccoBeats(simulator, patient(url), ReccoBeatsService(url, 0.2, 0.3, 0.3))


@dataclass
class Scripted:
    """Answers every request alike, and keeps what was asked."""

    answer: Callable[[Request], Response] = lambda request: Response(b"{}")
    headers: list[Mapping[str, str]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)

    def __call__(self, request: Request) -> Response:
        self.headers.append(dict(request.headers))
        self.paths.append(request.full_path)
        self.bodies.append(request.get_data())
        return self.answer(request)

    def says(self, body: bytes | object, status: int = 200, **headers: str) -> None:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.answer = lambda request: Response(content, status, named, content_type="application/json")


@pytest.fixture(scope="module")
def scripted_server() -> Iterator[tuple[Scripted, ReccoBeatsService]]:
    script = Scripted()
    server = LoopbackServer(script, 0)
    server.start()
    yield script, patient(f"{server.url}/v1/")
    server.stop()


@pytest.fixture
def scripted(scripted_server) -> tuple[Scripted, ReccoBeatsService]:
    script, service = scripted_server
    script.says({})
    for kept in (script.headers, script.paths, script.bodies):
        kept.clear()
    return script, service


# Promises of every feature service


def in_memory() -> MemoryFeatureService:
    service = MemoryFeatureService()
    for one, known in ROWS.items():
        service.add(one, known.features, known.title, known.artists)
    return service


@pytest.fixture(params=["memory", "reccobeats"])
def any_service(request) -> FeatureService:
    if request.param == "memory":
        return in_memory()
    service: FeatureService = request.getfixturevalue("reccobeats").service
    return service


def test_features_and_names_belong_to_the_ids_that_were_asked_for(any_service):
    asked = [track_id(number) for number in (40, 3, 17, 99, 1)]
    assert any_service.features(asked) == {one: ROWS[one].features for one in asked}
    identities = any_service.identities(asked)
    assert {one: identities[one].title for one in asked} == {one: ROWS[one].title for one in asked}
    assert {identity.source for identity in identities.values()} == {IdentitySource.RECCOBEATS}


def test_a_track_that_is_not_known_is_absent(any_service):
    assert any_service.features([UNKNOWN, track_id(1)]).keys() == {track_id(1)}
    assert any_service.identities([UNKNOWN]) == {}


def test_forty_tracks_are_the_most(any_service):
    ids = [track_id(number) for number in range(1, FEATURE_BATCH + 2)]
    assert any_service.features(ids[:FEATURE_BATCH]).keys() == set(ids[:FEATURE_BATCH])
    with pytest.raises(ValueError, match="41"):
        any_service.features(ids)
    with pytest.raises(ValueError, match="41"):
        any_service.identities(ids)


def test_a_file_gets_all_continuous_features_and_no_key(any_service):
    heard = any_service.analyse(wav())
    assert heard.present().keys() == set(CONTINUOUS_FEATURES)


# What is asked


def test_one_request_asks_for_the_whole_batch(reccobeats):
    asked = [track_id(number) for number in range(1, 41)]
    reccobeats.service.features(asked)
    [exchange] = reccobeats.simulator.requests
    assert (exchange.method, exchange.path, exchange.ids) == ("GET", "/v1/audio-features", tuple(asked))


def test_requests_say_who_asks_and_what_for(reccobeats):
    reccobeats.service.features([track_id(1)])
    headers = reccobeats.simulator.requests[0].headers
    assert headers["User-Agent"] == "Daltonify/0 (+https://daltonify.example)"
    assert headers["Accept"] == "application/json"


@pytest.mark.parametrize("ids", [[], ["no id"], ["a,b"], ["4HJ7mSMtHAdU55lLjGE4z&"]])
def test_nobody_is_asked_about_what_can_not_be_known(reccobeats, ids):
    assert reccobeats.service.features(ids) == {}
    assert reccobeats.simulator.requests == []


def test_an_id_that_is_given_twice_is_asked_for_once(reccobeats):
    assert reccobeats.service.identities([track_id(1)] * 3).keys() == {track_id(1)}
    assert reccobeats.simulator.requests[0].ids == (track_id(1),)


def test_neither_proxies_nor_netrc_of_the_machine_take_part(scripted, monkeypatch, tmp_path):
    script, service = scripted
    script.says({"content": []})
    netrc = tmp_path / "netrc"
    netrc.write_text("default login somebody password NEVERLOGME-netrc\n")
    monkeypatch.setenv("NETRC", str(netrc))
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    assert service.features([track_id(1)]) == {}
    assert "Authorization" not in script.headers[0]


# What is read


def test_identities_hold_all_that_reccobeats_knows(reccobeats):
    assert reccobeats.service.identities([track_id(7)])[track_id(7)] == TrackIdentity(
        track_id=track_id(7),
        title="Song 7",
        artists=("Band", "Guest"),
        source=IdentitySource.RECCOBEATS,
        artist_ids=(ARTIST_ID, "B" * 22),
        duration_ms=180_007,
        isrc="DEXX10000007",
        popularity=7,
    )


def test_a_key_that_was_not_detected_is_absent(reccobeats):
    reccobeats.simulator.add_rows({UNKNOWN: replace(row(1), features=make_features(key=None, mode=None))})
    found = reccobeats.service.features([UNKNOWN])[UNKNOWN]
    assert found.key is None
    assert found.mode is None
    assert not found.missing()


@pytest.mark.parametrize("kind", ["reversed", "twins"])
def test_neither_order_nor_rows_of_the_same_recording_mislabel_a_track(reccobeats, kind):
    asked = [track_id(number) for number in (5, 60, 7, 31)]
    reccobeats.fails(kind, times=None)
    assert reccobeats.service.features(asked) == {one: ROWS[one].features for one in asked}
    popularity = {one: found.popularity for one, found in reccobeats.service.identities(asked).items()}
    assert popularity == {one: ROWS[one].popularity for one in asked}


def test_rows_of_nothing_but_nonsense_are_a_fault_and_not_unknown_tracks(reccobeats):
    """What is unknown is remembered for weeks."""
    reccobeats.fails("wrong_types", times=None)
    for ask in (reccobeats.service.features, reccobeats.service.identities):
        with pytest.raises(UpstreamUnavailable, match="cannot be read"):
            ask([track_id(1)])


@pytest.mark.parametrize("spoiled", [{}, {"energy": "0.5"}, {"key": 3, "energy": 7}, {"content": {"energy": 0.5}}])
def test_one_row_without_a_readable_number_spoils_its_batch(scripted, spoiled):
    script, service = scripted
    hrefs = [f"https://open.spotify.com/track/{track_id(number)}" for number in (1, 2)]
    script.says({"content": [{"href": hrefs[0], "energy": 0.5}, {"href": hrefs[1], **spoiled}]})
    with pytest.raises(UpstreamUnavailable):
        service.features([track_id(1), track_id(2)])


def test_a_row_that_says_that_nothing_is_known_is_an_unknown_track(scripted):
    script, service = scripted
    href = f"https://open.spotify.com/track/{track_id(1)}"
    script.says({"content": [{"href": href, "key": -1, **dict.fromkeys(CONTINUOUS_FEATURES)}]})
    assert service.features([track_id(1)]) == {}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("key", -1),
        ("key", 3.5),
        ("mode", 2),
        ("loudness", -300),
        ("tempo", 0),
        ("energy", 1.01),
        ("energy", True),
        ("valence", "0.5"),
        ("valence", None),
        ("liveness", []),
        ("speechiness", 10**400),
        ("acousticness", float("nan")),
        ("danceability", float("inf")),
    ],
)
def test_an_impossible_value_is_dropped_and_not_its_row(scripted, name, value):
    script, service = scripted
    sound = make_features(time_signature=None).present()
    script.says({"content": [{"href": f"https://open.spotify.com/track/{track_id(1)}", **sound, name: value}]})
    expected = AudioFeatures.from_mapping({other: kept for other, kept in sound.items() if other != name})
    assert service.features([track_id(1)]) == {track_id(1): expected}


@pytest.mark.parametrize(
    "href",
    [
        None,
        7,
        "",
        "https://open.spotify.com/track/",
        f"https://open.spotify.com/track/{UNKNOWN}",
        f"https://open.spotify.com/track/{track_id(1)}/more",
        "http://[broken",
    ],
)
def test_a_row_that_does_not_name_the_track_is_nobodys(scripted, href):
    script, service = scripted
    script.says({"content": [{"href": href, "trackTitle": "A", "energy": 0.5}, None, 3, {"energy": 0.1}]})
    assert service.features([track_id(1)]) == {}
    assert service.identities([track_id(1)]) == {}


@pytest.mark.parametrize("tail", ["", "/", "?si=1", "#a"])
def test_the_track_is_the_last_part_of_the_path(scripted, tail):
    script, service = scripted
    script.says({"content": [{"href": f"https://open.spotify.com/intl-de/track/{track_id(1)}{tail}", "energy": 0.5}]})
    assert service.features([track_id(1)]) == {track_id(1): AudioFeatures(energy=0.5)}


def test_the_first_of_two_rows_of_one_track_counts(scripted):
    script, service = scripted
    href = f"https://open.spotify.com/track/{track_id(1)}"
    script.says({"content": [{"href": href}, {"href": href, "energy": 0.5}, {"href": href, "energy": 0.9}]})
    assert service.features([track_id(1)]) == {track_id(1): AudioFeatures(energy=0.5)}


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"artists": None}, {"artists": (), "artist_ids": ()}),
        (
            {"artists": [{"name": f"{number:0400}"} for number in range(400)]},
            {"artists": tuple(f"{number:0400}" for number in range(50)), "artist_ids": ()},
        ),
        ({"artists": [{"name": "One"}, "Two", {"name": " "}]}, {"artists": ("One",), "artist_ids": ()}),
        ({"popularity": 101}, {"popularity": None}),
        ({"popularity": 55.0}, {"popularity": 55}),
        ({"popularity": True}, {"popularity": None}),
        ({"durationMs": -5}, {"duration_ms": None}),
        ({"durationMs": 1e30}, {"duration_ms": None}),
        ({"isrc": "not one"}, {"isrc": None}),
        ({"trackTitle": " Two\n lines "}, {"title": "Two lines"}),
    ],
)
def test_every_part_of_an_identity_is_optional_but_its_title(scripted, changed, expected):
    script, service = scripted
    whole = {
        "href": f"https://open.spotify.com/track/{track_id(1)}",
        "trackTitle": "Song",
        "artists": [{"name": "Band", "href": f"https://open.spotify.com/artist/{ARTIST_ID}"}],
        "durationMs": 200_000,
        "isrc": "USUG12103683",
        "popularity": 44,
    }
    script.says({"content": [whole | changed]})
    known = TrackIdentity(
        track_id(1), "Song", ("Band",), IdentitySource.RECCOBEATS, (ARTIST_ID,), None, None, None, 200_000, None
    )
    known = replace(known, isrc="USUG12103683", popularity=44)
    assert service.identities([track_id(1)]) == {track_id(1): replace(known, **expected)}


@pytest.mark.parametrize("title", [None, "", " \t", "x" * 1001, "half a \ud800 pair", "bell\x07"])
def test_a_row_without_a_name_that_can_be_shown_is_left_out(scripted, title):
    script, service = scripted
    script.says({"content": [{"href": f"https://open.spotify.com/track/{track_id(1)}", "trackTitle": title}]})
    assert service.identities([track_id(1)]) == {}


@pytest.mark.parametrize("spoiled", [{}, {"trackTitle": 7}, {"trackTitle": ["Song"]}, {"title": "Song"}])
def test_a_row_whose_title_is_no_text_is_a_fault(scripted, spoiled):
    script, service = scripted
    script.says({"content": [{"href": f"https://open.spotify.com/track/{track_id(1)}", **spoiled}]})
    with pytest.raises(UpstreamUnavailable):
        service.identities([track_id(1)])


# Files


def test_the_file_arrives_as_it_is_in_the_field_that_reccobeats_reads(scripted):
    script, service = scripted
    script.says({"energy": 0.5, "key": 4, "mode": 1, "id": "x"})
    clip = wav(0.1)
    kept: list[tuple[str | None, bytes]] = []

    def answer(request: Request) -> Response:
        part = request.files["audioFile"]
        kept.append((part.content_type, part.read()))
        return Response(b'{"energy": 0.5, "key": 4, "mode": 1}')

    script.answer = answer
    # Key and mode are not what an upload is answered with, so such numbers are not to be trusted.
    assert service.analyse(clip) == AudioFeatures(energy=0.5)
    assert kept == [("audio/wav", clip)]


def test_thirty_seconds_are_small_enough(reccobeats):
    clip = wav(30)
    assert not reccobeats.service.analyse(clip).missing()
    assert reccobeats.simulator.requests[0].body_bytes > len(clip)


def test_a_file_that_reccobeats_would_not_take_is_not_even_sent(reccobeats):
    with pytest.raises(AudioRefused, match="5 MB"):
        reccobeats.service.analyse(b"\0" * MAX_UPLOAD_BYTES)
    assert reccobeats.simulator.requests == []


def test_a_file_that_is_no_audio_is_refused_with_advice(reccobeats):
    with pytest.raises(AudioRefused, match="another part of the track"):
        reccobeats.service.analyse(b"this is a letter, not a song")


@pytest.mark.parametrize("status", [400, 413, 415, 422])
def test_whatever_reccobeats_has_against_a_file_is_the_files_fault(scripted, status):
    script, service = scripted
    script.says({"status": 4004, "errors": [{"path": "x", "message": "NEVERLOGME-message"}]}, status)
    with pytest.raises(AudioRefused) as caught:
        service.analyse(wav(0.1))
    assert "NEVERLOGME" not in caught.value.message


@pytest.mark.parametrize("answer", [{}, [], None, {"energy": 7}, {"content": [{"energy": 0.5}]}])
def test_an_analysis_without_a_single_number_is_a_failure_of_the_service(scripted, answer):
    script, service = scripted
    script.says(answer)
    with pytest.raises(UpstreamUnavailable):
        service.analyse(wav(0.1))


def test_a_file_is_sent_once_whatever_happens(reccobeats):
    for kind in ("dropped", "server_error", "dropped_halfway"):
        reccobeats.fails(kind)
        with pytest.raises(UpstreamUnavailable):
            reccobeats.service.analyse(wav(0.1))
    assert len(reccobeats.simulator.requests) == 3


def test_a_refusal_that_comes_before_the_whole_file_was_sent_is_heard():
    def refuse_early(accepted: socket.socket) -> None:
        accepted.recv(100)
        accepted.sendall(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        # Closed with most of the file unread, the connection is reset, and sending on fails.

    with raw_server(refuse_early) as port, pytest.raises(AudioRefused):
        patient(f"http://127.0.0.1:{port}/v1/").analyse(wav(55))  # more than the system takes in advance


# When ReccoBeats fails


def ask_for_features(service: FeatureService) -> object:
    return service.features([track_id(1)])


def ask_for_identities(service: FeatureService) -> object:
    return service.identities([track_id(1)])


def ask_for_analysis(service: FeatureService) -> object:
    return service.analyse(wav(0.1))


CALLS = pytest.mark.parametrize("call", [ask_for_features, ask_for_identities, ask_for_analysis])


@CALLS
@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("rate_limited", UpstreamRateLimited),
        ("rate_limited_in_words", UpstreamRateLimited),
        ("blocked", UpstreamRefused),
        ("redirect", UpstreamRefused),
        ("server_error", UpstreamUnavailable),
        ("unavailable", UpstreamUnavailable),
        ("empty_200", UpstreamUnavailable),
        ("not_json_200", UpstreamUnavailable),
        ("nonsense", UpstreamUnavailable),
        ("huge", UpstreamUnavailable),
        ("truncated", UpstreamUnavailable),
        ("dropped_halfway", UpstreamUnavailable),
        ("dropped", UpstreamUnavailable),
    ],
)
def test_every_fault_becomes_an_error_of_the_port(reccobeats, call, kind, error):
    reccobeats.fails(kind, times=None)
    with pytest.raises(UpstreamError) as caught:
        call(reccobeats.service)
    assert type(caught.value) is error
    assert "ReccoBeats" in caught.value.message
    reccobeats.simulator.clear_faults()
    assert call(reccobeats.service)


@CALLS
@pytest.mark.parametrize("kind", ["hang", "slow", "drip", "drip_head"])
def test_nobody_holds_us_longer_than_we_wait(reccobeats, call, kind):
    # None of these ends by itself within a test's patience, or it ends well; only a bound on the whole call fails it.
    reccobeats.fails(kind, seconds=1_000 if kind == "slow" else 0.05, times=None)
    with pytest.raises(UpstreamUnavailable):
        call(reccobeats.hasty)


@pytest.mark.parametrize("kind", ["drip", "drip_head", "hang"])
def test_a_look_up_that_ran_out_of_time_is_not_repeated_and_leaves_nothing_behind(reccobeats, kind):
    reccobeats.fails(kind, seconds=0.05, times=None)
    with pytest.raises(UpstreamUnavailable):
        reccobeats.hasty.features([track_id(1)])
    for thread in threading.enumerate():
        if thread.name == "reccobeats":
            thread.join(30)
            assert not thread.is_alive()
    assert len(reccobeats.simulator.requests) <= 1  # none, when even the connection took too long


@pytest.mark.parametrize("kind", ["dropped", "dropped_halfway"])
@pytest.mark.parametrize("call", [ask_for_features, ask_for_identities])
def test_a_look_up_whose_connection_breaks_is_repeated_once(reccobeats, call, kind):
    reccobeats.fails(kind)
    assert call(reccobeats.service)
    assert len(reccobeats.simulator.requests) == 2
    reccobeats.fails(kind, times=2)
    with pytest.raises(UpstreamUnavailable):
        call(reccobeats.service)
    assert len(reccobeats.simulator.requests) == 4


@pytest.mark.parametrize("kind", ["server_error", "rate_limited", "blocked", "not_json_200"])
def test_an_answer_is_an_answer_and_not_asked_for_again(reccobeats, kind):
    reccobeats.fails(kind)
    with pytest.raises(UpstreamError):
        reccobeats.service.features([track_id(1)])
    assert len(reccobeats.simulator.requests) == 1


def test_a_redirect_is_not_followed(scripted):
    script, service = scripted
    script.answer = lambda request: Response(status=302, headers={"Location": "/v1/elsewhere"})
    with pytest.raises(UpstreamRefused):
        service.features([track_id(1)])
    assert len(script.paths) == 1


def test_a_block_tells_the_operator_what_to_do(reccobeats):
    reccobeats.fails("blocked")
    with pytest.raises(UpstreamRefused, match="User-Agent") as caught:
        reccobeats.service.features([track_id(1)])
    assert caught.value.status == 403


def test_a_library_that_does_not_say_its_name_is_blocked(reccobeats):
    nameless = ReccoBeatsService(reccobeats.simulator.api_url, 30, 30, user_agent="Python-urllib/3.13")
    with pytest.raises(UpstreamRefused, match="User-Agent"):
        nameless.features([track_id(1)])


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7),
        (" 7 ", 7),
        ("1.2", 2),
        ("0", 1),
        ("-3", 5),
        ("soon", 5),
        ("", 5),
        ("9" * 60, 24 * 3600),
        (format_datetime(NOW.replace(minute=2), usegmt=True), 120),
        (format_datetime(NOW.replace(hour=11), usegmt=True), 1),
        ("Sun, 99 Nov 2026 12:00:00 GMT", 5),
        ("Sun, 22 Nov 2026 12:00:00", 5),  # without a zone
    ],
)
def test_the_pause_that_reccobeats_asks_for_is_handed_on(reccobeats, header, seconds):
    reccobeats.fails("rate_limited", retry_after=header)
    with pytest.raises(UpstreamRateLimited) as caught:
        reccobeats.service.features([track_id(1)])
    assert caught.value.retry_after_seconds == seconds
    assert not caught.value.quota


def test_a_pause_that_stands_in_the_body_is_understood(reccobeats):
    reccobeats.fails("rate_limited_in_words", retry_after=33)
    with pytest.raises(UpstreamRateLimited) as caught:
        reccobeats.service.analyse(wav(0.1))
    assert caught.value.retry_after_seconds == 33


@CALLS
def test_the_code_of_a_rate_limit_counts_whatever_the_status(scripted, call):
    script, service = scripted
    script.says({"status": 4291, "error": "slow down"}, 400, Retry_After="4")
    with pytest.raises(UpstreamRateLimited) as caught:
        call(service)
    assert caught.value.retry_after_seconds == 4


@pytest.mark.parametrize("call", [ask_for_features, ask_for_identities])
def test_not_found_without_doubt_is_a_track_that_is_not_known(scripted, call):
    script, service = scripted
    script.says({"timestamp": "x", "error": "Track not found", "path": "uri=/v1/track", "status": 4041}, 404)
    assert call(service) == {}


@CALLS
def test_a_path_that_does_not_exist_is_no_unknown_track(scripted, call):
    script, service = scripted
    script.says({"error": "no such path", "status": 4042}, 404)
    with pytest.raises(UpstreamRefused):
        call(service)


@pytest.mark.parametrize("call", [ask_for_features, ask_for_identities])
def test_what_reccobeats_says_is_not_repeated(scripted, call):
    script, service = scripted
    for status in (400, 401, 403, 404, 409, 429, 500):
        script.says({"status": status, "error": "NEVERLOGME-words"}, status)
        with pytest.raises(UpstreamError) as caught:
            call(service)
        assert "NEVERLOGME" not in caught.value.message


def test_nobody_there_is_unavailable():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(UpstreamUnavailable):
        patient(f"http://127.0.0.1:{port}/v1/").features([track_id(1)])


@pytest.mark.parametrize(
    "sent",
    [
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"HTTP/1.1 abc\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 500 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100_000,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\nabcde",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\nContent-Encoding: gzip\r\n\r\nnot gzip!",
        b"HTTP/1.1 999 Odd\r\n\r\n",
        b"",
    ],
)
def test_what_is_no_http_is_unavailable(sent):
    def answer(accepted: socket.socket) -> None:
        accepted.recv(1 << 16)
        accepted.sendall(sent)

    with raw_server(answer) as port, pytest.raises(UpstreamUnavailable):
        patient(f"http://127.0.0.1:{port}/v1/").features([track_id(1)])


def test_a_certificate_that_nobody_trusts_is_not_spoken_to_and_a_trusted_one_is(tmp_path, monkeypatch):
    both, authority = make_certificate(tmp_path, "localhost")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(both)

    def answer(accepted: socket.socket) -> None:
        with context.wrap_socket(accepted, server_side=True) as secured:
            secured.recv(1 << 16)
            secured.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\n{"content":[]}')

    with raw_server(answer) as port:
        url = f"https://localhost:{port}/v1/"
        with pytest.raises(UpstreamUnavailable):
            patient(url).features([track_id(1)])
        monkeypatch.setenv("SSL_CERT_FILE", str(authority))
        assert patient(url).features([track_id(1)]) == {}


def test_threads_may_share_a_service(reccobeats):
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda number: reccobeats.service.features([track_id(number)]), range(1, 41)))
    assert found == [{track_id(number): ROWS[track_id(number)].features} for number in range(1, 41)]


# Nonsense of every kind

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(min_value=10**300, max_value=10**320),
    st.floats(),
    st.text(max_size=30),
    st.sampled_from([track_id(1), f"https://open.spotify.com/track/{track_id(1)}", "http://[", "\ud800"]),
)
NAMES = st.sampled_from([*FEATURE_NAMES, "href", "trackTitle", "artists", "name", "durationMs", "popularity", "isrc"])
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES | st.text(max_size=8), inner, max_size=6),
    max_leaves=20,
)
HREF = st.just(f"https://open.spotify.com/track/{track_id(1)}")
ROW = st.dictionaries(NAMES, ANYTHING, max_size=12).flatmap(
    lambda found: st.fixed_dictionaries({"href": HREF | SCALARS}).map(lambda href: found | href)
)
ANSWERS = st.one_of(
    ANYTHING,
    st.fixed_dictionaries({"content": st.lists(ROW | ANYTHING, max_size=5)}),
    st.fixed_dictionaries({"status": SCALARS, "error": ANYTHING, "errors": ANYTHING}),
    ROW,
)
NO_FIXTURE_RESET = [hypothesis.HealthCheck.function_scoped_fixture]


def everything_it_tells(service: FeatureService) -> list[AudioFeatures]:
    """What the three calls give, none of which may raise anything but the errors of the port."""
    told: list[AudioFeatures] = []
    with suppress(UpstreamError):
        found = service.features([track_id(1), track_id(2)])
        assert found.keys() <= {track_id(1), track_id(2)}
        told.extend(found.values())
    with suppress(UpstreamError):
        for one, identity in service.identities([track_id(1), track_id(2)]).items():
            assert identity.track_id == one
            assert identity.title.encode()
            assert len(identity.artist_ids) in (0, len(identity.artists))
    with suppress(UpstreamError, AudioRefused):
        told.append(service.analyse(b"RIFF"))
    return told


@hypothesis.settings(max_examples=150, suppress_health_check=NO_FIXTURE_RESET)
@hypothesis.given(answer=ANSWERS, status=st.sampled_from([200, 200, 200, 201, 400, 403, 404, 429, 500]))
def test_no_json_brings_forth_anything_but_features_or_the_ports_errors(scripted, answer, status):
    script, service = scripted
    script.says(answer, status)
    for features in everything_it_tells(service):
        for name, value in features.present().items():
            low, high = FEATURE_RANGES[name]
            assert low <= value <= high


@hypothesis.settings(max_examples=60, suppress_health_check=NO_FIXTURE_RESET)
@hypothesis.given(
    body=st.one_of(
        st.binary(max_size=200),
        st.text(max_size=50).map(lambda text: text.encode("utf-16", "surrogatepass")),
        st.integers(1, 200_000).map(lambda depth: b"[" * depth),
        st.integers(1, 50_000).map(lambda depth: b'{"content":' * depth + b"1" + b"}" * depth),
        st.integers(1, 20_000).map(lambda digits: b'{"content":[{"energy":' + b"1" * digits + b"}]}"),
    ),
    status=st.sampled_from([200, 400, 403, 404, 429, 500]),
    retry_after=st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=40),
)
def test_no_bytes_bring_forth_anything_but_the_ports_errors(scripted, body, status, retry_after):
    script, service = scripted
    script.says(body, status, Retry_After=retry_after)
    everything_it_tells(service)


# Servers that speak in bytes


class raw_server:  # noqa: N801 - used as a function
    """Hands every connection to ``answer``, one at a time, then closes it; the context's value is the port."""

    def __init__(self, answer: Callable[[socket.socket], None]) -> None:
        self._answer = answer
        self._listener = socket.create_server(("127.0.0.1", 0))
        # Small, so that a large request is not taken in whole before anybody reads it.
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> int:
        self._thread.start()
        port: int = self._listener.getsockname()[1]
        return port

    def __exit__(self, *_: object) -> None:
        # Wakes the thread, which closing alone would not.
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join(30)
        self._listener.close()

    def _serve(self) -> None:
        while True:
            try:
                accepted, _ = self._listener.accept()
            except OSError:
                return
            with accepted, suppress(OSError):
                self._answer(accepted)
