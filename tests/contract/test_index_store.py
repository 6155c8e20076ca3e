"""What every index store promises, the fake, the folder and S3 alike; and what the latter two have to stand."""

import errno
import fcntl
import json
import multiprocessing
import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError, ResponseStreamingError
from moto.s3.models import s3_backends

from daltonify_core.adapters.local_folder import FolderIndexStore
from daltonify_core.adapters.s3 import S3IndexStore
from daltonify_core.errors import ActivationConflict, IndexCorrupt, IndexUnavailable, PointerCorrupt
from daltonify_core.index.manifest import FileDigest
from daltonify_core.ports.index import ActivationState, CurrentIndex
from tests.contract.local_aws import LocalAws
from tests.fakes.memory_index_store import MemoryIndexStore


@pytest.fixture(params=["folder", "memory", "s3"])
def store(request, tmp_path):
    if request.param == "folder":
        return FolderIndexStore(tmp_path / "deep" / "index", 0)
    if request.param == "memory":
        return MemoryIndexStore()
    aws = request.getfixturevalue("aws")
    return S3IndexStore(aws.s3, aws.make_bucket(), upload_grace_seconds=0)


@pytest.fixture
def make_bundle(tmp_path):
    def make(version: str, **files: bytes) -> Path:
        folder: Path = tmp_path / f"bundle-{version}-{len(list(tmp_path.iterdir()))}"
        folder.mkdir()
        (folder / "manifest.json").write_text(json.dumps({"version": version}))
        for name, content in files.items():
            (folder / name).write_bytes(content)
        return folder

    return make


@pytest.fixture
def stored(store, make_bundle):
    for version in ("v1", "v2", "v3"):
        store.upload(version, make_bundle(version, data=version.encode()))
    return store


@pytest.fixture
def raced(stored):
    """Stores in which a race proves something."""
    if isinstance(stored, S3IndexStore):
        pytest.skip("moto's conditional put is not atomic between threads, so a race on it proves nothing about S3")
    return stored


class FolderFiles:
    """A folder's files, past the store."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def write(self, name: str, content: bytes) -> None:
        path = self._folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)

    def read(self, name: str) -> bytes:
        return (self._folder / name).read_bytes()


class BucketFiles:
    """Objects below the index's prefix, past the store."""

    def __init__(self, client: Any, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def write(self, name: str, content: bytes) -> None:
        self._client.put_object(Bucket=self._bucket, Key=f"index/{name}", Body=content)

    def read(self, name: str) -> bytes:
        content: bytes = self._client.get_object(Bucket=self._bucket, Key=f"index/{name}")["Body"].read()
        return content


@pytest.fixture(params=["folder", "s3"])
def open_store(request, tmp_path):
    """A store on something that keeps files, and a way to those files."""
    if request.param == "folder":
        return FolderIndexStore(tmp_path / "index", 0), FolderFiles(tmp_path / "index")
    aws = request.getfixturevalue("aws")
    bucket = aws.make_bucket()
    return S3IndexStore(aws.s3, bucket, upload_grace_seconds=0), BucketFiles(aws.s3, bucket)


def current(version: str, built_at: str = "2026-01-01T00:00:00Z", previous: tuple[str, ...] = ()) -> CurrentIndex:
    return CurrentIndex(version, built_at, previous)


def files_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_new_store_has_no_current_index(store):
    assert store.read_state() == ActivationState(None, None)


def test_what_was_uploaded_is_fetched_file_by_file(store, make_bundle, tmp_path):
    bundle = make_bundle("v1", empty=b"", large=bytes(range(256)) * 500)
    store.upload("v1", bundle)
    assert files_of(store.fetch("v1", tmp_path / "scratch")) == files_of(bundle)


def test_uploading_does_not_activate(stored):
    assert stored.read_state().current is None


def test_an_unknown_version_can_be_neither_fetched_nor_activated(stored, tmp_path):
    with pytest.raises(IndexUnavailable):
        stored.fetch("v9", tmp_path / "scratch")
    with pytest.raises(IndexUnavailable):
        stored.activate(current("v9"), None)
    assert stored.read_state().current is None


def test_uploading_the_same_version_again_changes_nothing(stored, make_bundle, tmp_path):
    stored.upload("v1", make_bundle("v1", data=b"v1"))
    assert files_of(stored.fetch("v1", tmp_path / "scratch"))["data"] == b"v1"


@pytest.mark.parametrize("files", [{"data": b"v2"}, {"data": b"v1", "more": b""}, {"data": b"v11"}])
def test_storing_a_version_again_mends_what_was_damaged_since(stored, make_bundle, tmp_path, files):
    bundle = make_bundle("v1", **files)
    stored.upload("v1", bundle)
    assert files_of(stored.fetch("v1", tmp_path / "scratch")) == files_of(bundle)


def test_the_activated_index_is_the_current_one(stored):
    wanted = current("v2", previous=("v1", "v0"))
    stored.activate(wanted, None)
    assert stored.read_state().current == wanted


def test_every_activation_needs_the_tag_of_the_one_before(stored):
    stored.activate(current("v1"), None)
    first = stored.read_state().tag
    stored.activate(current("v2"), first)
    second = stored.read_state().tag
    assert first is not None
    assert second not in (None, first)
    for outdated in (None, first, "made up", ""):
        with pytest.raises(ActivationConflict):
            stored.activate(current("v3"), outdated)
    assert stored.read_state() == ActivationState(current("v2"), second)


def test_activating_the_same_version_later_changes_the_tag(stored):
    stored.activate(current("v1", "2026-01-01T00:00:00Z"), None)
    before = stored.read_state()
    stored.activate(current("v1", "2026-01-02T00:00:00Z"), before.tag)
    after = stored.read_state()
    assert after.current == current("v1", "2026-01-02T00:00:00Z")
    assert after.tag != before.tag


def test_pruning_keeps_what_is_named_and_says_what_went(stored, tmp_path):
    assert stored.prune({"v2", "not stored"}) == ["v1", "v3"]
    assert stored.prune({"v2"}) == []
    assert files_of(stored.fetch("v2", tmp_path / "scratch"))["data"] == b"v2"
    with pytest.raises(IndexUnavailable):
        stored.fetch("v1", tmp_path / "scratch")


def test_pruning_spares_what_another_build_activated_in_the_meantime(stored):
    stored.activate(CurrentIndex("v3", "2026-01-01T00:00:00Z", ("v1",)), None)
    assert stored.prune({"v2"}) == []
    assert stored.read_state().current.version == "v3"


def test_a_new_store_has_nothing_to_prune(store):
    assert store.prune(()) == []


def test_of_many_activations_at_once_exactly_one_wins(raced):
    for turn in range(10):
        tag = raced.read_state().tag

        def attempt(number: int, tag=tag, turn=turn) -> str | None:
            try:
                raced.activate(current("v1", f"turn {turn} by {number}"), tag)
            except ActivationConflict:
                return None
            return f"turn {turn} by {number}"

        with ThreadPoolExecutor(8) as pool:
            winners = [won for won in pool.map(attempt, range(8)) if won]
        assert len(winners) == 1
        assert raced.read_state().current.built_at == winners[0]


def count_up(store, successes: int) -> None:
    """Activate so often, each time adding one to what is current, as a builder does that retries after a conflict."""
    while successes:
        state = store.read_state()
        number = int(state.current.built_at) if state.current else 0
        try:
            store.activate(current("v1", str(number + 1)), state.tag)
        except ActivationConflict:
            continue
        successes -= 1


def test_no_activation_is_lost_between_threads(raced):
    with ThreadPoolExecutor(3) as pool:
        for counting in [pool.submit(count_up, raced, 40) for _ in range(3)]:
            counting.result()
    assert raced.read_state().current.built_at == "120"


def test_no_activation_is_lost_between_processes(make_bundle, tmp_path):
    store = FolderIndexStore(tmp_path / "index")
    store.upload("v1", make_bundle("v1"))
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        for counting in [pool.submit(count_up, store, 60) for _ in range(2)]:
            counting.result()
    state = store.read_state()
    assert state.current is not None
    assert state.current.built_at == "120"


def test_an_upload_that_breaks_off_leaves_nothing_under_its_version(make_bundle, tmp_path):
    store = FolderIndexStore(tmp_path / "index")
    bundle = make_bundle("v1", data=b"data")
    (bundle / "unreadable").symlink_to("nowhere")
    with pytest.raises(OSError, match="unreadable"):
        store.upload("v1", bundle)
    with pytest.raises(IndexUnavailable):
        store.fetch("v1", tmp_path)
    assert list((tmp_path / "index").iterdir()) == []
    (bundle / "unreadable").unlink()
    store.upload("v1", bundle)
    assert files_of(store.fetch("v1", tmp_path)) == files_of(bundle)


def test_a_half_written_version_is_not_served_and_the_next_upload_completes_it(open_store, make_bundle, tmp_path):
    store, files = open_store
    files.write("v1/data", b"da")
    with pytest.raises(IndexUnavailable):
        store.fetch("v1", tmp_path)
    store.upload("v1", make_bundle("v1", data=b"data"))
    assert files_of(store.fetch("v1", tmp_path))["data"] == b"data"


def test_an_activation_that_was_interrupted_leaves_the_old_index_and_can_be_repeated(make_bundle, tmp_path):
    store = FolderIndexStore(tmp_path / "index")
    for version in ("v1", "v2"):
        store.upload(version, make_bundle(version))
    store.activate(current("v1"), None)
    (tmp_path / "index" / "current.json.12345").write_text('{"version": "v2"')
    state = store.read_state()
    assert state.current == current("v1")
    store.activate(current("v2"), state.tag)
    assert store.read_state().current == current("v2")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b'"v1"',
        b"{}",
        b"\xff\xfe",
        b'{"version": "v1", "built_at": "x"}',
        b'{"version": "v1", "built_at": "x", "previous": null}',
        b'{"version": "v1", "built_at": "x", "previous": "v0"}',
        b'{"built_at": "x", "previous": []}',
    ],
)
def test_a_pointer_that_cannot_be_read_is_replaced_only_by_who_saw_it(open_store, make_bundle, content):
    store, files = open_store
    store.upload("v1", make_bundle("v1"))
    files.write("current.json", content)
    with pytest.raises(PointerCorrupt, match=r"current\.json") as damage:
        store.read_state()
    with pytest.raises(IndexCorrupt, match=r"current\.json"):
        store.activate(current("v1"), None)
    assert files.read("current.json") == content
    store.activate(current("v1"), damage.value.tag)
    assert store.read_state().current == current("v1")


def test_pruning_leaves_everything_alone_that_is_not_an_index_version(open_store, make_bundle):
    store, files = open_store
    store.upload("v1", make_bundle("v1"))
    foreign = {
        "notes/readme.txt": b"mine",
        "web-app/manifest.json": b'{"name": "an app"}',
        "renamed-copy/manifest.json": b'{"version": "v1"}',
        "list/manifest.json": b"[]",
        "broken/manifest.json": b"{",
        "loose.txt": b"mine",
    }
    for name, content in foreign.items():
        files.write(name, content)
    assert store.prune(()) == ["v1"]
    assert {name: files.read(name) for name in foreign} == foreign


def test_pruning_spares_what_was_stored_within_the_hour_for_a_build_that_has_yet_to_activate_it(make_bundle, tmp_path):
    store = FolderIndexStore(tmp_path / "index")
    for version in ("old", "new"):
        store.upload(version, make_bundle(version))
    broken_off = {age: tmp_path / "index" / f".upload-{age}" for age in ("old", "new")}
    for folder in broken_off.values():
        folder.mkdir()
    an_hour_ago = time.time() - 61 * 60
    for folder in (tmp_path / "index" / "old", broken_off["old"]):
        os.utime(folder, (an_hour_ago, an_hour_ago))
    assert store.prune(()) == ["old"]
    assert store.fetch("new", tmp_path).is_dir()
    assert [age for age, folder in broken_off.items() if folder.exists()] == ["new"]


def test_nothing_is_pruned_while_another_build_activates(make_bundle, tmp_path):
    store = FolderIndexStore(tmp_path / "index", 0)
    store.upload("v1", make_bundle("v1"))
    with (tmp_path / "index" / ".activation.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert store.prune(()) == []
    assert store.fetch("v1", tmp_path).is_dir()


@pytest.fixture
def bucket(aws):
    return aws.make_bucket()


@pytest.fixture
def s3_store(aws, bucket, make_bundle):
    """A store in S3 that holds two versions, the first of which is current."""
    store = S3IndexStore(aws.s3, bucket)
    for version in ("v1", "v2"):
        store.upload(version, make_bundle(version, data=version.encode()))
    store.activate(current("v1"), None)
    return store


def keys_in(aws, bucket: str) -> list[str]:
    return sorted(entry["Key"] for entry in aws.s3.list_objects_v2(Bucket=bucket).get("Contents", ()))


def age(bucket: str, folder: str) -> None:
    """Make moto believe that a version was stored more than an hour ago."""
    for key in s3_backends["123456789012"]["aws"].buckets[bucket].keys.values():
        if key.name.startswith(f"index/{folder}/"):
            key.last_modified = datetime.now(UTC).replace(tzinfo=None) - timedelta(minutes=61)


class Failing:
    """An S3 client of which one operation fails, before or after it is carried out."""

    def __init__(self, client: Any, operation: str, error: Exception, carried_out: bool = False) -> None:
        self._client = client
        self._operation = operation
        self._error = error
        self._carried_out = carried_out

    def __getattr__(self, name: str) -> Any:
        call = getattr(self._client, name)
        if name != self._operation:
            return call

        def fail(*arguments: Any, **request: Any) -> Any:
            if self._carried_out:
                call(*arguments, **request)
            raise self._error

        return fail


def failing_store(
    aws: LocalAws, bucket: str, operation: str, error: Exception, carried_out: bool = False
) -> S3IndexStore:
    client: Any = Failing(aws.s3, operation, error, carried_out)
    return S3IndexStore(client, bucket, upload_grace_seconds=0)


NO_NETWORK = EndpointConnectionError(endpoint_url="https://s3.invalid")
NO_ANSWER = ReadTimeoutError(endpoint_url="https://s3.invalid")


def refusal(status: int, code: str) -> ClientError:
    return ClientError({"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}, "PutObject")  # type: ignore[typeddict-item]


def test_an_activation_whose_answer_is_lost_counts_when_it_was_carried_out(aws, bucket, s3_store):
    failing = failing_store(aws, bucket, "put_object", NO_ANSWER, carried_out=True)
    failing.activate(current("v2"), s3_store.read_state().tag)
    assert s3_store.read_state().current == current("v2")


def test_an_activation_that_was_not_carried_out_is_no_conflict(aws, bucket, s3_store):
    failing = failing_store(aws, bucket, "put_object", NO_ANSWER)
    with pytest.raises(IndexUnavailable):
        failing.activate(current("v2"), s3_store.read_state().tag)
    assert s3_store.read_state().current == current("v1")


def test_a_repeated_activation_that_meets_its_own_result_succeeds(s3_store):
    tag = s3_store.read_state().tag
    s3_store.activate(current("v2"), tag)
    s3_store.activate(current("v2"), tag)
    assert s3_store.read_state().current == current("v2")


@pytest.mark.parametrize(("status", "code"), [(409, "ConditionalRequestConflict"), (404, "NoSuchKey")])
def test_a_swap_that_s3_refuses_because_of_another_one_is_a_conflict(aws, bucket, s3_store, status, code):
    failing = failing_store(aws, bucket, "put_object", refusal(status, code))
    with pytest.raises(ActivationConflict):
        failing.activate(current("v2"), s3_store.read_state().tag)
    assert s3_store.read_state().current == current("v1")


def test_a_pointer_that_somebody_removed_is_not_written_anew_by_whoever_saw_the_old_one(aws, bucket, s3_store):
    tag = s3_store.read_state().tag
    aws.s3.delete_object(Bucket=bucket, Key="index/current.json")
    with pytest.raises(ActivationConflict):
        s3_store.activate(current("v2"), tag)
    assert s3_store.read_state() == ActivationState(None, None)


@pytest.mark.parametrize("error", [NO_NETWORK, NO_ANSWER, refusal(403, "AccessDenied"), refusal(503, "SlowDown")])
@pytest.mark.parametrize("operation", ["get_object", "put_object", "head_object", "get_paginator", "delete_object"])
def test_whatever_s3_fails_at_the_index_is_unavailable(aws, bucket, s3_store, make_bundle, tmp_path, operation, error):
    failing = failing_store(aws, bucket, operation, error)
    works = {
        "get_object": lambda: failing.read_state(),
        "put_object": lambda: failing.upload("v3", make_bundle("v3")),
        "head_object": lambda: failing.activate(current("v2"), None),
        "get_paginator": lambda: failing.fetch("v2", tmp_path),
        "delete_object": lambda: failing.prune(()),
    }
    with pytest.raises(IndexUnavailable, match=bucket):
        works[operation]()
    assert s3_store.read_state().current == current("v1")


def test_an_upload_to_s3_that_breaks_off_leaves_nothing_under_its_version(aws, bucket, make_bundle, tmp_path):
    store = S3IndexStore(aws.s3, bucket)
    bundle = make_bundle("v1", data=b"data")
    (bundle / "unreadable").symlink_to("nowhere")
    with pytest.raises(OSError, match="unreadable"):
        store.upload("v1", bundle)
    assert keys_in(aws, bucket) == ["index/v1/data"]
    with pytest.raises(IndexUnavailable):
        store.fetch("v1", tmp_path)
    (bundle / "unreadable").unlink()
    store.upload("v1", bundle)
    assert files_of(store.fetch("v1", tmp_path)) == files_of(bundle)


def test_what_is_stored_already_is_not_sent_again_but_for_the_manifest(aws, bucket, make_bundle):
    store = S3IndexStore(aws.s3, bucket)
    bundle = make_bundle("v1", data=b"data", more=b"more")
    store.upload("v1", bundle)
    sent = []

    class Watched:
        def __getattr__(self, name: str) -> Any:
            if name == "put_object":
                return self.put
            return getattr(aws.s3, name)

        def put(self, **request: Any) -> Any:
            sent.append(request["Key"])
            return aws.s3.put_object(**request)

    S3IndexStore(Watched(), bucket).upload("v1", bundle)  # type: ignore[arg-type]
    # So that it counts as stored just now, and nobody prunes it before it is activated.
    assert sent == ["index/v1/manifest.json"]


def test_a_fetch_that_breaks_off_leaves_no_folder_that_could_be_taken_for_whole(aws, bucket, s3_store, tmp_path):
    aws.s3.put_object(Bucket=bucket, Key="index/v1/other", Body=b"other")

    class BreaksOff:
        def __getattr__(self, name: str) -> Any:
            call = getattr(aws.s3, name)

            def get(**request: Any) -> Any:
                if request["Key"].endswith("/other"):
                    raise NO_ANSWER
                return call(**request)

            return get if name == "get_object" else call

    with pytest.raises(IndexUnavailable):
        S3IndexStore(BreaksOff(), bucket).fetch("v1", tmp_path / "scratch")  # type: ignore[arg-type]
    assert list((tmp_path / "scratch").iterdir()) == []


def test_a_fetch_replaces_what_an_earlier_one_left(s3_store, tmp_path):
    for folder in ("v1", "v1.part"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "data").write_bytes(b"old")
        (tmp_path / folder / "stale").write_bytes(b"old")
    assert files_of(s3_store.fetch("v1", tmp_path)) == {"data": b"v1", "manifest.json": b'{"version": "v1"}'}
    assert [path.name for path in tmp_path.glob("v1*")] == ["v1"]


def test_only_the_files_asked_for_are_copied_from_s3(s3_store, tmp_path):
    assert set(files_of(s3_store.fetch("v1", tmp_path / "a", ()))) == {"manifest.json"}
    assert set(files_of(s3_store.fetch("v1", tmp_path / "b", ("data", "unknown")))) == {"manifest.json", "data"}


def test_a_scratch_folder_that_cannot_be_written_makes_the_index_unavailable(s3_store, tmp_path):
    (tmp_path / "a file").write_text("")
    with pytest.raises(IndexUnavailable, match="cannot be copied"):
        s3_store.fetch("v1", tmp_path / "a file" / "scratch")


def test_pruning_s3_spares_what_was_stored_within_the_hour(aws, bucket, make_bundle):
    store = S3IndexStore(aws.s3, bucket)
    for version in ("old", "new", "renewed"):
        store.upload(version, make_bundle(version, data=b"data"))
    age(bucket, "old")
    age(bucket, "renewed")
    store.upload("renewed", make_bundle("renewed", data=b"data"))
    assert store.prune(()) == ["old"]
    assert keys_in(aws, bucket) == [
        f"index/{version}/{name}" for version in ("new", "renewed") for name in ("data", "manifest.json")
    ]


def test_pruning_s3_removes_uploads_that_broke_off_an_hour_ago_and_nobody_elses_files(aws, bucket, make_bundle):
    store = S3IndexStore(aws.s3, bucket)
    for version in ("broken-off", "under-way"):
        store.upload(version, make_bundle(version, data=b"data"))
        aws.s3.delete_object(Bucket=bucket, Key=f"index/{version}/manifest.json")
    aws.s3.put_object(Bucket=bucket, Key="index/foreign/data", Body=b"mine")
    for folder in ("broken-off", "foreign"):
        age(bucket, folder)
    assert store.prune(()) == []
    assert keys_in(aws, bucket) == ["index/foreign/data", "index/under-way/data"]


def test_objects_of_others_in_the_bucket_are_never_touched(aws, bucket, s3_store):
    aws.s3.put_object(Bucket=bucket, Key="catalogue/v2/manifest.json", Body=b'{"version": "v2"}')
    assert S3IndexStore(aws.s3, bucket, upload_grace_seconds=0).prune(()) == ["v2"]
    assert "catalogue/v2/manifest.json" in keys_in(aws, bucket)


def digests_of(bundle: Path) -> dict[str, FileDigest]:
    return {path.name: FileDigest.of(path) for path in bundle.iterdir() if path.name != "manifest.json"}


PATTERN = bytes(range(251)) * 40
"""More than ten parts of 1,000 bytes, none of which is like another."""


@pytest.fixture
def checked_store(store):
    """Stores that check what they copy; the one in S3 fetches in parts of 1,000 bytes."""
    if isinstance(store, S3IndexStore):
        return S3IndexStore(store._client, store._bucket, part_bytes=1000)
    return store


@pytest.mark.parametrize("large", [PATTERN, PATTERN[:1000], PATTERN[:1001], PATTERN[:2000], b"x", b""])
def test_what_is_fetched_with_digests_is_what_they_promise(checked_store, make_bundle, tmp_path, large):
    bundle = make_bundle("v1", large=large, small=b"small")
    checked_store.upload("v1", bundle)
    copy = checked_store.fetch("v1", tmp_path / "scratch", digests=digests_of(bundle))
    assert {name: (copy / name).read_bytes() for name in ("large", "small")} == {"large": large, "small": b"small"}


@pytest.mark.parametrize(
    "promised",
    [PATTERN[:-1], PATTERN + b"x", PATTERN[:-1] + b"x", b"x" + PATTERN[1:], PATTERN[:4000], b"", PATTERN * 2],
    ids=["longer", "shorter", "another end", "another beginning", "four parts", "nothing", "twice"],
)
def test_a_file_that_differs_from_its_digest_is_refused_by_name(checked_store, make_bundle, tmp_path, promised):
    checked_store.upload("v1", make_bundle("v1", large=PATTERN, small=b"small"))
    digests = digests_of(make_bundle("v1", large=promised, small=b"small"))
    with pytest.raises(IndexCorrupt, match=r"^large differs"):
        checked_store.fetch("v1", tmp_path / "scratch", digests=digests)


def test_a_file_that_is_not_stored_is_refused(checked_store, make_bundle, tmp_path):
    checked_store.upload("v1", make_bundle("v1", small=b"small"))
    with pytest.raises((IndexCorrupt, IndexUnavailable)):
        checked_store.fetch("v1", tmp_path / "scratch", digests=digests_of(make_bundle("v1", other=b"other")))


class Watched:
    """An S3 client that tells of every object that is read, before and after its body is there."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self.operations: list[str] = []
        self.before: Callable[[dict[str, Any]], None] = lambda request: None
        self.after: Callable[[dict[str, Any], Any], Any] = lambda request, answer: answer

    def __getattr__(self, name: str) -> Any:
        self.operations.append(name)
        if name != "get_object":
            return getattr(self._client, name)

        def get(**request: Any) -> Any:
            self.before(request)
            return self.after(request, self._client.get_object(**request))

        return get


@pytest.fixture
def watched(aws):
    return Watched(aws.s3)


@pytest.fixture
def in_parts(watched, bucket, make_bundle):
    """A store in S3 that fetches in four parts at once, and the digests of what it holds."""
    bundle = make_bundle("v1", large=PATTERN, small=b"small")
    store = S3IndexStore(watched, bucket, part_bytes=-(-len(PATTERN) // 4))
    store.upload("v1", bundle)
    watched.operations.clear()
    return store, digests_of(bundle)


def test_parts_that_come_in_another_order_make_the_same_file(in_parts, watched, tmp_path):
    store, digests = in_parts
    others = threading.Semaphore(0)

    def last_part_first(request: dict[str, Any]) -> None:
        if str(request.get("Range", "")).startswith("bytes=0-"):
            assert all(others.acquire(timeout=30) for _ in range(2))

    def count(request: dict[str, Any], answer: Any) -> Any:
        if "Range" in request and not request["Range"].startswith("bytes=0-"):
            others.release()
        return answer

    watched.before, watched.after = last_part_first, count
    assert (store.fetch("v1", tmp_path, digests=digests) / "large").read_bytes() == PATTERN


def test_a_checked_fetch_lists_nothing_and_asks_for_each_part_once(in_parts, watched, tmp_path):
    store, digests = in_parts
    store.fetch("v1", tmp_path, digests=digests)
    assert watched.operations == ["get_object"] * (4 + 1)


class BreaksOffInTheMiddle:
    """The body of an answer whose connection is lost after some bytes."""

    def __init__(self, content: bytes) -> None:
        self._rest = [content]

    def read(self, _: int) -> bytes:
        if self._rest:
            return self._rest.pop()
        raise ResponseStreamingError(error="connection lost")

    def close(self) -> None:
        pass


def test_a_download_that_breaks_off_in_the_middle_leaves_nothing_and_can_be_repeated(in_parts, watched, tmp_path):
    store, digests = in_parts

    def break_off(request: dict[str, Any], answer: Any) -> Any:
        if str(request.get("Range", "")).startswith("bytes=2510-"):
            answer["Body"].close()
            return {**answer, "Body": BreaksOffInTheMiddle(PATTERN[2510:3000])}
        return answer

    watched.after = break_off
    with pytest.raises(IndexUnavailable, match="ResponseStreamingError"):
        store.fetch("v1", tmp_path / "scratch", digests=digests)
    assert list((tmp_path / "scratch").iterdir()) == []
    watched.after = lambda request, answer: answer
    assert (store.fetch("v1", tmp_path / "scratch", digests=digests) / "large").read_bytes() == PATTERN


@pytest.mark.parametrize("replacement", [PATTERN[:3000], PATTERN + PATTERN, PATTERN[::-1]])
def test_an_object_that_is_replaced_between_two_parts_is_refused(in_parts, watched, aws, bucket, tmp_path, replacement):
    store, digests = in_parts
    began = threading.Lock()

    def replace(request: dict[str, Any], answer: Any) -> Any:
        if "Range" in request and began.acquire(blocking=False):
            aws.s3.put_object(Bucket=bucket, Key="index/v1/large", Body=replacement)
            replaced.set()
        return answer

    def wait(request: dict[str, Any]) -> None:
        if "Range" in request and not request["Range"].startswith("bytes=0-"):
            assert replaced.wait(30)

    replaced = threading.Event()
    watched.before, watched.after = wait, replace
    with pytest.raises(IndexCorrupt, match=r"^large differs"):
        store.fetch("v1", tmp_path / "scratch", digests=digests)


def test_a_part_that_is_shorter_than_asked_for_is_refused(in_parts, watched, tmp_path):
    store, digests = in_parts

    def shorten(request: dict[str, Any], answer: Any) -> Any:
        return {**answer, "ContentLength": answer["ContentLength"] - 1} if "Range" in request else answer

    watched.after = shorten
    with pytest.raises(IndexCorrupt, match=r"^large differs"):
        store.fetch("v1", tmp_path / "scratch", digests=digests)


def test_a_disk_that_fills_up_while_files_come_makes_the_index_unavailable(in_parts, watched, tmp_path):
    store, digests = in_parts

    class NoRoom(BreaksOffInTheMiddle):
        def read(self, _: int) -> bytes:
            raise OSError(errno.ENOSPC, "No space left on device")

    watched.after = lambda request, answer: {**answer, "Body": NoRoom(b"")} if "Range" in request else answer
    with pytest.raises(IndexUnavailable, match="No space left"):
        store.fetch("v1", tmp_path / "scratch", digests=digests)
    assert list((tmp_path / "scratch").iterdir()) == []
