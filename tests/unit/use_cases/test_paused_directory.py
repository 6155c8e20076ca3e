"""Looking for releases stops while Spotify wants a pause, whoever was told so."""

from dataclasses import replace
from datetime import timedelta

import pytest

from daltonify_core.errors import UpstreamRateLimited, UpstreamUnavailable
from daltonify_core.playlist.publishing import PublishSettings
from daltonify_core.ports.limits import Circuit
from daltonify_core.releases.release import ReleaseState
from daltonify_core.use_cases.paused_directory import PausedDirectory
from tests.fakes.faults import Fault
from tests.fakes.memory_publications import MemoryPublicationStore
from tests.fakes.memory_releases import MemoryReleaseDirectory
from tests.fakes.release_world import ME, PROFILE, World, reference
from tests.fakes.set_clock import SetClock

HOUR = 3600
SPENT = UpstreamRateLimited("The quota is used up.", HOUR, quota=True)


def paused(world: World) -> PausedDirectory:
    return PausedDirectory(world.directory, world.publications, world.clock)


def test_after_a_refusal_nobody_asks_until_the_pause_is_over():
    world = World()
    world.directory.faults.add(Fault(SPENT))
    with pytest.raises(UpstreamRateLimited):
        paused(world).find(reference("single"), ME, "Me")
    world.clock.advance(HOUR - 60)
    with pytest.raises(UpstreamRateLimited) as refusal:
        paused(world).newest(ME, 10)
    assert refusal.value.retry_after_seconds == 60
    assert world.directory.faults.calls == ["find"]
    world.clock.advance(60)
    assert paused(world).newest(ME, 10) == []


def test_while_publishing_is_refused_nobody_looks_either():
    world = World()
    until = world.clock() + timedelta(hours=1)
    world.publications.open_circuit(PublishSettings().account, Circuit(until, "The quota is used up."))
    with pytest.raises(UpstreamRateLimited):
        paused(world).find(reference("single"), ME, "Me")
    assert world.directory.faults.calls == []


def test_a_refusal_is_told_even_when_it_cannot_be_remembered():
    directory, circuits, clock = MemoryReleaseDirectory(), MemoryPublicationStore(), SetClock(World().clock())
    directory.faults.add(Fault(SPENT))
    circuits.faults.add(Fault(UpstreamUnavailable("down"), method="open_circuit"))
    with pytest.raises(UpstreamRateLimited):
        PausedDirectory(directory, circuits, clock).newest(ME, 10)


def test_of_many_releases_one_meets_the_refusal_and_all_come_in_afterwards():
    world = World(replace(PROFILE, size=30, own_kept=3))
    world.on_spotify("one", "two", "three")
    world.directory.faults.add(Fault(SPENT))
    unpaused, world.directory = world.directory, paused(world)  # type: ignore[assignment]
    for name in ("one", "two", "three"):
        world.announce(name)
    world.deliver()
    assert {each.state for each in world.releases.releases.values()} == {ReleaseState.WAITING}
    assert unpaused.faults.calls == ["find"]
    world.settle()
    assert {each.state for each in world.releases.releases.values()} == {ReleaseState.DONE}
