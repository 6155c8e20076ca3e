"""Answers of outside services in the table that also holds publications: one item for each track and kind."""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime
from itertools import batched
from typing import TYPE_CHECKING, Any, Final

from daltonify_core.adapters.dynamodb.items import epoch, stamp, stored_key, time_of, translated
from daltonify_core.ports.look_ups import LookUp, LookUpKind

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_READ_AT_ONCE: Final = 100
_WRITTEN_AT_ONCE: Final = 25


class DynamoLookUpCache:
    """The port ``LookUpCache`` over a ready low-level client.

    What the table leaves over when it is busy counts as not remembered: asking again costs less than waiting.
    """

    def __init__(self, client: "DynamoDBClient", table_name: str) -> None:
        self._client = client
        self._table = table_name

    def read(self, kind: LookUpKind, track_ids: Collection[str], now: datetime) -> dict[str, LookUp]:
        """What is remembered and still good; an answer of some seconds ago may be missed."""
        found: dict[str, LookUp] = {}
        for batch in batched(dict.fromkeys(track_ids), _READ_AT_ONCE):
            with translated():
                answer = self._client.batch_get_item(
                    RequestItems={self._table: {"Keys": [stored_key(kind, track_id) for track_id in batch]}}
                )
            found |= dict(_to_look_ups(answer["Responses"].get(self._table, ())))
        return {track_id: one for track_id, one in found.items() if one.until > now}

    def write(self, kind: LookUpKind, found: Mapping[str, LookUp]) -> None:
        """Remember answers, each in place of an older one."""
        for batch in batched(found.items(), _WRITTEN_AT_ONCE):
            puts: list[Any] = [{"PutRequest": {"Item": _to_item(kind, track_id, one)}} for track_id, one in batch]
            with translated():
                self._client.batch_write_item(RequestItems={self._table: puts})


def _to_item(kind: LookUpKind, track_id: str, found: LookUp) -> dict[str, Any]:
    return {
        **stored_key(kind, track_id),
        "until": {"S": stamp(found.until)},
        "expires_at": epoch(found.until),
        "value": {"S": json.dumps(found.value, ensure_ascii=False)},
    }


def _to_look_ups(items: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, LookUp]]:
    for item in items:
        try:
            value, until = json.loads(item["value"]["S"]), time_of(item["until"]["S"])
        except (KeyError, ValueError):
            continue  # unreadable counts as not remembered, and is replaced by the next answer
        if value is None or isinstance(value, dict):
            yield item["pk"]["S"].partition("#")[2], LookUp(value, until)
