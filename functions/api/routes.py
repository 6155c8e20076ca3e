"""The routes, each group of them brought in when somebody first asks for one: a cold start pays for what it imports."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Final

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver

from api.gate import client_of
from api.origin import OriginSecret
from api.paths import (
    AUDIO_PATH,
    CONFIG_PATH,
    GENRES_PATH,
    HEALTH_PATH,
    HOOK_PATH,
    PLAYLISTS_PATH,
    QR_PATH,
    RECOMMENDATIONS_PATH,
    RELEASE_PATH,
    STATUS_PATH,
    TRACKS_PATH,
    Describe,
    undescribed,
)
from api.wiring import Services

if TYPE_CHECKING:
    from api.access import PublishingSecret

_ANSWERING_SECONDS: Final = 2
"""What is left of the function's time for writing the answer."""


def register(
    app: APIGatewayHttpResolver, services: Services, describe: Describe = undescribed
) -> Callable[[str], None]:
    """What gives ``app`` the routes of a path; for a path that it has already it does nothing."""
    origin = OriginSecret(services)

    def client() -> str:
        return client_of(app.current_event.raw_event, origin.is_right)

    def deadline() -> datetime:
        remaining = timedelta(milliseconds=app.lambda_context.get_remaining_time_in_millis())
        return services.clock() + remaining - timedelta(seconds=_ANSWERING_SECONDS)

    @cache
    def secret() -> "PublishingSecret":
        from api.access import PublishingSecret

        return PublishingSecret(services)

    @cache
    def recommendations() -> None:
        from api.recommendation_routes import register_recommendations

        register_recommendations(app, services, describe, client, deadline)

    @cache
    def catalogue() -> None:
        from api.catalogue_routes import register_catalogue

        register_catalogue(app, services, describe)

    @cache
    def publishing() -> None:
        from api.publishing_routes import register_publishing

        register_publishing(app, services, describe, secret(), client, deadline)

    @cache
    def qr() -> None:
        from api.qr_routes import register_qr

        register_qr(app, services, describe)

    @cache
    def information() -> None:
        from api.information_routes import register_information

        register_information(app, services, describe, secret())

    @cache
    def audio() -> None:
        from api.audio_routes import register_audio

        register_audio(app, services, describe, client, deadline)

    @cache
    def releases() -> None:
        from api.release_routes import register_releases

        register_releases(app, services, describe, lambda: secret().release_key())

    groups = {
        RECOMMENDATIONS_PATH: recommendations,
        GENRES_PATH: catalogue,
        TRACKS_PATH: catalogue,
        PLAYLISTS_PATH: publishing,
        QR_PATH: qr,
        CONFIG_PATH: information,
        HEALTH_PATH: information,
        AUDIO_PATH: audio,
        STATUS_PATH: audio,
        HOOK_PATH: releases,
        RELEASE_PATH: releases,
    }
    return lambda path: groups[path]()
