"""The API as its callers see it: HTTP API events in, status, headers and body out."""

import base64
import gzip
import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlencode

from api.app import Api
from api.paths import METHODS
from api.wiring import AudioParts, ReleaseParts, Services
from aws_lambda_powertools.utilities.typing import LambdaContext
from openapi_core import Config, OpenAPI
from openapi_core.testing import MockRequest, MockResponse
from shared.settings import ApiSettings

from daltonify_core.adapters.standard_webhooks import StandardWebhooks
from daltonify_core.catalogue.track import Track
from daltonify_core.errors import DaltonifyError, IndexUnavailable
from daltonify_core.ports.look_ups import IdentitySource
from daltonify_core.use_cases.complete_seeds import SeedCompleter
from daltonify_core.use_cases.recommend import Recommender
from daltonify_core.use_cases.record_release import RecordRelease
from infra.local.write_openapi import OPENAPI_FILE
from tests.builders import make_track, open_index, track_id
from tests.bundles import make_tracks
from tests.fakes.memory_audio import MemoryAudioClips, MemoryAudioJobs, MemoryJobQueue
from tests.fakes.memory_feature_service import MemoryFeatureService
from tests.fakes.memory_look_ups import MemoryLookUpCache
from tests.fakes.memory_playlists import MemoryPlaylistService
from tests.fakes.memory_publications import MemoryPublicationStore
from tests.fakes.memory_releases import MemoryArtists, MemoryReleaseQueue, MemoryReleases
from tests.fakes.memory_secrets import MemorySecretStore
from tests.fakes.memory_track_directory import MemoryTrackDirectory
from tests.fakes.set_clock import SetClock
from tests.handlers.fake_context import Context

CODE = "NEVERLOGME-access-code"
EDIT_TOKEN_KEY = "NEVERLOGME-edit-token-key-of-32-characters"
RELEASE_KEY = "NEVERLOGME-release-key-of-32-characters"
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
WRITTEN = json.loads(OPENAPI_FILE.read_text(encoding="utf-8"))
DOCUMENT = OpenAPI.from_dict(
    WRITTEN,
    Config(
        extra_media_type_deserializers={
            "application/problem+json": lambda body, **_: json.loads(body),
            "image/svg+xml": lambda body, **_: body.decode(),
            "image/png": lambda body, **_: body,
        }
    ),
)
EVENTS = Path(__file__).parents[1] / "events"
SEED = track_id(1)
"""A track of an artist at popularity 12, with many bigger artists of country above."""


def catalogue() -> list[Track]:
    seed = make_track(
        track_id=SEED,
        title="Paper Boats",
        artists=("Mira Tallow",),
        popularity=12,
        genres=("country",),
        source="made up",
    )
    return [seed, *make_tracks(400)]


@dataclass
class FixedIndex:
    """One index, which can be taken away by naming the ``fault`` that is met instead."""

    current: Recommender | None
    fault: DaltonifyError = field(default_factory=lambda: IndexUnavailable("There is no index yet. Build one."))

    def recommender(self) -> Recommender:
        if self.current is None:
            raise self.fault
        return self.current

    def sources_of(self, track_ids: Collection[str]) -> dict[str, str]:
        index = self.recommender().index
        found = index.tracks.find(list(track_ids))
        return {track.track_id: track.source or "unknown" for track in index.tracks.tracks(list(found.values()))}


class NoLinks:
    """For tests without short links."""

    def expand(self, link: str) -> str:
        raise AssertionError(f"nobody should follow {link}")


@dataclass
class KnownLinks:
    """Short links whose ends are known; others fail with ``fault``."""

    ends: dict[str, str]
    fault: DaltonifyError | None = None
    followed: list[str] = field(default_factory=list)

    def expand(self, link: str) -> str:
        self.followed.append(link)
        if self.fault is not None:
            raise self.fault
        return self.ends[link]


def make_settings(**overrides: str) -> ApiSettings:
    values = {
        "DATA_BUCKET": "data-bucket",
        "TABLE_NAME": "publications",
        "AUDIO_BUCKET": "audio-bucket",
        "AUDIO_QUEUE_URL": "http://127.0.0.1:9/audio-queue",
        "RELEASE_QUEUE_URL": "http://127.0.0.1:9/release-queue.fifo",
        "SPOTIFY_SECRET": "spotify",
        "PUBLISHING_SECRET": "publishing",
        "PUBLISH_ACCESS": "code",
        "SPOTIFY_API": "http://127.0.0.1:9/v1/",
        "SPOTIFY_OEMBED": "http://127.0.0.1:9/oembed",
        "RECCOBEATS_API": "http://127.0.0.1:9/v1/",
    }
    return ApiSettings.from_environment(values | overrides)


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes
    """As it is once what it was compressed with is taken off."""

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def json(self) -> Any:
        return json.loads(self.text)


class ApiClient:
    """An API on memory fakes, each of which a test may replace or make fail."""

    def __init__(self, index: FixedIndex, settings: ApiSettings | None = None, **parts: Any) -> None:
        self.index = index
        self.clock = SetClock(NOON)
        self.publications = parts.get("publications") or MemoryPublicationStore()
        self.playlists = parts.get("playlists") or MemoryPlaylistService(is_real=False)
        self.secrets = parts.get("secrets") or MemorySecretStore(
            {
                "publishing": {
                    "edit_token_key": EDIT_TOKEN_KEY,
                    "access_codes": f"{CODE} NEVERLOGME-second-code",
                    "release_key": RELEASE_KEY,
                },
                "spotify": {"refresh_token": "NEVERLOGME-consent"},
            }
        )
        # A test that lets a route fail in ways of other routes turns this off.
        self.codes_are_documented = True
        self.links = parts.get("links") or NoLinks()
        self.audio_jobs, self.clips, self.queue = MemoryAudioJobs(), MemoryAudioClips(), MemoryJobQueue()
        ids = count(1)
        self.audio = AudioParts(self.audio_jobs, self.clips, self.queue, lambda: f"NEVERLOGME-{next(ids):032d}")
        self.reccobeats = parts.get("reccobeats") or MemoryFeatureService()
        self.spotify = parts.get("spotify") or MemoryTrackDirectory()
        self.oembed = parts.get("oembed") or MemoryTrackDirectory(source=IdentitySource.OEMBED)
        self.look_ups = parts.get("look_ups") or MemoryLookUpCache()
        self.releases, self.artists = MemoryReleases(), MemoryArtists()
        self.release_queue = MemoryReleaseQueue()
        record = RecordRelease(self.releases, self.release_queue, lambda: f"{next(ids):032x}", self.clock)
        self.release_parts = ReleaseParts(self.releases, self.artists, record, StandardWebhooks())
        self.completer = self.new_environment()
        self.api = Api(
            Services(
                settings or make_settings(),
                self.clock,
                lambda: self.index,
                lambda: self.publications,
                lambda: self.playlists,
                lambda: self.secrets,
                lambda: self.links,
                lambda: self.audio,
                lambda: self.completer,
                lambda: self.release_parts,
            )
        )

    def new_environment(self) -> SeedCompleter:
        """What a fresh environment looks up with: nothing in memory, everything in the table."""
        directories = {IdentitySource.SPOTIFY: self.spotify, IdentitySource.OEMBED: self.oembed}
        return SeedCompleter(
            self.reccobeats, directories, self.look_ups, self.publications, self.clock, albums=self.spotify
        )

    def recorded(self, name: str) -> dict[str, Any]:
        """An event from ``tests/events``."""
        event: dict[str, Any] = json.loads((EVENTS / f"{name}.json").read_text())
        return event

    def get(self, path: str, **query: str) -> Answer:
        return self.send("GET", path, query=query)

    def post(self, path: str, body: Any, headers: Mapping[str, str] | None = None) -> Answer:
        return self.send("POST", path, body=json.dumps(body), headers=headers)

    def send(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        body: str | bytes | None = None,
        headers: Mapping[str, str] | None = None,
        client: str = "203.0.113.7",
    ) -> Answer:
        return self.answer(make_event(method, path, query or {}, body, headers, client))

    def answer(self, event: dict[str, Any]) -> Answer:
        # As in Lambda, where events and answers are JSON.
        told = told_by(self.api(json.loads(json.dumps(event)), cast(LambdaContext, Context())))
        check_against_document(event, told, self.codes_are_documented)
        return told


def told_by(result: Mapping[str, Any]) -> Answer:
    """What a caller gets of a function's result, which is JSON on its way."""
    sent = json.loads(json.dumps(result))
    body = base64.b64decode(sent["body"]) if sent["isBase64Encoded"] else sent["body"].encode()
    if sent["headers"].get("Content-Encoding") == "gzip":
        body = gzip.decompress(body)
    return Answer(sent["statusCode"], sent["headers"], body)


def check_problem(answer: Answer, status: int, code: str) -> Any:
    """The problem in an answer, after checking everything that all problems have in common."""
    assert (answer.status, answer.json["code"]) == (status, code), answer.text
    problem = answer.json
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["Cache-Control"] == "no-store"
    assert (problem["type"], problem["status"]) == ("about:blank", status)
    assert problem["request_id"] == answer.headers["X-Request-Id"]
    assert problem["title"]
    assert problem["detail"]
    assert ("retry_at" in problem) == ("Retry-After" in answer.headers)
    return problem


def documented_path(event: Mapping[str, Any]) -> str:
    """The path of an event as the document and METHODS write it."""
    path = str(event["rawPath"])
    return next((known for known in METHODS if re.fullmatch(re.sub(r"\{\w+\}", "[A-Za-z0-9_-]+", known), path)), path)


def described_answer(event: Mapping[str, Any], answer: Answer) -> str:
    """The words of the document on answers of this status, which list the codes that come with it."""
    operation = WRITTEN["paths"][documented_path(event)][event["requestContext"]["http"]["method"].lower()]
    return str(operation["responses"][str(answer.status)]["description"])


def check_against_document(event: Mapping[str, Any], answer: Answer, code_too: bool = True) -> None:
    """Fail unless the OpenAPI document promises this answer: status, media type, whole body, and a problem's code."""
    path, method = event["rawPath"], event["requestContext"]["http"]["method"]
    if METHODS.get(documented_path(event)) != method:
        return  # the document has no place for answers of paths that do not exist
    if code_too and answer.headers["Content-Type"] == "application/problem+json":
        assert f"`{answer.json['code']}`" in described_answer(event, answer), answer.text
    DOCUMENT.validate_response(
        MockRequest("http://api.example.org", method.lower(), path),
        MockResponse(
            answer.body,
            status_code=answer.status,
            headers=answer.headers,
            content_type=answer.headers["Content-Type"],
        ),
    )


def make_event(
    method: str,
    path: str,
    query: Mapping[str, str] | None = None,
    body: str | bytes | None = None,
    headers: Mapping[str, str] | None = None,
    client: str = "203.0.113.7",
) -> dict[str, Any]:
    """An event as the real service sends it: lower-case headers, bytes in base64, nothing that is empty."""
    sent = {"host": "api.example.org", "user-agent": "tests", "x-forwarded-for": client}
    if body is not None:
        sent["content-type"] = "application/json"
    sent |= {name.lower(): value for name, value in (headers or {}).items()}
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": f"{method} {path}",
        "rawPath": path,
        "rawQueryString": urlencode(query or {}),
        "headers": {name: value for name, value in sent.items() if value},
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "api-id",
            "domainName": "api.example.org",
            "domainPrefix": "api",
            "http": {
                "method": method,
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": client,
                "userAgent": "tests",
            },
            "requestId": "JKJaXmPLvHcESHA=",
            "routeKey": f"{method} {path}",
            "stage": "$default",
            "time": "01/Mar/2026:12:00:00 +0000",
            "timeEpoch": 1772366400000,
        },
        "isBase64Encoded": isinstance(body, bytes),
    }
    if query:
        event["queryStringParameters"] = dict(query)
    if body is not None:
        event["body"] = base64.b64encode(body).decode() if isinstance(body, bytes) else body
    return event


def open_recommender(bundle: Path) -> Recommender:
    return Recommender(open_index(bundle), "2026-01-15T12:00:00Z")
