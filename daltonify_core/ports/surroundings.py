"""What any work finds around it: the time, somebody who watches, secrets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime


type Progress = Callable[[str, int, int], None]
"""Called now and then in long work: a phase in words, what is done, what there is to do (0 if not known)."""


def no_progress(phase: str, done: int, total: int) -> None:
    """For callers who do not watch."""


type Clock = Callable[[], datetime]
"""The time now, aware of its zone."""


class SecretStore(Protocol):
    """Secrets by name, each a set of named texts."""

    def read(self, name: str) -> Mapping[str, str]:
        """Raises ``SecretUnavailable`` when the secret is missing or unreadable."""

    def write(self, name: str, values: Mapping[str, str]) -> None:
        """Replace a secret, or make it; raises ``SecretUnavailable``."""
