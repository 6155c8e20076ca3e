"""Collecting wanted tracks: what is asked for, what is kept, and what is said about the rest."""

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from daltonify_core.catalogue.collection import SHARD_ROWS, decode_shard, shard_number
from daltonify_core.catalogue.track import ArtistCredit, Track
from daltonify_core.errors import CollectionConflict, InvalidDataset, InvalidQuery, UpstreamUnavailable
from daltonify_core.ports import FEATURE_BATCH, IdentitySource, TrackIdentity
from daltonify_core.use_cases.collect_tracks import CollectReport, CollectRun, Run, catalogue_track_ids
from daltonify_core.use_cases.collected_shards import MISS_DAYS, CollectedShards
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
