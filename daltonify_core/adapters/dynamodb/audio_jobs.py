"""Jobs of audio analysis in the table."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from daltonify_core.adapters.dynamodb.items import (
    ConditionFailed,
    Items,
    cap_reached,
    epoch,
    stamp,
    stored_key,
    time_of,
    translated,
)
from daltonify_core.catalogue.audio_features import AudioFeatures
from daltonify_core.errors import UpstreamUnavailable
from daltonify_core.ports.audio import AudioJob, AudioJobState
from daltonify_core.ports.limits import Cap

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_KIND = "audio job"
_FINISHED = (AudioJobState.DONE, AudioJobState.FAILED)


class DynamoAudioJobStore:
    """The port ``AudioJobStore`` over a ready low-level client; the table has keys ``pk`` and ``sk``, both texts."""

    def __init__(self, client: "DynamoDBClient", table_name: str) -> None:
        self._items = Items(client, table_name)
        self._client = client
        self._table = table_name

    def begin(
        self, job: AudioJob, caps: Sequence[Cap], now: datetime, instead_of: AudioJob | None = None
    ) -> AudioJob | None:
        """One transaction: the record, unless another unexpired one is there, and one more on every counter."""
        condition = "attribute_not_exists(pk) OR #until <= :now"
        values = {":now": {"S": stamp(now)}}
        if instead_of is not None:
            condition += " OR (attempt = :attempt AND created_at = :created)"
            values |= _identity(instead_of)
        put = {
            "Put": {
                "TableName": self._table,
                "Item": _from_job(job),
                "ConditionExpression": condition,
                "ExpressionAttributeNames": {"#until": "until"},
                "ExpressionAttributeValues": values,
            }
        }
        failed = self._items.transact([put, *map(self._items.count_one, caps)])
        if not failed:
            return None
        if failed[0] > 0:
            raise cap_reached(caps[failed[0] - 1], now)
        stored = self.find(job.job_id, now)
        if stored is None:
            raise UpstreamUnavailable("The record of this file has just expired. Send the file again.")
        return stored

    def find(self, job_id: str, now: datetime) -> AudioJob | None:
        """The job of this id."""
        item = self._items.read(_KIND, job_id)
        return _to_job(item) if item and item["until"]["S"] > stamp(now) else None

    def claim(self, job_id: str, now: datetime, lease_until: datetime) -> AudioJob | None:
        """One conditional update, so that of two workers one gets it."""
        try:
            with translated():
                answer = self._client.update_item(
                    TableName=self._table,
                    Key=stored_key(_KIND, job_id),
                    UpdateExpression="SET attempt = attempt + :one, lease_until = :lease, #state = :analysing",
                    ConditionExpression=(
                        "attribute_exists(pk) AND #until > :now AND NOT #state IN (:done, :failed)"
                        " AND (attribute_not_exists(lease_until) OR lease_until <= :now)"
                    ),
                    ExpressionAttributeNames={"#until": "until", "#state": "state"},
                    ExpressionAttributeValues={
                        ":one": {"N": "1"},
                        ":lease": {"S": stamp(lease_until)},
                        ":now": {"S": stamp(now)},
                        ":analysing": {"S": AudioJobState.ANALYSING.value},
                        **{f":{state.value}": {"S": state.value} for state in _FINISHED},
                    },
                    ReturnValues="ALL_NEW",
                )
        except ConditionFailed:
            return None
        return _to_job(answer["Attributes"])

    def save(self, job: AudioJob) -> bool:
        """A conditional put: only the latest attempt at this very job may write."""
        try:
            with translated():
                self._client.put_item(
                    TableName=self._table,
                    Item=_from_job(job),
                    ConditionExpression="attempt = :attempt AND created_at = :created",
                    ExpressionAttributeValues=_identity(job),
                )
        except ConditionFailed:
            return False
        return True


def _identity(job: AudioJob) -> dict[str, Any]:
    return {":attempt": {"N": str(job.attempt)}, ":created": {"S": stamp(job.created_at)}}


def _from_job(job: AudioJob) -> dict[str, Any]:
    texts = {
        "created_at": stamp(job.created_at),
        "until": stamp(job.expires_at),
        "state": job.state.value,
        "lease_until": stamp(job.lease_until) if job.lease_until else None,
        "features": json.dumps(job.features.present()) if job.features else None,
        "features_source": job.features_source,
        "problem": job.problem,
        "notes": json.dumps(job.notes),
    }
    return {
        **stored_key(_KIND, job.job_id),
        "expires_at": epoch(job.expires_at),
        "attempt": {"N": str(job.attempt)},
        "asked": {"N": str(job.asked)},
        **{name: {"S": text} for name, text in texts.items() if text is not None},
    }


def _to_job(item: Mapping[str, Any]) -> AudioJob:
    texts = {name: value["S"] for name, value in item.items() if "S" in value}
    return AudioJob(
        job_id=texts["pk"].partition("#")[2],
        created_at=time_of(texts["created_at"]),
        expires_at=time_of(texts["until"]),
        state=AudioJobState(texts["state"]),
        attempt=int(item["attempt"]["N"]),
        asked=int(item["asked"]["N"]),
        lease_until=time_of(texts["lease_until"]) if "lease_until" in texts else None,
        features=AudioFeatures.from_mapping(json.loads(texts["features"])) if "features" in texts else None,
        features_source=texts.get("features_source"),
        problem=texts.get("problem"),
        notes=tuple(json.loads(texts["notes"])),
    )
