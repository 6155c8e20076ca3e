"""Reading popularity anew: which shard, what changes, and what becomes of tracks that nobody knows any more."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from daltonify_core.catalogue.collection import decode_shard, encode_shard, shard_name
from daltonify_core.catalogue.track import ArtistCredit, Track
from daltonify_core.errors import UpstreamRefused, UpstreamUnavailable
from daltonify_core.ports.look_ups import IdentitySource, TrackIdentity
from daltonify_core.use_cases.collected_shards import MISS_DAYS, CollectedShards
from daltonify_core.use_cases.refresh_popularity import (
    STALE_DAYS,
    RefreshReport,
    RefreshRun,
    oldest_snapshot_days,
)
from tests.builders import make_track, track_id
from tests.fakes.faults import Fault
from tests.fakes.memory_collection import MemoryCollection
from tests.fakes.memory_feature_service import MemoryFeatureService
from tests.fakes.set_clock import SetClock

DAY_SECONDS = 24 * 60 * 60
TODAY = date(2026, 11, 22)


@pytest.fixture
def clock():
    return SetClock(datetime(2026, 11, 22, 3, tzinfo=UTC))


def collected(number: int, snapshot: str, **fields: object) -> Track:
    values = {"track_id": track_id(number), "release_date": None, "album": None, "explicit": None} | fields
    return make_track(snapshot=snapshot, source="reccobeats", popularity=10, **values)


def stored(*shards: list[Track]) -> MemoryCollection:
    return MemoryCollection({shard_name(place): encode_shard(rows) for place, rows in enumerate(shards, start=1)})


def shard(files: MemoryCollection, number: int) -> list[Track]:
    return list(decode_shard(files.files[shard_name(number)], "shard").values())


def knowing(*tracks: Track, popularity: int | None = 55) -> MemoryFeatureService:
    service = MemoryFeatureService()
    for track in tracks:
        service.known_identities[track.track_id] = TrackIdentity(
            track.track_id,
            track.title,
            tuple(credit.name for credit in track.artists),
            IdentitySource.RECCOBEATS,
            popularity=popularity,
        )
    return service


def refresh(files, service, clock) -> RefreshReport:
    run = RefreshRun(service, CollectedShards(files), clock)
    while not run.is_done():
        run.ask()
        run.keep()
    run.finish()
    report = run.report()
    assert report.due == report.refreshed + report.gone + report.left
    return report


def test_the_shard_that_was_read_longest_ago_is_read_anew_and_no_other(clock):
    old, older = collected(1, "2026-10-02"), collected(2, "2026-10-01")
    files = stored([old], [older, collected(3, "2026-11-01")])
    before = dict(files.files)
    report = refresh(files, knowing(old, *shard(files, 2)), clock)
    assert report == RefreshReport(shard_name(2), due=2, refreshed=2, gone=0, left=0)
    assert files.files[shard_name(1)] == before[shard_name(1)]
    assert shard(files, 2) == [
        replace(track, popularity=55, snapshot="2026-11-22")
        for track in decode_shard(before[shard_name(2)], "").values()
    ]


def test_features_and_genres_stay_and_names_follow(clock):
    track = collected(1, "2026-10-01", genres=("pop", "rock"), artists=(ArtistCredit("One", "a" * 22),))
    service = knowing(replace(track, title="Renamed"))
    files = stored([track])
    refresh(files, service, clock)
    assert shard(files, 1) == [replace(track, title="Renamed", popularity=55, snapshot="2026-11-22")]
    assert [call.method for call in service.asked] == ["identities"]


def test_every_shard_has_its_turn(clock):
    tracks = [collected(number, f"2026-10-0{number}") for number in (1, 2, 3)]
    files = stored(*[[track] for track in tracks])
    turns = []
    for _ in tracks:
        turns.append(refresh(files, knowing(*tracks), clock).shard)
        clock.advance(DAY_SECONDS)
    assert turns == [shard_name(1), shard_name(2), shard_name(3)]


def test_what_was_read_within_the_week_is_left_alone(clock):
    track = collected(1, "2026-11-16")
    files = stored([track])
    before = dict(files.files)
    assert refresh(files, knowing(track), clock) == RefreshReport(None, 0, 0, 0, 0)
    assert files.files == before
    clock.advance((STALE_DAYS - 6) * DAY_SECONDS)
    assert refresh(files, knowing(track), clock).refreshed == 1


def test_an_empty_collection_needs_no_refresh(clock):
    assert refresh(MemoryCollection(), knowing(), clock).shard is None


@pytest.mark.parametrize("popularity", [None, "gone"])
def test_a_track_that_nobody_knows_any_more_keeps_its_row_and_holds_nobody_up(clock, popularity):
    gone, other = collected(1, "2026-10-01"), collected(2, "2026-10-05")
    files = stored([gone], [other])
    service = knowing(other)
    if popularity is None:
        service.known_identities |= knowing(gone, popularity=None).known_identities
    assert refresh(files, service, clock).gone == 1
    assert shard(files, 1) == [gone]
    assert refresh(files, service, clock).shard == shard_name(2)
    clock.advance(MISS_DAYS * DAY_SECONDS)
    assert refresh(files, service, clock).shard == shard_name(1)


def test_an_answer_that_cannot_be_a_track_changes_nothing(clock):
    track = collected(1, "2026-10-01")
    service = knowing(track)
    service.known_identities[track.track_id] = replace(service.known_identities[track.track_id], artists=())
    files = stored([track])
    assert refresh(files, service, clock).gone == 1
    assert shard(files, 1) == [track]


def test_an_answer_that_could_not_be_read_again_is_not_written(clock):
    track, other = collected(1, "2026-10-01"), collected(2, "2026-10-01")
    service = knowing(track, other)
    too_many = tuple(f"{number:0400}" for number in range(400))
    service.known_identities[track.track_id] = replace(service.known_identities[track.track_id], artists=too_many)
    files = stored([track, other])
    report = refresh(files, service, clock)
    assert (report.refreshed, report.gone) == (1, 1)
    assert shard(files, 1) == [track, replace(other, popularity=55, snapshot="2026-11-22")]


def test_an_outage_part_of_the_way_keeps_what_was_read_and_the_next_run_goes_on(clock):
    tracks = [collected(number, "2026-10-01") for number in range(100)]
    files, service = stored(tracks), knowing(*tracks)
    service.faults.add(Fault(UpstreamUnavailable("down"), method="identities", call=1))
    run = RefreshRun(service, CollectedShards(files), clock)
    run.ask()
    run.keep()
    with pytest.raises(UpstreamUnavailable):
        run.ask()
    run.finish()
    assert run.report() == RefreshReport(shard_name(1), due=100, refreshed=40, gone=0, left=60)
    assert [track.popularity for track in shard(files, 1)] == [55] * 40 + [10] * 60
    assert refresh(files, service, clock) == RefreshReport(shard_name(1), due=60, refreshed=60, gone=0, left=0)


def test_rows_that_another_run_wrote_in_between_are_kept(clock):
    track = collected(1, "2026-10-01")
    files = stored([track])
    run = RefreshRun(knowing(track), CollectedShards(files), clock)
    run.ask()
    run.keep()
    added = collected(2, "2026-11-22")
    CollectedShards(files).put([added])
    run.finish()
    assert shard(files, 1) == [replace(track, popularity=55, snapshot="2026-11-22"), added]


def test_a_row_that_another_run_collected_anew_in_between_stays_as_that_run_wrote_it(clock):
    track, other = collected(1, "2026-10-01"), collected(2, "2026-10-01")
    files = stored([track, other])
    run = RefreshRun(knowing(track, other), CollectedShards(files), clock)
    run.ask()
    run.keep()
    anew = replace(track, title="Collected anew", popularity=77, snapshot="2026-11-22")
    CollectedShards(files).put([anew])
    run.finish()
    assert shard(files, 1) == [anew, replace(other, popularity=55, snapshot="2026-11-22")]


def test_an_id_that_spoils_its_batch_keeps_its_row_and_the_others_are_refreshed(clock):
    tracks = [collected(number, "2026-10-01") for number in range(60)]
    files, service = stored(tracks), knowing(*tracks)
    service.strange = {track_id(7)}
    assert refresh(files, service, clock) == RefreshReport(shard_name(1), due=60, refreshed=59, gone=1, left=0)
    assert [track.popularity for track in shard(files, 1)] == [55] * 7 + [10] + [55] * 52


def test_nothing_is_learned_from_a_service_that_refuses_to_refresh_anything(clock):
    tracks = [collected(number, "2026-10-01") for number in range(3)]
    files, service = stored(tracks), knowing(*tracks)
    service.strange = {track.track_id for track in tracks}
    with pytest.raises(UpstreamRefused):
        refresh(files, service, clock)
    service.strange = set()
    assert refresh(files, service, clock).refreshed == 3


def test_the_age_is_that_of_the_oldest_row_worth_asking_for(clock):
    files = stored([collected(1, "2026-11-20"), collected(2, "2026-11-12")])
    assert oldest_snapshot_days(CollectedShards(files), TODAY) == 10
    refresh(files, knowing(collected(1, "2026")), clock)
    assert oldest_snapshot_days(CollectedShards(files), TODAY) == 0
    assert oldest_snapshot_days(CollectedShards(MemoryCollection()), TODAY) is None


def test_a_snapshot_that_names_a_month_only_counts_from_its_beginning():
    assert oldest_snapshot_days(CollectedShards(stored([collected(1, "2026-11")])), TODAY) == 21
