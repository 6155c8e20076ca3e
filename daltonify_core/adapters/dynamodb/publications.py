"""Publications, edit tokens, counters and circuits in one DynamoDB table."""

import json
import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from daltonify_core.adapters.dynamodb.items import (
    ConditionFailed,
    Items,
    cap_reached,
    epoch,
    lasting,
    stamp,
    stored_key,
    time_of,
    translated,
)
from daltonify_core.errors import PublicationInProgress
from daltonify_core.ports.limits import Cap, Circuit
from daltonify_core.ports.publishing import Publication, PublicationState

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_SECONDS_TO_TRY_AGAIN: Final = 5


class DynamoPublicationStore:
    """The port ``PublicationStore`` over a ready low-level client; the table has keys ``pk`` and ``sk``, both texts."""

    def __init__(self, client: "DynamoDBClient", table_name: str) -> None:
        self._items = Items(client, table_name)
        self._client = client
        self._table = table_name

    def find(self, key: str, now: datetime) -> Publication | None:
        """The publication that is stored under the key."""
        item = self._items.read("publication", key)
        return _to_publication(item) if item and item["until"]["S"] > stamp(now) else None

    def begin(self, publication: Publication, caps: Sequence[Cap], now: datetime) -> Publication | None:
        """One transaction: the record, unless an unexpired one is there, and one more on every counter."""
        put = {
            "Put": {
                "TableName": self._table,
                "Item": _from_publication(publication),
                "ConditionExpression": "attribute_not_exists(pk) OR #until <= :now",
                "ExpressionAttributeNames": {"#until": "until"},
                "ExpressionAttributeValues": {":now": {"S": stamp(now)}},
            }
        }
        failed = self._items.transact([put, *map(self._items.count_one, caps)])
        if not failed:
            return None
        if failed[0] > 0:
            raise cap_reached(caps[failed[0] - 1], now)
        stored = self.find(publication.key, now)
        if stored is None:
            raise _in_progress("The record of this publication has just expired. Send the request again.", 1)
        return stored

    def claim(self, key: str, now: datetime, lease_until: datetime) -> Publication:
        """One conditional update, so that what the attempt before saved last is what this one gets."""
        try:
            with translated():
                answer = self._client.update_item(
                    TableName=self._table,
                    Key=stored_key("publication", key),
                    UpdateExpression="SET attempt = attempt + :one, lease_until = :lease",
                    ConditionExpression=(
                        "attribute_exists(pk) AND #until > :now"
                        " AND (attribute_not_exists(lease_until) OR lease_until <= :now)"
                    ),
                    ExpressionAttributeNames={"#until": "until"},
                    ExpressionAttributeValues={
                        ":one": {"N": "1"},
                        ":lease": {"S": stamp(lease_until)},
                        ":now": {"S": stamp(now)},
                    },
                    ReturnValues="ALL_NEW",
                )
        except ConditionFailed as error:
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
            with translated():
                self._client.put_item(
                    TableName=self._table,
                    Item=_from_publication(publication),
                    ConditionExpression="attempt = :attempt AND started_at = :started",
                    ExpressionAttributeValues={
                        ":attempt": {"N": str(publication.attempt)},
                        ":started": {"S": stamp(publication.started_at)},
                    },
                )
        except ConditionFailed as error:
            raise _in_progress(
                "Another attempt at this publication has taken over. Send the request again a little later.",
                _SECONDS_TO_TRY_AGAIN,
            ) from error

    def count(self, caps: Sequence[Cap], now: datetime) -> None:
        """One transaction over all counters."""
        failed = self._items.transact([self._items.count_one(cap) for cap in caps]) if caps else []
        if failed:
            raise cap_reached(caps[failed[0]], now)

    def counted(self, counter: str) -> int:
        """The counter's item, 0 before there is one."""
        item = self._items.read("counter", lasting(counter))
        return int(item["count"]["N"]) if item else 0

    def save_edit_token(self, playlist_id: str, token_hash: str) -> None:
        """Edit tokens never expire, as playlists do not."""
        with translated():
            item = {**stored_key("edit token", playlist_id), "token_hash": {"S": token_hash}}
            self._client.put_item(TableName=self._table, Item=item)

    def edit_token_hash(self, playlist_id: str) -> str | None:
        """The hash that was stored for a playlist."""
        item = self._items.read("edit token", playlist_id)
        return item["token_hash"]["S"] if item else None

    def hold_playlist(self, playlist_id: str, holder: str, now: datetime, until: datetime) -> None:
        """One conditional update of the item that holds the edit token."""
        try:
            with translated():
                self._client.update_item(
                    TableName=self._table,
                    Key=stored_key("edit token", playlist_id),
                    UpdateExpression="SET held_by = :holder, held_until = :until",
                    ConditionExpression=(
                        "attribute_exists(pk)"
                        " AND (attribute_not_exists(held_until) OR held_until <= :now OR held_by = :holder)"
                    ),
                    ExpressionAttributeValues={
                        ":holder": {"S": holder},
                        ":now": {"S": stamp(now)},
                        ":until": {"S": stamp(until)},
                    },
                )
        except ConditionFailed as error:
            raise _in_progress(
                "Another change of this playlist is under way. Send the request again a little later.",
                _SECONDS_TO_TRY_AGAIN,
            ) from error

    def open_circuit(self, service: str, circuit: Circuit) -> None:
        """Keep the circuit that stays open longest."""
        open_until = stamp(circuit.open_until)
        try:
            with translated():
                self._client.put_item(
                    TableName=self._table,
                    Item={
                        **stored_key("circuit", service),
                        "open_until": {"S": open_until},
                        "why": {"S": circuit.why},
                        "expires_at": epoch(circuit.open_until),
                    },
                    ConditionExpression="attribute_not_exists(pk) OR open_until < :until",
                    ExpressionAttributeValues={":until": {"S": open_until}},
                )
        except ConditionFailed:
            return

    def circuit(self, service: str, now: datetime) -> Circuit | None:
        """The circuit of a service while it is open."""
        item = self._items.read("circuit", service)
        if item is None or item["open_until"]["S"] <= stamp(now):
            return None
        return Circuit(time_of(item["open_until"]["S"]), item["why"]["S"])


def _in_progress(message: str, seconds: int) -> PublicationInProgress:
    return PublicationInProgress(message, seconds)


def _from_publication(publication: Publication) -> dict[str, Any]:
    texts = {
        "payload_hash": publication.payload_hash,
        "reference": publication.reference,
        "started_at": stamp(publication.started_at),
        "until": stamp(publication.expires_at),
        "state": publication.state.value,
        "lease_until": stamp(publication.lease_until) if publication.lease_until else None,
        "create_sent_at": stamp(publication.create_sent_at) if publication.create_sent_at else None,
        "ask_again_at": stamp(publication.ask_again_at) if publication.ask_again_at else None,
        "playlist_id": publication.playlist_id,
        "refused": json.dumps(publication.refused),
        "suspects": json.dumps(publication.suspects),
        "replaced": json.dumps(publication.replaced),
        "left_out": json.dumps(publication.left_out),
        "notes": json.dumps(publication.notes),
        "is_removed": "yes" if publication.is_removed else None,
    }
    numbers = {"attempt": publication.attempt, "tracks_added": publication.tracks_added}
    return {
        **stored_key("publication", publication.key),
        "expires_at": epoch(publication.expires_at),
        **{name: {"S": text} for name, text in texts.items() if text is not None},
        **{name: {"N": str(number)} for name, number in numbers.items() if number is not None},
    }


def _to_publication(item: Mapping[str, Any]) -> Publication:
    texts = {name: value["S"] for name, value in item.items() if "S" in value}

    def moment_of(name: str) -> datetime | None:
        return time_of(texts[name]) if name in texts else None

    return Publication(
        key=texts["pk"].partition("#")[2],
        payload_hash=texts["payload_hash"],
        reference=texts["reference"],
        started_at=time_of(texts["started_at"]),
        expires_at=time_of(texts["until"]),
        state=PublicationState(texts["state"]),
        attempt=int(item["attempt"]["N"]),
        lease_until=moment_of("lease_until"),
        create_sent_at=moment_of("create_sent_at"),
        ask_again_at=moment_of("ask_again_at"),
        playlist_id=texts.get("playlist_id"),
        refused=tuple(json.loads(texts["refused"])),
        suspects=tuple(json.loads(texts["suspects"])),
        tracks_added=int(item["tracks_added"]["N"]) if "tracks_added" in item else None,
        replaced=tuple((wanted, now) for wanted, now in json.loads(texts["replaced"])),
        left_out=tuple(json.loads(texts["left_out"])),
        notes=tuple(json.loads(texts["notes"])),
        is_removed="is_removed" in texts,
    )
