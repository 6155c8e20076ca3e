"""A release on its way into a playlist: its record, and which state may follow which.

The state lives in our own records, never in a queue: a message only says "look at this release", may come twice, late
or not at all, and a sweeper sends it again for whatever is due.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final

from daltonify_core.releases.profile import ListedTrack


class ReleaseState(StrEnum):
    """How far a release has come."""

    RECEIVED = "received"
    """Stored, and nobody has looked at it yet."""
    RESOLVING = "resolving"
    """Somebody finds out which track it is and how it sounds."""
    WAITING = "waiting"
    """For ``next_attempt_at``, because of ``why``."""
    PUBLISHING = "publishing"
    """What is to be published is decided; every attempt sends the same."""
    DONE = "done"
    FAILED = "failed"
    """For good, because of ``why``; an operator may have it replayed."""


TRANSITIONS: Final[Mapping[ReleaseState, frozenset[ReleaseState]]] = {
    ReleaseState.RECEIVED: frozenset({ReleaseState.RESOLVING}),
    ReleaseState.RESOLVING: frozenset(
        {ReleaseState.PUBLISHING, ReleaseState.WAITING, ReleaseState.DONE, ReleaseState.FAILED}
    ),
    ReleaseState.WAITING: frozenset({ReleaseState.RESOLVING, ReleaseState.PUBLISHING}),
    ReleaseState.PUBLISHING: frozenset({ReleaseState.DONE, ReleaseState.WAITING, ReleaseState.FAILED}),
    ReleaseState.DONE: frozenset(),
    ReleaseState.FAILED: frozenset({ReleaseState.RECEIVED}),
}
"""What may follow each state. A worker that died leaves its state as it is, and the next one goes on from there.

From ``RESOLVING`` straight to ``DONE``: the track was found to be that of a release that is done already.
"""

OPEN_STATES: Final = frozenset(state for state in ReleaseState if state not in (ReleaseState.DONE, ReleaseState.FAILED))
"""States in which something is still to be done."""

MOST_UNENDED: Final = 5
"""Attempts in a row that a release may take down with it. Deploys and lost machines end one or two; and a message is
put aside after three, so the operator has heard of it before the artist is told that it failed."""

STALE: Final = -1
"""The base version of a plan that is not to be published any more."""


class ReferenceKind(StrEnum):
    """In what way a sender named a release."""

    TRACK = "track"
    """A Spotify track id."""
    ALBUM = "album"
    """A Spotify album id."""
    ISRC = "isrc"
    UPC = "upc"
    TITLE = "title"


@dataclass(frozen=True, slots=True)
class ReleaseReference:
    """Which release is meant, in normal form: equal references mean the same release of the same artist."""

    kind: ReferenceKind
    value: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.value}"


class Trigger(StrEnum):
    """Who brought the news."""

    HOOK = "hook"
    POLL = "poll"
    OPERATOR = "operator"


@dataclass(frozen=True, slots=True)
class PublishPlan:
    """What is to be published, decided once so that every attempt sends the same under the same key.

    ``number`` counts the plans of one release from 1: another plan is another publication. ``playlist_id`` is that of
    the playlist to change, ``None`` to make one. ``base_version`` is the version of the playlist that the plan was made
    from: if another one has been published since, the plan is stale and made anew. ``tracks`` describe ``uris`` and
    ``reserves``, for the version that the publication becomes. ``instead_of`` is the playlist in whose place a new one
    is made, because it was removed while it was filled.
    """

    number: int
    title: str
    description: str
    uris: tuple[str, ...]
    own_uris: tuple[str, ...]
    reserves: tuple[str, ...] = ()
    playlist_id: str | None = None
    base_version: int = 0
    index_version: str | None = None
    tracks: tuple[ListedTrack, ...] = ()
    notes: tuple[str, ...] = ()
    instead_of: str | None = None


@dataclass(frozen=True, slots=True)
class Release:
    """One release of one artist on its way into a playlist.

    ``release_id`` is 128 random bits in hexadecimal digits and the only key to the public status, so it is kept out of
    logs. ``since`` is from when patience counts: its receipt, or its last replay. ``attempt`` counts from 1 once
    somebody works on it and fences: only the latest attempt may write. ``next_attempt_at`` is when it is due while its
    state is open: the end of a lease, of a wait, or at once. ``queued_at`` is when a message for it was last sent.
    ``misses`` counts how often the release was not on Spotify yet, ``unended`` how many attempts in a row stored no
    outcome, a running one among them. ``why`` is a sentence for the artist, ``notes`` are more of them.
    ``release_date`` is YYYY[-MM[-DD]] once it is known: as announced until ``track_id`` is there, then as on Spotify.
    ``held_until`` is there while it waits for what cannot be hurried: a pause that Spotify asked for, a spent
    allowance, or its announced day.
    """

    release_id: str
    artist_id: str
    reference: ReleaseReference
    trigger: Trigger
    received_at: datetime
    since: datetime
    expires_at: datetime
    hook_id: str | None = None
    title: str | None = None
    state: ReleaseState = ReleaseState.RECEIVED
    attempt: int = 0
    misses: int = 0
    unended: int = 0
    next_attempt_at: datetime | None = None
    queued_at: datetime | None = None
    why: str | None = None
    notes: tuple[str, ...] = ()
    track_id: str | None = None
    isrc: str | None = None
    release_date: str | None = None
    held_until: datetime | None = None
    plan: PublishPlan | None = None
    playlist_id: str | None = None
    version: int | None = None
    finished_at: datetime | None = None

    def is_due(self, now: datetime) -> bool:
        """Whether there is something to do for it by now."""
        return self.state in OPEN_STATES and self.next_attempt_at is not None and self.next_attempt_at <= now

    @property
    def was_given_up(self) -> bool:
        """Whether it failed because workers never came to an end with it."""
        return self.state is ReleaseState.FAILED and self.unended > MOST_UNENDED

    def comes_out(self, longest_ahead: timedelta) -> datetime | None:
        """The beginning (UTC) of the day that it was announced for, ``None`` where nobody named one.

        A day further ahead of its receipt than ``longest_ahead`` is taken for a slip of the pen.
        """
        if self.release_date is None or len(self.release_date) != len("2026-01-02"):
            return None
        day = datetime.fromisoformat(self.release_date).replace(tzinfo=UTC)
        return day if day <= self.received_at + longest_ahead else None


def claimed(release: Release, lease_until: datetime) -> Release:
    """An open release as a worker takes it up: for another attempt, and due again when its lease ends."""
    return replace(
        release,
        state=_claimed_state(release),
        attempt=release.attempt + 1,
        unended=release.unended + 1,
        next_attempt_at=lease_until,
        held_until=None,
    )


def replayed(release: Release, now: datetime) -> Release:
    """A failed release, received anew; see ``ReleaseStore.replay``."""
    plan = release.plan
    if plan is not None and not release.was_given_up:
        plan = replace(plan, base_version=STALE)
    return replace(
        release,
        state=ReleaseState.RECEIVED,
        attempt=release.attempt + 1,
        since=now,
        misses=0,
        unended=0,
        next_attempt_at=now,
        queued_at=None,
        finished_at=None,
        why=None,
        # Another release may have taken the track over meanwhile.
        track_id=None,
        plan=plan,
    )


def _claimed_state(release: Release) -> ReleaseState:
    if release.state not in (ReleaseState.RECEIVED, ReleaseState.WAITING):
        return release.state
    goes_on = release.state is ReleaseState.WAITING and release.plan is not None
    return ReleaseState.PUBLISHING if goes_on else ReleaseState.RESOLVING


def check_transition(before: ReleaseState, after: ReleaseState) -> None:
    """Raises ``ValueError`` for a step that the states do not allow; staying in an open one is none."""
    stays = before is after and before in OPEN_STATES
    if not stays and after not in TRANSITIONS[before]:
        raise ValueError(f"a release that is {before} cannot become {after}")


@dataclass(frozen=True, slots=True)
class Patience:
    """How long and how often to look for a release that is not on Spotify yet.

    Distributors announce days ahead, and a release goes live at midnight in each country, so gaps grow but never beyond
    six hours.
    """

    first_gap: timedelta = timedelta(minutes=10)
    growth: float = 2.0
    longest_gap: timedelta = timedelta(hours=6)
    give_up_after: timedelta = timedelta(days=14)

    def next_look(self, since: datetime, misses: int, now: datetime) -> datetime | None:
        """When to look again after so many misses, this one included; ``None`` once it is time to give up."""
        ends = since + self.give_up_after
        if now >= ends:
            return None
        gap = min(self.longest_gap, self.first_gap * self.growth ** min(misses - 1, 20))
        return min(now + gap, ends)
