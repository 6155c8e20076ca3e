"""What looking releases up may cost a day: a new Friday's news must not use up the quota that publishing needs.

A budget that is used up is no fault: whoever meets it waits until the next day, and whoever needs no look-up goes on.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Final

from daltonify_core.errors import CapReached
from daltonify_core.playlist.findings import SeedFindings
from daltonify_core.ports.limits import Cap, CounterStore
from daltonify_core.ports.releases import FoundRelease, NewAlbum, ReleaseDirectory
from daltonify_core.ports.surroundings import Clock
from daltonify_core.releases.release import ReleaseReference

_DAY: Final = timedelta(days=1)
_LOOKS_USED_UP: Final = (
    "Today's looks for releases on Spotify are used up. Looking goes on by itself after midnight (UTC)."
)
_TRACKS_USED_UP: Final = (
    "Today's questions about how new tracks sound are used up. They go on by themselves after midnight (UTC)."
)


@dataclass(frozen=True, slots=True)
class BudgetSettings:
    """Limits of looking up; each default has its reason beside it."""

    daily_looks: int = 70
    """Each costs Spotify two calls at most. Publishing may cost 500 a day and polling 150, and accounts in development
    mode were locked out after 800."""
    daily_tracks: int = 200
    """Tracks that ReccoBeats, or Spotify in its place, is asked about; what one visitor may ask for."""


class LookUpBudget:
    """Counts for all workers together, until midnight UTC."""

    def __init__(self, counters: CounterStore, clock: Clock, settings: BudgetSettings | None = None) -> None:
        self._counters = counters
        self._clock = clock
        self._settings = settings or BudgetSettings()

    def count_look(self) -> None:
        """Before Spotify is asked for a release; raises ``CapReached`` and ``UpstreamUnavailable``."""
        self._count("release looks", self._settings.daily_looks, _LOOKS_USED_UP)

    def findings(self, complete: Callable[[Callable[[], None]], SeedFindings]) -> SeedFindings:
        """What ``complete`` finds out, which calls what it is given before it asks for a track.

        Raises ``CapReached`` when something was not asked for want of budget: nobody said yet that they do not know it.
        """
        used_up: list[CapReached] = []

        def count() -> None:
            try:
                self._count("release tracks", self._settings.daily_tracks, _TRACKS_USED_UP)
            except CapReached as error:
                used_up.append(error)
                raise

        found = complete(count)
        if used_up:
            raise used_up[0]
        return found

    def _count(self, what: str, limit: int, message: str) -> None:
        now = self._clock()
        midnight = datetime.combine(now.astimezone(UTC).date() + _DAY, time(), UTC)
        self._counters.count([Cap(f"{what}#{midnight.date()}", limit, midnight, message)], now)


class BudgetedDirectory:
    """The port ``ReleaseDirectory`` over another one, which is asked for releases within the budget.

    Whoever asks for an artist's newest ones has a budget of their own.
    """

    def __init__(self, directory: ReleaseDirectory, budget: LookUpBudget) -> None:
        self._directory = directory
        self._budget = budget

    def find(
        self, reference: ReleaseReference, artist_id: str, artist_name: str, announced_for: str | None = None
    ) -> FoundRelease | None:
        """As the other one has it; raises ``CapReached`` besides."""
        self._budget.count_look()
        return self._directory.find(reference, artist_id, artist_name, announced_for)

    def newest(self, artist_id: str, limit: int) -> list[NewAlbum]:
        """As the other one has it."""
        return self._directory.newest(artist_id, limit)
