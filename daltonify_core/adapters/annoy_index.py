"""Annoy behind the neighbour index port.

Annoy checks nothing: a file of another metric or dimension may open with a nonsensical item count, and a query that is
not finite gets an answer. What can be checked here is; the rest is the manifest's part.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
from annoy import AnnoyIndex
from numpy.typing import NDArray

from daltonify_core.errors import IndexCorrupt, InvalidQuery
from daltonify_core.index.manifest import METRIC


@dataclass(frozen=True, slots=True)
class AnnoySettings:
    """The knobs of Annoy; `make bench` measures what they cost and give."""

    trees: int = 12
    # Nodes to inspect for each neighbour asked for, on top of a floor: with few neighbours asked for, Annoy needs a
    # minimum of inspection to stay exact enough. The floor is chosen for each file as it is built (``tune``).
    search_per_neighbour: int = 24
    search_floor: int = 4_000
    # Mean share of the true neighbours that the floor must find, with a reserve for queries that were not sampled.
    tuned_recall: float = 0.992


# Vectors that stand in memory as Python numbers at a time.
_BLOCK: Final = 8_192
# Each a fifth more than the one before, from what a few thousand tracks need to what no catalogue does.
_FLOORS: Final = tuple(round(100 * 1.2**step) for step in range(37))
# How many neighbours are asked for while tuning, as shares of those that are known.
_TUNED_SHARES: Final = (0.3, 1.0)


class OpenAnnoyIndex:
    """One memory-mapped Annoy file."""

    def __init__(self, index: AnnoyIndex, dimension: int, settings: AnnoySettings) -> None:
        self._index = index
        self._dimension = dimension
        self._settings = settings

    def __len__(self) -> int:
        return int(self._index.get_n_items())

    def nearest(self, query: NDArray[np.float32], count: int, share: float = 1.0) -> NDArray[np.int64]:
        """Item numbers of about the ``count`` nearest; raises ``InvalidQuery`` for a wrong shape or a NaN."""
        if query.shape != (self._dimension,) or not np.all(np.isfinite(query)):
            raise InvalidQuery(f"A query must be {self._dimension} finite numbers.")
        found = self._index.get_nns_by_vector(query.tolist(), count, round(share * self.effort(count)))
        return np.array(found, dtype=np.int64)

    def effort(self, count: int) -> int:
        """Nodes that ``nearest`` inspects."""
        return self._settings.search_floor + count * self._settings.search_per_neighbour

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
        for first in range(0, len(vectors), _BLOCK):
            for item, vector in enumerate(vectors[first : first + _BLOCK].tolist(), start=first):
                index.add_item(item, vector)
        index.build(self._settings.trees, n_jobs=1)
        index.save(str(path))

    def tune(self, path: Path, queries: NDArray[np.float32], nearest: NDArray[np.int64]) -> dict[str, int]:
        """The least floor of inspection that finds the share ``tuned_recall`` of the nearest, be they few or many.

        It counts neighbours found and measures no time, so equal input gives equal numbers.
        """
        asked = sorted({max(1, round(share * nearest.shape[1])) for share in _TUNED_SHARES})
        tuning: dict[str, int] = {}
        for floor in _FLOORS:
            tuning = {"search_floor": floor, "search_per_neighbour": self._settings.search_per_neighbour}
            opened = self.open(path, queries.shape[1], tuning)
            if all(_recall(opened, queries, nearest[:, :count]) >= self._settings.tuned_recall for count in asked):
                break
        return tuning

    def open(self, path: Path, dimension: int, tuning: Mapping[str, str | int] | None = None) -> OpenAnnoyIndex:
        """Memory-map a file; raises ``IndexCorrupt`` when Annoy refuses it or counts its items below zero."""
        index = AnnoyIndex(dimension, METRIC)
        try:
            index.load(str(path))
        except OSError as error:
            raise IndexCorrupt(f"{path.name} is not an Annoy file of dimension {dimension}: {error}.") from error
        opened = OpenAnnoyIndex(index, dimension, _tuned(self._settings, tuning or {}))
        if index.get_n_items() < 1:
            raise IndexCorrupt(f"{path.name} is not an Annoy file of dimension {dimension}.")
        return opened


def _tuned(settings: AnnoySettings, tuning: Mapping[str, str | int]) -> AnnoySettings:
    known = {name: tuning.get(name, getattr(settings, name)) for name in ("search_floor", "search_per_neighbour")}
    if any(not isinstance(value, int) or isinstance(value, bool) or value < 0 for value in known.values()):
        raise IndexCorrupt("The manifest says in no usable way how Annoy is to search. Build the index anew.")
    return replace(settings, **known)


def _recall(opened: OpenAnnoyIndex, queries: NDArray[np.float32], nearest: NDArray[np.int64]) -> float:
    count = nearest.shape[1]
    found = [np.isin(true, opened.nearest(query, count)).sum() for query, true in zip(queries, nearest, strict=True)]
    return float(np.sum(found)) / nearest.size
