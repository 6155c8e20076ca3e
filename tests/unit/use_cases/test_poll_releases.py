"""Looking for releases: once a day for each artist, within a budget, and nothing is announced twice."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest

from daltonify_core.errors import CapReached, UpstreamRateLimited, UpstreamUnavailable
from daltonify_core.ports.releases import NewAlbum
from daltonify_core.releases.profile import ArtistProfile
from daltonify_core.releases.release import Trigger
from daltonify_core.use_cases.poll_releases import Polled, PollSettings, poll_releases
from daltonify_core.use_cases.record_release import RecordRelease
from tests.fakes.faults import Fault
from tests.fakes.memory_publications import MemoryPublicationStore
from tests.fakes.memory_releases import MemoryArtists, MemoryReleaseDirectory, MemoryReleaseQueue, MemoryReleases
from tests.fakes.set_clock import SetClock

NOON = datetime(2026, 1, 20, 12, tzinfo=UTC)
ME = "A" * 22
HOUR = timedelta(hours=1)


def album(number: int, date: str = "2026-01-19") -> NewAlbum:
    return NewAlbum(f"{number:022}", f"Single {number}", date)


@dataclass
class World:
    clock: SetClock = field(default_factory=lambda: SetClock(NOON))
    releases: MemoryReleases = field(default_factory=MemoryReleases)
    artists: MemoryArtists = field(default_factory=MemoryArtists)
    directory: MemoryReleaseDirectory = field(default_factory=MemoryReleaseDirectory)
    counters: MemoryPublicationStore = field(default_factory=MemoryPublicationStore)
    settings: PollSettings = field(default_factory=PollSettings)
    lasts: timedelta = timedelta(minutes=15)

    def __post_init__(self) -> None:
        ids = count(1)
        self.record = RecordRelease(self.releases, MemoryReleaseQueue(), lambda: f"release{next(ids)}", self.clock)

    def register(self, *artist_ids: str, **more: Any) -> None:
        for artist_id in artist_ids:
            self.artists.add(replace(ArtistProfile(artist_id, "Me", NOON), **more))

    def poll(self) -> Polled:
        deadline = self.clock() + self.lasts
        return poll_releases(
            self.artists, self.directory, self.record, self.counters, self.clock, deadline, self.settings
        )

    def run_days(self, days: int) -> int:
        """Poll every hour; how often Spotify was asked."""
        before = len(self.directory.faults.calls)
        for _ in range(24 * days):
            self.clock.now += HOUR
            self.poll()
        return len(self.directory.faults.calls) - before


@pytest.fixture
def world() -> World:
    return World()


def test_a_new_release_is_announced_once(world):
    world.register(ME)
    world.directory.albums[ME] = [album(1)]
    assert world.poll() == Polled(1, 1)
    assert world.run_days(3) == 3
    (release,) = world.releases.releases.values()
    assert (release.trigger, release.reference.value, release.title) == (Trigger.POLL, album(1).album_id, "Single 1")


def test_what_comes_out_later_is_found_within_a_day(world):
    world.register(ME)
    world.poll()
    world.directory.albums[ME] = [album(2, "2026-01-21"), album(1)]
    world.run_days(1)
    assert {one.title for one in world.releases.releases.values()} == {"Single 1", "Single 2"}


def test_what_came_out_long_before_is_no_news(world):
    world.register(ME)
    world.directory.albums[ME] = [album(1, "2026-01-05"), album(2, "2025-12"), album(3, "")]
    assert world.poll() == Polled(1, 0)


def test_artists_who_do_not_want_it_are_left_alone(world):
    world.register("A" * 22, polled=False)
    world.register("B" * 22, frozen=True)
    assert world.poll() == Polled(0, 0)
    assert world.directory.faults.calls == []


def test_looks_spread_over_the_day_once_for_each_artist(world):
    names = [f"{number:022}" for number in range(100)]
    world.register(*names)
    world.poll()
    busiest = 0
    for _ in range(24):
        world.clock.now += HOUR
        busiest = max(busiest, world.poll().artists)
    assert len(world.directory.faults.calls) == 200
    assert busiest <= 15


def test_a_budget_that_is_used_up_ends_the_run_and_the_rest_come_tomorrow(world):
    world.settings = PollSettings(daily_calls=3)
    world.register(*(f"{number:022}" for number in range(5)))
    polled = world.poll()
    assert polled.artists == 3
    assert isinstance(polled.trouble, CapReached)
    world.clock.now += timedelta(hours=13)
    world.poll()
    assert len(world.artists.polls) == 5


def test_a_fault_of_spotify_ends_the_run_and_nothing_is_taken_for_seen(world):
    world.register("A" * 22, "B" * 22)
    world.directory.albums = {"A" * 22: [album(1)], "B" * 22: [album(2)]}
    world.directory.faults.add(Fault(UpstreamRateLimited("Too many", retry_after_seconds=60, quota=False), call=1))
    polled = world.poll()
    assert (polled.artists, polled.found) == (1, 1)
    assert polled.trouble is not None
    assert world.poll() == Polled(0, 0)
    world.clock.now += HOUR
    assert world.poll().found == 1


def test_an_artist_whom_spotify_does_not_know_hides_nobody_else(world):
    world.register("A" * 22, "B" * 22)
    world.directory.albums = {"B" * 22: [album(1)]}
    world.directory.unknown = {"A" * 22}
    world.run_days(1)
    assert [one.title for one in world.releases.releases.values()] == ["Single 1"]


def test_a_run_stops_well_before_its_time_is_over_and_the_next_one_goes_on_with_the_others(world):
    names = [f"{number:022}" for number in range(12)]
    world.register(*names)
    world.directory.albums = {name: [album(number)] for number, name in enumerate(names)}
    world.lasts = timedelta(minutes=3)
    # Everybody's look takes half a minute.
    world.directory.faults.before_call = lambda _: world.clock.advance(30)
    started = world.clock()
    first = world.poll()
    assert world.clock() <= started + world.lasts - timedelta(seconds=30)
    assert (first.artists, first.left, first.trouble) == (5, 7, None)
    looked_at = set(world.artists.polls)
    assert len(looked_at) == 5
    second = world.poll()
    assert (second.artists, second.left) == (5, 2)
    assert looked_at < set(world.artists.polls)
    assert world.poll().left == 0
    assert set(world.artists.polls) == set(names)
    assert len(world.releases.releases) == 12
    assert len(world.directory.faults.calls) == 12, "nobody was looked at twice"


def test_a_run_without_time_looks_at_nobody_and_spends_nothing(world):
    world.register(ME)
    world.lasts = timedelta(seconds=59)
    assert world.poll() == Polled(0, 0, left=1)
    assert (world.directory.faults.calls, world.counters.faults.calls) == ([], [])


def test_a_run_that_breaks_off_announces_again_and_nothing_comes_twice(world):
    world.register(ME)
    world.directory.albums[ME] = [album(1)]
    world.artists.faults.add(Fault(UpstreamUnavailable("down"), method="save_poll_state"))
    with pytest.raises(UpstreamUnavailable):
        world.poll()
    assert world.poll() == Polled(1, 1)
    assert len(world.releases.releases) == 1
