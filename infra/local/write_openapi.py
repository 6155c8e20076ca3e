"""Write the API's OpenAPI document from its routes, by ``make openapi``."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from api.app import create_resolver
from api.documentation import documented
from api.gate import AUDIO_TYPES
from api.paths import AUDIO_PATH, HOOK_PATH, METHODS, STATUS_PATH
from api.routes import register
from api.wiring import compose
from shared.settings import MAX_AUDIO_BYTES, MAX_BODY_BYTES, MAX_WEBHOOK_BYTES, VERSION, ApiSettings

OPENAPI_FILE: Final = Path(__file__).parents[1] / "openapi.json"
EXAMPLES_FILE: Final = Path(__file__).parent / "openapi_examples.json"
_DESCRIPTION: Final = f"""Playlists that place an independent artist beside bigger artists who sound alike.

Bodies are JSON in UTF-8 and hold at most {MAX_BODY_BYTES:,} bytes, unless an operation says otherwise. Errors are
problems after RFC 9457, with a stable `code`, a `detail` that says what to do, and the `request_id` that is in the
header `X-Request-Id` too."""
_SCHEMAS: Final = "#/components/schemas/"
_PROBLEM: Final = "application/problem+json"
# These come with a time after which it is worth trying again, where one is known.
_STATUS_WITH_RETRY: Final = ("409", "429", "503")


def document() -> str:
    """The document as text; equal sources give equal text."""
    # Nothing is asked of the services: routes are only described.
    needed_settings = [name.upper() for name, field in ApiSettings.model_fields.items() if field.is_required()]
    settings = ApiSettings.from_environment(dict.fromkeys(needed_settings, "none"))
    resolver = create_resolver()
    bring_in = register(resolver, compose(settings), documented)
    for path in METHODS:
        bring_in(path)
    described: dict[str, Any] = json.loads(
        resolver.get_openapi_json_schema(title="Daltonify", version=VERSION, description=_DESCRIPTION)
    )
    for path in described["paths"].values():
        for operation in path.values():
            _mend(operation)
    _describe_audio(described["paths"])
    described["components"]["securitySchemes"] = _describe_webhook(described["paths"][HOOK_PATH]["post"])
    _add_examples(described["paths"])
    schemas = described["components"]["schemas"]
    needed = _needed_schemas(described["paths"], schemas)
    described["components"]["schemas"] = {name: schemas[name] for name in schemas if name in needed}
    return json.dumps(_plain(described), indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def _mend(operation: dict[str, Any]) -> None:
    responses = operation["responses"]
    # Powertools adds its own 422 to every route. Ours hold problems, and a route without parameters has none.
    if _PROBLEM not in responses.get("422", {}).get("content", {}):
        responses.pop("422", None)
    for status, response in responses.items():
        headers = {"X-Request-Id": "Names this request in the service's log"}
        if status in _STATUS_WITH_RETRY and _PROBLEM in response["content"]:
            headers["Retry-After"] = "Seconds until it is worth trying again, where that is known"
        if status == "401":
            headers["WWW-Authenticate"] = "Names the header that takes an access code"
        response["headers"] = {name: _header(words) for name, words in headers.items()}
    for parameter in operation.get("parameters", []):
        if parameter["in"] == "header":
            # Written as people write it, though case means nothing to HTTP.
            parameter["name"] = parameter["name"].title()


def _describe_audio(paths: dict[str, Any]) -> None:
    """The one body that is not JSON, and the headers that lead to its result; Powertools has words for neither."""
    sending, asking = paths[AUDIO_PATH]["post"], paths[STATUS_PATH]["get"]
    # In OpenAPI 3.1 a schema without a type stands for bytes as they are.
    file = {"schema": {"contentMediaType": AUDIO_TYPES[0]}}
    sending["requestBody"] = {
        "description": f"A WAV file of at most {MAX_AUDIO_BYTES:,} bytes: 16-bit PCM, mono, 44.1 kHz, 10 to 30 seconds",
        "required": True,
        "content": dict.fromkeys(AUDIO_TYPES, file),
    }
    sending["responses"]["202"]["headers"]["Location"] = _header("Where to ask for the result")
    for response in (sending["responses"]["202"], asking["responses"]["200"]):
        response["headers"]["Retry-After"] = _header("Seconds until it is worth asking, while nothing is final")


def _describe_webhook(announcing: dict[str, Any]) -> dict[str, Any]:
    """Describe the body whose bytes are signed, and what comes along with it; returns how senders prove who they are.

    Powertools meets neither: the route reads both from the event.
    """
    fields = {
        "uri": "A Spotify URI of the track or album; `url`, `link`, `track` and `album` mean the same",
        "isrc": "The recording's code",
        "upc": "The release's UPC or EAN, as text or as a number",
        "title": "The title, which is enough if it is spelt as on Spotify; `name` means the same",
        "release_date": "YYYY-MM-DD",
        "artist_id": "The artist's Spotify id, URI or link; if it is given, it must be the artist of the hook",
    }
    properties: dict[str, Any] = {name: {"type": "string", "description": words} for name, words in fields.items()}
    properties["upc"]["type"] = ["string", "integer"]
    properties["data"] = {"type": "object", "description": "Holds all of the above instead, if it is there"}
    examples = json.loads(EXAMPLES_FILE.read_text(encoding="utf-8"))["announcements"]
    announcing["requestBody"] = {
        "description": f"What names the release, in at most {MAX_WEBHOOK_BYTES:,} bytes. The first counts of a link, "
        "an ISRC, a UPC and a title",
        "required": True,
        "content": {
            "application/json": {
                "schema": {"type": "object", "properties": properties, "additionalProperties": True},
                "examples": {name: {"value": body} for name, body in examples.items()},
            }
        },
    }
    headers = {
        "Webhook-Id": "The message's id, the same whenever it is sent again",
        "Webhook-Timestamp": "Seconds since 1970; at most five minutes from our clock",
        "Idempotency-Key": "The message's id, for senders that cannot set Webhook-Id",
    }
    announcing["parameters"] += [{"in": "header", "name": name, **_header(words)} for name, words in headers.items()]
    responses = announcing["responses"]
    responses["202"]["headers"]["Location"] = _header("Where to ask what becomes of it")
    responses["401"]["headers"]["WWW-Authenticate"] = _header("Names what this kind of hook takes")
    announcing["security"] = [{"hookSignature": []}, {"hookToken": []}]
    signature = "Of a signed hook: `v1,` and the signature after Standard Webhooks; several are separated by spaces"
    return {
        "hookSignature": {"type": "apiKey", "in": "header", "name": "Webhook-Signature", "description": signature},
        "hookToken": {"type": "http", "scheme": "bearer", "description": "Of a bearer hook: its token"},
    }


def _header(words: str) -> dict[str, Any]:
    return {"description": words, "schema": {"type": "string"}}


def _add_examples(paths: dict[str, Any]) -> None:
    examples = json.loads(EXAMPLES_FILE.read_text(encoding="utf-8"))
    operation = paths["/api/recommendations"]["post"]
    operation["requestBody"]["content"]["application/json"]["example"] = examples["request"]
    operation["responses"]["200"]["content"]["application/json"]["example"] = examples["answer"]
    operation["responses"]["422"]["content"][_PROBLEM]["example"] = examples["problem"]


def _needed_schemas(root: Any, schemas: dict[str, Any]) -> set[str]:
    """Schemas that the routes refer to; Powertools adds some for answers that we never give."""
    needed: set[str] = set()
    waiting = [root]
    while waiting:
        found = {name for name in _references(waiting.pop()) if name not in needed}
        needed |= found
        waiting += [schemas[name] for name in found]
    return needed


def _plain(value: Any) -> Any:
    """Powertools turns limits into floats; nobody writes a size of 100.0."""
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        reference = value.get("$ref")
        if isinstance(reference, str):
            yield reference.removeprefix(_SCHEMAS)
        for inner in value.values():
            yield from _references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _references(inner)


if __name__ == "__main__":
    OPENAPI_FILE.write_text(document(), encoding="utf-8")
