"""Ask the worker to renew every living playlist whose artist wants it; whether an index is new, the worker knows."""

from dataclasses import dataclass

from daltonify_core.errors import UpstreamError
from daltonify_core.ports.releases import ArtistStore, ReleaseQueue
from daltonify_core.ports.surroundings import Clock


@dataclass(frozen=True, slots=True)
class Renewals:
    """What one run came to. ``trouble`` is what ended it early; the next day makes up for it."""

    asked: int
    trouble: UpstreamError | None = None


def ask_for_renewals(artists: ArtistStore, queue: ReleaseQueue, clock: Clock) -> Renewals:
    """Tell the queue of every artist; raises ``UpstreamUnavailable`` when our own records cannot be read."""
    today = clock().date()
    asked = 0
    for profile in artists.all():
        if not profile.renews or not profile.lives_on or profile.frozen:
            continue
        try:
            queue.send_renewal(profile.artist_id, today)
        except UpstreamError as trouble:
            return Renewals(asked, trouble)
        asked += 1
    return Renewals(asked)
