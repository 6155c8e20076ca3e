"""What every source of catalogue shards promises, the fake and the folder alike."""

import gzip

import pytest

from daltonify_core.adapters.local_folder import FolderShards
from tests.fakes.memory_shards import MemoryShards

TEXTS = {
    "b.csv": 'title\r\n"a line\r\nbreak", ünïcödé 夜\n',
    "a/z.csv.gz": "title\rwith a lone carriage return",
    "a.csv": "",
    "c/d/e.csv.gz": "x" * 100_000,
}


def in_memory(texts, _folder):
    return MemoryShards(texts)


def in_folder(texts, folder):
    for name, text in texts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        content = text.encode()
        path.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    return FolderShards(folder)


@pytest.mark.parametrize("make_shards", [in_memory, in_folder])
def test_shards_are_named_in_sorted_order_and_open_as_unchanged_text(make_shards, tmp_path):
    shards = make_shards(TEXTS, tmp_path)
    assert shards.names() == ["a.csv", "a/z.csv.gz", "b.csv", "c/d/e.csv.gz"]
    for name in shards.names():
        with shards.open(name) as stream:
            assert stream.read() == TEXTS[name]


@pytest.mark.parametrize("make_shards", [in_memory, in_folder])
def test_a_catalogue_may_be_empty(make_shards, tmp_path):
    assert make_shards({}, tmp_path).names() == []


def test_a_folder_that_does_not_exist_is_an_empty_catalogue(tmp_path):
    assert FolderShards(tmp_path / "nowhere").names() == []


def test_hidden_and_foreign_files_are_no_shards(tmp_path):
    names = [".hidden.csv", ".git/x.csv", "a/.b/c.csv", "notes.txt", "old.csv.bak", "dir.csv/inside.txt", "real.csv"]
    in_folder(dict.fromkeys(names, "text"), tmp_path)
    assert FolderShards(tmp_path).names() == ["real.csv"]


@pytest.mark.parametrize("name", ["one.csv", "one.csv.gz"])
def test_a_single_file_is_a_catalogue_of_one_shard(tmp_path, name):
    in_folder({name: "text", "other.csv": "other"}, tmp_path)
    shards = FolderShards(tmp_path / name)
    assert shards.names() == [name]
    with shards.open(name) as stream:
        assert stream.read() == "text"
