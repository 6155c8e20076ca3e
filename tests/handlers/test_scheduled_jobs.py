"""Scheduled jobs as Lambda runs them: an event in; shards, log lines and metrics out."""

import io
import json
import logging
import os
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from scheduled_jobs import wiring
from scheduled_jobs.handler import handler
from shared import aws as clients
from shared.observability import logger
from shared.settings import InvalidSettings

from daltonify_core.adapters.s3_clips import S3AudioClips
from daltonify_core.catalogue.collection import decode_shard, encode_shard, shard_name, shard_number
from daltonify_core.catalogue.track import Track
from daltonify_core.errors import InvalidDataset, InvalidQuery, SecretUnavailable, UpstreamUnavailable
from infra.local.reccobeats_simulator import Fault, ReccoBeatsSimulator, SimulatedRow
from tests.builders import make_features, make_track, track_id
from tests.handlers.fake_context import Context

COLLECT = json.loads((Path(__file__).parents[1] / "events" / "scheduled_collect.json").read_text())
REFRESH = {"job": "refresh_popularity"}
REMOVE_AUDIO = json.loads((Path(__file__).parents[1] / "events" / "scheduled_remove_audio.json").read_text())
CONSENT = {"job": "check_consent"}
FOLDER = "catalogue/collected/"


class JobContext(Context):
    """A call that has time for so many batches."""

    function_name = "scheduled-jobs"

    def __init__(self, batches: int = 1_000) -> None:
        self._batches = batches

    def get_remaining_time_in_millis(self) -> int:
        self._batches -= 1
        return 900_000 if self._batches >= 0 else 20_000


@pytest.fixture
def simulator():
    known = {
        track_id(number): SimulatedRow(f"Song {number}", (f"Artist {number}",), make_features(), popularity=60)
        for number in range(200)
    }
    with ReccoBeatsSimulator(known, requests_per_window=None) as running:
        yield running


@pytest.fixture
def slept(monkeypatch):
    """The seconds that jobs waited, without waiting."""
    seconds: list[float] = []
    monkeypatch.setattr(wiring, "time", SimpleNamespace(sleep=seconds.append))
    return seconds


@pytest.fixture
def bucket(aws, simulator, slept, monkeypatch):
    name = aws.make_bucket()
    monkeypatch.setenv("DATA_BUCKET", name)
    monkeypatch.setenv("AUDIO_BUCKET", aws.make_bucket(keeps_versions=False))
    monkeypatch.setenv("SPOTIFY_SECRET", f"{name}/spotify")
    monkeypatch.setenv("RECCOBEATS_API", simulator.api_url)
    monkeypatch.setenv("COLLECT_PAUSE_SECONDS", "0")
    return name


@pytest.fixture
def logged(monkeypatch):
    """Lines that the function logs, as values."""
    stream = io.StringIO()
    handlers = [one for one in logger.handlers if isinstance(one, logging.StreamHandler)]
    assert handlers
    for one in handlers:
        monkeypatch.setattr(one, "stream", stream)
    return lambda: [json.loads(line) for line in stream.getvalue().splitlines()]


@pytest.fixture
def measured(capsys):
    """Metrics that the function sends, as CloudWatch reads them from the output: name to value."""

    def read() -> dict[str, float]:
        values: dict[str, float] = {}
        for line in capsys.readouterr().out.splitlines():
            sent = json.loads(line)
            (definition,) = sent["_aws"]["CloudWatchMetrics"]
            values |= {metric["Name"]: sent[metric["Name"]][0] for metric in definition["Metrics"]}
        return values

    return read


@pytest.fixture
def put_list(aws, bucket):
    def put(name: str, lines: Sequence[str]) -> None:
        aws.s3.put_object(Bucket=bucket, Key=f"collect/{name}", Body="\n".join(lines).encode())

    return put


@pytest.fixture
def stored(aws, bucket):
    """Reads the rows of the collection, by track id."""

    def read() -> dict[str, Track]:
        keys = [entry["Key"] for entry in aws.s3.list_objects_v2(Bucket=bucket, Prefix=FOLDER).get("Contents", ())]
        rows: list[tuple[str, Track]] = []
        for key in keys:
            if shard_number(key.removeprefix(FOLDER)):
                body = aws.s3.get_object(Bucket=bucket, Key=key)["Body"].read()
                rows.extend(decode_shard(body, key).items())
        assert len(dict(rows)) == len(rows)
        return dict(rows)

    return read


@pytest.fixture
def put_shard(aws, bucket):
    def put(number: int, tracks: Sequence[Track]) -> None:
        aws.s3.put_object(Bucket=bucket, Key=f"{FOLDER}{shard_name(number)}", Body=encode_shard(tracks))

    return put


def run(event: object = COLLECT, batches: int = 1_000) -> dict[str, object]:
    answer: dict[str, object] = handler(event, JobContext(batches))
    json.dumps(answer)
    return answer


def ids(count: int, first: int = 0) -> list[str]:
    return [track_id(number) for number in range(first, first + count)]


def days_ago(days: int) -> str:
    return (datetime.now(UTC) - timedelta(days=days)).date().isoformat()


# ---- Collecting ------------------------------------------------------------------------------------------------------


def test_every_list_is_collected_under_the_genre_that_it_is_named_after(put_list, stored, logged, measured):
    put_list("Hip-Hop.txt", ids(50))
    put_list("indie pop.txt", ["# mine", f"https://open.spotify.com/track/{track_id(60)}", "", track_id(500)])
    answer = run()
    rows = stored()
    assert {track.genres for track in rows.values()} == {("hip hop",), ("indie pop",)}
    assert rows.keys() == {*ids(50), track_id(60)}
    assert (answer["collected"], answer["ended_early"]) == (51, None)
    assert measured() == {"TracksCollected": 51, "CollectFailures": 0, "OldestSnapshotDays": 0}
    (line,) = [line for line in logged() if line["message"] == "scheduled job ended"]
    assert line["report"]["lists"]["indie pop.txt"]["unknown"] == 1


def test_the_next_call_goes_on_and_asks_for_nothing_twice(put_list, stored, simulator):
    put_list("pop.txt", ids(120))
    assert run(batches=2)["collected"] == 80
    assert run()["collected"] == 40
    assert run()["collected"] == 0
    asked = [one for exchange in simulator.requests for one in exchange.ids if exchange.path.endswith("features")]
    assert sorted(asked) == ids(120)
    assert len(stored()) == 120


def test_a_call_without_time_leaves_what_is_left_for_the_next_one(put_list, measured):
    put_list("pop.txt", ids(120))
    answer = run(batches=1)
    assert answer["ended_early"] is None
    assert answer["lists"]["pop.txt"]["left"] == 80  # type: ignore[index]
    assert measured()["CollectFailures"] == 0


def test_without_lists_there_is_nothing_to_do(bucket, measured, simulator):
    assert run()["collected"] == 0
    assert measured() == {"TracksCollected": 0, "CollectFailures": 0}
    assert simulator.requests == []


@pytest.mark.parametrize(
    ("kind", "code", "calls"),
    [
        ("rate_limited", "upstream_rate_limited", 6),
        ("server_error", "upstream_unavailable", 6),
        ("blocked", "upstream_refused", 1),
        ("not_json_200", "upstream_unavailable", 6),
        ("nonsense", "upstream_unavailable", 6),
    ],
)
def test_a_service_that_fails_ends_the_job_early_without_failing_it(
    put_list, stored, logged, measured, simulator, kind, code, calls
):
    put_list("a.txt", ids(120))
    put_list("b.txt", ids(10, first=150))
    run(batches=1)
    measured()
    asked = len(simulator.requests)
    simulator.add_fault(Fault(kind, times=None))
    answer = run()
    assert answer["ended_early"] == code
    assert len(simulator.requests) - asked == calls, "it goes on asking, or gives up too soon"
    assert measured()["CollectFailures"] == 1
    (line,) = [line for line in logged() if line["message"] == "scheduled job ended early"]
    assert (line["level"], line["code"]) == ("WARNING", code)
    simulator.clear_faults()
    run()
    assert stored().keys() == {*ids(120), *ids(10, first=150)}


def test_a_short_pause_that_reccobeats_asks_for_is_made(put_list, stored, simulator, slept, measured):
    put_list("pop.txt", ids(120))
    simulator.add_fault(Fault("rate_limited", after=2, retry_after=30))
    assert run()["ended_early"] is None
    assert len(stored()) == 120
    assert 30 in slept
    assert measured()["CollectFailures"] == 0


def test_a_pause_longer_than_the_call_lasts_is_left_to_the_next_one(put_list, stored, simulator, slept):
    put_list("pop.txt", ids(120))
    simulator.add_fault(Fault("rate_limited", after=2, retry_after=841))
    assert run()["ended_early"] == "upstream_rate_limited"
    assert len(stored()) == 40
    assert slept == [0, 0], "it waits for nothing"


def test_what_a_list_has_wrong_is_logged(put_list, logged):
    put_list("pop.txt", ["hello there", track_id(1)])
    put_list("&.txt", ids(1))
    put_list("notes.md", ids(1))
    assert run()["collected"] == 1
    warnings = [line for line in logged() if line["level"] == "WARNING"]
    assert [(line["source"], line.get("line")) for line in warnings] == [("pop.txt", 1), ("&.txt", None)]


def test_a_damaged_shard_is_a_fault_of_ours(aws, bucket, put_list, measured, logged):
    put_list("pop.txt", ids(1))
    aws.s3.put_object(Bucket=bucket, Key=f"{FOLDER}{shard_name(1)}", Body=b"not packed")
    with pytest.raises(InvalidDataset, match=shard_name(1)):
        run()
    assert measured() == {"CollectFailures": 1}
    assert [line["code"] for line in logged() if line["level"] == "ERROR"] == ["invalid_dataset"]


# ---- Refreshing ------------------------------------------------------------------------------------------------------


def old_track(number: int, days: int) -> Track:
    return make_track(track_id=track_id(number), popularity=1, snapshot=days_ago(days), source="reccobeats")


def test_the_oldest_shard_is_refreshed_and_no_other_object_is_touched(aws, bucket, put_shard, stored, measured):
    put_shard(1, [old_track(number, 20) for number in range(60)])
    put_shard(2, [old_track(number, 30) for number in range(60, 130)])
    aws.s3.put_object(Bucket=bucket, Key="catalogue/other.csv.gz", Body=b"another source")
    answer = run(REFRESH)
    assert (answer["shard"], answer["refreshed"]) == (shard_name(2), 70)
    rows = stored()
    assert {rows[one].popularity for one in ids(60)} == {1}
    assert {(rows[one].popularity, rows[one].snapshot) for one in ids(70, first=60)} == {(60, days_ago(0))}
    assert {track.features for track in rows.values()} == {make_features()}
    versions = aws.s3.list_object_versions(Bucket=bucket, Prefix="catalogue/")["Versions"]
    assert len(versions) == 4, "only one shard was written again"
    assert measured() == {"TracksRefreshed": 70, "RefreshFailures": 0, "OldestSnapshotDays": 20}


def test_a_refresh_that_was_stopped_half_way_goes_on(put_shard, stored, simulator, measured):
    put_shard(1, [old_track(number, 30) for number in range(100)])
    simulator.add_fault(Fault("rate_limited", after=1, retry_after=900))
    answer = run(REFRESH)
    assert (answer["refreshed"], answer["left"], answer["ended_early"]) == (40, 60, "upstream_rate_limited")
    assert measured()["RefreshFailures"] == 1
    assert run(REFRESH)["refreshed"] == 60
    assert {track.popularity for track in stored().values()} == {60}


def test_nothing_stale_is_nothing_to_do(put_shard, simulator):
    put_shard(1, [old_track(1, 2)])
    assert run(REFRESH)["shard"] is None
    assert simulator.requests == []


# ---- Removing forgotten audio ----------------------------------------------------------------------------------------


@pytest.fixture
def clips(aws, bucket, monkeypatch):
    """Where clips of this installation lie, with two in it; a damaged collection is nothing that they wait for."""
    # Also so that calls to the client can be struck.
    clients.s3.cache_clear()
    aws.s3.put_object(Bucket=bucket, Key=f"{FOLDER}{shard_name(1)}", Body=b"not packed")
    stored = S3AudioClips(aws.s3, os.environ["AUDIO_BUCKET"])
    for job_id in ("NEVERLOGME-first", "NEVERLOGME-second"):
        stored.store(job_id, b"sound")
    return stored


@pytest.fixture
def hours_later(monkeypatch):
    def move(hours: float) -> None:
        monkeypatch.setattr(wiring, "_now", lambda: datetime.now(UTC) + timedelta(hours=hours))

    return move


def left_in(clips: S3AudioClips) -> set[str]:
    return set(clips.forgotten(datetime.now(UTC) + timedelta(days=1)))


def test_audio_that_was_forgotten_is_removed_and_what_is_worked_on_stays(clips, hours_later, measured):
    hours_later(1.9)
    assert run(REMOVE_AUDIO) == {"job": "remove_audio", "ended_early": None, "forgotten": 0, "left": 0}
    assert len(left_in(clips)) == 2
    assert measured() == {"ClipsForgotten": 0, "RemoveAudioFailures": 0}
    hours_later(2.1)
    assert run(REMOVE_AUDIO)["forgotten"] == 2
    assert left_in(clips) == set()
    assert measured() == {"ClipsForgotten": 2, "RemoveAudioFailures": 0}


def test_a_clip_that_cannot_be_removed_keeps_no_other_and_goes_with_the_next_call(
    clips, hours_later, measured, logged, monkeypatch
):
    hours_later(3)
    real = clients.s3().delete_object

    def refuse(**call):
        if "first" in call["Key"]:
            raise clients.s3().exceptions.ClientError({"Error": {"Code": "SlowDown"}}, "DeleteObject")
        return real(**call)

    with monkeypatch.context() as change:
        change.setattr(clients.s3(), "delete_object", refuse)
        answer = run(REMOVE_AUDIO)
    assert (answer["ended_early"], answer["forgotten"], answer["left"]) == ("upstream_unavailable", 2, 1)
    assert left_in(clips) == {"NEVERLOGME-first"}
    assert measured() == {"ClipsForgotten": 2, "RemoveAudioFailures": 1}
    assert logged()[-1]["level"] == "WARNING"
    run(REMOVE_AUDIO)
    assert left_in(clips) == set()
    assert "NEVERLOGME" not in json.dumps([answer, logged()])


def test_a_storage_that_cannot_be_listed_is_a_fault_of_ours(bucket, measured, monkeypatch):
    monkeypatch.setenv("AUDIO_BUCKET", "daltonify-that-there-is-not")
    with pytest.raises(UpstreamUnavailable):
        run(REMOVE_AUDIO)
    assert measured() == {"RemoveAudioFailures": 1}


# ---- The service account's consent -----------------------------------------------------------------------------------


def keep_consent(aws, bucket, **values):
    aws.secrets_manager.create_secret(Name=f"{bucket}/spotify", SecretString=json.dumps(values))


@pytest.fixture
def today(monkeypatch):
    monkeypatch.setattr(wiring, "_now", lambda: datetime(2026, 3, 1, 12, tzinfo=UTC))
    clients.secrets_manager.cache_clear()


@pytest.mark.parametrize(
    ("given", "days"),
    [
        ("2026-03-01T12:00:00+00:00", 184),
        ("2025-09-22T12:00:00+00:00", 21),
        ("2025-09-22T14:00:00+02:00", 21),
        ("2025-08-30T12:00:00+00:00", -1),
    ],
)
def test_the_days_are_told_that_the_consent_lasts(aws, bucket, today, measured, logged, given, days):
    keep_consent(aws, bucket, refresh_token="NEVERLOGME-consent", consented_at=given)
    assert run(CONSENT) == {"job": "check_consent", "ended_early": None, "days_left": days}
    assert measured() == {"ServiceTokenDaysLeft": days, "ConsentCheckFailures": 0}
    assert "NEVERLOGME" not in json.dumps(logged())


def test_where_nobody_consented_nothing_is_told_and_nothing_is_wrong(aws, bucket, today, measured):
    assert run(CONSENT)["days_left"] is None
    keep_consent(aws, bucket, client_id="app", client_secret="NEVERLOGME-client-secret")
    assert run(CONSENT)["days_left"] is None
    assert measured() == {"ConsentCheckFailures": 0}


@pytest.mark.parametrize("when", [{}, {"consented_at": "some day"}], ids=["missing", "no date"])
def test_a_consent_of_unknown_age_is_a_fault_that_says_what_to_do(aws, bucket, today, measured, when):
    keep_consent(aws, bucket, refresh_token="NEVERLOGME-consent", **when)
    with pytest.raises(SecretUnavailable, match="daltonify login"):
        run(CONSENT)
    assert measured() == {"ConsentCheckFailures": 1}


# ---- Events and settings ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("event", [{}, {"job": "explode"}, {"job": None}, {"job": ["collect"]}])
def test_a_job_that_there_is_not_is_an_error(bucket, event, measured):
    with pytest.raises(InvalidQuery, match="collect, refresh_popularity, remove_audio, check_consent"):
        run(event)
    assert measured() == {"UnknownJobs": 1}


def test_a_missing_setting_is_named(bucket, monkeypatch, measured):
    monkeypatch.delenv("DATA_BUCKET")
    with pytest.raises(InvalidSettings, match="DATA_BUCKET"):
        run()
    assert measured() == {"CollectFailures": 1}


def test_what_makes_a_cold_start_slow_is_not_imported():
    script = "import scheduled_jobs.handler, sys; print(*sys.modules)"
    root = Path(__file__).parents[2]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(root), str(root / "functions")])}
    ran = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True)
    assert not {"boto3", "spotipy", "redis", "requests", "annoy", "aws_xray_sdk"} & set(ran.stdout.split())
