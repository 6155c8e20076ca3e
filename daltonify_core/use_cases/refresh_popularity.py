"""Read the popularity of collected tracks anew, one shard at a time: the one that was read longest ago."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, timedelta
from typing import Final

from daltonify_core.catalogue.collection import Miss, check_readable, shard_name
from daltonify_core.catalogue.merging import merge_rows
from daltonify_core.catalogue.track import Track
from daltonify_core.errors import InvalidTrack
from daltonify_core.ports.look_ups import FeatureService, TrackIdentity
from daltonify_core.ports.surroundings import Clock
from daltonify_core.use_cases.collect_tracks import artist_credits
from daltonify_core.use_cases.collected_shards import NOT_REFRESHED, CollectedShards
from daltonify_core.use_cases.waiting_ids import Ids, WaitingIds

STALE_DAYS: Final = 7
"""Popularity moves over weeks; a small collection need not be rewritten every day."""


@dataclass(frozen=True, slots=True)
class RefreshReport:
    """The account of one run: ``due == refreshed + gone + left``.

    ``shard`` is ``None`` when nothing is stale. ``gone`` tracks keep their row, as it was; they are asked for again
    when the miss is forgotten.
    """

    shard: str | None
    due: int
    refreshed: int
    gone: int
    left: int

    def to_dict(self) -> dict[str, object]:
        """Plain values for logs."""
        return asdict(self)


class RefreshRun:
    """Refreshes what the tracks of one shard are called and how popular they are; their features stay.

    The shard is the one with the oldest row, if that is older than ``STALE_DAYS``. Rows that were read today, and those
    that came to nothing lately, are passed over.
    """

    def __init__(self, service: FeatureService, shards: CollectedShards, clock: Clock) -> None:
        self._service = service
        self._shards = shards
        self._clock = clock
        self._today = clock().astimezone(UTC).date()
        self._number = self._stale_shard()
        day = self._today.isoformat()
        due = [
            track_id
            for track_id, row in shards.rows.items()
            if row.shard == self._number and row.snapshot < day and not shards.is_missed(track_id, self._today)
        ]
        self._left = WaitingIds(due, shards.rows)
        self._due = len(self._left)
        self._asked: Ids = ()
        self._answered: Mapping[str, TrackIdentity] = {}
        self._identities: dict[str, TrackIdentity] = {}
        self._gone: set[str] = set()
        self._refreshed = 0

    @property
    def left(self) -> int:
        """How many tracks are still to be asked for."""
        return len(self._left)

    def is_done(self) -> bool:
        """Whether every row of the shard was asked for."""
        return not self._left

    def ask(self) -> None:
        """Look up the next batch; raises what ``FeatureService`` does."""
        self._asked, self._answered = (), {}
        asked = self._left.ask(self._service.identities)
        self._asked, self._answered = asked.batch, asked.answer or {}

    def keep(self) -> None:
        """Take the batch down; the shard is written once, by ``finish``."""
        self._left.settle(self._asked)
        for track_id in self._asked:
            identity = self._answered.get(track_id)
            if identity is None or identity.popularity is None:
                self._gone.add(track_id)
            else:
                self._identities[track_id] = identity
        self._asked, self._answered = (), {}

    def finish(self) -> None:
        """Write what was looked up; raises what ``CollectedShards`` does."""
        if self._number is not None and self._identities:
            self._shards.change(self._number, self._renewed)
            self._refreshed = len(self._identities.keys() - self._gone)
            self._identities = {}
        misses = {track_id: Miss(self._today, NOT_REFRESHED) for track_id in self._gone}
        self._shards.remember(misses, self._today)

    def report(self) -> RefreshReport:
        """What came of the run so far; complete after ``finish``."""
        shard = None if self._number is None else shard_name(self._number)
        return RefreshReport(shard, self._due, self._refreshed, len(self._gone), self.left)

    def _stale_shard(self) -> int | None:
        oldest = self._shards.oldest(self._today)
        stale_from = (self._today - timedelta(days=STALE_DAYS)).isoformat()
        return oldest[1].shard if oldest is not None and oldest[1].snapshot <= stale_from else None

    def _renewed(self, track: Track) -> Track:
        identity = self._identities.get(track.track_id)
        day = self._today.isoformat()
        # A run beside this one may have collected it anew.
        if identity is None or (track.snapshot or "") >= day:
            return track
        try:
            fresh = replace(
                track,
                title=identity.title,
                artists=artist_credits(identity),
                popularity=identity.popularity,
                snapshot=day,
            )
            check_readable(fresh)
        except InvalidTrack:
            self._gone.add(track.track_id)
            return track
        # Fills in ids of artists that the answer may lack.
        return merge_rows([fresh, track])


def oldest_snapshot_days(shards: CollectedShards, today: date) -> int | None:
    """How long ago the popularity of some collected track was last read; ``None`` when there is none.

    Tracks that came to nothing lately do not count. A snapshot that names a year or month only counts from its
    beginning.
    """
    oldest = shards.oldest(today)
    if oldest is None or not oldest[1].snapshot:
        return None
    year, month, day = (*map(int, oldest[1].snapshot.split("-")), 1, 1)[:3]
    return (today - date(year, month, day)).days
