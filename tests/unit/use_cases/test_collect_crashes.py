"""Runs that are killed anywhere, and runs that meet: in the end every row is there, once."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daltonify_core.catalogue.collection import SHARD_ROWS, decode_shard, shard_number
from daltonify_core.catalogue.track import Track
from daltonify_core.errors import UpstreamUnavailable
from daltonify_core.use_cases import collected_shards
from daltonify_core.use_cases.collect_tracks import CollectRun, Run
from daltonify_core.use_cases.collected_shards import CollectedShards
from daltonify_core.use_cases.refresh_popularity import RefreshRun
from tests.builders import make_features, track_id
from tests.fakes.faults import Fault, Moment, ProcessKilled
from tests.fakes.memory_collection import MemoryCollection
from tests.fakes.memory_feature_service import MemoryFeatureService
from tests.fakes.set_clock import SetClock

WANTED = 90
SHARD = 80
IDS = [track_id(number) for number in range(WANTED)]
KNOWN = [one for number, one in enumerate(IDS) if number % 5]
LATER = datetime(2026, 12, 24, tzinfo=UTC)


@pytest.fixture(autouse=True)
def small_shards(monkeypatch):
    """Shards that fill up within a test."""
    assert SHARD_ROWS > SHARD
    monkeypatch.setattr(collected_shards, "SHARD_ROWS", SHARD)


class WatchedCollection(MemoryCollection):
    """Looks after every write whether a row has gone or come a second time."""

    def write(self, name: str, content: bytes, expected_tag: str | None) -> None:
        before = stored_ids(self)
        try:
            super().write(name, content, expected_tag)
        finally:
            now = stored_ids(self)
            assert not before - now, "a row is lost"
            assert set(now.values()) <= {1}, "a row is doubled"


def stored_ids(files: MemoryCollection) -> Counter[str]:
    return Counter(track.track_id for track in rows(files))


def service() -> MemoryFeatureService:
    made = MemoryFeatureService()
    for one in KNOWN:
        made.add(one, make_features())
    return made


def clock() -> SetClock:
    return SetClock(datetime(2026, 11, 22, tzinfo=UTC))


def rows(files: MemoryCollection) -> list[Track]:
    found = [decode_shard(content, name) for name, content in sorted(files.files.items()) if shard_number(name)]
    assert all(len(shard) <= SHARD for shard in found)
    return [track for shard in found for track in shard.values()]


def expect_every_row_once(files: MemoryCollection) -> None:
    assert stored_ids(files) == Counter(KNOWN)


def steps(run: Run) -> Iterator[None]:
    """Let whoever drives this do something else between any two calls."""
    while not run.is_done():
        run.ask()
        yield
        run.keep()
        yield
    run.finish()


def until_the_end(files: MemoryCollection, made: MemoryFeatureService, wanted: Sequence[str] = IDS) -> None:
    for _ in steps(CollectRun(made, CollectedShards(files), wanted, "pop", clock())):
        pass


@settings(max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 25), st.sampled_from(Moment)), max_size=8))
def test_wherever_runs_are_killed_the_last_one_completes_the_rows(deaths):
    files, made = WatchedCollection(), service()
    for call, moment in deaths:
        files.faults.add(Fault(ProcessKilled(), moment, call=len(files.faults.calls) + call))
        with suppress(ProcessKilled):
            until_the_end(files, made)
        files.faults.clear()
    until_the_end(files, made)
    expect_every_row_once(files)


@settings(max_examples=60)
@given(
    st.lists(st.booleans(), max_size=40),
    st.lists(st.integers(0, WANTED - 1), max_size=WANTED, unique=True),
    st.sets(st.integers(0, 60), max_size=4),
)
def test_runs_that_meet_between_their_steps_neither_double_nor_lose_a_row(turns, order, deaths):
    """Two runs with the same ids in different order; after each death of a call, its run begins anew."""
    files, made = WatchedCollection(), service()
    other = [IDS[number] for number in order] + [one for number, one in enumerate(IDS) if number not in set(order)]
    for call in deaths:
        files.faults.add(Fault(ProcessKilled(), Moment.AFTER, call=call))
    wanted = {True: IDS, False: other}
    runs: dict[bool, Iterator[None] | None] = {True: None, False: None}
    for which in turns:
        try:
            run = runs[which] or steps(CollectRun(made, CollectedShards(files), wanted[which], "pop", clock()))
            runs[which] = run if next(run, "done") is None else None
        except ProcessKilled:
            runs[which] = None
    files.faults.clear()
    for half_done in filter(None, runs.values()):
        for _ in half_done:
            pass
    until_the_end(files, made)
    expect_every_row_once(files)


@settings(max_examples=60)
@given(st.integers(0, 60), st.integers(1, 3))
def test_a_run_that_works_in_the_middle_of_another_ones_write_neither_doubles_nor_loses_a_row(call, batches):
    files, made = WatchedCollection(), service()

    def meet(number: int) -> None:
        if number != call:
            return
        files.faults.after_call = lambda _: None
        run = CollectRun(made, CollectedShards(files), reversed(IDS), "pop", clock())
        for _ in zip(range(2 * batches), steps(run), strict=False):
            pass

    files.faults.after_call = meet
    until_the_end(files, made)
    expect_every_row_once(files)


@settings(max_examples=60)
@given(st.integers(0, 40), st.sampled_from(["before", "middle"]))
def test_a_refresh_beside_a_collecting_run_neither_doubles_nor_loses_a_row(call, when):
    files, made = WatchedCollection(), service()
    until_the_end(files, made, IDS[: WANTED // 2])
    later = SetClock(LATER)

    def refresh() -> None:
        for _ in steps(RefreshRun(made, CollectedShards(files), later)):
            pass

    def meet(number: int) -> None:
        if number == begun + call:
            files.faults.after_call = lambda _: None
            refresh()

    begun = len(files.faults.calls)
    if when == "before":
        refresh()
    else:
        files.faults.after_call = meet
    until_the_end(files, made)
    files.faults.after_call = lambda _: None
    expect_every_row_once(files)


@settings(max_examples=60)
@given(st.lists(st.tuples(st.sampled_from(["features", "identities"]), st.integers(0, 6)), max_size=5))
def test_outages_of_the_service_cost_no_row(outages):
    files, made = WatchedCollection(), service()
    for method, call in outages:
        made.faults.add(Fault(UpstreamUnavailable("down"), method=method, call=call))
    for _ in range(len(outages) + 1):
        try:
            until_the_end(files, made)
        except UpstreamUnavailable:
            continue
    expect_every_row_once(files)
