"""What a request has to be before anybody looks at what it says: small enough, JSON or audio, and whole.

Powertools alone would take a form for JSON, drop one of two equal keys in silence, and fail on half a character.
"""

import base64
import binascii
import ipaddress
import json
import math
from collections.abc import Callable, Mapping
from email.message import Message
from http import HTTPStatus
from typing import Any, Final, NoReturn

from shared.http_errors import Problem, Refused
from shared.settings import MAX_AUDIO_BYTES, MAX_BODY_BYTES, MAX_WEBHOOK_BYTES

_EXAMPLES: Final = {
    "/api/recommendations": '{"seeds": ["https://open.spotify.com/track/4HJ7mSMtHAdU55lLjGE4zW"]}',
    "/api/playlists": '{"title": "Late drives", "uris": ["spotify:track:4HJ7mSMtHAdU55lLjGE4zW"]}',
}
AUDIO_TYPES: Final = ("audio/wav", "audio/x-wav", "audio/wave", "audio/vnd.wave")
"""Names under which WAV files travel; the first is the usual one."""
_BASE64_CHARACTERS: Final = 4 * math.ceil(MAX_AUDIO_BYTES / 3)
_JSON: Final = "application/json"


ORIGIN_HEADER: Final = "x-origin-secret"
VISITOR_HEADER: Final = "x-viewer-address"
"""What CloudFront sets beside the secret: the address of whoever asked it."""
_IPV6_PREFIX: Final = 64
"""The least that a household is given, so its parts tell nobody apart."""


def client_of(event: Mapping[str, Any], came_through_edge: Callable[[str], bool]) -> str:
    """Whom a request is counted against: an IPv4 address, or the network of an IPv6 address.

    It is the visitor's as CloudFront names it, if ``came_through_edge`` says yes to the secret that came along;
    otherwise the address that sent the request, which nobody can choose.
    """
    source = str(event["requestContext"]["http"]["sourceIp"])
    headers = _headers(event)
    given, visitor = headers.get(ORIGIN_HEADER, ""), _counted(headers.get(VISITOR_HEADER, ""))
    if given and visitor and came_through_edge(given):
        return visitor
    return _counted(source) or source


def _counted(address: str) -> str | None:
    """What stands for an address; ``None`` for text that is none."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return None
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ipaddress.IPv6Network((int(found), _IPV6_PREFIX), strict=False))


def with_checked_body(event: Mapping[str, Any]) -> dict[str, Any]:
    """The event with its body as plain text; raises ``Refused`` unless that can be JSON by size, type and encoding."""
    headers = _headers(event)
    text = _checked_body(event, headers)
    # Powertools knows this content type in one spelling only.
    return {**event, "headers": headers | {"content-type": _JSON}, "body": text, "isBase64Encoded": False}


def checked_audio(event: Mapping[str, Any]) -> bytes:
    """The body of an event as bytes; raises ``Refused`` unless that can be a WAV file by type and size.

    What is in it is the domain's to check.
    """
    if _content_type(_headers(event)).get_content_type() not in AUDIO_TYPES:
        _refuse(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            "not_wav",
            "Only WAV files are taken",
            f"Send the file itself as the body, with the header Content-Type: {AUDIO_TYPES[0]}.",
        )
    # Before it is decoded, so that what is far too large is not copied.
    if (
        len(event.get("body") or "") > _BASE64_CHARACTERS
        or len(wav := _bytes_of(event, "damaged_body")) > MAX_AUDIO_BYTES
    ):
        _refuse(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            "body_too_large",
            "The file is too large",
            f"At most {MAX_AUDIO_BYTES:,} bytes are taken, which is 30 seconds of 16-bit mono at 44.1 kHz. Send the "
            "track as mono, and at most 30 seconds of it.",
        )
    if not wav:
        detail = "Send a WAV file as the body: 16-bit PCM, mono, 44.1 kHz, at most 30 seconds."
        _refuse(HTTPStatus.BAD_REQUEST, "empty_body", "The request is empty", detail)
    return wav


def checked_webhook(event: Mapping[str, Any]) -> bytes:
    """The body of an event exactly as it was sent; raises ``Refused`` unless that can be a webhook's by size and type.

    Signatures are over these bytes, so nobody may change them before one was checked.
    """
    raw = _bytes_of(event, "invalid_json")
    if len(raw) > MAX_WEBHOOK_BYTES:
        _refuse(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            "body_too_large",
            "The request is too large",
            f"The body has {len(raw):,} bytes; at most {MAX_WEBHOOK_BYTES:,} are taken. Send what names the release.",
        )
    if not raw.strip():
        detail = 'Send a JSON object, such as {"title": "My single", "isrc": "QZES72400001"}.'
        _refuse(HTTPStatus.BAD_REQUEST, "empty_body", "The request is empty", detail)
    _check_type(_headers(event))
    return raw


def parse_webhook(body: bytes) -> dict[str, Any]:
    """What a webhook's body says; raises ``Refused`` as ``parse_object`` does, and for anything but UTF-8."""
    return parse_object(_text_of(body))


def parse_object(text: str) -> dict[str, Any]:
    """Parse a JSON object that means one thing only; raises ``Refused``.

    Refused are equal keys in one object, NaN and infinities, numbers too large to compute with, halves of characters,
    and nesting deeper than any request has.
    """
    try:
        value = json.loads(text, object_pairs_hook=_unequal_keys, parse_float=_finite, parse_constant=_no_number)
        # Escapes alone can spell half a character; nothing behind this could store, send or compare it.
        if "\\u" in text:
            json.dumps(value, ensure_ascii=False).encode()
    except json.JSONDecodeError as error:
        _invalid_json(f"The body is no JSON: {error.msg} at line {error.lineno}, column {error.colno}.", error)
    except UnicodeEncodeError as error:
        _invalid_json("A text in the body holds half a character (a lone surrogate). Type or paste it anew.", error)
    except RecursionError as error:
        _invalid_json("The body is nested far deeper than any request needs.", error)
    except ValueError as error:  # whole numbers with thousands of digits
        _invalid_json("The body holds a number that is far too large.", error)
    if not isinstance(value, dict):
        _refuse(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "invalid_query",
            "The request cannot be carried out as it stands",
            "The body is JSON, but no object. Send the fields of the request between { and }.",
        )
    return value


def _checked_body(event: Mapping[str, Any], headers: Mapping[str, str]) -> str:
    raw = _bytes_of(event, "invalid_json")
    if len(raw) > MAX_BODY_BYTES:
        _refuse(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            "body_too_large",
            "The request is too large",
            f"The body has {len(raw):,} bytes; at most {MAX_BODY_BYTES:,} are taken. Send fewer exclusions or tracks.",
        )
    if not raw.strip():
        example = _EXAMPLES.get(event["rawPath"], "{}")
        detail = f"Send a JSON object, such as {example}."
        _refuse(HTTPStatus.BAD_REQUEST, "empty_body", "The request is empty", detail)
    _check_type(headers)
    return _text_of(raw)


def _text_of(raw: bytes) -> str:
    try:
        return raw.decode("utf-8-sig")  # some editors put a mark in front of UTF-8
    except UnicodeDecodeError as error:
        _invalid_json(f"Byte {error.start + 1:,} of the body is not UTF-8. Send the body as UTF-8.", error)


def _bytes_of(event: Mapping[str, Any], code: str) -> bytes:
    body = event.get("body") or ""
    if not event.get("isBase64Encoded"):
        return str(body).encode("utf-8", "surrogatepass")
    try:
        return base64.b64decode(body, validate=True)
    except (binascii.Error, ValueError) as error:
        detail = "The body arrived damaged. Send it again."
        raise Refused(Problem(HTTPStatus.BAD_REQUEST, code, "The body cannot be read", detail)) from error


def _headers(event: Mapping[str, Any]) -> dict[str, str]:
    return {name.lower(): value for name, value in (event.get("headers") or {}).items()}


def _content_type(headers: Mapping[str, str]) -> Message:
    stated = Message()
    stated["Content-Type"] = headers.get("content-type") or "none/none"
    return stated


def _check_type(headers: Mapping[str, str]) -> None:
    # As the page says it, and nearly everybody else; any other spelling takes more work to read.
    if headers.get("content-type") == _JSON:
        return
    stated = _content_type(headers)
    charset = str(stated.get_param("charset", "utf-8")).lower()
    if stated.get_content_type() == _JSON and charset in {"utf-8", "utf8"}:
        return
    _refuse(
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        "not_json",
        "Only JSON is understood",
        "Send the body as JSON in UTF-8, with the header Content-Type: application/json.",
    )


def _unequal_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) < len(pairs):
        seen: set[str] = set()
        twice = next(name for name, _ in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]
        _invalid_json(f"The field {twice[:40]!a} stands twice in one object. Send it once.")
    return values


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError(text)
    return number


def _no_number(name: str) -> NoReturn:
    _invalid_json(f"The body holds {name}, which JSON has not. Leave the field out or give a number.")


def _invalid_json(detail: str, cause: Exception | None = None) -> NoReturn:
    raise Refused(Problem(HTTPStatus.BAD_REQUEST, "invalid_json", "The body cannot be read", detail)) from cause


def _refuse(status: HTTPStatus, code: str, title: str, detail: str) -> NoReturn:
    raise Refused(Problem(status, code, title, detail))
