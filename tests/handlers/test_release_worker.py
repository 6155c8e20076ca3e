"""The worker for releases as Lambda runs it: events of a FIFO queue in; records, log lines and metrics out."""

import copy
import io
import json
import logging
from dataclasses import replace
from datetime import timedelta
from itertools import count
from pathlib import Path
from types import SimpleNamespace

import pytest
from aws_lambda_powertools.utilities.typing import LambdaContext
from release_worker import handler as module
from release_worker.handler import handler
from release_worker.wiring import Worker, compose
from shared.observability import logger
from shared.settings import InvalidSettings, ReleaseWorkerSettings

from daltonify_core.errors import UpstreamRateLimited
from daltonify_core.ports.limits import Circuit
from daltonify_core.releases.message import message_about_release, message_about_renewal, read_message
from daltonify_core.releases.reference import announced_release
from daltonify_core.releases.release import MOST_UNENDED, ReleaseState
from daltonify_core.use_cases.change_playlist import ChangePlaylist
from daltonify_core.use_cases.plan_playlist import PlaylistPlanner
from daltonify_core.use_cases.record_release import RecordRelease
from infra.local.sam_template import read_template
from tests.fakes.faults import Fault
from tests.fakes.release_world import ME, PROFILE, SOMEBODY_ELSE, World, uri

EVENT = json.loads((Path(__file__).parents[1] / "events" / "audio_uploaded.json").read_text())
REQUEST_ID = "6ee7a5c1-5f1b-4a37-9a57-5f0d1f1e7a11"
SETTINGS = {
    "TABLE_NAME": "table",
    "DATA_BUCKET": "bucket",
    "PUBLISHING_SECRET": "daltonify/publishing",
    "SPOTIFY_SECRET": "daltonify/spotify",
}


class Context(LambdaContext):
    """Lambda gives the worker 120 seconds."""

    _aws_request_id = REQUEST_ID

    @staticmethod
    def get_remaining_time_in_millis() -> int:
        return 120_000


@pytest.fixture
def logged(monkeypatch):
    """Lines that the function logs, as values."""
    stream = io.StringIO()
    for one in logger.handlers:
        if isinstance(one, logging.StreamHandler):
            monkeypatch.setattr(one, "stream", stream)
    return lambda: [json.loads(line) for line in stream.getvalue().splitlines()]


@pytest.fixture
def measured(capsys):
    """Names of the metrics that were sent since the last look."""

    def read() -> list[str]:
        sent = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        return [one["Name"] for line in sent for one in line["_aws"]["CloudWatchMetrics"][0]["Metrics"]]

    return read


@pytest.fixture
def system(monkeypatch):
    """The worker on a world in memory; ``index`` is the version of the index that it has."""
    for name, value in SETTINGS.items():
        monkeypatch.setenv(name, value)
    world = World(replace(PROFILE, renews=True))
    world.artists.add(replace(PROFILE, artist_id=SOMEBODY_ELSE))
    planner = PlaylistPlanner(world.recommender, lambda _: world.sounds[ME])
    change = ChangePlaylist(world.artists, world.releases, planner, world.publisher(), world.new_id, world.clock)
    worker = Worker(world.worker(), change, lambda: world.recommender.index_version, world.clock)
    monkeypatch.setattr(module, "compose", lambda settings: worker)
    numbers = count(1)

    def announce(name, artist_id=ME):
        world.on_spotify(name, artist_id=artist_id)
        record = RecordRelease(world.releases, world.queue, lambda: f"{next(numbers):032x}", world.clock)
        return record.by_operator(artist_id, announced_release({"uri": uri(name)}))

    def work(*bodies, groups=()):
        """Hand over messages as one event; their numbers are their ids."""
        records = []
        for number, body in enumerate(bodies):
            record = copy.deepcopy(EVENT["Records"][0])
            group = groups[number] if groups else ME
            record["attributes"] |= {"MessageGroupId": group, "SequenceNumber": str(number)}
            record |= {"messageId": str(number), "body": body, "eventSourceARN": f"{record['eventSourceARN']}.fifo"}
            records.append(record)
        return [one["itemIdentifier"] for one in handler({"Records": records}, Context())["batchItemFailures"]]

    def state(release):
        return world.releases.releases[release.release_id].state

    return SimpleNamespace(world=world, announce=announce, work=work, state=state)


def message(release) -> str:
    return message_about_release(release.release_id)


def test_a_release_becomes_a_playlist_and_its_message_is_done_with(system, logged, measured):
    release = system.announce("first")
    assert system.work(message(release)) == []
    assert system.state(release) is ReleaseState.DONE
    assert "first" in system.world.playlist()
    (line,) = logged()
    assert (line["state"], line["attempt"], line["artist_id"], line.get("code")) == ("done", 1, ME, None)
    assert line["function_request_id"] == REQUEST_ID
    assert release.release_id not in json.dumps(line)
    assert measured() == ["ReleaseDone"]


def test_a_message_that_comes_five_times_is_worked_on_once(system, measured):
    release = system.announce("first")
    for _ in range(5):
        assert system.work(message(release)) == []
    assert measured() == ["ReleaseDone"]
    assert len(system.world.spotify.playlists) == 1


def test_a_wait_is_no_failure_of_the_message(system, measured, logged):
    release = system.announce("later")
    system.world.directory.found.clear()
    assert system.work(message(release)) == []
    assert system.state(release) is ReleaseState.WAITING
    assert measured() == ["ReleaseWaiting"]
    assert "code" not in logged()[-1]


def test_what_spotify_refuses_is_told_with_its_code(system, logged):
    release = system.announce("first")
    system.world.directory.faults.add(Fault(UpstreamRateLimited("Spotify asks for a pause.", 3600, quota=False)))
    assert system.work(message(release)) == []
    assert system.state(release) is ReleaseState.WAITING
    assert logged()[-1]["code"] == "upstream_rate_limited"


def test_an_open_circuit_is_counted_for_the_alarm_that_watches_it(system, measured):
    release = system.announce("first")
    until = system.world.clock() + timedelta(hours=20)
    system.world.publications.open_circuit("spotify", Circuit(until, "Spotify's quota is spent."))
    assert system.work(message(release)) == []
    assert measured() == ["ReleaseWaiting", "CircuitOpen"]
    assert system.world.releases.releases[release.release_id].next_attempt_at == until


def test_only_a_crash_makes_a_message_come_again_and_holds_up_its_own_artist_alone(system, measured, logged):
    first, second = system.announce("first"), system.announce("second")
    other = system.announce("other", SOMEBODY_ELSE)
    system.world.recommender.faults.add(Fault(ZeroDivisionError("a fault of ours")))
    bodies = [message(first), message(second), message(other)]
    assert system.work(*bodies, groups=[ME, ME, SOMEBODY_ELSE]) == ["0", "1"]
    assert system.state(other) is ReleaseState.DONE
    assert system.state(second) is ReleaseState.RECEIVED
    assert measured() == ["ReleaseAttemptFailed", "ReleaseDone"]
    (line,) = [line for line in logged() if line["level"] == "ERROR"]
    assert "a fault of ours" in line["exception"]
    assert first.release_id not in json.dumps(line)


def test_a_release_that_always_crashes_is_given_up_counted_and_logged_without_its_id(system, measured, logged):
    release = system.announce("first")
    system.world.recommender.faults.add(Fault(ZeroDivisionError("a fault of ours"), times=1_000))
    for _ in range(MOST_UNENDED):
        assert system.work(message(release)) == ["0"]
        system.world.clock.advance(720)
    assert measured() == ["ReleaseAttemptFailed"] * MOST_UNENDED
    assert system.work(message(release)) == []
    assert measured() == ["ReleaseFailed", "ReleaseGivenUp"]
    assert system.state(release) is ReleaseState.FAILED
    line = logged()[-1]
    assert (line["level"], line["state"], line["attempt"]) == ("ERROR", "failed", MOST_UNENDED + 1)
    assert release.release_id not in json.dumps(line)


def test_the_alarm_on_dead_letters_rings_before_a_release_is_given_up():
    queue = read_template().values["Resources"]["ReleaseQueue"]["Properties"]
    assert queue["RedrivePolicy"]["maxReceiveCount"] < MOST_UNENDED


def test_records_that_cannot_be_reached_bring_the_message_back(system):
    release = system.announce("first")
    system.world.releases.faults.add(Fault(ConnectionError("no table"), method="claim"))
    assert system.work(message(release)) == ["0"]
    assert system.work(message(release)) == []
    assert system.state(release) is ReleaseState.DONE


@pytest.mark.parametrize("body", ["", "{}", "[]", "no json", '{"release_id": "../secret"}', '{"renew": 7}', "null"])
def test_a_message_about_nothing_is_dropped_and_counted(system, body, measured, logged):
    assert read_message(body) is None
    assert system.work(body) == []
    assert measured() == ["ReleaseMessagesDropped"]
    assert [line["level"] for line in logged()] == ["ERROR"]


def test_a_release_that_there_is_not_is_nothing_to_do(system, measured):
    assert system.work(message_about_release("0" * 32)) == []
    assert measured() == []


def test_a_playlist_is_renewed_once_for_each_index(system, measured, logged):
    system.work(message(system.announce("first")))
    measured()
    assert system.work(message_about_renewal(ME)) == []
    assert measured() == [], "this index has made it"
    system.world.recommender.index_version = "v2"
    for _ in range(3):
        assert system.work(message_about_renewal(ME)) == []
    assert measured() == ["PlaylistsRenewed"]
    assert [one.number for one in system.world.artists.versions(ME)] == [2, 1]
    assert [line["version"] for line in logged() if line["message"] == "A playlist was renewed"] == [2]


def test_a_renewal_that_cannot_be_made_now_is_left_to_the_next_day(system, measured, logged):
    system.work(message(system.announce("first")))
    measured()
    system.world.recommender.index_version = "v2"
    until = system.world.clock() + timedelta(hours=20)
    system.world.publications.open_circuit("spotify", Circuit(until, "Spotify's quota is spent."))
    assert system.work(message_about_renewal(ME)) == []
    assert measured() == ["RenewalFailed", "CircuitOpen"]
    assert logged()[-1]["level"] == "WARNING"
    system.world.clock.advance(24 * 3600)
    assert system.work(message_about_renewal(ME)) == []
    assert measured() == ["PlaylistsRenewed"]


def test_a_worker_that_is_not_configured_says_which_variables_are_wrong(monkeypatch):
    for name in SETTINGS:
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(InvalidSettings, match=r"TABLE_NAME: .*PUBLISHING_SECRET: |PUBLISHING_SECRET: .*TABLE_NAME: "):
        handler(EVENT, Context())


def test_the_worker_is_put_together_from_what_its_settings_name(aws, monkeypatch):
    secret = aws.make_secret(json.dumps({"edit_token_key": "NEVERLOGME" * 5, "access_codes": ""}))
    values = SETTINGS | {"PUBLISHING_SECRET": secret, "TABLE_NAME": aws.make_table(), "DATA_BUCKET": aws.make_bucket()}
    from shared import aws as clients

    for client in (clients.secrets_manager, clients.dynamodb, clients.s3):
        client.cache_clear()
    worker = compose(ReleaseWorkerSettings.from_environment(values))
    assert worker.work.attempt("0" * 32, worker.clock()).release is None
    assert worker.change.renew(ME, "v1", worker.clock()) is None
