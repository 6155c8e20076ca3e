"""Checks recorded exchanges with the simulated Spotify against Spotify's own OpenAPI document.

The document describes every kind of app at once, so some of what it says is not true for ours. Where it disagrees with
what is known about an app in development mode since 2026, the latter wins:

- Fields in ``dev_mode_removed.json`` are required by the document and were taken away by the changelog of that date.
- A row of a playlist may hold null in place of a track; the document does not allow for it.
- 400, 404 and 413 occur everywhere in the form of every other error; the document gives 400 for ``/me/library`` only,
  and there without the outer ``error``.
- An error may carry a ``reason`` since July 2026, which the document mentions nowhere.
- ``/playlists/{id}/tracks`` and other deprecated paths are described and refused all the same; ``/items`` is both
  described and used.
"""

import copy
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import yaml
from openapi_core import Config, OpenAPI
from openapi_core.datatypes import RequestParameters
from openapi_core.exceptions import OpenAPIError
from werkzeug.datastructures import Headers, ImmutableMultiDict

import infra.local.spotify_simulator
from infra.local.spotify_simulator import Exchange
from infra.local.spotify_simulator.faults import NOT_THE_API

DOCUMENT_FILE: Final = "spotify-web-api.yml"
DEV_MODE_REMOVED: Final = Path(infra.local.spotify_simulator.__file__).with_name("dev_mode_removed.json")

_SERVER: Final = "https://api.spotify.com"
_ERRORS_EVERYWHERE: Final = {"400": "BadRequest", "404": "NotFound", "413": "BadRequest"}
_METHODS: Final = ("get", "post", "put", "delete")
_NOT_SIMULATED: Final = 501

type Document = dict[str, Any]


def read_document(folder: Path) -> Document:
    """The document as Spotify wrote it; the C loader takes a tenth of a second where the other takes half of one."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    document: Document = yaml.load((folder / DOCUMENT_FILE).read_text(encoding="utf-8"), loader)  # noqa: S506 - a safe loader
    return document


def read_removed_fields() -> list[dict[str, str]]:
    """The fields that the document requires and development mode lacks."""
    removed: list[dict[str, str]] = json.loads(DEV_MODE_REMOVED.read_text(encoding="utf-8"))
    return removed


class SpotifyContract:
    """The document in ``folder``, adapted to development mode; reading and checking it takes about a second."""

    def __init__(self, folder: Path) -> None:
        original = read_document(folder)
        self._required: dict[str, list[str]] = {
            name: [field for part in _parts(schema) for field in part.get("required", [])]
            for name, schema in _schemas(original).items()
        }
        self._document = _adapted(original)
        config = Config(extra_media_type_deserializers={"image/jpeg": _text})
        self._api = OpenAPI.from_dict(self._document, config=config)
        # An answer that was cut down by `fields` lacks what is required otherwise.
        self._api_for_parts = OpenAPI.from_dict(_without_required(self._document), config=config)

    @property
    def removed_fields(self) -> list[dict[str, str]]:
        """What development mode lacks although the document requires it, with the date of the changelog."""
        return read_removed_fields()

    def required_by_spotify(self, schema: str) -> list[str]:
        """The names that a schema requires in the document as Spotify wrote it."""
        return self._required[schema]

    def check_exchanges(self, exchanges: Iterable[Exchange], refused_requests_too: bool = True) -> int:
        """Raise ``AssertionError`` naming everything that breaks the contract; the number of exchanges checked.

        Only what went to the Web API counts. A request has to be one that the document describes, not deprecated, with
        a token and no unknown parameter; without ``refused_requests_too`` only those that were carried out. An answer
        has to fit, and hold no property that the document does not know, unless a fault took its place.
        """
        checked = [one for one in exchanges if one.path.startswith("/v1/") and one.method != "OPTIONS"]
        broken = []
        for one in checked:
            was_refused = one.status is not None and one.status >= 400
            faults = [] if was_refused and not refused_requests_too else [*self._request_faults(one)]
            faults += self._answer_faults(one)
            broken += [f"{one.method} {one.path} -> {one.status}: {fault}" for fault in faults]
        assert not broken, "\n".join(broken)
        return len(checked)

    def _request_faults(self, exchange: Exchange) -> Iterator[str]:
        try:
            self._api.validate_request(_AsRequest(exchange))
        except OpenAPIError as error:
            yield f"request: {_in_words(error)}"
            return
        operation, parameters = self._operation(exchange)
        if operation.get("deprecated"):
            yield "request: the operation is deprecated"
        unknown = exchange.query.keys() - {one["name"] for one in parameters if one["in"] == "query"}
        if unknown:
            yield f"request: unknown parameters {sorted(unknown)}"
        if not exchange.request_headers.get("Authorization", "").startswith("Bearer "):
            yield "request: no bearer token"

    def _answer_faults(self, exchange: Exchange) -> Iterator[str]:
        if exchange.status in (None, _NOT_SIMULATED) or exchange.fault in NOT_THE_API:
            return
        api = self._api_for_parts if "fields" in exchange.query else self._api
        try:
            api.validate_response(_AsRequest(exchange), _AsResponse(exchange))
        except OpenAPIError as error:
            yield f"answer: {_in_words(error)}"
            return
        operation, _ = self._operation(exchange)
        content = self._resolved(operation["responses"][str(exchange.status)]).get("content")
        if content is None:
            if exchange.response_body:
                yield "answer: a body where the document has none"
            return
        for name in self._unknown_names(exchange.response_json, content["application/json"]["schema"]):
            yield f"answer: the document knows no {name}"

    def _operation(self, exchange: Exchange) -> tuple[Document, list[Document]]:
        path = exchange.path.removeprefix("/v1")
        # A path without a variable part wins, as /me/playlists over /{anything}/playlists.
        for template in sorted(self._document["paths"], key=lambda text: text.count("{")):
            if _fits(template, path) and exchange.method.lower() in self._document["paths"][template]:
                operation: Document = self._document["paths"][template][exchange.method.lower()]
                return operation, [self._resolved(one) for one in operation.get("parameters", ())]
        raise AssertionError(f"the document does not describe {exchange.method} {path}")

    def _resolved(self, node: Document) -> Document:
        while "$ref" in node:
            found: Document = self._document
            for name in node["$ref"].removeprefix("#/").split("/"):
                found = found[name]
            node = found
        return node

    def _unknown_names(self, value: object, schema: Document, place: str = "") -> Iterator[str]:
        schema = self._resolved(schema)
        if isinstance(value, list):
            items = [part["items"] for part in self._parts(schema) if "items" in part]
            for one in value:
                yield from self._unknown_names(one, {"allOf": items}, f"{place}[]")
        elif isinstance(value, dict):
            properties: dict[str, list[Document]] = {}
            for part in self._parts(schema):
                for name, inner in part.get("properties", {}).items():
                    properties.setdefault(name, []).append(inner)
            for name, inner in value.items():
                if name not in properties:
                    yield f"{place}.{name}"
                else:
                    yield from self._unknown_names(inner, {"allOf": properties[name]}, f"{place}.{name}")

    def _parts(self, schema: Document) -> Iterator[Document]:
        """The schema and every schema that it is put together from."""
        schema = self._resolved(schema)
        yield schema
        for word in ("allOf", "anyOf", "oneOf"):
            for part in schema.get(word, ()):
                yield from self._parts(part)


def _schemas(document: Document) -> dict[str, Document]:
    schemas: dict[str, Document] = document["components"]["schemas"]
    return schemas


def _adapted(document: Document) -> Document:
    document = copy.deepcopy(document)
    schemas = _schemas(document)
    for removed in read_removed_fields():
        _no_longer_require(schemas[removed["schema"]], removed["field"])
    schemas["ErrorObject"]["properties"]["reason"] = {"type": "string"}
    row = schemas["PlaylistTrackObject"]["properties"]
    row["item"] = {"anyOf": [*row["item"]["oneOf"], {"type": "object", "nullable": True, "maxProperties": 0}]}
    for operation in _operations(document):
        # Tokens are recorded without their value, so all that can be checked is checked in `_request_faults`.
        operation.pop("security", None)
        for status, name in _ERRORS_EVERYWHERE.items():
            operation["responses"][status] = {"$ref": f"#/components/responses/{name}"}
    # What /v1/ is in Spotify's address is so in the simulator's.
    document["servers"] = [{"url": f"{_SERVER}/v1"}]
    return document


def _parts(schema: Document) -> list[Document]:
    """A schema and what it is put together from in the same place."""
    return [schema, *schema.get("allOf", [])]


def _no_longer_require(schema: Document, field: str) -> None:
    (part,) = [part for part in _parts(schema) if field in part.get("required", [])]
    part["required"].remove(field)
    # No document of this kind may hold an empty list here.
    if not part["required"]:
        del part["required"]


def _operations(document: Document) -> Iterator[Document]:
    for path in document["paths"].values():
        yield from (path[method] for method in _METHODS if method in path)


def _without_required(document: Document) -> Document:
    document = copy.deepcopy(document)
    for schema in _schemas(document).values():
        for part in (schema, *schema.get("allOf", ())):
            part.pop("required", None)
    return document


def _fits(template: str, path: str) -> bool:
    wanted, given = template.split("/"), path.split("/")
    return len(wanted) == len(given) and all(
        one.startswith("{") or one == other for one, other in zip(wanted, given, strict=True)
    )


def _text(body: bytes) -> str:
    return body.decode("ascii")


def _in_words(error: BaseException) -> str:
    cause = error.__cause__
    return f"{error} ({cause})" if cause is not None else str(error)


class _AsRequest:
    """A recorded request as the library wants to see it."""

    host_url = _SERVER

    def __init__(self, exchange: Exchange) -> None:
        self.method = exchange.method.lower()
        self.path = exchange.path
        self.body = exchange.request_body or None
        self.content_type = _header(exchange.request_headers, "Content-Type").lower()
        self.parameters = RequestParameters(
            query=ImmutableMultiDict(exchange.query), header=Headers(dict(exchange.request_headers))
        )


class _AsResponse:
    """A recorded answer as the library wants to see it."""

    def __init__(self, exchange: Exchange) -> None:
        self.status_code = exchange.status or 0
        self.data = exchange.response_body
        self.content_type = _header(exchange.response_headers, "Content-Type").lower()
        self.headers = dict(exchange.response_headers)


def _header(headers: Mapping[str, str], name: str) -> str:
    return next((value for known, value in headers.items() if known.lower() == name.lower()), "")
