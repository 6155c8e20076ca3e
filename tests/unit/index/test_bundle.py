"""Loading a bundle: a reader trusts nothing that it can check, and names the first check that fails."""

import functools
import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from annoy import AnnoyIndex

from daltonify_core.adapters.annoy_index import AnnoyFormat
from daltonify_core.adapters.sqlite_tracks import SqliteTracksFormat
from daltonify_core.catalogue.plain_rows import plain_row
from daltonify_core.errors import IndexCorrupt
from daltonify_core.index.array_file import load_arrays, save_arrays
from daltonify_core.index.builder import BuildSettings
from daltonify_core.index.bundle import ARRAYS_FILE, NEIGHBOURS_FILE, TRACKS_FILE, VECTORS_FILE, files_of, load_bundle
from daltonify_core.index.candidate_search import SearchPath, SearchSettings
from daltonify_core.index.items import ItemArrays
from daltonify_core.index.manifest import FORMAT, FileDigest, IndexManifest
from daltonify_core.index.pools import GenreColumns
from tests.builders import WITH_NEIGHBOURS
from tests.bundles import make_tracks, write_bundle
from tests.fakes.exact_neighbours import ExactFormat
from tests.fakes.memory_tracks import MemoryTracksFormat

COUNT = 60
BUNDLE_FILES = files_of({"kind": "annoy"})


@pytest.fixture(scope="module")
def originals(tmp_path_factory):
    """Three bundles: ours, one of other tracks of the same number, and one of more tracks."""
    folder = tmp_path_factory.mktemp("originals")
    for name, tracks in (
        ("ours", make_tracks(COUNT, seed=1)),
        ("same size", make_tracks(COUNT, seed=2)),
        ("larger", make_tracks(COUNT + 7, seed=3)),
    ):
        write_bundle(tracks, folder / name, AnnoyFormat(), SqliteTracksFormat(), WITH_NEIGHBOURS)
    return folder


@pytest.fixture
def bundle(originals, tmp_path):
    return shutil.copytree(originals / "ours", tmp_path / "bundle")


def load(folder: Path, version: str | None = None, neighbour_format=None, settings: SearchSettings | None = None):
    return load_bundle(
        folder,
        version or IndexManifest.read(folder).version,
        neighbour_format or AnnoyFormat(),
        SqliteTracksFormat(),
        settings,
    )


def forge(folder: Path, **changes: Any) -> None:
    """Change the manifest and make its version and all hashes fit, as somebody would who knows how they are made."""
    manifest = IndexManifest.read(folder)
    files = {name: FileDigest.of(folder / name) for name in manifest.files}
    (folder / "manifest.json").write_text(replace(manifest, **({"files": files} | changes)).to_json())


def test_a_sound_bundle_loads_and_answers(bundle):
    index = load(bundle)
    try:
        assert index.manifest == IndexManifest.read(bundle)
        assert len(index.arrays) == len(index.vectors) == index.manifest.items == COUNT
        assert index.genres == tuple(index.manifest.genres)
        track = index.tracks.tracks([17])[0]
        seed = index.space.query(track.features, track.duration_ms, track.release_date)
        ranking = index.search.rank([seed], np.arange(COUNT, dtype=np.int32), 5)
        assert ranking.items[0] == 17
        assert ranking.similarities[0] == 1.0
        assert ranking.path is SearchPath.EXACT
    finally:
        index.close()


def test_search_settings_reach_the_search(bundle):
    index = load(bundle, settings=SearchSettings(exact_up_to=0, items_per_proposal=0))
    try:
        # A seed that lacks something would be measured exactly.
        item = next(item for item in range(COUNT) if index.arrays.release_year[item])
        track = index.tracks.tracks([item])[0]
        query = index.space.query(track.features, track.duration_ms, track.release_date)
        ranking = index.search.rank([query], np.arange(COUNT, dtype=np.int32), 5)
        assert ranking.path is SearchPath.ANNOY
        assert ranking.items[0] == item
    finally:
        index.close()


def test_an_index_of_few_tracks_has_no_neighbour_index_and_answers_the_same(bundle, tmp_path):
    manifest = write_bundle(make_tracks(COUNT, seed=1), tmp_path / "few", AnnoyFormat(), SqliteTracksFormat())
    assert sorted(manifest.files) == sorted(set(BUNDLE_FILES) - {NEIGHBOURS_FILE})
    few, ours = load(tmp_path / "few", settings=SearchSettings(exact_up_to=0, items_per_proposal=0)), load(bundle)
    try:
        for item in range(0, COUNT, 7):
            track = ours.tracks.tracks([item])[0]
            query = ours.space.query(track.features, track.duration_ms, track.release_date)
            one, other = (index.search.rank([query], np.arange(COUNT, dtype=np.int32), 9) for index in (few, ours))
            assert one.items.tolist() == other.items.tolist()
            assert one.path is SearchPath.EXACT
    finally:
        few.close()
        ours.close()


def test_a_neighbour_index_that_the_manifest_does_not_name_is_not_opened(bundle, tmp_path):
    write_bundle(make_tracks(COUNT), tmp_path / "few", AnnoyFormat(), SqliteTracksFormat())
    shutil.copy(bundle / NEIGHBOURS_FILE, tmp_path / "few")
    load(tmp_path / "few").close()
    forge(tmp_path / "few", files=IndexManifest.read(bundle).files)
    with pytest.raises(IndexCorrupt, match="lists other files"):
        load(tmp_path / "few")


def test_a_bundle_is_the_same_whatever_ports_wrote_it(tmp_path):
    write_bundle(make_tracks(COUNT), tmp_path / "fake", ExactFormat(), MemoryTracksFormat(), WITH_NEIGHBOURS)
    version = IndexManifest.read(tmp_path / "fake").version
    index = load_bundle(tmp_path / "fake", version, ExactFormat(), MemoryTracksFormat())
    assert index.tracks.count()[0] == COUNT
    # A reader of another kind of neighbour index does not open it.
    with pytest.raises(IndexCorrupt, match="another metric or library"):
        load_bundle(tmp_path / "fake", version, AnnoyFormat(), MemoryTracksFormat())


@pytest.mark.parametrize("settings", [BuildSettings(), WITH_NEIGHBOURS])
def test_a_bundle_of_one_track_loads(tmp_path, settings):
    write_bundle(make_tracks(1), tmp_path / "one", AnnoyFormat(), SqliteTracksFormat(), settings)
    load(tmp_path / "one").close()


def test_another_version_than_the_one_asked_for_is_refused(bundle, originals):
    other = IndexManifest.read(originals / "same size").version
    with pytest.raises(IndexCorrupt, match=f"not {other}"):
        load(bundle, other)


def test_the_manifest_of_another_bundle_is_refused(bundle, originals):
    shutil.copy(originals / "same size" / "manifest.json", bundle)
    with pytest.raises(IndexCorrupt, match="differs from what the manifest promises"):
        load(bundle)


def test_a_bundle_without_its_manifest_is_unfinished_and_refused(bundle):
    version = IndexManifest.read(bundle).version
    (bundle / "manifest.json").unlink()
    with pytest.raises(IndexCorrupt, match="no readable manifest"):
        load(bundle, version)


def flip_last_byte(content: bytes) -> bytes:
    return content[:-1] + bytes([content[-1] ^ 1])


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "truncated": lambda content: content[:-1],
    "halved": lambda content: content[: len(content) // 2],
    "extended": lambda content: content + b"\0",
    "doubled": lambda content: content * 2,
    "empty": lambda content: b"",
    "same size": flip_last_byte,
    "first byte": lambda content: bytes([content[0] ^ 1]) + content[1:],
}


@pytest.mark.parametrize("damage", list(DAMAGES))
@pytest.mark.parametrize("name", BUNDLE_FILES)
def test_a_damaged_file_is_refused_by_name(bundle, name, damage):
    path = bundle / name
    path.write_bytes(DAMAGES[damage](path.read_bytes()))
    with pytest.raises(IndexCorrupt, match=name):
        load(bundle)


@pytest.mark.parametrize("name", BUNDLE_FILES)
def test_a_missing_file_or_a_folder_in_its_place_is_refused_by_name(bundle, name):
    (bundle / name).unlink()
    with pytest.raises(IndexCorrupt, match=name):
        load(bundle)
    (bundle / name).mkdir()
    with pytest.raises(IndexCorrupt, match=name):
        load(bundle)


@pytest.mark.parametrize("other", ["same size", "larger"])
@pytest.mark.parametrize("name", BUNDLE_FILES)
def test_a_file_swapped_with_another_indexs_is_refused(bundle, originals, name, other):
    if (originals / other / name).read_bytes() == (bundle / name).read_bytes():
        pytest.fail(f"the indexes hold the same {name}, so that this test proves nothing")
    shutil.copy(originals / other / name, bundle / name)
    with pytest.raises(IndexCorrupt, match=name):
        load(bundle)


def test_two_files_of_one_bundle_swapped_with_each_other_are_refused(bundle):
    one, two = bundle / "vectors.npy", bundle / "arrays.bin"
    one_content, two_content = one.read_bytes(), two.read_bytes()
    one.write_bytes(two_content)
    two.write_bytes(one_content)
    with pytest.raises(IndexCorrupt):
        load(bundle)


# From here on hashes and version fit: a builder of another release, or somebody who knows how they are made.


@pytest.mark.parametrize("name", BUNDLE_FILES)
def test_a_file_of_a_larger_index_is_refused_although_its_hash_fits(bundle, originals, name):
    shutil.copy(originals / "larger" / name, bundle / name)
    forge(bundle)
    with pytest.raises(IndexCorrupt):
        load(bundle)


@pytest.mark.parametrize("content", [b"", b"no such file", b"\x93NUMPY\x01\x00v\x00{'descr': "])
@pytest.mark.parametrize("name", BUNDLE_FILES)
def test_a_file_of_another_kind_is_refused_although_its_hash_fits(bundle, name, content):
    (bundle / name).write_bytes(content)
    forge(bundle)
    with pytest.raises(IndexCorrupt):
        load(bundle)


@pytest.mark.parametrize("name", [VECTORS_FILE, NEIGHBOURS_FILE, TRACKS_FILE])
def test_parts_of_another_index_of_the_same_size_are_refused_although_their_hashes_fit(bundle, originals, name):
    shutil.copy(originals / "same size" / name, bundle / name)
    forge(bundle)
    with pytest.raises(IndexCorrupt):
        load(bundle)


@pytest.fixture
def parts(bundle):
    """Tracks and artists of the bundle, to write its track store anew."""
    index = load(bundle)
    try:
        counts = index.tracks.count()
        return index.tracks.tracks(range(counts[0])), index.tracks.artists(range(counts[1]))
    finally:
        index.close()


def test_a_track_store_that_numbers_its_tracks_differently_is_refused_although_its_hash_fits(bundle, parts):
    tracks, artists = parts
    SqliteTracksFormat().build(map(plain_row, tracks[::-1]), artists, bundle / TRACKS_FILE)
    forge(bundle)
    with pytest.raises(IndexCorrupt, match="numbers its tracks differently"):
        load(bundle)


def test_a_track_store_that_lacks_an_artist_is_refused_although_its_hash_fits(bundle, parts):
    tracks, artists = parts
    SqliteTracksFormat().build(map(plain_row, tracks), artists[:-1], bundle / TRACKS_FILE)
    forge(bundle)
    with pytest.raises(IndexCorrupt, match="another number of tracks or artists"):
        load(bundle)


ARRAYS = ItemArrays.names()[1:] + GenreColumns.names()


def rewrite_arrays(folder: Path, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    arrays = {name: array.copy() for name, array in load_arrays(folder / ARRAYS_FILE, ARRAYS).items()}
    save_arrays(folder / ARRAYS_FILE, change(arrays))
    forge(folder)


def test_arrays_written_anew_are_the_same_file(bundle):
    version = IndexManifest.read(bundle).version
    rewrite_arrays(bundle, lambda arrays: arrays)
    assert IndexManifest.read(bundle).version == version


@pytest.mark.parametrize("name", ARRAYS)
def test_an_array_that_is_gone_or_goes_by_another_name_is_refused_with_advice(bundle, name):
    original = (bundle / ARRAYS_FILE).read_bytes()
    rewrite_arrays(bundle, lambda arrays: {one: array for one, array in arrays.items() if one != name})
    with pytest.raises(IndexCorrupt, match=f"{name}.*Build it anew"):
        load(bundle)
    (bundle / ARRAYS_FILE).write_bytes(original)
    rewrite_arrays(bundle, lambda arrays: {one + "_" * (one == name): array for one, array in arrays.items()})
    with pytest.raises(IndexCorrupt, match=f"{name}.*Build it anew"):
        load(bundle)


@pytest.mark.parametrize("name", ARRAYS)
def test_an_array_of_another_type_is_refused_by_name_although_its_hash_fits(bundle, name):
    rewrite_arrays(bundle, lambda arrays: arrays | {name: arrays[name].astype(np.float64)})
    with pytest.raises(IndexCorrupt, match=name):
        load(bundle)


def test_one_array_more_than_there_are_is_refused(bundle):
    rewrite_arrays(bundle, lambda arrays: arrays | {"more": np.zeros(1)})
    with pytest.raises(IndexCorrupt, match=r"others: more\. Build it anew"):
        load(bundle)


def test_arrays_that_go_by_each_others_names_are_refused_although_their_hashes_fit(bundle):
    names = dict(zip(ARRAYS, ARRAYS[1:] + ARRAYS[:1], strict=True))
    rewrite_arrays(bundle, lambda arrays: {names[name]: array for name, array in arrays.items()})
    with pytest.raises(IndexCorrupt):
        load(bundle)


def test_an_index_numbered_in_another_order_is_refused_although_its_hash_fits(bundle):
    rewrite_arrays(bundle, lambda arrays: arrays | {"artist_popularity": arrays["artist_popularity"][::-1]})
    with pytest.raises(IndexCorrupt, match="descending"):
        load(bundle)


@pytest.mark.parametrize(
    ("dimension", "metric"),
    [
        (8, "euclidean"),
        (10, "euclidean"),
        (22, "euclidean"),
        (9, "angular"),
        # Takes the very bytes of our dimension and metric, so that Annoy opens it with the right count.
        (10, "angular"),
    ],
)
def test_an_annoy_file_of_another_dimension_or_metric_is_refused_although_its_hash_fits(bundle, dimension, metric):
    vectors = np.load(bundle / VECTORS_FILE)
    wide = np.zeros((COUNT, dimension), np.float32)
    wide[:, : min(9, dimension)] = vectors[:, : min(9, dimension)]
    foreign = AnnoyIndex(dimension, metric)
    foreign.set_seed(1)
    for item, vector in enumerate(wide.tolist()):
        foreign.add_item(item, vector)
    foreign.build(24, n_jobs=1)
    foreign.save(str(bundle / NEIGHBOURS_FILE))
    forge(bundle)
    with pytest.raises(IndexCorrupt):
        load(bundle)


def with_first_count_changed(genres: dict[str, int], change: int) -> dict[str, int]:
    name, *_ = genres
    return genres | {name: genres[name] + change}


FORGERIES: dict[str, Callable[[IndexManifest], dict[str, Any]]] = {
    "metric": lambda manifest: {"metric": "angular"},
    "metric of the neighbour index": lambda manifest: {
        "neighbour_index": {**manifest.neighbour_index, "metric": "angular"}
    },
    "kind of the neighbour index": lambda manifest: {"neighbour_index": {**manifest.neighbour_index, "kind": "faiss"}},
    "no neighbour index": lambda manifest: {"neighbour_index": {"kind": "none"}},
    "no neighbour index, with a metric": lambda manifest: {
        "neighbour_index": {"kind": "none", "metric": "euclidean"},
        "files": {name: digest for name, digest in manifest.files.items() if name != NEIGHBOURS_FILE},
    },
    "no metric of the neighbour index": lambda manifest: {"neighbour_index": {"kind": "annoy"}},
    "smaller dimension": lambda manifest: {"dimension": 8},
    "greater dimension": lambda manifest: {"dimension": 10},
    "dimension as text": lambda manifest: {"dimension": "9"},
    "fewer items": lambda manifest: {"items": COUNT - 1},
    "more items": lambda manifest: {"items": COUNT + 1},
    "no items": lambda manifest: {"items": 0},
    "fewer artists": lambda manifest: {"artists": manifest.artists - 1},
    "more artists": lambda manifest: {"artists": manifest.artists + 1},
    "one genre fewer": lambda manifest: {"genres": dict(list(manifest.genres.items())[:-1])},
    "one genre more": lambda manifest: {"genres": {**manifest.genres, "new": 0}},
    "a larger genre": lambda manifest: {"genres": with_first_count_changed(dict(manifest.genres), 1)},
    "a smaller genre": lambda manifest: {"genres": with_first_count_changed(dict(manifest.genres), -1)},
    "genres in another order": lambda manifest: {"genres": dict(list(manifest.genres.items())[::-1])},
    "typical features of a genre fewer": lambda manifest: {
        "typical_features": dict(list(manifest.typical_features.items())[:-1])
    },
    "a typical feature out of range": lambda manifest: {
        "typical_features": {genre: {**typical, "energy": 1.5} for genre, typical in manifest.typical_features.items()}
    },
    "no feature space": lambda manifest: {"feature_space": {}},
    "other features": lambda manifest: {
        "feature_space": {**manifest.feature_space, "columns": [*manifest.feature_space["columns"][:-1], "key"]}
    },
    "no spread": lambda manifest: {"feature_space": {**manifest.feature_space, "sound_spread": 0.0}},
    "a spread beyond all numbers": lambda manifest: {
        "feature_space": {**manifest.feature_space, "sound_spread": 10**400}
    },
    "one file fewer": lambda manifest: {"files": dict(list(manifest.files.items())[:-1])},
    "a file outside": lambda manifest: {"files": {**manifest.files, "../secret": FileDigest(0, "")}},
    "a wrong size": lambda manifest: {
        "files": {**manifest.files, VECTORS_FILE: replace(manifest.files[VECTORS_FILE], bytes=1)}
    },
    "a wrong hash": lambda manifest: {
        "files": {**manifest.files, VECTORS_FILE: replace(manifest.files[VECTORS_FILE], sha256="0" * 64)}
    },
    "an older format": lambda manifest: {"format": FORMAT - 1},
}


@pytest.mark.parametrize("forgery", list(FORGERIES))
def test_a_manifest_that_lies_is_refused_although_its_version_fits(bundle, forgery):
    manifest = IndexManifest.read(bundle)
    lying = replace(manifest, **FORGERIES[forgery](manifest))
    assert lying.version != manifest.version
    (bundle / "manifest.json").write_text(lying.to_json())
    with pytest.raises(IndexCorrupt):
        load(bundle, lying.version)


def test_genres_in_the_tests_have_unlike_sizes(bundle):
    sizes = list(IndexManifest.read(bundle).genres.values())
    assert sizes != sizes[::-1]


def test_a_manifest_changed_in_place_is_refused_as_long_as_its_version_does_not_fit(bundle):
    path = bundle / "manifest.json"
    text = path.read_text()
    values = json.loads(text)
    accepted = functools.partial(load, bundle, values["version"])
    accepted().close()
    path.write_text(text.replace('"euclidean"', '"angular"'))
    with pytest.raises(IndexCorrupt):
        accepted()


def test_files_that_nobody_listed_are_ignored(bundle):
    (bundle / "notes.txt").write_text("mine")
    load(bundle).close()
