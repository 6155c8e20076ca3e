"""Who may publish: everybody, whoever has a code from the operator, or nobody."""

import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Final

from shared.http_errors import Problem, Refused
from shared.settings import PublishAccess

from api.short_links import client_key
from api.wiring import Services
from daltonify_core.errors import CapReached, PublishingOff, SecretUnavailable, UpstreamError
from daltonify_core.ports.limits import Cap, Circuit
from daltonify_core.use_cases.keep_hooks import release_key_of

CODE_HEADER: Final = "X-Access-Code"
_WRONG_CODES_PER_HOUR: Final = 10
"""Typing errors happen; a code has at least 12 characters, so this many guesses an hour find none."""
_MIN_CODE_CHARACTERS: Final = 12
_MIN_KEY_CHARACTERS: Final = 32
_TRUSTED_FOR: Final = timedelta(minutes=5)
"""How long a secret that was read is used: a code that is withdrawn stops working after it."""
_LOCKED: Final = (
    "Too many wrong access codes came from your address. Try again in an hour; copying the list still works."
)


class PublishingSecret:
    """The operator's part of publishing: access codes, the key that edit tokens are made from, and a consent."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._read: tuple[datetime, Mapping[str, str]] | None = None
        self._has_consent = False

    def edit_token_key(self) -> bytes:
        """Raises ``SecretUnavailable`` when the key is missing or too short to be one."""
        return self._values()[0]

    def release_key(self) -> bytes:
        """The key that hooks' signing secrets are made from; raises ``SecretUnavailable`` when there is none."""
        return release_key_of(self._stored())

    def is_complete(self) -> bool:
        """Whether somebody may publish: both secrets can be read, and a code is there where one is needed."""
        try:
            _, codes = self._values()
            if not self._has_consent:
                login = self._services.secrets().read(self._services.settings.spotify_secret)
                # Kept only when it is there: an operator who has just logged in should not have to wait.
                self._has_consent = bool(login.get("refresh_token"))
        except (SecretUnavailable, UpstreamError):
            return False
        if not self._has_consent:
            return False
        return bool(codes) or self._services.settings.publish_access is not PublishAccess.CODE

    def check(self, code: str | None, client: str) -> None:
        """Let a client pass who may publish.

        Raises ``PublishingOff``, ``Refused`` (401) for a missing or wrong code, ``CapReached`` for a client that
        guesses, and ``SecretUnavailable`` when nobody can say which codes are right.
        """
        access = self._services.settings.publish_access
        if access is PublishAccess.OFF:
            raise PublishingOff("This installation does not publish playlists. Copying the list still works.")
        if access is PublishAccess.OPEN:
            return
        if not code:
            raise _not_authorised(f"Publishing here needs an access code, in the header {CODE_HEADER}.")
        publications, now = self._services.publications(), self._services.clock()
        lock = f"access codes {client_key(client)}"
        # Checked before the code: a right one must not end a series of guesses.
        locked = publications.circuit(lock, now)
        if locked:
            raise CapReached(_LOCKED, int((locked.open_until - now).total_seconds()))
        given = _digest(code.strip())
        # Every code is compared, so that the time tells nothing.
        matches = [hmac.compare_digest(given, _digest(right)) for right in self._values()[1]]
        if any(matches):
            return
        hour = now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
        try:
            publications.count([Cap(f"wrong {lock}", _WRONG_CODES_PER_HOUR, hour, _LOCKED)], now)
        except CapReached as error:
            locked_for = timedelta(hours=1)
            publications.open_circuit(lock, Circuit(now + locked_for, "access codes were guessed"))
            raise CapReached(_LOCKED, int(locked_for.total_seconds())) from error
        raise _not_authorised("This access code is not right. Ask whoever runs this service for one.")

    def _values(self) -> tuple[bytes, tuple[str, ...]]:
        name, values = self._services.settings.publishing_secret, self._stored()
        key = values.get("edit_token_key", "")
        if len(key) < _MIN_KEY_CHARACTERS:
            raise SecretUnavailable(
                f"The secret {name} needs edit_token_key, random text of at least {_MIN_KEY_CHARACTERS} characters."
            )
        codes = values.get("access_codes", "").split()
        if any(len(code) < _MIN_CODE_CHARACTERS for code in codes):
            raise SecretUnavailable(
                f"The secret {name} holds an access code of fewer than {_MIN_CODE_CHARACTERS} characters."
            )
        return key.encode(), tuple(codes)

    def _stored(self) -> Mapping[str, str]:
        now = self._services.clock()
        if self._read is None or now - self._read[0] >= _TRUSTED_FOR:
            self._read = (now, self._services.secrets().read(self._services.settings.publishing_secret))
        return self._read[1]


def _digest(code: str) -> bytes:
    return hashlib.sha256(code.encode("utf-8", "surrogatepass")).digest()


def _not_authorised(detail: str) -> Refused:
    return Refused(
        Problem(
            HTTPStatus.UNAUTHORIZED,
            "not_authorised",
            "An access code is needed",
            detail,
            # A 401 has to say how to do better; no browser asks for a password by this name.
            headers={"WWW-Authenticate": f'AccessCode header="{CODE_HEADER}"'},
        )
    )
