"""What looking releases up may cost a day, and what becomes of whoever meets the limit."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from daltonify_core.errors import CapReached, UpstreamUnavailable
from daltonify_core.playlist.findings import NO_FINDINGS
from daltonify_core.ports.releases import NewAlbum
from daltonify_core.use_cases.look_up_budget import BudgetedDirectory, BudgetSettings, LookUpBudget
from daltonify_core.use_cases.poll_releases import PollSettings
from daltonify_core.use_cases.publish_playlist import PublishSettings
from tests.fakes.faults import Fault
from tests.fakes.memory_publications import MemoryPublicationStore
from tests.fakes.memory_releases import MemoryReleaseDirectory
from tests.fakes.release_world import ME, found, reference
from tests.fakes.set_clock import SetClock

EVENING = datetime(2026, 1, 2, 22, tzinfo=UTC)


@dataclass
class World:
    clock: SetClock = field(default_factory=lambda: SetClock(EVENING))
    counters: MemoryPublicationStore = field(default_factory=MemoryPublicationStore)
    spotify: MemoryReleaseDirectory = field(default_factory=MemoryReleaseDirectory)

    def __post_init__(self) -> None:
        self.spotify.found[reference("single")] = found("single")

    @property
    def budget(self) -> LookUpBudget:
        """A new one every time, as after a cold start."""
        return LookUpBudget(self.counters, self.clock, BudgetSettings(daily_looks=2, daily_tracks=3))

    def find(self) -> object:
        return BudgetedDirectory(self.spotify, self.budget).find(reference("single"), ME, "Me")


@pytest.fixture
def world() -> World:
    return World()


def test_spotify_is_asked_as_often_as_the_day_allows_and_again_after_midnight(world):
    assert [world.find(), world.find()] == [found("single")] * 2
    with pytest.raises(CapReached, match="after midnight") as caught:
        world.find()
    assert caught.value.retry_after_seconds == 2 * 3600
    assert world.spotify.faults.calls == ["find"] * 2
    world.clock.now += timedelta(hours=2)
    assert world.find() == found("single")


def test_an_artists_newest_ones_have_a_budget_of_their_own(world):
    world.spotify.albums[ME] = [NewAlbum("1" * 22, "Single", "2026-01-01")]
    directory = BudgetedDirectory(world.spotify, world.budget)
    assert [len(directory.newest(ME, 10)) for _ in range(5)] == [1] * 5


def test_without_counting_nobody_is_asked(world):
    world.counters.faults.add(Fault(UpstreamUnavailable("down"), method="count"))
    with pytest.raises(UpstreamUnavailable):
        world.find()
    assert world.spotify.faults.calls == []


def complete(count, tracks: int):
    """Asks for tracks and, as look-ups do, takes a limit for an answer."""
    for _ in range(tracks):
        try:
            count()
        except CapReached:
            break
    return NO_FINDINGS


def test_findings_that_lack_what_was_not_asked_for_are_none(world):
    assert world.budget.findings(lambda count: complete(count, 3)) is NO_FINDINGS
    with pytest.raises(CapReached, match="how new tracks sound") as caught:
        world.budget.findings(lambda count: complete(count, 1))
    assert caught.value.retry_after_seconds == 2 * 3600
    assert world.budget.findings(lambda count: complete(count, 0)) is NO_FINDINGS, "whoever asks nothing goes on"
    assert world.find() == found("single"), "the budgets are apart"


def test_with_publishing_and_polling_it_stays_below_what_locked_accounts_out():
    publishing = 4 * PublishSettings().daily_creations + 3 * PublishSettings().daily_updates
    assert publishing + PollSettings().daily_calls + 2 * BudgetSettings().daily_looks < 800
