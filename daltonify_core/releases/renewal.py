"""How a living playlist changes: what stays, what goes, and which own tracks it holds.

A playlist that is a new one every week has no followers, and one that never changes has no listeners. So a third of the
others is renewed each time, the ones that have been there longest first, and whatever the artist pinned stays.
"""

import math
from collections.abc import Collection, Sequence
from typing import Final

from daltonify_core.playlist.own_slots import own_track_limit
from daltonify_core.releases.profile import ListedTrack

RENEWED_SHARE: Final = 1 / 3


def keepers(others: Sequence[ListedTrack], pinned: Collection[str], size: int) -> list[ListedTrack]:
    """Those of the recommended tracks that stay, in their order; ``pinned`` holds URIs.

    As many go as leave room for a third of ``size``, pinned ones never; of those that came in the same version the
    later ones in the list, because fewer listeners reach them.
    """
    loose = [place for place, track in enumerate(others) if track.uri not in pinned]
    staying = size - math.ceil(size * RENEWED_SHARE)
    oldest_first = sorted(loose, key=lambda place: (others[place].since, -place))
    gone = frozenset(oldest_first[: max(0, len(others) - staying)])
    return [track for place, track in enumerate(others) if place not in gone]


def own_tracks(listed: Sequence[ListedTrack], new: ListedTrack | None, kept: int, size: int) -> list[ListedTrack]:
    """The own tracks of the next version, newest first, at most ``kept`` and what a list of this size may hold.

    A track without a known date counts as older than all others, except the new one, which may have come out of order:
    its date decides where it is known, and otherwise it is the newest.
    """
    own = [track for track in listed if track.is_own and (new is None or track.uri != new.uri)]
    newest_first = sorted(own, key=lambda track: track.release_date or "", reverse=True)
    if new is not None:
        later = [track for track in newest_first if new.release_date and (track.release_date or "") > new.release_date]
        newest_first = [*later, new, *newest_first[len(later) :]]
    return newest_first[: max(1, min(kept, own_track_limit(size)))]
