"""Ports to whoever knows more of a track than the catalogue, and what is remembered of their answers."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime

    from daltonify_core.catalogue.audio_features import AudioFeatures


class LinkExpander(Protocol):
    """Finds out where a short link leads."""

    def expand(self, link: str) -> str:
        """The full track or album link behind ``link``, for which ``links.is_short_link`` holds.

        Raises ``InvalidLink`` when it leads elsewhere, ``UpstreamUnavailable`` when nobody answers in time.
        """


class IdentitySource(StrEnum):
    """Who said what a track is called and by whom it is."""

    CATALOGUE = "catalogue"
    SPOTIFY = "spotify"
    OEMBED = "oembed"
    RECCOBEATS = "reccobeats"
    GIVEN = "given"


@dataclass(frozen=True, slots=True)
class TrackIdentity:
    """What an outside service says a track is; never how it sounds.

    ``artists`` is empty where the service does not name them (oEmbed); ``artist_ids`` are Spotify's, as many as
    ``artists`` or none. ``popularity`` (0..100) is the track's own, where the service tells one.
    """

    track_id: str
    title: str
    artists: tuple[str, ...]
    source: IdentitySource
    artist_ids: tuple[str, ...] = ()
    album: str | None = None
    artwork_url: str | None = None
    release_date: str | None = None
    duration_ms: int | None = None
    explicit: bool | None = None
    isrc: str | None = None
    popularity: int | None = None


class TrackDirectory(Protocol):
    """Knows by whom a track is and what it is called."""

    def track(self, track_id: str) -> TrackIdentity | None:
        """What the directory says of a track, ``None`` when there is no such track.

        May raise ``UpstreamUnavailable``, ``UpstreamRateLimited``, ``UpstreamRefused``, and where credentials are
        needed ``ConsentNeeded`` and ``SecretUnavailable``.
        """


class AlbumListing(NamedTuple):
    """An album and the first of its tracks, in its order; ``total`` is how many it has."""

    title: str
    tracks: tuple[TrackIdentity, ...]
    total: int


class AlbumDirectory(Protocol):
    """Knows which tracks an album holds."""

    def album(self, album_id: str) -> AlbumListing | None:
        """The album with its first 50 tracks at most, ``None`` when there is no such album.

        May raise what ``TrackDirectory`` may raise.
        """


FEATURE_BATCH: Final = 40
"""The most tracks that a feature service is asked for at once."""


class FeatureService(Protocol):
    """Knows how published tracks sound, and listens to files.

    Every method may raise ``UpstreamUnavailable``, ``UpstreamRateLimited`` and ``UpstreamRefused``; none of them waits
    out a limit.
    """

    def features(self, track_ids: Sequence[str]) -> dict[str, AudioFeatures]:
        """Features of at most ``FEATURE_BATCH`` tracks by Spotify id; those that it does not know are absent."""

    def identities(self, track_ids: Sequence[str]) -> dict[str, TrackIdentity]:
        """What at most ``FEATURE_BATCH`` tracks are, with their popularity; those that it does not know are absent."""

    def analyse(self, wav: bytes) -> AudioFeatures:
        """Features of a WAV file of at most 30 seconds; raises ``AudioRefused`` when it can make nothing of it.

        Key and mode are absent. The numbers come from another model than those of ``features``.
        """


class LookUpKind(StrEnum):
    """What was looked up outside and is remembered: each service's answers apart, because they say different things."""

    FEATURES = "features"
    SPOTIFY_TRACK = "spotify track"
    SPOTIFY_ALBUM = "spotify album"
    OEMBED_TRACK = "oembed track"
    RECCOBEATS_TRACK = "reccobeats track"


class LookUp(NamedTuple):
    """An answer that is remembered until ``until``; ``value`` is ``None`` for "there is none"."""

    value: Mapping[str, object] | None
    until: datetime


class LookUpCache(Protocol):
    """Answers of outside services. Every method may raise ``UpstreamUnavailable``."""

    def read(self, kind: LookUpKind, track_ids: Collection[str], now: datetime) -> dict[str, LookUp]:
        """What is remembered and still good; what is not is absent."""

    def write(self, kind: LookUpKind, found: Mapping[str, LookUp]) -> None:
        """Remember answers, in place of what was there. ``value`` must be JSON's."""
