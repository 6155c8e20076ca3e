"""Ask Spotify for releases only while it may be asked: its quota is one for looking and for publishing."""

import math
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Final

from daltonify_core.errors import UpstreamError, UpstreamRateLimited
from daltonify_core.playlist.publishing import PublishSettings
from daltonify_core.ports.limits import Circuit, CircuitStore
from daltonify_core.ports.releases import FoundRelease, NewAlbum, ReleaseDirectory
from daltonify_core.ports.surroundings import Clock
from daltonify_core.releases.release import ReleaseReference

CIRCUIT: Final = "spotify releases"
"""Name of the circuit that worker and poll share; publishing has its own, which is minded too."""


class PausedDirectory:
    """The port ``ReleaseDirectory`` over another one, which is left alone until the pause it asked for is over."""

    def __init__(
        self,
        directory: ReleaseDirectory,
        circuits: CircuitStore,
        clock: Clock,
        settings: PublishSettings | None = None,
    ) -> None:
        self._directory = directory
        self._circuits = circuits
        self._clock = clock
        self._names = (CIRCUIT, (settings or PublishSettings()).account)

    def find(
        self, reference: ReleaseReference, artist_id: str, artist_name: str, announced_for: str | None = None
    ) -> FoundRelease | None:
        """As the other one has it; raises ``UpstreamRateLimited`` during a pause."""
        return self._asked(lambda: self._directory.find(reference, artist_id, artist_name, announced_for))

    def newest(self, artist_id: str, limit: int) -> list[NewAlbum]:
        """As the other one has it; raises ``UpstreamRateLimited`` during a pause."""
        return self._asked(lambda: self._directory.newest(artist_id, limit))

    def _asked[T](self, ask: Callable[[], T]) -> T:
        now = self._clock()
        for name in self._names:
            circuit = self._circuits.circuit(name, now)
            if circuit is not None:
                seconds = math.ceil((circuit.open_until - now).total_seconds())
                raise UpstreamRateLimited(circuit.why, seconds, quota=False)
        try:
            return ask()
        except UpstreamRateLimited as error:
            pause = Circuit(self._clock() + timedelta(seconds=error.retry_after_seconds), str(error))
            # What Spotify said is not to be lost because our own records fail as well.
            with suppress(UpstreamError):
                self._circuits.open_circuit(CIRCUIT, pause)
            raise
