"""Which release is meant, when it is looked for, what has a place in the playlist, and what its status says."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from daltonify_core.errors import ConsentNeeded, DaltonifyError, UpstreamRateLimited, UpstreamUncertain
from daltonify_core.playlist.publishing import PublishSettings
from daltonify_core.ports.limits import Circuit
from daltonify_core.releases.reference import announced_release
from daltonify_core.releases.release import ReferenceKind, Release, ReleaseReference, ReleaseState
from daltonify_core.use_cases.record_release import RecordRelease
from tests.fakes.faults import Fault
from tests.fakes.release_world import DAY, ME, NOON, PROFILE, World, found, reference, track_id, uri, why

CODE = "QZES72400001"


def announce(world: World, body: dict[str, str], release_id: str = "release1") -> Release:
    record = RecordRelease(world.releases, world.queue, lambda: release_id, world.clock)
    return record.by_operator(ME, announced_release(body))


def on_spotify(world: World, name: str, **facts: Any) -> None:
    world.directory.found[reference(name)] = replace(found(name), **facts)


# --- one song, one place ---


SINGLE, ALBUM = "Home", "HomeAgain"


@pytest.mark.parametrize("order", [(SINGLE, ALBUM), (ALBUM, SINGLE)])
def test_single_and_album_version_have_one_place_which_the_later_one_has_in_whatever_order_they_come(order):
    world = World(replace(PROFILE, size=40, own_kept=3))
    on_spotify(world, "older", release_date="2025-01-01")
    on_spotify(world, SINGLE, isrc=CODE, release_date="2026-01-01")
    on_spotify(world, ALBUM, isrc=CODE, release_date="2026-01-02")
    for name in ("older", *order):
        world.announce(name)
        world.deliver()
    (newest, *_) = world.artists.versions(ME)
    assert [track.uri for track in newest.tracks if track.is_own] == [uri(ALBUM), uri("older")]
    (note,) = world.release(3).notes
    assert "same song" in note
    assert "2026-01-0" in note


def test_a_recording_that_is_out_on_one_day_under_two_ids_is_one_release():
    world = World()
    on_spotify(world, "theirs", title="Home", isrc=CODE)
    by_code = ReleaseReference(ReferenceKind.ISRC, CODE)
    world.directory.found[by_code] = replace(found("searched"), title="Home")
    announce(world, {"isrc": CODE})
    world.deliver()
    record = RecordRelease(world.releases, world.queue, lambda: "release2", world.clock)
    record.by_poll(ME, announced_release({"uri": uri("theirs")}))
    world.settle()
    assert len(world.artists.versions(ME)) == 1
    assert world.release(2).state is ReleaseState.DONE
    assert world.release(2).playlist_id == world.release(1).playlist_id
    assert "announced before" in world.release(2).notes[0]


# --- pins ---


def test_pinned_tracks_that_do_not_stand_in_the_playlist_are_told():
    world = World(replace(PROFILE, pinned=(track_id("other50"), track_id("unheard"))))
    world.on_spotify("single")
    world.announce("single")
    world.deliver()
    (note,) = world.release().notes
    assert track_id("unheard") in note
    assert "other50" not in note


def test_many_new_pins_take_the_place_of_others_and_the_size_stays():
    world = World(replace(PROFILE, size=100))
    for name, date in (("first", "2026-01-01"), ("second", "2026-01-02")):
        world.on_spotify(name, date=date)
    world.announce("first")
    world.deliver()
    held = {name for name in world.playlist() if name.startswith("other")}
    assert len(held) == 100
    # All of the pool is in the list, so half of it moves from loose to pinned, beside as many that nobody knows.
    pinned = tuple(track_id(name) for name in sorted(held)[:50]) + tuple(track_id(f"new{n}") for n in range(49))
    world.artists.replace(replace(world.profile, size=100, pinned=pinned))
    world.announce("second")
    world.deliver()
    assert world.release(2).state is ReleaseState.DONE, why(world)
    assert len(world.recommender.requests[-1].pinned) <= 100
    assert set(sorted(held)[:50]) <= set(world.playlist())


# --- the announced day ---


def test_what_is_announced_for_a_day_is_not_looked_for_before_and_for_fourteen_days_after():
    world = World()
    announce(world, {"title": "Home", "release_date": "2026-02-06"})
    world.deliver()
    assert world.directory.faults.calls == []
    waiting = world.release()
    assert (waiting.state, waiting.next_attempt_at) == (ReleaseState.WAITING, datetime(2026, 2, 6, tzinfo=UTC))
    assert "6 February 2026" in why(world)
    world.clock.advance((datetime(2026, 2, 15, tzinfo=UTC) - NOON).total_seconds())
    world.sweep()
    assert world.directory.faults.calls == ["find"]
    assert "20 February 2026" in why(world)
    world.directory.found[waiting.reference] = found("single", date="2026-02-14")
    world.settle()
    assert world.release().state is ReleaseState.DONE


@pytest.mark.parametrize(
    "body",
    [
        {"title": "Home", "release_date": "2062-02-06"},
        {"title": "Home", "release_date": "2026-02"},
        {"title": "Home", "release_date": "tomorrow"},
        {"title": "Home", "release_date": "2026-01-02"},
        {"uri": uri("single"), "release_date": "2026-02-06"},
    ],
)
def test_a_day_that_is_a_slip_rough_today_or_beside_a_link_delays_nothing(body):
    world = World()
    world.directory.found[announced_release(body).reference] = found("single")
    announce(world, body)
    world.deliver()
    assert world.release().state is ReleaseState.DONE


def test_the_announced_day_is_handed_to_whoever_looks():
    world = World()
    announce(world, {"title": "Home", "release_date": "2026-01-01"})
    world.deliver()
    assert world.directory.announced_for == ["2026-01-01"]


# --- what cannot be hurried ---


def test_a_pause_that_spotify_asked_for_cannot_be_hurried():
    world = World()
    world.on_spotify("single")
    world.directory.faults.add(Fault(UpstreamRateLimited("429", 4000, quota=False), method="find"))
    world.announce("single")
    world.deliver()
    assert world.release().held_until == NOON + timedelta(seconds=4000)
    assert world.releases.hurry("release1", world.clock()) is None
    world.directory.faults.clear()
    world.settle()
    assert (world.release().state, world.release().held_until) == (ReleaseState.DONE, None)


def test_a_fault_can_be_hurried():
    world = World()
    world.announce("single")
    world.deliver()
    assert world.release().held_until is None
    world.on_spotify("single")
    assert world.releases.hurry("release1", world.clock()) is not None
    world.work("release1")
    assert world.release().state is ReleaseState.DONE


# --- in the words of a status ---


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (UpstreamRateLimited("429", 4000, quota=True), "Spotify takes nothing more"),
        (ConsentNeeded("revoked"), "once the operator has renewed it"),
        (UpstreamUncertain("lost"), "look for it before we make another one"),
    ],
)
def test_a_status_speaks_of_what_becomes_of_the_release_and_of_nothing_that_somebody_could_press(
    error: DaltonifyError, says: str
):
    world = World()
    world.on_spotify("single")
    world.spotify.faults.add(Fault(error, method="create_playlist"))
    world.announce("single")
    world.deliver()
    assert says in why(world)
    assert not any(words in why(world) for words in ("opying", "Try again", "request", "key"))


def test_a_pause_and_a_spent_allowance_are_told_alike():
    world = World()
    world.on_spotify("first")
    world.on_spotify("second", date="2026-02-01")
    world.publications.open_circuit(PublishSettings().account, Circuit(NOON + DAY, "The quota is used up."))
    world.announce("first")
    world.deliver()
    assert world.release().held_until == NOON + DAY
    assert "by ourselves" in why(world)
    capped = World(publish_settings=PublishSettings(daily_creations_per_client=0))
    capped.on_spotify("first")
    capped.announce("first")
    capped.deliver()
    assert "tomorrow (UTC) by ourselves" in why(capped)
    assert capped.release().held_until == datetime(2026, 1, 3, tzinfo=UTC)
