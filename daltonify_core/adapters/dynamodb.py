"""Publications, edit tokens, counters and circuits in one DynamoDB table.

Partition key ``pk`` is kind and name of an item, sort key ``sk`` its kind. The table deletes what has expired
(``expires_at``) some days late, so expiry is checked here against the caller's clock. Everything is read consistently.
"""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from daltonify_core.errors import CapReached, PublicationInProgress, UpstreamUnavailable
from daltonify_core.ports import Cap, Circuit, Publication, PublicationState

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_CONDITION_FAILED: Final = "ConditionalCheckFailed"
_CONFLICT: Final = "TransactionConflict"
_LASTS: Final = "lasts"
_TRANSACTION_TRIES: Final = 4  # the counter of a day is one item, so two publications in one moment meet there
_SECONDS_TO_TRY_AGAIN: Final = 5


class DynamoPublicationStore:
    """The port ``PublicationStore`` over a ready low-level client; the table has keys ``pk`` and ``sk``, both texts."""

    def __init__(self, client: "DynamoDBClient", table_name: str) -> None:
        self._client = client
        self._table = table_name

    def find(self, key: str, now: datetime) -> Publication | None:
        """The publication that is stored under the key."""
        item = self._read("publication", key)
        return _to_publication(item) if item and item["until"]["S"] > _stamp(now) else None

    def begin(self, publication: Publication, caps: Sequence[Cap], now: datetime) -> Publication | None:
        """One transaction: the record, unless an unexpired one is there, and one more on every counter."""
        put = {
            "Put": {
                "TableName": self._table,
                "Item": _from_publication(publication),
                "ConditionExpression": "attribute_not_exists(pk) OR #until <= :now",
                "ExpressionAttributeNames": {"#until": "until"},
                "ExpressionAttributeValues": {":now": {"S": _stamp(now)}},
            }
        }
        failed = self._transact([put, *map(self._count_one, caps)])
        if not failed:
            return None
        if failed[0] > 0:
            raise _cap_reached(caps[failed[0] - 1], now)
        stored = self.find(publication.key, now)
        if stored is None:
            raise _in_progress("The record of this publication has just expired. Send the request again.", 1)
        return stored

    def claim(self, key: str, now: datetime, lease_until: datetime) -> Publication:
        """One conditional update, so that what the attempt before saved last is what this one gets."""
        try:
            with _translated():
                answer = self._client.update_item(
                    TableName=self._table,
                    Key=_key("publication", key),
                    UpdateExpression="SET attempt = attempt + :one, lease_until = :lease",
                    ConditionExpression=(
                        "attribute_exists(pk) AND #until > :now"
                        " AND (attribute_not_exists(lease_until) OR lease_until <= :now)"
                    ),
                    ExpressionAttributeNames={"#until": "until"},
                    ExpressionAttributeValues={
                        ":one": {"N": "1"},
                        ":lease": {"S": _stamp(lease_until)},
                        ":now": {"S": _stamp(now)},
                    },
                    ReturnValues="ALL_NEW",
                )
        except _ConditionFailed as error:
            stored = self.find(key, now)
            if stored is None or stored.lease_until is None:
                raise _in_progress("This publication has just changed. Send the request again.", 1) from error
            seconds = max(1, math.ceil((stored.lease_until - now).total_seconds()))
            raise _in_progress(
                "This playlist is being published at this moment. Send the request again a little later.", seconds
            ) from error
        return _to_publication(answer["Attributes"])

    def save(self, publication: Publication) -> None:
        """A conditional put: only the latest attempt may write."""
        try:
            with _translated():
                self._client.put_item(
                    TableName=self._table,
                    Item=_from_publication(publication),
                    ConditionExpression="attempt = :attempt AND started_at = :started",
                    ExpressionAttributeValues={
                        ":attempt": {"N": str(publication.attempt)},
                        ":started": {"S": _stamp(publication.started_at)},
                    },
                )
        except _ConditionFailed as error:
            raise _in_progress(
                "Another attempt at this publication has taken over. Send the request again a little later.",
                _SECONDS_TO_TRY_AGAIN,
            ) from error

    def count(self, caps: Sequence[Cap], now: datetime) -> None:
        """One transaction over all counters."""
        failed = self._transact([self._count_one(cap) for cap in caps]) if caps else []
        if failed:
            raise _cap_reached(caps[failed[0]], now)

    def save_edit_token(self, playlist_id: str, token_hash: str) -> None:
        """Edit tokens never expire, as playlists do not."""
        with _translated():
            item = {**_key("edit token", playlist_id), "token_hash": {"S": token_hash}}
            self._client.put_item(TableName=self._table, Item=item)

    def edit_token_hash(self, playlist_id: str) -> str | None:
        """The hash that was stored for a playlist."""
        item = self._read("edit token", playlist_id)
        return item["token_hash"]["S"] if item else None

    def hold_playlist(self, playlist_id: str, holder: str, now: datetime, until: datetime) -> None:
        """One conditional update of the item that holds the edit token."""
        try:
            with _translated():
                self._client.update_item(
                    TableName=self._table,
                    Key=_key("edit token", playlist_id),
                    UpdateExpression="SET held_by = :holder, held_until = :until",
                    ConditionExpression=(
                        "attribute_exists(pk)"
                        " AND (attribute_not_exists(held_until) OR held_until <= :now OR held_by = :holder)"
                    ),
                    ExpressionAttributeValues={
                        ":holder": {"S": holder},
                        ":now": {"S": _stamp(now)},
                        ":until": {"S": _stamp(until)},
                    },
                )
        except _ConditionFailed as error:
            raise _in_progress(
                "Another change of this playlist is under way. Send the request again a little later.",
                _SECONDS_TO_TRY_AGAIN,
            ) from error

    def open_circuit(self, service: str, circuit: Circuit) -> None:
        """Keep the circuit that stays open longest."""
        open_until = _stamp(circuit.open_until)
        try:
            with _translated():
                self._client.put_item(
                    TableName=self._table,
                    Item={
                        **_key("circuit", service),
                        "open_until": {"S": open_until},
                        "why": {"S": circuit.why},
                        "expires_at": _epoch(circuit.open_until),
                    },
                    ConditionExpression="attribute_not_exists(pk) OR open_until < :until",
                    ExpressionAttributeValues={":until": {"S": open_until}},
                )
        except _ConditionFailed:
            return

    def circuit(self, service: str, now: datetime) -> Circuit | None:
        """The circuit of a service while it is open."""
        item = self._read("circuit", service)
        if item is None or item["open_until"]["S"] <= _stamp(now):
            return None
        return Circuit(_time(item["open_until"]["S"]), item["why"]["S"])

    def _read(self, kind: str, name: str) -> dict[str, Any] | None:
        with _translated():
            return self._client.get_item(TableName=self._table, Key=_key(kind, name), ConsistentRead=True).get("Item")

    def _count_one(self, cap: Cap) -> dict[str, Any]:
        """``until`` is part of the key, so a counter that has expired is never met again."""
        values = {":one": {"N": "1"}, ":limit": {"N": str(cap.limit)}, ":nothing": {"N": "0"}}
        update = "SET #count = if_not_exists(#count, :nothing) + :one"
        if cap.until:
            update += ", expires_at = :until"
            values[":until"] = _epoch(cap.until)
        return {
            "Update": {
                "TableName": self._table,
                "Key": _key("counter", f"{cap.counter}#{_stamp(cap.until) if cap.until else _LASTS}"),
                "UpdateExpression": update,
                "ConditionExpression": "#count < :limit" + " OR attribute_not_exists(pk)" * (cap.limit > 0),
                "ExpressionAttributeNames": {"#count": "count"},
                "ExpressionAttributeValues": values,
            }
        }

    def _transact(self, items: list[Any]) -> list[int]:
        """Write all items, or none and say whose condition failed; meeting another transaction is tried again."""
        tries = 0
        while True:
            tries += 1
            try:
                with _translated():
                    self._client.transact_write_items(TransactItems=items)
                return []
            except _Cancelled as error:
                failed = [place for place, code in enumerate(error.codes) if code == _CONDITION_FAILED]
                if failed:
                    return failed
                if _CONFLICT not in error.codes or tries == _TRANSACTION_TRIES:
                    raise _unavailable() from error


class _ConditionFailed(Exception):
    """A conditional write met another state."""


class _Cancelled(Exception):
    """A transaction was not carried out; ``codes`` holds one reason for each item."""

    def __init__(self, codes: Sequence[str]) -> None:
        super().__init__(", ".join(codes))
        self.codes = codes


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code")
        if code == "ConditionalCheckFailedException":
            raise _ConditionFailed from error
        if code == "TransactionCanceledException":
            response: Mapping[str, Any] = error.response
            raise _Cancelled([reason.get("Code", "") for reason in response.get("CancellationReasons", ())]) from error
        raise _unavailable() from error
    except BotoCoreError as error:
        raise _unavailable() from error


def _unavailable() -> UpstreamUnavailable:
    return UpstreamUnavailable("Our own records cannot be reached. Try again in a moment.")


def _in_progress(message: str, seconds: int) -> PublicationInProgress:
    return PublicationInProgress(message, seconds)


def _cap_reached(cap: Cap, now: datetime) -> CapReached:
    return CapReached(cap.message, math.ceil((cap.until - now).total_seconds()) if cap.until else None)


def _key(kind: str, name: str) -> dict[str, Any]:
    return {"pk": {"S": f"{kind}#{name}"}, "sk": {"S": kind}}


def _stamp(moment: datetime) -> str:
    """UTC with microseconds, always of one length, so that the texts compare as the times do."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _time(stamp: str) -> datetime:
    return datetime.fromisoformat(stamp)


def _epoch(moment: datetime) -> dict[str, str]:
    return {"N": str(math.ceil(moment.timestamp()))}


def _from_publication(publication: Publication) -> dict[str, Any]:
    texts = {
        "payload_hash": publication.payload_hash,
        "reference": publication.reference,
        "started_at": _stamp(publication.started_at),
        "until": _stamp(publication.expires_at),
        "state": publication.state.value,
        "lease_until": _stamp(publication.lease_until) if publication.lease_until else None,
        "create_sent_at": _stamp(publication.create_sent_at) if publication.create_sent_at else None,
        "ask_again_at": _stamp(publication.ask_again_at) if publication.ask_again_at else None,
        "playlist_id": publication.playlist_id,
        "refused": json.dumps(publication.refused),
        "suspects": json.dumps(publication.suspects),
        "replaced": json.dumps(publication.replaced),
        "left_out": json.dumps(publication.left_out),
        "notes": json.dumps(publication.notes),
    }
    numbers = {"attempt": publication.attempt, "tracks_added": publication.tracks_added}
    return {
        **_key("publication", publication.key),
        "expires_at": _epoch(publication.expires_at),
        **{name: {"S": text} for name, text in texts.items() if text is not None},
        **{name: {"N": str(number)} for name, number in numbers.items() if number is not None},
    }


def _to_publication(item: Mapping[str, Any]) -> Publication:
    texts = {name: value["S"] for name, value in item.items() if "S" in value}

    def time_of(name: str) -> datetime | None:
        return _time(texts[name]) if name in texts else None

    return Publication(
        key=texts["pk"].partition("#")[2],
        payload_hash=texts["payload_hash"],
        reference=texts["reference"],
        started_at=_time(texts["started_at"]),
        expires_at=_time(texts["until"]),
        state=PublicationState(texts["state"]),
        attempt=int(item["attempt"]["N"]),
        lease_until=time_of("lease_until"),
        create_sent_at=time_of("create_sent_at"),
        ask_again_at=time_of("ask_again_at"),
        playlist_id=texts.get("playlist_id"),
        refused=tuple(json.loads(texts["refused"])),
        suspects=tuple(json.loads(texts["suspects"])),
        tracks_added=int(item["tracks_added"]["N"]) if "tracks_added" in item else None,
        replaced=tuple((wanted, now) for wanted, now in json.loads(texts["replaced"])),
        left_out=tuple(json.loads(texts["left_out"])),
        notes=tuple(json.loads(texts["notes"])),
    )
