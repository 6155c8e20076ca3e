"""Publish a playlist under the service's account, so that any attempt can go on where the one before it stopped.

One publication is one record: ``started`` before anything is sent, ``created`` once the playlist's id is known,
``filled`` when it holds its tracks. What happens in between is an attempt; any number of them may follow each other.
"""

import hashlib
import hmac
import math
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Final

from daltonify_core.catalogue.track import SYNTHETIC_SOURCE
from daltonify_core.errors import (
    DemoCatalogue,
    KeyReused,
    NotAuthorised,
    PublicationInProgress,
    PublishingUnavailable,
    UpstreamError,
)
from daltonify_core.playlist.publishing import (
    PublishedPlaylist,
    PublishRequest,
    UnreleasedTrack,
    check_sources,
    places_to_add,
    track_id_of,
)
from daltonify_core.playlist.publishing import PublishSettings as PublishSettings
from daltonify_core.ports.limits import Cap
from daltonify_core.ports.publishing import PlaylistService, Publication, PublicationState, PublicationStore
from daltonify_core.ports.surroundings import Clock
from daltonify_core.use_cases.publication_attempt import (
    COPYING_WORKS,
    PublicationAttempt,
    as_unavailable,
    hash_of,
    in_doubt_besides,
    not_found_yet,
    removed_from_account,
    still_unknown,
)

_REFERENCE_DIGITS: Final = 10


class PublishPlaylist:
    """Creates playlists and changes those that it created.

    ``sources_of`` maps the ids of the tracks that the current or the previous index holds to the source of their rows.
    ``edit_token_key`` is the secret from which edit tokens are made: changing it leaves handed out tokens valid, but an
    answer that is given again then carries a token that is not.
    """

    def __init__(
        self,
        publications: PublicationStore,
        service: PlaylistService,
        sources_of: Callable[[Collection[str]], Mapping[str, str]],
        edit_token_key: bytes,
        clock: Clock,
        settings: PublishSettings | None = None,
    ) -> None:
        self._publications = publications
        self._service = service
        self._sources_of = sources_of
        self._edit_token_key = edit_token_key
        self._clock = clock
        self._settings = settings or PublishSettings()

    def publish(self, request: PublishRequest, key: str, client: str, deadline: datetime) -> PublishedPlaylist:
        """Publish once per ``key``: the same request with the same key goes on, or gives the same answer again.

        ``client`` is who asks, and is stored only as a keyed hash. No call is started that might last beyond
        ``deadline``. Raises ``InvalidPlaylist``, ``KeyReused``, ``NotAuthorised``, ``CapReached``, ``DemoCatalogue``,
        ``PublishingUnfinished`` (``PublicationInProgress`` and ``PublicationUnknown`` among them) and
        ``PublishingUnavailable``, of which the latter two mean that the same request may be sent again.
        """
        try:
            reference = self._check_edit_token(request)
            record = self._record(request, key, client, reference, deadline)
            if record.state is not PublicationState.FILLED:
                record = PublicationAttempt(
                    self._publications,
                    self._service,
                    self._clock,
                    self._settings,
                    self.edit_token,
                    request,
                    record,
                    deadline,
                ).run()
        except UpstreamError as error:
            raise as_unavailable(error, self._settings.unavailable_seconds) from error
        return self._answer(request, record)

    def _check_edit_token(self, request: PublishRequest) -> str | None:
        """The reference of the playlist that the token opens; ``None`` for a request that creates one."""
        if request.playlist_id is None or request.edit_token is None:
            return None
        stored = self._publications.edit_token_hash(request.playlist_id)
        if not hmac.compare_digest(stored or "", hash_of(request.edit_token)):
            raise NotAuthorised(
                "This edit token does not open this playlist. Send the playlist_id and edit_token of one answer."
            )
        return _as_reference(request.edit_token[:_REFERENCE_DIGITS])

    def _record(
        self, request: PublishRequest, key: str, client: str, reference: str | None, deadline: datetime
    ) -> Publication:
        """The record of this publication, leased to this attempt unless it is filled."""
        now = self._clock()
        lease_until = deadline + timedelta(seconds=self._settings.lease_margin_seconds)
        stored = self._publications.find(self._scoped(key), now)
        if stored is None:
            self._check_tracks(request)
            self._check_circuit(now)
            fresh = Publication(
                key=self._scoped(key),
                payload_hash=request.payload_hash(),
                reference=reference or _reference_of(self._scoped(key), now),
                started_at=now,
                expires_at=now + timedelta(days=self._settings.record_days),
                state=PublicationState.CREATED if request.playlist_id else PublicationState.STARTED,
                lease_until=lease_until,
                playlist_id=request.playlist_id,
            )
            stored = self._publications.begin(fresh, self._caps(request, client, now), now)
            if stored is None:
                return fresh
        if stored.payload_hash != request.payload_hash():
            raise KeyReused(
                "This Idempotency-Key was used for another playlist. Send a new key with every new playlist.",
                "Idempotency-Key",
            )
        if stored.state is PublicationState.FILLED:
            return stored
        if stored.is_removed:
            raise removed_from_account(stored)
        if stored.ask_again_at is not None and now < stored.ask_again_at:
            # Each look reads the account's whole list, against a quota that all publications share.
            seconds = math.ceil((stored.ask_again_at - now).total_seconds())
            raise still_unknown(seconds) if stored.playlist_id is None else not_found_yet(seconds)
        try:
            self._check_circuit(now)
        except PublishingUnavailable as error:
            if stored.create_sent_at is None:
                raise
            raise in_doubt_besides(error) from error
        try:
            return self._publications.claim(stored.key, now, lease_until)
        except PublicationInProgress as error:
            soon = min(error.retry_after_seconds, self._settings.in_progress_seconds)
            raise PublicationInProgress(error.message, soon) from error

    def _check_tracks(self, request: PublishRequest) -> None:
        sources = self._sources_of({track_id_of(uri) for uri in (*request.uris, *request.reserves)})
        check_sources(request, sources)
        # Of the index before the current one, only the sources of all of its rows together are known.
        named = {name for source in sources.values() for name in source.split(", ")}
        if self._service.is_real and SYNTHETIC_SOURCE in named:
            raise DemoCatalogue(
                "The list holds invented tracks of the demo catalogue, which Spotify does not have. Build the index "
                "from a real catalogue to publish."
            )

    def _check_circuit(self, now: datetime) -> None:
        circuit = self._publications.circuit(self._settings.account, now)
        if circuit:
            seconds = math.ceil((circuit.open_until - now).total_seconds())
            raise PublishingUnavailable(f"{circuit.why} {COPYING_WORKS}", seconds)

    def _caps(self, request: PublishRequest, client: str, now: datetime) -> list[Cap]:
        today = now.astimezone(UTC).date()
        midnight = datetime.combine(today + timedelta(days=1), time(), UTC)
        who = self._keyed("client", client)
        again = f"Try again tomorrow (UTC). {COPYING_WORKS}"
        limits = self._settings
        if request.playlist_id:
            day = f"updates#{limits.account}#{today}"
            return [
                Cap(day, limits.daily_updates, midnight, f"All changes of playlists for today are used up. {again}"),
                Cap(
                    f"{day}#{who}",
                    limits.daily_updates_per_client,
                    midnight,
                    f"You have changed playlists {limits.daily_updates_per_client} times today. {again}",
                ),
            ]
        day = f"creations#{limits.account}#{today}"
        return [
            Cap(day, limits.daily_creations, midnight, f"All new playlists for today are used up. {again}"),
            Cap(
                f"{day}#{who}",
                limits.daily_creations_per_client,
                midnight,
                f"You have published {limits.daily_creations_per_client} playlists today. {again}",
            ),
            Cap(
                f"playlists#{limits.account}",
                limits.playlists,
                None,
                f"The service account holds as many playlists as it may. {COPYING_WORKS}",
            ),
        ]

    def _answer(self, request: PublishRequest, record: Publication) -> PublishedPlaylist:
        playlist_id = record.playlist_id or ""
        to_add = places_to_add(request, record.left_out)
        return PublishedPlaylist(
            playlist_id=playlist_id,
            tracks_added=record.tracks_added or 0,
            edit_token=request.edit_token or self.edit_token(playlist_id, record.reference),
            replaced=record.replaced,
            left_out=record.left_out,
            to_add=to_add,
            notes=(*record.notes, *(_on_unreleased(track) for track in to_add)),
            created=request.playlist_id is None,
        )

    def edit_token(self, playlist_id: str, reference: str) -> str:
        """The token that opens a playlist of ours, whose description holds ``reference``.

        Made anew whenever it is needed, so that nobody has to keep it; it carries the reference in the open.
        """
        digits = reference[-_REFERENCE_DIGITS:]
        return f"{digits}.{self._keyed('edit token', playlist_id, digits)}"

    def _scoped(self, key: str) -> str:
        return hash_of(f"{self._settings.account}\n{key}")

    def _keyed(self, purpose: str, *parts: str) -> str:
        message = "\n".join((purpose, *parts)).encode("utf-8", "surrogatepass")
        return hmac.new(self._edit_token_key, message, hashlib.sha256).hexdigest()


def _on_unreleased(track: UnreleasedTrack) -> str:
    return (
        f"“{track.title}” is not on Spotify yet, so it was left out. On release day, send the list again with its link "
        f"at place {track.position}, and with the playlist_id and edit_token of this answer."
    )


def _reference_of(scoped_key: str, started_at: datetime) -> str:
    # With the day: once its record is forgotten a key may come again, and must not find the playlist of then.
    day = started_at.astimezone(UTC).date()
    return _as_reference(hash_of(f"{scoped_key}\n{day}")[:_REFERENCE_DIGITS])


def _as_reference(digits: str) -> str:
    return f"ref {digits}"
