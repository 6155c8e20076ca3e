"""Uploaded audio in an S3 bucket of its own.

The bucket must not keep versions: in one that does, an object that was removed is still there.
"""

from datetime import datetime
from typing import TYPE_CHECKING, Final

from botocore.exceptions import BotoCoreError, ClientError
from urllib3.exceptions import HTTPError

from daltonify_core.errors import UpstreamUnavailable

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# The last is what reading a body raises when the connection breaks.
_SDK_FAULTS: Final = (BotoCoreError, ClientError, HTTPError)
_SUFFIX: Final = ".wav"


class S3AudioClips:
    """The port ``AudioClips`` over a ready client."""

    def __init__(self, client: "S3Client", bucket: str, prefix: str = "audio/") -> None:
        self._client = client
        self._bucket = bucket
        self._prefix = prefix

    def store(self, job_id: str, wav: bytes) -> None:
        """One request; an interrupted one leaves nothing."""
        try:
            self._client.put_object(Bucket=self._bucket, Key=self._key(job_id), Body=wav, ContentType="audio/wav")
        except _SDK_FAULTS as error:
            raise _unavailable() from error

    def read(self, job_id: str) -> bytes | None:
        """The whole clip, in memory."""
        try:
            return self._client.get_object(Bucket=self._bucket, Key=self._key(job_id))["Body"].read()
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") == "NoSuchKey":
                return None
            raise _unavailable() from error
        except _SDK_FAULTS as error:
            raise _unavailable() from error

    def remove(self, job_id: str) -> None:
        """S3 answers alike whether there was an object or not."""
        try:
            self._client.delete_object(Bucket=self._bucket, Key=self._key(job_id))
        except _SDK_FAULTS as error:
            raise _unavailable() from error

    def forgotten(self, before: datetime) -> list[str]:
        """A thousand objects for each request; what is not named like a clip is passed over."""
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=self._prefix)
        try:
            keys = [
                entry["Key"] for page in pages for entry in page.get("Contents", ()) if entry["LastModified"] < before
            ]
        except _SDK_FAULTS as error:
            raise _unavailable() from error
        return [key.removeprefix(self._prefix).removesuffix(_SUFFIX) for key in keys if key.endswith(_SUFFIX)]

    def _key(self, job_id: str) -> str:
        return f"{self._prefix}{job_id}{_SUFFIX}"


def _unavailable() -> UpstreamUnavailable:
    # Nothing of the cause: messages of the SDK repeat keys, which are the ids of jobs.
    return UpstreamUnavailable("The storage of audio files cannot be reached. Send the file again in a moment.")
