"""Ports around releases: artists and their hooks, where releases are found, and who works on them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import date, datetime

    from daltonify_core.ports.limits import Cap
    from daltonify_core.releases.hook import Hook
    from daltonify_core.releases.profile import ArtistProfile, LivingPlaylist, PlaylistVersion
    from daltonify_core.releases.release import Release, ReleaseReference, ReleaseState


@dataclass(frozen=True, slots=True)
class NewAlbum:
    """An album or single as an artist's list of releases names it; ``release_date`` as YYYY[-MM[-DD]]."""

    album_id: str
    title: str
    release_date: str


@dataclass(frozen=True, slots=True)
class PollState:
    """What was seen of an artist's releases: album ids, and when to look again."""

    artist_id: str
    seen: tuple[str, ...]
    next_look_at: datetime


class ReleaseStore(Protocol):
    """Releases by id; what has expired is as if it were not there. Every method may raise ``UpstreamUnavailable``."""

    def begin(self, release: Release, key: str, caps: Sequence[Cap], now: datetime) -> Release | None:
        """Store a new release under its idempotency key and count it against every cap, all or nothing.

        Returns the release that is stored under the key already, or ``None`` when this one was stored. Raises
        ``CapReached``.
        """

    def find(self, release_id: str, now: datetime) -> Release | None:
        """The release of this id."""

    def claim(self, release_id: str, now: datetime, lease_until: datetime) -> Release | None:
        """Take a release that is due for a new attempt: its attempt raised, and due again only from ``lease_until``.

        ``RECEIVED`` and ``WAITING`` become ``PUBLISHING`` if there is a plan and ``RESOLVING`` if not; the other open
        states stay. One more attempt counts as not ended. ``None`` when there is none, it is finished, or it is not
        due, as under another attempt's lease.
        """

    def save(self, release: Release, before: ReleaseState) -> bool:
        """Replace the record of this attempt, whose state there was ``before``; raises ``ValueError`` for a transition
        that there is not. False when a later attempt has taken over, and nothing is written then.
        """

    def note_queued(self, release_id: str, attempt: int, now: datetime) -> None:
        """Remember that a message for it was sent, so that the sweeper lets it be for a while."""

    def due(self, now: datetime) -> Iterator[Release]:
        """Open releases whose ``next_attempt_at`` has come, the longest due first; it may lag behind by seconds.

        Read as far as somebody takes them, so that whoever passes over some comes to all the others.
        """

    def of_artist(self, artist_id: str, limit: int, now: datetime) -> list[Release]:
        """An artist's releases, newest first."""

    def own_track(self, artist_id: str, track_id: str, release_id: str, instead_of: str | None = None) -> str:
        """The release that a track of an artist belongs to: this one, unless another than ``instead_of`` was first."""

    def hurry(self, release_id: str, now: datetime) -> Release | None:
        """A waiting release, due at once; ``None`` when there is none that waits, or it is held beyond ``now``."""

    def replay(self, release_id: str, now: datetime) -> Release | None:
        """A failed release, received anew; ``None`` when there is none that failed.

        Its patience begins anew, its track is looked up again, because another release may have taken it over, and its
        plan counts as stale, so that the next one is another publication; unless workers died of it, because then
        nobody knows how far its publication came, and going on with it makes no second playlist.
        """


class ArtistStore(Protocol):
    """Profiles, hooks and living playlists of artists. Every method may raise ``UpstreamUnavailable``.

    From the moment at which a removal begins nothing can be written for its artist, and there is no profile of theirs.
    """

    def add(self, profile: ArtistProfile) -> bool:
        """Store a new profile; false when the artist has one, or a removal that broke off has left something of it."""

    def replace(self, profile: ArtistProfile) -> bool:
        """Store a profile in place of the one that is there; false when there is none."""

    def find(self, artist_id: str) -> ArtistProfile | None:
        """The profile of this artist."""

    def all(self) -> list[ArtistProfile]:
        """Every profile, by artist id."""

    def remove(self, artist_id: str) -> bool:
        """Forget a profile with its hooks and its record of the living playlist; false when there was none.

        The playlist itself stays on Spotify. A removal that broke off can be done again, and is true again.
        """

    def forget_playlist(self, artist_id: str) -> bool:
        """Forget the record of the living playlist with its versions, and nothing else; false when there was none."""

    def add_hook(self, hook: Hook) -> bool:
        """Store a new hook; false when its artist is not registered."""

    def replace_hook(self, hook: Hook, seen: Hook) -> bool:
        """Store a hook in place of the one that was seen; false when it was rotated, revoked or removed since."""

    def hook(self, hook_id: str) -> Hook | None:
        """The hook of this id, revoked or not."""

    def hooks(self, artist_id: str) -> list[Hook]:
        """Every hook of an artist, oldest first."""

    def playlist(self, artist_id: str) -> LivingPlaylist | None:
        """The playlist that lives on."""

    def versions(self, artist_id: str) -> list[PlaylistVersion]:
        """Every version of it that is kept, newest first."""

    def save_version(self, playlist: LivingPlaylist, version: PlaylistVersion, holder: str, now: datetime) -> bool:
        """Store a new version and the playlist that holds it, all or nothing.

        False when ``holder`` does not hold the artist's playlist by now, or when a version of this number is stored
        already, which is left alone. The oldest beyond ``MAXIMUM_VERSIONS`` are forgotten. Raises ``ArtistGone``.
        """

    def hold(
        self, artist_id: str, holder: str, now: datetime, until: datetime, instead_of: str | None = None
    ) -> str | None:
        """Keep an artist's playlist for one holder, which may hold it anew, until it lets go or ``until`` has come.

        Returns who holds it already, unless that is ``instead_of`` or its time is over, or ``None`` when ``holder`` has
        it now. Raises ``ArtistGone``.
        """

    def let_go(self, artist_id: str, holder: str) -> None:
        """End the hold, if it is this one's."""

    def poll_state(self, artist_id: str) -> PollState | None:
        """What was seen of an artist's releases."""

    def save_poll_state(self, state: PollState) -> None:
        """Remember what was seen; nothing of an artist who is not registered."""


@dataclass(frozen=True, slots=True)
class FoundRelease:
    """A release as Spotify has it: one track, or an album's first. ``artist_ids`` are those of the track."""

    track_id: str
    title: str
    artist_ids: tuple[str, ...]
    artists: tuple[str, ...]
    album_id: str | None = None
    release_date: str | None = None
    isrc: str | None = None


class ReleaseQueue(Protocol):
    """Hands releases to workers: those of one artist one after the other. May raise ``UpstreamUnavailable``."""

    def send(self, release: Release) -> None:
        """Say that there is something to do for a release; saying it twice for one attempt is saying it once."""

    def send_renewal(self, artist_id: str, day: date) -> None:
        """Say that an artist's playlist may be renewed; saying it twice on one day is saying it once."""


class ReleaseDirectory(Protocol):
    """Finds releases on Spotify. Every method may raise what ``TrackDirectory.track`` may; none waits out a limit."""

    def find(
        self, reference: ReleaseReference, artist_id: str, artist_name: str, announced_for: str | None = None
    ) -> FoundRelease | None:
        """The release that is meant, ``None`` while it is not there.

        One that is by somebody else is found all the same where the reference names it exactly (a track or album id);
        looked for by code or title, only the artist's own count. Of several the one that came out nearest to the day
        ``announced_for`` (YYYY[-MM[-DD]]) is meant, and none that has the same title but came out long before it.
        """

    def newest(self, artist_id: str, limit: int) -> list[NewAlbum]:
        """An artist's newest albums and singles, at most ten, newest first."""


class SignatureVerifier(Protocol):
    """Tells whether a message comes from somebody who has a secret, and is neither old nor from the future."""

    def is_signed(self, body: bytes, headers: Mapping[str, str], secrets: Sequence[str]) -> bool:
        """Whether one of the secrets signed exactly these bytes; never raises for what senders send.

        Names of headers are in lower case.
        """


class DeadLetters(Protocol):
    """Messages that were put aside because nobody could work on them. May raise ``UpstreamUnavailable``."""

    def read(self) -> list[tuple[str, str]]:
        """Some of them, each with what names it to ``remove``, and its text; nothing once all were read."""

    def remove(self, letter: str) -> None:
        """Forget one."""
