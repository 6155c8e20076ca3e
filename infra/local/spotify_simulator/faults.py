"""Faults to order: what real services do when they fail, for a chosen request and a chosen number of times."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from werkzeug.wrappers import Response

from infra.local.http_answers import html_answer, json_answer, text_answer
from infra.local.spotify_simulator.answers import refusal

NOT_LISTED: Final = "User not registered in the Developer Dashboard"
_DEFAULT_PAUSE_SECONDS: Final = 2.0
_DEFAULT_RETRY_AFTER: Final = 2
_QUOTA_RETRY_AFTER: Final = 48_925  # seconds; one that was reported from the field


class FaultKind(StrEnum):
    """What goes wrong."""

    RATE_LIMITED = "rate_limited"
    """429 in JSON with ``Retry-After``; nothing is done."""
    QUOTA = "quota"
    """429 with the reason QUOTA_EXCEEDED and a ``Retry-After`` of hours; nothing is done."""
    PLAIN_TEXT_429 = "plain_text_429"
    """429 with ``Retry-After`` and a body that is no JSON; nothing is done."""
    PLAIN_TEXT_403 = "plain_text_403"
    """The user is not on the app's list; nothing is done."""
    PREMIUM_LAPSED = "premium_lapsed"
    """403 in plain text because the app's owner stopped paying; nothing is done."""
    SERVER_ERROR = "server_error"
    """502 with a page in HTML; nothing is done."""
    SERVER_ERROR_AFTER = "server_error_after"
    """The work is done, then the same 502."""
    EMPTY_200 = "empty_200"
    """200 without a body; nothing is done."""
    NOT_JSON_200 = "not_json_200"
    """200 with a page in HTML; nothing is done."""
    SLOW = "slow"
    """``seconds`` pass, then the work is done and answered."""
    SLOW_AFTER = "slow_after"
    """The work is done, then ``seconds`` pass before the answer."""
    DROP_BEFORE = "drop_before"
    """The connection is closed without an answer and nothing is done."""
    DROP_AFTER = "drop_after"
    """The work is done, then the connection is closed without an answer."""
    EXPIRED_TOKEN = "expired_token"  # noqa: S105 - the name of a fault
    """401 as for an access token that expired; nothing is done and the token stays good."""
    REVOKED = "revoked"
    """The token endpoint's invalid_grant; nothing is done and the consent stays good."""


WORK_IS_DONE: Final = frozenset(
    {FaultKind.SLOW, FaultKind.SLOW_AFTER, FaultKind.DROP_AFTER, FaultKind.SERVER_ERROR_AFTER}
)
"""Kinds under which the request is carried out as ever."""
NOT_THE_API: Final = frozenset(
    {
        FaultKind.PLAIN_TEXT_429,
        FaultKind.PLAIN_TEXT_403,
        FaultKind.PREMIUM_LAPSED,
        FaultKind.SERVER_ERROR,
        FaultKind.SERVER_ERROR_AFTER,
        FaultKind.EMPTY_200,
        FaultKind.NOT_JSON_200,
    }
)
"""Kinds whose answers no API document describes."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault for the next ``times`` requests whose method and path match, once ``after`` such requests have passed.

    ``method`` may be ``*``. ``path_pattern`` is a regular expression that is searched for in the path, such as
    ``/v1/me/playlists$`` or ``/api/token``. ``times=None`` lasts until the faults are cleared. ``retry_after`` is the
    header's value, seconds or any text; an empty text leaves the header out. ``seconds`` is how long a slow answer
    takes. Raises ``ValueError`` for an unknown kind, a broken pattern or numbers below zero.
    """

    method: str
    path_pattern: str
    kind: str
    times: int | None = 1
    retry_after: int | str | None = None
    seconds: float | None = None
    after: int = 0

    def __post_init__(self) -> None:
        FaultKind(self.kind)
        if (self.times is not None and self.times < 1) or self.after < 0 or self.pause_seconds < 0:
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
        """How long a slow answer takes."""
        return _DEFAULT_PAUSE_SECONDS if self.seconds is None else self.seconds

    def answer(self) -> Response:
        """What the client gets in place of the real answer; for kinds that have one."""
        match FaultKind(self.kind):
            case FaultKind.RATE_LIMITED:
                return self._with_retry_after(refusal(429, "API rate limit exceeded"), _DEFAULT_RETRY_AFTER)
            case FaultKind.QUOTA:
                error = {"status": 429, "message": "Too many requests", "reason": "QUOTA_EXCEEDED"}
                return self._with_retry_after(json_answer({"error": error}, 429), _QUOTA_RETRY_AFTER)
            case FaultKind.PLAIN_TEXT_429:
                return self._with_retry_after(text_answer("Too many requests", 429), _DEFAULT_RETRY_AFTER)
            case FaultKind.PLAIN_TEXT_403:
                return text_answer(NOT_LISTED, 403)
            case FaultKind.PREMIUM_LAPSED:
                return text_answer("Active premium subscription required for the owner of the app.", 403)
            case FaultKind.SERVER_ERROR | FaultKind.SERVER_ERROR_AFTER:
                return html_answer("<html><body><h1>502 Bad Gateway</h1></body></html>", 502)
            case FaultKind.EMPTY_200:
                return text_answer("", 200)
            case FaultKind.NOT_JSON_200:
                return html_answer("<html><body>Please log in to this network</body></html>", 200)
            case FaultKind.EXPIRED_TOKEN:
                return refusal(401, "The access token expired")
            case FaultKind.REVOKED:
                return json_answer({"error": "invalid_grant", "error_description": "Refresh token revoked"}, 400)
            case other:
                raise ValueError(f"{other} has no answer of its own")

    def _with_retry_after(self, response: Response, default: int) -> Response:
        value = str(default if self.retry_after is None else self.retry_after)
        if value:
            response.headers["Retry-After"] = value
        return response
