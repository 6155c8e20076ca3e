"""How an item is written, whatever it stands for: keys, times, counters, transactions and faults.

Partition key ``pk`` is kind and name of an item, sort key ``sk`` its kind. The table deletes what has expired
(``expires_at``) some days late, so expiry is checked against the caller's clock. Everything is read consistently.
"""

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import batched
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from daltonify_core.errors import CapReached, UpstreamUnavailable
from daltonify_core.ports.limits import Cap

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_CONDITION_FAILED: Final = "ConditionalCheckFailed"
_CONFLICT: Final = "TransactionConflict"
_LASTS: Final = "lasts"
_MOST_KEYS: Final = 100  # that one call reads
_READ_PAUSES: Final = (0.05, 0.1, 0.2, 0.4, 0.8)  # seconds; the table leaves over what would be too much at once
_TRANSACTION_TRIES: Final = 4  # the counter of a day is one item, so two requests in one moment meet there


class ConditionFailed(Exception):
    """A conditional write met another state."""


class Cancelled(Exception):
    """A transaction was not carried out; ``codes`` holds one reason for each item."""

    def __init__(self, codes: Sequence[str]) -> None:
        super().__init__(", ".join(codes))
        self.codes = codes


class Items:
    """One table with the keys ``pk`` and ``sk``, both texts, over a ready low-level client; ``pause`` waits seconds."""

    def __init__(self, client: "DynamoDBClient", table_name: str, pause: Callable[[float], None] = time.sleep) -> None:
        self.client = client
        self.table = table_name
        self._pause = pause

    def read(self, kind: str, name: str) -> dict[str, Any] | None:
        """The item as it is stored, expired or not; raises ``UpstreamUnavailable``."""
        with translated():
            return self.client.get_item(TableName=self.table, Key=stored_key(kind, name), ConsistentRead=True).get(
                "Item"
            )

    def read_all(self, keys: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """The items of these keys that are there, in the order of the keys; raises ``UpstreamUnavailable``.

        What the table leaves over is asked for again after growing pauses, as long as something comes or five times.
        """
        found: dict[tuple[str, str], dict[str, Any]] = {}
        for some in batched(keys, _MOST_KEYS):
            left: list[Any] = list(some)
            pauses = iter(_READ_PAUSES)
            while left:
                with translated():
                    answer = self.client.batch_get_item(
                        RequestItems={self.table: {"Keys": left, "ConsistentRead": True}}
                    )
                items = answer["Responses"].get(self.table, [])
                found |= {_name_of(item): item for item in items}
                unread = answer.get("UnprocessedKeys", {}).get(self.table)
                left = list(unread["Keys"]) if unread else []
                if items:
                    pauses = iter(_READ_PAUSES)
                if left:
                    seconds = next(pauses, None)
                    if seconds is None:
                        raise _unavailable()
                    self._pause(seconds)
        return [found[_name_of(key)] for key in keys if _name_of(key) in found]

    def count_one(self, cap: Cap) -> dict[str, Any]:
        """The part of a transaction that counts one more; its condition fails when the cap is used up.

        ``until`` is part of the key, so a counter that has expired is never met again.
        """
        values = {":one": {"N": "1"}, ":limit": {"N": str(cap.limit)}, ":nothing": {"N": "0"}}
        update = "SET #count = if_not_exists(#count, :nothing) + :one"
        if cap.until:
            update += ", expires_at = :until"
            values[":until"] = epoch(cap.until)
        return {
            "Update": {
                "TableName": self.table,
                "Key": stored_key(
                    "counter", f"{cap.counter}#{stamp(cap.until)}" if cap.until else lasting(cap.counter)
                ),
                "UpdateExpression": update,
                "ConditionExpression": "#count < :limit" + " OR attribute_not_exists(pk)" * (cap.limit > 0),
                "ExpressionAttributeNames": {"#count": "count"},
                "ExpressionAttributeValues": values,
            }
        }

    def transact(self, items: list[Any]) -> list[int]:
        """Write all items, or none and say whose condition failed; meeting another transaction is tried again."""
        tries = 0
        while True:
            tries += 1
            try:
                with translated():
                    self.client.transact_write_items(TransactItems=items)
                return []
            except Cancelled as error:
                failed = [place for place, code in enumerate(error.codes) if code == _CONDITION_FAILED]
                if failed:
                    return failed
                if _CONFLICT not in error.codes or tries == _TRANSACTION_TRIES:
                    raise _unavailable() from error


@contextmanager
def translated() -> Iterator[None]:
    """Raises ``ConditionFailed``, ``Cancelled`` and ``UpstreamUnavailable`` in place of the SDK's errors."""
    try:
        yield
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code")
        if code == "ConditionalCheckFailedException":
            raise ConditionFailed from error
        if code == "TransactionCanceledException":
            response: Mapping[str, Any] = error.response
            raise Cancelled([reason.get("Code", "") for reason in response.get("CancellationReasons", ())]) from error
        raise _unavailable() from error
    except BotoCoreError as error:
        raise _unavailable() from error


def cap_reached(cap: Cap, now: datetime) -> CapReached:
    """The error for a cap that is used up."""
    return CapReached(cap.message, math.ceil((cap.until - now).total_seconds()) if cap.until else None)


def lasting(counter: str) -> str:
    """The name under which a counter is stored that is never forgotten."""
    return f"{counter}#{_LASTS}"


def stored_key(kind: str, name: str) -> dict[str, Any]:
    """The key of an item."""
    return {"pk": {"S": f"{kind}#{name}"}, "sk": {"S": kind}}


def stamp(moment: datetime) -> str:
    """UTC with microseconds, always of one length, so that the texts compare as the times do."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def time_of(text: str) -> datetime:
    """The moment of a stamp."""
    return datetime.fromisoformat(text)


def epoch(moment: datetime) -> dict[str, str]:
    """The moment as the table's own expiry reads it."""
    return {"N": str(math.ceil(moment.timestamp()))}


def _name_of(item: Mapping[str, Any]) -> tuple[str, str]:
    return item["pk"]["S"], item["sk"]["S"]


def _unavailable() -> UpstreamUnavailable:
    return UpstreamUnavailable("Our own records cannot be reached. Try again in a moment.")
