"""What every source of catalogue shards promises, the fake, the folder and S3 alike."""

import gzip
from collections.abc import Callable

import pytest
from botocore.exceptions import EndpointConnectionError, IncompleteReadError

from daltonify_core.adapters.local_folder import FolderShards
from daltonify_core.adapters.s3 import S3Shards
from daltonify_core.catalogue.canonical_csv import read_rows
from daltonify_core.errors import InvalidDataset, UpstreamRefused, UpstreamUnavailable
from daltonify_core.ports.catalogue import CatalogueShards
from tests.builders import make_track
from tests.catalogues import catalogue_csv
from tests.fakes.memory_shards import MemoryShards

TEXTS = {
    "b.csv": 'title\r\n"a line\r\nbreak", ünïcödé 夜\n',
    "a/z.csv.gz": "title\rwith a lone carriage return",
    "a.csv": "",
    "c/d/e.csv.gz": "x" * 100_000,
}


type MakeShards = Callable[[dict[str, str]], CatalogueShards]


def packed_if_named_so(name: str, text: str) -> bytes:
    return gzip.compress(text.encode()) if name.endswith(".gz") else text.encode()


def in_folder(texts, folder):
    for name, text in texts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(packed_if_named_so(name, text))
    return FolderShards(folder)


def in_bucket(texts, aws):
    bucket = aws.make_bucket()
    aws.s3.put_object(Bucket=bucket, Key="other/catalogue/not-here.csv", Body=b"")
    for name, text in texts.items():
        aws.s3.put_object(Bucket=bucket, Key=f"catalogue/{name}", Body=packed_if_named_so(name, text))
    return S3Shards(aws.s3, bucket), bucket


@pytest.fixture(params=["memory", "folder", "s3"])
def make_shards(request, tmp_path) -> MakeShards:
    if request.param == "memory":
        return MemoryShards
    if request.param == "folder":
        return lambda texts: in_folder(texts, tmp_path)
    aws = request.getfixturevalue("aws")
    return lambda texts: in_bucket(texts, aws)[0]


def test_shards_are_named_in_sorted_order_and_open_as_unchanged_text(make_shards):
    shards = make_shards(TEXTS)
    assert shards.names() == ["a.csv", "a/z.csv.gz", "b.csv", "c/d/e.csv.gz"]
    for name in shards.names():
        with shards.open(name) as stream:
            assert stream.read() == TEXTS[name]


def test_a_catalogue_may_be_empty(make_shards):
    assert make_shards({}).names() == []


def test_a_folder_that_does_not_exist_is_an_empty_catalogue(tmp_path):
    assert FolderShards(tmp_path / "nowhere").names() == []


@pytest.mark.parametrize("kind", ["folder", "s3"])
def test_hidden_and_foreign_files_are_no_shards(kind, request, tmp_path):
    names = [".hidden.csv", ".git/x.csv", "a/.b/c.csv", "notes.txt", "old.csv.bak", "dir.csv/inside.txt", "real.csv"]
    texts = dict.fromkeys(names, "text")
    shards = in_folder(texts, tmp_path) if kind == "folder" else in_bucket(texts, request.getfixturevalue("aws"))[0]
    assert shards.names() == ["real.csv"]


@pytest.mark.parametrize("name", ["one.csv", "one.csv.gz"])
def test_a_single_file_is_a_catalogue_of_one_shard(tmp_path, name):
    in_folder({name: "text", "other.csv": "other"}, tmp_path)
    shards = FolderShards(tmp_path / name)
    assert shards.names() == [name]
    with shards.open(name) as stream:
        assert stream.read() == "text"


def one_shard(aws, content: bytes, name: str = "a.csv.gz") -> tuple[S3Shards, str]:
    bucket = aws.make_bucket()
    aws.s3.put_object(Bucket=bucket, Key=f"catalogue/{name}", Body=content)
    return S3Shards(aws.s3, bucket), bucket


def rows_of(shards: CatalogueShards, name: str = "a.csv.gz") -> int:
    with shards.open(name) as stream:
        return sum(1 for _ in read_rows(stream, name))


def test_a_large_packed_shard_is_read_from_s3_to_its_end(aws):
    shards, _ = one_shard(aws, gzip.compress(catalogue_csv([make_track()] * 50_000).encode()))
    assert rows_of(shards) == 50_000


@pytest.mark.parametrize("damage", ["cut short", "overwritten", "not packed at all"])
def test_a_packed_shard_in_s3_that_is_damaged_is_no_dataset(aws, damage):
    whole = gzip.compress(catalogue_csv([make_track()] * 5_000).encode(), mtime=0)
    content = {
        "cut short": whole[: len(whole) // 2],
        "overwritten": whole[:500] + b"\xff" * 100 + whole[600:],
        "not packed at all": b"title,artists",
    }[damage]
    shards, _ = one_shard(aws, content)
    with pytest.raises(InvalidDataset, match=r"a\.csv\.gz"):
        rows_of(shards)


def test_a_shard_that_was_removed_after_the_catalogue_was_listed_is_said_plainly(aws):
    shards, bucket = one_shard(aws, b"")
    aws.s3.delete_object(Bucket=bucket, Key="catalogue/a.csv.gz")
    with pytest.raises(InvalidDataset, match="removed"):
        rows_of(shards)


def test_a_bucket_that_does_not_exist_is_an_error_and_no_empty_catalogue(aws):
    shards = S3Shards(aws.s3, "no-such-bucket")
    with pytest.raises(UpstreamRefused, match="no-such-bucket") as refused:
        shards.names()
    assert refused.value.status == 404
    with pytest.raises(UpstreamRefused, match="no-such-bucket"):
        rows_of(shards)


class Unreachable:
    """A client whose network is gone."""

    def __getattr__(self, name):
        def fail(*_args, **_kwargs):
            raise EndpointConnectionError(endpoint_url="https://example.invalid")

        return fail


def test_a_catalogue_that_cannot_be_reached_is_unavailable():
    shards = S3Shards(Unreachable(), "bucket")  # type: ignore[arg-type]
    with pytest.raises(UpstreamUnavailable):
        shards.names()
    with pytest.raises(UpstreamUnavailable):
        rows_of(shards)


class BreaksOff:
    """A client whose answers end early, as they do when a connection is lost."""

    def get_object(self, **_request):
        parts = [b"title,", b"artists\r\n"]

        class Body:
            def readinto(self, buffer):
                if not parts:
                    raise IncompleteReadError(actual_bytes=16, expected_bytes=1_000)
                part = parts.pop(0)
                buffer[: len(part)] = part
                return len(part)

            def close(self):
                pass

        return {"Body": Body()}


def test_a_shard_whose_transfer_breaks_off_is_not_taken_for_a_whole_one():
    shards = S3Shards(BreaksOff(), "bucket")  # type: ignore[arg-type]
    with pytest.raises(UpstreamUnavailable), shards.open("a.csv") as stream:
        stream.read()
