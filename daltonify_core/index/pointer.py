"""The pointer: the one small file that says which index is current, equal in every kind of store."""

import json
from typing import Final

from daltonify_core.errors import PointerCorrupt
from daltonify_core.ports.index import CurrentIndex

POINTER_FILE: Final = "current.json"


def pointer_to_json(current: CurrentIndex) -> str:
    """The file's text; equal values give equal text."""
    values = {"version": current.version, "built_at": current.built_at, "previous": list(current.previous)}
    return json.dumps(values, indent=1) + "\n"


def pointer_from_json(content: bytes, tag: str, place: str) -> CurrentIndex:
    """Raises ``PointerCorrupt``, naming ``place`` and with its ``tag``, when the content is no pointer."""
    try:
        values = json.loads(content.decode("utf-8"))
        if not isinstance(values["previous"], list):
            raise ValueError("previous is not a list")
        return CurrentIndex(str(values["version"]), str(values["built_at"]), tuple(map(str, values["previous"])))
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise PointerCorrupt(f"{place} is not readable. Build the index anew.", tag) from error
