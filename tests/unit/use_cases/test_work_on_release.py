"""From the news to the playlist: whatever fails and whenever, one playlist, nothing lost, nothing doubled."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from daltonify_core.catalogue.audio_features import AudioFeatures
from daltonify_core.errors import (
    ConsentNeeded,
    IndexUnavailable,
    InvalidQuery,
    NoBiggerArtists,
    UnknownPlaylist,
    UpstreamRateLimited,
    UpstreamRefused,
    UpstreamUnavailable,
    UpstreamUncertain,
)
from daltonify_core.playlist.publishing import PublishSettings
from daltonify_core.ports.limits import Circuit
from daltonify_core.ports.publishing import PlaylistText
from daltonify_core.releases.reference import announced_release
from daltonify_core.releases.release import MOST_UNENDED, ReferenceKind, Release, ReleaseReference, ReleaseState
from daltonify_core.use_cases.keep_artists import KeepArtists
from daltonify_core.use_cases.look_up_budget import BudgetSettings
from daltonify_core.use_cases.publish_playlist import PublishPlaylist
from daltonify_core.use_cases.record_release import RecordRelease
from tests.fakes.faults import Fault, Moment, ProcessKilled
from tests.fakes.release_world import (
    DAY,
    ME,
    NOON,
    POOL,
    PROFILE,
    SOMEBODY_ELSE,
    SWEEP_SECONDS,
    TOKEN_KEY,
    World,
    found,
    names,
    reference,
    track_id,
    uri,
    why,
)


def test_a_release_becomes_a_playlist_with_the_track_at_its_slot():
    world = World()
    world.on_spotify("single")
    world.announce("single")
    world.deliver()
    assert world.release().state is ReleaseState.DONE
    assert world.playlist() == ["other0", "other1", "single", *POOL[2:12]]
    assert world.release().playlist_id in world.spotify.playlists
    assert world.artists.playlists[ME].version == 1
    (version,) = world.artists.versions(ME)
    assert names([track.uri for track in version.tracks]) == world.playlist()
    assert version.release_id == "release1"
    assert world.artists.holders == {}


def test_the_second_release_changes_the_same_playlist_and_a_third_of_the_others_is_new():
    world = World()
    world.on_spotify("first")
    world.on_spotify("second", date="2026-02-01")
    world.announce("first")
    world.deliver()
    before = world.playlist()
    world.clock.advance(30 * 24 * 3600)
    world.announce("second")
    world.deliver()
    after = world.playlist()
    assert after[2] == "second"
    assert "first" not in after
    others = {name for name in before if name.startswith("other")}
    assert len(others & set(after)) == 8
    assert len(after) == 13
    assert [one.number for one in world.artists.versions(ME)] == [2, 1]
    assert world.release(1).playlist_id == world.release(2).playlist_id


def test_older_own_tracks_move_down_when_the_profile_keeps_them():
    world = World(replace(PROFILE, size=30, own_kept=2))
    for number, name in enumerate(("first", "second", "third"), start=1):
        world.on_spotify(name, date=f"2026-0{number}-01")
        world.announce(name)
        world.deliver()
    own = [name for name in world.playlist() if not name.startswith("other")]
    assert own == ["third", "second"]
    assert world.playlist()[2] == "third"


def test_three_releases_out_of_order_stand_by_their_dates():
    world = World(replace(PROFILE, size=30, own_kept=3))
    for name, date in (("march", "2026-03-01"), ("january", "2026-01-01"), ("february", "2026-02-01")):
        world.on_spotify(name, date=date)
        world.announce(name)
    world.settle()
    assert [name for name in world.playlist() if not name.startswith("other")] == ["march", "february", "january"]


def test_a_release_that_is_older_than_what_the_playlist_holds_is_told_so():
    world = World()
    for name, date in (("march", "2026-03-01"), ("january", "2026-01-01")):
        world.on_spotify(name, date=date)
        world.announce(name)
    world.settle()
    assert [name for name in world.playlist() if not name.startswith("other")] == ["march"]
    assert world.release().notes == ()
    assert world.release(2).notes == (
        "“january” came out before the own tracks in the playlist, which has 1 place for them, so it was left out.",
    )


def test_pinned_tracks_stay_for_ever():
    world = World(replace(PROFILE, pinned=(track_id("other50"),)))
    for number in range(6):
        world.on_spotify(f"single{number}", date=f"2026-0{number + 1}-01")
        world.announce(f"single{number}")
        world.deliver()
        assert "other50" in world.playlist()


def test_what_made_room_does_not_come_back_at_once():
    world = World()
    world.on_spotify("first")
    world.on_spotify("second", date="2026-02-01")
    world.announce("first")
    world.deliver()
    before = {name for name in world.playlist() if name.startswith("other")}
    world.announce("second")
    world.deliver()
    gone = before - set(world.playlist())
    assert len(gone) == 4
    assert set(world.recommender.requests[-1].filters.exclude_tracks) == {track_id(name) for name in gone}


def test_each_release_gets_its_own_playlist_where_the_profile_says_so():
    world = World(replace(PROFILE, lives_on=False))
    for name in ("first", "second"):
        world.on_spotify(name)
        world.announce(name)
    world.deliver()
    assert [names(one.uris)[2] for one in world.spotify.playlists.values()] == ["first", "second"]
    assert world.artists.versions(ME) == []


def test_nothing_changes_while_the_playlist_is_frozen():
    world = World(replace(PROFILE, frozen=True))
    world.on_spotify("single")
    world.announce("single")
    world.settle(DAY)
    assert world.spotify.playlists == {}
    assert world.release().state is ReleaseState.WAITING
    assert "frozen" in why(world)
    world.artists.replace(PROFILE)
    world.settle()
    assert world.release().state is ReleaseState.DONE


# --- not there yet ---


def test_a_release_that_is_not_on_spotify_yet_is_looked_for_until_it_is():
    world = World()
    world.announce("single")
    world.settle(timedelta(days=5))
    waiting = world.release()
    assert waiting.state is ReleaseState.WAITING
    assert "Spotify does not have this release yet" in why(world)
    assert "16 January 2026" in why(world)
    assert world.directory.faults.calls.count("find") < 40
    world.on_spotify("single")
    world.settle(DAY)
    assert world.release().state is ReleaseState.DONE


def test_after_fourteen_days_it_is_given_up_and_can_be_replayed():
    world = World()
    world.announce("single")
    world.settle(timedelta(days=15))
    assert world.release().state is ReleaseState.FAILED
    assert "14 days" in why(world)
    assert world.release().finished_at == NOON + timedelta(days=14)
    world.on_spotify("single")
    world.releases.replay("release1", world.clock())
    world.settle()
    assert world.release().state is ReleaseState.DONE
    assert "single" in world.playlist()


def test_another_artists_release_is_never_published():
    world = World()
    world.on_spotify("single", artist_id=SOMEBODY_ELSE)
    world.announce("single")
    world.settle()
    assert world.release().state is ReleaseState.FAILED
    assert "another artist" in why(world)
    assert world.spotify.playlists == {}


def test_an_artist_who_was_removed_gets_no_playlist():
    world = World()
    world.on_spotify("single")
    world.announce("single")
    world.artists.remove(ME)
    world.settle()
    assert world.release().state is ReleaseState.FAILED
    assert "no longer registered" in why(world)
    assert world.spotify.playlists == {}


def test_one_track_that_was_announced_in_two_ways_is_published_once():
    world = World()
    world.on_spotify("single")
    by_code = ReleaseReference(ReferenceKind.ISRC, "QZES72400001")
    world.directory.found[by_code] = found("single")
    world.announce("single")
    record = RecordRelease(world.releases, world.queue, lambda: "release2", world.clock)
    record.by_operator(ME, announced_release({"isrc": by_code.value}))
    world.settle()
    assert world.release(2).state is ReleaseState.DONE
    assert world.release(2).playlist_id == world.release(1).playlist_id
    assert len(world.artists.versions(ME)) == 1
    assert world.playlist().count("single") == 1


def announce_by_code(world: World, title: str) -> Release:
    by_code = ReleaseReference(ReferenceKind.ISRC, "QZES72400001")
    world.directory.found[by_code] = found(title)
    record = RecordRelease(world.releases, world.queue, lambda: "release2", world.clock)
    return record.by_operator(ME, announced_release({"isrc": by_code.value}))


def test_the_second_news_of_a_track_waits_for_the_first_and_takes_its_place_if_that_fails():
    world = World()
    world.on_spotify("single")
    world.recommender.error = IndexUnavailable("There is no index.")
    world.announce("single")
    world.deliver()
    announce_by_code(world, "single")
    world.deliver()
    assert (world.release(2).state, world.release(2).title) == (ReleaseState.WAITING, "single")
    assert "announced before" in (world.release(2).why or "")
    world.recommender.error = InvalidQuery("Nobody is bigger.")
    world.clock.advance(SWEEP_SECONDS)
    world.work("release1")
    assert world.release().state is ReleaseState.FAILED
    world.recommender.error = None
    world.settle()
    assert world.release(2).state is ReleaseState.DONE
    assert world.playlist().count("single") == 1


def test_a_plan_that_two_builds_have_outlived_is_made_anew():
    world = World()
    world.on_spotify("single")
    gone = set()
    world.publisher = lambda: PublishPlaylist(  # type: ignore[method-assign]
        world.publications,
        world.spotify,
        lambda ids: {each: "test" for each in ids if each not in gone},
        TOKEN_KEY,
        world.clock,
        world.publish_settings,
    )
    world.publications.open_circuit(PublishSettings().account, Circuit(world.clock() + DAY, "The quota is used up."))
    world.announce("single")
    world.deliver()
    assert world.release().plan is not None
    gone.add(track_id("other0"))
    answer = world.recommender._answer
    world.recommender._answer = lambda request: answer(  # type: ignore[method-assign]
        replace(request, filters=replace(request.filters, exclude_tracks=(track_id("other0"),)))
    )
    world.settle()
    assert world.release().state is ReleaseState.DONE
    assert "other0" not in world.playlist()
    assert len(world.spotify.playlists) == 1


def test_a_track_whose_release_failed_comes_in_with_the_next_news_of_it_and_only_once():
    world = World()
    world.on_spotify("single")
    world.recommender.error = InvalidQuery("Nobody is bigger.")
    world.announce("single")
    world.deliver()
    assert world.release().state is ReleaseState.FAILED
    world.recommender.error = None
    announce_by_code(world, "single")
    world.settle()
    assert world.release(2).state is ReleaseState.DONE
    assert world.playlist().count("single") == 1
    world.releases.replay("release1", world.clock())
    world.settle()
    assert world.release().state is ReleaseState.DONE
    assert world.release().playlist_id == world.release(2).playlist_id
    assert len(world.artists.versions(ME)) == 1


# --- how it sounds ---


def test_the_sound_of_the_profile_stands_in_for_a_track_that_nobody_knows():
    sound = AudioFeatures(energy=0.5)
    world = World(replace(PROFILE, features=sound))
    world.on_spotify("single")
    world.recommender.without_features.add(track_id("single"))
    world.announce("single")
    world.deliver()
    assert world.recommender.requests[-1].seeds[0].features == sound
    assert any("sound that the profile holds" in note for note in world.release().notes)


def test_the_artists_other_tracks_stand_in_where_the_profile_holds_nothing():
    world = World(sounds={ME: AudioFeatures(energy=0.7)})
    world.on_spotify("single")
    world.recommender.without_features.add(track_id("single"))
    world.announce("single")
    world.deliver()
    assert world.recommender.requests[-1].seeds[0].features.energy == 0.7
    assert any("other tracks" in note for note in world.release().notes)


def test_without_any_sound_it_waits_for_somebody_to_know_it():
    world = World()
    world.on_spotify("single")
    world.recommender.without_features.add(track_id("single"))
    world.announce("single")
    world.settle(DAY)
    assert world.release().state is ReleaseState.WAITING
    assert "how it sounds" in why(world)
    world.recommender.without_features.clear()
    world.settle(DAY)
    assert world.release().state is ReleaseState.DONE


# --- Spotify and our own stores fail ---


def test_spotify_down_for_an_hour_delays_and_loses_nothing():
    world = World()
    world.on_spotify("single")
    world.announce("single")
    down = UpstreamUnavailable("Spotify cannot be reached.")
    for faults in (world.directory.faults, world.spotify.faults):
        faults.add(Fault(down, times=10_000))
    world.settle(timedelta(hours=1))
    assert world.release().state is ReleaseState.WAITING
    assert world.release().why
    for faults in (world.directory.faults, world.spotify.faults):
        faults.clear()
    world.settle()
    assert world.release().state is ReleaseState.DONE
    assert "single" in world.playlist()


def test_spotify_down_while_publishing_makes_one_playlist():
    world = World()
    world.on_spotify("single")
    world.announce("single")
    world.spotify.faults.add(Fault(UpstreamUncertain("The answer was lost."), Moment.AFTER, "create_playlist"))
    world.settle()
    assert world.release().state is ReleaseState.DONE
    assert len(world.spotify.playlists) == 1


def test_a_quota_that_is_spent_parks_the_release_until_it_is_not():
    world = World()
    world.on_spotify("first", "second")
    world.announce("first")
    spent = UpstreamRateLimited("Too many", retry_after_seconds=24 * 3600, quota=True)
    world.spotify.faults.add(Fault(spent, method="create_playlist"))
    world.deliver()
    parked = world.release()
    assert parked.state is ReleaseState.WAITING
    assert parked.next_attempt_at == NOON + DAY
    asked = len(world.spotify.faults.calls)
    world.settle(timedelta(hours=23))
    assert len(world.spotify.faults.calls) == asked, "nobody asks while the quota is spent"
    world.settle(timedelta(hours=3))
    assert world.release().state is ReleaseState.DONE


def test_other_artists_work_goes_on_while_one_waits():
    world = World()
    world.artists.add(replace(PROFILE, artist_id=SOMEBODY_ELSE, name="You"))
    world.announce("missing")
    world.deliver()
    world.directory.found[reference("yours")] = found("yours", artist_id=SOMEBODY_ELSE)
    record = RecordRelease(world.releases, world.queue, lambda: "release2", world.clock)
    record.by_operator(SOMEBODY_ELSE, announced_release({"uri": uri("yours")}))
    world.deliver()
    assert world.release(1).state is ReleaseState.WAITING
    assert world.release(2).state is ReleaseState.DONE


@pytest.mark.parametrize(
    "error",
    [ConsentNeeded("The consent is dead."), UpstreamRefused("No.", 403), IndexUnavailable("There is no index.")],
)
def test_what_a_person_has_to_mend_is_waited_for(error):
    world = World()
    world.on_spotify("single")
    world.announce("single")
    faults = world.recommender.faults if isinstance(error, IndexUnavailable) else world.directory.faults
    faults.add(Fault(error, times=20))
    world.deliver()
    assert world.release().state is ReleaseState.WAITING
    world.settle()
    assert world.release().state is ReleaseState.DONE


def test_where_the_rules_leave_nobody_it_fails_and_says_why():
    world = World()
    world.on_spotify("single")
    world.recommender.error = NoBiggerArtists("Nobody in rock is more popular.")
    world.announce("single")
    world.settle()
    assert world.release().state is ReleaseState.FAILED
    assert world.release().why == "Nobody in rock is more popular."
    assert world.artists.holders == {}


def test_a_used_up_cap_is_waited_out():
    world = World(publish_settings=PublishSettings(daily_creations=0))
    world.on_spotify("single")
    world.announce("single")
    world.deliver()
    assert world.release().state is ReleaseState.WAITING
    assert world.release().next_attempt_at == datetime(2026, 1, 3, tzinfo=UTC)
    world.publish_settings = PublishSettings()
    world.settle()
    assert world.release().state is ReleaseState.DONE


def test_a_queue_that_fails_after_the_put_loses_nothing():
    world = World()
    world.on_spotify("single")
    world.queue.faults.add(Fault(UpstreamUnavailable("The queue is down."), times=4))
    world.announce("single")
    assert world.queue.sent == []
    world.settle()
    assert world.release().state is ReleaseState.DONE


def test_a_message_delivered_five_times_publishes_once():
    world = World()
    world.on_spotify("single")
    world.announce("single")
    world.queue.sent *= 5
    world.deliver()
    assert world.release().state is ReleaseState.DONE
    assert world.release().attempt == 1
    (playlist,) = world.spotify.playlists.values()
    assert len(playlist.history) == 1


def test_two_releases_at_once_end_in_one_playlist_with_both():
    """The second worker begins in the middle of every step of the first."""
    alone = World(replace(PROFILE, size=30, own_kept=2))
    alone.on_spotify("first")
    alone.announce("first")
    alone.deliver()
    for faults_of, steps in ((lambda world: world.artists, len(alone.artists.faults.calls)),
                             (lambda world: world.spotify, len(alone.spotify.faults.calls)),
                             (lambda world: world.releases, len(alone.releases.faults.calls))):  # fmt: skip
        for step in range(steps):
            check_two_at_once(faults_of, step)


def check_two_at_once(faults_of: Callable[[World], Any], step: int) -> None:
    world = World(replace(PROFILE, size=30, own_kept=2))
    world.on_spotify("first")
    world.on_spotify("second", date="2026-02-01")
    world.announce("first")
    world.announce("second")
    world.queue.sent.clear()
    faults = faults_of(world).faults
    begun: list[int] = []
    start = len(faults.calls)

    def meanwhile(number: int) -> None:
        if number == start + step and not begun:
            begun.append(number)
            world.work("release2")

    faults.after_call = meanwhile
    world.work("release1")
    world.settle()
    assert {world.release(1).state, world.release(2).state} == {ReleaseState.DONE}, step
    assert {"first", "second"} <= set(world.playlist()), step
    assert [one.number for one in world.artists.versions(ME)] == [2, 1], step


@pytest.mark.parametrize("part", range(6))
def test_every_answer_may_be_lost_once(part):
    calm = World(replace(PROFILE, size=30, own_kept=2))
    run_two(calm)
    for step in range(len(calm.faults[part].calls)):
        world = World(replace(PROFILE, size=30, own_kept=2))
        # Of our own records doing it again does no harm; of Spotify nobody knows what it did.
        lost = UpstreamUncertain if world.faults[part] is world.spotify.faults else UpstreamUnavailable
        world.faults[part].add(Fault(lost("The answer was lost."), Moment.AFTER, call=step))
        try:
            run_two(world)
        except UpstreamUnavailable:
            # The sender asks again.
            run_two(world)
        check_both_are_there(world, f"{part} {step}")


def test_a_change_that_came_in_between_is_seen_and_the_track_is_put_in_again():
    world = World()
    world.on_spotify("first", "second")
    world.announce("first")
    world.deliver()
    world.announce("second")
    returned: list[bool] = []

    def return_meanwhile(method: str) -> None:
        if method == "save_version" and not returned:
            returned.append(True)
            (first,) = world.artists.versions(ME)
            back = replace(world.artists.playlists[ME], version=2)
            until = world.clock() + timedelta(minutes=1)
            assert world.artists.hold(ME, "a return", world.clock(), until, "release2") is None
            content = replace(first, number=2, why="back to version 1")
            assert world.artists.save_version(back, content, "a return", world.clock())
            world.artists.let_go(ME, "a return")

    world.artists.faults.before_call = return_meanwhile
    world.settle()
    assert returned
    assert world.release(2).version == 3
    assert "second" in world.playlist()
    assert names([track.uri for track in world.artists.versions(ME)[0].tracks]) == world.playlist()


def test_a_playlist_that_is_gone_is_told_and_the_operator_can_let_a_new_one_begin():
    world = World()
    world.on_spotify("first", "second")
    world.announce("first")
    world.deliver()
    world.spotify.playlists.clear()
    world.announce("second")
    world.settle()
    assert world.release(2).state is ReleaseState.FAILED
    assert "let a new one begin" in (world.release(2).why or "")
    assert KeepArtists(world.artists, world.clock).forget_playlist(ME).artist_id == ME
    world.releases.replay("release2", world.clock())
    world.settle()
    assert (world.release(2).state, world.release(2).version) == (ReleaseState.DONE, 1)
    assert "second" in world.playlist()


def removed_while_filled(world: World, times: int = 1) -> None:
    """Somebody removes each new playlist of the account as soon as it is there, so often."""
    create = world.spotify.create_playlist
    left = [times]

    def create_and_remove(text: PlaylistText) -> str:
        playlist_id = create(text)
        if left[0]:
            left[0] -= 1
            world.spotify.remove(playlist_id)
        return playlist_id

    world.spotify.create_playlist = create_and_remove  # type: ignore[method-assign]


@pytest.mark.parametrize("lives_on", [True, False])
def test_a_new_playlist_that_is_removed_while_it_is_filled_is_made_anew_once_and_said_so(lives_on):
    world = World(replace(PROFILE, lives_on=lives_on))
    removed_while_filled(world)
    world.on_spotify("single")
    world.announce("single")
    world.settle()
    assert world.release().state is ReleaseState.DONE
    (playlist_id,) = world.spotify.playlists
    assert world.release().playlist_id == playlist_id
    assert any("removed from our account" in note for note in world.release().notes)
    assert "single" in world.playlist()
    assert [one.playlist_id for one in world.artists.playlists.values()] == [playlist_id] * lives_on


def test_the_next_release_goes_on_with_the_playlist_that_took_the_place_of_the_removed_one():
    world = World()
    removed_while_filled(world)
    world.on_spotify("first")
    world.on_spotify("second", date="2026-02-01")
    for name in ("first", "second"):
        world.announce(name)
        world.settle()
    assert len(world.spotify.playlists) == 1
    assert world.playlist()[2] == "second"
    assert not any("removed" in note for note in world.release(2).notes)


def test_a_playlist_that_is_removed_twice_fails_says_why_and_lets_others_go_on():
    world = World()
    removed_while_filled(world, times=2)
    world.on_spotify("first", "second")
    world.announce("first")
    world.settle()
    assert world.release().state is ReleaseState.FAILED
    assert "so was the one made in its place" in why(world)
    assert world.spotify.playlists == {}
    world.announce("second")
    world.settle()
    assert world.release(2).state is ReleaseState.DONE
    world.releases.replay("release1", world.clock())
    world.settle()
    assert world.release(1).state is ReleaseState.DONE
    assert len(world.spotify.playlists) == 1


def test_a_playlist_that_spotify_only_does_not_find_is_never_made_twice():
    world = World()
    world.on_spotify("single")
    world.spotify.faults.add(Fault(UnknownPlaylist("404"), method="replace_items", times=8))
    world.announce("single")
    world.settle(DAY)
    assert world.release().state is ReleaseState.DONE
    assert len(world.spotify.playlists) == 1
    assert world.spotify.faults.calls.count("find_playlists") <= 8


# --- what looking may cost ---


def test_a_used_up_budget_of_looks_is_waited_out_and_other_work_goes_on():
    world = World(budget_settings=BudgetSettings(daily_looks=2))
    world.publications.open_circuit(PublishSettings().account, Circuit(NOON + timedelta(hours=1), "A short pause."))
    world.on_spotify("first", "second", "third")
    for name in ("first", "second", "third"):
        world.announce(name)
    world.deliver()
    world.announce("fourth")
    world.settle(timedelta(hours=3))
    assert [world.release(number).state for number in (1, 2)] == [ReleaseState.DONE] * 2
    for number in (3, 4):
        late = world.release(number)
        assert (late.state, late.misses) == (ReleaseState.WAITING, 0)
        assert "after midnight" in (late.why or "")
        assert late.next_attempt_at == datetime(2026, 1, 3, tzinfo=UTC)
    assert world.directory.faults.calls == ["find"] * 2
    world.settle(timedelta(hours=10))
    assert world.release(3).state is ReleaseState.DONE


def test_a_thousand_releases_that_are_not_there_cost_no_more_than_the_budget():
    world = World()
    for number in range(1000):
        world.announce(f"single{number}")
    world.settle(timedelta(hours=11))
    assert len(world.directory.faults.calls) == BudgetSettings().daily_looks
    assert {one.state for one in world.releases.releases.values()} == {ReleaseState.WAITING}


# --- artists who are removed meanwhile ---


@pytest.mark.parametrize("released_before", [False, True])
@pytest.mark.parametrize("part", range(6))
def test_an_artist_who_is_removed_at_any_step_leaves_nothing_behind(part, released_before):
    def begin() -> World:
        world = World()
        world.on_spotify("first")
        world.on_spotify("second", date="2026-02-01")
        if released_before:
            world.announce("first")
            world.settle()
        return world

    calm = begin()
    start = len(calm.faults[part].calls)
    calm.announce("second")
    calm.settle()
    for step in range(start, len(calm.faults[part].calls)):
        world = begin()
        faults = world.faults[part]
        has_left = False

        def leave(number: int, world: World = world, step: int = step) -> None:
            nonlocal has_left
            if number == step and not has_left:
                has_left = True
                world.artists.remove(ME)

        faults.after_call = leave
        world.announce("second")
        world.settle()
        assert has_left, step
        kept = (world.artists.playlists, world.artists.kept_versions, world.artists.holders, world.artists.profiles)
        assert kept == ({}, {}, {}, {}), step
        ended = world.release(2 if released_before else 1)
        assert ended.state in (ReleaseState.FAILED, ReleaseState.DONE), step
        if ended.state is ReleaseState.FAILED:
            assert "no longer registered" in (ended.why or ""), step


# --- workers that always die ---


def crash(world: World, part: int, method: str) -> None:
    world.faults[part].add(Fault(ProcessKilled(), method=method, times=1_000))


@pytest.mark.parametrize(("part", "method"), [(2, "find"), (3, "recommend"), (5, "replace_items"), (1, "save_version")])
def test_a_release_that_always_kills_its_worker_is_given_up_and_can_be_replayed(part, method):
    world = World()
    world.on_spotify("single", "other")
    crash(world, part, method)
    world.announce("single")
    world.settle()
    assert world.killed == MOST_UNENDED
    given_up = world.release()
    assert (given_up.state, given_up.was_given_up) == (ReleaseState.FAILED, True)
    assert f"broke down over this release {MOST_UNENDED} times" in why(world)
    assert world.artists.holders == {}
    world.faults[part].clear()
    world.releases.replay("release1", world.clock())
    world.settle()
    assert (world.release().state, world.release().unended) == (ReleaseState.DONE, 0)
    assert len(world.spotify.playlists) == 1
    assert "single" in world.playlist()


def test_attempts_that_end_by_themselves_never_add_up():
    world = World()
    world.announce("single")
    deaths = MOST_UNENDED - 1
    for _ in range(3):
        world.directory.faults.add(Fault(ProcessKilled(), call=len(world.directory.faults.calls), times=deaths))
        world.settle(timedelta(hours=20))
    assert world.killed == 3 * deaths
    assert world.release().state is ReleaseState.WAITING
    assert world.release().unended == 0


def test_another_key_of_edit_tokens_is_told_and_waited_for():
    world = World()
    world.on_spotify("first", "second")
    world.announce("first")
    world.deliver()
    playlist_id = world.artists.playlists[ME].playlist_id
    world.publications.save_edit_token(playlist_id, "made with another key")
    world.announce("second")
    world.deliver()
    assert world.release(2).state is ReleaseState.WAITING
    assert "operator" in (world.release(2).why or "")
    assert world.release(2).next_attempt_at == world.clock() + timedelta(hours=1)


# --- workers die ---


def run_two(world: World) -> None:
    world.on_spotify("first")
    world.on_spotify("second", date="2026-02-01")
    world.announce("first")
    world.settle()
    world.announce("second")
    world.settle()


@pytest.mark.parametrize("moment", Moment)
@pytest.mark.parametrize("part", range(6))
def test_a_worker_may_be_killed_at_every_step(part, moment):
    calm = World(replace(PROFILE, size=30, own_kept=2))
    run_two(calm)
    for step in range(len(calm.faults[part].calls)):
        world = World(replace(PROFILE, size=30, own_kept=2))
        world.faults[part].add(Fault(ProcessKilled(), moment, call=step))
        try:
            run_two(world)
        except ProcessKilled:
            # What the sender and the sweeper do is killed as well; the sender asks again, the next sweep comes.
            run_two(world)
        check_both_are_there(world, f"{part} {moment} {step}")


@pytest.mark.parametrize("part", range(6))
def test_everything_may_fail_once_at_every_step(part):
    calm = World(replace(PROFILE, size=30, own_kept=2))
    run_two(calm)
    for step in range(len(calm.faults[part].calls)):
        world = World(replace(PROFILE, size=30, own_kept=2))
        world.faults[part].add(Fault(UpstreamUnavailable("It is down."), call=step, times=2))
        while True:
            try:
                run_two(world)
                break
            except UpstreamUnavailable:
                # The sender asks again.
                continue
        check_both_are_there(world, f"{part} {step}")


def check_both_are_there(world: World, about: str) -> None:
    for faults in world.faults:
        faults.clear()
    assert [one.state for one in world.releases.releases.values()] == [ReleaseState.DONE] * 2, about
    assert len(world.spotify.playlists) == 1, about
    own = [name for name in world.playlist() if not name.startswith("other")]
    assert own == ["second", "first"], about
    assert len(world.playlist()) == len(set(world.playlist())) == 32, about
    assert [one.number for one in world.artists.versions(ME)] == [2, 1], about
    assert names([track.uri for track in world.artists.versions(ME)[0].tracks]) == world.playlist(), about
    # Whatever was left behind, the next release is not kept out by it.
    world.on_spotify("third", date="2026-03-01")
    world.announce("third")
    world.settle()
    assert world.playlist()[2] == "third", about
    assert world.artists.holders == {}, about
