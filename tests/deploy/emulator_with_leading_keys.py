"""Starts the emulator, and teaches it one condition that it does not know: which partitions of a table are meant.

Runs with the Python of the emulator's own environment, in place of its program. Roles of ours allow some actions for
some partitions only (``dynamodb:LeadingKeys``). The emulator tells a condition nothing of partitions, and a condition
on what it is told nothing of holds, as on AWS; so every such limit would be no limit there.
"""

import json
import re
from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any, Final

_PARTITIONS: Final = ("pk", "due")
"""The partition attributes of the table and of its index."""

_EQUALITY: Final = re.compile(r"([#\w]+)\s*=\s*(:\w+)")


def leading_keys(request: Mapping[str, Any]) -> list[str]:
    """Every partition that a request to DynamoDB is about; none for a scan, which is about all of them.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html
    """
    return sorted(set(_leading_keys(request)))


def _leading_keys(request: Mapping[str, Any]) -> Iterator[str]:
    for keys in (request.get("Key"), request.get("Item")):
        yield from _partitions(keys or {})
    names = request.get("ExpressionAttributeNames", {})
    for name, value in _EQUALITY.findall(request.get("KeyConditionExpression", "")):
        if names.get(name, name) in _PARTITIONS:
            yield from request["ExpressionAttributeValues"][value].values()
    for items in request.get("RequestItems", {}).values():
        # Reads name their keys in one list, writes each in a request of its own.
        for one in items["Keys"] if isinstance(items, dict) else items:
            yield from _partitions(one)
            for write in one.values():
                yield from _leading_keys(write)
    for one in request.get("TransactItems", ()):
        for part in one.values():
            yield from _leading_keys(part)


def _partitions(item: Mapping[str, Any]) -> Iterator[str]:
    for name in _PARTITIONS:
        # An item of the table may hold the attributes of its index besides, and is still in one partition.
        if name in item:
            yield from item[name].values()
            return


def main() -> None:
    """The emulator, until it is ended."""
    actions: Any = import_module("ministack.core.iam_actions")
    told = actions.dynamodb_service_context

    def told_with_keys(body: bytes) -> dict[str, Any]:
        found = leading_keys(json.loads(body or b"{}"))
        context: dict[str, Any] = told(body)
        return context | ({"dynamodb:LeadingKeys": found} if found else {})

    # The emulator looks it up here for every request.
    actions.dynamodb_service_context = told_with_keys
    import_module("ministack.app").main()


if __name__ == "__main__":
    main()
