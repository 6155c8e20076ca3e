"""What an app may read on its own, without anybody's consent: the catalogue (client credentials flow)."""

import threading
from collections.abc import Mapping
from datetime import timedelta

from daltonify_core.adapters.spotify.web_api import (
    APP_REFUSED,
    EARLY_SECONDS,
    NO_QUERY,
    DeadGrant,
    TokenRefused,
    WebApi,
)
from daltonify_core.errors import ConsentNeeded, SecretUnavailable, UpstreamRefused
from daltonify_core.ports.surroundings import Clock, SecretStore


def read_app_secret(secrets: SecretStore, name: str) -> Mapping[str, str]:
    """The secret, with ``client_id`` and ``client_secret`` in it for certain; raises ``SecretUnavailable``."""
    secret = secrets.read(name)
    lacking = [field for field in ("client_id", "client_secret") if not secret.get(field)]
    if lacking:
        raise SecretUnavailable(f"The secret {name} lacks {' and '.join(lacking)}. Run `daltonify login`.")
    return secret


class AppAccess:
    """Reads with an access token of the app's own, which is kept until a minute before its end."""

    def __init__(self, secrets: SecretStore, secret_name: str, api: WebApi, clock: Clock) -> None:
        self._secrets = secrets
        self._secret_name = secret_name
        self._api = api
        self._clock = clock
        self._lock = threading.Lock()
        self._access_token: str | None = None
        self._valid_until = clock()

    def read(self, path: str, query: Mapping[str, str | int] = NO_QUERY) -> object:
        """The parsed answer, ``None`` for one that is no JSON; a token that is refused is renewed once."""
        token = self._authorise()
        try:
            return self._api.ask(token, "GET", path, query=query)
        except TokenRefused:
            token = self._authorise(refused=token)
        try:
            return self._api.ask(token, "GET", path, query=query)
        except TokenRefused as error:
            raise UpstreamRefused("Spotify does not accept the access token that it has just given.", 401) from error

    def _authorise(self, refused: str | None = None) -> str:
        with self._lock:
            if self._access_token in (None, refused) or self._clock() >= self._valid_until:
                self._access_token = None
                self._access_token = self._fetch_token()
            return self._access_token

    def _fetch_token(self) -> str:
        now = self._clock()
        secret = read_app_secret(self._secrets, self._secret_name)
        form = {"grant_type": "client_credentials"}
        try:
            grant = self._api.grant(secret["client_id"], secret["client_secret"], form)
        except DeadGrant as error:
            # No consent is involved here, so whatever is dead is the app itself.
            raise ConsentNeeded(APP_REFUSED) from error
        self._valid_until = now + timedelta(seconds=grant.seconds - EARLY_SECONDS)
        return grant.access_token
