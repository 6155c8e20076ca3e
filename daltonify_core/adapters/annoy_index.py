"""Annoy behind the neighbour index port.

Annoy checks nothing: a file of another metric or dimension may open with a nonsensical item count, and a query that is
not finite gets an answer. What can be checked here is; the rest is the manifest's part.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from annoy import AnnoyIndex
from numpy.typing import NDArray

from daltonify_core.errors import IndexCorrupt, InvalidQuery
from daltonify_core.index.manifest import METRIC


@dataclass(frozen=True, slots=True)
class AnnoySettings:
    """The two knobs of Annoy, chosen by `make bench` for recall of at least .99 at 100,000 tracks."""

    trees: int = 12
    # Nodes to inspect for each neighbour asked for, on top of `search_floor`.
    search_per_neighbour: int = 24
    # With few neighbours asked for, Annoy needs a minimum of inspection to stay exact enough.
    search_floor: int = 4_000


class OpenAnnoyIndex:
    """One memory-mapped Annoy file."""

    def __init__(self, index: AnnoyIndex, dimension: int, settings: AnnoySettings) -> None:
        self._index = index
        self._dimension = dimension
        self._settings = settings

    def __len__(self) -> int:
        return int(self._index.get_n_items())

    def nearest(self, query: NDArray[np.float32], count: int) -> NDArray[np.int64]:
        """Item numbers of about the ``count`` nearest; raises ``InvalidQuery`` for a wrong shape or a NaN."""
        if query.shape != (self._dimension,) or not np.all(np.isfinite(query)):
            raise InvalidQuery(f"A query must be {self._dimension} finite numbers.")
        effort = self._settings.search_floor + count * self._settings.search_per_neighbour
        return np.array(self._index.get_nns_by_vector(query.tolist(), count, effort), dtype=np.int64)

    def vector(self, item: int) -> NDArray[np.float32]:
        """The vector stored for an item, shape ``(dimension,)``."""
        return np.array(self._index.get_item_vector(item), dtype=np.float32)


class AnnoyFormat:
    """Builds and opens Annoy files with one set of parameters."""

    def __init__(self, settings: AnnoySettings | None = None) -> None:
        self._settings = settings or AnnoySettings()

    def describe(self) -> dict[str, str | int]:
        """Kind and parameters for the manifest."""
        return {"kind": "annoy", "metric": METRIC, "trees": self._settings.trees}

    def build(self, vectors: NDArray[np.float32], path: Path, seed: int) -> None:
        """Write an index of ``vectors`` (n, dimension); single-threaded, because only that is reproducible."""
        index = AnnoyIndex(vectors.shape[1], METRIC)
        index.set_seed(seed)
        for item, vector in enumerate(vectors.tolist()):
            index.add_item(item, vector)
        index.build(self._settings.trees, n_jobs=1)
        index.save(str(path))

    def open(self, path: Path, dimension: int) -> OpenAnnoyIndex:
        """Memory-map a file; raises ``IndexCorrupt`` when Annoy refuses it or counts its items below zero."""
        index = AnnoyIndex(dimension, METRIC)
        try:
            index.load(str(path))
        except OSError as error:
            raise IndexCorrupt(f"{path.name} is not an Annoy file of dimension {dimension}: {error}.") from error
        opened = OpenAnnoyIndex(index, dimension, self._settings)
        if index.get_n_items() < 1:
            raise IndexCorrupt(f"{path.name} is not an Annoy file of dimension {dimension}.")
        return opened
