"""Faults to order: what the real service does, or could do, on a bad day; for a chosen request and so many times."""

import json
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from werkzeug.wrappers import Response

from infra.local.http_answers import html_answer, json_answer, text_answer
from infra.local.reccobeats_simulator import refusals

_DEFAULT_SECONDS: Final = 2.0
_DRIP_SECONDS: Final = 0.05
_DEFAULT_RETRY_AFTER: Final = 2
_HUGE_BYTES: Final = 5_000_000


class FaultKind(StrEnum):
    """What goes wrong."""

    RATE_LIMITED = "rate_limited"
    """429 in JSON with ``Retry-After``; nothing is done."""
    RATE_LIMITED_IN_WORDS = "rate_limited_in_words"
    """429 without the header; the body says "retry after N seconds"."""
    BLOCKED = "blocked"
    """403 from the bot filter, in plain text."""
    SERVER_ERROR = "server_error"
    """500 with a page in HTML."""
    UNAVAILABLE = "unavailable"
    """503 in JSON."""
    REDIRECT = "redirect"
    """302 to a page that answers 200."""
    REFUSED = "refused"
    """400 in JSON as for a parameter that does not validate."""
    EMPTY_200 = "empty_200"
    """200 without a body."""
    NOT_JSON_200 = "not_json_200"
    """200 with a page in HTML."""
    NONSENSE = "nonsense"
    """200 with JSON of another shape."""
    HUGE = "huge"
    """200 with JSON far longer than any real answer."""
    TRUNCATED = "truncated"
    """The real answer, cut in half, as if that were all of it."""
    DROPPED_HALFWAY = "dropped_halfway"
    """Half of the real answer, then the connection is closed."""
    DROPPED = "dropped"
    """The connection is closed without an answer."""
    SLOW = "slow"
    """``seconds`` pass before the real answer."""
    HANG = "hang"
    """No answer, ever; the connection stays open."""
    DRIP = "drip"
    """The real answer, one byte every ``seconds``."""
    DRIP_HEAD = "drip_head"
    """A head that never ends, one byte every ``seconds``."""
    REVERSED = "reversed"
    """The real answer with its rows in the opposite order."""
    WRONG_TYPES = "wrong_types"
    """The real answer with texts for numbers, numbers for texts and an object for the first feature."""
    TWINS = "twins"
    """The real answer, with a row of another track that shares the recording code before each row."""


ANSWERS_REALLY: Final = frozenset(
    {
        FaultKind.TRUNCATED,
        FaultKind.DROPPED_HALFWAY,
        FaultKind.SLOW,
        FaultKind.DRIP,
        FaultKind.REVERSED,
        FaultKind.WRONG_TYPES,
        FaultKind.TWINS,
    }
)
"""Kinds that let the request be worked on, and spoil the answer or its delivery."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault for the next ``times`` requests whose method and path match, once ``after`` such requests have passed.

    ``method`` may be ``*``. ``path_pattern`` is a regular expression that is searched for in the path, such as
    ``/v1/track$``. ``times=None`` lasts until the faults are cleared. ``retry_after`` is the header's value, seconds or
    any text; an empty text leaves the header out. ``seconds`` is how long a slow answer, or each byte of a dripping
    one, takes. Raises ``ValueError`` for an unknown kind, a broken pattern or numbers below zero.
    """

    kind: str
    method: str = "*"
    path_pattern: str = "/v1/"
    times: int | None = 1
    retry_after: int | str | None = None
    seconds: float | None = None
    after: int = 0

    def __post_init__(self) -> None:
        FaultKind(self.kind)
        if (self.times is not None and self.times < 1) or self.after < 0 or (self.seconds or 0) < 0:
            raise ValueError("a fault happens at least once, and neither waits nor pauses for less than nothing")
        try:
            re.compile(self.path_pattern)
        except re.error as error:
            raise ValueError(f"{self.path_pattern!r} is not a regular expression: {error}") from error

    def matches(self, method: str, path: str) -> bool:
        """Whether the fault is meant for such a request."""
        return self.method.upper() in ("*", method) and re.search(self.path_pattern, path) is not None

    @property
    def pause_seconds(self) -> float:
        """How long a slow answer, or one byte of a dripping one, takes."""
        if self.seconds is not None:
            return self.seconds
        return _DRIP_SECONDS if self.kind in (FaultKind.DRIP, FaultKind.DRIP_HEAD) else _DEFAULT_SECONDS

    def answer(self) -> Response:
        """What the client gets in place of the real answer; for kinds that have one."""
        match FaultKind(self.kind):
            case FaultKind.RATE_LIMITED:
                content = {"status": refusals.TOO_MANY_REQUESTS, "error": "Too many requests"}
                return self._with_retry_after(json_answer(content, 429))
            case FaultKind.RATE_LIMITED_IN_WORDS:
                seconds = _DEFAULT_RETRY_AFTER if self.retry_after is None else self.retry_after
                return json_answer({"status": 429, "error": f"Too many requests, retry after {seconds} seconds"}, 429)
            case FaultKind.BLOCKED:
                return refusals.blocked()
            case FaultKind.SERVER_ERROR:
                return html_answer("<html><body><h1>500 Internal Server Error</h1></body></html>", 500)
            case FaultKind.UNAVAILABLE:
                return self._with_retry_after(json_answer({"status": 503, "error": "Service Unavailable"}, 503))
            case FaultKind.REDIRECT:
                return Response(status=302, headers={"Location": "/_simulator/requests"})
            case FaultKind.REFUSED:
                errors = [{"path": "request", "message": "does not validate"}]
                return json_answer({"status": refusals.INVALID, "errors": errors}, 400)
            case FaultKind.EMPTY_200:
                return text_answer("", 200)
            case FaultKind.NOT_JSON_200:
                return html_answer("<html><body>Please log in to this network</body></html>", 200)
            case FaultKind.NONSENSE:
                return json_answer([{"content": {"href": [None, True]}}, 7, "content"])
            case FaultKind.HUGE:
                return json_answer({"content": [], "padding": "x" * _HUGE_BYTES})
            case other:
                raise ValueError(f"{other} has no answer of its own")

    def _with_retry_after(self, response: Response) -> Response:
        value = str(_DEFAULT_RETRY_AFTER if self.retry_after is None else self.retry_after)
        if value:
            response.headers["Retry-After"] = value
        return response


def spoil(kind: FaultKind, response: Response) -> Response:
    """The real answer as a fault leaves it; one that is no list of rows stays as it is, but for being cut."""
    body = response.get_data()
    if kind is FaultKind.TRUNCATED:
        response.set_data(body[: len(body) // 2])
        return response
    content = json.loads(body)
    rows = content.get("content")
    match kind:
        case FaultKind.REVERSED if rows:
            content["content"] = rows[::-1]
        case FaultKind.TWINS if rows:
            content["content"] = [shown for row in rows for shown in (_twin_of(row), row)]
        case FaultKind.WRONG_TYPES if rows:
            content["content"] = [_with_wrong_types(row) for row in rows]
        case FaultKind.WRONG_TYPES:
            content = _with_wrong_types(content)
        case _:
            return response
    response.set_data(json.dumps(content))
    return response


def _twin_of(row: dict[str, object]) -> dict[str, object]:
    """The same recording on another album: every number differs, so that a wrong join shows."""
    start, _, track_id = str(row["href"]).rpartition("/")
    changed = {name: value / 2 for name, value in row.items() if isinstance(value, float)}
    return {**row, **changed, "href": f"{start}/{track_id[::-1]}", "popularity": 1}


def _with_wrong_types(row: dict[str, object]) -> dict[str, object]:
    spoiled: dict[str, object] = {}
    for name, value in row.items():
        if name in ("id", "href"):
            spoiled[name] = value
        elif isinstance(value, str):
            spoiled[name] = len(value)
        else:
            spoiled[name] = {"value": value} if name == "acousticness" else str(value)
    return spoiled
