"""How a living playlist changes: what stays, what goes, and which own tracks it holds.

A playlist that is a new one every week has no followers, and one that never changes has no listeners. So a third of the
others is renewed each time, the ones that have been there longest first, and whatever the artist pinned stays.
"""

import math
from collections.abc import Collection, Sequence
from typing import Final

from daltonify_core.catalogue.songs import song_of
from daltonify_core.playlist.own_slots import own_track_limit
from daltonify_core.releases.profile import ListedTrack

RENEWED_SHARE: Final = 1 / 3


def keepers(others: Sequence[ListedTrack], pinned: Collection[str], size: int) -> list[ListedTrack]:
    """Those of the recommended tracks that stay, in their order; ``pinned`` holds URIs.

    As many go as leave room for a third of ``size``, and for all pinned ones that are not in the list yet; pinned ones
    never. Of those that came in the same version the later ones in the list go first, because fewer listeners reach
    them. With the pinned ones there are never more than ``size``, unless more than that are pinned.
    """
    loose = [place for place, track in enumerate(others) if track.uri not in pinned]
    entering = len(frozenset(pinned).difference(track.uri for track in others))
    staying = size - max(math.ceil(size * RENEWED_SHARE), entering)
    oldest_first = sorted(loose, key=lambda place: (others[place].since, -place))
    gone = frozenset(oldest_first[: max(0, len(others) - staying)])
    return [track for place, track in enumerate(others) if place not in gone]


def own_tracks(
    listed: Sequence[ListedTrack], new: ListedTrack | None, kept: int, size: int, pinned: Collection[str] = ()
) -> list[ListedTrack]:
    """The own tracks of the next version, newest first, at most ``kept`` and what a list of this size may hold.

    A track without a known date counts as older than all others, except the new one, which may have come out of order:
    its date decides where it is known, and otherwise it is the newest. A song has one place, whichever of its
    recordings were announced (a single comes again on the album): the newest one's, and of equal dates the new one's,
    so that it does not matter in which order they are announced. ``pinned`` URIs stay beyond ``kept``, as far as the
    list may hold them beside the newest.
    """
    own = [track for track in listed if track.is_own and (new is None or track.uri != new.uri)]
    newest_first = sorted(own, key=lambda track: track.release_date or "", reverse=True)
    if new is not None:
        later = [track for track in newest_first if new.release_date and (track.release_date or "") > new.release_date]
        newest_first = [*later, new, *newest_first[len(later) :]]
    distinct: list[ListedTrack] = []
    for track in newest_first:
        if not any(is_same_song(track, other) for other in distinct):
            distinct.append(track)
    most = own_track_limit(size)
    chosen = distinct[: max(1, min(kept, most))]
    pinned_too = [track for track in distinct[len(chosen) :] if track.uri in pinned]
    # The least recent of the unpinned ones make room, but never the newest, for which all this is done.
    while len(chosen) + len(pinned_too) > most and any(track.uri not in pinned for track in chosen[1:]):
        chosen.remove(next(track for track in reversed(chosen[1:]) if track.uri not in pinned))
    staying = {track.uri for track in (*chosen, *pinned_too)}
    return [track for track in distinct if track.uri in staying][:most]


def is_same_song(one: ListedTrack, other: ListedTrack) -> bool:
    """Whether two tracks are one recording, by their codes, or recordings of one song, by title and artists."""
    if one.isrc is not None and one.isrc == other.isrc:
        return True
    return song_of(one.title, one.artists).is_version_of(song_of(other.title, other.artists))
