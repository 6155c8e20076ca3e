"""What the simulator records of each request; files and answers are left out, they would fill the memory."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from werkzeug.wrappers import Request

_KEPT_HEADERS: Final = ("Accept", "Content-Type", "User-Agent")


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request and how it ended.

    ``path`` starts with a slash, as in ``/v1/audio-features``; ``ids`` are those of the query, in its order.
    ``body_bytes`` is the size of what was sent. ``status`` is ``None`` when the connection was closed without an
    answer; ``fault`` names the fault that the request met.
    """

    method: str
    path: str
    ids: tuple[str, ...]
    body_bytes: int
    headers: Mapping[str, str]
    status: int | None
    fault: str | None


def asked_ids(request: Request) -> list[str]:
    """The ids of a query in either of its forms: repeated, or one text with commas."""
    return [one for text in request.args.getlist("ids") for one in text.split(",") if one]


def record(request: Request, status: int | None, fault: str | None) -> Exchange:
    """The exchange as it is kept."""
    return Exchange(
        method=request.method,
        path=request.path,
        ids=tuple(asked_ids(request)),
        body_bytes=len(request.get_data()),
        headers={name: request.headers[name] for name in _KEPT_HEADERS if name in request.headers},
        status=status,
        fault=fault,
    )
