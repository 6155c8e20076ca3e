"""The file of arrays: what was saved comes back, and nothing else is taken for it."""

import json
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from daltonify_core.index.array_file import load_arrays, save_arrays

SOUND: dict[str, np.ndarray] = {
    "numbers": np.arange(12, dtype=np.int32),
    "nothing": np.empty(0, dtype=np.int64),
    "points": np.arange(35, dtype=np.float32).reshape(5, 7),
    "flags": np.array([1, 0, -1], dtype=np.int8),
}


@pytest.fixture
def path(tmp_path):
    save_arrays(tmp_path / "x.bin", SOUND)
    return tmp_path / "x.bin"


def with_table(path: Path, change) -> None:
    """Another table before the same arrays, which stay where they are aligned."""
    line, rest = path.read_bytes().split(b"\n", 1)
    data = rest[-(len(line) + 1) % 64 :]
    line = json.dumps(change(json.loads(line))).encode() + b"\n"
    path.write_bytes(line + bytes(-len(line) % 64) + data)


@given(
    shapes=st.dictionaries(
        st.text(st.characters(min_codepoint=97, max_codepoint=122), min_size=1, max_size=8),
        st.tuples(
            st.sampled_from(["i1", "<i2", "<i8", "<f4", "S22"]), st.lists(st.integers(0, 40), min_size=1, max_size=2)
        ),
        max_size=6,
    )
)
def test_arrays_come_back_as_they_were_and_equal_arrays_are_equal_bytes(shapes):
    random = np.random.default_rng(1)
    arrays = {name: random.integers(0, 100, size=shape).astype(dtype) for name, (dtype, shape) in shapes.items()}
    with tempfile.TemporaryDirectory() as folder:
        one, other = Path(folder, "one"), Path(folder, "other")
        save_arrays(one, arrays)
        save_arrays(other, {name: np.asfortranarray(array) for name, array in arrays.items()})
        assert one.read_bytes() == other.read_bytes()
        loaded = load_arrays(one, set(arrays))
        assert list(loaded) == list(arrays)
        for name, array in arrays.items():
            assert loaded[name].dtype == array.dtype
            assert np.array_equal(loaded[name], array)


def test_arrays_are_mapped_where_they_lie_and_cannot_be_changed(path):
    for array in load_arrays(path, SOUND).values():
        assert not array.flags.owndata
        assert not array.flags.writeable
        assert array.ctypes.data % 64 == 0
        assert type(array) is np.ndarray


@pytest.mark.parametrize("names", [set(SOUND) - {"flags"}, {*SOUND, "more"}, {*SOUND, "more"} - {"flags"}, set()])
def test_other_names_than_are_asked_for_are_refused(path, names):
    with pytest.raises(ValueError, match=r"x\.bin lacks arrays, or holds others: "):
        load_arrays(path, names)


def test_a_file_cut_short_anywhere_or_with_more_at_its_end_is_refused(path):
    content = path.read_bytes()
    for end in range(len(content)):
        path.write_bytes(content[:end])
        with pytest.raises((ValueError, TypeError)):
            load_arrays(path, SOUND)
    path.write_bytes(content + b"\0")
    with pytest.raises(ValueError, match="bytes"):
        load_arrays(path, SOUND)


@pytest.mark.parametrize(
    "entry",
    [
        ["<i4"],
        ["<i4", [12], 0],
        ["<i4", [11.5]],
        ["<i4", [-12]],
        ["<i4", [17]],
        ["<i4", [10**30]],
        ["<i8", [12]],
        ["O", [6]],
        ["no type", [12]],
        [None, None],
        7,
        None,
        "<i4",
    ],
)
def test_an_array_that_is_described_wrongly_is_refused(path, entry):
    with_table(path, lambda table: table | {"numbers": entry})
    with pytest.raises((ValueError, TypeError)):
        load_arrays(path, SOUND)


def test_a_table_written_anew_is_the_same_file(path):
    content = path.read_bytes()
    with_table(path, dict)
    assert path.read_bytes() == content


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n",
        b"{}",
        b"[]\n",
        b"7\n",
        b'"numbers"\n',
        json.dumps(list(SOUND)).encode() + b"\n",
        b"\xff\n",
        b"[" * 9_999 + b"\n",
    ],
)
def test_a_file_without_a_table_is_refused(path, content):
    path.write_bytes(content)
    with pytest.raises((ValueError, TypeError, RecursionError)):
        load_arrays(path, SOUND)


def test_a_missing_file_is_an_error_of_the_system(tmp_path):
    with pytest.raises(FileNotFoundError):
        load_arrays(tmp_path / "none", SOUND)
