"""How the service account fares: when its consent ends, whether its quota is spent, how many playlists it holds."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from daltonify_core.errors import SecretUnavailable
from daltonify_core.playlist.notes import counted
from daltonify_core.playlist.publishing import PublishSettings
from daltonify_core.ports.limits import Circuit, CircuitStore, CounterStore
from daltonify_core.ports.surroundings import Clock, SecretStore

WARNING_DAYS: Final = (30, 14, 3)
"""When the operator is told that consent ends, and told again."""
FULL_SHARE: Final = 0.9
"""From which share of its playlists on an account counts as nearly full."""


@dataclass(frozen=True, slots=True)
class ServiceHealth:
    """``consent_ends`` is ``None`` where nobody consented; ``circuit`` where Spotify may be asked.

    ``playlists`` are those that were published; people may have removed some since.
    """

    now: datetime
    consented_at: datetime | None
    consent_ends: datetime | None
    circuit: Circuit | None
    playlists: int
    most_playlists: int

    @property
    def days_left(self) -> float | None:
        """Days until consent ends, negative once it has."""
        return None if self.consent_ends is None else (self.consent_ends - self.now) / timedelta(days=1)

    @property
    def whole_days_left(self) -> int | None:
        """Days until consent ends as people are told them: rounded up, because on the last day there is still one."""
        return None if self.days_left is None else math.ceil(self.days_left)

    @property
    def days_old(self) -> float | None:
        """Days since consent was given."""
        return None if self.consented_at is None else (self.now - self.consented_at) / timedelta(days=1)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the operator has to do, most urgent first; nothing in good times."""
        return tuple(self._warnings())

    def _warnings(self) -> Iterator[str]:
        days = self.whole_days_left
        if days is None:
            yield "Nobody has consented to publishing. Run `daltonify login`."
        elif days <= 0:
            yield "Spotify's consent has ended, so nothing is published. Run `daltonify login`."
        elif days <= WARNING_DAYS[0]:
            left = counted(days, "day")
            yield f"Spotify's consent ends in {left}, on {self.consent_ends:%Y-%m-%d}. Run `daltonify login`."
        if self.circuit is not None:
            yield f"{self.circuit.why} Publishing goes on at {self.circuit.open_until:%Y-%m-%d %H:%M} UTC."
        if self.playlists >= FULL_SHARE * self.most_playlists:
            yield (
                f"{self.playlists} of the {self.most_playlists} playlists that the account may hold were made. Remove "
                "old ones, and lower the count as the README says."
            )


def consented_at(secrets: SecretStore, name: str) -> datetime | None:
    """When the consent in a secret was given; ``None`` where nobody gave one.

    Raises ``SecretUnavailable`` when nobody can say.
    """
    try:
        values = secrets.read(name)
    except SecretUnavailable as error:
        if error.is_absent:
            return None
        raise
    if not values.get("refresh_token"):
        return None
    given = _moment(values.get("consented_at", ""))
    if given is None or given.tzinfo is None:
        # Without its zone a time would mean another moment on every machine.
        raise SecretUnavailable(
            f"The secret {name} does not say in consented_at when its consent was given. Run daltonify login."
        )
    return given.astimezone(UTC)


def _moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def service_health(
    consented_at: datetime | None,
    consent_ends: datetime | None,
    circuits: CircuitStore,
    counters: CounterStore,
    clock: Clock,
    settings: PublishSettings | None = None,
) -> ServiceHealth:
    """Ask our own records; raises ``UpstreamUnavailable`` when they cannot be reached."""
    settings = settings or PublishSettings()
    now = clock()
    return ServiceHealth(
        now=now,
        consented_at=consented_at,
        consent_ends=consent_ends,
        circuit=circuits.circuit(settings.account, now),
        playlists=counters.counted(playlist_counter(settings)),
        most_playlists=settings.playlists,
    )


def playlist_counter(settings: PublishSettings) -> str:
    """Name of the counter of every playlist that was published under an account."""
    return f"playlists#{settings.account}"
