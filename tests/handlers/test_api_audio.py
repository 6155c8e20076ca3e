"""Sending an audio file and asking what came of it, as the API's callers see it."""

import io
import json
import logging
import re
from dataclasses import replace
from datetime import timedelta
from typing import get_args

import pytest
from api.audio_models import SubmittedAudioAnswer
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shared.observability import logger
from shared.settings import MAX_AUDIO_BYTES

from daltonify_core.audio.clip import read_clip, write_clip
from daltonify_core.catalogue.audio_features import AudioFeatures
from daltonify_core.errors import UpstreamUnavailable
from daltonify_core.ports.audio import AudioJobState
from daltonify_core.use_cases.submit_audio import is_job_id
from tests.fakes.faults import Fault
from tests.handlers.api_client import ApiClient, FixedIndex, check_problem, make_event, make_settings
from tests.log_watch import SECRET_MARK
from tests.recordings import noisy_wav, song_wav
from tests.unit.audio.sounds import chunk, form, riff

PATH = "/api/audio-features"
KEY = "3f0c8a52-6f1d-4c39-9d0e-5b8b1b0c6a77"
MEASURED = AudioFeatures(loudness=-9.1, tempo=120.4, energy=0.61, acousticness=0.22, danceability=0.58)


def send(api, wav=None, content_type="audio/wav", client="203.0.113.7", **headers):
    sent = {"Content-Type": content_type, **{name.replace("_", "-"): value for name, value in headers.items()}}
    return api.send("POST", PATH, body=song_wav() if wav is None else wav, headers=sent, client=client)


def finish(api, job_id, **fields):
    api.audio_jobs.jobs[job_id] = replace(api.audio_jobs.jobs[job_id], **fields)


def test_a_file_is_taken_in_and_it_is_said_where_to_ask(api):
    answer = send(api)
    assert answer.status == 202
    job_id = answer.json["id"]
    assert is_job_id(job_id)
    assert answer.json == {
        "id": job_id,
        "state": "queued",
        "status_url": f"{PATH}/{job_id}",
        "expires_at": "2026-03-01T13:00:00Z",
    }
    assert answer.headers["Location"] == answer.json["status_url"]
    assert answer.headers["Retry-After"] == "3"
    assert answer.headers["Cache-Control"] == "no-store"
    assert api.clips.clips == {job_id: write_clip(read_clip(song_wav()))}
    assert api.queue.messages == [{"job_id": job_id}]


@pytest.mark.parametrize(
    "content_type",
    ["audio/wav", "audio/x-wav", "audio/wave", "audio/vnd.wave", "Audio/WAV", 'audio/wav; codecs="1"'],
)
def test_wav_is_taken_however_it_is_named(api, content_type):
    assert send(api, content_type=content_type).status == 202


@pytest.mark.parametrize(
    "content_type",
    ["", "application/json", "audio/mpeg", "application/octet-stream", "multipart/form-data; boundary=x", "nonsense"],
)
def test_any_other_type_is_refused_with_the_right_one(api, content_type):
    problem = check_problem(send(api, content_type=content_type), 415, "not_wav")
    assert "Content-Type: audio/wav" in problem["detail"]


def test_no_other_route_takes_audio(api):
    answer = api.send("POST", "/api/recommendations", body=song_wav(1)[:1000], headers={"Content-Type": "audio/wav"})
    check_problem(answer, 415, "not_json")


def padded(size: int) -> bytes:
    """The song with a chunk in front that nobody reads, so that the file has this many bytes."""
    rest = len(riff(form(), chunk(b"JUNK", b""))) + len(song_wav()) - 12 - 24
    return riff(form(), chunk(b"JUNK", b"\0" * (size - rest)), song_wav()[36:])


def test_a_file_over_the_limit_is_refused_and_one_at_the_limit_is_read(api):
    largest = padded(MAX_AUDIO_BYTES)
    assert len(largest) == MAX_AUDIO_BYTES
    assert send(api, largest).status == 202
    problem = check_problem(send(api, largest + b"\0"), 413, "body_too_large")
    assert "as mono, and at most 30 seconds" in problem["detail"]
    check_problem(send(api, bytes(6_000_000)), 413, "body_too_large")


@pytest.mark.parametrize("body", [b"", ""], ids=repr)
def test_an_empty_body_is_answered_with_what_to_send(api, body):
    problem = check_problem(send(api, body), 400, "empty_body")
    assert "mono" in problem["detail"]


def test_a_body_that_is_not_the_base64_it_claims_to_be_is_a_problem(api):
    event = make_event("POST", PATH, body=b"x", headers={"Content-Type": "audio/wav"}) | {"body": "%%%"}
    check_problem(api.answer(event), 400, "damaged_body")


@pytest.mark.parametrize(
    ("wav", "words"),
    [
        (b"ID3" + bytes(5000), "MP3"),
        (b"My song goes like this", "WAV"),
        (noisy_wav(), "noise"),
        (song_wav()[:-100_000], "breaks off"),
        (song_wav(4), "too short"),
    ],
    ids=["MP3", "text", "noise", "broken off", "short"],
)
def test_what_cannot_be_used_is_refused_at_once_with_advice(api, wav, words):
    problem = check_problem(send(api, wav), 422, "audio_refused")
    assert words in problem["detail"]
    assert problem["errors"][0]["field"] == "audio"
    assert api.clips.clips == {}
    assert api.audio_jobs.counters == {}


def test_text_in_place_of_bytes_is_refused_with_advice_too(api):
    check_problem(send(api, "RIFF but not really"), 422, "audio_refused")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(
    start=st.integers(0, 60),
    replacement=st.binary(max_size=40),
    end=st.none() | st.integers(0, 3_000),
    content_type=st.sampled_from(["audio/wav", "audio/x-wav", "audio/wav; charset=utf-16", "audio/mpeg"]),
)
def test_no_bytes_ever_make_the_service_fail(api, start, replacement, end, content_type):
    song = song_wav(10)
    damaged = song[:start] + replacement + song[start + len(replacement) : end]
    answer = send(api, damaged, content_type=content_type, client=f"203.0.113.{len(api.audio_jobs.jobs) // 5}")
    assert answer.status in {202, 400, 415, 422, 429}


@pytest.mark.parametrize("key", ["short", "x" * 101, "not ascii ümlaut"])
def test_a_key_of_another_form_is_refused(api, key):
    problem = check_problem(send(api, Idempotency_Key=key), 422, "invalid_query")
    assert problem["errors"][0]["field"] == "Idempotency-Key"


def test_the_same_request_again_is_the_same_job(api):
    first = send(api, Idempotency_Key=KEY)
    assert send(api, Idempotency_Key=KEY).json == first.json
    assert send(api, Idempotency_Key=KEY, client="198.51.100.4").json["id"] != first.json["id"]
    assert send(api).json["id"] != first.json["id"]


def test_a_job_that_is_done_is_answered_as_done_and_needs_no_waiting(api):
    job_id = send(api, Idempotency_Key=KEY).json["id"]
    finish(api, job_id, state=AudioJobState.DONE, features=MEASURED, features_source="measured")
    answer = send(api, Idempotency_Key=KEY)
    assert (answer.status, answer.json["state"]) == (202, "done")
    assert "Retry-After" not in answer.headers


def test_a_client_may_send_as_many_files_a_day_as_the_operator_says(recommender):
    api = ApiClient(FixedIndex(recommender), make_settings(DAILY_AUDIO_FILES_PER_CLIENT="2"))
    assert [send(api).status for _ in range(2)] == [202, 202]
    problem = check_problem(send(api), 429, "cap_reached")
    assert "daltonify analyse" in problem["detail"]
    assert send(api, client="198.51.100.4").status == 202
    assert not [counter for counter, _ in api.audio_jobs.counters if "203.0.113.7" in counter]


def test_a_job_that_has_failed_in_the_meantime_is_answered_as_failed(api):
    job_id = send(api, Idempotency_Key=KEY).json["id"]
    failed = replace(api.audio_jobs.jobs.pop(job_id), state=AudioJobState.FAILED, problem="Send another part.")

    def fail_elsewhere(number):
        api.audio_jobs.faults.after_call = lambda number: None
        api.audio_jobs.jobs[job_id] = failed

    api.audio_jobs.faults.after_call = fail_elsewhere
    answer = send(api, Idempotency_Key=KEY)
    assert (answer.status, answer.json["state"]) == (202, "failed")
    assert "Retry-After" not in answer.headers
    # The published description of the answer must allow it.
    assert "failed" in get_args(SubmittedAudioAnswer.model_fields["state"].annotation)


def test_stores_that_are_slow_are_given_up_before_the_gateway_gives_up(api):
    api.clips.faults.after_call = lambda number: api.clock.advance(20)
    problem = check_problem(send(api), 503, "upstream_unavailable")
    assert "Send the file again" in problem["detail"]
    assert api.queue.messages == []


@pytest.mark.parametrize("step", ["store", "begin", "send"])
def test_a_store_that_is_down_is_said_and_leaves_no_clip(api, step):
    faults = {"store": api.clips, "begin": api.audio_jobs, "send": api.queue}[step].faults
    faults.add(Fault(UpstreamUnavailable("It cannot be reached. Try again in a moment."), method=step))
    problem = check_problem(send(api), 503, "upstream_unavailable")
    assert problem["retry_at"]
    assert api.clips.clips == {}


# ---- Asking ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", [AudioJobState.QUEUED, AudioJobState.ANALYSING])
def test_while_nothing_is_final_it_is_said_when_to_ask_again(api, state):
    url = send(api).json["status_url"]
    finish(api, url.rpartition("/")[2], state=state)
    answer = api.get(url)
    assert answer.status == 200
    assert answer.json["state"] == state
    assert (answer.json["features"], answer.json["questions"], answer.json["problem"]) == (None, [], None)
    assert answer.headers["Retry-After"] == "3"
    assert answer.headers["Cache-Control"] == "no-store"


def test_what_reccobeats_heard_is_no_rough_result_and_asks_nothing(api):
    url = send(api).json["status_url"]
    heard = AudioFeatures(energy=0.7, tempo=118.0)
    finish(
        api, url.rpartition("/")[2], state=AudioJobState.DONE, features=heard, features_source="audio_file",
        notes=("ReccoBeats listened.",),
    )  # fmt: skip
    answer = api.get(url)
    assert answer.json["features"] == {"energy": 0.7, "tempo": 118.0}
    assert (answer.json["features_source"], answer.json["rough"]) == ("audio_file", False)
    assert (answer.json["questions"], answer.json["notes"]) == ([], ["ReccoBeats listened."])
    assert "Retry-After" not in answer.headers


def test_what_was_measured_is_rough_and_asks_for_vocals_and_tempo(api):
    url = send(api).json["status_url"]
    finish(
        api, url.rpartition("/")[2], state=AudioJobState.DONE, features=MEASURED, features_source="measured"
    )  # fmt: skip
    answer = api.get(url).json
    assert (answer["features_source"], answer["rough"]) == ("measured", True)
    vocals, tempo = answer["questions"]
    assert [(one["value"], one["features"]) for one in vocals["options"]] == [
        ("yes", {"instrumentalness": 0.0001}),
        ("no", {"instrumentalness": 0.8}),
    ]
    assert {one["value"]: one["features"] for one in tempo["options"]} == {
        "as_is": {"tempo": 120.4},
        "double": {"tempo": 240.8},
        "half": {"tempo": 60.2},
    }
    # Whole numbers, for more would promise too much.
    assert [re.findall(r"[\d.]+", one["label"]) for one in tempo["options"]] == [["120"], ["241"], ["60"]]


def test_features_go_into_a_seed_as_they_are(api):
    url = send(api).json["status_url"]
    finish(
        api, url.rpartition("/")[2], state=AudioJobState.DONE, features=MEASURED, features_source="measured"
    )  # fmt: skip
    seed = {"title": "Mine", "artists": ["Me"], "features": api.get(url).json["features"], "followers": 800}
    answer = api.post("/api/recommendations", {"seeds": [seed], "genre": "country", "size": 5})
    assert answer.status == 200
    assert len([row for row in answer.json["tracks"] if not row["own"]]) == 5


def test_a_failure_is_told_with_its_advice(api):
    url = send(api).json["status_url"]
    finish(api, url.rpartition("/")[2], state=AudioJobState.FAILED, problem="Send another part.")
    answer = api.get(url)
    assert (answer.status, answer.json["state"], answer.json["problem"]) == (200, "failed", "Send another part.")
    assert "Retry-After" not in answer.headers


def test_a_job_that_nobody_finishes_is_told_as_failed(api):
    url = send(api).json["status_url"]
    finish(
        api, url.rpartition("/")[2], state=AudioJobState.ANALYSING, attempt=1,
        lease_until=api.clock() + timedelta(seconds=90),
    )  # fmt: skip
    api.clock.advance(15 * 60)
    answer = api.get(url).json
    assert answer["state"] == "failed"
    assert "Send the file again" in answer["problem"]


@pytest.mark.parametrize("job_id", ["x" * 43, "x", "-", "x" * 500, "0" * 42 + "_"])
def test_an_unknown_id_is_not_found(api, job_id):
    problem = check_problem(api.get(f"{PATH}/{job_id}"), 404, "unknown_audio")
    assert job_id not in json.dumps(problem)


@pytest.mark.parametrize("job_id", ["a/b", "a b", "ü", "a.b", "%2e", "a\n", '"'])
def test_an_id_that_none_can_be_is_not_found_either(api, job_id):
    check_problem(api.get(f"{PATH}/{job_id}"), 404, "not_found")


def test_an_expired_job_is_not_found(api):
    url = send(api).json["status_url"]
    api.clock.advance(3600)
    check_problem(api.get(url), 404, "unknown_audio")


def test_records_that_cannot_be_reached_are_a_problem_that_passes(api):
    api.audio_jobs.faults.add(Fault(UpstreamUnavailable("Ours cannot be reached. Try again."), method="find"))
    check_problem(api.get(f"{PATH}/{'x' * 43}"), 503, "upstream_unavailable")


def test_a_wrong_method_is_answered_with_the_right_one(api):
    for method, path, right in (("GET", PATH, "POST"), ("DELETE", f"{PATH}/{'x' * 43}", "GET")):
        answer = api.send(method, path)
        check_problem(answer, 405, "method_not_allowed")
        assert answer.headers["Allow"] == right


def test_no_log_line_holds_an_id_or_anything_of_the_file(api, monkeypatch):
    stream = io.StringIO()
    for handler in logger.handlers:
        if isinstance(handler, logging.StreamHandler):
            monkeypatch.setattr(handler, "stream", stream)
    job_id = send(api).json["id"]
    assert job_id.startswith(SECRET_MARK)
    api.get(f"{PATH}/{job_id}")
    api.send("DELETE", f"{PATH}/{job_id}")
    send(api, song_wav()[:-100_000])
    api.clips.faults.add(Fault(UpstreamUnavailable("It is down."), method="store", call=1))
    send(api)
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    routes = [line["route"] for line in lines if line["message"] == "answered"]
    assert routes == [f"POST {PATH}", f"GET {PATH}/{{job_id}}", "unmatched", f"POST {PATH}", f"POST {PATH}"]
    assert SECRET_MARK not in stream.getvalue()
