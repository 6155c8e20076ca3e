"""Take in the news of a release: stored first, then handed on, so that nothing that was answered with yes is lost."""

import hashlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Final

from daltonify_core.errors import KeyReused, NotAuthorised, UpstreamError
from daltonify_core.ports.limits import Cap
from daltonify_core.ports.releases import ReleaseQueue, ReleaseStore
from daltonify_core.ports.surroundings import Clock
from daltonify_core.releases.hook import Hook
from daltonify_core.releases.reference import AnnouncedRelease
from daltonify_core.releases.release import Release, Trigger

KEPT_FOR: Final = timedelta(days=400)
"""A release can be asked after for a year, and its news may come again until then without a second playlist."""


@dataclass(frozen=True, slots=True)
class RecordSettings:
    """Limits of taking in; each default has its reason beside it."""

    daily_per_hook: int = 100
    """A label with many artists has one hook for each; a sender that repeats itself under new ids is stopped here."""


class RecordRelease:
    """Stores releases and tells the queue. ``new_id`` makes 128 random bits in hexadecimal digits."""

    def __init__(
        self,
        releases: ReleaseStore,
        queue: ReleaseQueue,
        new_id: Callable[[], str],
        clock: Clock,
        settings: RecordSettings | None = None,
    ) -> None:
        self._releases = releases
        self._queue = queue
        self._new_id = new_id
        self._clock = clock
        self._settings = settings or RecordSettings()

    def by_hook(self, hook: Hook, announced: AnnouncedRelease, message_id: str | None) -> Release:
        """Take in what a hook announced, whose sender has proved who it is.

        The same ``message_id``, or the same release without one, gives the same record again. Raises ``NotAuthorised``
        for another artist's release, ``KeyReused`` for a message id that named another one, ``CapReached``, and
        ``UpstreamUnavailable`` when it could not be stored; a queue that fails loses nothing, because the sweeper sends
        what was stored.
        """
        if announced.artist_id is not None and announced.artist_id != hook.artist_id:
            raise NotAuthorised("This hook announces releases of another artist. Send it to the hook of its artist.")
        key = f"message\n{hook.hook_id}\n{message_id}" if message_id else f"release\n{announced.reference}"
        now = self._clock()
        midnight = datetime.combine(now.astimezone(UTC).date() + timedelta(days=1), time(), UTC)
        cap = Cap(
            f"announced#{hook.hook_id}#{midnight.date()}",
            self._settings.daily_per_hook,
            midnight,
            f"This hook has announced {self._settings.daily_per_hook} releases today. Send the rest tomorrow (UTC).",
        )
        release = self._record(hook.artist_id, announced, key, Trigger.HOOK, hook.hook_id, [cap])
        if release.reference != announced.reference:
            # A sender that uses one id for everything would else be told that all is well, and lose every release.
            raise KeyReused(
                "Another release was announced under this message id. Give every message an id of its own, or none."
            )
        return release

    def by_poll(self, artist_id: str, announced: AnnouncedRelease) -> Release:
        """Take in what was found among an artist's releases; once for each."""
        return self._record(artist_id, announced, f"release\n{announced.reference}", Trigger.POLL, None, [])

    def by_operator(self, artist_id: str, announced: AnnouncedRelease) -> Release:
        """Take in what the operator asks for; once for each release."""
        return self._record(artist_id, announced, f"release\n{announced.reference}", Trigger.OPERATOR, None, [])

    def _record(
        self,
        artist_id: str,
        announced: AnnouncedRelease,
        key: str,
        trigger: Trigger,
        hook_id: str | None,
        caps: list[Cap],
    ) -> Release:
        now = self._clock()
        fresh = Release(
            release_id=self._new_id(),
            artist_id=artist_id,
            reference=announced.reference,
            trigger=trigger,
            received_at=now,
            since=now,
            expires_at=now + KEPT_FOR,
            hook_id=hook_id,
            title=announced.title,
            next_attempt_at=now,
            release_date=announced.release_date,
        )
        stored = self._releases.begin(fresh, hashlib.sha256(f"{artist_id}\n{key}".encode()).hexdigest(), caps, now)
        if stored is not None:
            return stored
        send(fresh, self._queue, self._releases, now)
        return fresh


def send(release: Release, queue: ReleaseQueue, releases: ReleaseStore, now: datetime) -> bool:
    """Tell the queue of a release that is due; false when that failed, and the next sweep tries again."""
    try:
        queue.send(release)
    except UpstreamError:
        return False
    # It was sent; not to remember that costs one more message.
    with suppress(UpstreamError):
        releases.note_queued(release.release_id, release.attempt, now)
    return True
