"""Hooks: addresses at which somebody may announce an artist's releases.

The hook fixes the artist before anything in a body is trusted.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class HookKind(StrEnum):
    """How a sender proves who it is."""

    SIGNED = "signed"
    """Signs the raw body after Standard Webhooks."""
    BEARER = "bearer"
    """Sends a token, for senders that cannot compute a signature."""


@dataclass(frozen=True, slots=True)
class Hook:
    """One address. ``hook_id`` is 128 random bits in hexadecimal digits.

    ``generation`` counts its secrets from 1; during a rotation the one before is good until ``previous_until``. A
    signing secret is not stored at all: it is derived from the installation's key, the id and the generation. Of bearer
    tokens the SHA-256 hashes are stored, the current one first.
    """

    hook_id: str
    artist_id: str
    kind: HookKind
    made_at: datetime
    generation: int = 1
    previous_until: datetime | None = None
    token_hashes: tuple[str, ...] = ()
    revoked_at: datetime | None = None
    label: str = ""

    def generations(self, now: datetime) -> tuple[int, ...]:
        """The generations whose secrets are good now, the current one first; none once it is revoked."""
        if self.revoked_at is not None:
            return ()
        is_rotating = self.previous_until is not None and now < self.previous_until and self.generation > 1
        return (self.generation, self.generation - 1) if is_rotating else (self.generation,)
