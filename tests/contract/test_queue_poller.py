"""From a queue to a function: what is deleted, what comes again, and what ends among the dead letters."""

import json
import threading
from typing import Any

import pytest

from infra.local.lambda_function import FunctionSettings, LambdaFunction
from infra.local.queue_poller import QueuePoller

AN_HOUR = 3600


class Queue:
    """A queue of the local AWS whose messages come again as soon as a test says so."""

    def __init__(self, aws: Any, receives: int = 5) -> None:
        self._client = aws.sqs
        self.client, self.dead_letters = aws.sqs, aws.make_queue()
        self.url = aws.make_queue(self.dead_letters, receives)

    def send(self, *bodies: str) -> None:
        for body in bodies:
            self._client.send_message(QueueUrl=self.url, MessageBody=body)

    def hide_for(self, seconds: int) -> None:
        self._client.set_queue_attributes(QueueUrl=self.url, Attributes={"VisibilityTimeout": str(seconds)})

    def count(self, url: str | None = None) -> int:
        """Messages in the queue, hidden ones included."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        found = self._client.get_queue_attributes(QueueUrl=url or self.url, AttributeNames=names)["Attributes"]
        return sum(int(found[name]) for name in names)


@pytest.fixture
def queue(aws) -> Queue:
    return Queue(aws)


def poller(queue: Queue, handler: Any, timeout_seconds: float = 60, **options: float) -> QueuePoller:
    function = LambdaFunction(handler, FunctionSettings("Worker", timeout_seconds))
    return QueuePoller(queue.client, queue.url, function, **options)


def test_an_event_looks_as_lambda_sends_it_and_a_message_that_is_done_is_gone(queue):
    events: list[dict[str, Any]] = []
    queue.send('{"job_id": "x"}')
    assert poller(queue, lambda event, _: events.append(event)).deliver() == 1
    (record,) = events[0]["Records"]
    assert record["body"] == '{"job_id": "x"}'
    assert record["eventSource"] == "aws:sqs"
    assert record["attributes"]["ApproximateReceiveCount"] == "1"
    assert record.keys() == {
        "messageId", "receiptHandle", "body", "attributes", "messageAttributes", "md5OfBody", "eventSource",
        "eventSourceARN", "awsRegion",
    }  # fmt: skip
    assert queue.count() == 0


def test_messages_come_one_at_a_time(queue):
    sizes: list[int] = []
    queue.send("one", "two", "three")
    polled = poller(queue, lambda event, _: sizes.append(len(event["Records"])))
    assert [polled.deliver() for _ in range(4)] == [1, 1, 1, 0]
    assert sizes == [1, 1, 1]


def failing(event: dict[str, Any], _context: object) -> Any:
    return {"batchItemFailures": [{"itemIdentifier": event["Records"][0]["messageId"]}]}


def raising(event: dict[str, Any], _context: object) -> Any:
    raise ValueError("the reason")


@pytest.mark.parametrize(
    "handler",
    [
        pytest.param(failing, id="named"),
        pytest.param(raising, id="raised"),
        pytest.param(lambda *_: {"batchItemFailures": [{"itemIdentifier": "another"}]}, id="another named"),
        pytest.param(lambda *_: {"batchItemFailures": [{"itemIdentifier": ""}]}, id="nobody named"),
        pytest.param(lambda *_: {"batchItemFailures": [{"id": "x"}]}, id="wrong key"),
        pytest.param(lambda *_: {"batchItemFailures": "all"}, id="text for a list"),
        pytest.param(lambda *_: "done", id="text"),
    ],
)
def test_a_message_that_is_not_done_with_stays(queue, handler):
    queue.send("x")
    assert poller(queue, handler).deliver() == 1
    assert queue.count() == 1


@pytest.mark.parametrize(
    "result", [None, {}, {"batchItemFailures": []}, {"batchItemFailures": None}, ""], ids=repr
)  # fmt: skip
def test_a_function_that_names_no_failure_is_done_with_its_message(queue, result):
    queue.send("x")
    poller(queue, lambda *_: result).deliver()
    assert queue.count() == 0


def test_a_function_that_runs_out_of_time_leaves_its_message(queue):
    released = threading.Event()
    queue.send("x")
    poller(queue, lambda *_: released.wait() and None, timeout_seconds=0.05).deliver()
    released.set()
    assert queue.count() == 1


def test_what_fails_again_and_again_ends_among_the_dead_letters(aws):
    queue = Queue(aws, receives=3)
    queue.hide_for(0)
    queue.send("poison")
    polled = poller(queue, failing)
    assert [polled.deliver() for _ in range(4)] == [1, 1, 1, 0]
    assert (queue.count(), queue.count(queue.dead_letters)) == (0, 1)


def test_it_works_in_the_background_until_it_is_left(queue):
    worked = threading.Event()
    with poller(queue, lambda *_: worked.set(), poll_seconds=0.01):
        queue.send("x")
        assert worked.wait(60)
    queue.send("later")
    assert queue.count() >= 1


def test_a_queue_that_fails_is_asked_again(queue, monkeypatch, caplog):
    worked, receive = threading.Event(), queue.client.receive_message
    calls: list[int] = []

    def first_fails(**call: Any) -> Any:
        calls.append(1)
        if len(calls) == 1:
            raise queue.client.exceptions.ClientError({"Error": {"Code": "ServiceUnavailable"}}, "ReceiveMessage")
        return receive(**call)

    monkeypatch.setattr(queue.client, "receive_message", first_fails)
    queue.send(json.dumps({}))
    with poller(queue, lambda *_: worked.set(), poll_seconds=0.01):
        assert worked.wait(60)
    assert "The queue cannot be read" in caplog.text
