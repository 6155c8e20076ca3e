"""Ports for publishing playlists."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from daltonify_core.ports.limits import CircuitStore, CounterStore

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from daltonify_core.ports.limits import Cap


@dataclass(frozen=True, slots=True)
class PlaylistText:
    """What a playlist says about itself; ``public`` decides whether the account's profile lists it."""

    title: str
    description: str
    public: bool


@dataclass(frozen=True, slots=True)
class ListedItem:
    """One row of a playlist as the service reads it back.

    ``uri`` is ``None`` for a row without a track; ``playable`` is ``None`` where the service does not say.
    """

    uri: str | None
    playable: bool | None


@dataclass(frozen=True, slots=True)
class FoundPlaylists:
    """Playlist ids, in the order of the account's list; ``is_complete`` when that list was read to its end."""

    ids: tuple[str, ...]
    is_complete: bool


class PlaylistService(Protocol):
    """The account at the music service under which playlists are published.

    Every method may raise ``UpstreamUnavailable``, ``UpstreamRateLimited``, ``UpstreamRefused``, ``ConsentNeeded`` and
    ``SecretUnavailable``; those that write also ``UpstreamUncertain``; those that take a playlist also
    ``UnknownPlaylist``. None of them waits out a limit, and a write is never repeated by itself.
    """

    @property
    def is_real(self) -> bool:
        """Whether real listeners meet what is published there; false for a simulator."""

    def create_playlist(self, text: PlaylistText) -> str:
        """Make an empty playlist; its id."""

    def change_details(self, playlist_id: str, text: PlaylistText) -> None:
        """Replace what a playlist says about itself."""

    def replace_items(self, playlist_id: str, uris: Sequence[str]) -> None:
        """Put exactly these tracks into a playlist, at most 100, in this order.

        All or nothing: ``UpstreamRefused`` with status 400 when the service does not know one of them.
        """

    def append_items(self, playlist_id: str, uris: Sequence[str]) -> None:
        """Add at most 100 tracks at the end; all or nothing, as ``replace_items``."""

    def read_items(self, playlist_id: str) -> list[ListedItem]:
        """Every row of a playlist, in order."""

    def find_playlists(self, reference: str) -> FoundPlaylists:
        """The account's playlists whose description holds ``reference``, newest entries of its list first."""


class PublicationState(StrEnum):
    """How far a publication has come."""

    STARTED = "started"
    CREATED = "created"
    FILLED = "filled"


@dataclass(frozen=True, slots=True)
class Publication:
    """Our own record of one publication, from which any attempt can go on.

    ``key`` is scoped by account and hashed; ``payload_hash`` tells another request under the same key. ``reference`` is
    the short text in the description by which a playlist is found whose creation was not answered. ``attempt`` counts
    from 1 and fences: only the latest attempt may write. ``create_sent_at`` is set while a creation is unanswered, and
    ``ask_again_at`` says from when it is worth looking for its playlist once more. ``refused`` holds the track URIs
    that the service has turned down so far, ``suspects`` those of a group in which another one is being looked for.
    ``tracks_added``, ``replaced`` (pairs of the wanted and the substitute URI), ``left_out`` and ``notes`` are what the
    fill came to, to be answered again. ``is_removed`` says that the playlist went out of the account before it
    was filled.
    """

    key: str
    payload_hash: str
    reference: str
    started_at: datetime
    expires_at: datetime
    state: PublicationState = PublicationState.STARTED
    attempt: int = 1
    lease_until: datetime | None = None
    create_sent_at: datetime | None = None
    ask_again_at: datetime | None = None
    playlist_id: str | None = None
    refused: tuple[str, ...] = ()
    suspects: tuple[str, ...] = ()
    tracks_added: int | None = None
    replaced: tuple[tuple[str, str], ...] = ()
    left_out: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    is_removed: bool = False


class PublicationStore(CircuitStore, CounterStore, Protocol):
    """Records of publications, edit tokens, counters and circuits; what has expired is as if it were not there.

    Every method may raise ``UpstreamUnavailable``, and a write may have been carried out then.
    """

    def find(self, key: str, now: datetime) -> Publication | None:
        """The publication that is stored under the key."""

    def begin(self, publication: Publication, caps: Sequence[Cap], now: datetime) -> Publication | None:
        """Store a new publication and count it against every cap, all or nothing.

        Returns the publication that is stored under the key already, or ``None`` when this one was stored. Raises
        ``CapReached`` with the message of a cap that is used up.
        """

    def claim(self, key: str, now: datetime, lease_until: datetime) -> Publication:
        """Take over a stored publication for a new attempt: the record with its attempt raised and the new lease.

        Raises ``PublicationInProgress`` while the lease of another attempt runs.
        """

    def save(self, publication: Publication) -> None:
        """Replace the record; raises ``PublicationInProgress`` when a later attempt has taken over."""

    def save_edit_token(self, playlist_id: str, token_hash: str) -> None:
        """Remember the hash of the token that may change a playlist of ours; storing it again changes nothing."""

    def edit_token_hash(self, playlist_id: str) -> str | None:
        """The hash that was stored for a playlist, ``None`` for one that is not ours."""

    def hold_playlist(self, playlist_id: str, holder: str, now: datetime, until: datetime) -> None:
        """Keep a playlist with an edit token for one holder, who may hold it anew; ``until`` = ``now`` lets it go.

        Raises ``PublicationInProgress`` while another holder has it.
        """
