"""What the simulator records of each request and its answer, without anything secret."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qsl, urlencode

from werkzeug.wrappers import Request, Response

HIDDEN: Final = "[hidden]"

_REQUEST_HEADERS: Final = ("Accept", "Content-Type", "Origin", "User-Agent")
_SECRET_FIELDS: Final = ("access_token", "client_secret", "code", "code_verifier", "refresh_token")


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request and its answer.

    ``path`` starts with a slash, as in ``/v1/me/playlists``. ``query`` holds the first value of each name. ``json`` is
    the parsed body, ``None`` for none or another type. ``status`` is ``None`` when the connection was closed without
    an answer. ``fault`` names the fault that the request met. Tokens, codes and secrets are replaced by ``[hidden]``.
    """

    method: str
    path: str
    query: Mapping[str, str]
    json: object
    status: int | None
    request_headers: Mapping[str, str] = field(default_factory=dict)
    request_body: bytes = b""
    response_headers: Mapping[str, str] = field(default_factory=dict)
    response_body: bytes = b""
    fault: str | None = None

    @property
    def response_json(self) -> object:
        """The parsed answer, ``None`` when it is no JSON."""
        return _parsed(self.response_body)


def record(request: Request, response: Response | None, fault: str | None) -> Exchange:
    """The exchange as it may be kept; ``response`` is ``None`` when there was no answer."""
    headers = {name: request.headers[name] for name in _REQUEST_HEADERS if name in request.headers}
    scheme, _, credentials = request.headers.get("Authorization", "").partition(" ")
    if credentials:
        headers["Authorization"] = f"{scheme} {HIDDEN}"
    body = request.get_data()
    is_form = request.mimetype == "application/x-www-form-urlencoded"
    is_json = request.mimetype == "application/json"
    return Exchange(
        method=request.method,
        path=request.path,
        query={name: HIDDEN if name in _SECRET_FIELDS else value for name, value in request.args.items()},
        json=_parsed(body) if is_json else None,
        status=None if response is None else response.status_code,
        request_headers=headers,
        request_body=_hide_in_form(body) if is_form else body,
        response_headers={} if response is None else _hide_in_location(dict(response.headers)),
        response_body=b"" if response is None else _hide_in_answer(request.path, response.get_data()),
        fault=fault,
    )


def _parsed(body: bytes) -> object:
    try:
        return json.loads(body)
    except ValueError:
        return None


def _hide_in_form(body: bytes) -> bytes:
    pairs = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)
    return urlencode([(name, HIDDEN if name in _SECRET_FIELDS else value) for name, value in pairs]).encode()


def _hide_in_location(headers: dict[str, str]) -> dict[str, str]:
    # Only the redirect after a consent has a query, and that carries the code.
    if "Location" in headers:
        headers["Location"] = headers["Location"].partition("?")[0]
    return headers


def _hide_in_answer(path: str, body: bytes) -> bytes:
    if path != "/api/token":
        return body
    content = _parsed(body)
    if not isinstance(content, dict):
        return body
    return json.dumps({name: HIDDEN if name in _SECRET_FIELDS else value for name, value in content.items()}).encode()
