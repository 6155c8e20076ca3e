"""Look up outside what neither a request nor the catalogue says of its seeds, as seldom as possible.

Features come from one feature service; title and artists from directories of tracks, and from the feature service where
those do not name them. Nothing here fails a request: what cannot be looked up stays missing, and the findings say
why.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from daltonify_core.catalogue.audio_features import CONTINUOUS_FEATURES, AudioFeatures
from daltonify_core.catalogue.links import is_spotify_id
from daltonify_core.catalogue.track import MAX_DURATION_MS, MAX_NAME_LENGTH, is_release_date
from daltonify_core.errors import AlbumUnavailable, CapReached, DaltonifyError, InvalidLink, LookUpOutcome
from daltonify_core.index.bundle import LoadedIndex
from daltonify_core.playlist.findings import NO_FINDINGS, SeedFindings
from daltonify_core.playlist.request import Seed, is_address
from daltonify_core.ports.limits import CircuitStore
from daltonify_core.ports.look_ups import (
    FEATURE_BATCH,
    AlbumDirectory,
    AlbumListing,
    FeatureService,
    IdentitySource,
    LookUpCache,
    LookUpKind,
    TrackDirectory,
    TrackIdentity,
)
from daltonify_core.ports.surroundings import Clock
from daltonify_core.use_cases.lacking_facts import ARTISTS, FEATURES, TITLE, facts_to_look_up
from daltonify_core.use_cases.look_ups import LookUps, LookUpSettings, Round, Source, Watch

_KINDS: Final[Mapping[IdentitySource, LookUpKind]] = {
    IdentitySource.RECCOBEATS: LookUpKind.RECCOBEATS_TRACK,
    IdentitySource.SPOTIFY: LookUpKind.SPOTIFY_TRACK,
    IdentitySource.OEMBED: LookUpKind.OEMBED_TRACK,
}
_TRACKS: Final = "tracks"
_TRACK_LINKS: Final = "Give the links of its tracks instead."
_NO_ALBUMS: Final = f"This installation cannot ask Spotify which tracks an album holds. {_TRACK_LINKS}"
# oEmbed names no artist, so it is not asked when only that is missing.
_TOLD: Final[Mapping[IdentitySource, frozenset[str]]] = {
    IdentitySource.RECCOBEATS: frozenset({TITLE, ARTISTS}),
    IdentitySource.SPOTIFY: frozenset({TITLE, ARTISTS}),
    IdentitySource.OEMBED: frozenset({TITLE}),
}


class SeedCompleter:
    """Completes the seeds of requests, one request at a time.

    ``directories`` are asked in their order, each only for what is still missing. ``cache``, ``circuits`` and ``watch``
    are those of ``LookUps``. ``albums`` is how Spotify is asked for the tracks of an album.
    """

    def __init__(
        self,
        features: FeatureService,
        directories: Mapping[IdentitySource, TrackDirectory],
        cache: LookUpCache | None,
        circuits: CircuitStore | None,
        clock: Clock,
        settings: LookUpSettings | None = None,
        watch: Watch = lambda service, seconds, error: None,
        albums: AlbumDirectory | None = None,
    ) -> None:
        self._features = features
        self._albums = albums
        self._directories = directories
        self._settings = settings or LookUpSettings()
        self._look_ups = LookUps(cache, circuits, clock, self._settings, watch)

    def complete(
        self, seeds: Sequence[Seed], index: LoadedIndex, deadline: datetime, count: Callable[[], None]
    ) -> SeedFindings:
        """What outside services say of the seeds that need it.

        Nothing is begun that could last beyond ``deadline``. ``count`` is called once for each track before anybody is
        asked for it, and may raise ``CapReached``, which ends the asking; ``UpstreamError`` there is passed over.
        """
        lacking = facts_to_look_up(seeds, index)
        if not lacking:
            return NO_FINDINGS
        turn = self._look_ups.begin(deadline, count)
        without_features = [track_id for track_id, facts in lacking.items() if FEATURES in facts]
        features = self._look_ups.answers(turn, self._features_source(), without_features)
        unknown = turn.unknown_to(IdentitySource.RECCOBEATS, without_features)
        identities = self._identities(turn, lacking, unknown)
        tried = {track_id: tuple(attempts) for track_id, attempts in turn.tried.items()}
        return SeedFindings(features, identities, tried, turn.notes)

    def album(self, album_id: str, deadline: datetime, count: Callable[[], None]) -> AlbumListing:
        """The tracks of an album, asked for as seldom and as briefly as what seeds lack; see ``complete``.

        Raises ``InvalidLink`` for an album that Spotify does not know or that holds no track, ``AlbumUnavailable`` when
        it cannot be asked, and ``CapReached``.
        """
        if self._albums is None:
            raise AlbumUnavailable(_NO_ALBUMS, None)
        albums, asked = self._albums, dict[str, AlbumListing]()

        def ask(album_ids: Sequence[str]) -> dict[str, AlbumListing]:
            found = ((one, albums.album(one)) for one in album_ids)
            asked.update({one: _usable_album(listing) for one, listing in found if listing is not None})
            return asked

        source = Source(
            IdentitySource.SPOTIFY, LookUpKind.SPOTIFY_ALBUM, (_TRACKS,), 1, ask, _pack_album,
            lambda _, stored: _unpack_album(stored), self._settings.identity_lasts,
        )  # fmt: skip
        turn = self._look_ups.begin(deadline, count)
        found = self._look_ups.answers(turn, source, [album_id]).get(album_id)
        if found is None or not found.tracks:
            raise self._why_no_album(turn, album_id, found)
        directory = self._directories.get(IdentitySource.SPOTIFY)
        if asked and directory is not None:
            # A listing says of each track what asking for the track would say.
            known = {track.track_id: track for track in found.tracks}
            self._look_ups.note(turn, self._directory_source(IdentitySource.SPOTIFY, directory), known)
        return found

    def _why_no_album(self, turn: Round, album_id: str, found: AlbumListing | None) -> DaltonifyError:
        if found is not None:
            return InvalidLink(f"Spotify lists no track for the album “{found.title}”. {_TRACK_LINKS}")
        tried = turn.tried[album_id][-1]
        if tried.outcome is LookUpOutcome.NOT_KNOWN:
            return InvalidLink("Spotify knows no album under this link. Copy it anew, or give the links of its tracks.")
        seconds = self._look_ups.seconds_until(tried.retry_at)
        if turn.used_up is not None:
            return CapReached(f"{tried.detail} {_TRACK_LINKS}", seconds)
        if not tried.detail:
            return AlbumUnavailable(_NO_ALBUMS, None)
        return AlbumUnavailable(
            f"{tried.detail} Only Spotify knows which tracks an album holds. {_TRACK_LINKS}", seconds
        )

    def _identities(
        self, turn: Round, lacking: Mapping[str, frozenset[str]], unknown_to_features: Collection[str]
    ) -> dict[str, tuple[TrackIdentity, ...]]:
        found: dict[str, tuple[TrackIdentity, ...]] = {}
        settled: set[str] = set()

        def still_lacking(told: frozenset[str], but: Collection[str]) -> Iterator[str]:
            for track_id, facts in lacking.items():
                known = {TITLE for one in found.get(track_id, ()) if one.title}
                known |= {ARTISTS for one in found.get(track_id, ()) if one.artists}
                if track_id not in but and (facts - known) & told:
                    yield track_id

        def add(source: Source[TrackIdentity], track_ids: Sequence[str]) -> None:
            for track_id, identity in self._look_ups.answers(turn, source, track_ids).items():
                found[track_id] = (*found.get(track_id, ()), identity)

        for service, directory in self._directories.items():
            asked = list(still_lacking(_TOLD[service], settled))
            add(self._directory_source(service, directory), asked)
            # What one directory of a music service has never heard of, its others have not either.
            settled |= turn.unknown_to(service, asked)
        # It may know what a track is called and not how it sounds, though hardly one that Spotify itself does not know.
        nowhere = settled.intersection(unknown_to_features)
        add(self._rows_source(), list(still_lacking(_TOLD[IdentitySource.RECCOBEATS], nowhere)))
        return found

    def _features_source(self) -> Source[AudioFeatures]:
        def ask(track_ids: Sequence[str]) -> dict[str, AudioFeatures]:
            found = self._features.features(track_ids)
            # A key alone is no sound, and may well be more another day.
            return {track_id: one for track_id, one in found.items() if len(one.missing()) < len(CONTINUOUS_FEATURES)}

        return Source(
            IdentitySource.RECCOBEATS, LookUpKind.FEATURES, (FEATURES,), FEATURE_BATCH, ask,
            lambda found: dict(found.present()), lambda _, stored: AudioFeatures.from_mapping(stored),
            self._settings.features_last,
        )  # fmt: skip

    def _rows_source(self) -> Source[TrackIdentity]:
        def ask(track_ids: Sequence[str]) -> dict[str, TrackIdentity]:
            # Its popularity is its own copy of the track's, from some day.
            return {
                track_id: replace(usable, popularity=None)
                for track_id, one in self._features.identities(track_ids).items()
                if (usable := usable_identity(one))
            }

        return self._identity_source(IdentitySource.RECCOBEATS, FEATURE_BATCH, ask)

    def _directory_source(self, service: IdentitySource, directory: TrackDirectory) -> Source[TrackIdentity]:
        def ask(track_ids: Sequence[str]) -> dict[str, TrackIdentity]:
            found = ((track_id, directory.track(track_id)) for track_id in track_ids)
            return {track_id: usable for track_id, one in found if one and (usable := usable_identity(one))}

        return self._identity_source(service, 1, ask)

    def _identity_source(
        self, service: IdentitySource, batch: int, ask: Callable[[Sequence[str]], Mapping[str, TrackIdentity]]
    ) -> Source[TrackIdentity]:
        wanted = tuple(fact for fact in (TITLE, ARTISTS) if fact in _TOLD[service])
        return Source(
            service, _KINDS[service], wanted, batch, ask, _pack_identity,
            lambda track_id, stored: _unpack_identity(track_id, stored, service), self._settings.identity_lasts,
        )  # fmt: skip


def _usable_album(album: AlbumListing) -> AlbumListing:
    usable = tuple(found for one in album.tracks if (found := usable_identity(one)))
    return album._replace(title=album.title if _is_name(album.title) else "", tracks=usable)


def _pack_album(album: AlbumListing) -> dict[str, object]:
    tracks = [{"track_id": track.track_id, **_pack_identity(track)} for track in album.tracks]
    return {"title": album.title, "total": album.total, "tracks": tracks}


def _unpack_album(stored: Mapping[str, Any]) -> AlbumListing:
    rows = [dict(row) for row in stored["tracks"]]
    tracks = tuple(_unpack_identity(row.pop("track_id"), row, IdentitySource.SPOTIFY) for row in rows)
    return AlbumListing(stored["title"], tracks, stored["total"])


def usable_identity(identity: TrackIdentity) -> TrackIdentity | None:
    """An identity without what no seed could hold; ``None`` when it tells neither title nor artists."""
    artists = tuple(name for name in identity.artists if _is_name(name))
    is_whole = len(artists) == len(identity.artists) == len(identity.artist_ids)
    title = identity.title if _is_name(identity.title) else ""
    if not (title or artists):
        return None
    date, length, popularity = identity.release_date, identity.duration_ms, identity.popularity
    return replace(
        identity,
        title=title,
        artists=artists,
        artist_ids=identity.artist_ids if is_whole and all(map(is_spotify_id, identity.artist_ids)) else (),
        album=identity.album if identity.album and _is_name(identity.album) else None,
        artwork_url=identity.artwork_url if identity.artwork_url and is_address(identity.artwork_url) else None,
        release_date=date if date and is_release_date(date) else None,
        duration_ms=length if length is not None and 0 < length <= MAX_DURATION_MS else None,
        popularity=popularity if popularity is not None and 0 <= popularity <= 100 else None,
    )


def _is_name(text: str) -> bool:
    is_whole = not any("\ud800" <= character <= "\udfff" for character in text)
    return bool(text.strip()) and len(text) <= MAX_NAME_LENGTH and is_whole


def _pack_identity(identity: TrackIdentity) -> dict[str, object]:
    return {
        "title": identity.title,
        "artists": list(identity.artists),
        "artist_ids": list(identity.artist_ids),
        "album": identity.album,
        "artwork_url": identity.artwork_url,
        "release_date": identity.release_date,
        "duration_ms": identity.duration_ms,
        "explicit": identity.explicit,
        "popularity": identity.popularity,
    }


def _unpack_identity(track_id: str, stored: Mapping[str, Any], source: IdentitySource) -> TrackIdentity:
    lists = {"artists": tuple(stored["artists"]), "artist_ids": tuple(stored["artist_ids"])}
    usable = usable_identity(TrackIdentity(track_id=track_id, source=source, **{**stored, **lists}))
    if usable is None:
        raise ValueError(track_id)
    return usable
