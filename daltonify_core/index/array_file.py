"""Several arrays in one file: whoever fetches an index pays for each file of it.

The file begins with a line of JSON that gives each array's type and shape by name, in the order in which they follow.
Each starts at the next multiple of 64 bytes, as numpy's own files do, so that it can be used where it is mapped; zeros
fill the gaps. Nothing follows the last one.
"""

import json
from collections.abc import Collection, Mapping
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

_ALIGNMENT: Final = 64
_LONGEST_TABLE: Final = 1 << 16


def save_arrays(path: Path, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write the arrays in their order; equal arrays give equal bytes."""
    table = {name: [array.dtype.str, array.shape] for name, array in arrays.items()}
    with path.open("wb") as stream:
        stream.write(json.dumps(table).encode() + b"\n")
        for array in arrays.values():
            stream.write(bytes(-stream.tell() % _ALIGNMENT))
            stream.write(np.ascontiguousarray(array).data)


def load_arrays(path: Path, names: Collection[str]) -> dict[str, NDArray[Any]]:
    """Map what ``save_arrays`` wrote, read-only.

    Raises ``ValueError``, ``TypeError`` or ``OSError`` unless the file holds arrays of exactly these names, and is as
    long as they are together.
    """
    with path.open("rb") as stream:
        line = stream.readline(_LONGEST_TABLE)
        content = mmap(stream.fileno(), 0, access=ACCESS_READ)
    table = json.loads(line)
    if not isinstance(table, dict):
        raise TypeError(f"{path.name} has no table of its arrays")
    if others := set(table) ^ set(names):
        raise ValueError(f"{path.name} lacks arrays, or holds others: {', '.join(sorted(others))}")
    arrays, end = {}, len(line)
    for name, (dtype, shape) in table.items():
        start, kind = end + -end % _ALIGNMENT, _kind(dtype)
        if kind.hasobject:
            raise ValueError(f"{path.name} holds addresses where {name} should be")
        arrays[name] = np.ndarray(shape, kind, content, start)
        end = start + arrays[name].nbytes
    if end != len(content):
        raise ValueError(f"{path.name} has {len(content):,} bytes, and its arrays take {end:,}")
    return arrays


def _kind(text: Any) -> np.dtype[Any]:
    try:
        kind: np.dtype[Any] = np.dtype(text)
    except SyntaxError as error:  # what numpy makes of "," and the like
        raise ValueError(f"{text!r} is no type of numbers") from error
    return kind
