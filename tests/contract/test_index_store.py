"""What every index store promises, the fake and the folder alike; and what a folder has to stand besides."""

import fcntl
import json
import multiprocessing
import os
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

import pytest

from daltonify_core.adapters.local_folder import FolderIndexStore
from daltonify_core.errors import ActivationConflict, IndexCorrupt, IndexUnavailable
from daltonify_core.ports import ActivationState, CurrentIndex
from tests.fakes.memory_index_store import MemoryIndexStore


@pytest.fixture(params=["folder", "memory"])
def store(request, tmp_path):
    return FolderIndexStore(tmp_path / "deep" / "index", 0) if request.param == "folder" else MemoryIndexStore()


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


def test_of_many_activations_at_once_exactly_one_wins(stored):
    for turn in range(10):
        tag = stored.read_state().tag

        def attempt(number: int, tag=tag, turn=turn) -> str | None:
            try:
                stored.activate(current("v1", f"turn {turn} by {number}"), tag)
            except ActivationConflict:
                return None
            return f"turn {turn} by {number}"

        with ThreadPoolExecutor(8) as pool:
            winners = [won for won in pool.map(attempt, range(8)) if won]
        assert len(winners) == 1
        assert stored.read_state().current.built_at == winners[0]


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


def test_no_activation_is_lost_between_threads(stored):
    with ThreadPoolExecutor(3) as pool:
        for counting in [pool.submit(count_up, stored, 40) for _ in range(3)]:
            counting.result()
    assert stored.read_state().current.built_at == "120"


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


def test_a_half_written_version_is_not_served_and_the_next_upload_completes_it(make_bundle, tmp_path):
    store = FolderIndexStore(tmp_path / "index")
    half_written = tmp_path / "index" / "v1"
    half_written.mkdir(parents=True)
    (half_written / "data").write_bytes(b"da")
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
def test_a_pointer_that_cannot_be_read_is_reported_and_never_overwritten(make_bundle, tmp_path, content):
    store = FolderIndexStore(tmp_path / "index")
    store.upload("v1", make_bundle("v1"))
    pointer = tmp_path / "index" / "current.json"
    pointer.write_bytes(content)
    with pytest.raises(IndexCorrupt, match=r"current\.json"):
        store.read_state()
    with pytest.raises(IndexCorrupt, match=r"current\.json"):
        store.activate(current("v1"), None)
    assert pointer.read_bytes() == content


def test_pruning_leaves_everything_alone_that_is_not_an_index_version(make_bundle, tmp_path):
    store = FolderIndexStore(tmp_path / "index", 0)
    store.upload("v1", make_bundle("v1"))
    foreign = {
        "notes/readme.txt": "mine",
        "web-app/manifest.json": '{"name": "an app"}',
        "renamed-copy/manifest.json": '{"version": "v1"}',
        "list/manifest.json": "[]",
        "broken/manifest.json": "{",
        "loose.txt": "mine",
    }
    for name, text in foreign.items():
        path = tmp_path / "index" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    assert store.prune(()) == ["v1"]
    assert {name: (tmp_path / "index" / name).read_text() for name in foreign} == foreign


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
