"""Requests to Spotify's Web API and accounts service, and what their failures mean.

spotipy makes the requests, tamed: it gets a session of our own, since its default one sleeps through rate limits and
repeats writes. Answers other than success are read here before spotipy sees them, because it loses their headers or
breaks on bodies that it does not expect. Tokens are fetched with requests alone: spotipy replaces the scopes that were
granted by those that were asked for, so a narrower consent would go unnoticed.

Nothing that Spotify says is repeated in a message, and nothing of what these libraries log gets out: at DEBUG they log
tokens and secrets.
"""

import logging
import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from http import HTTPStatus
from types import MappingProxyType
from typing import Any, Final

import requests
import spotipy  # type: ignore[import-untyped]
import urllib3.exceptions

from daltonify_core.adapters.spotify.fields import (
    MOST_RETRY_SECONDS,
    RATE_RETRY_SECONDS,
    is_fault,
    mapping,
    retry_seconds,
)
from daltonify_core.adapters.spotify.scopes import PUBLISHING_SCOPES
from daltonify_core.adapters.spotify.session import bounded_session
from daltonify_core.errors import (
    ConsentNeeded,
    UnknownPlaylist,
    UpstreamError,
    UpstreamRateLimited,
    UpstreamRefused,
    UpstreamUnavailable,
    UpstreamUncertain,
)
from daltonify_core.ports.surroundings import Clock

EARLY_SECONDS: Final = 60
"""A token is renewed so long before its end."""

_TOKEN_SECONDS: Final = 3600  # what Spotify gives, for an answer that does not say
# How the daily quota refills is not published; an hour asks it 24 times a day.
_QUOTA_RETRY_SECONDS: Final = 3600
# A process that was frozen in between finds its connections dead, and what is sent on them unanswered.
_STALE_CONNECTION: Final = timedelta(seconds=30)

NO_QUERY: Final[Mapping[str, str | int]] = MappingProxyType({})
_CATALOGUE_PATHS: Final = ("tracks/", "albums/")
_DASHBOARD: Final = "the app's page at developer.spotify.com/dashboard"
UNAVAILABLE: Final = "Spotify cannot be reached or fails at the moment. Nothing was changed; try again in some minutes."
UNCERTAIN: Final = "Spotify did not confirm the change, so it may or may not have been made."
UNREADABLE: Final = "Spotify's answer could not be read. Try again in some minutes."
APP_REFUSED: Final = (
    f"Spotify does not accept the app's client id and secret. Compare them with {_DASHBOARD}, "
    "then run `daltonify login`."
)


def _silence(*names: str) -> None:
    """Keep every record of these loggers from every handler; a level alone could be set back by others."""
    for name in names:
        logging.getLogger(name).addFilter(lambda _: False)


_silence("spotipy.client", "spotipy.oauth2", "spotipy.cache_handler", "spotipy.util")
_silence("urllib3.connectionpool", "urllib3.util.retry")


class TokenRefused(Exception):
    """Spotify does not accept the access token, so what was asked was not done."""


class DeadGrant(ConsentNeeded):
    """The refresh token or code itself is dead, as opposed to the client's secret."""


class UnknownTrack(UpstreamRefused):
    """Spotify knows no track or album of this id; apart from other refusals: the token endpoint answers 404 as well."""


class _Refusal(Exception):
    """An answer other than success, as far as it can be understood: bodies are JSON of two kinds, text or a page."""

    def __init__(self, response: requests.Response) -> None:
        super().__init__(f"HTTP status {response.status_code}")
        self.status = response.status_code
        self.retry_after = response.headers.get("Retry-After")
        try:
            body = response.json()
        except (ValueError, RecursionError):
            body = None
        error = mapping(body).get("error")
        self.error_code = error if isinstance(error, str) else ""
        self.is_quota = mapping(error).get("reason") == "QUOTA_EXCEEDED"
        message = mapping(error).get("message")
        self.words = (message if isinstance(message, str) and message else _start_of(response)).lower()


@dataclass(frozen=True, slots=True)
class Grant:
    """An answer of the token endpoint; ``scopes`` is ``None`` where it does not name them."""

    access_token: str = field(repr=False)
    refresh_token: str | None = field(repr=False)
    scopes: frozenset[str] | None
    seconds: float


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list, the last one where nothing follows."""

    rows: list[Mapping[str, Any]]
    is_last: bool

    @classmethod
    def read(cls, answer: object) -> "Page":
        """Raises ``UpstreamUnavailable`` for what is no page."""
        page = mapping(answer)
        rows = page.get("items")
        if not isinstance(rows, list):
            raise UpstreamUnavailable(UNREADABLE)
        is_last = page["next"] is None if "next" in page else not rows
        return cls([mapping(row) for row in rows], is_last)


class WebApi:
    """Requests to Spotify and what their failures mean; tokens come in, nothing is kept."""

    def __init__(
        self, api_url: str, accounts_url: str, clock: Clock, timeouts_seconds: tuple[float, float] = (3, 8)
    ) -> None:
        self._token_url = f"{accounts_url.rstrip('/')}/api/token"
        self._clock = clock
        self._timeouts_seconds = timeouts_seconds
        self._session = bounded_session()
        self._session.hooks["response"].append(_raise_for_refusal)
        # Given a session, spotipy mounts no retries on it; those of requests are off by default.
        self._spotify = spotipy.Spotify(requests_session=self._session, requests_timeout=timeouts_seconds)
        self._spotify.prefix = f"{api_url.rstrip('/')}/"
        self._last_used = clock()

    def ask(
        self,
        token: str,
        method: str,
        path: str,
        payload: Mapping[str, Any] | None = None,
        query: Mapping[str, str | int] = NO_QUERY,
    ) -> object:
        """The parsed body of a successful answer, ``None`` for one that is no JSON.

        Raises ``TokenRefused`` or the ``UpstreamError`` that fits.
        """
        verbs = {"GET": self._spotify._get, "POST": self._spotify._post, "PUT": self._spotify._put}
        self._drop_stale_connections()
        self._spotify.set_auth(token)
        try:
            try:
                return verbs[method](path, payload=payload, **query)
            except (_Refusal, requests.RequestException) as error:
                if method != "GET" or not _is_worth_repeating(error):
                    raise
            return verbs[method](path, payload=payload, **query)
        except _Refusal as refusal:
            if refusal.status == HTTPStatus.UNAUTHORIZED:
                raise TokenRefused from refusal
            raise self._translated(refusal, method, path) from refusal
        except requests.RequestException as error:
            raise _lost(error, method) from error
        except RecursionError as error:
            # JSON nested thousands deep; whatever sent it, the answer is lost.
            raise UpstreamUnavailable(UNAVAILABLE) if method == "GET" else UpstreamUncertain(UNCERTAIN) from error

    def refresh(self, secret: Mapping[str, str]) -> Grant:
        """A new access token; raises ``ConsentNeeded`` and the ``UpstreamError`` that fits, ``DeadGrant`` included."""
        form = {"grant_type": "refresh_token", "refresh_token": secret["refresh_token"]}
        return self.grant(secret["client_id"], secret["client_secret"], form)

    def grant(self, client_id: str, client_secret: str, form: Mapping[str, str]) -> Grant:
        """Ask the token endpoint; raises as ``refresh``."""
        self._drop_stale_connections()
        try:
            answer = self._session.post(
                self._token_url,
                data=form,
                auth=requests.auth.HTTPBasicAuth(client_id.encode(), client_secret.encode()),
                timeout=self._timeouts_seconds,
            )
            return _read_grant(mapping(answer.json()))
        except _Refusal as refusal:
            raise self._token_trouble(refusal) from refusal
        except (requests.RequestException, ValueError, RecursionError) as error:
            # Not chained when it is unreadable: the cause carries the body, and that may hold a token.
            raise UpstreamUnavailable(UNAVAILABLE) from (None if isinstance(error, ValueError) else error)

    def _drop_stale_connections(self) -> None:
        now = self._clock()
        if now - self._last_used > _STALE_CONNECTION:
            self._session.close()
        self._last_used = now

    def _translated(self, refusal: _Refusal, method: str, path: str) -> UpstreamError:
        status = refusal.status
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            return self._rate_limit(refusal)
        if is_fault(status):
            return UpstreamUnavailable(UNAVAILABLE) if method == "GET" else UpstreamUncertain(UNCERTAIN)
        about_playlist = path.startswith("playlists/")
        if status == HTTPStatus.NOT_FOUND and about_playlist:
            return UnknownPlaylist("Spotify knows no such playlist.")
        if status in (HTTPStatus.NOT_FOUND, HTTPStatus.BAD_REQUEST) and path.startswith(_CATALOGUE_PATHS):
            return UnknownTrack("Spotify knows no such track or album.", status)
        if status == HTTPStatus.FORBIDDEN:
            return _forbidden(refusal, about_playlist)
        return UpstreamRefused(f"Spotify does not accept what was asked of it (status {status}).", status)

    def _token_trouble(self, refusal: _Refusal) -> UpstreamError:
        """Never ``UpstreamRefused`` with 400, which on the way to a playlist would mean a bad track."""
        if refusal.status == HTTPStatus.TOO_MANY_REQUESTS:
            return self._rate_limit(refusal)
        if is_fault(refusal.status):
            return UpstreamUnavailable(UNAVAILABLE)
        if refusal.error_code == "invalid_grant":
            return DeadGrant(
                "The consent to publish under the service account has ended or was withdrawn. Run `daltonify login`."
            )
        if refusal.status in (HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED):
            return ConsentNeeded(APP_REFUSED)
        return UpstreamRefused(f"Spotify refuses to give an access token (status {refusal.status}).", refusal.status)

    def _rate_limit(self, refusal: _Refusal) -> UpstreamRateLimited:
        default = _QUOTA_RETRY_SECONDS if refusal.is_quota else RATE_RETRY_SECONDS
        seconds = retry_seconds(refusal.retry_after, default)
        if refusal.is_quota:
            message = "The quota that Spotify gives this app is used up for now."
        else:
            message = "Spotify asks for a pause, because it was asked too often."
        return UpstreamRateLimited(message, seconds, refusal.is_quota)


def _raise_for_refusal(response: requests.Response, **_: object) -> None:
    # A redirect is none of the API's answers; following one could turn a write into a read, or take the token along.
    if response.status_code >= HTTPStatus.MULTIPLE_CHOICES:
        raise _Refusal(response)


def _is_worth_repeating(error: _Refusal | requests.RequestException) -> bool:
    """A passing fault; a second wait for an answer that is not coming takes time that the caller may not have."""
    if isinstance(error, _Refusal):
        return is_fault(error.status)
    return isinstance(error, requests.ConnectionError) and not isinstance(error, requests.Timeout)


def _lost(error: requests.RequestException, method: str) -> UpstreamError:
    """What it means that no answer came."""
    if method == "GET" or not _may_have_arrived(error):
        return UpstreamUnavailable(UNAVAILABLE)
    return UpstreamUncertain(UNCERTAIN)


def _may_have_arrived(error: requests.RequestException) -> bool:
    """False only where it is certain that the request never reached Spotify: no name, no connection, no trust."""
    if isinstance(error, requests.exceptions.ConnectTimeout | requests.exceptions.ProxyError):
        return False
    cause = error.args[0] if error.args else None
    reason = getattr(cause, "reason", cause)
    if isinstance(reason, urllib3.exceptions.SSLError):
        reason = reason.args[0] if reason.args else None
    return not isinstance(reason, urllib3.exceptions.NewConnectionError | ssl.SSLCertVerificationError)


def _forbidden(refusal: _Refusal, about_playlist: bool) -> UpstreamError:
    """Spotify says 403 for quite different things, and tells them apart in words only."""
    if "scope" in refusal.words:
        return ConsentNeeded(
            f"The stored consent is too narrow: it has to cover {', '.join(PUBLISHING_SCOPES)}. Run `daltonify login`."
        )
    if "premium" in refusal.words:
        message = "Spotify has stopped the app because its owner has no active Premium subscription; renew it."
    elif "regist" in refusal.words:
        message = f"Spotify does not let this account use the app. Add the account to the users on {_DASHBOARD}."
    elif about_playlist and re.search(r"\bown", refusal.words):
        return UnknownPlaylist("This playlist belongs to another account at Spotify.")
    else:
        message = (
            "Spotify forbids the app to do this (status 403). Either the account is not among the users on "
            f"{_DASHBOARD}, or the owner's Premium subscription has lapsed, or Spotify has closed the call."
        )
    return UpstreamRefused(message, refusal.status)


def _read_grant(answer: Mapping[str, Any]) -> Grant:
    access_token, refresh_token = answer.get("access_token"), answer.get("refresh_token")
    scope, seconds = answer.get("scope"), answer.get("expires_in")
    # Anything else could not be sent in a header.
    if not isinstance(access_token, str) or not re.fullmatch("[!-~]+", access_token):
        raise UpstreamUnavailable("Spotify's answer held no access token. Try again in some minutes.")
    return Grant(
        access_token=access_token,
        refresh_token=refresh_token if isinstance(refresh_token, str) and refresh_token else None,
        scopes=frozenset(scope.split()) if isinstance(scope, str) else None,
        seconds=seconds if isinstance(seconds, int) and 0 < seconds <= MOST_RETRY_SECONDS else _TOKEN_SECONDS,
    )


def _start_of(response: requests.Response) -> str:
    return response.content[:2000].decode("utf-8", "replace")
