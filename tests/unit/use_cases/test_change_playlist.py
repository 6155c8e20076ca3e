"""Renewing a living playlist and returning to older versions of it."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from daltonify_core.errors import InvalidQuery, PublicationInProgress, UpstreamUnavailable
from daltonify_core.use_cases.change_playlist import Changed, ChangePlaylist
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
    return ChangePlaylist(world.artists, world.releases, planner, world.publisher(), world.clock)


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


@pytest.mark.parametrize("moment", Moment)
@pytest.mark.parametrize("part", ["artists", "releases", "publications", "spotify"])
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
