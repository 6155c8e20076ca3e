"""Artists who asked for a playlist at every release, and the playlist that lives on from one to the next."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from daltonify_core.catalogue.audio_features import AudioFeatures
from daltonify_core.playlist.band import BandLifts
from daltonify_core.playlist.own_slots import OwnSlots

MAXIMUM_VERSIONS: Final = 50
"""Versions of one playlist that are kept; a year of weekly renewals."""


@dataclass(frozen=True, slots=True)
class ArtistProfile:
    """What an artist wants; made by the operator.

    ``lives_on``: one playlist is changed at every release; otherwise each release gets its own. ``own_kept`` is how
    many own tracks the living playlist may hold at once, the newest first; never more than its size allows.
    ``renews``: the living playlist is also renewed after an index rebuild. ``frozen``: nothing is changed until that is
    taken back. ``pinned`` are track ids that always stay. ``features`` stand in for a release that nobody has data on.
    """

    artist_id: str
    name: str
    made_at: datetime
    genre: str | None = None
    band: BandLifts | None = None
    size: int = 30
    own_slots: OwnSlots = OwnSlots.EARLY
    own_kept: int = 1
    lives_on: bool = True
    renews: bool = False
    frozen: bool = False
    pinned: tuple[str, ...] = ()
    excluded_artists: tuple[str, ...] = ()
    title: str | None = None
    description: str = ""
    contact: str = ""
    followers: int | None = None
    features: AudioFeatures = field(default_factory=AudioFeatures)
    polled: bool = True


@dataclass(frozen=True, slots=True)
class ListedTrack:
    """A track of one version of a playlist. ``since`` is the version in which it came in.

    ``release_date`` and ``isrc`` are kept for own tracks, which stand newest first and each song once.
    """

    uri: str
    title: str
    artists: tuple[str, ...]
    is_own: bool = False
    since: int = 1
    release_date: str | None = None
    isrc: str | None = None


@dataclass(frozen=True, slots=True)
class PlaylistVersion:
    """What a living playlist held from one moment on; ``number`` counts from 1.

    ``why`` says in a few words what made it: a release, a renewal, or the return to an older version;
    ``index_version`` is the index that has had its turn: the one of its recommendations, or, of a return, that of the
    version before.
    """

    number: int
    made_at: datetime
    why: str
    title: str
    description: str
    tracks: tuple[ListedTrack, ...]
    release_id: str | None = None
    index_version: str | None = None


@dataclass(frozen=True, slots=True)
class LivingPlaylist:
    """The playlist of an artist that lives on.

    ``reference`` is the short text in its description from which its edit token is made anew; ``version`` is the number
    of its newest version and fences: a change is stored only over the version that it was made from.
    """

    artist_id: str
    playlist_id: str
    reference: str
    version: int
