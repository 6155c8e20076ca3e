"""What every store of a collection promises: the fake, the folder and S3 alike; and what each has to stand."""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError

from daltonify_core.adapters.folder_collection import FolderCollection
from daltonify_core.adapters.local_folder import FolderShards
from daltonify_core.adapters.s3 import S3Shards
from daltonify_core.adapters.s3_collection import S3Collection
from daltonify_core.catalogue.collection import MISSES_NAME, decode_shard
from daltonify_core.errors import CollectionConflict, UpstreamRefused, UpstreamUnavailable
from daltonify_core.use_cases import collected_shards
from daltonify_core.use_cases.collect_tracks import CollectRun
from daltonify_core.use_cases.collected_shards import CollectedShards
from tests.builders import make_features, track_id
from tests.fakes.memory_collection import MemoryCollection
from tests.fakes.memory_feature_service import MemoryFeatureService

NAME = "reccobeats-00001.csv.gz"
ROOT = Path(__file__).parents[2]


@pytest.fixture(params=["folder", "memory", "s3"])
def files(request, tmp_path):
    if request.param == "folder":
        return FolderCollection(tmp_path / "deep" / "collected")
    if request.param == "memory":
        return MemoryCollection()
    aws = request.getfixturevalue("aws")
    return S3Collection(aws.s3, aws.make_bucket(), "catalogue/collected/")


def content(files, name=NAME):
    stored = files.read(name)
    return stored and stored.content


def test_a_new_collection_is_empty(files):
    assert files.names() == []
    assert files.read(NAME) is None


def test_what_was_written_is_read(files):
    files.write(NAME, b"one", None)
    files.write(MISSES_NAME, b"two", None)
    assert files.names() == [MISSES_NAME, NAME]
    assert (content(files), content(files, MISSES_NAME)) == (b"one", b"two")


def test_a_file_is_replaced_by_whoever_saw_it(files):
    files.write(NAME, b"one", None)
    files.write(NAME, b"two", files.read(NAME).tag)
    assert content(files) == b"two"


def test_nobody_overwrites_what_he_did_not_see(files):
    files.write(NAME, b"one", None)
    seen = files.read(NAME).tag
    files.write(NAME, b"two", seen)
    for outdated in (None, seen):
        with pytest.raises(CollectionConflict):
            files.write(NAME, b"three", outdated)
    assert content(files) == b"two"


def test_a_file_that_has_gone_is_a_conflict_for_whoever_saw_it(files):
    files.write(NAME, b"one", None)
    with pytest.raises(CollectionConflict):
        files.write("reccobeats-00002.csv.gz", b"two", files.read(NAME).tag)
    assert files.names() == [NAME]


def test_writing_what_is_there_already_is_no_conflict(files):
    files.write(NAME, b"one", None)
    files.write(NAME, b"one", None)
    files.write(NAME, b"one", "made up")
    assert content(files) == b"one"


def test_tags_tell_contents_apart(files):
    files.write(NAME, b"one", None)
    first = files.read(NAME).tag
    files.write(NAME, b"two", first)
    assert files.read(NAME).tag != first


def test_runs_that_take_turns_and_die_store_every_row_once(files, monkeypatch):
    monkeypatch.setattr(collected_shards, "SHARD_ROWS", 90)
    service = MemoryFeatureService()
    wanted = [track_id(number) for number in range(200)]
    for one in wanted:
        service.add(one, make_features())
    now = datetime(2026, 11, 22, tzinfo=UTC)

    def begin(track_ids: Sequence[str]) -> CollectRun:
        return CollectRun(service, CollectedShards(files), track_ids, "pop", lambda: now)

    for _ in range(2):
        # Both have looked up what the other one stores; then they are dropped, and what they had yet to do with them.
        forwards, backwards = begin(wanted), begin(wanted[::-1])
        forwards.ask()
        backwards.ask()
        forwards.keep()
        backwards.keep()
    last = begin(wanted)
    while not last.is_done():
        last.ask()
        last.keep()
    last.finish()
    shards = [decode_shard(content(files, name), name) for name in files.names()]
    assert all(len(shard) <= 90 for shard in shards)
    assert sorted(one for shard in shards for one in shard) == wanted


# ---- Folder ----------------------------------------------------------------------------------------------------------


def test_a_catalogue_reader_sees_the_shards_and_nothing_of_the_rest(tmp_path):
    files = FolderCollection(tmp_path / "collected")
    files.write(NAME, b"one", None)
    files.write(MISSES_NAME, b"two", None)
    assert FolderShards(tmp_path).names() == [f"collected/{NAME}"]


def test_of_many_who_saw_the_same_file_one_replaces_it(tmp_path):
    FolderCollection(tmp_path).write(NAME, b"before", None)
    seen = FolderCollection(tmp_path).read(NAME)
    assert seen is not None

    def replace(number: int) -> bool:
        try:
            FolderCollection(tmp_path).write(NAME, b"%d" % number, seen.tag)
        except CollectionConflict:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(replace, range(8)))
    assert outcomes.count(True) == 1
    assert content(FolderCollection(tmp_path)) == b"%d" % outcomes.index(True)


def test_a_killed_writer_leaves_the_old_file_no_lock_and_nothing_for_long(tmp_path):
    script = (
        "import os, signal, sys\n"
        "from pathlib import Path\n"
        "from daltonify_core.adapters.folder_collection import FolderCollection\n"
        "os.fsync = lambda _: os.kill(os.getpid(), signal.SIGKILL)\n"
        "files = FolderCollection(Path(sys.argv[1]))\n"
        "files.write(sys.argv[2], b'new', files.read(sys.argv[2]).tag)\n"
    )
    files = FolderCollection(tmp_path)
    files.write(NAME, b"old", None)
    killed = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path), NAME], cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)}
    )
    assert killed.returncode == -signal.SIGKILL
    assert content(files) == b"old"
    assert files.names() == [NAME]
    assert list(tmp_path.glob("*.part")) + list(tmp_path.glob(".*.part")) != []
    old = files.read(NAME)
    assert old is not None
    files.write(NAME, b"newer", old.tag)
    assert list(tmp_path.glob(".*.part")) == []


# ---- S3 --------------------------------------------------------------------------------------------------------------


class FaultyClient:
    """A real client, one method of which fails as ordered, before or after its work."""

    def __init__(self, client: Any, method: str, error: Exception, is_done: bool = False) -> None:
        self._client = client
        self._method = method
        self._error = error
        self._is_done = is_done

    def __getattr__(self, name: str) -> Any:
        real = getattr(self._client, name)
        if name != self._method:
            return real

        def fail(**arguments: Any) -> Any:
            if self._is_done:
                real(**arguments)
            raise self._error

        return fail


def refusal(code: str, status: int) -> ClientError:
    return ClientError({"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}, "Operation")  # type: ignore[typeddict-item]


@pytest.fixture
def bucket(aws):
    return aws.make_bucket()


def s3(client: Any, bucket: str) -> S3Collection:
    return S3Collection(client, bucket, "catalogue/collected/")


def test_only_objects_right_below_the_prefix_belong_to_it(aws, bucket):
    for key in ("catalogue/x.csv", "catalogue/collected/", "catalogue/collected/deep/y.csv", "catalogue/collected/z"):
        aws.s3.put_object(Bucket=bucket, Key=key, Body=b"x")
    assert s3(aws.s3, bucket).names() == ["z"]


def test_a_catalogue_in_a_bucket_shows_the_shards_alone(aws, bucket):
    files = s3(aws.s3, bucket)
    files.write(NAME, b"one", None)
    files.write(MISSES_NAME, b"two", None)
    assert S3Shards(aws.s3, bucket).names() == [f"collected/{NAME}"]


@pytest.mark.parametrize("error", [ReadTimeoutError(endpoint_url="x"), refusal("PreconditionFailed", 412)])
def test_a_write_whose_answer_is_lost_counts_as_done(aws, bucket, error):
    s3(FaultyClient(aws.s3, "put_object", error, is_done=True), bucket).write(NAME, b"one", None)
    assert content(s3(aws.s3, bucket)) == b"one"


def test_a_write_that_never_arrived_is_no_success(aws, bucket):
    faulty = FaultyClient(aws.s3, "put_object", EndpointConnectionError(endpoint_url="x"))
    with pytest.raises(UpstreamUnavailable, match="next run goes on"):
        s3(faulty, bucket).write(NAME, b"one", None)


@pytest.mark.parametrize("code", ["ConditionalRequestConflict", "PreconditionFailed"])
def test_a_write_that_met_another_is_a_conflict(aws, bucket, code):
    with pytest.raises(CollectionConflict):
        s3(FaultyClient(aws.s3, "put_object", refusal(code, 409)), bucket).write(NAME, b"one", None)


@pytest.mark.parametrize("method", ["get_object", "put_object"])
@pytest.mark.parametrize(
    ("error", "raised"),
    [
        (refusal("AccessDenied", 403), UpstreamRefused),
        (refusal("SlowDown", 503), UpstreamUnavailable),
        (ReadTimeoutError(endpoint_url="x"), UpstreamUnavailable),
    ],
)
def test_no_error_of_the_sdk_gets_out(aws, bucket, method, error, raised):
    files = s3(FaultyClient(aws.s3, method, error), bucket)
    with pytest.raises(raised):
        files.write(NAME, b"one", None) if method == "put_object" else files.read(NAME)


def test_a_bucket_that_is_not_there_is_refused_in_words(aws):
    with pytest.raises(UpstreamRefused, match="NoSuchBucket"):
        s3(aws.s3, "daltonify-nowhere").names()
