"""Messages that Amazon SQS put aside because nobody could work on them."""

from typing import TYPE_CHECKING, Final

from botocore.exceptions import BotoCoreError, ClientError

from daltonify_core.errors import UpstreamUnavailable

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

_MOST_AT_ONCE: Final = 10


class SqsDeadLetters:
    """The port ``DeadLetters`` over a ready client."""

    def __init__(self, client: "SQSClient", queue_url: str) -> None:
        self._client = client
        self._queue_url = queue_url

    def read(self) -> list[tuple[str, str]]:
        """At most ten at once; one that is not removed is read again after the queue's own time."""
        try:
            answer = self._client.receive_message(
                QueueUrl=self._queue_url, MaxNumberOfMessages=_MOST_AT_ONCE, WaitTimeSeconds=1
            )
        except (BotoCoreError, ClientError) as error:
            raise UpstreamUnavailable("The dead letters cannot be read. Try again in a moment.") from error
        return [(message["ReceiptHandle"], message["Body"]) for message in answer.get("Messages", [])]

    def remove(self, letter: str) -> None:
        """No error when it is gone already."""
        try:
            self._client.delete_message(QueueUrl=self._queue_url, ReceiptHandle=letter)
        except (BotoCoreError, ClientError) as error:
            raise UpstreamUnavailable("A dead letter cannot be removed. Try again in a moment.") from error
