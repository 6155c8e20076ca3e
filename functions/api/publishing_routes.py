"""The route that publishes a playlist under the service's account."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Annotated, Any, Final

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.event_handler.openapi.params import Body, Header
from shared.settings import KEY_CHARACTERS, ApiSettings

from api.access import CODE_HEADER, PublishingSecret
from api.answers import json_answer
from api.models import KEY_PATTERN
from api.paths import PLAYLISTS_PATH, Describe
from api.playlist_models import PlaylistBody
from api.wiring import Services
from daltonify_core.playlist.publishing import PublishedPlaylist, PublishRequest, UnreleasedTrack
from daltonify_core.use_cases.publish_playlist import PublishPlaylist, PublishSettings

_EMBED: Final = "https://open.spotify.com/embed/playlist/"

# No `type` statements: Powertools looks for the parameter's kind in the annotation itself.
_Key = Annotated[
    str,
    Header(
        alias="Idempotency-Key",
        min_length=KEY_CHARACTERS[0],
        max_length=KEY_CHARACTERS[1],
        pattern=KEY_PATTERN,
        description="A new random text for every new playlist; the same one to send the same request again",
    ),
]
_Code = Annotated[
    str | None, Header(alias=CODE_HEADER, description="What the operator handed out, where access is `code`")
]


def register_publishing(
    app: APIGatewayHttpResolver,
    services: Services,
    describe: Describe,
    secret: PublishingSecret,
    client: Callable[[], str],
    deadline: Callable[[], datetime],
) -> None:
    """Give ``app`` the route that publishes.

    ``client`` says whom the current request is counted against, ``deadline`` when it has to be answered.
    """
    settings = services.settings

    @app.post(PLAYLISTS_PATH, **describe("publish"))
    def publish(body: Annotated[PlaylistBody, Body()], key: _Key, code: _Code = None) -> Response[Any]:
        publisher = client()
        secret.check(code, publisher)
        request = _publish_request(body)
        latest = deadline()
        use_case = PublishPlaylist(
            services.publications(),
            services.playlists(),
            services.index().sources_of,
            secret.edit_token_key(),
            services.clock,
            PublishSettings(daily_creations_per_client=settings.daily_playlists_per_client),
        )
        published = use_case.publish(request, key, publisher, latest)
        return json_answer(201 if published.created else 200, _playlist_answer(published, settings))


def _publish_request(body: PlaylistBody) -> PublishRequest:
    values = _tuples(body.model_dump(exclude_none=True))
    unreleased = tuple(UnreleasedTrack(**_tuples(track)) for track in values.pop("unreleased", ()))
    return PublishRequest(**values, unreleased=unreleased)


def _tuples(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}


def _playlist_answer(published: PublishedPlaylist, settings: ApiSettings) -> dict[str, Any]:
    """A published playlist, with the addresses that open it."""
    playlist_id = published.playlist_id
    return {
        "playlist_id": playlist_id,
        "url": settings.open_playlists_at + playlist_id,
        "uri": f"spotify:playlist:{playlist_id}",
        # Spotify's player cannot show what only a simulator knows.
        "embed_url": _EMBED + playlist_id if settings.is_real_spotify else None,
        "tracks_added": published.tracks_added,
        "edit_token": published.edit_token,
        "replaced": [{"from": wanted, "to": substitute} for wanted, substitute in published.replaced],
        "left_out": list(published.left_out),
        "to_add": [
            {"position": track.position, "title": track.title, "artists": list(track.artists)}
            for track in published.to_add
        ],
        "notes": list(published.notes),
    }
