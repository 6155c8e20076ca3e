"""The forms in which the simulated services answer."""

import json

from werkzeug.wrappers import Response


def json_answer(content: object, status: int = 200) -> Response:
    """Escaped to ASCII, so that no text a client sent, half a surrogate pair included, can break an answer."""
    return Response(json.dumps(content), status, content_type="application/json; charset=utf-8")


def text_answer(text: str, status: int) -> Response:
    """Plain text, as the edge in front of a service answers now and then."""
    return Response(text, status, content_type="text/plain; charset=utf-8")


def html_answer(text: str, status: int = 200, framed: bool = False) -> Response:
    """A page; it runs no script, whatever a playlist is called, and only a ``framed`` one is shown in other pages."""
    # No form-action: browsers apply it to where an answered form leads as well, which is the app's own address.
    policy = "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'"
    policy += "" if framed else "; frame-ancestors 'none'"
    return Response(text, status, headers={"Content-Security-Policy": policy}, content_type="text/html; charset=utf-8")
