"""Compresses long answers: CloudFront does it only for what it may keep, which these are not."""

import base64
import zlib
from collections.abc import Mapping
from typing import Any, Final

_WORTH_COMPRESSING: Final = 1_000
"""In bytes; less fits into one packet as it is."""
ENCODED: Final = {"Content-Encoding": "gzip"}
_LEVEL: Final = 2
"""A list of 32.9 KB became 7.8 KB in .24 ms; the next level takes a tenth longer for a thirtieth less, and the highest
three times as long for 6.7 KB."""
_GZIP: Final = zlib.MAX_WBITS + 16
_NEVER: Final = {"0", "0.0", "0.00", "0.000"}


def compressed(answer: dict[str, Any], event: Mapping[str, Any]) -> dict[str, Any]:
    """The answer of a function as it goes out: long JSON is compressed for callers who take it so."""
    headers = answer["headers"]
    if answer["isBase64Encoded"] or not _is_json(headers):
        return answer
    packed = compressed_text(answer["body"].encode(), event)
    if packed is None:
        return answer
    return answer | {"headers": headers | ENCODED, "body": packed, "isBase64Encoded": True}


def compressed_text(text: bytes, event: Mapping[str, Any]) -> str | None:
    """A text in gzip and base64, for headers with ``ENCODED``; ``None`` for a short one, or a caller who takes none."""
    if len(text) < _WORTH_COMPRESSING or not _takes_gzip(event):
        return None
    return base64.b64encode(zlib.compress(text, _LEVEL, _GZIP)).decode()


def _is_json(headers: Mapping[str, Any]) -> bool:
    return str(headers.get("Content-Type", "")).endswith("json")


def _takes_gzip(event: Mapping[str, Any]) -> bool:
    # Names of headers come in lower case in events of this kind.
    for one in str((event.get("headers") or {}).get("accept-encoding", "")).lower().split(","):
        name, _, weight = one.partition(";")
        if name.strip() == "gzip":
            return weight.strip().removeprefix("q=") not in _NEVER
    return False
