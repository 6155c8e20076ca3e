"""Item arrays: popularity is a range, relations can be read from both sides, and faults are found."""

import itertools
from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from daltonify_core.index.items import UNKNOWN_POPULARITY, ItemArrays, contained, invert, load_array, united
from tests.bundles import make_arrays

levels = st.integers(UNKNOWN_POPULARITY, 100)
lists_of_values = st.lists(st.lists(st.integers(0, 9), unique=True, max_size=5), max_size=12)


def with_genres(arrays: ItemArrays, *genres: list[int]) -> ItemArrays:
    offsets, values = ragged(genres)
    item_offsets, item_genres = invert(offsets, values, len(arrays))
    return replace(
        arrays,
        genre_offsets=offsets,
        genre_items=values,
        item_genre_offsets=item_offsets,
        item_genres=item_genres.astype(np.int16),
    )


def ragged(lists) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    offsets = np.cumsum([0, *(len(values) for values in lists)]).astype(np.int64)
    return offsets, np.array([value for values in lists for value in values], dtype=np.int32)


def inverted(lists, size: int) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    offsets, values = ragged(lists)
    return invert(offsets, values, size)


def unravel(offsets, values):
    return [values[start:end].tolist() for start, end in itertools.pairwise(offsets)]


@given(popularity=st.lists(levels, max_size=40), low=st.integers(-5, 105), high=st.integers(-5, 105))
def test_any_band_of_popularity_is_exactly_one_range_of_items(popularity, low, high):
    arrays = make_arrays(sorted(popularity, reverse=True))
    start, end = arrays.popularity_range(low, high)
    wanted = [item for item, value in enumerate(arrays.artist_popularity.tolist()) if low <= value <= high]
    assert list(range(start, end)) == wanted
    assert 0 <= start <= end <= len(popularity)


@given(
    popularity=st.lists(levels, min_size=1, max_size=40),
    chosen=st.sets(st.integers(0, 39)),
    highest=st.sampled_from([0, 7, 100]),
)
def test_items_are_counted_at_every_popularity(popularity, chosen, highest):
    arrays = make_arrays(sorted(popularity, reverse=True))
    items = np.array(sorted(item for item in chosen if item < len(popularity)), dtype=np.int32)
    found = arrays.artist_popularity[items].tolist()
    assert arrays.counts_by_popularity(items, highest) == [found.count(level) for level in range(highest + 1)]


@given(items=st.lists(st.integers(0, 30)), among=st.sets(st.integers(0, 30)))
def test_items_are_looked_up_among_ascending_ones(items, among):
    ascending = np.array(sorted(among), dtype=np.int32)
    assert contained(np.array(items, dtype=np.int32), ascending).tolist() == [item in among for item in items]


@given(lists=lists_of_values)
def test_inverting_tells_for_every_value_which_rows_hold_it(lists):
    inverse_offsets, rows = inverted(lists, 10)
    assert unravel(inverse_offsets, rows) == [
        [row for row, values in enumerate(lists) if value in values] for value in range(10)
    ]


@given(lists=lists_of_values)
def test_inverting_twice_gives_the_same_relation_in_ascending_order(lists):
    offsets, values = invert(*inverted(lists, 10), size=len(lists))
    assert unravel(offsets, values) == [sorted(row) for row in lists]


def test_items_are_found_by_artist_and_artists_by_item():
    arrays = replace(
        make_arrays([50, 40, 30]),
        credit_offsets=np.array([0, 2, 3, 5]),
        credit_artists=np.array([2, 0, 1, 1, 0], np.int32),
        artist_offsets=np.array([0, 2, 4, 5]),
        artist_items=np.array([0, 2, 1, 2, 0], np.int32),
    )
    assert [arrays.artists_of(item) for item in range(3)] == [[2, 0], [1], [1, 0]]
    assert [arrays.items_by(artist).tolist() for artist in range(3)] == [[0, 2], [1, 2], [0]]


def test_items_of_several_genres_come_once_each_and_ascending():
    arrays = with_genres(make_arrays([50] * 6), [1, 3, 5], [0, 3], [])
    assert arrays.items_of_genre(0).tolist() == [1, 3, 5]
    assert arrays.items_of_genre(2).tolist() == []


@given(items=st.lists(st.integers(0, 30), unique=True).map(sorted), low=st.integers(-2, 33), high=st.integers(-2, 33))
def test_a_genre_can_be_cut_to_a_range_of_items(items, low, high):
    arrays = with_genres(make_arrays([50] * 31), [0, 30], items)
    assert arrays.genre_items[slice(*arrays.genre_stretch(1, low, high))].tolist() == [
        item for item in items if low <= item < high
    ]


@pytest.mark.parametrize("count", [1, 3, 500])
def test_an_array_comes_back_from_disk_as_it_was(tmp_path, count):
    before = make_arrays([1] * count).track_ids
    np.save(tmp_path / "x.npy", before, allow_pickle=False)
    after = load_array(tmp_path / "x.npy")
    assert before.dtype == after.dtype
    assert np.array_equal(before, after)


def test_a_large_array_is_mapped_and_not_read(tmp_path):
    np.save(tmp_path / "x.npy", make_arrays([1] * 1_000).track_ids, allow_pickle=False)
    assert isinstance(load_array(tmp_path / "x.npy").base, np.memmap)


@pytest.mark.parametrize("content", [b"", b"no array", b"\x93NUMPY\x01\x00"])
def test_a_file_that_is_no_array_is_refused(tmp_path, content):
    (tmp_path / "x.npy").write_bytes(content)
    with pytest.raises((ValueError, OSError, EOFError)):
        load_array(tmp_path / "x.npy")


def test_an_array_of_python_objects_is_refused(tmp_path):
    np.save(tmp_path / "x.npy", np.array([{}, None], dtype=object), allow_pickle=True)
    with pytest.raises(ValueError, match=r"(?i)object"):
        load_array(tmp_path / "x.npy")


def test_an_archive_of_arrays_is_refused(tmp_path):
    with (tmp_path / "x.npy").open("wb") as stream:
        np.savez(stream, one=np.zeros(3))
    with pytest.raises(ValueError, match="not an array"):
        load_array(tmp_path / "x.npy")


@given(parts=st.lists(st.lists(st.integers(0, 30), unique=True).map(sorted), max_size=4))
def test_what_is_united_is_ascending_and_has_each_item_once(parts):
    together = united(np.array(part, np.int32) for part in parts)
    assert together.tolist() == sorted(set().union(*parts))
    assert together.dtype == np.int32


COUNTS = {"items": 4, "artists": 4, "genres": 2}
SOUND = with_genres(make_arrays([90, 50, 50, UNKNOWN_POPULARITY]), [0, 1], [3])


def test_sound_arrays_have_no_fault():
    assert SOUND.faults(COUNTS) == []


@pytest.mark.parametrize("name", list(COUNTS))
@pytest.mark.parametrize("change", [-1, 1])
def test_every_wrong_count_is_a_fault(name, change):
    assert SOUND.faults(COUNTS | {name: COUNTS[name] + change})


@pytest.mark.parametrize("name", [field.name for field in fields(ItemArrays)])
@pytest.mark.parametrize(
    "alter",
    [lambda a: a[:-1], lambda a: np.r_[a, a[-1:]], lambda a: a.reshape(1, -1), lambda a: a[:0], lambda a: a[0]],
    ids=["shorter", "longer", "matrix", "empty", "scalar"],
)
def test_an_array_of_another_shape_is_a_fault_that_names_an_array(name, alter):
    faults = replace(SOUND, **{name: np.asarray(alter(getattr(SOUND, name)))}).faults(COUNTS)
    assert any(field.name in fault for fault in faults for field in fields(ItemArrays))


@pytest.mark.parametrize("name", ItemArrays.names())
@pytest.mark.parametrize("dtype", [np.float64, np.uint32, ">i4"])
def test_an_array_of_another_type_is_a_fault_that_names_it(name, dtype):
    [fault] = replace(SOUND, **{name: np.zeros(len(getattr(SOUND, name)), dtype)}).faults(COUNTS)
    assert fault.startswith(name)


@pytest.mark.parametrize("popularity", [[50, 90, 50, -1], [90, 50, -1, 50]])
def test_popularity_that_does_not_descend_is_a_fault(popularity):
    shuffled = replace(SOUND, artist_popularity=np.array(popularity, np.int16))
    assert shuffled.faults(COUNTS) == ["artist_popularity is not in descending order"]
