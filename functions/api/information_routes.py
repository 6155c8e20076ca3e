"""The routes that tell of the service itself: what a page needs to know, and whether it works."""

from collections.abc import Mapping
from typing import Any, Final

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from shared.http_errors import iso_not_before
from shared.settings import MAX_AUDIO_BYTES, MAX_BODY_BYTES, MAX_IDS, NO_LOGO, QUERY_CHARACTERS, VERSION, PublishAccess

from api.access import PublishingSecret
from api.answers import json_answer
from api.current_index import recommender_of
from api.paths import CONFIG_PATH, HEALTH_PATH, Describe
from api.wiring import Services
from daltonify_core.audio.clip import CLIP_RATE, MAX_SECONDS, MIN_SECONDS
from daltonify_core.catalogue.track import SYNTHETIC_SOURCE
from daltonify_core.errors import IndexUnavailable, UpstreamError
from daltonify_core.playlist.publishing import (
    MAXIMUM_DESCRIPTION_CHARACTERS,
    MAXIMUM_RESERVES,
    MAXIMUM_TITLE_CHARACTERS,
    MAXIMUM_URIS,
)
from daltonify_core.playlist.request import MAXIMUM_EXCLUSIONS, MAXIMUM_PINNED, MAXIMUM_SEEDS, SIZE_LIMITS
from daltonify_core.use_cases.publish_playlist import PublishSettings
from daltonify_core.use_cases.recommend import Recommender

_LIMITS: Final[Mapping[str, Any]] = {
    "size": list(SIZE_LIMITS),
    "seeds": MAXIMUM_SEEDS,
    "exclusions": MAXIMUM_EXCLUSIONS,
    "pinned": MAXIMUM_PINNED,
    "query": list(QUERY_CHARACTERS),
    "ids": MAX_IDS,
    "title": MAXIMUM_TITLE_CHARACTERS,
    "description": MAXIMUM_DESCRIPTION_CHARACTERS,
    "uris": MAXIMUM_URIS,
    "reserves": MAXIMUM_RESERVES,
    "body_bytes": MAX_BODY_BYTES,
    "audio_bytes": MAX_AUDIO_BYTES,
    "audio_seconds": [int(MIN_SECONDS), int(MAX_SECONDS)],
    "audio_rate": CLIP_RATE,
}
"""What a page has to know to stop people before the API does."""


def register_information(
    app: APIGatewayHttpResolver, services: Services, describe: Describe, secret: PublishingSecret
) -> None:
    """Give ``app`` the routes that tell of the service itself."""
    settings = services.settings

    @app.get(CONFIG_PATH, **describe("config"))
    def config() -> Response[Any]:
        index = _index_or_none(services)
        is_invented = index is not None and SYNTHETIC_SOURCE in index["source"].split(", ")
        answer = {
            "version": VERSION,
            "index": index,
            "demo": {
                "catalogue": is_invented,
                "spotify": not settings.is_real_spotify,
                "reccobeats": not settings.is_real_reccobeats,
            },
            "publishing": _publishing(services, secret),
            "limits": _LIMITS,
            "open_playlists_at": settings.open_playlists_at,
            "spotify": {
                "client_id": settings.spotify_client_id,
                "api": settings.spotify_api,
                "accounts": settings.spotify_accounts,
                "embeds": settings.spotify_embeds,
            },
            "attribution": {"logo": None if settings.spotify_logo == NO_LOGO else f"/{settings.spotify_logo}"},
        }
        return json_answer(200, answer)

    @app.get(HEALTH_PATH, **describe("health"))
    def health() -> Response[Any]:
        index = _index_or_none(services)
        built_at = index["built_at"] if index else None
        return json_answer(200 if index else 503, {"ok": bool(index), "version": VERSION, "index_built_at": built_at})


def _index_or_none(services: Services) -> dict[str, Any] | None:
    try:
        return _index_answer(recommender_of(services))
    except IndexUnavailable:
        return None


def _publishing(services: Services, secret: PublishingSecret) -> dict[str, Any]:
    """Whether publishing may work, as far as can be known without asking Spotify."""
    access = services.settings.publish_access
    answer = {"access": str(access), "available": False, "retry_at": None}
    if access is PublishAccess.OFF or not secret.is_complete():
        return answer
    try:
        circuit = services.publications().circuit(PublishSettings().account, services.clock())
    except UpstreamError:
        return answer
    return answer | ({"retry_at": iso_not_before(circuit.open_until)} if circuit else {"available": True})


def _index_answer(recommender: Recommender) -> dict[str, Any]:
    """Which index answers."""
    manifest = recommender.index.manifest
    return {
        "version": recommender.index.version,
        "tracks": manifest.items,
        "built_at": recommender.built_at,
        "snapshot": manifest.snapshot,
        "source": manifest.source,
    }
