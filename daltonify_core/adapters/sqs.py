"""Queues of Amazon SQS: standard ones, in any order, and one that keeps an artist's releases in order."""

import json
from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Final

from botocore.exceptions import BotoCoreError, ClientError

from daltonify_core.errors import UpstreamUnavailable
from daltonify_core.releases.message import message_about_release, message_about_renewal
from daltonify_core.releases.release import Release

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


class SqsReleaseQueue:
    """The port ``ReleaseQueue`` over a ready client and a FIFO queue: one group for each artist.

    SQS takes a second message for the same attempt and due time, within five minutes, for a repetition.
    """

    def __init__(self, client: "SQSClient", queue_url: str) -> None:
        self._client = client
        self._queue_url = queue_url

    def send(self, release: Release) -> None:
        """The message names the release and nothing else; what is to be done says its record."""
        due = int(release.next_attempt_at.timestamp()) if release.next_attempt_at else 0
        repetition = f"{release.release_id}-{release.attempt}-{due}"
        try:
            self._send(message_about_release(release.release_id), release.artist_id, repetition)
        except _SDK_FAULTS as error:
            raise UpstreamUnavailable("The release cannot be handed on now; it will be within minutes.") from error

    def send_renewal(self, artist_id: str, day: date) -> None:
        """In the group of the artist's releases, so that nothing else changes the playlist meanwhile."""
        try:
            self._send(message_about_renewal(artist_id), artist_id, f"renewal-{artist_id}-{day}")
        except _SDK_FAULTS as error:
            raise UpstreamUnavailable("The renewal cannot be handed on now; the next day brings another.") from error

    def _send(self, body: str, artist_id: str, repetition: str) -> None:
        self._client.send_message(
            QueueUrl=self._queue_url,
            MessageBody=body,
            MessageGroupId=artist_id,
            MessageDeduplicationId=repetition,
        )
