"""Send the queue what is due: waits that are over, workers that died, and what was stored but never sent."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from daltonify_core.ports import Clock, ReleaseQueue, ReleaseStore
from daltonify_core.use_cases.record_release import send

AT_ONCE: Final = 500
"""Releases for one sweep; five minutes later comes the next."""
_ON_ITS_WAY: Final = timedelta(minutes=15)
# A message may wait behind others of its artist; sending another one for the same attempt would only be more work.


@dataclass(frozen=True, slots=True)
class Sweep:
    """What one sweep came to: due releases sent anew, still on their way, and not sent because the queue failed."""

    sent: int
    on_their_way: int
    unsent: int


def sweep_releases(releases: ReleaseStore, queue: ReleaseQueue, clock: Clock) -> Sweep:
    """Send every release that is due and not on its way; raises ``UpstreamUnavailable`` when nothing can be read.

    The first failure of the queue ends the sweep: the next one meets the same releases.
    """
    now = clock()
    due = releases.due(now, AT_ONCE)
    waiting = [one for one in due if one.queued_at is None or now - one.queued_at >= _ON_ITS_WAY]
    sent = 0
    for release in waiting:
        if not send(release, queue, releases, now):
            break
        sent += 1
    return Sweep(sent, len(due) - len(waiting), len(waiting) - sent)
