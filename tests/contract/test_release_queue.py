"""The queue of releases on the local AWS: an artist's in order, one message for each attempt, nothing told twice."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from daltonify_core.adapters.sqs import SqsReleaseQueue
from daltonify_core.errors import UpstreamUnavailable
from daltonify_core.releases.message import Message, read_message
from daltonify_core.releases.release import ReferenceKind, Release, ReleaseReference, Trigger

NOW = datetime(2026, 1, 2, 12, tzinfo=UTC)
ME, SOMEBODY_ELSE = "A" * 22, "B" * 22


def release(number: int, artist_id: str = ME) -> Release:
    return Release(
        release_id=f"{number:032x}",
        artist_id=artist_id,
        reference=ReleaseReference(ReferenceKind.TITLE, "song"),
        trigger=Trigger.HOOK,
        received_at=NOW,
        since=NOW,
        expires_at=NOW + timedelta(days=400),
        next_attempt_at=NOW,
    )


@pytest.fixture
def url(aws):
    return aws.make_release_queue()


@pytest.fixture
def queue(aws, url):
    return SqsReleaseQueue(aws.sqs, url)


@pytest.fixture
def received(aws, url):
    """One message at a time, as the worker gets them, each done with at once unless it is left hidden."""

    def read(is_done=True):
        answer = aws.sqs.receive_message(QueueUrl=url, MessageSystemAttributeNames=["MessageGroupId"])
        if not answer.get("Messages"):
            return None
        (message,) = answer["Messages"]
        if is_done:
            aws.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return read_message(message["Body"]), message["Attributes"]["MessageGroupId"]

    return read


def about(one: Release) -> tuple[Message, str]:
    return Message(release_id=one.release_id), one.artist_id


def test_the_releases_of_an_artist_come_in_the_order_in_which_they_were_sent(queue, received):
    some = [release(number) for number in range(5)]
    for one in some:
        queue.send(one)
    assert [received() for _ in range(6)] == [*map(about, some), None]


def test_while_one_release_is_worked_on_its_artists_others_wait_and_nobody_elses(queue, received):
    mine, mine_too, theirs = release(1), release(2), release(3, SOMEBODY_ELSE)
    for one in (mine, mine_too, theirs):
        queue.send(one)
    assert received(is_done=False) == about(mine)
    assert received() == about(theirs)
    assert received() is None


def test_one_attempt_that_is_sent_twice_is_one_message_and_another_one_is_another(queue, received):
    one = release(1)
    for _ in range(3):
        queue.send(one)
    queue.send(replace(one, attempt=1, next_attempt_at=NOW + timedelta(minutes=10)))
    assert [received() for _ in range(3)] == [about(one), about(one), None]


def test_a_renewal_stands_in_line_with_the_artists_releases_once_a_day(queue, received):
    one = release(1)
    queue.send(one)
    for _ in range(2):
        queue.send_renewal(ME, date(2026, 1, 2))
    queue.send_renewal(ME, date(2026, 1, 3))
    renewal = (Message(renewed_artist=ME), ME)
    assert [received() for _ in range(4)] == [about(one), renewal, renewal, None]


def test_a_queue_that_is_not_there_is_told_without_its_address(aws, url):
    gone = SqsReleaseQueue(aws.sqs, url.replace(".fifo", "-gone.fifo"))
    with pytest.raises(UpstreamUnavailable, match="within minutes"):
        gone.send(release(1))
    with pytest.raises(UpstreamUnavailable, match="next day"):
        gone.send_renewal(ME, date(2026, 1, 2))
