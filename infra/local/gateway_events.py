"""HTTP requests as API Gateway events, and function results as HTTP responses, the way an HTTP API does both.

Payload format 2.0. Written here because no maintained library does only this. The handlers see locally what they see
behind the real service, traps included: lower-case headers, cookies in a list of their own, a decoded path, and bodies
in base64 unless their content type is known to be text.
"""

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import parse_qsl, unquote

from infra.local.lambda_function import ACCOUNT_ID

MAX_REQUEST_BYTES: Final = 10 * 1024 * 1024
"""What an HTTP API takes; larger bodies never reach a function."""
API_ID: Final = "local"
STAGE: Final = "$default"

# Beside text/*, the only types that the real service takes for text. Everything else travels in base64, also forms and
# bodies without a content type: measured on AWS in https://github.com/ministackorg/ministack/pull/766.
_TEXT_TYPES: Final = frozenset({"application/json", "application/javascript", "application/xml"})
_JSON: Final = "application/json"
# What the service says when a function names no content type itself.
_DEFAULT_TYPE: Final = "text/plain;charset=UTF-8"


class MalformedResult(Exception):
    """A function returned what no HTTP response can be made from."""


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """A request as it came off the wire; ``target`` is path and query, still percent-encoded."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    source_ip: str
    protocol: str = "HTTP/1.1"

    @property
    def path(self) -> str:
        """The path with its percent-encoding undone, as routes and functions see it."""
        return unquote(self.target.partition("?")[0])


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """A response, with header names in lower case."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


@dataclass(frozen=True, slots=True)
class RouteMatch:
    """The route that takes a request, and what its ``{variables}`` stand for there."""

    route_key: str
    path_parameters: Mapping[str, str]


def make_event(request: HttpRequest, match: RouteMatch, request_id: str, at: datetime) -> dict[str, Any]:
    """The event that the function gets; what the service leaves out of an event is absent, never ``None``.

    ``at`` is when the request came in, aware of its zone.
    """
    headers, cookies = _joined_headers(request.headers)
    path, _, query = request.target.partition("?")
    domain = headers.get("host", "").rpartition(":")[0] or headers.get("host", "")
    event: dict[str, Any] = {"version": "2.0", "routeKey": match.route_key, "rawPath": unquote(path)}
    event["rawQueryString"] = query
    if cookies:
        event["cookies"] = cookies
    event["headers"] = headers
    if parameters := _joined_parameters(query):
        event["queryStringParameters"] = parameters
    event["requestContext"] = {
        "accountId": ACCOUNT_ID,
        "apiId": API_ID,
        "domainName": domain,
        "domainPrefix": domain.partition(".")[0],
        "http": {
            "method": request.method,
            "path": unquote(path),
            "protocol": request.protocol,
            "sourceIp": request.source_ip,
            "userAgent": headers.get("user-agent", ""),
        },
        "requestId": request_id,
        "routeKey": match.route_key,
        "stage": STAGE,
        "time": at.astimezone(UTC).strftime("%d/%b/%Y:%H:%M:%S +0000"),
        "timeEpoch": int(at.timestamp() * 1000),
    }
    if match.path_parameters:
        event["pathParameters"] = dict(match.path_parameters)
    text = _as_text(request.body, headers)
    if request.body:
        event["body"] = base64.b64encode(request.body).decode("ascii") if text is None else text
    event["isBase64Encoded"] = bool(request.body) and text is None
    return event


def make_response(result: object, request_id: str) -> HttpResponse:
    """The response that a function's result stands for; ``result`` consists of JSON values.

    A result without ``statusCode`` is the body of a 200 answer. Raises ``MalformedResult``.
    """
    identity = ("apigw-requestid", request_id)
    if not isinstance(result, dict) or "statusCode" not in result:
        text = result if isinstance(result, str) else json.dumps(result)
        return HttpResponse(200, (("content-type", _JSON), identity), text.encode("utf-8"))
    headers = {name.lower(): value for name, value in _headers(result).items()}
    headers.setdefault("content-type", _DEFAULT_TYPE)
    cookies = result.get("cookies") or []
    if not isinstance(cookies, list) or not all(isinstance(cookie, str) for cookie in cookies):
        raise MalformedResult("cookies must be a list of texts")
    fields = (*headers.items(), *(("set-cookie", cookie) for cookie in cookies), identity)
    return HttpResponse(_status(result["statusCode"]), fields, _body(result))


def own_response(status: int, message: str, request_id: str) -> HttpResponse:
    """What the service itself answers when no function does."""
    headers = (("content-type", _JSON), ("apigw-requestid", request_id))
    return HttpResponse(status, headers, json.dumps({"message": message}, separators=(",", ":")).encode("ascii"))


def _joined_headers(fields: tuple[tuple[str, str], ...]) -> tuple[dict[str, str], list[str]]:
    headers: dict[str, str] = {}
    cookies: list[str] = []
    for name, value in fields:
        key = name.lower()
        if key == "cookie":
            cookies += [part for part in (cookie.strip() for cookie in value.split(";")) if part]
        else:
            headers[key] = f"{headers[key]},{value}" if key in headers else value
    return headers, cookies


def _joined_parameters(query: str) -> dict[str, str]:
    parameters: dict[str, str] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        parameters[name] = f"{parameters[name]},{value}" if name in parameters else value
    return parameters


def _as_text(body: bytes, headers: Mapping[str, str]) -> str | None:
    """The body as text, or ``None`` when it travels in base64."""
    media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    if not media_type.startswith("text/") and media_type not in _TEXT_TYPES:
        return None
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _status(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise MalformedResult("statusCode must be a number")
    try:
        status = int(value)
    except ValueError:
        raise MalformedResult("statusCode must be a number") from None
    if not 100 <= status <= 599:
        raise MalformedResult("statusCode must be from 100 to 599")
    return status


def _headers(result: Mapping[str, Any]) -> dict[str, str]:
    headers = result.get("headers") or {}
    if not isinstance(headers, dict):
        raise MalformedResult("headers must be an object")
    plain: dict[str, str] = {}
    for name, value in headers.items():
        if isinstance(value, bool):
            plain[name] = "true" if value else "false"
        elif isinstance(value, str | int | float):
            plain[name] = str(value)
        else:
            raise MalformedResult(f"header {name} must be a text")
    return plain


def _body(result: Mapping[str, Any]) -> bytes:
    body = result.get("body")
    if body is None:
        return b""
    if not isinstance(body, str):
        raise MalformedResult("body must be a text")
    if not result.get("isBase64Encoded"):
        return body.encode("utf-8")
    try:
        return base64.b64decode(body, validate=True)
    except (binascii.Error, ValueError):
        raise MalformedResult("body is not base64") from None
