"""Scheduled jobs as Lambda runs them: an event in; shards, log lines and metrics out."""

import io
import json
import logging
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from aws_lambda_powertools.utilities.typing import LambdaContext
from scheduled_jobs import wiring
from scheduled_jobs.handler import handler
from shared import aws as clients
from shared.observability import logger
from shared.settings import InvalidSettings

from daltonify_core.adapters.dynamodb import DynamoArtistStore, DynamoPublicationStore, DynamoReleaseStore
from daltonify_core.adapters.s3_clips import S3AudioClips
from daltonify_core.catalogue.collection import decode_shard, encode_shard, shard_name, shard_number
from daltonify_core.catalogue.track import Track
from daltonify_core.errors import InvalidDataset, InvalidQuery, SecretUnavailable, UpstreamUnavailable
from daltonify_core.ports.limits import Cap, Circuit
from daltonify_core.releases.profile import ArtistProfile
from daltonify_core.releases.release import ReferenceKind, Release, ReleaseReference, ReleaseState, Trigger
from infra.local.reccobeats_simulator import Fault, ReccoBeatsSimulator, SimulatedRow
from infra.local.spotify_simulator import Fault as SpotifyFault
from infra.local.spotify_simulator import SimulatedTrack, SpotifySimulator
from infra.local.spotify_simulator.catalogue import album_id, artist_id
from tests.builders import make_features, make_track, track_id
from tests.fakes.set_clock import SetClock
from tests.handlers.fake_context import Context

COLLECT = json.loads((Path(__file__).parents[1] / "events" / "scheduled_collect.json").read_text())
REFRESH = {"job": "refresh_popularity"}
REMOVE_AUDIO = json.loads((Path(__file__).parents[1] / "events" / "scheduled_remove_audio.json").read_text())
SWEEP = json.loads((Path(__file__).parents[1] / "events" / "scheduled_sweep_releases.json").read_text())
RENEW = {"job": "renew_playlists"}
CHECK = {"job": "check_service"}
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
    monkeypatch.setenv("TABLE_NAME", aws.make_table())
    monkeypatch.setenv("RELEASE_QUEUE_URL", aws.make_release_queue())
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


def run(event: dict[str, Any] = COLLECT, batches: int = 1_000) -> dict[str, Any]:
    answer = handler(event, cast(LambdaContext, JobContext(batches)))
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
    assert answer["lists"]["pop.txt"]["left"] == 80
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


def keep_consent(aws, bucket, **values):
    aws.secrets_manager.create_secret(Name=f"{bucket}/spotify", SecretString=json.dumps(values))


# ---- Releases --------------------------------------------------------------------------------------------------------

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ME, SOMEBODY_ELSE, THIRD = "A" * 22, "B" * 22, "C" * 22


@pytest.fixture
def clock(monkeypatch):
    """The time that the jobs on releases and the service account go by."""
    standing = SetClock(NOW)
    monkeypatch.setattr(wiring, "_now", standing)
    for client in (clients.dynamodb, clients.sqs, clients.secrets_manager):
        client.cache_clear()
    return standing


@pytest.fixture
def releases(aws, bucket, clock):
    return DynamoReleaseStore(aws.dynamodb, os.environ["TABLE_NAME"])


@pytest.fixture
def artists(aws, bucket, clock):
    return DynamoArtistStore(aws.dynamodb, os.environ["TABLE_NAME"])


@pytest.fixture
def received(aws, bucket):
    """Bodies and groups of the messages that the queue of releases shows."""

    def read() -> list[tuple[dict[str, str], str]]:
        found = []
        while messages := aws.sqs.receive_message(
            QueueUrl=os.environ["RELEASE_QUEUE_URL"],
            MaxNumberOfMessages=10,
            MessageSystemAttributeNames=["MessageGroupId"],
        ).get("Messages"):
            for one in messages:
                found.append((json.loads(one["Body"]), one["Attributes"]["MessageGroupId"]))
                aws.sqs.delete_message(QueueUrl=os.environ["RELEASE_QUEUE_URL"], ReceiptHandle=one["ReceiptHandle"])
        return found

    return read


def make_release(number: int, artist_id: str = ME, **values: object) -> Release:
    return Release(
        release_id=f"{number:032x}",
        artist_id=artist_id,
        reference=ReleaseReference(ReferenceKind.TITLE, f"song {number}"),
        trigger=Trigger.HOOK,
        received_at=NOW,
        since=NOW,
        expires_at=NOW + timedelta(days=400),
        next_attempt_at=NOW,
        **values,  # type: ignore[arg-type]
    )


def store(releases: DynamoReleaseStore, *some: Release) -> None:
    for one in some:
        assert releases.begin(one, one.release_id, [], NOW) is None


def about(*some: Release) -> list[tuple[dict[str, str], str]]:
    return [({"release_id": one.release_id}, one.artist_id) for one in some]


def test_what_was_stored_and_never_handed_on_is_sent_by_the_sweep_once(releases, received, clock, measured):
    mine, another = make_release(1), make_release(2, SOMEBODY_ELSE)
    store(releases, mine, another)
    assert run(SWEEP) == {"job": "sweep_releases", "ended_early": None, "sent": 2, "on_their_way": 0, "unsent": 0}
    assert measured() == {"ReleasesSent": 2, "ReleasesUnsent": 0, "SweepFailures": 0}
    assert sorted(received(), key=str) == sorted(about(mine, another), key=str)
    clock.advance(300)
    assert run(SWEEP)["sent"] == 0
    assert received() == []


def test_a_wait_that_is_over_is_sent_and_one_that_is_not_is_left_alone(releases, received, clock):
    release = make_release(1)
    store(releases, release)
    claimed = releases.claim(release.release_id, NOW, NOW + timedelta(minutes=2))
    waiting = replace(claimed, state=ReleaseState.WAITING, next_attempt_at=NOW + timedelta(hours=1), why="Not there.")
    assert releases.save(waiting, claimed.state)
    assert run(SWEEP)["sent"] == 0
    clock.advance(3600)
    assert run(SWEEP)["sent"] == 1
    assert received() == about(release)


def test_a_queue_that_fails_loses_nothing_and_ends_the_sweep_early(releases, received, clock, measured, monkeypatch):
    store(releases, make_release(1), make_release(2))
    with monkeypatch.context() as change:
        change.setenv("RELEASE_QUEUE_URL", os.environ["RELEASE_QUEUE_URL"].replace(".fifo", "-gone.fifo"))
        answer = run(SWEEP)
    assert (answer["sent"], answer["unsent"], answer["ended_early"]) == (0, 2, "upstream_unavailable")
    assert measured() == {"ReleasesSent": 0, "ReleasesUnsent": 2, "SweepFailures": 1}
    assert run(SWEEP)["sent"] == 2
    assert len(received()) == 2


def test_ids_of_releases_are_not_logged(releases, received, logged):
    store(releases, make_release(1))
    answer = run(SWEEP)
    assert f"{1:032x}" not in json.dumps([answer, logged()])


def test_whose_playlist_lives_on_and_is_renewed_is_asked_for_once_a_day(artists, received, clock, measured):
    wanted = ArtistProfile(ME, "Me", NOW, renews=True)
    for profile in (wanted, replace(wanted, artist_id=SOMEBODY_ELSE, renews=False)):
        assert artists.add(profile)
    artists.add(replace(wanted, artist_id=THIRD, frozen=True))
    assert run(RENEW) == {"job": "renew_playlists", "ended_early": None, "asked": 1}
    assert run(RENEW)["asked"] == 1
    assert received() == [({"renew": ME}, ME)]
    assert measured() == {"RenewalsAsked": 1, "RenewalFailures": 0}


# ---- Looking for releases --------------------------------------------------------------------------------------------

POLL = {"job": "poll_releases"}
SONG = SimulatedTrack("New song", ("Me",), release_date="2026-02-27")
BAND = artist_id("Me")


@pytest.fixture
def spotify(aws, bucket, clock, monkeypatch):
    """A simulated Spotify with one single of an artist, and an app that may ask for it."""
    with SpotifySimulator({track_id(1): SONG}) as simulator:
        simulator.register_app("app", "NEVERLOGME-client-secret")
        monkeypatch.setenv("SPOTIFY_API", simulator.api_url)
        monkeypatch.setenv("SPOTIFY_ACCOUNTS", simulator.accounts_url)
        keep_consent(aws, bucket, client_id="app", client_secret="NEVERLOGME-client-secret")
        yield simulator


def test_a_new_album_of_a_registered_artist_is_announced_once(spotify, artists, releases, received, clock, measured):
    artists.add(ArtistProfile(BAND, "Me", NOW))
    assert run(POLL) == {"job": "poll_releases", "ended_early": None, "artists": 1, "found": 1, "left": 0}
    assert measured() == {"ArtistsLookedAt": 1, "ReleasesFound": 1, "PollFailures": 0}
    (stored,) = releases.of_artist(BAND, 10, clock())
    assert (stored.reference, stored.trigger) == (ReleaseReference(ReferenceKind.ALBUM, album_id(SONG)), Trigger.POLL)
    assert received() == about(stored)
    assert run(POLL)["artists"] == 0, "its next look is tomorrow"
    clock.advance(86_400)
    assert run(POLL) == {"job": "poll_releases", "ended_early": None, "artists": 1, "found": 0, "left": 0}
    assert received() == []


def test_a_call_without_time_leaves_the_looking_to_the_next_one(spotify, artists, releases, clock):
    artists.add(ArtistProfile(BAND, "Me", NOW))
    assert run(POLL, batches=0) == {"job": "poll_releases", "ended_early": None, "artists": 0, "found": 0, "left": 1}
    assert releases.of_artist(BAND, 10, clock()) == []
    assert run(POLL)["found"] == 1


def test_a_spotify_that_refuses_is_left_alone_as_long_as_it_says(spotify, artists, releases, clock, measured, logged):
    artists.add(ArtistProfile(BAND, "Me", NOW))
    spotify.add_fault(SpotifyFault("GET", "/albums$", "rate_limited", retry_after=86_400, times=None))
    assert run(POLL)["ended_early"] == "upstream_rate_limited"
    assert measured()["PollFailures"] == 1
    assert releases.of_artist(BAND, 10, clock()) == []
    spotify.clear_faults()
    asked = len(spotify.requests)
    clock.advance(82_800)
    assert run(POLL)["ended_early"] == "upstream_rate_limited"
    assert len(spotify.requests) == asked
    clock.advance(3600)
    assert run(POLL)["found"] == 1
    assert "NEVERLOGME" not in json.dumps(logged())


# ---- The service account ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "days", "warned"),
    [
        ("2026-03-01T12:00:00+00:00", 184, False),
        ("2025-10-02T12:00:00+00:00", 32, False),
        ("2025-09-30T12:00:00+00:00", 29, True),
        ("2025-09-22T14:00:00+02:00", 21, True),
        ("2025-08-30T12:00:00+00:00", -1, True),
    ],
)
def test_the_days_are_told_that_the_consent_lasts(aws, bucket, clock, measured, logged, given, days, warned):
    keep_consent(aws, bucket, refresh_token="NEVERLOGME-consent", consented_at=given)
    answer = run(CHECK)
    assert (answer["days_left"], answer["playlists"], answer["is_refused"]) == (days, 0, False)
    told = measured()
    assert (told["ServiceTokenDaysLeft"], told["ServiceCheckFailures"]) == (days, 0)
    assert told["ServiceTokenDaysOld"] == pytest.approx((NOW - datetime.fromisoformat(given)) / timedelta(days=1))
    warnings = [line["detail"] for line in logged() if line["level"] == "WARNING"]
    assert bool(warnings) is warned
    assert all("daltonify login" in one for one in warnings)
    assert "NEVERLOGME" not in json.dumps(logged())


def test_where_nobody_consented_there_is_no_age_and_nothing_is_wrong(aws, bucket, clock, measured):
    assert run(CHECK)["days_left"] is None
    keep_consent(aws, bucket, client_id="app", client_secret="NEVERLOGME-client-secret")
    assert run(CHECK)["days_left"] is None
    assert measured() == {"PlaylistsUsed": 0, "CircuitOpen": 0, "ServiceCheckFailures": 0}


@pytest.mark.parametrize("when", [{}, {"consented_at": "some day"}], ids=["missing", "no date"])
def test_a_consent_of_unknown_age_is_a_fault_that_says_what_to_do(aws, bucket, clock, measured, when):
    keep_consent(aws, bucket, refresh_token="NEVERLOGME-consent", **when)
    with pytest.raises(SecretUnavailable, match="daltonify login"):
        run(CHECK)
    assert measured() == {"ServiceCheckFailures": 1}


def test_an_open_circuit_and_the_playlists_that_were_published_are_told(aws, bucket, clock, measured, logged):
    records = DynamoPublicationStore(aws.dynamodb, os.environ["TABLE_NAME"])
    records.open_circuit("spotify", Circuit(NOW + timedelta(hours=3), "Spotify's quota is spent."))
    for _ in range(3):
        records.count([Cap("playlists#spotify", 10, None, "full")], NOW)
    answer = run(CHECK)
    assert (answer["playlists"], answer["is_refused"]) == (3, True)
    told = measured()
    assert (told["PlaylistsUsed"], told["CircuitOpen"]) == (3, 1)
    assert any("2026-03-01 15:00" in line.get("detail", "") for line in logged())
    clock.advance(3 * 3600)
    assert run(CHECK)["is_refused"] is False


# ---- Events and settings ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("event", [{}, {"job": "explode"}, {"job": None}, {"job": ["collect"]}])
def test_a_job_that_there_is_not_is_an_error(bucket, event, measured):
    with pytest.raises(InvalidQuery, match="collect, refresh_popularity, remove_audio, sweep_releases, poll_releases"):
        run(event)
    assert measured() == {"UnknownJobs": 1}


def test_a_missing_setting_is_named(bucket, monkeypatch, measured):
    for name in ("DATA_BUCKET", "RELEASE_QUEUE_URL"):
        monkeypatch.delenv(name)
    with pytest.raises(
        InvalidSettings, match=r"(DATA_BUCKET|RELEASE_QUEUE_URL): .*; (RELEASE_QUEUE_URL|DATA_BUCKET): "
    ):
        run()
    assert measured() == {"CollectFailures": 1}


def test_what_makes_a_cold_start_slow_is_not_imported():
    script = "import scheduled_jobs.handler, sys; print(*sys.modules)"
    root = Path(__file__).parents[2]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(root), str(root / "functions")])}
    ran = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True)
    assert not {"boto3", "spotipy", "redis", "requests", "annoy", "aws_xray_sdk"} & set(ran.stdout.split())
