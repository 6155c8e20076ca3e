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
    UpstreamRateLimited,
    UpstreamRefused,
    UpstreamUnavailable,
    UpstreamUncertain,
)
from daltonify_core.playlist.publishing import PublishSettings
from daltonify_core.ports import Circuit
from daltonify_core.releases.profile import LivingPlaylist, PlaylistVersion
from daltonify_core.releases.reference import announced_release
from daltonify_core.releases.release import ReferenceKind, Release, ReleaseReference, ReleaseState
from daltonify_core.use_cases.keep_artists import KeepArtists
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
    save_version = world.artists.save_version

    def after_a_return(playlist: LivingPlaylist, version: PlaylistVersion) -> bool:
        world.artists.save_version = save_version  # type: ignore[method-assign]
        (first,) = world.artists.versions(ME)
        assert save_version(playlist, replace(first, number=2, why="back to version 1"))
        return save_version(playlist, version)

    world.artists.save_version = after_a_return  # type: ignore[method-assign]
    world.settle()
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
