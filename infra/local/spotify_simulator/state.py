"""What the simulated Spotify remembers: apps, consents, tokens and playlists, in memory behind one lock."""

import calendar
import secrets
import string
import threading
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import SplitResult, urlsplit

from daltonify_core.ports.surroundings import Clock
from infra.local.spotify_simulator.catalogue import SimulatedCatalogue, SimulatedTrack, is_id

DEFAULT_USER: Final = "simulated-listener"
"""The account that consents unless another one is named."""
UNLISTED_USER: Final = "unlisted-visitor"
"""An account that may consent, but is not among the five that an app in development mode may serve."""
ACCESS_TOKEN_SECONDS: Final = 3600
MAX_PLAYLISTS: Final = 11_000
"""About what Spotify allows one account."""

_CODE_LIFETIME: Final = timedelta(minutes=10)  # the longest that the OAuth standard recommends
_CONSENT_MONTHS: Final = 6
_LOOPBACK_HOSTS: Final = ("127.0.0.1", "::1")


class Refused(Exception):
    """An answer of the Web API other than success, in its JSON form."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


class NotListed(Exception):
    """An answer of the Web API to an account that is not among the app's users; it is plain text."""


class TokenRefused(Exception):
    """An error of the accounts service in the form of OAuth."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(description)
        self.error = error
        self.description = description


@dataclass(frozen=True, slots=True)
class SimulatedPlaylist:
    """A playlist as it stands now. One that its owner removed from the library stays reachable, as on Spotify."""

    name: str
    description: str = ""
    public: bool = True
    uris: tuple[str, ...] = ()
    owner: str = DEFAULT_USER
    collaborative: bool = False
    in_library: bool = True
    cover: bytes | None = None
    changes: int = 0
    changed_at: datetime | None = None

    @property
    def snapshot_id(self) -> str:
        """Names this state of the contents."""
        return f"simulated-snapshot-{self.changes}"


@dataclass(frozen=True, slots=True)
class App:
    """A client of the accounts service; one without a secret can only use PKCE."""

    client_id: str
    client_secret: str | None = field(repr=False)
    redirect_uris: tuple[str, ...]

    def may_redirect_to(self, uri: str) -> bool:
        """Exact match, except that a loopback address registered without a port stands for every port."""
        return any(uri == known or _is_same_but_for_port(known, uri) for known in self.redirect_uris)


@dataclass(frozen=True, slots=True)
class Consent:
    """What a user allowed an app; its refresh token dies at ``expires_at``, whatever is done with it.

    One ``by_pkce`` is refreshed with the client id alone, any other with the app's secret.
    """

    client_id: str
    user_id: str
    scopes: frozenset[str]
    by_pkce: bool
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class AccessGrant:
    """What an access token opens; ``user_id`` is ``None`` for an app on its own."""

    user_id: str | None
    scopes: frozenset[str]
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class AuthorizationCode:
    """A code on its way back to the app, with all that its exchange has to match."""

    client_id: str
    user_id: str
    redirect_uri: str
    scopes: frozenset[str]
    code_challenge: str | None
    expires_at: datetime


def _split(uri: str) -> SplitResult | None:
    try:
        parts = urlsplit(uri)
        _ = parts.port  # a port that is no number shows only here
    except ValueError:
        return None
    return parts


def is_allowed_redirect(uri: str) -> bool:
    """What the dashboard lets an app register: https, or http on a loopback address; ``localhost`` is refused."""
    parts = _split(uri)
    if parts is None or parts.fragment or not parts.hostname or parts.hostname == "localhost":
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK_HOSTS)


def _is_same_but_for_port(known: str, uri: str) -> bool:
    registered, asked = _split(known), _split(uri)
    if registered is None or asked is None or registered.hostname not in _LOOPBACK_HOSTS or registered.port:
        return False
    return registered == asked._replace(netloc=asked.netloc.removesuffix(f":{asked.port}"))


def _new_secret(kind: str) -> str:
    # The mark lets a test find any log line that a token slipped into.
    return f"NEVERLOGME-{kind}-{secrets.token_urlsafe(24)}"


def _new_id(prefix: str) -> str:
    return prefix + "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(22 - len(prefix)))


def _months_later(moment: datetime, months: int) -> datetime:
    years, month = divmod(moment.month - 1 + months, 12)
    year, month = moment.year + years, month + 1
    return moment.replace(year=year, month=month, day=min(moment.day, calendar.monthrange(year, month)[1]))


class SpotifyState:
    """Everything that changes. Whoever reads or writes several things in one go holds ``lock`` meanwhile."""

    def __init__(self, tracks: Mapping[str, SimulatedTrack], clock: Clock, max_playlists: int) -> None:
        self.lock = threading.RLock()
        self.catalogue = SimulatedCatalogue(tracks)
        self.clock = clock
        self.playlists: dict[str, SimulatedPlaylist] = {}
        self._max_playlists = max_playlists
        self._apps: dict[str, App] = {}
        self._consents: dict[str, Consent] = {}
        self._grants: dict[str, AccessGrant] = {}
        self._codes: dict[str, AuthorizationCode] = {}

    def register_app(self, app: App) -> None:
        """Raises ``ValueError`` for a redirect address that the dashboard would not take."""
        refused = [uri for uri in app.redirect_uris if not is_allowed_redirect(uri)]
        if refused:
            raise ValueError(f"Spotify takes https or a loopback address such as http://127.0.0.1/, not {refused}")
        with self.lock:
            self._apps[app.client_id] = app

    def app(self, client_id: str) -> App | None:
        """The registered app."""
        with self.lock:
            return self._apps.get(client_id)

    def consent(self, client_id: str, user_id: str, scopes: Collection[str], by_pkce: bool) -> str:
        """Record a consent given now; its refresh token."""
        token = _new_secret("refresh")
        with self.lock:
            expires_at = _months_later(self.clock(), _CONSENT_MONTHS)
            self._consents[token] = Consent(client_id, user_id, frozenset(scopes), by_pkce, expires_at)
        return token

    def revoke(self, refresh_token: str) -> None:
        """Forget the consent; access tokens made from it work until they expire."""
        with self.lock:
            self._consents.pop(refresh_token, None)

    def consent_behind(self, refresh_token: str, client_id: str) -> Consent:
        """Raises ``TokenRefused`` when the token is unknown, revoked, expired or another app's."""
        with self.lock:
            consent = self._consents.get(refresh_token)
            if consent is None or consent.client_id != client_id:
                raise TokenRefused("invalid_grant", "Invalid refresh token")
            if self.clock() >= consent.expires_at:
                raise TokenRefused("invalid_grant", "Refresh token expired")
            return consent

    def new_code(
        self, app: App, user_id: str, redirect_uri: str, scopes: Collection[str], code_challenge: str | None
    ) -> str:
        """A code for the consent that the user just gave on the page."""
        code = _new_secret("code")
        with self.lock:
            self._codes[code] = AuthorizationCode(
                client_id=app.client_id,
                user_id=user_id,
                redirect_uri=redirect_uri,
                scopes=frozenset(scopes),
                code_challenge=code_challenge,
                expires_at=self.clock() + _CODE_LIFETIME,
            )
        return code

    def use_code(self, code: str) -> AuthorizationCode:
        """Take a code out, so that it works once; raises ``TokenRefused``."""
        with self.lock:
            found = self._codes.pop(code, None)
            if found is None:
                raise TokenRefused("invalid_grant", "Invalid authorization code")
            if self.clock() >= found.expires_at:
                raise TokenRefused("invalid_grant", "Authorization code expired")
            return found

    def new_access_token(self, user_id: str | None, scopes: Collection[str]) -> str:
        """An access token that works for an hour of the clock."""
        token = _new_secret("access")
        with self.lock:
            expires_at = self.clock() + timedelta(seconds=ACCESS_TOKEN_SECONDS)
            self._grants[token] = AccessGrant(user_id, frozenset(scopes), expires_at)
        return token

    def grant_behind(self, access_token: str) -> AccessGrant:
        """Raises ``Refused`` with 401 when the token is unknown or expired, and ``NotListed``."""
        with self.lock:
            grant = self._grants.get(access_token)
            if grant is None:
                raise Refused(401, "Invalid access token")
            if self.clock() >= grant.expires_at:
                raise Refused(401, "The access token expired")
            if grant.user_id == UNLISTED_USER:
                raise NotListed
            return grant

    def expire_access_tokens(self) -> None:
        """Let every access token end now; consents stay good."""
        with self.lock:
            now = self.clock()
            self._grants = {token: replace(grant, expires_at=now) for token, grant in self._grants.items()}

    def library_of(self, user_id: str) -> list[tuple[str, SimulatedPlaylist]]:
        """The user's playlists by id, the newest first as Spotify lists them."""
        with self.lock:
            mine = [
                (playlist_id, playlist)
                for playlist_id, playlist in self.playlists.items()
                if playlist.owner == user_id and playlist.in_library
            ]
        return mine[::-1]

    def new_playlist(self, playlist: SimulatedPlaylist) -> str:
        """Add a playlist to its owner's library; raises ``Refused`` when that is full."""
        with self.lock:
            if len(self.library_of(playlist.owner)) >= self._max_playlists:
                # What the real service answers here is not published.
                raise Refused(403, "Maximum number of playlists reached")
            playlist_id = _new_id("Simulated")
            self.playlists[playlist_id] = replace(playlist, changed_at=self.clock())
        return playlist_id

    def playlist(self, playlist_id: str) -> SimulatedPlaylist:
        """Raises ``Refused`` with 400 for a malformed id and 404 for an unknown one."""
        if not is_id(playlist_id):
            raise Refused(400, "Invalid base62 id")
        with self.lock:
            found = self.playlists.get(playlist_id)
        if found is None:
            raise Refused(404, "Resource not found")
        return found

    def change_items(self, playlist_id: str, uris: tuple[str, ...]) -> str:
        """Replace the contents; the id of the new snapshot."""
        with self.lock:
            old = self.playlists[playlist_id]
            new = replace(old, uris=uris, changes=old.changes + 1, changed_at=self.clock())
            self.playlists[playlist_id] = new
        return new.snapshot_id
