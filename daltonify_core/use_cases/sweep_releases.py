"""Send the queue what is due: waits that are over, workers that died, and what was stored but never sent."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from daltonify_core.ports.releases import ReleaseQueue, ReleaseStore
from daltonify_core.ports.surroundings import Clock
from daltonify_core.releases.release import Release
from daltonify_core.use_cases.record_release import send

AT_ONCE: Final = 500
"""Releases for one sweep; five minutes later comes the next."""
_ON_ITS_WAY: Final = timedelta(minutes=15)
# A message may wait behind others of its artist; sending another one for the same attempt would only be more work.


@dataclass(frozen=True, slots=True)
class Sweep:
    """What one sweep came to: due releases sent anew, met still on their way, and unsent because the queue failed."""

    sent: int
    on_their_way: int
    unsent: int


def sweep_releases(releases: ReleaseStore, queue: ReleaseQueue, clock: Clock) -> Sweep:
    """Send every release that is due and not on its way; raises ``UpstreamUnavailable`` when they cannot be read.

    Those on their way are passed over, however many, so that none of them keeps another one from being sent. The first
    failure of the queue ends the sweep: the next one meets the same releases.
    """
    now = clock()
    waiting: list[Release] = []
    on_their_way = 0
    for release in releases.due(now):
        if release.queued_at is not None and now - release.queued_at < _ON_ITS_WAY:
            on_their_way += 1
            continue
        waiting.append(release)
        if len(waiting) == AT_ONCE:
            break
    sent = 0
    for release in waiting:
        if not send(release, queue, releases, now):
            break
        sent += 1
    return Sweep(sent, on_their_way, len(waiting) - sent)
