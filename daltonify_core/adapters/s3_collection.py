"""Collected tracks, and the lists of wanted ones, as objects of one S3 bucket."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import BotoCoreError, ClientError
from urllib3.exceptions import HTTPError

from daltonify_core.errors import CollectionConflict, DaltonifyError, UpstreamRefused, UpstreamUnavailable
from daltonify_core.ports.catalogue import CollectionFile

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# urllib3's own errors come through where botocore reads a body and does not expect them.
_SDK_FAULTS: Final = (BotoCoreError, ClientError, HTTPError)
_MISSING: Final = {"NoSuchKey", "NotFound", "404"}
_CONDITION_FAILED: Final = {"PreconditionFailed", "ConditionalRequestConflict", "412", "409"}


class S3Collection:
    """Objects directly below one prefix, replaced by conditional writes."""

    def __init__(self, client: "S3Client", bucket: str, prefix: str) -> None:
        self._client = client
        self._bucket = bucket
        self._prefix = prefix

    def names(self) -> list[str]:
        """Keys without the prefix, sorted."""
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=self._prefix, Delimiter="/"
        )
        with self._translated():
            keys = [entry["Key"] for page in pages for entry in page.get("Contents", ())]
        # A console that "makes a folder" stores an object that is named like the prefix.
        return sorted(key.removeprefix(self._prefix) for key in keys if key != self._prefix)

    def read(self, name: str) -> CollectionFile | None:
        """The object; its tag is S3's."""
        try:
            answer = self._client.get_object(Bucket=self._bucket, Key=self._prefix + name)
            return CollectionFile(answer["Body"].read(), answer["ETag"])
        except _SDK_FAULTS as error:
            if _code(error) in _MISSING:
                return None
            raise self._fault(error) from error

    def write(self, name: str, content: bytes, expected_tag: str | None) -> None:
        """One conditional write; one whose answer is lost meets its own result when it is read back."""
        condition: Any = {"IfNoneMatch": "*"} if expected_tag is None else {"IfMatch": expected_tag}
        try:
            self._client.put_object(Bucket=self._bucket, Key=self._prefix + name, Body=content, **condition)
        except _SDK_FAULTS as error:
            stored = self.read(name)
            if stored is not None and stored.content == content:
                return
            if _code(error) in _CONDITION_FAILED | _MISSING:
                raise CollectionConflict(
                    f"{self._prefix}{name} was changed by another run in the meantime. Go on."
                ) from error
            raise self._fault(error) from error

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except _SDK_FAULTS as error:
            raise self._fault(error) from error

    def _fault(self, error: Exception) -> DaltonifyError:
        place = f"s3://{self._bucket}/{self._prefix}"
        # The kind is enough: whole messages of the SDK repeat addresses and request parameters.
        reason = f"S3 answered {_code(error)}" if isinstance(error, ClientError) else f"{type(error).__name__} from S3"
        status = error.response["ResponseMetadata"]["HTTPStatusCode"] if isinstance(error, ClientError) else None
        if status is not None and 400 <= status < 500 and status != 429:
            return UpstreamRefused(f"{place} cannot be used: {reason}. Check that the function may use it.", status)
        return UpstreamUnavailable(f"{place} cannot be used: {reason}. The next run goes on.")


def _code(error: Exception) -> str:
    return str(error.response["Error"].get("Code", "")) if isinstance(error, ClientError) else ""
