"""Renewing a living playlist and returning to older versions of it."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from daltonify_core.errors import (
    ArtistGone,
    InvalidQuery,
    PublicationInProgress,
    PublishingUnavailable,
    PublishingUnfinished,
    UpstreamUnavailable,
)
from daltonify_core.releases.release import ReleaseState
from daltonify_core.use_cases.change_playlist import LEASE_MARGIN, Changed, ChangePlaylist
from daltonify_core.use_cases.plan_playlist import PlaylistPlanner
from tests.fakes.faults import Fault, Moment, ProcessKilled
from tests.fakes.release_world import ME, PROFILE, World, names, uri


def with_releases(*titles: str, **profile: Any) -> World:
    world = World(replace(PROFILE, **profile))
    for month, title in enumerate(titles, start=1):
        world.on_spotify(title, date=f"2026-0{month}-01")
        world.announce(title)
        world.deliver()
    return world


def changer(world: World) -> ChangePlaylist:
    planner = PlaylistPlanner(world.recommender, lambda _: None)  # type: ignore[arg-type,return-value]
    return ChangePlaylist(world.artists, world.releases, planner, world.publisher(), world.new_id, world.clock)


def renew(world: World, index_version: str = "v2") -> Changed | None:
    world.recommender.index_version = index_version
    return changer(world).renew(ME, index_version, world.clock() + timedelta(seconds=60))


def return_to(world: World, number: int | None = None) -> Changed:
    return changer(world).return_to(ME, number, world.clock() + timedelta(seconds=60))


def test_a_return_brings_the_version_before_back_as_a_new_one():
    world = with_releases("first", "second")
    before = names([track.uri for track in world.artists.versions(ME)[1].tracks])
    changed = return_to(world)
    assert world.playlist() == before
    assert changed.version.number == 3
    assert changed.version.why == "back to version 1"
    assert len(world.spotify.playlists) == 1


def test_a_return_can_be_returned_from():
    world = with_releases("first", "second")
    latest = world.playlist()
    return_to(world)
    return_to(world)
    assert world.playlist() == latest
    assert [one.number for one in world.artists.versions(ME)] == [4, 3, 2, 1]


def test_any_version_that_is_kept_can_be_had():
    world = with_releases("first", "second", "third")
    return_to(world, 1)
    assert "first" in world.playlist()


@pytest.mark.parametrize("number", [0, 3, 4])
def test_a_version_that_there_is_not_is_refused(number):
    world = with_releases("first", "second", "third")
    with pytest.raises(InvalidQuery, match="the ones kept are 1 to 2"):
        return_to(world, number)


def test_with_one_version_there_is_nothing_to_return_to():
    with pytest.raises(InvalidQuery, match="no older version"):
        return_to(with_releases("first"))


def test_the_next_release_goes_on_from_the_version_that_came_back():
    world = with_releases("first", "second")
    return_to(world)
    world.on_spotify("third", date="2026-03-01")
    world.announce("third")
    world.deliver()
    assert world.playlist()[2] == "third"
    assert world.artists.versions(ME)[0].number == 4


def test_a_renewal_changes_a_third_and_keeps_the_own_track():
    world = with_releases("single", renews=True)
    before = set(world.playlist())
    changed = renew(world)
    assert changed
    assert changed.version.index_version == "v2"
    after = world.playlist()
    assert after[2] == "single"
    assert len(before & set(after)) == 9
    assert len(after) == 13


def test_one_index_renews_once():
    world = with_releases("single", renews=True)
    renew(world)
    assert renew(world) is None
    assert renew(world, "v3") is not None


def test_a_renewal_that_was_taken_back_does_not_come_again_with_the_same_index():
    world = with_releases("single", renews=True)
    before = world.playlist()
    renew(world)
    return_to(world)
    assert renew(world) is None
    assert world.playlist() == before
    assert renew(world, "v3") is not None


@pytest.mark.parametrize("profile", [{"renews": False}, {"renews": True, "frozen": True}])
def test_only_where_the_profile_wants_it_is_anything_renewed(profile):
    world = with_releases("single", renews=True)
    world.artists.replace(replace(PROFILE, **profile))
    before = world.playlist()
    assert renew(world) is None
    assert world.playlist() == before


def test_while_a_release_has_the_playlist_in_hand_nothing_else_changes_it():
    world = with_releases("first", "second", renews=True)
    world.on_spotify("third", date="2026-03-01")
    world.announce("third")
    world.spotify.faults.add(Fault(UpstreamUnavailable("down"), times=10_000))
    world.deliver()
    for change in (return_to, renew):
        with pytest.raises(PublicationInProgress):
            change(world)
    world.spotify.faults.clear()
    world.settle()
    assert "third" in world.playlist()


CHANGES: dict[str, Callable[[World], object]] = {"return": lambda world: return_to(world, 1), "renewal": renew}
PARTS = ["artists", "releases", "publications", "spotify"]


def check_the_playlist_is_its_newest_version(world: World, step: int) -> None:
    newest = world.artists.versions(ME)[0]
    assert world.playlist() == names([track.uri for track in newest.tracks]), step
    assert world.artists.playlists[ME].version == newest.number, step
    assert len(world.spotify.playlists) == 1, step


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("moment", Moment)
@pytest.mark.parametrize("part", PARTS)
def test_a_change_that_dies_with_the_playlist_in_hand_lets_nobody_in_before_its_time_is_over(part, moment, change):
    calm = with_releases("first", "second", renews=True)
    start = len(getattr(calm, part).faults.calls)
    CHANGES[change](calm)
    letting_go = int(part == "artists")
    for step in range(start, len(getattr(calm, part).faults.calls) - letting_go):
        world = with_releases("first", "second", renews=True)
        world.on_spotify("third", date="2026-03-01")
        getattr(world, part).faults.add(Fault(ProcessKilled(), moment, call=step))
        with pytest.MonkeyPatch.context() as patch:
            # A machine that is lost lets nothing go.
            patch.setattr(world.artists, "let_go", lambda *_: None)
            with pytest.raises(ProcessKilled):
                CHANGES[change](world)
        is_held = ME in world.artists.holders
        world.announce("third")
        world.deliver()
        assert (world.release(3).state is ReleaseState.WAITING) == is_held, step
        if is_held:
            assert "being changed at this moment" in (world.release(3).why or ""), step
            with pytest.raises(PublicationInProgress):
                return_to(world, 1)
        world.clock.advance(60 + LEASE_MARGIN.total_seconds())
        world.settle()
        assert world.release(3).state is ReleaseState.DONE, step
        assert world.playlist()[2] == "third", step
        check_the_playlist_is_its_newest_version(world, step)
        assert world.artists.holders == {}, step


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("other", ["release", "return"])
@pytest.mark.parametrize("part", ["artists", "publications", "spotify"])
def test_a_change_that_sleeps_beyond_its_time_writes_nothing_over_what_came_after_it(part, change, other):
    """It falls asleep after every step, somebody else changes the playlist, and it wakes up again."""
    calm = with_releases("first", "second", "third", renews=True)
    start = len(getattr(calm, part).faults.calls)
    CHANGES[change](calm)
    steps = range(start, len(getattr(calm, part).faults.calls))
    refused = 0
    for step in steps:
        world = with_releases("first", "second", "third", renews=True)
        world.on_spotify("fourth", date="2026-04-01")
        slept: list[int] = []

        def sleep(number: int, world: World = world, step: int = step, slept: list[int] = slept) -> None:
            if number != step or slept:
                return
            slept.append(world.artists.playlists[ME].version)
            world.clock.advance(61 + LEASE_MARGIN.total_seconds())
            if other == "return":
                return_to(world, 2)
            else:
                world.announce("fourth")
                world.settle()

        getattr(world, part).faults.after_call = sleep
        try:
            CHANGES[change](world)
        except (PublishingUnfinished, PublishingUnavailable):
            refused += 1
        assert slept, step
        numbers = [version.number for version in world.artists.versions(ME)]
        assert numbers == sorted(set(numbers), reverse=True), step
        assert numbers[0] == slept[0] + 1, "the sleeper stored nothing after the other one"
        check_the_playlist_is_its_newest_version(world, step)
        if other == "release":
            assert world.release(4).state is ReleaseState.DONE, step
    assert refused


def test_an_artist_who_is_removed_during_a_change_leaves_nothing_behind():
    calm = with_releases("first", "second", renews=True)
    start = len(calm.artists.faults.calls)
    return_to(calm, 1)
    for step in range(start, len(calm.artists.faults.calls) - 1):
        world = with_releases("first", "second", renews=True)

        def leave(number: int, world: World = world, step: int = step) -> None:
            if number == step:
                world.artists.remove(ME)

        world.artists.faults.after_call = leave
        with suppress(ArtistGone, InvalidQuery):
            return_to(world, 1)
        assert (world.artists.playlists, world.artists.kept_versions, world.artists.holders) == ({}, {}, {}), step


@pytest.mark.parametrize("moment", Moment)
@pytest.mark.parametrize("part", PARTS)
def test_a_change_that_is_killed_at_any_step_can_be_done_again(part, moment):
    calm = with_releases("first", "second")
    start = len(getattr(calm, part).faults.calls)
    return_to(calm, 1)
    for step in range(start, len(getattr(calm, part).faults.calls)):
        world = with_releases("first", "second")
        getattr(world, part).faults.add(Fault(ProcessKilled(), moment, call=step))
        with pytest.raises(ProcessKilled):
            return_to(world, 1)
        world.clock.advance(300)
        if world.artists.playlists[ME].version == 2:
            return_to(world, 1)
        assert world.playlist() == names([track.uri for track in world.artists.versions(ME)[0].tracks])
        assert world.artists.versions(ME)[0].number == 3, step
        assert uri("first") in [track.uri for track in world.artists.versions(ME)[0].tracks]
