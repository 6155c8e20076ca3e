"""The forms in which ReccoBeats says no, each with its own code beside the HTTP status."""

from datetime import datetime
from typing import Final

from werkzeug.wrappers import Response

from infra.local.http_answers import json_answer, text_answer

MISSING_PARAMETER: Final = 4001
MALFORMED: Final = 4002
INVALID: Final = 4004
NO_RESOURCE: Final = 4041
WRONG_PATH: Final = 4042
TOO_MANY_REQUESTS: Final = 4291


class Refused(Exception):
    """An answer other than success; ``about`` names the parameter for faults of one."""

    def __init__(self, status: int, code: int, message: str, about: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.about = about

    def answer(self, path: str, now: datetime) -> Response:
        """As JSON: a list of faults for what does not validate, one error for everything else."""
        if self.about is not None:
            errors = [{"path": self.about, "message": self.message}]
            return json_answer({"status": self.code, "errors": errors}, self.status)
        content = {"timestamp": now.isoformat(), "error": self.message, "path": f"uri={path}", "status": self.code}
        return json_answer(content, self.status)


def blocked() -> Response:
    """What the edge in front of ReccoBeats answers to what looks like a bot."""
    return text_answer("error code: 1010", 403)
