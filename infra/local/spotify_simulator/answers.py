"""The form in which the Web API refuses."""

from werkzeug.wrappers import Response

from infra.local.http_answers import json_answer


def refusal(status: int, message: str) -> Response:
    """An error in the form of the Web API."""
    return json_answer({"error": {"status": status, "message": message}}, status)
