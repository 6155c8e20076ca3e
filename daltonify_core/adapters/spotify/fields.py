"""How answers are read of which any field may be absent or of another kind."""

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

MOST_RETRY_SECONDS: Final = 24 * 3600
"""The longest pause that was seen in the field."""
RATE_RETRY_SECONDS: Final = 30
"""Spotify counts calls over so long."""


def mapping(value: object) -> Mapping[str, Any]:
    """The object that was sent, an empty one in place of anything else."""
    return value if isinstance(value, Mapping) else {}


def is_fault(status: int) -> bool:
    """Whether an answer says that the service failed, as opposed to that it refused."""
    return status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.REQUEST_TIMEOUT


def retry_seconds(text: str | None, default: int) -> int:
    """Seconds from a ``Retry-After`` header, at least 1 and at most a day; anything but a number counts as absent."""
    digits = re.match("[0-9]{1,64}", (text or "").strip())
    return min(max(int(digits[0]), 1), MOST_RETRY_SECONDS) if digits else default
