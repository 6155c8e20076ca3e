"""The account at Spotify under which playlists are published, and how its owner consents to that.

spotipy makes the requests, tamed: it gets a session of our own, since its default one sleeps through rate limits and
repeats writes. Answers other than success are read here before spotipy sees them, because it loses their headers or
breaks on bodies that it does not expect. Tokens are fetched with requests alone: spotipy replaces the scopes that were
granted by those that were asked for, so a narrower consent would go unnoticed.

Nothing that Spotify says is repeated in a message, and nothing of what these libraries log gets out: at DEBUG they log
tokens and secrets.
"""

import calendar
import html
import logging
import re
import ssl
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import quote, urlencode

import requests
import spotipy  # type: ignore[import-untyped]
import urllib3.exceptions

from daltonify_core.catalogue.links import is_spotify_id
from daltonify_core.errors import (
    ConsentNeeded,
    SecretUnavailable,
    UnknownPlaylist,
    UpstreamError,
    UpstreamRateLimited,
    UpstreamRefused,
    UpstreamUnavailable,
    UpstreamUncertain,
)
from daltonify_core.ports import Clock, FoundPlaylists, ListedItem, PlaylistText, SecretStore

PUBLISHING_SCOPES: Final = ("playlist-modify-public", "playlist-modify-private", "playlist-read-private")
"""Without these nothing can be published: write either kind of playlist, read back what was written."""

CONSENT_SCOPES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "playlist-modify-public": "make and fill playlists that the profile lists",
        "playlist-modify-private": "make and fill playlists that the profile does not list",
        "playlist-read-private": "read back what a playlist holds, and find one whose making was not confirmed",
        "ugc-image-upload": "set a playlist's cover",
        "user-library-modify": "remove old playlists: an account holds about 11,000",
        "user-follow-modify": "named by Spotify, beside the one above, for removing a playlist",
    }
)
"""All that any feature needs, with the reason for each, because a further scope takes another consent."""

CONSENT_MONTHS: Final = 6
"""So long after consent its refresh token dies, used or not (Spotify, since July 2026)."""

_PAGE: Final = 50  # the most that Spotify gives at once
_MOST_LIST_PAGES: Final = 40  # 2,000 playlists: a bound on time and quota, far beyond where a new playlist stands
_MOST_ITEM_PAGES: Final = 200  # Spotify's own limit of 10,000 rows

_EARLY_SECONDS: Final = 60  # a token is renewed so long before its end
_TOKEN_SECONDS: Final = 3600  # what Spotify gives, for an answer that does not say
# Spotify counts calls over 30 seconds. How its daily quota refills is not published; an hour asks it 24 times a day.
_RATE_RETRY_SECONDS: Final = 30
_QUOTA_RETRY_SECONDS: Final = 3600
_MOST_RETRY_SECONDS: Final = 24 * 3600  # the longest that was seen in the field
# A process that was frozen in between finds its connections dead, and what is sent on them unanswered.
_STALE_CONNECTION: Final = timedelta(seconds=30)

_NO_QUERY: Final[Mapping[str, str | int]] = MappingProxyType({})
_DASHBOARD: Final = "the app's page at developer.spotify.com/dashboard"
_UNAVAILABLE: Final = (
    "Spotify cannot be reached or fails at the moment. Nothing was changed; try again in some minutes."
)
_UNCERTAIN: Final = "Spotify did not confirm the change, so it may or may not have been made."


def _silence(*names: str) -> None:
    """Keep every record of these loggers from every handler; a level alone could be set back by others."""
    for name in names:
        logging.getLogger(name).addFilter(lambda _: False)


_silence("spotipy.client", "spotipy.oauth2", "spotipy.cache_handler", "spotipy.util")
_silence("urllib3.connectionpool", "urllib3.util.retry")


def consent_ends(consented_at: datetime) -> datetime:
    """When a consent ends that was given then: the same day of the month six months later, or the month's last."""
    years, month = divmod(consented_at.month - 1 + CONSENT_MONTHS, 12)
    year, month = consented_at.year + years, month + 1
    day = min(consented_at.day, calendar.monthrange(year, month)[1])
    return consented_at.replace(year=year, month=month, day=day)


@dataclass(frozen=True, slots=True)
class Consented:
    """What a consent came to: the account's name, when the consent ends, and what the secret has to hold."""

    account: str
    ends: datetime
    values: Mapping[str, str] = field(repr=False)


class SpotifyConsent:
    """Asks one person to let an app publish under their account (authorization code flow with a client secret)."""

    def __init__(
        self, client_id: str, client_secret: str, redirect_uri: str, api_url: str, accounts_url: str, clock: Clock
    ) -> None:
        self._client_id = client_id
        self._client_secret = client_secret
        self._redirect_uri = redirect_uri
        self._accounts_url = accounts_url
        self._clock = clock
        self._http = _Http(api_url, accounts_url, clock)

    def address(self, state: str) -> str:
        """The page on which the person consents; Spotify sends ``state`` back with the answer."""
        query = {
            "client_id": self._client_id,
            "response_type": "code",
            "redirect_uri": self._redirect_uri,
            "scope": " ".join(CONSENT_SCOPES),
            "state": state,
            # Otherwise whoever is signed in is sent back unasked, perhaps with the wrong account.
            "show_dialog": "true",
        }
        return f"{self._accounts_url.rstrip('/')}/authorize?{urlencode(query, quote_via=quote)}"

    def redeem(self, code: str) -> Consented:
        """Turn the code that came back into a lasting consent.

        Raises ``ConsentNeeded`` when the code, the client's secret or the granted scopes do not do, and what
        ``PlaylistService`` raises for trouble with Spotify.
        """
        now = self._clock()
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": self._redirect_uri}
        try:
            grant = self._http.grant(self._client_id, self._client_secret, form)
        except _DeadGrant as error:
            raise ConsentNeeded(
                "Spotify does not accept the code that it sent the browser back with; it may be too old. Run "
                "`daltonify login` again."
            ) from error
        if grant.scopes is not None:
            _refuse_narrow(grant.scopes, CONSENT_SCOPES)
        if grant.refresh_token is None:
            raise UpstreamUnavailable("Spotify's answer to the consent was incomplete. Run `daltonify login` again.")
        try:
            me = self._http.ask(grant.access_token, "GET", "me")
        except _TokenRefused as error:
            raise UpstreamRefused("Spotify does not accept the access token that it has just given.", 401) from error
        values = {
            "client_id": self._client_id,
            "client_secret": self._client_secret,
            "refresh_token": grant.refresh_token,
            "consented_at": now.astimezone(UTC).isoformat(timespec="seconds"),
            "scopes": " ".join(sorted(CONSENT_SCOPES if grant.scopes is None else grant.scopes)),
        }
        return Consented(_account_name(me), consent_ends(now), values)


class SpotifyPlaylistService:
    """Port ``PlaylistService`` on Spotify's Web API.

    The secret holds what ``SpotifyConsent.redeem`` gives: ``client_id``, ``client_secret``, ``refresh_token``,
    ``consented_at`` and ``scopes``. It is read whenever an access token has to be fetched, about once an hour, so a new
    consent counts without a restart.

    Should Spotify send a new refresh token, it is stored before the access token that came with it is used. If that
    fails, every call raises ``SecretUnavailable`` before anything is sent to Spotify, and tries to store it again: the
    old token may be dead already, and only this process knows the new one.

    One reading request that fails at Spotify or on the way is repeated once, a write never.
    """

    def __init__(
        self,
        secrets: SecretStore,
        secret_name: str,
        api_url: str,
        accounts_url: str,
        market: str,
        is_real: bool,
        clock: Clock,
        connect_seconds: float = 3,
        read_seconds: float = 8,
    ) -> None:
        self._secrets = secrets
        self._secret_name = secret_name
        self._market = market
        self._is_real = is_real
        self._clock = clock
        self._http = _Http(api_url, accounts_url, clock, (connect_seconds, read_seconds))
        self._lock = threading.Lock()
        self._access_token: str | None = None
        self._valid_until = clock()
        self._unsaved: tuple[str, str] | None = None  # the refresh token that was used and the one that replaces it

    @property
    def is_real(self) -> bool:
        """Whether real listeners meet what is published there; false for a simulator."""
        return self._is_real

    def create_playlist(self, text: PlaylistText) -> str:
        """Make an empty playlist; its id. A success that does not name the playlist is ``UpstreamUncertain``."""
        made = self._ask("POST", "me/playlists", _details(text))
        playlist_id = _mapping(made).get("id")
        if not isinstance(playlist_id, str) or not is_spotify_id(playlist_id):
            raise UpstreamUncertain(_UNCERTAIN)
        return playlist_id

    def change_details(self, playlist_id: str, text: PlaylistText) -> None:
        """Replace what a playlist says about itself."""
        self._ask("PUT", _playlist_path(playlist_id), _details(text))

    def replace_items(self, playlist_id: str, uris: Sequence[str]) -> None:
        """Put exactly these tracks into a playlist, at most 100, in this order; all or nothing."""
        # spotipy's own method sends a bare array; this object is the documented form.
        self._write_items("PUT", playlist_id, uris)

    def append_items(self, playlist_id: str, uris: Sequence[str]) -> None:
        """Add at most 100 tracks at the end, all or nothing; an empty list asks nothing of Spotify."""
        if uris:
            self._write_items("POST", playlist_id, uris)

    def read_items(self, playlist_id: str) -> list[ListedItem]:
        """Every row of a playlist, in order.

        A track that Spotify plays from elsewhere appears under the URI that was put in, where Spotify names that.
        """
        path = f"{_playlist_path(playlist_id)}/items"
        rows: list[ListedItem] = []
        for page in self._pages(path, _MOST_ITEM_PAGES, {"market": self._market, "additional_types": "track"}):
            rows.extend(_listed_item(row) for row in page.rows)
            if page.is_last:
                return rows
        raise UpstreamUnavailable("Spotify's list of the playlist's tracks does not end. Try again.")

    def find_playlists(self, reference: str) -> FoundPlaylists:
        """The account's playlists whose description holds ``reference``, newest entries of its list first.

        Reads at most 2,000 entries, and no further than the page after the first that holds one: twins were made one
        after the other, and reading on would cost quota.
        """
        found: dict[str, None] = {}  # once each: a page repeats an entry when a playlist is made meanwhile
        for page in self._pages("me/playlists", _MOST_LIST_PAGES, {}):
            is_page_after = bool(found)
            found.update(dict.fromkeys(_ids_with(reference, page.rows)))
            if page.is_last or is_page_after:
                return FoundPlaylists(tuple(found), page.is_last)
        return FoundPlaylists(tuple(found), False)

    def _write_items(self, method: str, playlist_id: str, uris: Sequence[str]) -> None:
        answer = self._ask(method, f"{_playlist_path(playlist_id)}/items", {"uris": list(uris)})
        if not isinstance(answer, Mapping):
            # An empty or foreign success comes from something in between, such as a network's sign-in page.
            raise UpstreamUncertain(_UNCERTAIN)

    def _pages(self, path: str, most_pages: int, query: Mapping[str, str]) -> Iterator["_Page"]:
        """Pages by offset: the address that Spotify names for the next page is data, and would be sent our token."""
        for offset in range(0, most_pages * _PAGE, _PAGE):
            page = _Page.read(self._ask("GET", path, query={**query, "limit": _PAGE, "offset": offset}))
            yield page
            if page.is_last:
                return

    def _ask(
        self,
        method: str,
        path: str,
        payload: Mapping[str, Any] | None = None,
        query: Mapping[str, str | int] = _NO_QUERY,
    ) -> object:
        """One request with a good access token; with a renewed one again when it was refused, so not carried out."""
        token = self._authorise()
        try:
            return self._http.ask(token, method, path, payload, query)
        except _TokenRefused:
            token = self._authorise(refused=token)
        try:
            return self._http.ask(token, method, path, payload, query)
        except _TokenRefused as error:
            raise ConsentNeeded(
                "Spotify refuses access to the service account although its consent is stored. Run `daltonify login`."
            ) from error

    def _authorise(self, refused: str | None = None) -> str:
        """An access token that is good for another minute and is not ``refused``."""
        with self._lock:
            self._save_new_token()
            if self._access_token in (None, refused) or self._clock() >= self._valid_until:
                self._access_token = None
                self._access_token = self._refresh()
            return self._access_token

    def _refresh(self) -> str:
        now = self._clock()
        secret, grant = self._redeem_refresh_token()
        granted = grant.scopes
        if granted is None and secret.get("scopes"):
            granted = frozenset(secret["scopes"].split())
        if grant.refresh_token not in (None, secret["refresh_token"]):
            self._unsaved = (secret["refresh_token"], grant.refresh_token)
        self._valid_until = now + timedelta(seconds=grant.seconds - _EARLY_SECONDS)
        self._save_new_token()
        if granted is not None:
            _refuse_narrow(granted, PUBLISHING_SCOPES)
        return grant.access_token

    def _redeem_refresh_token(self) -> tuple[Mapping[str, str], "_Grant"]:
        """The secret that was used and what it gave.

        A dead token is looked up once more: another process, or a person, may have stored a new one this moment.
        """
        secret = self._read_secret()
        try:
            return secret, self._http.refresh(secret)
        except _DeadGrant:
            renewed = self._read_secret()
            if renewed["refresh_token"] == secret["refresh_token"]:
                raise
        return renewed, self._http.refresh(renewed)

    def _read_secret(self) -> Mapping[str, str]:
        secret = self._secrets.read(self._secret_name)
        lacking = [name for name in ("client_id", "client_secret") if not secret.get(name)]
        if lacking:
            raise SecretUnavailable(
                f"The secret {self._secret_name} lacks {' and '.join(lacking)}. Run `daltonify login`."
            )
        if not secret.get("refresh_token"):
            raise ConsentNeeded("Nobody has consented yet to publishing under an account. Run `daltonify login`.")
        return secret

    def _save_new_token(self) -> None:
        if self._unsaved is None:
            return
        used, new = self._unsaved
        stored = self._secrets.read(self._secret_name)
        # Another one there now comes from a later consent or another process, and is the better one.
        if stored.get("refresh_token") == used:
            self._secrets.write(self._secret_name, {**stored, "refresh_token": new})
        self._unsaved = None


class _TokenRefused(Exception):
    """Spotify does not accept the access token, so what was asked was not done."""


class _DeadGrant(ConsentNeeded):
    """The refresh token or code itself is dead, as opposed to the client's secret."""


class _Refusal(Exception):
    """An answer other than success, as far as it can be understood: bodies are JSON of two kinds, text or a page."""

    def __init__(self, response: requests.Response) -> None:
        super().__init__(f"HTTP status {response.status_code}")
        self.status = response.status_code
        self.retry_after = response.headers.get("Retry-After")
        try:
            body = response.json()
        except (ValueError, requests.RequestException):
            body = None
        error = _mapping(body).get("error")
        self.error_code = error if isinstance(error, str) else ""
        self.is_quota = _mapping(error).get("reason") == "QUOTA_EXCEEDED"
        self.words = str(_mapping(error).get("message") or _start_of(response)).lower()


@dataclass(frozen=True, slots=True)
class _Grant:
    """An answer of the token endpoint; ``scopes`` is ``None`` where it does not name them."""

    access_token: str = field(repr=False)
    refresh_token: str | None = field(repr=False)
    scopes: frozenset[str] | None
    seconds: float


@dataclass(frozen=True, slots=True)
class _Page:
    rows: list[Mapping[str, Any]]
    is_last: bool

    @classmethod
    def read(cls, answer: object) -> "_Page":
        page = _mapping(answer)
        rows = page.get("items")
        if not isinstance(rows, list):
            raise UpstreamUnavailable("Spotify's answer could not be read. Try again in some minutes.")
        is_last = page["next"] is None if "next" in page else not rows
        return cls([_mapping(row) for row in rows], is_last)


class _Http:
    """Requests to Spotify and what their failures mean; tokens come in, nothing is kept."""

    def __init__(
        self, api_url: str, accounts_url: str, clock: Clock, timeouts_seconds: tuple[float, float] = (3, 8)
    ) -> None:
        self._token_url = f"{accounts_url.rstrip('/')}/api/token"
        self._clock = clock
        self._timeouts_seconds = timeouts_seconds
        self._session = requests.Session()
        self._session.hooks["response"].append(_raise_for_refusal)
        # Without any auth of its own, a session lets a .netrc file replace the token.
        self._session.auth = _leave_as_it_is
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
        query: Mapping[str, str | int] = _NO_QUERY,
    ) -> object:
        """The parsed body of a successful answer, ``None`` for one that is no JSON.

        Raises ``_TokenRefused`` or the ``UpstreamError`` that fits.
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
                raise _TokenRefused from refusal
            raise self._translated(refusal, method, path) from refusal
        except requests.RequestException as error:
            raise _lost(error, method) from error

    def refresh(self, secret: Mapping[str, str]) -> _Grant:
        """A new access token; raises ``ConsentNeeded`` and the ``UpstreamError`` that fits, ``_DeadGrant`` included."""
        form = {"grant_type": "refresh_token", "refresh_token": secret["refresh_token"]}
        return self.grant(secret["client_id"], secret["client_secret"], form)

    def grant(self, client_id: str, client_secret: str, form: Mapping[str, str]) -> _Grant:
        """Ask the token endpoint; raises as ``refresh``."""
        self._drop_stale_connections()
        try:
            answer = self._session.post(
                self._token_url,
                data=form,
                auth=requests.auth.HTTPBasicAuth(client_id.encode(), client_secret.encode()),
                timeout=self._timeouts_seconds,
            )
            return _read_grant(_mapping(answer.json()))
        except _Refusal as refusal:
            raise self._token_trouble(refusal) from refusal
        except (requests.RequestException, ValueError) as error:
            # Not chained when it is unreadable: the cause carries the body, and that may hold a token.
            raise UpstreamUnavailable(_UNAVAILABLE) from (None if isinstance(error, ValueError) else error)

    def _drop_stale_connections(self) -> None:
        now = self._clock()
        if now - self._last_used > _STALE_CONNECTION:
            self._session.close()
        self._last_used = now

    def _translated(self, refusal: _Refusal, method: str, path: str) -> UpstreamError:
        status = refusal.status
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            return self._rate_limit(refusal)
        if _is_fault(status):
            return UpstreamUnavailable(_UNAVAILABLE) if method == "GET" else UpstreamUncertain(_UNCERTAIN)
        about_playlist = path.startswith("playlists/")
        if status == HTTPStatus.NOT_FOUND and about_playlist:
            return UnknownPlaylist("Spotify knows no such playlist.")
        if status == HTTPStatus.FORBIDDEN:
            return _forbidden(refusal, about_playlist)
        return UpstreamRefused(f"Spotify does not accept what was asked of it (status {status}).", status)

    def _token_trouble(self, refusal: _Refusal) -> UpstreamError:
        """Never ``UpstreamRefused`` with 400, which on the way to a playlist would mean a bad track."""
        if refusal.status == HTTPStatus.TOO_MANY_REQUESTS:
            return self._rate_limit(refusal)
        if _is_fault(refusal.status):
            return UpstreamUnavailable(_UNAVAILABLE)
        if refusal.error_code == "invalid_grant":
            return _DeadGrant(
                "The consent to publish under the service account has ended or was withdrawn. Run `daltonify login`."
            )
        if refusal.status in (HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED):
            return ConsentNeeded(
                f"Spotify does not accept the app's client id and secret. Compare them with {_DASHBOARD}, "
                "then run `daltonify login`."
            )
        return UpstreamRefused(f"Spotify refuses to give an access token (status {refusal.status}).", refusal.status)

    def _rate_limit(self, refusal: _Refusal) -> UpstreamRateLimited:
        default = _QUOTA_RETRY_SECONDS if refusal.is_quota else _RATE_RETRY_SECONDS
        seconds = _retry_seconds(refusal.retry_after, default)
        if refusal.is_quota:
            message = "The quota that Spotify gives this app is used up for now."
        else:
            message = "Spotify asks for a pause, because it was asked too often."
        return UpstreamRateLimited(message, seconds, refusal.is_quota)


def _raise_for_refusal(response: requests.Response, **_: object) -> None:
    # A redirect is none of the API's answers; following one could turn a write into a read, or take the token along.
    if response.status_code >= HTTPStatus.MULTIPLE_CHOICES:
        raise _Refusal(response)


def _leave_as_it_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def _is_fault(status: int) -> bool:
    """Whether an answer says that the service failed, as opposed to that it refused."""
    return status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.REQUEST_TIMEOUT


def _is_worth_repeating(error: _Refusal | requests.RequestException) -> bool:
    """A passing fault; a second wait for an answer that is not coming takes time that the caller may not have."""
    if isinstance(error, _Refusal):
        return _is_fault(error.status)
    return isinstance(error, requests.ConnectionError) and not isinstance(error, requests.Timeout)


def _lost(error: requests.RequestException, method: str) -> UpstreamError:
    """What it means that no answer came."""
    if method == "GET" or not _may_have_arrived(error):
        return UpstreamUnavailable(_UNAVAILABLE)
    return UpstreamUncertain(_UNCERTAIN)


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


def _retry_seconds(text: str | None, default: int) -> int:
    """Seconds from a ``Retry-After`` header, at least 1 and at most a day; anything but a number counts as absent."""
    digits = re.match("[0-9]{1,64}", (text or "").strip())
    return min(max(int(digits[0]), 1), _MOST_RETRY_SECONDS) if digits else default


def _read_grant(answer: Mapping[str, Any]) -> _Grant:
    access_token, refresh_token = answer.get("access_token"), answer.get("refresh_token")
    scope, seconds = answer.get("scope"), answer.get("expires_in")
    # Anything else could not be sent in a header.
    if not isinstance(access_token, str) or not re.fullmatch("[!-~]+", access_token):
        raise UpstreamUnavailable("Spotify's answer held no access token. Try again in some minutes.")
    return _Grant(
        access_token=access_token,
        refresh_token=refresh_token if isinstance(refresh_token, str) and refresh_token else None,
        scopes=frozenset(scope.split()) if isinstance(scope, str) else None,
        seconds=seconds if isinstance(seconds, int) and 0 < seconds <= _MOST_RETRY_SECONDS else _TOKEN_SECONDS,
    )


def _refuse_narrow(granted: frozenset[str], needed: Sequence[str] | Mapping[str, str]) -> None:
    missing = [scope for scope in needed if scope not in granted]
    if missing:
        raise ConsentNeeded(
            f"The consent does not cover {', '.join(missing)}. Run `daltonify login` and allow all of it."
        )


def _playlist_path(playlist_id: str) -> str:
    # What has another form could lead to another address of the API.
    if not is_spotify_id(playlist_id):
        raise UnknownPlaylist("This is no id of a Spotify playlist.")
    return f"playlists/{playlist_id}"


def _details(text: PlaylistText) -> dict[str, str | bool]:
    return {"name": text.title, "description": text.description, "public": text.public}


def _listed_item(row: Mapping[str, Any]) -> ListedItem:
    # Some apps still get the name that the field had before February 2026.
    track = _mapping(row.get("item") or row.get("track"))
    uri = _mapping(track.get("linked_from")).get("uri") or track.get("uri")
    playable = track.get("is_playable")
    if not isinstance(playable, bool):
        playable = False if _mapping(track.get("restrictions")) else None
    return ListedItem(uri if isinstance(uri, str) else None, playable)


def _ids_with(reference: str, rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for row in rows:
        playlist_id, description = row.get("id"), row.get("description")
        # Spotify escapes descriptions for HTML.
        if isinstance(playlist_id, str) and reference in html.unescape(str(description or "")):
            yield playlist_id


def _account_name(me: object) -> str:
    names = [_mapping(me).get(name) for name in ("display_name", "id", "account_id")]
    return next((name for name in names if isinstance(name, str) and name), "unknown")


def _mapping(value: object) -> Mapping[str, Any]:
    """Every field that Spotify sends may be absent or of another kind."""
    return value if isinstance(value, Mapping) else {}


def _start_of(response: requests.Response) -> str:
    try:
        return response.content[:2000].decode("utf-8", "replace")
    except requests.RequestException:
        return ""
