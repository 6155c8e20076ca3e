"""The accounts service: the page on which a user consents, and the endpoint that hands out tokens."""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Iterator, Mapping
from typing import Final
from urllib.parse import urlencode

from werkzeug.routing import Rule
from werkzeug.wrappers import Request, Response

from infra.local.http_answers import html_answer, json_answer, text_answer
from infra.local.spotify_simulator.pages import ACCOUNTS, consent_page
from infra.local.spotify_simulator.state import ACCESS_TOKEN_SECONDS, DEFAULT_USER, App, SpotifyState, TokenRefused

KNOWN_SCOPES: Final = frozenset(
    {
        "playlist-modify-private",
        "playlist-modify-public",
        "playlist-read-collaborative",
        "playlist-read-private",
        "ugc-image-upload",
        "user-follow-modify",
        "user-follow-read",
        "user-library-modify",
        "user-library-read",
        "user-read-email",
        "user-read-private",
        "user-top-read",
    }
)
"""Scopes that may be asked for; those of the player are left out, because no player is simulated."""

_CHALLENGE: Final = re.compile("[A-Za-z0-9_-]{43}")
_VERIFIER: Final = re.compile("[A-Za-z0-9._~-]{43,128}")
_CONSENT_FIELDS: Final = (
    "client_id",
    "response_type",
    "redirect_uri",
    "scope",
    "state",
    "code_challenge",
    "code_challenge_method",
)


class AccountsService:
    """The handlers of /authorize and /api/token."""

    def __init__(self, state: SpotifyState) -> None:
        self._state = state

    def rules(self) -> Iterator[Rule]:
        """Where each handler answers."""
        yield Rule("/authorize", methods=["GET"], endpoint=self._ask)
        yield Rule("/authorize", methods=["POST"], endpoint=self._decide)
        yield Rule("/api/token", methods=["POST"], endpoint=self._token)

    def _ask(self, request: Request) -> Response:
        refusal = self._refusal(request.args)
        if refusal is not None:
            return refusal
        asked = {name: request.args[name] for name in _CONSENT_FIELDS if name in request.args}
        return html_answer(consent_page(asked, request.args.get("scope", "").split()))

    def _decide(self, request: Request) -> Response:
        # The form repeats what was asked, so it is checked again: anyone can post to this address.
        form = request.form
        app = self._state.app(form.get("client_id", ""))
        refusal = self._refusal(form)
        if refusal is not None or app is None:
            return refusal or text_answer("INVALID_CLIENT: Invalid client", 400)
        if form.get("decision") != "allow":
            return _back_to_app(form, error="access_denied")
        user = form.get("user", DEFAULT_USER)
        if user not in ACCOUNTS:
            return text_answer("The simulator has no such account", 400)
        code = self._state.new_code(
            app, user, form["redirect_uri"], form.get("scope", "").split(), form.get("code_challenge")
        )
        return _back_to_app(form, code=code)

    def _refusal(self, asked: Mapping[str, str]) -> Response | None:
        app = self._state.app(asked.get("client_id", ""))
        if app is None:
            return text_answer("INVALID_CLIENT: Invalid client", 400)
        # Never redirect to an address that the app has not registered.
        if not app.may_redirect_to(asked.get("redirect_uri", "")):
            return text_answer("INVALID_CLIENT: Invalid redirect URI", 400)
        if asked.get("response_type") != "code":
            return _back_to_app(asked, error="unsupported_response_type")
        if not KNOWN_SCOPES.issuperset(asked.get("scope", "").split()):
            return _back_to_app(asked, error="invalid_scope")
        challenge = asked.get("code_challenge")
        if challenge is None:
            is_complete = app.client_secret is not None  # without a secret, only PKCE proves who comes for the token
        else:
            is_complete = asked.get("code_challenge_method") == "S256" and _CHALLENGE.fullmatch(challenge) is not None
        return None if is_complete else _back_to_app(asked, error="invalid_request")

    def _token(self, request: Request) -> Response:
        try:
            return self._new_tokens(request)
        except TokenRefused as refused:
            return json_answer({"error": refused.error, "error_description": refused.description}, 400)

    def _new_tokens(self, request: Request) -> Response:
        form = request.form
        match form.get("grant_type"):
            case "authorization_code":
                return self._exchange_code(request)
            case "refresh_token":
                app = self._app(request, needs_secret=False)
                consent = self._state.consent_behind(form.get("refresh_token", ""), app.client_id)
                if not consent.by_pkce:
                    self._app(request, needs_secret=True)
                return self._answer(consent.user_id, consent.scopes)
            case "client_credentials":
                self._app(request, needs_secret=True)
                return self._answer(None, frozenset())
            case _:
                raise TokenRefused("unsupported_grant_type", "grant_type is missing or not supported")

    def _exchange_code(self, request: Request) -> Response:
        form = request.form
        verifier = form.get("code_verifier")
        app = self._app(request, needs_secret=verifier is None)
        code = self._state.use_code(form.get("code", ""))
        if code.client_id != app.client_id:
            raise TokenRefused("invalid_grant", "Invalid authorization code")
        if code.redirect_uri != form.get("redirect_uri"):
            raise TokenRefused("invalid_grant", "Invalid redirect URI")
        if code.code_challenge is not None:
            if verifier is None or not _VERIFIER.fullmatch(verifier):
                raise TokenRefused("invalid_request", "code_verifier must be 43 to 128 characters")
            if not hmac.compare_digest(_challenge_of(verifier), code.code_challenge):
                raise TokenRefused("invalid_grant", "code_verifier was incorrect")
        elif verifier is not None:
            raise TokenRefused("invalid_grant", "No code_challenge was sent for this code")
        refresh_token = self._state.consent(app.client_id, code.user_id, code.scopes, verifier is not None)
        return self._answer(code.user_id, code.scopes, refresh_token)

    def _app(self, request: Request, needs_secret: bool) -> App:
        client_id, secret = _credentials(request)
        app = self._state.app(client_id)
        if app is None:
            raise TokenRefused("invalid_client", "Invalid client")
        if secret is None and not needs_secret:
            return app
        if app.client_secret is None or secret is None or not hmac.compare_digest(secret, app.client_secret):
            raise TokenRefused("invalid_client", "Invalid client secret")
        return app

    def _answer(self, user_id: str | None, scopes: frozenset[str], refresh_token: str | None = None) -> Response:
        content: dict[str, object] = {
            "access_token": self._state.new_access_token(user_id, scopes),
            "token_type": "Bearer",
            "expires_in": ACCESS_TOKEN_SECONDS,
        }
        if user_id is not None:
            content["scope"] = " ".join(sorted(scopes))
        if refresh_token is not None:
            content["refresh_token"] = refresh_token
        return json_answer(content)


def _credentials(request: Request) -> tuple[str, str | None]:
    scheme, _, encoded = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return request.form.get("client_id", ""), request.form.get("client_secret")
    try:
        client_id, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError) as error:
        raise TokenRefused("invalid_client", "Invalid client") from error
    return client_id, secret


def _challenge_of(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def _back_to_app(asked: Mapping[str, str], **result: str) -> Response:
    if "state" in asked:
        result["state"] = asked["state"]
    uri = asked["redirect_uri"]
    # Without a body, which would repeat the code.
    return Response(status=302, headers={"Location": f"{uri}{'&' if '?' in uri else '?'}{urlencode(result)}"})
