"""Ports: what the domain needs from the outside, in its own words."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol, TextIO

import numpy as np
from numpy.typing import NDArray

from daltonify_core.catalogue.artists import KnownArtist
from daltonify_core.catalogue.audio_features import AudioFeatures
from daltonify_core.catalogue.plain_rows import PlainRow
from daltonify_core.catalogue.track import Track

if TYPE_CHECKING:
    # Ports are imported by whatever starts, and most of that has nothing to do with releases.
    from daltonify_core.index.manifest import FileDigest
    from daltonify_core.releases.hook import Hook
    from daltonify_core.releases.profile import ArtistProfile, LivingPlaylist, PlaylistVersion
    from daltonify_core.releases.release import Release, ReleaseReference, ReleaseState


@dataclass(frozen=True, slots=True)
class TableLayout:
    """How a table is stored, for people who wonder why it reads as it does; ``None`` where its format has no such."""

    encoding: str | None = None
    delimiter: str | None = None


class RawTable(Protocol):
    """One table of a public data set, as text, before anybody knows what its columns mean.

    ``name`` is the path that a person would recognise, inside an archive too (``dump.zip/rock.csv``).
    """

    @property
    def name(self) -> str: ...

    def header(self) -> list[str]:
        """Column names as the file spells them; raises ``InvalidDataset`` when the file is no table."""

    def layout(self) -> TableLayout:
        """What was found out about the file's form; raises ``InvalidDataset`` when the file is no table."""

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """Every row from the start, each time it is called, after the line on which it begins.

        Lines count from 1, the header's included; a format without lines gives the row's number from 1. Absent values
        are empty strings and blank lines are left out. Raises ``InvalidDataset`` when the file breaks off.
        """


class NeighbourIndex(Protocol):
    """Approximate nearest neighbours over the vectors of one index."""

    def nearest(self, query: NDArray[np.float32], count: int) -> NDArray[np.int64]:
        """Item numbers of at most ``count`` neighbours, nearest first. ``query``: shape ``(dimension,)``."""

    def effort(self, count: int) -> int:
        """How many entries ``nearest`` inspects for so many neighbours: what its time grows with."""

    def vector(self, item: int) -> NDArray[np.float32]:
        """What was stored for an item, so that a reader can tell whether the file belongs to its vectors."""

    def __len__(self) -> int: ...


class NeighbourIndexFormat(Protocol):
    """Writes and opens neighbour index files of one kind."""

    def build(self, vectors: NDArray[np.float32], path: Path, seed: int) -> None:
        """Write an index of ``vectors``, shape ``(n, dimension)``; equal input and seed give equal bytes."""

    def tune(self, path: Path, queries: NDArray[np.float32], nearest: NDArray[np.int64]) -> dict[str, int]:
        """How a file is to be searched so that almost all ``nearest`` are found, for the manifest.

        ``queries``: shape ``(m, dimension)``; ``nearest``: ``(m, k)``, the true nearest items of each, nearest first.
        """

    def open(self, path: Path, dimension: int, tuning: Mapping[str, str | int] | None = None) -> NeighbourIndex:
        """Open a file; raises ``IndexCorrupt`` when it cannot be one of that dimension.

        ``tuning``: what ``tune`` said, among whatever else.
        """

    def describe(self) -> dict[str, str | int]:
        """What the manifest must remember to open the file again: kind, metric and parameters."""


class TrackStore(Protocol):
    """Metadata of the tracks and artists of one index, by number."""

    def tracks(self, items: Sequence[int]) -> list[Track]:
        """The tracks of these items, in the same order; raises ``IndexCorrupt`` when one is missing."""

    def find(self, track_ids: Sequence[str]) -> dict[str, int]:
        """Item numbers of the ids that the index knows."""

    def search(self, text: str, limit: int, smallest_first: bool = False) -> list[int]:
        """Items whose title or artists match the words of ``text``, by popularity of the artist, highest first.

        ``smallest_first`` turns the order round, and with it which items a limit cuts off.
        """

    def artists(self, numbers: Sequence[int]) -> list[KnownArtist]:
        """The artists of these numbers, in the same order."""

    def find_artists(self, keys: Sequence[str]) -> dict[str, int]:
        """Artist numbers of the keys (see ``catalogue.artists.artist_key``) that the index knows."""

    def count(self) -> tuple[int, int]:
        """Numbers of tracks and of artists."""

    def close(self) -> None: ...


class TrackStoreFormat(Protocol):
    """Writes and opens track stores of one kind."""

    def build(self, tracks: Iterable[PlainRow], artists: Sequence[KnownArtist], path: Path) -> None:
        """Write tracks in item order and artists in number order; equal input gives equal bytes."""

    def open(self, path: Path) -> TrackStore:
        """Open read-only; raises ``IndexCorrupt`` when the file is no track store."""


class CatalogueShards(Protocol):
    """The files that make up a catalogue."""

    def names(self) -> list[str]:
        """Names of all shards, sorted."""

    def open(self, name: str) -> AbstractContextManager[TextIO]:
        """The decompressed text of one shard, opened with ``newline=""``."""


type Progress = Callable[[str, int, int], None]
"""Called now and then in long work: a phase in words, what is done, what there is to do (0 if not known)."""


def no_progress(phase: str, done: int, total: int) -> None:
    """For callers who do not watch."""


@dataclass(frozen=True, slots=True)
class CurrentIndex:
    """Which index is current. ``built_at`` is UTC in ISO form; ``previous`` holds older versions, newest first."""

    version: str
    built_at: str
    previous: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ActivationState:
    """What was current when it was read. ``tag`` changes with every activation; ``None`` means there was none."""

    current: CurrentIndex | None
    tag: str | None


class IndexStore(Protocol):
    """Where built indexes live. A version is immutable, and at most one is current."""

    def read_state(self) -> ActivationState:
        """Raises ``PointerCorrupt`` when it is unreadable; its tag may be activated over."""

    def upload(self, version: str, bundle: Path) -> None:
        """Store every file of a bundle folder under its version, complete or not at all.

        A version names one content, so one that is stored already is left alone, or replaced if it was damaged since.
        """

    def activate(self, current: CurrentIndex, expected_tag: str | None) -> None:
        """Make a stored version current; raises ``ActivationConflict`` when the state's tag is another one."""

    def fetch(
        self,
        version: str,
        scratch: Path,
        names: Collection[str] | None = None,
        digests: Mapping[str, FileDigest] | None = None,
    ) -> Path:
        """A local folder that holds the version's files, in ``scratch`` if it must be copied.

        ``names`` limits what is copied to the manifest and these files, as far as there are any. With ``digests``
        instead, the files that they name are copied and compared with them as they arrive. Raises ``IndexUnavailable``
        when there is no such version, and ``IndexCorrupt`` naming a file that differs from its digest.
        """

    def prune(self, keep: Collection[str]) -> list[str]:
        """Remove all versions but these and those that the state names; the names of those removed.

        A version that was stored only recently may stay: another build may be about to activate it.
        """


type Clock = Callable[[], datetime]
"""The time now, aware of its zone."""


class SecretStore(Protocol):
    """Secrets by name, each a set of named texts."""

    def read(self, name: str) -> Mapping[str, str]:
        """Raises ``SecretUnavailable`` when the secret is missing or unreadable."""

    def write(self, name: str, values: Mapping[str, str]) -> None:
        """Replace a secret, or make it; raises ``SecretUnavailable``."""


class LinkExpander(Protocol):
    """Finds out where a short link leads."""

    def expand(self, link: str) -> str:
        """The full track or album link behind ``link``, for which ``links.is_short_link`` holds.

        Raises ``InvalidLink`` when it leads elsewhere, ``UpstreamUnavailable`` when nobody answers in time.
        """


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


@dataclass(frozen=True, slots=True)
class Cap:
    """A counter and its limit. ``until`` is when the counter is forgotten, ``None`` for one that lasts.

    The same name with another ``until`` is another counter, so tomorrow's begins at nothing.

    ``message`` is what to tell whoever meets the limit.
    """

    counter: str
    limit: int
    until: datetime | None
    message: str


@dataclass(frozen=True, slots=True)
class Circuit:
    """An outside service that must not be asked before ``open_until``."""

    open_until: datetime
    why: str


class CircuitStore(Protocol):
    """Which outside services must not be asked for now. Every method may raise ``UpstreamUnavailable``."""

    def open_circuit(self, service: str, circuit: Circuit) -> None:
        """Remember that a service must not be asked; a circuit that stays open longer is kept."""

    def circuit(self, service: str, now: datetime) -> Circuit | None:
        """The circuit of a service while it is open."""


class CounterStore(Protocol):
    """Counts of costly actions. May raise ``UpstreamUnavailable``."""

    def count(self, caps: Sequence[Cap], now: datetime) -> None:
        """Count one more against every cap, all or nothing; raises ``CapReached``."""

    def counted(self, counter: str) -> int:
        """What was counted so far by a counter that lasts."""


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


@dataclass(frozen=True, slots=True)
class AlbumListing:
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


@dataclass(frozen=True, slots=True)
class LookUp:
    """An answer that is remembered until ``until``; ``value`` is ``None`` for "there is none"."""

    value: Mapping[str, object] | None
    until: datetime


class LookUpCache(Protocol):
    """Answers of outside services. Every method may raise ``UpstreamUnavailable``."""

    def read(self, kind: LookUpKind, track_ids: Collection[str], now: datetime) -> dict[str, LookUp]:
        """What is remembered and still good; what is not is absent."""

    def write(self, kind: LookUpKind, found: Mapping[str, LookUp]) -> None:
        """Remember answers, in place of what was there. ``value`` must be JSON's."""


class AudioJobState(StrEnum):
    """How far the analysis of an audio file has come."""

    QUEUED = "queued"
    ANALYSING = "analysing"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class AudioJob:
    """The analysis of one uploaded file.

    ``job_id`` is random and the only key to the job, so it is kept out of logs. ``features_source`` says who measured
    (``audio_file`` or ``measured``); ``problem`` is what to tell the artist when the state is ``FAILED``, and ``notes``
    what to tell beside features. ``attempt`` counts from 1 once somebody works on it and fences: only the latest
    attempt may write. ``asked`` counts how often ReccoBeats was asked to listen.
    """

    job_id: str
    created_at: datetime
    expires_at: datetime
    state: AudioJobState = AudioJobState.QUEUED
    attempt: int = 0
    asked: int = 0
    lease_until: datetime | None = None
    features: AudioFeatures | None = None
    features_source: str | None = None
    problem: str | None = None
    notes: tuple[str, ...] = ()


class AudioJobStore(Protocol):
    """Jobs by id; what has expired is as if it were not there. Every method may raise ``UpstreamUnavailable``."""

    def begin(
        self, job: AudioJob, caps: Sequence[Cap], now: datetime, instead_of: AudioJob | None = None
    ) -> AudioJob | None:
        """Store a new job and count it against every cap, all or nothing; raises ``CapReached``.

        ``instead_of`` is a job of this id that was found before and is to be forgotten. Returns the job that is stored
        under the id already and is another one, or ``None`` when the new one was stored.
        """

    def find(self, job_id: str, now: datetime) -> AudioJob | None:
        """The job of this id."""

    def claim(self, job_id: str, now: datetime, lease_until: datetime) -> AudioJob | None:
        """Take a job that is not finished for a new attempt: the job with its attempt raised and its state
        ``ANALYSING``; ``None`` when there is none, it is finished, or another attempt's lease runs.
        """

    def save(self, job: AudioJob) -> bool:
        """Replace the record; false when a later attempt, or a later job of this id, has taken over, and nothing is
        written then.
        """


class AudioClips(Protocol):
    """Uploaded audio, kept only as long as its job needs it. Every method may raise ``UpstreamUnavailable``."""

    def store(self, job_id: str, wav: bytes) -> None:
        """Keep the clip of a job."""

    def read(self, job_id: str) -> bytes | None:
        """The clip, ``None`` when it is not there (any more)."""

    def remove(self, job_id: str) -> None:
        """Forget the clip; no error when it is gone already."""

    def forgotten(self, before: datetime) -> list[str]:
        """The jobs whose clips were last stored before this moment and are still there."""


class JobQueue(Protocol):
    """Hands work to a worker, at least once. May raise ``UpstreamUnavailable``."""

    def send(self, message: Mapping[str, str]) -> None:
        """Put one message into the queue."""


class TrackFinder(Protocol):
    """Finds tracks to know more of, by their Spotify ids.

    Every method may raise ``UpstreamUnavailable``, ``UpstreamRateLimited``, ``UpstreamRefused``, ``ConsentNeeded`` and
    ``SecretUnavailable``; none of them waits out a limit.
    """

    def playlist_track_ids(self, playlist_id: str) -> list[str]:
        """Ids of the tracks of a playlist that the operator may read, once each, in its order; episodes, local files
        and rows without a track are left out. Raises ``UnknownPlaylist``.
        """

    def search_track_ids(self, genre: str, limit: int) -> list[str]:
        """Ids of at most ``limit`` tracks that a search for the genre finds, once each, best first."""


@dataclass(frozen=True, slots=True)
class CollectionFile:
    """A file as it was read. Another content has another ``tag``."""

    content: bytes
    tag: str


class CollectionFiles(Protocol):
    """A folder of small files, each replaced whole, and only by somebody who saw what it replaces.

    Every method may raise ``UpstreamUnavailable`` and ``UpstreamRefused``.
    """

    def names(self) -> list[str]:
        """Names of all files that lie in the folder itself, sorted."""

    def read(self, name: str) -> CollectionFile | None:
        """The file as it is now, ``None`` when there is none."""

    def write(self, name: str, content: bytes, expected_tag: str | None) -> None:
        """Replace the file that has this tag; ``None`` makes one where there is none. All or nothing.

        Raises ``CollectionConflict`` when the file is another one by now, and nothing is written then. Writing what is
        there already is no conflict.
        """


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
