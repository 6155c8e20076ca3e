"""From the news of a release to the playlist that holds it: what a worker does with one message.

Messages come at least once, late, and in any order; workers die. So every step may be repeated, the release's record
says how far it came, and what is published is decided once, stored, and then sent under one key until it is known to be
there. Of an artist's releases one at a time has the artist's playlist in hand.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final, Protocol

from daltonify_core.errors import (
    ArtistGone,
    CapReached,
    ConsentNeeded,
    DaltonifyError,
    DemoCatalogue,
    IndexUnavailable,
    InvalidPlaylist,
    InvalidQuery,
    NotAuthorised,
    PublicationUnknown,
    PublishingUnavailable,
    PublishingUnfinished,
    SeedDataNeeded,
    UpstreamError,
    UpstreamRateLimited,
    UpstreamRefused,
    UpstreamUnavailable,
)
from daltonify_core.playlist.publishing import PublishedPlaylist, PublishRequest
from daltonify_core.ports.releases import ArtistStore, FoundRelease, ReleaseDirectory, ReleaseStore
from daltonify_core.ports.surroundings import Clock
from daltonify_core.releases.profile import ArtistProfile, LivingPlaylist, PlaylistVersion
from daltonify_core.releases.release import (
    MOST_UNENDED,
    OPEN_STATES,
    STALE,
    Patience,
    PublishPlan,
    ReferenceKind,
    Release,
    ReleaseState,
)
from daltonify_core.use_cases.plan_playlist import PlaylistPlanner, published_tracks

_NOT_THERE: Final = "Spotify does not have this release yet. We keep looking until {until}."
_NOT_OUT_YET: Final = "It was announced for {day}, so we begin to look for it on that day."
_NEVER_THERE: Final = (
    "Spotify did not have this release within {days} days. Announce it again, with its link, once it is there."
)
_SOMEBODY_ELSES: Final = (
    "This release is by another artist on Spotify. Announce it at that artist's hook, or check the link."
)
_NO_PROFILE: Final = "The artist is no longer registered here. The operator can register them again and replay this."
_FROZEN: Final = "The playlist is frozen, so nothing is changed until the operator takes that back."
_ANNOUNCED_BEFORE: Final = "This track was announced before and is on its way into the playlist."
_OTHER_IN_HAND: Final = "Another release of this artist is on its way into the playlist; this one comes next."
_CHANGE_IN_HAND: Final = "The playlist is being changed at this moment; this release comes next."
_GIVEN_UP: Final = (
    "Our service broke down over this release {times} times, so it is left alone. The operator knows, and can have it "
    "replayed once that is mended."
)
_REMOVED_ONCE: Final = "The new playlist was removed from our account on Spotify while it was filled. Another is made."
_REMOVED_AGAIN: Final = (
    "The new playlist was removed from our account on Spotify while it was filled, and so was the one made in its "
    "place. The operator can replay this once it is clear why."
)
_REPLACEMENT: Final = (
    "The playlist that was made first was removed from our account on Spotify, so this is another one."
)
_MOST_PLANS: Final = 10
_OUTDATED: Final = "The list was made from a catalogue that has been replaced meanwhile. It is made anew."
_PLAYLIST_GONE: Final = (
    "The playlist is no longer in our account on Spotify. The operator can let a new one begin and replay this."
)
_KEY_CHANGED: Final = (
    "The key that opens this playlist is not the one that it was made with. The operator has to bring that one back."
)
_PAUSED: Final = "Spotify takes nothing more from this service for now. We go on by ourselves once it does."
_ENOUGH_FOR_TODAY: Final = (
    "As many playlists were made or changed today as one day allows. We go on tomorrow (UTC) by ourselves."
)
_ACCOUNT_FULL: Final = (
    "The service account holds as many playlists as it may. We go on by ourselves once the operator has made room."
)
_CONSENT_ENDED: Final = (
    "Spotify no longer accepts this service's consent. We go on by ourselves once the operator has renewed it."
)
_REFUSED: Final = "Spotify refused to publish this playlist. We try again by ourselves."
_NOT_ANSWERED: Final = "Spotify did not answer whether it made the playlist. We look for it before we make another one."
_PART_OF_THE_WAY: Final = "The playlist is not complete yet. We go on from there by ourselves."
_OWN_RECORDS: Final = "Our own records could not be reached just now. We try again by ourselves."
_BUSY: Final = "{what} We try again by ourselves."


class Publisher(Protocol):
    """Publishes under the service's account; see ``PublishPlaylist``."""

    def publish(self, request: PublishRequest, key: str, client: str, deadline: datetime) -> PublishedPlaylist:
        """Publish once per key."""

    def edit_token(self, playlist_id: str, reference: str) -> str:
        """The token that opens a playlist of ours."""


@dataclass(frozen=True, slots=True)
class WorkSettings:
    """How long to wait for what; each default has its reason beside it."""

    patience: Patience = field(default_factory=Patience)
    lease_margin: timedelta = timedelta(seconds=30)
    """How long after its deadline a worker counts as alive: a call may hang, and clocks differ."""
    after_a_fault: timedelta = timedelta(minutes=5)
    """Our own stores and Spotify recover within minutes; the sweeper comes every five."""
    after_refusal: timedelta = timedelta(hours=1)
    """A person has to do something about it, and nobody does within minutes."""
    while_frozen: timedelta = timedelta(hours=6)
    others_turn: timedelta = timedelta(minutes=1)
    longest_wait: timedelta = timedelta(days=2)
    """Whatever a service asks for: nobody would notice that it is back otherwise."""
    longest_ahead: timedelta = timedelta(days=180)
    """Nobody announces earlier; a day further ahead is a slip, and waiting for it would lose the release."""
    data_needed: timedelta = timedelta(hours=6)
    """ReccoBeats may come to know a new track within days."""


@dataclass(frozen=True, slots=True)
class Worked:
    """What one attempt came to: the release as it was stored, ``None`` if there was nothing to do or it was overtaken.

    ``trouble`` is the error behind a wait or a failure, for the operator. A release ``was_given_up`` when workers never
    came to an end with it.
    """

    release: Release | None
    trouble: DaltonifyError | None = None


class _Later(Exception):
    """This attempt ends here: wait until then, or fail where there is no ``until``.

    ``is_held``: an attempt before that is of no use, and nobody may ask for one.
    """

    def __init__(
        self,
        why: str,
        until: datetime | None,
        trouble: DaltonifyError | None = None,
        *,
        is_held: bool = False,
        **changes: Any,
    ) -> None:
        super().__init__(why)
        self.why = why
        self.until = until
        self.trouble = trouble
        self.is_held = is_held
        self.changes = changes


class WorkOnRelease:
    """Brings releases as far as they come today."""

    def __init__(
        self,
        releases: ReleaseStore,
        artists: ArtistStore,
        directory: ReleaseDirectory,
        planner: PlaylistPlanner,
        publisher: Publisher,
        clock: Clock,
        settings: WorkSettings | None = None,
    ) -> None:
        self._releases = releases
        self._artists = artists
        self._directory = directory
        self._planner = planner
        self._publisher = publisher
        self._clock = clock
        self._settings = settings or WorkSettings()

    def attempt(self, release_id: str, deadline: datetime) -> Worked:
        """Work on a release, if it is due and nobody else does; doing this again does no harm.

        ``deadline`` is when this worker is ended at the latest. Raises ``UpstreamUnavailable`` when the record itself
        cannot be read or written: the message, or the next sweep, brings it back.
        """
        now = self._clock()
        claimed = self._releases.claim(release_id, now, deadline + self._settings.lease_margin)
        if claimed is None:
            return Worked(None)
        if claimed.unended > MOST_UNENDED:
            return self._given_up(claimed)
        current = claimed
        try:
            current = self._planned(claimed, deadline)
            if current.state is ReleaseState.DONE:
                return self._end(current, None)
            return self._end(self._published(current, deadline), None)
        except _Overtaken:
            return Worked(None)
        except _Later as later:
            before = self._releases.find(release_id, self._clock()) or current
            if before.attempt != claimed.attempt:
                return Worked(None)
            if before.state not in OPEN_STATES:
                # Stored, though the answer that said so was lost.
                return self._end(before, None)
            return self._end(self._put_off(before, later), later.trouble, before.state)

    def _given_up(self, release: Release) -> Worked:
        later = _Later(_GIVEN_UP.format(times=MOST_UNENDED), None)
        return self._end(replace(self._put_off(release, later), unended=release.unended), None, release.state)

    # --- which track, how it sounds, what to publish ---

    def _planned(self, release: Release, deadline: datetime) -> Release:
        """The release ``PUBLISHING`` with a plan that is not stale, or ``DONE`` when another one has its track."""
        profile = self._profile(release)
        if release.track_id is None:
            release = self._resolved(release, profile)
            if release.state is ReleaseState.DONE:
                return release
        self._take_in_hand(release, profile)
        living = self._guarded(lambda: self._artists.playlist(profile.artist_id)) if profile.lives_on else None
        base = living.version if living else 0
        if release.plan is not None and (release.plan.base_version == base or self._is_mine(release, living)):
            return release
        plan = self._plan(release, profile, living, deadline)
        return self._saved(replace(release, state=ReleaseState.PUBLISHING, plan=plan, why=None), release.state)

    def _profile(self, release: Release) -> ArtistProfile:
        profile = self._guarded(lambda: self._artists.find(release.artist_id))
        if profile is None:
            raise _Later(_NO_PROFILE, None)
        if profile.frozen:
            raise _Later(_FROZEN, self._clock() + self._settings.while_frozen)
        return profile

    def _resolved(self, release: Release, profile: ArtistProfile) -> Release:
        self._wait_for_its_day(release)
        try:
            found = self._directory.find(release.reference, profile.artist_id, profile.name, release.release_date)
        except DaltonifyError as error:
            raise self._put_off_by(error, "Spotify could not be asked about this release.") from error
        if found is None:
            raise self._not_there(release)
        if profile.artist_id not in found.artist_ids:
            raise _Later(_SOMEBODY_ELSES, None)
        isrc = found.isrc or (release.reference.value if release.reference.kind is ReferenceKind.ISRC else None)
        owner = self._owner(release, found.track_id)
        if owner == release.release_id and isrc and found.release_date:
            # One recording that came out on one day under several ids is one release, whichever of them was named.
            owner = self._owner(release, f"{isrc}@{found.release_date}")
        known = replace(
            release,
            track_id=found.track_id,
            isrc=isrc,
            title=found.title,
            release_date=found.release_date or release.release_date,
            notes=(),
        )
        if owner == release.release_id:
            return self._saved(known, release.state)
        now = self._clock()
        other = self._guarded(lambda: self._releases.find(owner, now))
        if other is not None and other.state in OPEN_STATES:
            # Should that one fail, this one takes its place.
            until = max(other.next_attempt_at or now, now + self._settings.others_turn)
            raise _Later(_ANNOUNCED_BEFORE, until, title=found.title)
        return self._saved(
            replace(
                known,
                state=ReleaseState.DONE,
                playlist_id=other.playlist_id if other else None,
                notes=("This track was announced before, so it is in the playlist once.",),
                finished_at=now,
                next_attempt_at=None,
                unended=0,
                why=None,
            ),
            release.state,
        )

    def _owner(self, release: Release, track_id: str) -> str:
        """The release that brings the track in: this one, or one before it that has not failed."""
        artist_id, release_id = release.artist_id, release.release_id
        owner = self._guarded(lambda: self._releases.own_track(artist_id, track_id, release_id))
        if owner == release_id:
            return owner
        other = self._guarded(lambda: self._releases.find(owner, self._clock()))
        if other is None or other.state is not ReleaseState.FAILED:
            return owner
        return self._guarded(lambda: self._releases.own_track(artist_id, track_id, release_id, owner))

    def _wait_for_its_day(self, release: Release) -> None:
        """What has a link is there; anything else would be looked for in vain, or an older one be found by its name."""
        comes_out = release.comes_out(self._settings.longest_ahead)
        if release.reference.kind in (ReferenceKind.TRACK, ReferenceKind.ALBUM):
            return
        if comes_out is not None and comes_out > self._clock():
            raise _Later(_NOT_OUT_YET.format(day=f"{comes_out:%-d %B %Y}"), comes_out, is_held=True)

    def _not_there(self, release: Release) -> _Later:
        patience = self._settings.patience
        misses = release.misses + 1
        since = max(release.since, release.comes_out(self._settings.longest_ahead) or release.since)
        until = patience.next_look(since, misses, self._clock())
        if until is None:
            return _Later(_NEVER_THERE.format(days=patience.give_up_after.days), None, misses=misses)
        ends = since + patience.give_up_after
        return _Later(_NOT_THERE.format(until=f"{ends:%-d %B %Y}"), until, misses=misses)

    def _take_in_hand(self, release: Release, profile: ArtistProfile) -> None:
        """Of two releases at once, one would undo what the other did, and the first two would make two playlists."""
        if not profile.lives_on:
            return
        now = self._clock()

        def hold(instead_of: str | None = None) -> str | None:
            # As long as the release itself: while it is open it comes back, and nobody knows how far its plan went.
            artist_id, release_id, until = profile.artist_id, release.release_id, release.expires_at
            return self._guarded(lambda: self._artists.hold(artist_id, release_id, now, until, instead_of))

        holder = hold()
        if holder is None:
            return
        other = self._guarded(lambda: self._releases.find(holder, now))
        if other is None:
            raise _Later(_CHANGE_IN_HAND, now + self._settings.others_turn)
        # One that ended without letting go.
        if other.state in OPEN_STATES or hold(holder) is not None:
            raise _Later(_OTHER_IN_HAND, now + self._settings.others_turn)

    def _is_mine(self, release: Release, living: LivingPlaylist | None) -> bool:
        """Whether the newest version is what this release's plan became, before its worker died."""
        if living is None:
            return False
        versions = self._guarded(lambda: self._artists.versions(release.artist_id))
        return bool(versions) and versions[0].release_id == release.release_id

    def _plan(
        self, release: Release, profile: ArtistProfile, living: LivingPlaylist | None, deadline: datetime
    ) -> PublishPlan:
        versions = self._guarded(lambda: self._artists.versions(profile.artist_id)) if living else []
        number = release.plan.number + 1 if release.plan else 1
        found = FoundRelease(
            track_id=release.track_id or "",
            title=release.title or "",
            artist_ids=(profile.artist_id,),
            artists=(profile.name,),
            release_date=release.release_date,
            isrc=release.isrc,
        )
        try:
            newest = versions[0] if versions else None
            plan = self._planner.for_release(profile, found, living, newest, number, deadline)
            removed = release.plan.instead_of if release.plan else None
            if removed is None or plan.playlist_id is not None:
                return plan
            return replace(plan, instead_of=removed, notes=(*plan.notes, _REPLACEMENT))
        except SeedDataNeeded as error:
            raise self._data_needed(release, error) from error
        except InvalidQuery as error:
            raise _Later(error.message, None, error) from error
        except DaltonifyError as error:
            raise self._put_off_by(error, "No list could be made just now.") from error

    def _data_needed(self, release: Release, error: SeedDataNeeded) -> _Later:
        now = self._clock()
        if now >= release.since + self._settings.patience.give_up_after:
            return _Later(error.message, None, error)
        return _Later(error.message, now + self._settings.data_needed, error)

    # --- publishing ---

    def _published(self, release: Release, deadline: datetime) -> Release:
        plan = release.plan
        if plan is None:
            raise ValueError("nothing is published without a plan")
        # Somebody may have been removed, or frozen, while the list was made.
        self._profile(release)
        living = self._guarded(lambda: self._artists.playlist(release.artist_id))
        if plan.playlist_id is not None and living is None:
            raise _Later(_NO_PROFILE, None)
        try:
            request = PublishRequest(
                title=plan.title,
                description=plan.description,
                uris=plan.uris,
                seeds=plan.own_uris,
                reserves=plan.reserves,
                playlist_id=plan.playlist_id,
                edit_token=self._publisher.edit_token(plan.playlist_id, living.reference)
                if plan.playlist_id and living
                else None,
            )
            key = f"release {release.release_id} {plan.number}"
            published = self._publisher.publish(request, key, f"artist {release.artist_id}", deadline)
        except DaltonifyError as error:
            raise self._after_publishing(error, plan) from error
        return self._with_version(release, plan, published)

    def _with_version(self, release: Release, plan: PublishPlan, published: PublishedPlaylist) -> Release:
        now = self._clock()
        profile = self._guarded(lambda: self._artists.find(release.artist_id))
        number = None
        if profile is not None and profile.lives_on:
            number = plan.base_version + 1
            version = PlaylistVersion(
                number=number,
                made_at=now,
                why=f"“{release.title}” came out",
                title=plan.title,
                description=plan.description,
                tracks=published_tracks(plan, published),
                release_id=release.release_id,
                index_version=plan.index_version,
            )
            playlist = LivingPlaylist(
                release.artist_id, published.playlist_id, published.edit_token.partition(".")[0], number
            )
            try:
                is_newest = self._guarded(
                    lambda: self._artists.save_version(playlist, version, release.release_id, now)
                )
            except _Later as later:
                # It stays on Spotify whatever becomes of the artist; so the operator finds it.
                later.changes |= {"playlist_id": published.playlist_id} if later.until is None else {}
                raise
            if not is_newest and not self._is_mine(release, playlist):
                # Another change came in between, and nobody knows which of both the playlist holds now.
                raise _Later(_OTHER_IN_HAND, now + self._settings.others_turn)
        done = replace(
            release,
            state=ReleaseState.DONE,
            playlist_id=published.playlist_id,
            version=number,
            notes=(*plan.notes, *published.notes),
            why=None,
            unended=0,
            next_attempt_at=None,
            finished_at=now,
        )
        return self._saved(done, release.state)

    def _after_publishing(self, error: DaltonifyError, plan: PublishPlan) -> _Later:
        now = self._clock()
        match error:
            case PublishingUnavailable(removed=str(playlist_id)):
                if plan.instead_of is not None:
                    # Once may be a slip of the hand; twice somebody wants it so.
                    return _Later(_REMOVED_AGAIN, None, error)
                anew = replace(plan, base_version=STALE, instead_of=playlist_id)
                return _Later(_REMOVED_ONCE, now + self._settings.others_turn, error, plan=anew)
            case PublishingUnavailable() | CapReached() if error.retry_after_seconds:
                wait = min(timedelta(seconds=error.retry_after_seconds), self._settings.longest_wait)
                # Without one of these causes it was a pause that still lasts.
                is_fault = error.__cause__ is not None and not isinstance(error.__cause__, UpstreamRateLimited)
                return _Later(_told(error), now + wait, error, is_held=not is_fault)
            case PublishingUnfinished():
                return _Later(_told(error), now + timedelta(seconds=error.retry_after_seconds), error)
            case PublishingUnavailable() | CapReached():
                return _Later(_told(error), now + self._settings.after_refusal, error)
            case InvalidPlaylist(field="playlist_id"):
                return _Later(_PLAYLIST_GONE, None, error)
            case InvalidPlaylist(field=str(field)) if _is_place(field) and plan.number < _MOST_PLANS:
                # Two builds of the index came while it waited; nothing was sent yet, so another plan doubles nothing.
                until = now + self._settings.after_a_fault
                return _Later(_OUTDATED, until, error, plan=replace(plan, base_version=STALE))
            case InvalidQuery() | DemoCatalogue():
                return _Later(error.message, None, error)
            case NotAuthorised():
                return _Later(_KEY_CHANGED, now + self._settings.after_refusal, error)
            case _:
                return _Later(_OWN_RECORDS, now + self._settings.after_a_fault, error)

    # --- how an attempt ends ---

    def _put_off_by(self, error: DaltonifyError, what: str) -> _Later:
        now = self._clock()
        why = _BUSY.format(what=what)
        match error:
            case CapReached(retry_after_seconds=int(seconds)):
                return _Later(error.message, now + timedelta(seconds=seconds), error, is_held=True)
            case UpstreamRateLimited():
                wait = min(timedelta(seconds=error.retry_after_seconds), self._settings.longest_wait)
                return _Later(why, now + wait, error, is_held=True)
            case UpstreamUnavailable() | IndexUnavailable():
                return _Later(why, now + self._settings.after_a_fault, error)
            case _:
                return _Later(why, now + self._settings.after_refusal, error)

    def _put_off(self, release: Release, later: _Later) -> Release:
        if later.until is not None:
            state, due, finished = ReleaseState.WAITING, later.until, None
        else:
            state, due, finished = ReleaseState.FAILED, None, self._clock()
        return replace(
            release,
            state=state,
            why=later.why,
            next_attempt_at=due,
            held_until=due if later.is_held else None,
            finished_at=finished,
            queued_at=None,
            unended=0,
            **later.changes,
        )

    def _end(self, release: Release, trouble: DaltonifyError | None, before: ReleaseState | None = None) -> Worked:
        if before is not None and not self._releases.save(release, before):
            return Worked(None)
        if release.state not in OPEN_STATES or release.plan is None:
            # Whoever waits without a plan has nothing in hand yet.
            self._let_go(release)
        return Worked(release, trouble)

    def _let_go(self, release: Release) -> None:
        try:
            self._artists.let_go(release.artist_id, release.release_id)
        except UpstreamError:
            # The next release sees that this one is finished.
            return

    def _saved(self, release: Release, before: ReleaseState) -> Release:
        if not self._guarded(lambda: self._releases.save(release, before)):
            raise _Overtaken
        return release

    def _guarded[T](self, ask: Callable[[], T]) -> T:
        """Ask our own records; a fault there puts the release off, and an artist who is gone ends it."""
        try:
            return ask()
        except ArtistGone as error:
            raise _Later(_NO_PROFILE, None, error) from error
        except UpstreamError as error:
            raise _Later(_OWN_RECORDS, self._clock() + self._settings.after_a_fault, error) from error


def _told(error: PublishingUnavailable | PublishingUnfinished | CapReached) -> str:
    """An error of publishing in the words of a status: nobody sits before it who could copy a list or try again."""
    match error:
        case CapReached(retry_after_seconds=None):
            return _ACCOUNT_FULL
        case CapReached():
            return _ENOUGH_FOR_TODAY
        case PublicationUnknown():
            return _NOT_ANSWERED
        case PublishingUnfinished():
            return _PART_OF_THE_WAY
        case _ if isinstance(error.__cause__, ConsentNeeded):
            return _CONSENT_ENDED
        case _ if isinstance(error.__cause__, UpstreamRefused):
            return _REFUSED
        case _ if error.__cause__ is None or isinstance(error.__cause__, UpstreamRateLimited):
            return _PAUSED
        case _:
            return _BUSY.format(what="Publishing does not work just now.")


def _is_place(field: str) -> bool:
    return field.startswith(("uris[", "reserves["))


class _Overtaken(Exception):
    """Another attempt has taken the release over; nothing of this one counts any more."""
