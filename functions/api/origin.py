"""The secret by which the API knows that a request came through CloudFront."""

import hashlib
import hmac
from datetime import datetime, timedelta
from typing import Final

from shared.observability import logger

from api.wiring import Services
from daltonify_core.errors import SecretUnavailable

FIELD: Final = "origin_secret"
_TRUSTED_FOR: Final = timedelta(minutes=5)
"""As long as the secret of publishing: one that is replaced counts soon."""
_TRIED_AGAIN_AFTER: Final = timedelta(minutes=1)
"""A secret that cannot be read must not slow every request down."""


class OriginSecret:
    """Compares what came with a request with the secret, which is read when it is first needed."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._digest: bytes | None = None
        self._good_until: datetime | None = None

    def is_right(self, given: str) -> bool:
        """Whether this is the secret. No without one, and as long as nobody can say; never an error."""
        name = self._services.settings.origin_secret
        if name is None:
            return False
        now = self._services.clock()
        if self._good_until is None or now >= self._good_until:
            self._digest = self._read(name)
            self._good_until = now + (_TRIED_AGAIN_AFTER if self._digest is None else _TRUSTED_FOR)
        # Digests, because only equal lengths are compared in equal time, and only bytes of any kind.
        return self._digest is not None and hmac.compare_digest(self._digest, _digest_of(given))

    def _read(self, name: str) -> bytes | None:
        try:
            secret = self._services.secrets().read(name).get(FIELD)
        except SecretUnavailable as error:
            logger.warning("Visitors cannot be told apart", extra={"code": error.code, "detail": error.message})
            return None
        if not secret:
            logger.warning("Visitors cannot be told apart", extra={"detail": f"The secret {name} needs {FIELD}."})
            return None
        return _digest_of(secret)


def _digest_of(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
