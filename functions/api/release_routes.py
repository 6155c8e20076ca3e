"""The routes for releases: announce one at a hook, and ask what became of it."""

from collections.abc import Callable, Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any, Final

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.event_handler.openapi.params import Path
from shared.http_errors import Problem, Refused, iso
from shared.observability import logger

from api.answers import json_answer
from api.gate import checked_webhook, parse_webhook
from api.paths import HOOK_PATH, RELEASE_PATH, Describe, as_route
from api.wiring import ReleaseParts, Services
from daltonify_core.releases.hook import Hook, HookKind
from daltonify_core.releases.message import is_release_id
from daltonify_core.releases.reference import announced_release
from daltonify_core.releases.release import Release
from daltonify_core.use_cases.keep_hooks import is_bearer, signing_secret

_MESSAGE_ID: Final = "webhook-id"
_OTHER_MESSAGE_ID: Final = "idempotency-key"
_MOST_ID_CHARACTERS: Final = 200
_SCHEME: Final = "bearer "
_BEARER: Final = "Bearer"
_SIGNATURE: Final = 'StandardWebhooks header="webhook-signature"'

# No `type` statements: Powertools looks for the parameter's kind in the annotation itself.
_HookId = Annotated[str, Path(description="The id of a hook, as `daltonify artists hooks add` shows it")]
_ReleaseId = Annotated[str, Path(description="The id that announcing the release answered")]


def register_releases(
    app: APIGatewayHttpResolver, services: Services, describe: Describe, release_key: Callable[[], bytes]
) -> None:
    """Give ``app`` every route about releases. ``release_key`` is the key from which signing secrets are made."""

    @app.post(as_route(HOOK_PATH), **describe("announce_release"))
    def announce_release(hook_id: _HookId) -> Response[Any]:
        event = app.current_event.raw_event
        body = checked_webhook(event)
        parts = services.releases()
        hook = _hook(parts, hook_id)
        # The artist is no secret, as the hook is, and tells the operator whose sender is refused.
        logger.append_keys(artist_id=hook.artist_id)
        headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
        _check_sender(hook, body, headers, parts, release_key, services.clock())
        announced = announced_release(parse_webhook(body))
        release = parts.record.by_hook(hook, announced, _message_id(headers))
        status_url = RELEASE_PATH.format(release_id=release.release_id)
        return json_answer(202, _received_answer(release, status_url), {"Location": status_url})

    @app.get(as_route(RELEASE_PATH), **describe("release"))
    def release(release_id: _ReleaseId) -> Response[Any]:
        found = services.releases().releases.find(release_id, services.clock()) if is_release_id(release_id) else None
        if found is None:
            raise _refused(
                HTTPStatus.NOT_FOUND,
                "unknown_release",
                "There is no such release",
                "Use the id that announcing the release answered; it is kept for a year.",
            )
        return json_answer(200, _release_answer(found, services.settings.open_playlists_at))


def _hook(parts: ReleaseParts, hook_id: str) -> Hook:
    hook = parts.artists.hook(hook_id) if is_release_id(hook_id) else None
    if hook is None:
        raise _refused(
            HTTPStatus.NOT_FOUND,
            "unknown_hook",
            "There is no such hook",
            "Use the address that `daltonify artists hooks add` showed.",
        )
    if hook.revoked_at is not None:
        # Senders who keep to Standard Webhooks stop for good when they see this status.
        raise _refused(
            HTTPStatus.GONE,
            "hook_revoked",
            "This hook was revoked",
            "Nothing sent here is taken any more. Ask whoever runs this service for another hook.",
        )
    return hook


def _check_sender(
    hook: Hook,
    body: bytes,
    headers: Mapping[str, str],
    parts: ReleaseParts,
    release_key: Callable[[], bytes],
    now: datetime,
) -> None:
    generations = hook.generations(now)
    if hook.kind is HookKind.SIGNED:
        secrets = [signing_secret(release_key(), hook, generation) for generation in generations]
        if not parts.signatures.is_signed(body, headers, secrets):
            raise _not_authorised(
                _SIGNATURE,
                "The signature is missing or wrong, or its time is more than five minutes off. Sign the raw body with "
                "this hook's secret after Standard Webhooks, and check your clock.",
            )
        return
    stated = headers.get("authorization", "")
    token = stated[len(_SCHEME) :].strip() if stated[: len(_SCHEME)].lower() == _SCHEME else ""
    if not is_bearer(hook, token, len(generations)):
        raise _not_authorised(_BEARER, "Send this hook's token in the header Authorization: Bearer ….")


def _message_id(headers: Mapping[str, str]) -> str | None:
    """What a sender calls this message, the same over its repetitions."""
    given = (headers.get(_MESSAGE_ID) or headers.get(_OTHER_MESSAGE_ID) or "").strip()
    if len(given) > _MOST_ID_CHARACTERS:
        raise _refused(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "invalid_query",
            "The request cannot be carried out as it stands",
            f"The id of a message must have at most {_MOST_ID_CHARACTERS} characters.",
        )
    return given or None


def _not_authorised(scheme: str, detail: str) -> Refused:
    # A 401 has to say how to do better.
    headers = {"WWW-Authenticate": scheme}
    title = "This does not open the hook"
    return Refused(Problem(HTTPStatus.UNAUTHORIZED, "not_authorised", title, detail, headers=headers))


def _refused(status: HTTPStatus, code: str, title: str, detail: str) -> Refused:
    return Refused(Problem(status, code, title, detail))


def _received_answer(release: Release, status_url: str) -> dict[str, Any]:
    """What is told of a release that was just taken in, or was before."""
    return {"id": release.release_id, "state": release.state.value, "status_url": status_url}


def _release_answer(release: Release, open_playlists_at: str) -> dict[str, Any]:
    """What is told of a release to whoever has its id."""
    is_waiting = release.state == "waiting"
    return {
        "id": release.release_id,
        "state": release.state.value,
        "title": release.title,
        "received_at": iso(release.received_at),
        "why": release.why,
        "next_attempt_at": iso(release.next_attempt_at) if is_waiting and release.next_attempt_at else None,
        "finished_at": iso(release.finished_at) if release.finished_at else None,
        "notes": list(release.notes),
        "track_url": f"https://open.spotify.com/track/{release.track_id}" if release.track_id else None,
        "playlist_url": f"{open_playlists_at}{release.playlist_id}" if release.playlist_id else None,
        "version": release.version,
    }
