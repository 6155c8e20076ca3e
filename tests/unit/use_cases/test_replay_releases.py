"""Giving releases another try, with a queue that may fail meanwhile."""

import json
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest

from daltonify_core.errors import InvalidQuery, UpstreamUnavailable
from daltonify_core.releases.release import MOST_UNENDED, STALE, PublishPlan, ReleaseState
from daltonify_core.use_cases.replay_releases import Replayed, ReplayReleases
from tests.fakes.faults import Fault
from tests.fakes.release_world import ME
from tests.unit.use_cases.test_record_release import World, announced

AWAY = UpstreamUnavailable("It is away.")


@dataclass
class MemoryDeadLetters:
    """Letters by name; what was read is not read again."""

    letters: dict[str, str]
    unread: list[str] = field(init=False)

    def __post_init__(self) -> None:
        self.unread = list(self.letters)

    def read(self) -> list[tuple[str, str]]:
        some, self.unread = self.unread[:2], self.unread[2:]
        return [(name, self.letters[name]) for name in some]

    def remove(self, letter: str) -> None:
        del self.letters[letter]


@pytest.fixture
def world() -> World:
    return World()


def replays(world: World) -> ReplayReleases:
    return ReplayReleases(world.releases, world.queue, world.clock)


def made(world: World, title: str = "One", state: ReleaseState = ReleaseState.RECEIVED) -> str:
    release = world.record.by_operator(ME, announced(title))
    plan = PublishPlan(1, "Title", "", ("a",), ("a",))
    due = None if state in (ReleaseState.FAILED, ReleaseState.DONE) else world.clock()
    world.releases.releases[release.release_id] = replace(
        release, state=state, plan=plan, next_attempt_at=due, attempt=3
    )
    world.queue.sent.clear()
    return release.release_id


def test_a_failed_release_begins_anew_with_another_publication(world):
    release_id = made(world, state=ReleaseState.FAILED)
    world.clock.advance(timedelta(days=20).total_seconds())
    again = replays(world).replay(release_id)
    assert (again.state, again.attempt, again.since) == (ReleaseState.RECEIVED, 4, world.clock())
    assert again.plan is not None
    assert again.plan.base_version == STALE
    assert [one.release_id for one in world.queue.sent] == [release_id]


def test_a_queue_that_fails_leaves_it_to_the_sweep(world):
    release_id = made(world, state=ReleaseState.FAILED)
    world.queue.faults.add(Fault(AWAY, method="send", call=1))
    replays(world).replay(release_id)
    assert world.queue.sent == []
    world.clock.advance(300)
    world.sweep()
    assert [one.release_id for one in world.queue.sent] == [release_id]


def waits(world: World, why: str = "It is not there yet.", held_until: datetime | None = None) -> str:
    release_id = made(world, state=ReleaseState.WAITING)
    stored = world.releases.releases[release_id]
    later = world.clock() + timedelta(hours=6)
    world.releases.releases[release_id] = replace(stored, next_attempt_at=later, why=why, held_until=held_until)
    return release_id


def test_a_waiting_release_goes_on_now(world):
    release_id = waits(world)
    hurried = replays(world).replay(release_id)
    assert (hurried.state, hurried.next_attempt_at) == (ReleaseState.WAITING, world.clock())
    assert world.releases.releases[release_id].is_due(world.clock())
    assert [one.release_id for one in world.queue.sent] == [release_id]


def test_a_pause_is_not_cut_short_and_that_is_said(world):
    until = world.clock() + timedelta(hours=6)
    release_id = waits(world, held_until=until, why="Spotify takes nothing more.")
    with pytest.raises(InvalidQuery, match=f"Spotify takes nothing more.*{until:%Y-%m-%d %H:%M} UTC"):
        replays(world).replay(release_id)
    assert world.releases.releases[release_id].next_attempt_at == until
    assert world.queue.sent == []
    world.clock.advance(timedelta(hours=6).total_seconds())
    assert replays(world).replay(release_id).is_due(world.clock())


@pytest.mark.parametrize("state", [ReleaseState.RESOLVING, ReleaseState.PUBLISHING])
def test_what_a_worker_has_in_hand_is_left_to_it(world, state):
    release_id = made(world, state=state)
    lease = world.clock() + timedelta(minutes=3)
    world.releases.releases[release_id] = replace(world.releases.releases[release_id], next_attempt_at=lease)
    with pytest.raises(InvalidQuery, match=f"in hand.*{lease:%H:%M} UTC"):
        replays(world).replay(release_id)
    assert world.queue.sent == []


@pytest.mark.parametrize("state", [ReleaseState.RESOLVING, ReleaseState.WAITING, ReleaseState.PUBLISHING])
def test_an_open_release_that_is_due_is_only_sent_again(world, state):
    release_id = made(world, state=state)
    assert replays(world).replay(release_id).state is state
    assert [one.release_id for one in world.queue.sent] == [release_id]


def test_what_is_done_or_unknown_is_refused(world):
    done = made(world, state=ReleaseState.DONE)
    for release_id, words in ((done, "undo"), ("0" * 32, "no such release"), ("nonsense", "no such release")):
        with pytest.raises(InvalidQuery, match=words):
            replays(world).replay(release_id)
    assert world.queue.sent == []


def letters_about(*release_ids: str) -> MemoryDeadLetters:
    return MemoryDeadLetters({str(place): json.dumps({"release_id": one}) for place, one in enumerate(release_ids)})


def test_letters_about_open_releases_are_sent_and_all_others_dropped(world):
    crashed, other = made(world, "One"), made(world, "Two", ReleaseState.PUBLISHING)
    failed = made(world, "Three", ReleaseState.FAILED)
    letters = letters_about(crashed, failed, other, crashed, "0" * 32)
    letters.letters |= {"renewal": json.dumps({"renew": ME}), "nonsense": "{"}
    letters.unread = list(letters.letters)
    assert replays(world).replay_dead_letters(letters) == Replayed((crashed, other), 4)
    assert letters.letters == {}
    assert {one.release_id for one in world.queue.sent} == {crashed, other}
    assert world.releases.releases[failed].state is ReleaseState.FAILED


def test_letters_about_a_release_that_was_given_up_receive_it_anew_once(world):
    given_up = made(world, state=ReleaseState.FAILED)
    dead = replace(world.releases.releases[given_up], unended=MOST_UNENDED + 1)
    world.releases.releases[given_up] = dead
    letters = letters_about(given_up, given_up)
    assert replays(world).replay_dead_letters(letters) == Replayed((given_up,), 0)
    again = world.releases.releases[given_up]
    assert (again.state, again.unended, again.attempt) == (ReleaseState.RECEIVED, 0, dead.attempt + 1)
    assert again.plan == dead.plan, "nobody knows how far its publication came, so it goes on"


def test_letters_that_could_not_be_sent_stay(world):
    crashed, other = made(world, "One"), made(world, "Two")
    letters = letters_about(crashed, other)
    world.queue.faults.add(Fault(AWAY, method="send", call=3))
    with pytest.raises(UpstreamUnavailable):
        replays(world).replay_dead_letters(letters)
    assert list(letters.letters) == ["1"]
    assert [one.release_id for one in world.queue.sent] == [crashed]
