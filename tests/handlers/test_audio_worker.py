"""The worker as Lambda runs it: SQS events in, on real parts of the local AWS and a simulated ReccoBeats."""

import copy
import io
import json
import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from audio_worker.handler import handler
from aws_lambda_powertools.utilities.typing import LambdaContext
from shared import aws as clients
from shared.observability import logger
from shared.settings import InvalidSettings

from daltonify_core.adapters.dynamodb import DynamoAudioJobStore
from daltonify_core.adapters.s3_clips import S3AudioClips
from daltonify_core.ports.audio import AudioJob, AudioJobState
from infra.local.reccobeats_simulator import Fault, FaultKind, ReccoBeatsSimulator
from tests.log_watch import SECRET_MARK
from tests.recordings import song_wav

EVENT = json.loads((Path(__file__).parents[1] / "events" / "audio_uploaded.json").read_text())
JOB = f"{SECRET_MARK}-{'7' * 32}"
REQUEST_ID = "52fdfc07-2182-454f-963f-5f0f9a621d72"
MESSAGE = json.dumps({"job_id": JOB})


class Context(LambdaContext):
    """Lambda gives the worker 90 seconds."""

    _aws_request_id = REQUEST_ID

    @staticmethod
    def get_remaining_time_in_millis() -> int:
        return 90_000


@pytest.fixture
def reccobeats():
    with ReccoBeatsSimulator() as simulator:
        yield simulator


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
def system(aws, reccobeats, monkeypatch):
    """An installation with one job that was just sent; ``work`` hands its message, or another, to the worker."""
    for client in (clients.s3, clients.dynamodb, clients.sqs):
        client.cache_clear()
    bucket, table, queue_url = aws.make_bucket(keeps_versions=False), aws.make_table(), aws.make_queue()
    environment = {
        "AUDIO_BUCKET": bucket,
        "TABLE_NAME": table,
        "AUDIO_QUEUE_URL": queue_url,
        "RECCOBEATS_API": reccobeats.api_url,
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    jobs, clips = DynamoAudioJobStore(aws.dynamodb, table), S3AudioClips(aws.s3, bucket)
    begun_at = datetime.now(UTC)
    jobs.begin(AudioJob(JOB, begun_at, begun_at + timedelta(hours=1)), [], begun_at)
    clips.store(JOB, song_wav())

    def received():
        """The next message as an event, ``None`` while all are hidden."""
        messages = aws.sqs.receive_message(QueueUrl=queue_url).get("Messages", [])
        if not messages:
            return None
        event = copy.deepcopy(EVENT)
        event["Records"][0] |= {
            "messageId": messages[0]["MessageId"],
            "receiptHandle": messages[0]["ReceiptHandle"],
            "body": messages[0]["Body"],
        }
        return event

    def work(body=MESSAGE):
        aws.sqs.send_message(QueueUrl=queue_url, MessageBody=body)
        return handler(received(), Context())

    def hidden_seconds(change):
        """For how long each message is hidden that the worker puts back."""
        put_back = []
        real = clients.sqs().change_message_visibility

        def spy(**call):
            put_back.append(call["VisibilityTimeout"])
            return real(**call)

        change.setattr(clients.sqs(), "change_message_visibility", spy)
        return put_back

    return SimpleNamespace(
        work=work,
        received=received,
        jobs=jobs,
        clips=clips,
        aws=aws,
        bucket=bucket,
        put_back=hidden_seconds(monkeypatch),
        job=lambda: jobs.find(JOB, datetime.now(UTC)),
    )


def is_done_with(answer) -> bool:
    return bool(answer == {"batchItemFailures": []})


def test_a_file_is_heard_by_reccobeats_and_forgotten(system, reccobeats, logged, measured):
    assert is_done_with(system.work())
    job = system.job()
    assert (job.state, job.features_source, job.attempt) == (AudioJobState.DONE, "audio_file", 1)
    assert {"energy", "valence", "instrumentalness"} <= job.features.present().keys()
    assert system.clips.read(JOB) is None
    (line,) = logged()
    assert (line["message"], line["state"], line["source"]) == ("audio analysed", "done", "audio_file")
    assert line["function_request_id"] == REQUEST_ID
    assert measured() == ["AudioAnalysed"]
    (request,) = reccobeats.requests
    assert (request.method, request.path) == ("POST", "/v1/analysis/audio-features")


def test_a_message_that_comes_twice_is_worked_on_once(system, reccobeats, logged):
    system.work()
    job = system.job()
    assert is_done_with(system.work())
    assert system.job() == job
    assert len(reccobeats.requests) == 1
    assert "finished or forgotten" in logged()[-1]["message"]


def test_a_reccobeats_that_fails_is_asked_once_more_soon_and_then_the_file_is_measured(
    system, reccobeats, logged, measured
):
    reccobeats.add_fault(Fault(FaultKind.SERVER_ERROR, times=None))
    answer = system.work()
    assert answer == {"batchItemFailures": [{"itemIdentifier": answer["batchItemFailures"][0]["itemIdentifier"]}]}
    assert system.job().state is AudioJobState.QUEUED
    assert system.clips.read(JOB) == song_wav()
    assert system.put_back == [15]
    assert (logged()[-1]["level"], measured()) == ("WARNING", ["ReccoBeatsUploadFailed"])
    assert is_done_with(system.work())
    job = system.job()
    assert (job.state, job.features_source) == (AudioJobState.DONE, "measured")
    # The song is made with 120 beats a minute; octaves may be taken for one another.
    assert min(abs(job.features.tempo * factor - 120) for factor in (0.5, 1, 2)) < 2
    assert system.clips.read(JOB) is None
    assert logged()[-1]["fallback"] == "unavailable"
    assert measured() == ["ReccoBeatsUploadFailed", "AudioAnalysed", "AudioMeasuredLocally"]


@pytest.mark.parametrize("kind", [FaultKind.RATE_LIMITED, FaultKind.BLOCKED, FaultKind.NONSENSE], ids=str)
def test_whatever_reccobeats_answers_the_artist_gets_features(system, reccobeats, kind):
    reccobeats.add_fault(Fault(kind, times=None))
    for _ in range(2):
        if is_done_with(system.work()):
            break
    assert system.job().state is AudioJobState.DONE
    assert system.job().features_source == "measured"


def test_a_file_that_reccobeats_refuses_is_measured_and_the_artist_is_told(system, reccobeats, logged, measured):
    reccobeats.add_fault(Fault(FaultKind.REFUSED))
    assert is_done_with(system.work())
    job = system.job()
    assert (job.state, job.features_source) == (AudioJobState.DONE, "measured")
    assert "another part of the track" in job.notes[0]
    assert system.clips.read(JOB) is None
    assert logged()[-1]["fallback"] == "file_turned_down"
    assert measured() == ["ReccoBeatsUploadFailed", "AudioAnalysed", "AudioMeasuredLocally"]


def test_a_file_that_is_damaged_in_our_store_has_failed_with_advice(system, reccobeats, measured):
    system.clips.store(JOB, song_wav()[:1000])
    reccobeats.add_fault(Fault(FaultKind.REFUSED))
    assert is_done_with(system.work())
    job = system.job()
    assert job.state is AudioJobState.FAILED
    assert "breaks off" in job.problem
    assert system.clips.read(JOB) is None
    assert measured() == ["AudioFailed"]


@pytest.mark.parametrize(
    "body",
    ["", "not json", "[]", "null", "5", "{}", '{"job_id": 5}', '{"job_id": "../../index/current.json"}',
     '{"job_id": "NEVERLOGME"}'],
)  # fmt: skip
def test_a_message_that_can_never_succeed_is_dropped_with_a_log_line(system, logged, measured, body):
    event = copy.deepcopy(EVENT)
    event["Records"][0]["body"] = body
    assert is_done_with(handler(event, Context()))
    (line,) = logged()
    assert (line["level"], line["message_id"]) == ("ERROR", event["Records"][0]["messageId"])
    assert measured() == ["AudioMessagesDropped"]


def test_a_message_about_an_unknown_job_is_dropped_with_a_log_line(system, logged):
    assert is_done_with(handler(EVENT, Context()))
    assert "finished or forgotten" in logged()[-1]["message"]


def test_a_clip_that_cannot_be_removed_comes_again_until_it_can(system, reccobeats, logged, measured, monkeypatch):
    def refuse(**_):
        raise clients.s3().exceptions.ClientError({"Error": {"Code": "SlowDown"}}, "DeleteObject")

    with monkeypatch.context() as change:
        change.setattr(clients.s3(), "delete_object", refuse)
        assert len(system.work()["batchItemFailures"]) == 1
    assert system.job().state is AudioJobState.DONE
    assert system.clips.read(JOB) == song_wav()
    assert (logged()[-1]["level"], logged()[-1]["code"]) == ("ERROR", "upstream_unavailable")
    assert measured() == ["AudioAttemptFailed"]
    assert system.put_back == [30]
    assert is_done_with(system.work())
    assert system.clips.read(JOB) is None
    assert len(reccobeats.requests) == 1


def test_an_error_that_nobody_expected_is_logged_with_its_stack_and_comes_again(system, logged, monkeypatch):
    def broken(**_):
        raise ZeroDivisionError

    with monkeypatch.context() as change:
        change.setattr(clients.s3(), "get_object", broken)
        assert len(system.work()["batchItemFailures"]) == 1
    assert logged()[-1]["code"] == "internal_error"
    assert "ZeroDivisionError" in logged()[-1]["exception"]


def test_after_a_fault_of_our_own_the_next_delivery_works_on_the_file_at_once(system, reccobeats, monkeypatch):
    def refuse(**_):
        raise clients.s3().exceptions.ClientError({"Error": {"Code": "SlowDown"}}, "GetObject")

    with monkeypatch.context() as change:
        change.setattr(clients.s3(), "get_object", refuse)
        for _ in range(3):
            assert len(system.work()["batchItemFailures"]) == 1
    assert system.put_back == [30, 30, 30]
    assert is_done_with(system.work())
    assert system.job().features_source == "audio_file"
    assert len(reccobeats.requests) == 1


def test_a_message_that_cannot_be_put_back_comes_again_all_the_same(system, reccobeats, logged, monkeypatch):
    def refuse(**_):
        raise clients.sqs().exceptions.ClientError({"Error": {"Code": "ServiceUnavailable"}}, "Change")

    monkeypatch.setattr(clients.sqs(), "change_message_visibility", refuse)
    reccobeats.add_fault(Fault(FaultKind.SERVER_ERROR))
    assert len(system.work()["batchItemFailures"]) == 1
    assert logged()[-1]["level"] == "WARNING"


def test_one_bad_message_does_not_hold_up_the_others(system):
    event = copy.deepcopy(EVENT)
    good = copy.deepcopy(event["Records"][0]) | {"messageId": "good", "body": MESSAGE}
    event["Records"] = [event["Records"][0] | {"body": "not json"}, good]
    assert is_done_with(handler(event, Context()))
    assert system.job().state is AudioJobState.DONE


def test_no_log_line_holds_an_id_or_anything_of_the_file(system, reccobeats, logged, capsys):
    reccobeats.add_fault(Fault(FaultKind.SERVER_ERROR, times=None))
    system.work()
    system.work()
    system.work()
    assert SECRET_MARK not in json.dumps(logged()) + capsys.readouterr().out


def test_a_worker_that_is_not_configured_says_which_variables_are_wrong(monkeypatch):
    for name in ("TABLE_NAME", "AUDIO_BUCKET", "AUDIO_QUEUE_URL"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(InvalidSettings, match=r"TABLE_NAME: .*; AUDIO_BUCKET: .*; AUDIO_QUEUE_URL: "):
        handler(EVENT, Context())
