"""The builder against S3: killed, cut off or doubled at any write, it leaves one valid index current.

Schedules are fixed and requests of two builders take turns: nothing here is a race.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError

from daltonify_core.adapters.annoy_index import AnnoyFormat
from daltonify_core.adapters.s3 import S3IndexStore, S3Shards
from daltonify_core.adapters.sqlite_tracks import SqliteTracksFormat
from daltonify_core.errors import ActivationConflict, CatalogueEmpty, DaltonifyError, IndexUnavailable, InvalidDataset
from daltonify_core.index.bundle import files_of
from daltonify_core.index.manifest import MANIFEST_FILE
from daltonify_core.ports.catalogue import CatalogueShards
from daltonify_core.ports.index import CurrentIndex
from daltonify_core.ports.surroundings import no_progress
from daltonify_core.use_cases.build_index import KEPT_VERSIONS, BuildReport, build_index
from daltonify_core.use_cases.read_index import IndexReader
from tests.builders import WITH_NEIGHBOURS
from tests.bundles import make_tracks
from tests.catalogues import catalogue_csv
from tests.fakes.memory_shards import MemoryShards
from tests.fakes.set_clock import SetClock

START = datetime(2026, 1, 1, tzinfo=UTC)
WRITES = ("put_object", "delete_object", "delete_objects")
UPLOADS = len(files_of({"kind": "annoy"})) + 1
ACTIVATION = UPLOADS + 1
# A version's manifest goes first and the rest together.
ALL_WRITES = ACTIVATION + 2

_builds = count()


class Killed(BaseException):
    """The process ends: nothing catches it, nothing is put right."""


class FaultyClient:
    """An S3 client whose ``at``-th write (from 1) ends in a fault; ``done`` is whether S3 carried it out."""

    def __init__(self, client: Any, at: int, done: bool, fault: BaseException) -> None:
        self._client = client
        self._at = at
        self._done = done
        self._fault = fault
        self.writes = 0

    def __getattr__(self, name: str) -> Any:
        call = getattr(self._client, name)
        if name not in WRITES:
            return call

        def write(**request: Any) -> Any:
            self.writes += 1
            if self.writes != self._at:
                return call(**request)
            if self._done:
                call(**request)
            raise self._fault

        return write


class DoublingClient:
    """An S3 client that loses every first answer to a write and sends it again, as the SDK does."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def __getattr__(self, name: str) -> Any:
        call = getattr(self._client, name)
        if name not in WRITES:
            return call

        def write(**request: Any) -> Any:
            call(**request)
            if hasattr(request.get("Body"), "seek"):
                request["Body"].seek(0)
            return call(**request)

        return write


def lost_answer() -> ReadTimeoutError:
    return ReadTimeoutError(endpoint_url="https://s3.invalid")


def catalogue(seed: int) -> MemoryShards:
    return MemoryShards({"tracks.csv": catalogue_csv(make_tracks(12, seed))})


def build(
    client: Any, bucket: str, shards: CatalogueShards, grace_seconds: float = 3600, built_at: datetime | None = None
) -> BuildReport:
    return build_index(
        shards,
        S3IndexStore(client, bucket, upload_grace_seconds=grace_seconds),
        AnnoyFormat(),
        SqliteTracksFormat(),
        built_at or START + timedelta(minutes=next(_builds)),
        no_progress,
        WITH_NEIGHBOURS,
    )


@contextmanager
def reader_of(client: Any, bucket: str, scratch: Path, clock: SetClock | None = None) -> Iterator[IndexReader]:
    reader = IndexReader(
        S3IndexStore(client, bucket), AnnoyFormat(), SqliteTracksFormat(), scratch, clock or SetClock(START)
    )
    try:
        yield reader
    finally:
        reader.close()


def served(client: Any, bucket: str, scratch: Path) -> str:
    """The version that a service serves that starts now."""
    with reader_of(client, bucket, scratch) as reader:
        return reader.recommender().index.version


def current_of(client: Any, bucket: str) -> CurrentIndex:
    current = S3IndexStore(client, bucket).read_state().current
    assert current is not None
    return current


def stored_versions(client: Any, bucket: str) -> dict[str, int]:
    """Number of objects by version."""
    found: dict[str, int] = {}
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix="index/"):
        for entry in page.get("Contents", ()):
            folder, is_in_folder, _ = entry["Key"].removeprefix("index/").partition("/")
            if is_in_folder:
                found[folder] = found.get(folder, 0) + 1
    return found


@pytest.fixture(scope="module")
def busy(aws_server):
    """A bucket with so many versions that every build prunes one."""
    bucket = aws_server.make_bucket()
    for number in range(KEPT_VERSIONS + 1):
        build(aws_server.s3, bucket, catalogue(1_000_000 + number), grace_seconds=0)
    return aws_server.s3, bucket


def break_off(client: Any, bucket: str, shards: CatalogueShards, at: int, done: bool, fault: BaseException) -> None:
    """A build that ends at its ``at``-th write; nothing is written after it, so a kill would leave the same."""
    faulty = FaultyClient(client, at, done, fault)
    with pytest.raises(Killed if isinstance(fault, Killed) else IndexUnavailable):
        build(faulty, bucket, shards, grace_seconds=0)
    assert faulty.writes == at


def assert_repaired_by_the_next_build(client: Any, bucket: str, shards: CatalogueShards) -> str:
    version = build(client, bucket, shards, grace_seconds=0).manifest.version
    current = current_of(client, bucket)
    # The build itself has fetched and verified what it made current.
    assert current.version == version
    assert len(current.previous) == KEPT_VERSIONS
    assert stored_versions(client, bucket) == dict.fromkeys([version, *current.previous], UPLOADS)
    return version


@pytest.mark.parametrize("at", range(1, UPLOADS + 1))
def test_an_upload_that_ends_at_any_write_leaves_the_old_index_serving_and_the_next_build_repairs(busy, tmp_path, at):
    client, bucket = busy
    shards = catalogue(next(_builds))
    before = current_of(client, bucket)
    break_off(client, bucket, shards, at, False, lost_answer())
    assert served(client, bucket, tmp_path) == before.version
    # The second build leaves alone what the first one stored, so its first write is the one that failed.
    break_off(client, bucket, shards, 1, True, lost_answer())
    assert current_of(client, bucket) == before
    assert assert_repaired_by_the_next_build(client, bucket, shards) != before.version


@pytest.mark.parametrize("at", range(ACTIVATION, ALL_WRITES + 1))
@pytest.mark.parametrize(
    ("done", "fault"),
    [
        pytest.param(False, lost_answer(), id="not carried out"),
        pytest.param(True, lost_answer(), id="answer lost"),
        pytest.param(True, Killed(), id="killed afterwards"),
    ],
)
def test_a_build_that_ends_while_activating_or_pruning_leaves_the_old_or_the_new_index(busy, tmp_path, at, done, fault):
    client, bucket = busy
    shards = catalogue(next(_builds))
    old = current_of(client, bucket).version
    if at == ACTIVATION and done and not isinstance(fault, Killed):
        # The only write whose outcome is looked up: whether the index changed must not stay unknown.
        build(FaultyClient(client, at, done, fault), bucket, shards, grace_seconds=0)
    else:
        break_off(client, bucket, shards, at, done, fault)
    now_served = served(client, bucket, tmp_path)
    assert (now_served != old) == (at > ACTIVATION or done)
    assert now_served in (old, assert_repaired_by_the_next_build(client, bucket, shards))


def test_the_faults_above_hit_every_write_of_a_build(busy):
    client, bucket = busy
    counting = FaultyClient(client, 0, False, Killed())
    assert len(build(counting, bucket, catalogue(next(_builds)), grace_seconds=0).pruned) == 1
    assert counting.writes == ALL_WRITES


def test_a_build_succeeds_whose_every_write_is_answered_only_at_the_second_try(busy, tmp_path):
    client, bucket = busy
    report = build(DoublingClient(client), bucket, catalogue(next(_builds)), grace_seconds=0)
    assert served(client, bucket, tmp_path) == report.manifest.version


def test_the_first_build_of_all_may_break_off_as_well(aws, tmp_path):
    bucket = aws.make_bucket()
    shards = catalogue(1)
    for at in (UPLOADS, ACTIVATION - UPLOADS + 1):
        # At the second try only the manifest and the pointer are left to be written.
        with pytest.raises(IndexUnavailable):
            build(FaultyClient(aws.s3, at, False, lost_answer()), bucket, shards)
        with pytest.raises(IndexUnavailable, match="no index yet"):
            served(aws.s3, bucket, tmp_path)
    version = build(aws.s3, bucket, shards).manifest.version
    assert served(aws.s3, bucket, tmp_path) == version


type Outcomes = dict[str, BuildReport | DaltonifyError]


class TakingTurns:
    """Lets two builders go on one request at a time, in the order of a pattern that repeats, as in ``"AAB"``."""

    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._place = 0
        self._finished: set[str] = set()
        self._changed = threading.Condition()

    def client_of(self, name: str, client: Any) -> Any:
        turns = self

        class Client:
            def __getattr__(self, operation: str) -> Any:
                call = getattr(client, operation)
                if operation == "get_paginator":
                    return call

                def in_turn(**request: Any) -> Any:
                    with turns._turn_of(name):
                        return call(**request)

                return in_turn

        return Client()

    def run(self, name: str, work: Callable[[], BuildReport], outcomes: Outcomes) -> None:
        try:
            outcomes[name] = work()
        except DaltonifyError as error:
            outcomes[name] = error
        finally:
            with self._changed:
                self._finished.add(name)
                self._changed.notify_all()

    @contextmanager
    def _turn_of(self, name: str) -> Iterator[None]:
        with self._changed:
            while self._pattern[self._place % len(self._pattern)] != name and not self._other_finished(name):
                self._changed.wait()
            yield
            self._place += 1
            self._changed.notify_all()

    def _other_finished(self, name: str) -> bool:
        return bool(self._finished - {name})


def build_in_turns(
    client: Any, bucket: str, pattern: str, contents: dict[str, CatalogueShards], times: dict[str, datetime]
) -> Outcomes:
    turns = TakingTurns(pattern)
    outcomes: Outcomes = {}
    threads = []
    for name, shards in contents.items():
        own_client = turns.client_of(name, client)

        def work(own_client: Any = own_client, shards: CatalogueShards = shards, name: str = name) -> BuildReport:
            return build(own_client, bucket, shards, built_at=times[name])

        threads.append(threading.Thread(target=turns.run, args=(name, work, outcomes)))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


def conflicts(outcomes: Outcomes) -> list[str]:
    assert all(isinstance(outcome, BuildReport | ActivationConflict) for outcome in outcomes.values()), outcomes
    return [name for name, outcome in outcomes.items() if isinstance(outcome, ActivationConflict)]


@pytest.fixture
def serving(aws):
    """A bucket with a current index, and its version."""
    bucket = aws.make_bucket()
    return bucket, build(aws.s3, bucket, catalogue(7)).manifest.version


@pytest.mark.parametrize("pattern", ["AB", "BA", "AAB", "ABBBBBBB"])
def test_of_two_builds_that_take_turns_one_is_activated_and_the_other_conflicts(aws, tmp_path, pattern):
    bucket = aws.make_bucket()
    outcomes = build_in_turns(aws.s3, bucket, pattern, {"A": catalogue(1), "B": catalogue(2)}, {"A": START, "B": START})
    assert len(conflicts(outcomes)) == 1
    (winner,) = [outcome for outcome in outcomes.values() if isinstance(outcome, BuildReport)]
    assert current_of(aws.s3, bucket) == CurrentIndex(winner.manifest.version, "2026-01-01T00:00:00Z")
    assert served(aws.s3, bucket, tmp_path) == winner.manifest.version


def test_of_two_builds_that_take_turns_over_an_old_index_one_replaces_it(aws, serving, tmp_path):
    bucket, old = serving
    outcomes = build_in_turns(aws.s3, bucket, "AB", {"A": catalogue(1), "B": catalogue(2)}, {"A": START, "B": START})
    assert len(conflicts(outcomes)) == 1
    assert current_of(aws.s3, bucket).previous == (old,)
    assert served(aws.s3, bucket, tmp_path) != old


@pytest.mark.parametrize("pattern", ["AB", "ABB"])
def test_two_builds_of_equal_content_that_take_turns_make_one_version(aws, tmp_path, pattern):
    bucket = aws.make_bucket()
    times = {"A": START, "B": START + timedelta(seconds=1)}
    outcomes = build_in_turns(aws.s3, bucket, pattern, {"A": catalogue(1), "B": catalogue(1)}, times)
    # Their pointers differ in the time alone, yet the later one may not overwrite what it never saw.
    assert len(conflicts(outcomes)) == 1
    assert stored_versions(aws.s3, bucket) == {served(aws.s3, bucket, tmp_path): UPLOADS}


def test_two_builds_of_equal_content_in_the_same_second_both_succeed(aws, tmp_path):
    bucket = aws.make_bucket()
    outcomes = build_in_turns(aws.s3, bucket, "AB", {"A": catalogue(1), "B": catalogue(1)}, {"A": START, "B": START})
    # What the second would have written is there already, to the letter.
    assert conflicts(outcomes) == []
    assert current_of(aws.s3, bucket).previous == ()
    assert stored_versions(aws.s3, bucket) == {served(aws.s3, bucket, tmp_path): UPLOADS}


class Interrupted:
    """Passes everything on to a port and runs something in the middle, before the first call of one method."""

    def __init__(self, port: Any, method: str, interruption: Callable[[], object]) -> None:
        self._port = port
        self._method = method
        self._interruption: Callable[[], object] | None = interruption

    def __getattr__(self, name: str) -> Any:
        if name == self._method and self._interruption is not None:
            interruption, self._interruption = self._interruption, None
            interruption()
        return getattr(self._port, name)


@pytest.mark.parametrize(
    ("step", "conflicting"),
    [("read_state", False), ("upload", True), ("fetch", True), ("activate", True), ("prune", False)],
)
def test_a_whole_build_between_two_steps_of_another_costs_the_other_at_most_a_conflict(
    aws, serving, tmp_path, step, conflicting
):
    bucket, _ = serving
    inner: list[str] = []

    def build_another() -> None:
        inner.append(build(aws.s3, bucket, catalogue(2)).manifest.version)

    store = Interrupted(S3IndexStore(aws.s3, bucket), step, build_another)

    def build_outer() -> BuildReport:
        return build_index(
            catalogue(1), store, AnnoyFormat(), SqliteTracksFormat(), START, no_progress, WITH_NEIGHBOURS
        )

    if conflicting:
        with pytest.raises(ActivationConflict):
            build_outer()
        assert served(aws.s3, bucket, tmp_path) == inner[0]
    else:
        outer = build_outer().manifest.version
        assert served(aws.s3, bucket, tmp_path) == (outer if step == "read_state" else inner[0])
        assert set(stored_versions(aws.s3, bucket)) >= {outer, inner[0]}


@pytest.mark.parametrize(
    ("shard", "error"),
    [
        (None, CatalogueEmpty),
        (catalogue_csv([]).encode(), CatalogueEmpty),
        (catalogue_csv([], ["x"] * 25, ["y"] * 3).encode(), CatalogueEmpty),
        (b"", InvalidDataset),
        (b"track_id,title\r\n1,a", InvalidDataset),
        (b"\x1f\x8b\x08 packed, but not named so", InvalidDataset),
    ],
)
def test_a_catalogue_without_a_single_valid_track_fails_clearly_and_the_old_index_serves(busy, tmp_path, shard, error):
    client, bucket = busy
    before = current_of(client, bucket)
    folder = f"catalogue-{next(_builds)}/"
    if shard is not None:
        client.put_object(Bucket=bucket, Key=f"{folder}tracks.csv", Body=shard)
    with pytest.raises(error):
        build(client, bucket, S3Shards(client, bucket, folder))
    assert current_of(client, bucket) == before
    assert served(client, bucket, tmp_path) == before.version


def damage(client: Any, bucket: str, version: str, name: str, how: str) -> None:
    key = f"index/{version}/{name}"
    content = client.get_object(Bucket=bucket, Key=key)["Body"].read()
    if how == "removed":
        client.delete_object(Bucket=bucket, Key=key)
    elif how == "truncated":
        client.put_object(Bucket=bucket, Key=key, Body=content[:-10])
    else:
        client.put_object(Bucket=bucket, Key=key, Body=bytes([content[0] ^ 1]) + content[1:])


@pytest.mark.parametrize(
    ("name", "how"),
    [
        ("vectors.npy", "removed"),
        ("tracks.sqlite", "truncated"),
        ("all.ann", "replaced"),
        (MANIFEST_FILE, "removed"),
        (MANIFEST_FILE, "truncated"),
        (MANIFEST_FILE, "replaced"),
    ],
)
def test_a_damaged_version_is_refused_the_old_one_serves_and_the_next_build_mends_it(aws, serving, tmp_path, name, how):
    bucket, old = serving
    clock = SetClock(START)
    with reader_of(aws.s3, bucket, tmp_path / "running", clock) as running:
        assert running.recommender().index.version == old
        new = build(aws.s3, bucket, catalogue(1)).manifest.version
        damage(aws.s3, bucket, new, name, how)
        clock.advance(60)
        assert running.recommender().index.version == old
        with pytest.raises(IndexUnavailable):
            served(aws.s3, bucket, tmp_path / "starting")
        build(aws.s3, bucket, catalogue(1))
        clock.advance(60)
        assert running.recommender().index.version == new
    assert served(aws.s3, bucket, tmp_path / "starting") == new


@pytest.mark.parametrize("content", [b"", b"{", b'{"version": "gone", "built_at": "x", "previous": []}'])
def test_a_damaged_pointer_leaves_the_old_index_serving(aws, serving, tmp_path, content):
    bucket, old = serving
    clock = SetClock(START)
    with reader_of(aws.s3, bucket, tmp_path, clock) as running:
        assert running.recommender().index.version == old
        aws.s3.put_object(Bucket=bucket, Key="index/current.json", Body=content)
        clock.advance(60)
        assert running.recommender().index.version == old
        report = build(aws.s3, bucket, catalogue(1))
        assert served(aws.s3, bucket, tmp_path / "starting") == report.manifest.version
