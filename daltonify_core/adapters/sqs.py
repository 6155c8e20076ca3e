"""A queue of Amazon SQS, standard kind: at least once, in any order."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from botocore.exceptions import BotoCoreError, ClientError

from daltonify_core.errors import UpstreamUnavailable

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

_SDK_FAULTS: Final = (BotoCoreError, ClientError)


class SqsJobQueue:
    """The port ``JobQueue`` over a ready client; messages are JSON objects of texts."""

    def __init__(self, client: "SQSClient", queue_url: str) -> None:
        self._client = client
        self._queue_url = queue_url

    def send(self, message: Mapping[str, str]) -> None:
        """A repetition inside the client may send it twice."""
        try:
            self._client.send_message(QueueUrl=self._queue_url, MessageBody=json.dumps(dict(message)))
        except _SDK_FAULTS as error:
            raise UpstreamUnavailable("The work cannot be handed on. Send the request again in a moment.") from error

    def show_again(self, receipt: str, seconds: int) -> None:
        """Let a message that was received, and is not done with, come again after this time.

        Raises ``UpstreamUnavailable``; it comes again after the queue's own time then.
        """
        try:
            self._client.change_message_visibility(
                QueueUrl=self._queue_url, ReceiptHandle=receipt, VisibilityTimeout=seconds
            )
        except _SDK_FAULTS as error:
            raise UpstreamUnavailable("A message cannot be put back; it comes again later by itself.") from error
