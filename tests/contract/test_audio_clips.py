"""Where clips lie and how work is handed on: S3 and SQS beside what stands for them in tests."""

import json
import socket
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.config import Config

from daltonify_core.adapters.s3_clips import S3AudioClips
from daltonify_core.adapters.sqs import SqsJobQueue
from daltonify_core.errors import UpstreamUnavailable
from tests.fakes.memory_audio import MemoryAudioClips, MemoryJobQueue

CLIP = bytes(range(256)) * 40


@pytest.fixture(params=["memory", "s3"])
def clips(request):
    if request.param == "memory":
        return MemoryAudioClips()
    aws = request.getfixturevalue("aws")
    return S3AudioClips(aws.s3, aws.make_bucket(keeps_versions=False))


def test_a_clip_is_there_from_storing_to_removing(clips):
    assert clips.read("job") is None
    clips.store("job", CLIP)
    assert clips.read("job") == CLIP
    assert clips.read("another") is None
    clips.remove("job")
    assert clips.read("job") is None


def test_storing_again_replaces_and_removing_again_changes_nothing(clips):
    clips.store("job", b"first")
    clips.store("job", CLIP)
    assert clips.read("job") == CLIP
    clips.remove("job")
    clips.remove("job")
    assert clips.read("job") is None


def test_clips_are_forgotten_once_they_were_stored_long_enough_ago(clips):
    for job in ("one", "two", "removed"):
        clips.store(job, CLIP)
    clips.remove("removed")
    now = datetime.now(UTC)
    assert clips.forgotten(now - timedelta(hours=1)) == []
    assert sorted(clips.forgotten(now + timedelta(hours=1))) == ["one", "two"]


def test_only_clips_in_their_folder_are_forgotten_however_many_there_are(aws, monkeypatch):
    bucket = aws.make_bucket(keeps_versions=False)
    clips = S3AudioClips(aws.s3, bucket)
    aws.s3.put_object(Bucket=bucket, Key="audio/", Body=b"")
    aws.s3.put_object(Bucket=bucket, Key="other/x.wav", Body=b"")
    jobs = [f"job{number}" for number in range(5)]
    for job in jobs:
        clips.store(job, b"sound")
    # As if S3 gave out two objects at a time instead of a thousand.
    listed = aws.s3.get_paginator("list_objects_v2").paginate
    paginator = type("Pages", (), {"paginate": lambda _, **call: listed(**call, PaginationConfig={"PageSize": 2})})
    monkeypatch.setattr(aws.s3, "get_paginator", lambda _: paginator())
    assert sorted(clips.forgotten(datetime.now(UTC) + timedelta(hours=1))) == jobs


def test_nothing_is_left_of_a_clip_and_it_lay_in_its_folder(aws):
    bucket = aws.make_bucket(keeps_versions=False)
    clips = S3AudioClips(aws.s3, bucket)
    clips.store("job", CLIP)
    assert [entry["Key"] for entry in aws.s3.list_objects_v2(Bucket=bucket)["Contents"]] == ["audio/job.wav"]
    clips.remove("job")
    versions = aws.s3.list_object_versions(Bucket=bucket)
    assert (versions.get("Versions", []), versions.get("DeleteMarkers", [])) == ([], [])


@pytest.fixture(params=["memory", "sqs"])
def queue_and_messages(request):
    if request.param == "memory":
        memory = MemoryJobQueue()
        return memory, lambda: memory.messages
    aws = request.getfixturevalue("aws")
    url = aws.make_queue()

    def received() -> list[dict[str, str]]:
        answer = aws.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)
        return [json.loads(message["Body"]) for message in answer.get("Messages", [])]

    return SqsJobQueue(aws.sqs, url), received


def test_a_message_arrives_as_it_was_sent(queue_and_messages):
    queue, messages = queue_and_messages
    assert messages() == []
    queue.send({"job_id": "Ünusual"})
    assert messages() == [{"job_id": "Ünusual"}]


def test_a_message_can_be_put_back_at_once(aws):
    url = aws.make_queue()
    queue = SqsJobQueue(aws.sqs, url)
    queue.send({"job_id": "x"})
    (first,) = aws.sqs.receive_message(QueueUrl=url)["Messages"]
    assert "Messages" not in aws.sqs.receive_message(QueueUrl=url)
    queue.show_again(first["ReceiptHandle"], 0)
    (second,) = aws.sqs.receive_message(QueueUrl=url)["Messages"]
    assert second["MessageId"] == first["MessageId"]


@pytest.fixture
def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


CALLS = {
    "store": ("s3", lambda client: S3AudioClips(client, "bucket").store("NEVERLOGME-id", CLIP)),
    "read": ("s3", lambda client: S3AudioClips(client, "bucket").read("NEVERLOGME-id")),
    "remove": ("s3", lambda client: S3AudioClips(client, "bucket").remove("NEVERLOGME-id")),
    "forgotten": ("s3", lambda client: S3AudioClips(client, "bucket").forgotten(datetime.now(UTC))),
    "send": ("sqs", lambda client: SqsJobQueue(client, "http://127.0.0.1/q").send({"job_id": "NEVERLOGME-id"})),
    "show_again": ("sqs", lambda client: SqsJobQueue(client, "http://127.0.0.1/q").show_again("receipt", 5)),
}


@pytest.mark.parametrize("name", CALLS)
def test_a_service_that_is_not_there_is_unavailable_and_no_id_is_told(aws, closed_port, name):
    service, call = CALLS[name]
    session: Any = boto3.session.Session()
    client = session.client(
        service,
        endpoint_url=f"http://127.0.0.1:{closed_port}",
        region_name="eu-central-1",
        config=Config(retries={"total_max_attempts": 1}, connect_timeout=1),
    )
    with pytest.raises(UpstreamUnavailable) as caught:
        call(client)
    assert "NEVERLOGME" not in caught.value.message


@pytest.mark.parametrize("name", CALLS)
def test_a_service_that_refuses_is_unavailable(aws, name):
    service, call = CALLS[name]
    # There is neither this bucket nor this queue.
    with pytest.raises(UpstreamUnavailable):
        call(aws.client(service))
