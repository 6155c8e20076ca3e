"""Taking in the news of a release: once, stored before it is handed on, and only from those who may."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest

from daltonify_core.errors import CapReached, KeyReused, NotAuthorised, UpstreamUnavailable
from daltonify_core.releases.hook import Hook, HookKind
from daltonify_core.releases.message import is_release_id
from daltonify_core.releases.reference import AnnouncedRelease, announced_release
from daltonify_core.releases.release import ReleaseState, Trigger
from daltonify_core.use_cases.record_release import KEPT_FOR, RecordRelease, RecordSettings, send
from daltonify_core.use_cases.sweep_releases import AT_ONCE, sweep_releases
from tests.fakes.faults import Fault, FaultPlan, Moment, ProcessKilled
from tests.fakes.memory_releases import MemoryReleaseQueue, MemoryReleases
from tests.fakes.set_clock import SetClock

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
ME, SOMEBODY_ELSE = "A" * 22, "B" * 22
AWAY = UpstreamUnavailable("It is away.")


class World:
    """A store, a queue and two hooks of one artist."""

    def __init__(self, most: int = 100) -> None:
        self.clock = SetClock(NOON)
        self.releases = MemoryReleases()
        self.queue = MemoryReleaseQueue()
        ids = count(1)
        self.record = RecordRelease(
            self.releases, self.queue, lambda: f"{next(ids):032x}", self.clock, RecordSettings(daily_per_hook=most)
        )
        self.hook, self.other_hook = (Hook(digit * 32, ME, HookKind.BEARER, NOON) for digit in "ab")

    @property
    def faults(self) -> tuple[FaultPlan, FaultPlan]:
        return self.releases.faults, self.queue.faults

    def sweep(self) -> None:
        sweep_releases(self.releases, self.queue, self.clock)


@pytest.fixture
def world() -> World:
    return World()


def announced(title: str = "One", **more: str) -> AnnouncedRelease:
    return announced_release({"title": title, **more})


def test_a_release_is_stored_due_at_once_and_for_longer_than_a_year(world):
    release = world.record.by_hook(world.hook, announced(release_date="2026-02-01"), "message")
    assert world.releases.releases == {release.release_id: replace(release, queued_at=NOON)}
    assert (release.state, release.trigger, release.artist_id) == (ReleaseState.RECEIVED, Trigger.HOOK, ME)
    assert (release.title, release.release_date, release.hook_id) == ("One", "2026-02-01", world.hook.hook_id)
    assert release.next_attempt_at == release.received_at == release.since == NOON
    assert release.expires_at == NOON + KEPT_FOR > NOON + timedelta(days=366)
    assert [one.release_id for one in world.queue.sent] == [release.release_id]
    assert is_release_id(release.release_id)


def test_every_trigger_means_the_same_release(world):
    by_hook = world.record.by_hook(world.hook, announced(), None)
    for again in (
        world.record.by_hook(world.other_hook, announced(), None),
        world.record.by_poll(ME, announced()),
        world.record.by_operator(ME, announced()),
    ):
        assert again.release_id == by_hook.release_id
    assert world.record.by_poll(SOMEBODY_ELSE, announced()).release_id != by_hook.release_id
    assert len(world.queue.sent) == 2


def test_a_message_is_known_by_its_id(world):
    first = world.record.by_hook(world.hook, announced(), "1")
    assert world.record.by_hook(world.hook, announced(note="again"), "1") == world.releases.releases[first.release_id]
    others = [
        world.record.by_hook(world.hook, announced(), "2"),
        world.record.by_hook(world.other_hook, announced(), "1"),
        world.record.by_hook(world.hook, announced(), None),
    ]
    assert len({one.release_id for one in [first, *others]}) == 4


def test_one_id_for_different_releases_is_refused_instead_of_losing_the_second(world):
    world.record.by_hook(world.hook, announced("One"), "1")
    with pytest.raises(KeyReused):
        world.record.by_hook(world.hook, announced("Another"), "1")
    assert len(world.queue.sent) == len(world.releases.releases) == 1


def test_a_message_id_cannot_be_mistaken_for_a_release(world):
    by_release = world.record.by_operator(ME, announced("one"))
    as_if = world.record.by_hook(world.hook, announced("Other"), "release\ntitle:one")
    assert as_if.release_id != by_release.release_id


def test_another_artists_release_is_refused_before_anything_is_stored(world):
    with pytest.raises(NotAuthorised):
        world.record.by_hook(world.hook, announced(artist_id=SOMEBODY_ELSE), None)
    assert (world.releases.releases, world.queue.sent) == ({}, [])


def test_a_hook_has_its_own_limit_which_ends_at_midnight():
    world = World(most=2)
    for title in ("One", "Two"):
        world.record.by_hook(world.hook, announced(title), None)
    with pytest.raises(CapReached) as refused:
        world.record.by_hook(world.hook, announced("Three"), None)
    assert refused.value.retry_after_seconds == 12 * 3600
    world.record.by_hook(world.hook, announced("One"), None)
    world.record.by_hook(world.other_hook, announced("Three"), None)
    world.record.by_operator(ME, announced("Four"))
    world.clock.advance(12 * 3600)
    world.record.by_hook(world.hook, announced("Five"), None)
    assert [one.title for one in world.releases.releases.values()] == ["One", "Two", "Three", "Four", "Five"]


@pytest.mark.parametrize("moment", Moment)
@pytest.mark.parametrize("step", range(3))
def test_a_service_that_dies_at_any_step_leaves_one_release_that_is_sent(step, moment):
    """The sender saw no answer, so it sends the message again; or the sweep finds what was stored."""
    for sends_again in (True, False):
        world = World()
        part, method = [(0, "begin"), (1, "send"), (0, "note_queued")][step]
        world.faults[part].add(Fault(ProcessKilled(), moment, method))
        with pytest.raises(ProcessKilled):
            world.record.by_hook(world.hook, announced(), "1")
        if sends_again:
            world.record.by_hook(world.hook, announced(), "1")
        world.clock.advance(300)
        world.sweep()
        stored = list(world.releases.releases)
        is_lost = (step, moment) == (0, Moment.BEFORE) and not sends_again
        assert len(stored) == (0 if is_lost else 1)
        assert {one.release_id for one in world.queue.sent} == set(stored)


def test_nothing_is_sent_that_could_not_be_stored(world):
    world.releases.faults.add(Fault(AWAY, method="begin"))
    with pytest.raises(UpstreamUnavailable):
        world.record.by_hook(world.hook, announced(), None)
    assert world.queue.sent == []


def test_what_was_sent_is_left_alone_until_it_must_be_lost(world):
    world.record.by_hook(world.hook, announced(), None)
    world.clock.advance(14 * 60)
    assert _swept(world) == (0, 1, 0)
    world.clock.advance(60)
    assert _swept(world) == (1, 0, 0)
    assert _swept(world) == (0, 1, 0)


def test_a_sweep_ends_with_the_first_failure_of_the_queue(world):
    world.queue.faults.add(Fault(AWAY, times=4))
    for title in ("One", "Two", "Three"):
        world.record.by_hook(world.hook, announced(title), None)
    assert _swept(world) == (0, 0, 3)
    assert world.queue.faults.calls.count("send") == 4
    assert _swept(world) == (3, 0, 0)


def test_releases_that_wait_are_sent_when_their_time_has_come(world):
    release = world.record.by_operator(ME, announced())
    claimed = world.releases.claim(release.release_id, NOON, NOON + timedelta(minutes=3))
    assert claimed is not None
    assert _swept(world) == (0, 0, 0)
    world.clock.advance(20 * 60)
    assert _swept(world) == (1, 0, 0)


def test_a_sweep_takes_no_more_than_it_can_send():
    world = World(most=AT_ONCE + 10)
    world.queue.faults.add(Fault(AWAY, times=AT_ONCE + 5))
    for number in range(AT_ONCE + 5):
        world.record.by_hook(world.hook, announced(f"T{number}"), None)
    assert _swept(world) == (AT_ONCE, 0, 0)


def test_sending_says_whether_it_worked(world):
    release = world.record.by_operator(ME, announced())
    assert send(release, world.queue, world.releases, NOON)
    world.queue.faults.add(Fault(AWAY, times=9))
    assert not send(release, world.queue, world.releases, NOON)


def _swept(world: World) -> tuple[int, int, int]:
    sweep = sweep_releases(world.releases, world.queue, world.clock)
    return sweep.sent, sweep.on_their_way, sweep.unsent
