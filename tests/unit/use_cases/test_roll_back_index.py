"""Going back to an older index: one swap of the pointer, after the older one was found sound."""

from pathlib import Path

import pytest

from daltonify_core.errors import ActivationConflict, IndexCorrupt, IndexUnavailable, InvalidQuery
from daltonify_core.ports.index import ActivationState, CurrentIndex
from daltonify_core.use_cases.roll_back_index import kept_indexes, roll_back_index
from tests.bundles import make_tracks, write_bundle
from tests.fakes.exact_neighbours import ExactFormat
from tests.fakes.memory_index_store import MemoryIndexStore
from tests.fakes.memory_tracks import MemoryTracksFormat

BUILT_AT = "2026-11-20T04:00:00Z"


class Shop:
    """A store with three versions, the last of them current."""

    def __init__(self, folder: Path) -> None:
        self.store = MemoryIndexStore()
        self.versions: list[str] = []
        self.tracks = MemoryTracksFormat()
        self._scratch = folder / "scratch"
        for seed in (1, 2, 3):
            bundle = folder / f"bundle{seed}"
            version = write_bundle(make_tracks(60, seed), bundle, ExactFormat(), self.tracks).version
            self.store.upload(version, bundle)
            self.store.activate(
                CurrentIndex(version, BUILT_AT, tuple(reversed(self.versions))), self.store.read_state().tag
            )
            self.versions.append(version)

    def roll_back(self, wanted: str) -> CurrentIndex:
        return roll_back_index(self.store, ExactFormat(), self.tracks, wanted, self._scratch)

    def kept(self):
        return kept_indexes(self.store, self._scratch)


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


def test_the_named_version_becomes_current_and_the_others_stay_in_reach(shop):
    oldest, older, newest = shop.versions
    shop.roll_back(oldest)
    current = shop.store.read_state().current
    assert current == CurrentIndex(oldest, BUILT_AT, (newest, older))


def test_after_going_back_one_can_go_forward_again(shop):
    oldest, older, newest = shop.versions
    shop.roll_back(older)
    assert shop.roll_back(newest).previous == (older, oldest)


def test_the_beginning_of_a_version_is_enough(shop):
    assert shop.roll_back(shop.versions[0][:8]).version == shop.versions[0]


def test_naming_the_current_version_changes_nothing(shop):
    before = shop.store.read_state()
    assert shop.roll_back(shop.versions[-1]) == before.current
    assert shop.store.read_state() == before


@pytest.mark.parametrize("wanted", ["", "zzzz"])
def test_what_names_no_kept_version_is_refused_with_those_that_are(shop, wanted):
    with pytest.raises(InvalidQuery) as caught:
        shop.roll_back(wanted)
    assert all(version in caught.value.message for version in shop.versions)


def test_the_beginning_of_two_versions_is_refused(shop, tmp_path):
    state = shop.store.read_state()
    twin = shop.versions[0][:10] + "twin"
    shop.store.activate(CurrentIndex(shop.versions[2], BUILT_AT, (shop.versions[0], twin)), state.tag)
    with pytest.raises(InvalidQuery, match="several"):
        shop.roll_back(shop.versions[0][:10])


def test_a_damaged_version_is_not_made_current(shop):
    older = shop.versions[1]
    name = next(name for name in shop.store.versions[older] if name != "manifest.json")
    shop.store.versions[older][name] += b"x"
    before = shop.store.read_state()
    with pytest.raises(IndexCorrupt):
        shop.roll_back(older)
    assert shop.store.read_state() == before


def test_an_index_that_a_build_activates_meanwhile_is_not_overwritten(shop):
    stale: ActivationState = shop.store.read_state()

    class LateReader(MemoryIndexStore):
        def read_state(self) -> ActivationState:
            return stale

    late = LateReader()
    late.versions = shop.store.versions
    with pytest.raises(ActivationConflict):
        roll_back_index(late, ExactFormat(), shop.tracks, shop.versions[0], shop._scratch)


def test_without_an_index_there_is_none_to_go_back_to(tmp_path):
    with pytest.raises(IndexUnavailable):
        kept_indexes(MemoryIndexStore(), tmp_path)
    with pytest.raises(IndexUnavailable):
        roll_back_index(MemoryIndexStore(), ExactFormat(), MemoryTracksFormat(), "x", tmp_path)


def test_the_list_tells_what_each_holds_newest_first(shop):
    kept = shop.kept()
    assert [one.version for one in kept] == list(reversed(shop.versions))
    assert [one.is_current for one in kept] == [True, False, False]
    assert all(one.manifest.items == 60 for one in kept)


def test_a_version_that_is_gone_is_listed_with_its_fault(shop):
    del shop.store.versions[shop.versions[0]]
    last = shop.kept()[-1]
    assert (last.manifest, shop.versions[0] in last.fault) == (None, True)
