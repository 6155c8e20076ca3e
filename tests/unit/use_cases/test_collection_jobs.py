"""Collections on a schedule: what is waited out within the time that there is, and what ends a job."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from daltonify_core.catalogue.collection import decode_shard, encode_shard, shard_name, shard_number
from daltonify_core.errors import UpstreamError, UpstreamRateLimited, UpstreamRefused, UpstreamUnavailable
from daltonify_core.use_cases.collected_shards import CollectedShards
from daltonify_core.use_cases.collection_jobs import CollectedLists, collect_lists, refresh_shard
from tests.builders import make_features, make_track, track_id
from tests.fakes.faults import Fault
from tests.fakes.memory_collection import MemoryCollection
from tests.fakes.memory_feature_service import MemoryFeatureService
from tests.fakes.set_clock import SetClock

BEGIN = datetime(2026, 11, 22, 3, tzinfo=UTC)
PAUSE_SECONDS = 1.5


class Job:
    """A job that has ``seconds``; nothing takes time but waiting, and ``slept`` holds what it waited."""

    def __init__(self, seconds: float = 600) -> None:
        self.clock = SetClock(BEGIN)
        self.ends = BEGIN + timedelta(seconds=seconds)
        self.slept: list[float] = []

    def go_on(self, at_least: float = 0) -> bool:
        seconds = max(PAUSE_SECONDS, at_least)
        if self.clock() + timedelta(seconds=seconds) > self.ends:
            return False
        self.slept.append(seconds)
        self.clock.advance(seconds)
        return True


@pytest.fixture
def service():
    made = MemoryFeatureService()
    for number in range(1000):
        made.add(track_id(number), make_features())
    return made


@pytest.fixture
def files():
    return MemoryCollection()


def ids(count: int, first: int = 0) -> list[str]:
    return [track_id(number) for number in range(first, first + count)]


def lists(**named: Sequence[str]) -> MemoryCollection:
    return MemoryCollection({f"{name}.txt": "\n".join(lines).encode() for name, lines in named.items()})


def collect(job: Job, wanted: MemoryCollection, service: MemoryFeatureService, files) -> CollectedLists:
    return collect_lists(wanted, service, CollectedShards(files), job.clock, job.go_on)


def stored_ids(files: MemoryCollection) -> set[str]:
    return {one for name, content in files.files.items() if shard_number(name) for one in decode_shard(content, name)}


def test_an_id_that_spoils_its_batch_holds_no_list_up(files, service):
    service.strange = {track_id(3), track_id(999)}
    outcome = collect(Job(), lists(pop=ids(100), punk=[track_id(999)], rock=ids(20, first=200)), service, files)
    again = collect(Job(), lists(pop=ids(100), punk=[track_id(999)], rock=ids(20, first=200)), service, files)
    assert (outcome.trouble, again.trouble) == (None, None)
    assert stored_ids(files) == {*ids(100), *ids(20, first=200)} - service.strange


def test_a_pause_that_fits_the_remaining_time_is_made(files, service):
    service.faults.add(Fault(UpstreamRateLimited("wait", 40, quota=False), call=2, times=2))
    job = Job()
    outcome = collect(job, lists(pop=ids(100)), service, files)
    assert (outcome.trouble, outcome.collected) == (None, 100)
    assert job.slept == [PAUSE_SECONDS, PAUSE_SECONDS, 40, 40, PAUSE_SECONDS]


def test_a_pause_that_does_not_fit_ends_the_job_at_once_and_what_was_found_is_stored(files, service):
    limit = UpstreamRateLimited("wait", 599, quota=False)
    service.faults.add(Fault(limit, call=2))
    job = Job()
    outcome = collect(job, lists(pop=ids(100)), service, files)
    assert outcome.trouble is limit
    assert outcome.reports["pop.txt"].left == 60
    assert stored_ids(files) == set(ids(40))
    assert job.slept == [PAUSE_SECONDS] * 2


def test_a_passing_fault_is_waited_out_with_growing_pauses(files, service):
    service.faults.add(Fault(UpstreamUnavailable("down"), call=0, times=3))
    job = Job()
    outcome = collect(job, lists(pop=ids(40)), service, files)
    assert (outcome.trouble, outcome.collected) == (None, 40)
    assert job.slept == [PAUSE_SECONDS, PAUSE_SECONDS, 5, 15]


@pytest.mark.parametrize(
    ("error", "waits"),
    [
        (UpstreamUnavailable("down"), [PAUSE_SECONDS, 5, 15, 30, 60]),
        (UpstreamRateLimited("wait", 1, quota=False), [PAUSE_SECONDS, 5, 15, 30, 60]),
        (UpstreamRefused("blocked", 403), []),
    ],
)
def test_a_fault_that_lasts_ends_the_job(files, service, error: UpstreamError, waits):
    service.faults.add(Fault(error, times=1_000))
    job = Job()
    outcome = collect(job, lists(pop=ids(40), rock=ids(40, first=100)), service, files)
    assert outcome.trouble is error
    assert job.slept == [PAUSE_SECONDS, *waits]
    assert len(service.asked) == 1 + len(waits)
    assert outcome.reports.keys() == {"pop.txt"}


def test_a_refresh_waits_a_fault_out_as_well(files, service):
    old = [make_track(track_id=one, snapshot="2026-10-01", popularity=1) for one in ids(50)]
    files.files[shard_name(1)] = encode_shard(old)
    service.faults.add(Fault(UpstreamRateLimited("wait", 30, quota=False), call=1))
    job = Job()
    report, trouble = refresh_shard(service, CollectedShards(files), job.clock, job.go_on)
    assert (trouble, report.left) == (None, 0)
    assert job.slept == [PAUSE_SECONDS, PAUSE_SECONDS, 30]
