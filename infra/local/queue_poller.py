"""From a queue to a function, as Lambda's event source mapping does it for SQS, with partial failures reported."""

import json
import logging
import threading
from collections.abc import Mapping, Set
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

from botocore.exceptions import BotoCoreError, ClientError

from infra.local.lambda_function import ACCOUNT_ID, REGION, FunctionFailed, FunctionTimedOut, LambdaFunction

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import MessageTypeDef

_POLL_SECONDS: Final = 0.5
"""Asked anew this often: the local server's own long polling keeps a processor busy."""
_STOPPING_SECONDS: Final = 2

_logger = logging.getLogger(__name__)


class QueuePoller:
    """Hands every message of a queue to a function, one at a time; a context manager.

    A message is deleted when the function is done with it. One that it names among its failures, or during which it
    raised, ran out of time or answered nonsense, stays in the queue and comes again when the queue shows it. Leaving
    does not wait for a function that is at work.
    """

    def __init__(
        self, client: "SQSClient", queue_url: str, function: LambdaFunction, poll_seconds: float = _POLL_SECONDS
    ) -> None:
        self._client = client
        self._queue_url = queue_url
        self._function = function
        self._poll_seconds = poll_seconds
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._poll, name="queue-poller", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping.set()
        self._thread.join(_STOPPING_SECONDS)

    def deliver(self) -> int:
        """Hand over what the queue shows now, at most one message; how many there were.

        Raises what the client raises.
        """
        answer = self._client.receive_message(
            QueueUrl=self._queue_url,
            MaxNumberOfMessages=1,
            MessageSystemAttributeNames=["All"],
            MessageAttributeNames=["All"],
        )
        messages = answer.get("Messages", [])
        if messages:
            failed = self._failed(messages)
            for message in messages:
                if message["MessageId"] not in failed:
                    self._client.delete_message(QueueUrl=self._queue_url, ReceiptHandle=message["ReceiptHandle"])
        return len(messages)

    def _poll(self) -> None:
        while not self._stopping.is_set():
            try:
                delivered = self.deliver()
            except (BotoCoreError, ClientError):
                if not self._stopping.is_set():
                    _logger.exception("The queue cannot be read.")
                delivered = 0
            if not delivered:
                self._stopping.wait(self._poll_seconds)

    def _failed(self, messages: list["MessageTypeDef"]) -> Set[object]:
        """Ids of the messages that are not done with."""
        ids = {message["MessageId"] for message in messages}
        event = {"Records": [self._record(message) for message in messages]}
        try:
            result = self._function.invoke(event, self._function.settings.timeout_seconds)
            return _failures_in(result, ids)
        except FunctionTimedOut as error:
            _logger.error("%s", error)
        except FunctionFailed as error:
            _logger.error("%s", error, exc_info=error.__cause__)
        return ids

    def _record(self, message: "MessageTypeDef") -> dict[str, Any]:
        name = self._queue_url.rpartition("/")[2]
        return {
            "messageId": message["MessageId"],
            "receiptHandle": message["ReceiptHandle"],
            "body": message["Body"],
            "attributes": dict(message.get("Attributes", {})),
            "messageAttributes": json.loads(json.dumps(message.get("MessageAttributes", {}))),
            "md5OfBody": message["MD5OfBody"],
            "eventSource": "aws:sqs",
            "eventSourceARN": f"arn:aws:sqs:{REGION}:{ACCOUNT_ID}:{name}",
            "awsRegion": REGION,
        }


def _failures_in(result: object, ids: Set[str]) -> Set[object]:
    """As Lambda reads a result: nothing at all means that all went well, and what makes no sense that nothing did."""
    if not result:
        return frozenset()
    failures = result.get("batchItemFailures") if isinstance(result, Mapping) else ids
    if not failures:
        return frozenset()
    if not isinstance(failures, list):
        return ids
    named = {one.get("itemIdentifier") if isinstance(one, Mapping) else None for one in failures}
    return named if named <= ids else ids
