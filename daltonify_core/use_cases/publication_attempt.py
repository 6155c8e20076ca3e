"""One attempt at a publication: create or find the playlist, fill it, and leave a record for whoever comes after.

A crash between any two steps leaves a record from which the next attempt knows what may have happened. A creation
without an answer is looked for by its reference before another one is sent.
"""

import hashlib
import math
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from daltonify_core.errors import (
    ConsentNeeded,
    DaltonifyError,
    InvalidPlaylist,
    PublicationUnknown,
    PublishingUnavailable,
    PublishingUnfinished,
    UnknownPlaylist,
    UpstreamError,
    UpstreamRateLimited,
    UpstreamRefused,
    UpstreamUncertain,
)
from daltonify_core.playlist.publishing import PublishRequest, PublishSettings, with_reference
from daltonify_core.ports.limits import Circuit
from daltonify_core.ports.publishing import (
    PlaylistService,
    PlaylistText,
    Publication,
    PublicationState,
    PublicationStore,
)
from daltonify_core.ports.surroundings import Clock
from daltonify_core.use_cases.fill_playlist import Filled, PlaylistFiller, TimeLimit

COPYING_WORKS: Final = "Copying the list still works."
_SECONDS_TO_ASK_AN_OPERATOR: Final = 600


class PublicationAttempt:
    """One attempt at a publication that holds its lease."""

    def __init__(
        self,
        publications: PublicationStore,
        service: PlaylistService,
        clock: Clock,
        settings: PublishSettings,
        edit_token: Callable[[str, str], str],
        request: PublishRequest,
        record: Publication,
        deadline: datetime,
    ) -> None:
        self._publications = publications
        self._service = service
        self._clock = clock
        self._settings = settings
        self._edit_token = edit_token
        self._request = request
        self._record = record
        self._lease_until = record.lease_until or deadline
        self._time = TimeLimit(clock, deadline, settings.call_seconds)

    def run(self) -> Publication:
        """The filled record. Any error that it knows about gives the lease back, so that a retry may follow at once."""
        try:
            playlist_id = self._record.playlist_id or self._find_or_create()
            if self._request.playlist_id:
                # Of two changes at once, one would leave its title and the other its tracks.
                self._hold(self._lease_until)
                self._time.call(self._service.change_details, playlist_id, self._text())
            else:
                # Before the playlist is filled: every playlist that we answer with can be changed.
                token = self._edit_token(playlist_id, self._record.reference)
                self._publications.save_edit_token(playlist_id, hash_of(token))
            self._fill(playlist_id)
        except DaltonifyError as caught:
            error = self._without_playlist() if isinstance(caught, UnknownPlaylist) else caught
            if isinstance(error, UpstreamRateLimited):
                self._open_circuit(error)
            if isinstance(error, PublicationUnknown):
                self._ask_again_in(error.retry_after_seconds)
            self._release()
            in_doubt = self._record.create_sent_at is not None
            if isinstance(error, UpstreamError):
                known = as_unavailable(error, self._settings.unavailable_seconds)
                raise (in_doubt_besides(known) if in_doubt else known) from error
            if in_doubt and type(error) is PublishingUnfinished:
                raise still_unknown(error.retry_after_seconds) from error
            if error is caught:
                raise
            raise error from caught
        return self._record

    def _find_or_create(self) -> str:
        if self._record.create_sent_at:
            found = self._find_unanswered(self._record.create_sent_at)
            if found:
                return found
        return self._create()

    def _create(self) -> str:
        sent_at = self._clock()
        try:
            # Saved first: whoever comes after a crash has to know that a playlist may exist.
            self._save(create_sent_at=sent_at)
            playlist_id = self._time.call(self._service.create_playlist, self._text())
        except UpstreamUncertain as error:
            found = self._find_unanswered(sent_at)
            if found is None:
                raise still_unknown(self._settings.poll_seconds) from error
            return found
        except DaltonifyError:
            self._record = replace(self._record, create_sent_at=None)
            raise
        self._save(state=PublicationState.CREATED, playlist_id=playlist_id, create_sent_at=None)
        return playlist_id

    def _find_unanswered(self, sent_at: datetime) -> str | None:
        """Adopt the playlist whose creation was not answered; ``None`` when it is certain that there is none.

        Raises ``PublicationUnknown`` when it is not.
        """
        settled_in = sent_at + timedelta(seconds=self._settings.settle_seconds) - self._clock()
        found = self._time.call(self._service.find_playlists, self._record.reference)
        if found.ids:
            # The oldest: it stays the same one if more of them turn up later.
            notes = () if len(found.ids) == 1 else (_note_on_twins(found.ids[:-1]),)
            self._save(state=PublicationState.CREATED, playlist_id=found.ids[-1], create_sent_at=None, notes=notes)
            return found.ids[-1]
        if not found.is_complete:
            raise still_unknown(self._settings.incomplete_list_seconds)
        if settled_in > timedelta(0):
            raise still_unknown(min(self._settings.poll_seconds, math.ceil(settled_in.total_seconds())))
        return None

    def _fill(self, playlist_id: str) -> None:
        filler = PlaylistFiller(
            self._service,
            self._time,
            playlist_id,
            self._request.uris,
            self._request.reserves,
            self._record.refused,
            self._record.suspects,
            self._settings.fill_attempts,
        )
        try:
            filled = filler.fill()
        except DaltonifyError:
            # Kept with the release: otherwise a list with many dead tracks would begin anew with every attempt.
            self._record = replace(self._record, refused=tuple(filler.refused), suspects=filler.suspects)
            raise
        # Before the record is final: nobody comes back for a playlist that a crash after that would leave held.
        self._let_go()
        self._save(
            state=PublicationState.FILLED,
            lease_until=None,
            refused=tuple(filler.refused),
            suspects=(),
            tracks_added=filled.tracks,
            replaced=filled.lineup.replaced,
            left_out=filled.lineup.left_out,
            notes=(*self._record.notes, *_notes_on(filled)),
        )

    def _text(self) -> PlaylistText:
        description = with_reference(self._request.description, self._record.reference)
        return PlaylistText(self._request.title, description, self._request.public)

    def _save(self, **changes: Any) -> None:
        # Remembered even if saving fails, so that the release saves it once more.
        self._record = replace(self._record, **changes)
        self._publications.save(self._record)

    def _hold(self, until: datetime) -> None:
        """Keep the playlist that is to be changed for this attempt alone."""
        holder = f"{self._record.key}#{self._record.attempt}"
        self._publications.hold_playlist(self._record.playlist_id or "", holder, self._clock(), until)

    def _let_go(self) -> None:
        if self._request.playlist_id:
            with suppress(DaltonifyError):
                self._hold(self._clock())

    def _release(self) -> None:
        """Give playlist and lease back; where that fails, both end by themselves."""
        self._let_go()
        with suppress(DaltonifyError):
            self._save(lease_until=None)

    def _ask_again_in(self, seconds: float) -> None:
        self._record = replace(self._record, ask_again_at=self._clock() + timedelta(seconds=seconds))

    def _open_circuit(self, error: UpstreamRateLimited) -> None:
        open_until = self._clock() + timedelta(seconds=error.retry_after_seconds)
        # What to tell the listener is not to be lost because the store fails as well.
        with suppress(DaltonifyError):
            self._publications.open_circuit(self._settings.account, Circuit(open_until, _why_limited(error)))

    def _without_playlist(self) -> DaltonifyError:
        """What it means that Spotify does not find the playlist; what the account's list says of it is recorded."""
        if self._request.playlist_id:
            return InvalidPlaylist(
                "Spotify no longer has this playlist in our account. Publish the list as a new one.", "playlist_id"
            )
        soon = self._settings.unavailable_seconds
        if self._clock() < self._record.started_at + timedelta(seconds=self._settings.settle_seconds):
            return not_found_yet(soon)
        try:
            # One answer of 404 may be Spotify's mistake, and believing it would make a second playlist.
            found = self._time.call(self._service.find_playlists, self._record.reference)
        except DaltonifyError as error:
            return error
        if self._record.playlist_id in found.ids or not (found.ids or found.is_complete):
            self._ask_again_in(self._settings.incomplete_list_seconds)
            return not_found_yet(self._settings.incomplete_list_seconds)
        if found.ids:
            # A twin, from an answer that was lost.
            self._record = replace(self._record, playlist_id=found.ids[-1])
            return not_found_yet(soon)
        self._record = replace(self._record, is_removed=True)
        return removed_from_account(self._record)


def not_found_yet(retry_after_seconds: int) -> PublishingUnfinished:
    """What to tell while Spotify does not find a playlist that it made and that nobody seems to have removed."""
    return PublishingUnfinished(
        "Spotify made the playlist but does not find it now. Send the same request again later; it goes on from here.",
        retry_after_seconds,
    )


def removed_from_account(record: Publication) -> PublishingUnavailable:
    """What to tell once a new playlist has gone out of the account before it was filled."""
    return PublishingUnavailable(
        "The playlist was removed from our account while it was filled. Publish the list anew, with a new key.",
        removed=record.playlist_id,
    )


def still_unknown(retry_after_seconds: int) -> PublicationUnknown:
    """What to tell whoever asks while a creation is unanswered."""
    return PublicationUnknown(
        "Spotify did not answer whether it made the playlist, and it is not to be found yet. Send the same request "
        "again later; it looks for the playlist and goes on from there. A new one would be a second playlist.",
        retry_after_seconds,
    )


def as_unavailable(error: UpstreamError, retry_after_seconds: int) -> PublishingUnavailable | PublishingUnfinished:
    """What a fault of Spotify or of our own records means for whoever publishes."""
    match error:
        case UpstreamUncertain():
            return PublishingUnfinished(
                "Spotify's answer was lost on the way. Send the same request again; it goes on from here.",
                retry_after_seconds,
            )
        case UpstreamRateLimited():
            return PublishingUnavailable(f"{_why_limited(error)} {COPYING_WORKS}", error.retry_after_seconds)
        case ConsentNeeded():
            return PublishingUnavailable(
                f"Spotify no longer accepts this service's consent, which its operator has to renew. {COPYING_WORKS}"
            )
        case UpstreamRefused():
            return PublishingUnavailable(f"Spotify refused to publish this playlist. {COPYING_WORKS}")
        case _:
            return PublishingUnavailable(
                f"Publishing does not work just now. Try again in a moment. {COPYING_WORKS}", retry_after_seconds
            )


def in_doubt_besides(error: PublishingUnavailable | PublishingUnfinished) -> PublicationUnknown:
    """An error that came while it was not known whether the playlist exists, which matters more than the error."""
    return PublicationUnknown(
        f"{error.message} Whether the playlist was made is not known yet; the same request, sent again, finds out.",
        error.retry_after_seconds or _SECONDS_TO_ASK_AN_OPERATOR,
    )


def _why_limited(error: UpstreamRateLimited) -> str:
    if error.quota:
        return "The service has used up what Spotify lets it do for now."
    return "Spotify asks the service to slow down."


def _notes_on(filled: Filled) -> tuple[str, ...]:
    notes = []
    if not filled.tracks:
        notes.append(
            "Spotify knows none of these tracks, so none was put into the playlist."
            if filled.untouched
            else "Spotify plays none of these tracks, so the playlist is empty."
        )
    if filled.relinked:
        tracks = "1 track" if filled.relinked == 1 else f"{filled.relinked} tracks"
        notes.append(f"Spotify shows {tracks} in another release than the one that was sent.")
    return tuple(notes)


def _note_on_twins(playlist_ids: Collection[str]) -> str:
    return (
        "Spotify made this playlist more than once, because its answers were lost; only this one is filled. The "
        f"operator may remove the empty ones: {', '.join(playlist_ids)}."
    )


def hash_of(text: str) -> str:
    """SHA-256 in hexadecimal digits, of any text, half characters included."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
