"""A neighbour index that overlooks nothing, so that a difference to exact search is the search's own fault."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from daltonify_core.errors import IndexCorrupt, InvalidQuery


class ExactNeighbours:
    """Measures every vector at every question."""

    def __init__(self, vectors: NDArray[np.float32]) -> None:
        self._vectors = vectors

    def __len__(self) -> int:
        return len(self._vectors)

    def nearest(self, query: NDArray[np.float32], count: int, share: float = 1.0) -> NDArray[np.int64]:
        if query.shape != self._vectors.shape[1:] or not np.all(np.isfinite(query)):
            raise InvalidQuery("A query must be finite numbers of the index's dimension.")
        distances = np.linalg.norm(self._vectors.astype(np.float64) - query, axis=1)
        return np.argsort(distances, kind="stable")[:count].astype(np.int64)

    def effort(self, count: int) -> int:
        return len(self._vectors)

    def vector(self, item: int) -> NDArray[np.float32]:
        return np.array(self._vectors[item])


class ExactFormat:
    """Stores the vectors and the seed as they are."""

    def describe(self) -> dict[str, str | int]:
        return {"kind": "exact", "metric": "euclidean"}

    def build(self, vectors: NDArray[np.float32], path: Path, seed: int) -> None:
        with path.open("wb") as stream:
            np.save(stream, np.int64(seed), allow_pickle=False)
            np.save(stream, vectors, allow_pickle=False)

    def tune(self, path: Path, queries: NDArray[np.float32], nearest: NDArray[np.int64]) -> dict[str, int]:
        return {}

    def open(self, path: Path, dimension: int, tuning: Mapping[str, str | int] | None = None) -> ExactNeighbours:
        try:
            with path.open("rb") as stream:
                np.load(stream, allow_pickle=False)
                vectors = np.load(stream, allow_pickle=False)
        except (OSError, ValueError, EOFError) as error:
            raise IndexCorrupt(f"{path.name} is no neighbour index.") from error
        if vectors.ndim != 2 or vectors.shape[1] != dimension:
            raise IndexCorrupt(f"{path.name} has another dimension than {dimension}.")
        return ExactNeighbours(vectors)
