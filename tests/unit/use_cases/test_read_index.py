"""Reading the index in a service that keeps running: the last good one serves, whatever happens to the next."""

import threading
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest

from daltonify_core.adapters.annoy_index import AnnoyFormat
from daltonify_core.adapters.local_folder import FolderIndexStore
from daltonify_core.adapters.sqlite_tracks import SqliteTracksFormat
from daltonify_core.errors import DaltonifyError, IndexCorrupt, IndexUnavailable
from daltonify_core.index.bundle import VECTORS_FILE
from daltonify_core.index.manifest import MANIFEST_FILE, FileDigest, IndexManifest
from daltonify_core.ports.index import ActivationState, CurrentIndex, IndexStore
from daltonify_core.use_cases.read_index import IndexReader
from tests.builders import WITH_NEIGHBOURS, make_track, track_id
from tests.bundles import make_tracks, write_bundle
from tests.fakes.exact_neighbours import ExactFormat
from tests.fakes.memory_index_store import MemoryIndexStore
from tests.fakes.memory_tracks import MemoryTracksFormat
from tests.fakes.set_clock import SetClock

START = datetime(2026, 1, 1, tzinfo=UTC)


class WatchedStore(MemoryIndexStore):
    """Counts what is read, copies into folders of the version's name as S3 does, and fails when it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.state_reads = 0
        self.fetched: list[tuple[str, Collection[str] | None]] = []
        self.fault: DaltonifyError | None = None
        self.fetch_fault: Exception | None = None
        self.meeting: threading.Barrier | None = None

    def read_state(self) -> ActivationState:
        self.state_reads += 1
        if self.fault is not None:
            raise self.fault
        return super().read_state()

    def fetch(
        self,
        version: str,
        scratch: Path,
        names: Collection[str] | None = None,
        digests: Mapping[str, FileDigest] | None = None,
    ) -> Path:
        self.fetched.append((version, names if digests is None else digests))
        if self.meeting is not None:
            with suppress(threading.BrokenBarrierError):
                self.meeting.wait(0.1)
        folder = super().fetch(version, scratch / version, names, digests)
        if self.fetch_fault is not None:
            raise self.fetch_fault
        return folder

    def lose_pointer(self) -> None:
        self._state = ActivationState(None, None)

    def full_fetches(self) -> list[str]:
        return [version for version, names in self.fetched if names and VECTORS_FILE in names]


@pytest.fixture
def store() -> WatchedStore:
    return WatchedStore()


@pytest.fixture
def clock() -> SetClock:
    return SetClock(START)


@pytest.fixture
def faults() -> list[DaltonifyError]:
    return []


@pytest.fixture
def scratch(tmp_path) -> Path:
    folder: Path = tmp_path / "scratch"
    return folder


@pytest.fixture
def make_reader(store, clock, faults, scratch):
    readers = []

    def make(
        check_seconds: float = 60,
        free_bytes: Callable[[Path], int] = lambda _: 10**9,
        of: IndexStore = store,
        real=False,
    ) -> IndexReader:
        reader = IndexReader(
            of,
            AnnoyFormat() if real else ExactFormat(),
            SqliteTracksFormat() if real else MemoryTracksFormat(),
            scratch,
            clock,
            check_seconds,
            free_bytes,
            faults.append,
        )
        readers.append(reader)
        return reader

    yield make
    for reader in readers:
        reader.close()


@pytest.fixture
def reader(make_reader):
    return make_reader()


@pytest.fixture
def activate(store, tmp_path):
    """Build an index of some tracks and make it current; its version."""

    def build(tracks, *, of: IndexStore = store, built_at: str = "2026-01-01T00:00:00Z", real=False) -> str:
        bundle = tmp_path / f"bundle-{len(list(tmp_path.iterdir()))}"
        neighbours, store = (AnnoyFormat(), SqliteTracksFormat()) if real else (ExactFormat(), MemoryTracksFormat())
        version = write_bundle(tracks, bundle, neighbours, store, WITH_NEIGHBOURS).version
        of.upload(version, bundle)
        state = MemoryIndexStore.read_state(of) if isinstance(of, MemoryIndexStore) else of.read_state()
        older = (state.current.version, *state.current.previous) if state.current else ()
        previous = tuple(one for one in older if one != version)
        of.activate(CurrentIndex(version, built_at, previous), state.tag)
        return version

    return build


def folders_in(scratch: Path) -> list[str]:
    return sorted(path.name for path in scratch.iterdir())


def break_file(store: MemoryIndexStore, version: str, name: str) -> None:
    content = store.versions[version][name]
    store.versions[version][name] = content[:-10] + bytes(byte ^ 1 for byte in content[-10:])


def test_the_current_index_is_served_with_the_time_of_its_build(reader, activate):
    version = activate(make_tracks(10), built_at="2026-01-05T10:00:00Z")
    recommender = reader.recommender()
    assert (recommender.index.version, recommender.built_at) == (version, "2026-01-05T10:00:00Z")


def test_within_the_interval_the_pointer_is_read_once_and_the_index_copied_once(reader, activate, store, clock):
    activate(make_tracks(10))
    for _ in range(5):
        reader.recommender()
        clock.advance(11)
    assert store.state_reads == 1
    clock.advance(10)
    reader.recommender()
    assert store.state_reads == 2
    assert len(store.full_fetches()) == 1


def test_a_new_index_is_picked_up_without_a_restart(reader, activate, clock):
    activate(make_tracks(10))
    first = reader.recommender()
    version = activate(make_tracks(12))
    assert reader.recommender() is first
    clock.advance(60)
    assert reader.recommender().index.version == version
    assert reader.recommender().index.manifest.items == 12


def test_the_same_content_built_again_changes_the_time_and_copies_nothing(reader, activate, store, clock):
    activate(make_tracks(10), built_at="2026-01-01T00:00:00Z")
    first = reader.recommender()
    activate(make_tracks(10), built_at="2026-01-02T00:00:00Z")
    clock.advance(60)
    second = reader.recommender()
    assert second.index is first.index
    assert second.built_at == "2026-01-02T00:00:00Z"
    assert len(store.full_fetches()) == 1


def test_without_an_index_the_message_says_what_to_do_and_a_later_request_looks_again(reader, activate, store, clock):
    with pytest.raises(IndexUnavailable, match=r"no index yet.*build one"):
        reader.recommender()
    version = activate(make_tracks(10))
    with pytest.raises(IndexUnavailable):
        reader.recommender()
    assert store.state_reads == 1
    clock.advance(5)
    assert reader.recommender().index.version == version


def test_an_index_that_cannot_be_reached_at_first_is_served_once_it_can(reader, activate, store, clock, faults):
    version = activate(make_tracks(10))
    store.fault = IndexUnavailable("S3 does not answer")
    for _ in range(3):
        with pytest.raises(IndexUnavailable, match="S3 does not answer"):
            reader.recommender()
        clock.advance(5)
    store.fault = None
    assert reader.recommender().index.version == version
    assert [fault.message for fault in faults] == ["S3 does not answer"]


@pytest.mark.parametrize("fault", [IndexUnavailable("S3 does not answer"), IndexCorrupt("the pointer is not readable")])
def test_a_check_that_fails_keeps_the_index_serving_and_is_told_once(reader, activate, store, clock, faults, fault):
    version = activate(make_tracks(10))
    reader.recommender()
    store.fault = fault
    for _ in range(4):
        clock.advance(60)
        assert reader.recommender().index.version == version
    assert faults == [fault]


def test_a_fault_that_comes_back_after_a_good_check_is_told_again(reader, activate, store, clock, faults):
    activate(make_tracks(10))
    for _ in range(2):
        store.fault = None
        reader.recommender()
        clock.advance(60)
        store.fault = IndexUnavailable("S3 does not answer")
        reader.recommender()
        clock.advance(60)
    assert len(faults) == 2


def test_a_pointer_that_was_removed_keeps_the_index_serving(reader, activate, store, clock, faults):
    version = activate(make_tracks(10))
    reader.recommender()
    store.lose_pointer()
    clock.advance(60)
    assert reader.recommender().index.version == version
    assert [fault.code for fault in faults] == ["index_unavailable"]


@pytest.mark.parametrize("name", ["vectors.npy", "tracks.sqlite", "all.ann", "arrays.bin", MANIFEST_FILE])
def test_a_new_version_that_is_damaged_is_refused_and_told_once(reader, activate, store, clock, faults, scratch, name):
    old = activate(make_tracks(10))
    reader.recommender()
    new = activate(make_tracks(12))
    break_file(store, new, name)
    for _ in range(5):
        clock.advance(60)
        assert reader.recommender().index.version == old
    assert [fault.code for fault in faults] == ["index_corrupt"]
    assert folders_in(scratch) == [f"index-{old}"]


def test_a_refused_version_is_not_copied_again_at_every_check(reader, activate, store, clock):
    activate(make_tracks(10))
    reader.recommender()
    new = activate(make_tracks(12))
    whole = dict(store.versions[new])
    break_file(store, new, "vectors.npy")
    for _ in range(9):
        clock.advance(60)
        reader.recommender()
    assert store.full_fetches().count(new) == 1
    store.versions[new] = whole
    clock.advance(120)
    assert reader.recommender().index.version == new


def test_a_refused_version_is_read_at_once_when_a_build_has_mended_it(reader, activate, store, clock):
    activate(make_tracks(10))
    reader.recommender()
    new = activate(make_tracks(12))
    break_file(store, new, "vectors.npy")
    clock.advance(60)
    reader.recommender()
    activate(make_tracks(12), built_at="2026-01-02T00:00:00Z")
    clock.advance(60)
    assert reader.recommender().index.version == new


def test_a_damaged_index_at_the_start_is_unavailable_and_looked_at_again_soon(reader, activate, store, clock):
    version = activate(make_tracks(10))
    whole = dict(store.versions[version])
    break_file(store, version, "vectors.npy")
    with pytest.raises(IndexUnavailable, match=r"vectors\.npy"):
        reader.recommender()
    store.versions[version] = whole
    clock.advance(5)
    assert reader.recommender().index.version == version


def test_a_version_that_temporary_storage_cannot_hold_is_refused_before_it_is_copied(
    make_reader, activate, store, clock, faults
):
    version = activate(make_tracks(10))
    manifest = IndexManifest.from_json(store.versions[version][MANIFEST_FILE].decode())
    needed = sum(file.bytes for file in manifest.files.values())
    with pytest.raises(IndexUnavailable, match=r"MB of temporary storage.*Give the function more"):
        make_reader(free_bytes=lambda _: needed - 1).recommender()
    assert store.full_fetches() == []
    assert len(faults) == 1
    assert make_reader(free_bytes=lambda _: needed).recommender().index.version == version


def test_a_disk_that_fails_leaves_the_old_index_serving(reader, activate, store, clock, faults, scratch):
    version = activate(make_tracks(10))
    reader.recommender()
    activate(make_tracks(12))
    store.fetch_fault = OSError(28, "No space left on device")
    clock.advance(60)
    assert reader.recommender().index.version == version
    assert "No space left" in faults[0].message
    assert folders_in(scratch) == [f"index-{version}"]


def test_copies_of_replaced_versions_and_of_interrupted_starts_are_removed(reader, activate, scratch, clock):
    for left in ("index-0123/0123.part/vectors.npy", "manifest-0123/manifest.json", "older-0123/track_ids.npy"):
        (scratch / left).parent.mkdir(parents=True)
        (scratch / left).write_bytes(b"left over")
    (scratch / "not-ours").mkdir()
    first = activate(make_tracks(10))
    reader.recommender()
    assert folders_in(scratch) == [f"index-{first}", "not-ours"]
    second = activate(make_tracks(12))
    clock.advance(60)
    reader.recommender()
    assert folders_in(scratch) == [f"index-{second}", "not-ours"]


def test_leftovers_take_no_room_from_the_first_copy(make_reader, activate, scratch):
    left = scratch / "index-0123" / "0123.part"
    left.mkdir(parents=True)
    version = activate(make_tracks(10))
    reader = make_reader(free_bytes=lambda _: 0 if left.exists() else 10**9)
    assert reader.recommender().index.version == version


def test_a_request_that_holds_the_replaced_index_still_finishes(make_reader, activate, clock):
    reader = make_reader(check_seconds=0, real=True)
    activate(make_tracks(60), real=True)
    held = reader.recommender()
    activate(make_tracks(61), real=True)
    assert reader.recommender() is not held
    activate(make_tracks(62), real=True)
    clock.advance(30)
    assert reader.recommender() is not held
    assert held.index.tracks.count()[0] == 60
    assert len(held.index.tracks.tracks(range(60))) == 60


def test_a_replaced_index_is_closed_when_no_request_can_hold_it_any_more(make_reader, activate, clock):
    reader = make_reader(real=True)
    activate(make_tracks(10), real=True)
    held = reader.recommender()
    activate(make_tracks(12), real=True)
    clock.advance(60)
    reader.recommender()
    clock.advance(60)
    reader.recommender()
    with pytest.raises(Exception, match="closed"):
        held.index.tracks.count()


def test_requests_at_the_same_time_copy_the_index_once(reader, activate, store):
    activate(make_tracks(10))
    # Holds the first request in the middle of its copy until the second one is there too, if it gets there.
    store.meeting = threading.Barrier(2)
    with ThreadPoolExecutor(2) as pool:
        served = {id(asked.result()) for asked in [pool.submit(reader.recommender) for _ in range(2)]}
    assert len(served) == 1
    assert len(store.full_fetches()) == 1


def test_sources_come_from_the_rows_of_the_current_index(reader, activate):
    tracks = [
        make_track(track_id=track_id(1), source="reccobeats"),
        make_track(track_id=track_id(2), source="synthetic"),
        make_track(track_id=track_id(3), source=None),
    ]
    activate(tracks)
    asked = [track_id(number) for number in (1, 2, 3, 4)]
    assert reader.sources_of(asked) == {asked[0]: "reccobeats", asked[1]: "synthetic", asked[2]: "unknown"}
    assert reader.sources_of([]) == {}


@pytest.fixture
def replaced(activate):
    """An index whose predecessor knew tracks that it does not know; the ids of the latter, and its version."""
    older = [make_track(track_id=track_id(number), source="old data") for number in (1, 2, 3)]
    version = activate(older)
    activate([make_track(track_id=track_id(3), source="new data")])
    return [track_id(number) for number in (1, 2, 3)], version


def test_ids_that_only_the_previous_index_knows_get_its_source(reader, replaced, store):
    ids, previous = replaced
    wanted = {ids[0]: "old data", ids[1]: "old data", ids[2]: "new data"}
    for _ in range(3):
        assert reader.sources_of([*ids, track_id(9), "no id", "ü" * 22]) == wanted
    # Fetched when it is first needed, without metadata and vectors, and then remembered.
    assert [list(names or ()) for version, names in store.fetched if version == previous] == [[], ["track_ids.npy"]]


def test_the_previous_index_is_not_fetched_while_the_current_one_knows_every_id(reader, replaced, store):
    ids, previous = replaced
    assert reader.sources_of([ids[2]]) == {ids[2]: "new data"}
    assert previous not in [version for version, _ in store.fetched]


@pytest.mark.parametrize("damage", ["gone", "track_ids.npy", MANIFEST_FILE, "disk"])
def test_a_previous_index_that_cannot_be_read_makes_its_ids_unknown_and_is_told_once(
    reader, replaced, store, clock, faults, damage
):
    ids, previous = replaced
    reader.recommender()
    if damage == "gone":
        del store.versions[previous]
    elif damage == "disk":
        store.fetch_fault = OSError(5, "Input/output error")
    else:
        break_file(store, previous, damage)
    for _ in range(5):
        assert reader.sources_of(ids) == {ids[2]: "new data"}
        clock.advance(30)
    assert len(faults) == 1


def test_the_previous_index_follows_the_pointer(reader, replaced, activate, clock):
    ids, _ = replaced
    reader.sources_of(ids)
    activate([make_track(track_id=track_id(7), source="newest data")])
    clock.advance(60)
    assert reader.sources_of([*ids, track_id(7)]) == {ids[2]: "new data", track_id(7): "newest data"}


def test_nothing_is_removed_from_a_store_whose_versions_are_read_where_they_lie(make_reader, activate, clock, tmp_path):
    store = FolderIndexStore(tmp_path / "index")
    reader = make_reader(of=store)
    first = activate(make_tracks(10), of=store)
    reader.recommender()
    second = activate(make_tracks(12), of=store)
    clock.advance(60)
    assert reader.recommender().index.version == second
    assert reader.sources_of([make_tracks(10)[0].track_id]) != {}
    assert all((store.fetch(version, tmp_path) / MANIFEST_FILE).is_file() for version in (first, second))


def test_a_closed_reader_reads_anew(reader, activate):
    version = activate(make_tracks(10))
    reader.recommender()
    reader.close()
    assert reader.recommender().index.version == version
