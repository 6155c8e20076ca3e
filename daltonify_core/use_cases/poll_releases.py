"""Look for new releases of registered artists on Spotify, for those whose distributor announces nothing.

Spotify tells nobody of new releases, and its quota is small and shared with publishing. So each artist is looked at
once a day, spread over the day, and only as many as a daily budget allows.
"""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Final

from daltonify_core.errors import CapReached, UpstreamError
from daltonify_core.ports.limits import Cap, CounterStore
from daltonify_core.ports.releases import ArtistStore, NewAlbum, PollState, ReleaseDirectory
from daltonify_core.ports.surroundings import Clock
from daltonify_core.releases.profile import ArtistProfile
from daltonify_core.releases.reference import AnnouncedRelease
from daltonify_core.releases.release import ReferenceKind, ReleaseReference
from daltonify_core.use_cases.record_release import RecordRelease

_DAY: Final = timedelta(days=1)
_MOST_SEEN: Final = 200


@dataclass(frozen=True, slots=True)
class PollSettings:
    """Limits of looking; each default has its reason beside it."""

    daily_calls: int = 150
    """A development-mode account was locked out after 800 calls a day, and publishing comes first."""
    albums: int = 10
    """What Spotify gives an app in development mode at once, and what no artist releases in a day."""
    after_a_fault: timedelta = timedelta(hours=1)
    """Until the next run; an artist whom Spotify cannot answer about would else be the first one every time."""
    newest: timedelta = timedelta(days=14)
    """What came out before is no news: an artist who was just registered does not want ten playlists."""
    last_look: timedelta = timedelta(seconds=60)
    """No look is begun later than this before the run is ended: a look may take 14 seconds, storing ten releases 20."""


@dataclass(frozen=True, slots=True)
class Polled:
    """What one run came to. ``trouble`` is what ended it early, ``left`` whose turn it was when its time was over."""

    artists: int
    found: int
    trouble: UpstreamError | CapReached | None = None
    left: int = 0


def poll_releases(
    artists: ArtistStore,
    directory: ReleaseDirectory,
    record: RecordRelease,
    counters: CounterStore,
    clock: Clock,
    deadline: datetime,
    settings: PollSettings | None = None,
) -> Polled:
    """Look at every artist whose turn it is; what is new is announced as a hook would.

    What was seen is stored after it was announced, so that a run that breaks off announces it again, which changes
    nothing. A fault of Spotify's ends the run, and the next one begins with another artist. ``deadline`` is when this
    process is ended at the latest: the run stops well before, and the next one goes on with whom it did not come to.
    Raises ``UpstreamUnavailable`` when our own records fail.
    """
    settings = settings or PollSettings()
    looked = found = 0
    wanted = [profile for profile in artists.all() if profile.polled and not profile.frozen]
    states = {profile.artist_id: artists.poll_state(profile.artist_id) for profile in wanted}
    # Whoever waits longest first: a budget that is too small would else always leave out the same ones.
    due = sorted(wanted, key=lambda one: _due_at(states[one.artist_id]))
    for place, profile in enumerate(due):
        now = clock()
        state = states[profile.artist_id]
        if _due_at(state) > now:
            break
        if now + settings.last_look > deadline:
            left = sum(_due_at(states[one.artist_id]) <= now for one in due[place:])
            return Polled(looked, found, left=left)
        try:
            counters.count([_budget(settings, now)], now)
        except (UpstreamError, CapReached) as trouble:
            return Polled(looked, found, trouble)
        known = state.seen if state else ()
        try:
            albums = directory.newest(profile.artist_id, settings.albums)
        except UpstreamError as trouble:
            artists.save_poll_state(PollState(profile.artist_id, known, now + settings.after_a_fault))
            return Polled(looked, found, trouble)
        seen = set(known)
        new = [album for album in albums if album.album_id not in seen and _is_news(album, now, settings)]
        for album in new:
            reference = ReleaseReference(ReferenceKind.ALBUM, album.album_id)
            record.by_poll(profile.artist_id, AnnouncedRelease(reference, album.title, album.release_date or None))
        ids = [album.album_id for album in albums]
        kept = tuple(dict.fromkeys([*ids, *known]))[:_MOST_SEEN]
        artists.save_poll_state(PollState(profile.artist_id, kept, _next_look(profile, now)))
        looked += 1
        found += len(new)
    return Polled(looked, found)


def _due_at(state: PollState | None) -> datetime:
    return state.next_look_at if state else datetime.min.replace(tzinfo=UTC)


def _budget(settings: PollSettings, now: datetime) -> Cap:
    midnight = datetime.combine(now.astimezone(UTC).date() + _DAY, time(), UTC)
    return Cap(f"polls#{midnight.date()}", settings.daily_calls, midnight, "The looks for new releases are used up.")


def _is_news(album: NewAlbum, now: datetime, settings: PollSettings) -> bool:
    # A date that Spotify gives only roughly is no day to compare with.
    return len(album.release_date) == len("2026-01-02") and album.release_date >= f"{now - settings.newest:%Y-%m-%d}"


def _next_look(profile: ArtistProfile, now: datetime) -> datetime:
    """Tomorrow, at a time of day that belongs to the artist, so that looks spread over the day and stay there."""
    share = int(hashlib.sha256(profile.artist_id.encode()).hexdigest()[:8], 16) / 0xFFFFFFFF
    midnight = datetime.combine(now.astimezone(UTC).date(), time(), UTC)
    at = midnight + _DAY * share
    return at + _DAY * (1 + (now - at) // _DAY) if at <= now else at
