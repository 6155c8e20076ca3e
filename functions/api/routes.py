"""The routes: parse, call one use case, map the result."""

import base64
import io
import math
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from time import perf_counter
from typing import Annotated, Any, Final, Literal

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response, content_types
from aws_lambda_powertools.event_handler.openapi.params import Body, Header, Query
from aws_lambda_powertools.metrics import MetricUnit
from shared.http_errors import iso
from shared.observability import logger, metrics
from shared.settings import KEY_CHARACTERS, MAX_FOUND_TRACKS, MAX_IDS, NO_LOGO, QUERY_CHARACTERS, VERSION, PublishAccess

from api.access import CODE_HEADER, PublishingSecret
from api.albums import before_looking, with_album
from api.answers import LIMITS, index_answer, json_text, playlist_answer, track_answer
from api.audio_routes import AUDIO_PATH, STATUS_PATH, register_audio
from api.documentation import documented
from api.gate import client_of
from api.look_ups import LookUps
from api.models import (
    KEY_PATTERN,
    ConfigAnswer,
    GenresAnswer,
    HealthAnswer,
    PlaylistAnswer,
    PlaylistBody,
    RecommendationAnswer,
    RecommendationBody,
    TracksAnswer,
)
from api.origin import OriginSecret
from api.release_routes import HOOK_PATH, RELEASE_PATH, register_releases
from api.short_links import ShortLinks, before_following
from api.wiring import Services
from daltonify_core.catalogue.links import MAX_TEXT_CHARACTERS, LinkKind, parse_link, parse_playlist_link
from daltonify_core.catalogue.track import SYNTHETIC_SOURCE
from daltonify_core.errors import IndexUnavailable, InvalidLink, InvalidQuery, SeedDataNeeded, UpstreamError
from daltonify_core.playlist.publishing import PublishRequest, UnreleasedTrack
from daltonify_core.playlist.request import RecommendationRequest
from daltonify_core.use_cases.find_tracks import search_tracks, tracks_by_id
from daltonify_core.use_cases.publish_playlist import PublishPlaylist, PublishSettings
from daltonify_core.use_cases.recommend import Recommender

METHODS: Final[Mapping[str, str]] = {
    "/api/recommendations": "POST",
    "/api/genres": "GET",
    "/api/tracks": "GET",
    "/api/playlists": "POST",
    "/api/qr": "GET",
    "/api/config": "GET",
    "/api/health": "GET",
    AUDIO_PATH: "POST",
    STATUS_PATH: "GET",
    HOOK_PATH: "POST",
    RELEASE_PATH: "GET",
}
"""The method that each path takes, for telling an unknown path from a wrong method. Braces stand for one part."""

_ANSWERING_SECONDS: Final = 2
"""What is left of the function's time for writing the answer."""

_WORTH_COMPRESSING: Final = 1_000
"""In characters; less fits into one packet as it is."""
_QR_BORDER: Final = 4
"""In modules; scanners rely on it."""
_QR_PIXELS: Final = 1_000
"""Sharp at 8 cm when it is printed with 300 dots per inch."""

# No `type` statements: Powertools looks for the parameter's kind in the annotation itself.
_Words = Annotated[
    str | None,
    Query(
        min_length=QUERY_CHARACTERS[0],
        max_length=QUERY_CHARACTERS[1],
        description="Words of title and artists; the last may be a beginning",
    ),
]
_Ids = Annotated[str | None, Query(description=f"Up to {MAX_IDS} track ids or links, separated by commas")]
_Playlist = Annotated[str, Query(max_length=MAX_TEXT_CHARACTERS, description="The id of a playlist, or a link to it")]
_Format = Annotated[Literal["svg", "png"], Query(description="PNG is at least 1,000 pixels wide, for print")]
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


def register(app: APIGatewayHttpResolver, services: Services) -> None:
    """Give ``app`` every route of the API."""
    origin = OriginSecret(services)

    def client() -> str:
        return client_of(app.current_event.raw_event, origin.is_right)

    _register_recommendations(app, services, client)
    _register_catalogue(app, services)
    secret = PublishingSecret(services)
    _register_publishing(app, services, secret, client)
    _register_information(app, services, secret)
    register_audio(app, services, client, lambda: _deadline(app, services))
    register_releases(app, services, secret.release_key)


def _register_recommendations(app: APIGatewayHttpResolver, services: Services, client: Callable[[], str]) -> None:
    short_links = ShortLinks(services.link_expander, services.publications, services.clock)
    look_ups = LookUps(services)

    @app.post("/api/recommendations", **documented("recommend", RecommendationAnswer))
    def recommend(body: Annotated[RecommendationBody, Body()]) -> Response[Any]:
        values = body.model_dump(exclude_unset=True)
        seeds = values["seeds"]
        # What can be refused is refused before it costs anybody a call.
        values["seeds"] = before_looking(before_following(seeds))
        request = RecommendationRequest.from_dict(values)
        recommender = _recommender(services)
        recommender.check(request)
        deadline = _deadline(app, services)
        seeds = short_links.expanded(seeds, client)
        before_looking(seeds)
        album = with_album(seeds, lambda album_id: look_ups.album(album_id, client, deadline))
        values["seeds"] = album.seeds
        request = RecommendationRequest.from_dict(values)
        findings = look_ups.findings(request.seeds, recommender.index, client, deadline)
        started = perf_counter()
        try:
            recommended = recommender.recommend(request, findings)
        except SeedDataNeeded as error:
            smaller = album.without_unknown(error)
            if smaller is None:
                raise
            album = smaller
            request = RecommendationRequest.from_dict({**values, "seeds": album.seeds})
            recommended = recommender.recommend(request, findings)
        metrics.add_metric("RecommendationMilliseconds", MetricUnit.Milliseconds, 1000 * (perf_counter() - started))
        answer = recommended.to_dict()
        return _json(200, answer | {"notes": [*album.notes, *answer["notes"]]})


def _register_catalogue(app: APIGatewayHttpResolver, services: Services) -> None:
    @app.get("/api/genres", **documented("genres", GenresAnswer))
    def genres() -> Response[Any]:
        index = _recommender(services).index
        offered = [
            {"name": name, "tracks": tracks, "typical": index.typical_features(name).present()}
            for name, tracks in index.manifest.genres.items()
        ]
        return _json(200, {"genres": offered})

    @app.get("/api/tracks", **documented("tracks", TracksAnswer))
    def tracks(q: _Words = None, ids: _Ids = None) -> Response[Any]:
        if (q is None) == (ids is None):
            field = "q" if ids is None else "ids"
            raise InvalidQuery("Give either q, words to look for, or ids, tracks to look up.", field)
        wanted = _track_ids(ids)
        index = _recommender(services).index
        found = search_tracks(index, q, MAX_FOUND_TRACKS) if q is not None else tracks_by_id(index, wanted)
        return _json(200, {"tracks": [track_answer(one) for one in found]})


def _register_publishing(
    app: APIGatewayHttpResolver, services: Services, secret: PublishingSecret, client: Callable[[], str]
) -> None:
    settings = services.settings

    @app.post("/api/playlists", **documented("publish", PlaylistAnswer))
    def publish(body: Annotated[PlaylistBody, Body()], key: _Key, code: _Code = None) -> Response[Any]:
        publisher = client()
        secret.check(code, publisher)
        request = _publish_request(body)
        deadline = _deadline(app, services)
        use_case = PublishPlaylist(
            services.publications(),
            services.playlists(),
            services.index().sources_of,
            secret.edit_token_key(),
            services.clock,
            PublishSettings(daily_creations_per_client=settings.daily_playlists_per_client),
        )
        published = use_case.publish(request, key, publisher, deadline)
        return _json(201 if published.created else 200, playlist_answer(published, settings))

    @app.get("/api/qr", **documented("qr", None))
    def qr(playlist: _Playlist, format: _Format = "svg") -> Response[Any]:
        try:
            playlist_id = parse_playlist_link(playlist.removeprefix(settings.open_playlists_at))
        except InvalidLink as error:
            error.field = "playlist"
            raise
        # Drawing is rare, and its library would slow every cold start.
        import segno

        code, image = segno.make(settings.open_playlists_at + playlist_id, micro=False), io.BytesIO()
        cached = {"Cache-Control": "public, max-age=86400"}
        if format == "png":
            width, _ = code.symbol_size(border=_QR_BORDER)
            code.save(image, kind="png", border=_QR_BORDER, scale=math.ceil(_QR_PIXELS / width))
            # Encoded here: Powertools takes bytes for text before it encodes them.
            response: Response[Any] = Response(200, "image/png", base64.b64encode(image.getvalue()).decode(), cached)
            response.base64_encoded = True
            return response
        code.save(image, kind="svg", border=_QR_BORDER, xmldecl=False, omitsize=True, light="#fff")
        return Response(200, "image/svg+xml", image.getvalue().decode(), cached)


def _register_information(app: APIGatewayHttpResolver, services: Services, secret: PublishingSecret) -> None:
    settings = services.settings

    @app.get("/api/config", **documented("config", ConfigAnswer))
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
            "limits": LIMITS,
            "open_playlists_at": settings.open_playlists_at,
            "spotify": {
                "client_id": settings.spotify_client_id,
                "api": settings.spotify_api,
                "accounts": settings.spotify_accounts,
                "embeds": settings.spotify_embeds,
            },
            "attribution": {"logo": None if settings.spotify_logo == NO_LOGO else f"/{settings.spotify_logo}"},
        }
        return _json(200, answer)

    @app.get("/api/health", **documented("health", HealthAnswer))
    def health() -> Response[Any]:
        index = _index_or_none(services)
        built_at = index["built_at"] if index else None
        return _json(200 if index else 503, {"ok": bool(index), "version": VERSION, "index_built_at": built_at})


def _json(status: int, body: Mapping[str, Any]) -> Response[Any]:
    """A finished answer, which Powertools neither checks nor copies; compressed for whoever takes it so.

    CloudFront compresses only what it may keep, which these answers are not.
    """
    text = json_text(body)
    return Response(status, content_types.APPLICATION_JSON, text, compress=len(text) >= _WORTH_COMPRESSING)


def _deadline(app: APIGatewayHttpResolver, services: Services) -> datetime:
    remaining = timedelta(milliseconds=app.lambda_context.get_remaining_time_in_millis())
    return services.clock() + remaining - timedelta(seconds=_ANSWERING_SECONDS)


def _recommender(services: Services) -> Recommender:
    found = services.index().recommender()
    logger.append_keys(index_version=found.index.version)
    return found


def _index_or_none(services: Services) -> dict[str, Any] | None:
    try:
        return index_answer(_recommender(services))
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
    return answer | ({"retry_at": iso(circuit.open_until)} if circuit else {"available": True})


def _publish_request(body: PlaylistBody) -> PublishRequest:
    values = _tuples(body.model_dump(exclude_none=True))
    unreleased = tuple(UnreleasedTrack(**_tuples(track)) for track in values.pop("unreleased", ()))
    return PublishRequest(**values, unreleased=unreleased)


def _tuples(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}


def _track_ids(ids: str | None) -> list[str]:
    links = [] if ids is None else ids.split(",")
    if len(links) > MAX_IDS:
        raise InvalidQuery(f"At most {MAX_IDS} tracks can be looked up at once, not {len(links)}.", "ids")
    found = []
    for place, text in enumerate(links):
        try:
            link = parse_link(text)
        except InvalidLink as error:
            error.field = f"ids[{place}]"
            raise
        if link.kind is not LinkKind.TRACK:
            raise InvalidQuery("Only Spotify knows which tracks an album holds. Give links to tracks.", f"ids[{place}]")
        found.append(link.id)
    return found
