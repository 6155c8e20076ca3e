"""The forms in which the simulated services answer."""

import json

from werkzeug.wrappers import Response


def json_answer(content: object, status: int = 200) -> Response:
    """Escaped to ASCII, so that no text a client sent, half a surrogate pair included, can break an answer."""
    return Response(json.dumps(content), status, content_type="application/json; charset=utf-8")


def text_answer(text: str, status: int) -> Response:
    """Plain text, as the edge in front of a service answers now and then."""
    return Response(text, status, content_type="text/plain; charset=utf-8")


def html_answer(text: str, status: int = 200) -> Response:
    """A page; it runs no script, whatever a playlist is called."""
    policy = "default-src 'none'; style-src 'self'; img-src 'self'"
    return Response(text, status, headers={"Content-Security-Policy": policy}, content_type="text/html; charset=utf-8")
