"""Collecting wanted tracks: what is asked for, what is kept, and what is said about the rest."""

from collections.abc import Sequence
from datetime import UTC, date, datetime

import pytest

from daltonify_core.catalogue.collection import SHARD_ROWS, Miss, decode_misses, decode_shard, shard_number
from daltonify_core.catalogue.track import ArtistCredit, Track
from daltonify_core.errors import (
    CollectionConflict,
    InvalidDataset,
    InvalidQuery,
    UpstreamRateLimited,
    UpstreamRefused,
    UpstreamUnavailable,
)
from daltonify_core.ports.look_ups import FEATURE_BATCH, IdentitySource, TrackIdentity
from daltonify_core.use_cases.collect_tracks import CollectReport, CollectRun, Run, catalogue_track_ids
from daltonify_core.use_cases.collected_shards import MISS_DAYS, CollectedShards
from daltonify_core.use_cases.refresh_popularity import STALE_DAYS, RefreshRun
from tests.builders import make_features, make_track, track_id
from tests.catalogues import catalogue_csv
from tests.fakes.faults import Fault
from tests.fakes.memory_collection import MemoryCollection
from tests.fakes.memory_feature_service import MemoryFeatureService
from tests.fakes.memory_shards import MemoryShards
from tests.fakes.set_clock import SetClock

DAY_SECONDS = 24 * 60 * 60


@pytest.fixture
def clock():
    return SetClock(datetime(2026, 11, 22, 12, tzinfo=UTC))


@pytest.fixture
def files():
    return MemoryCollection()


@pytest.fixture
def service():
    return knowing(ids(5))


def ids(count: int, first: int = 1) -> list[str]:
    return [track_id(number) for number in range(first, first + count)]


def knowing(track_ids: Sequence[str]) -> MemoryFeatureService:
    service = MemoryFeatureService()
    for one in track_ids:
        service.add(one, make_features(time_signature=None))
    return service


def go_on(run: Run) -> None:
    while not run.is_done():
        run.ask()
        run.keep()
    run.finish()


def collect(files, service, wanted, clock, genre="pop", **options) -> CollectReport:
    run = CollectRun(service, CollectedShards(files), wanted, genre, clock, **options)
    go_on(run)
    report = run.report()
    accounted = (report.collected, report.unknown, *report.refused.values(), report.known, report.missed_lately)
    assert report.asked_for == sum(accounted) + report.left
    return report


def rows(files: MemoryCollection) -> list[Track]:
    found = [decode_shard(content, name) for name, content in sorted(files.files.items()) if shard_number(name)]
    return [track for shard in found for track in shard.values()]


def asked(service: MemoryFeatureService, method: str = "features") -> list[str]:
    return [one for call in service.asked if call.method == method for one in call.track_ids]


def test_what_is_found_becomes_rows_of_the_catalogue(files, clock):
    service = MemoryFeatureService()
    features = make_features(time_signature=None)
    service.known_features[track_id(1)] = features
    service.known_identities[track_id(1)] = TrackIdentity(
        track_id(1),
        "Song; with a semicolon",
        ("One", "Two"),
        IdentitySource.RECCOBEATS,
        artist_ids=("a" * 22, "b" * 22),
        duration_ms=201_000,
        popularity=37,
    )
    report = collect(files, service, [track_id(1)], clock, "Hip-Hop")
    assert rows(files) == [
        Track(
            track_id(1),
            "Song; with a semicolon",
            (ArtistCredit("One", "a" * 22), ArtistCredit("Two", "b" * 22)),
            features,
            duration_ms=201_000,
            popularity=37,
            genres=("hip hop",),
            snapshot="2026-11-22",
            source="reccobeats",
        )
    ]
    assert (report.asked_for, report.collected) == (1, 1)


def test_nobody_is_asked_for_more_than_a_batch_at_once(files, clock):
    service = knowing(ids(95))
    collect(files, service, ids(95), clock)
    assert [len(call.track_ids) for call in service.asked if call.method == "features"] == [40, 40, 15]
    assert len(rows(files)) == 95


def test_an_id_that_is_wanted_twice_is_asked_for_once(files, service, clock):
    report = collect(files, service, [track_id(1), track_id(2), track_id(1)], clock)
    assert asked(service) == ids(2)
    assert report.asked_for == 2


def test_shards_are_bounded_and_only_the_last_one_has_room(files, clock):
    service = knowing(ids(1000))
    collect(files, service, ids(1000), clock)
    sizes = [len(decode_shard(content, name)) for name, content in sorted(files.files.items())]
    assert sum(sizes) == 1000
    assert all(SHARD_ROWS - FEATURE_BATCH < size <= SHARD_ROWS for size in sizes[:-1])


@pytest.mark.parametrize(("there", "sizes"), [(360, [390]), (361, [361, 30]), (SHARD_ROWS - 1, [SHARD_ROWS - 1, 30])])
def test_a_shard_takes_a_small_batch_only_where_a_whole_one_would_fit(files, there, sizes):
    shards = CollectedShards(files)
    tracks = [make_track(track_id=one) for one in ids(there + 30)]
    for first in range(0, there, FEATURE_BATCH):
        shards.put(tracks[first : min(first + FEATURE_BATCH, there)])
    shards.put(tracks[there:])
    assert [len(decode_shard(content, name)) for name, content in sorted(files.files.items())] == sizes


def test_the_next_run_asks_only_for_what_is_new(files, clock):
    service = knowing(ids(50))
    collect(files, service, ids(10), clock)
    service.asked.clear()
    report = collect(files, service, ids(50), clock)
    assert asked(service) == ids(40, first=11)
    assert (report.known, report.collected) == (10, 40)
    assert len(rows(files)) == 50


def test_what_the_rest_of_the_catalogue_holds_is_passed_over(files, service, clock):
    report = collect(files, service, ids(5), clock, elsewhere={track_id(2), track_id(3)})
    assert report.known == 2
    assert asked(service) == [track_id(1), track_id(4), track_id(5)]


def test_an_unknown_track_is_not_asked_for_again_until_a_month_has_passed(files, service, clock):
    assert collect(files, service, ids(7), clock).unknown == 2
    service.asked.clear()
    clock.advance((MISS_DAYS - 1) * DAY_SECONDS)
    assert collect(files, service, ids(7), clock).missed_lately == 2
    assert service.asked == []
    clock.advance(DAY_SECONDS)
    service.add(track_id(6), make_features())
    report = collect(files, service, ids(7), clock)
    assert asked(service) == ids(2, first=6)
    assert (report.collected, report.unknown) == (1, 1)


def test_rows_that_cannot_be_tracks_are_told_by_reason_with_examples(files, service, clock):
    service.add(track_id(11), make_features(tempo=None, valence=None))
    service.add(track_id(12), make_features(), title=" ")
    service.add(track_id(13), make_features(), artists=())
    service.known_features[track_id(14)] = make_features()
    report = collect(files, service, ids(14), clock)
    assert report.refused == {"features_missing": 1, "title": 1, "artists": 1, "identity_missing": 1}
    assert report.examples["features_missing"] == (f"{track_id(11)}: The track lacks valence, tempo.",)
    assert report.examples.keys() == report.refused.keys()
    assert len(rows(files)) == 5
    service.asked.clear()
    assert collect(files, service, ids(14), clock).missed_lately == 9
    assert service.asked == []


def test_examples_are_few(files, clock):
    service = MemoryFeatureService()
    for one in ids(50):
        service.add(one, make_features(), title="")
    report = collect(files, service, ids(50), clock)
    assert report.refused == {"title": 50}
    assert len(report.examples["title"]) == 5


def test_a_track_of_two_lists_is_one_row_in_both_genres(files, service, clock):
    collect(files, service, ids(5), clock, "pop")
    report = collect(files, service, ids(3), clock, "rock")
    assert report.collected == 3
    assert [track.genres for track in rows(files)] == [("pop", "rock")] * 3 + [("pop",)] * 2
    assert collect(files, service, ids(3), clock, "rock").known == 3


def test_asking_again_replaces_rows_where_they_are(files, service, clock):
    collect(files, service, ids(5), clock)
    clock.advance(DAY_SECONDS)
    service.add(track_id(2), make_features(energy=0.9), title="Renamed")
    report = collect(files, service, ids(5), clock, again=True, elsewhere=set(ids(5)))
    assert report.collected == 5
    found = rows(files)
    assert [track.track_id for track in found] == ids(5)
    assert {track.snapshot for track in found} == {"2026-11-23"}
    assert (found[1].title, found[1].features.energy) == ("Renamed", 0.9)


def test_asking_again_asks_for_the_unknown_too(files, service, clock):
    collect(files, service, ids(7), clock)
    clock.advance(DAY_SECONDS)
    assert collect(files, service, ids(7), clock, again=True).unknown == 2


def test_asking_again_goes_on_where_it_was_stopped_on_the_same_day(files, clock):
    service = knowing(ids(100))
    collect(files, service, ids(100), clock)
    clock.advance(DAY_SECONDS)
    run = CollectRun(service, CollectedShards(files), ids(100), "pop", clock, again=True)
    run.ask()
    run.keep()
    service.asked.clear()
    report = collect(files, service, ids(100), clock, again=True)
    assert asked(service) == ids(60, first=41)
    assert (report.known, report.collected) == (40, 60)


def test_a_look_up_that_failed_can_be_tried_again(files, service, clock):
    service.faults.add(Fault(UpstreamUnavailable("down"), method="identities"))
    run = CollectRun(service, CollectedShards(files), ids(5), "pop", clock)
    with pytest.raises(UpstreamUnavailable):
        run.ask()
    assert (run.left, rows(files)) == (5, [])
    go_on(run)
    assert run.report().collected == 5
    assert len(rows(files)) == 5


def test_a_run_that_is_stopped_says_what_is_left(files, clock):
    run = CollectRun(knowing(ids(100)), CollectedShards(files), ids(100), "pop", clock)
    run.ask()
    run.keep()
    assert run.report().left == 60


def test_a_day_that_ends_during_a_run_is_that_of_the_look_up(files, clock):
    run = CollectRun(knowing(ids(80)), CollectedShards(files), ids(80), "pop", clock)
    run.ask()
    run.keep()
    clock.advance(DAY_SECONDS)
    go_on(run)
    assert [track.snapshot for track in rows(files)] == ["2026-11-22"] * 40 + ["2026-11-23"] * 40


def misses(files: MemoryCollection) -> dict[str, Miss]:
    return decode_misses(files.files[".misses.csv"])


@pytest.mark.parametrize("places", [[3], [0], [40], [0, 17, 18, 39, 40, 99]])
def test_an_id_that_spoils_its_batch_is_a_miss_and_the_others_are_collected(files, clock, places):
    wanted = ids(100)
    service = knowing(wanted)
    service.strange = {wanted[place] for place in places}
    report = collect(files, service, wanted, clock)
    assert {track.track_id for track in rows(files)} == {*wanted} - service.strange
    assert report.refused == {"strange_id": len(places)}
    assert {example[:22] for example in report.examples["strange_id"]} <= service.strange
    assert misses(files) == {one: Miss(date(2026, 11, 22), "strange_id") for one in service.strange}
    service.asked.clear()
    assert collect(files, service, wanted, clock).missed_lately == len(places)
    assert service.asked == []


def test_an_id_that_spoils_its_batch_is_recognised_where_nothing_else_is_left(files, service, clock):
    collect(files, service, ids(5), clock)
    service.strange = {track_id(9)}
    assert collect(files, service, [*ids(5), track_id(9)], clock).refused == {"strange_id": 1}


def test_an_id_that_was_collected_once_may_turn_strange(files, service, clock):
    collect(files, service, ids(5), clock)
    clock.advance(DAY_SECONDS)
    service.strange = {track_id(1)}
    report = collect(files, service, ids(5), clock, again=True)
    assert (report.collected, report.refused) == (4, {"strange_id": 1})


def test_an_id_is_strange_as_well_when_only_its_name_cannot_be_asked_for(files, clock):
    class Nameless(MemoryFeatureService):
        def features(self, track_ids):
            return {one: make_features() for one in track_ids}

    service = Nameless(known_identities=knowing(ids(50)).known_identities, strange={track_id(7)})
    assert collect(files, service, ids(50), clock).refused == {"strange_id": 1}
    assert len(rows(files)) == 49


@pytest.mark.parametrize("there", [0, 5])
def test_nothing_is_learned_from_a_service_that_refuses_everything(files, clock, there):
    service = knowing(ids(100))
    collect(files, service, ids(there), clock)
    service.strange = set(ids(100))
    run = CollectRun(service, CollectedShards(files), ids(100), "pop", clock)
    with pytest.raises(UpstreamRefused):
        go_on(run)
    run.finish()
    assert run.report().left == 100 - there
    assert ".misses.csv" not in files.files
    service.strange = {track_id(50)}
    assert collect(files, service, ids(100), clock).collected == 99 - there


def test_a_pause_amid_the_search_for_a_strange_id_costs_nothing_of_what_was_found(files, clock):
    service = knowing(ids(40))
    service.strange = {track_id(40)}
    run = CollectRun(service, CollectedShards(files), ids(40), "pop", clock)
    for _ in range(2):
        run.ask()
        run.keep()
    assert (run.collected, run.left) == (20, 20)
    service.faults.add(Fault(UpstreamRateLimited("wait", 9, quota=False), call=len(service.faults.calls)))
    with pytest.raises(UpstreamRateLimited):
        run.ask()
    go_on(run)
    assert (run.collected, run.report().refused) == (39, {"strange_id": 1})


def test_being_refused_for_another_reason_is_nobodys_id(files, service, clock):
    service.faults.add(Fault(UpstreamRefused("blocked", 403), method="features"))
    run = CollectRun(service, CollectedShards(files), ids(5), "pop", clock)
    with pytest.raises(UpstreamRefused):
        run.ask()
    assert len(service.asked) == 1


def test_a_row_that_could_not_be_read_again_is_not_written(files, service, clock):
    service.add(track_id(3), make_features(), artists=[f"{number:0400}" for number in range(400)])
    report = collect(files, service, ids(5), clock)
    assert (report.collected, report.refused) == (4, {"unreadable": 1})
    assert len(CollectedShards(files).rows) == 4


def test_a_track_whose_popularity_could_not_be_read_anew_is_collected_for_another_genre(files, service, clock):
    collect(files, service, ids(2), clock, "pop")
    clock.advance(STALE_DAYS * DAY_SECONDS)
    forgetful = MemoryFeatureService()
    go_on(RefreshRun(forgetful, CollectedShards(files), clock))
    assert {miss.reason for miss in misses(files).values()} == {"not_refreshed"}
    report = collect(files, service, ids(2), clock, "rock")
    assert (report.collected, report.missed_lately) == (2, 0)
    clock.advance(DAY_SECONDS)
    assert collect(files, service, ids(2), clock, "rock", again=True).collected == 2


@pytest.mark.parametrize("genre", ["", "&", "x" * 61])
def test_a_genre_that_is_no_name_is_refused(files, service, clock, genre):
    with pytest.raises(InvalidQuery, match="names no genre"):
        CollectRun(service, CollectedShards(files), ids(1), genre, clock)


def test_a_shard_that_cannot_be_read_whole_is_never_written_over(files, service, clock):
    collect(files, service, ids(2), clock)
    (name,) = (name for name in files.files if shard_number(name))
    files.files[name] = files.files[name][:-9]
    with pytest.raises(InvalidDataset, match=name):
        CollectedShards(files)


def test_files_that_are_not_ours_are_left_alone(files, service, clock):
    mine = {"notes.txt": b"mine", "other.csv.gz": b"mine", "reccobeats-1.csv.gz": b"mine"}
    files.files |= mine
    collect(files, service, ids(5), clock)
    assert files.files.items() >= mine.items()
    assert len(rows(files)) == 5


def test_somebody_who_never_lets_us_write_is_an_error_and_no_endless_loop(files, service, clock):
    files.faults.add(Fault(CollectionConflict("changed"), method="write", times=1_000))
    run = CollectRun(service, CollectedShards(files), ids(5), "pop", clock)
    run.ask()
    with pytest.raises(CollectionConflict):
        run.keep()


def test_ids_of_the_catalogue_are_those_of_valid_rows():
    good = make_track(track_id=track_id(1))
    shards = MemoryShards({"a.csv": catalogue_csv([good], ["too", "few"]), "b.csv": catalogue_csv([])})
    assert catalogue_track_ids(shards, shards.names()) == {track_id(1)}
