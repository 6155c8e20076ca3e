"""A sweep hands on what is due, once, and loses nothing when the queue fails."""

from datetime import timedelta

import pytest

from daltonify_core.errors import UpstreamUnavailable
from daltonify_core.releases.release import ReleaseState
from daltonify_core.use_cases import sweep_releases as module
from daltonify_core.use_cases.sweep_releases import Sweep, sweep_releases
from tests.fakes.faults import Fault, FaultPlan
from tests.fakes.release_world import World

MINUTE = 60.0


def sweep(world: World) -> Sweep:
    return sweep_releases(world.releases, world.queue, world.clock)


def sent(world: World) -> list[str]:
    return [release.release_id for release in world.queue.sent]


def fail(faults: FaultPlan, method: str) -> None:
    """Every call from now on."""
    faults.add(Fault(UpstreamUnavailable("It is down."), method=method, times=1000))


def unsent(world: World, *names: str) -> None:
    """Stored while the queue cannot be reached."""
    fail(world.queue.faults, "send")
    for name in names:
        world.announce(name)
    world.queue.faults.clear()


def test_what_was_stored_and_never_sent_is_sent():
    world = World()
    unsent(world, "one")
    assert sent(world) == []
    assert sweep(world) == Sweep(sent=1, on_their_way=0, unsent=0)
    assert sent(world) == ["release1"]


def test_what_is_on_its_way_is_left_alone_for_a_quarter_of_an_hour():
    world = World()
    world.announce("one")
    world.clock.advance(14 * MINUTE)
    assert sweep(world) == Sweep(sent=0, on_their_way=1, unsent=0)
    world.clock.advance(MINUTE)
    assert sweep(world) == Sweep(sent=1, on_their_way=0, unsent=0)
    # And from then on it is on its way again.
    assert sweep(world) == Sweep(sent=0, on_their_way=1, unsent=0)


def test_a_wait_is_sent_when_it_is_over_and_not_before():
    world = World()
    release = world.announce("one")
    world.deliver()
    assert world.release().state is ReleaseState.WAITING
    until = world.release().next_attempt_at
    assert until is not None
    world.clock.now = until - timedelta(seconds=1)
    assert sweep(world) == Sweep(0, 0, 0)
    world.clock.now = until
    assert sweep(world) == Sweep(sent=1, on_their_way=0, unsent=0)
    assert sent(world) == [release.release_id]


def test_what_a_dead_worker_left_behind_is_sent_once_its_lease_is_over():
    world = World()
    world.announce("one")
    world.queue.sent.clear()
    lease_ends = world.clock() + timedelta(minutes=20)
    assert world.releases.claim("release1", world.clock(), lease_ends)
    world.clock.now = lease_ends - timedelta(seconds=1)
    assert sweep(world) == Sweep(0, 0, 0)
    world.clock.now = lease_ends
    assert sweep(world).sent == 1


def test_what_has_ended_is_never_sent():
    world = World()
    world.on_spotify("one")
    world.announce("one")
    world.settle()
    assert world.release().state is ReleaseState.DONE
    world.clock.advance(7 * 24 * 60 * MINUTE)
    assert sweep(world) == Sweep(0, 0, 0)


def test_a_queue_that_fails_ends_the_sweep_and_the_next_one_sends_everything():
    world = World()
    unsent(world, "one", "two", "three")
    fail(world.queue.faults, "send")
    assert sweep(world) == Sweep(sent=0, on_their_way=0, unsent=3)
    world.queue.faults.clear()
    assert sweep(world) == Sweep(sent=3, on_their_way=0, unsent=0)
    assert sorted(sent(world)) == ["release1", "release2", "release3"]


def test_what_was_sent_but_not_noted_counts_as_sent_and_is_only_sent_again():
    world = World()
    unsent(world, "one")
    fail(world.releases.faults, "note_queued")
    assert sweep(world) == Sweep(sent=1, on_their_way=0, unsent=0)
    assert sweep(world) == Sweep(sent=1, on_their_way=0, unsent=0)
    assert sent(world) == ["release1", "release1"]


def test_records_that_cannot_be_read_are_told():
    world = World()
    fail(world.releases.faults, "due")
    with pytest.raises(UpstreamUnavailable):
        sweep(world)


def test_none_that_is_on_its_way_keeps_another_one_from_being_sent():
    world = World()
    for number in range(1200):
        release = world.announce(f"single{number}")
        if number >= 700:
            world.releases.releases[release.release_id] = release
    world.queue.sent.clear()
    assert sweep(world) == Sweep(sent=500, on_their_way=700, unsent=0)
    assert {release.release_id for release in world.queue.sent} == {f"release{number}" for number in range(701, 1201)}


def test_more_than_one_sweep_can_take_is_sent_by_the_next_ones(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "AT_ONCE", 2)
    world = World()
    unsent(world, "one", "two", "three")
    for _ in range(3):
        sweep(world)
        world.deliver()
    assert all(release.attempt == 1 for release in world.releases.releases.values())
