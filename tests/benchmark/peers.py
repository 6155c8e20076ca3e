"""Other libraries that find neighbours, each filtered in the ways that it offers, with one knob for effort.

All of them get the vectors of our index in our order, in which a band of popularity is a range; so whoever can filter
by a range may use that. Everything that does not depend on the question is prepared before the time is taken: masks of
genres, selectors, lists. One thread for everybody.

The libraries are only in the environment that ``setup_tools.sh peers`` makes, so they are imported by name.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from daltonify_core.index.items import ItemArrays
from tests.benchmark.questions import Question

# Graphs of usual size; with more links they answer slower and reach the same recall.
_LINKS: Final = 16
_BUILD_EFFORT: Final = 100
_BUILD_THREADS: Final = 2

type Found = NDArray[Any]
type Search = Callable[[Question, str, int, int], Found]
"""So many items for a question, nearest first, under a way of filtering; the last number is the effort."""


@dataclass(frozen=True, slots=True)
class Way:
    """One library used in one way. ``efforts`` are what ``search`` may be given, the least first."""

    library: str
    way: str
    filterings: tuple[str, ...]
    efforts: tuple[int, ...]
    search: Search


@dataclass(frozen=True, slots=True)
class Ground:
    """What every library is given."""

    vectors: NDArray[np.float32]
    arrays: ItemArrays
    kept: Path
    """Where indexes wait that were built before."""
    masks: dict[int, NDArray[np.bool_]] = field(default_factory=dict)

    def mask(self, genre: int) -> NDArray[np.bool_]:
        """For each item whether it is of the genre; kept, as a service would keep it."""
        if genre not in self.masks:
            mask = np.zeros(len(self.vectors), dtype=np.bool_)
            mask[self.arrays.items_of_genre(genre)] = True
            self.masks[genre] = mask
        return self.masks[genre]

    def allowed(self, found: Found, one: Question, filtering: str) -> Found:
        """Those of the items found that the filter keeps."""
        if "band" in filtering:
            found = found[(found >= one.start) & (found < one.end)]
        if "genre" in filtering:
            found = found[self.mask(one.genre)[found]]
        return found

    def share(self, one: Question, filtering: str) -> float:
        """The share of items that the filter keeps; known in advance in every case."""
        if filtering == "none":
            return 1.0
        if filtering == "band":
            return (one.end - one.start) / len(self.vectors)
        if filtering == "genre":
            return len(self.arrays.items_of_genre(one.genre)) / len(self.vectors)
        start, end = self.arrays.genre_stretch(one.genre, one.start, one.end)
        return (end - start) / len(self.vectors)


class Nearest(Protocol):
    """The nearest of all items, so many, with an effort."""

    def __call__(self, query: NDArray[np.float32], count: int, effort: int) -> Found: ...


EVERY: Final = ("none", "genre", "band", "genre and band")
FILTERED: Final = EVERY[1:]
EFFORTS: Final = (16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024, 1536, 2048, 4096)
MARGINS: Final = (100, 125, 150, 200, 300)
"""Per cent of what over-fetching expects to need, for those whose answers are exact."""


def over_fetched(ground: Ground, nearest: Nearest, is_exact: bool = False) -> Search:
    """Ask for more than is needed, drop what the filter drops, and ask for twice as much until enough is left.

    The effort of an exact library is the margin of the first request in per cent. For graphs it is the width of their
    search per neighbour asked for, in hundredths, and the margin is one and a half.
    """

    def search(one: Question, filtering: str, count: int, effort: int) -> Found:
        query = one.query
        margin = effort / 100 if is_exact else 1.5
        wanted = count if filtering == "none" else int(count / ground.share(one, filtering) * margin) + 1
        while True:
            wanted = min(wanted, len(ground.vectors))
            width = effort if filtering == "none" else max(effort, wanted + effort)
            found = ground.allowed(nearest(query, wanted, width), one, filtering)
            if len(found) >= count or wanted == len(ground.vectors):
                return found[:count]
            wanted *= 2

    return search


def all_ways(ground: Ground) -> list[Way]:
    """Every library in every way; building indexes takes minutes for a million tracks."""
    makers: Sequence[Callable[[Ground], list[Way]]] = (_numpy, _sklearn, _faiss, _hnswlib, _voyager, _usearch)
    return [way for make in makers for way in make(ground)]


def _numpy(ground: Ground) -> list[Way]:
    """No library, but what each would have to beat: all distances by matrix product, over rows kept for each genre."""
    rows = _RowsOfGenres(ground)

    def search(one: Question, filtering: str, count: int, effort: int) -> Found:
        vectors, norms, items = rows.chosen(one, filtering)
        distances = norms - 2.0 * (vectors @ one.query)
        near = np.argpartition(distances, count - 1)[:count] if count < len(distances) else np.arange(len(distances))
        places = near[np.argsort(distances[near], kind="stable")]
        return places + items if isinstance(items, int) else items[places]

    return [Way("numpy", "all of a genre's rows, by matrix product", EVERY, (0,), search)]


class _RowsOfGenres:
    """The vectors of each genre once more, in a block of their own, in which a band is a slice."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._norms = np.einsum("ij,ij->i", ground.vectors, ground.vectors)
        self._genres: dict[int, tuple[NDArray[np.float32], NDArray[np.float32]]] = {}

    def chosen(
        self, one: Question, filtering: str
    ) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[Any] | int]:
        """Vectors, their squared lengths, and their items or the first item of a run."""
        if "genre" not in filtering:
            start, end = (one.start, one.end) if "band" in filtering else (0, len(self._norms))
            return self._ground.vectors[start:end], self._norms[start:end], start
        items = self._ground.arrays.items_of_genre(one.genre)
        if one.genre not in self._genres:
            self._genres[one.genre] = (self._ground.vectors[items], self._norms[items])
        vectors, norms = self._genres[one.genre]
        first, last = (0, len(items))
        if "band" in filtering:
            first, last = np.searchsorted(items, np.array((one.start, one.end), dtype=items.dtype)).tolist()
        return vectors[first:last], norms[first:last], items[first:last]


def _sklearn(ground: Ground) -> list[Way]:
    sklearn, neighbours = import_module("sklearn"), import_module("sklearn.neighbors")
    # What it checks of each call is known to be right.
    sklearn.set_config(assume_finite=True, skip_parameter_validation=True)
    tree = neighbours.KDTree(ground.vectors, leaf_size=40)

    def by_tree(query: NDArray[np.float32], count: int, effort: int) -> Found:
        return np.asarray(tree.query(query[None], count, return_distance=False)[0])

    whole = neighbours.NearestNeighbors(algorithm="brute", n_jobs=1).fit(ground.vectors)
    of_genre: dict[int, Any] = {}

    def by_brute(one: Question, filtering: str, count: int, effort: int) -> Found:
        query = one.query[None]
        if filtering == "none":
            return np.asarray(whole.kneighbors(query, count, return_distance=False)[0])
        if filtering == "band":
            fitted = neighbours.NearestNeighbors(algorithm="brute", n_jobs=1).fit(ground.vectors[one.start : one.end])
            return np.asarray(
                fitted.kneighbors(query, min(count, fitted.n_samples_fit_), return_distance=False)[0] + one.start
            )
        items = ground.arrays.items_of_genre(one.genre)
        if one.genre not in of_genre:
            of_genre[one.genre] = np.ascontiguousarray(ground.vectors[items])
        first, last = 0, len(items)
        if "band" in filtering:
            first, last = np.searchsorted(items, np.array((one.start, one.end), dtype=items.dtype)).tolist()
        fitted = neighbours.NearestNeighbors(algorithm="brute", n_jobs=1).fit(of_genre[one.genre][first:last])
        return np.asarray(
            items[first:last][fitted.kneighbors(query, min(count, fitted.n_samples_fit_), return_distance=False)[0]]
        )

    return [
        Way("scikit-learn", "k-d tree, over-fetch", EVERY, MARGINS, over_fetched(ground, by_tree, is_exact=True)),
        Way("scikit-learn", "brute force on a genre's slice", EVERY, (0,), by_brute),
    ]


def _faiss(ground: Ground) -> list[Way]:
    faiss = import_module("faiss")
    faiss.omp_set_num_threads(_BUILD_THREADS)
    flat = faiss.IndexFlatL2(ground.vectors.shape[1])
    flat.add(ground.vectors)
    graph = _kept(
        ground, "faiss", lambda path: faiss.read_index(path), lambda: _faiss_graph(faiss, ground),
        lambda index, path: faiss.write_index(index, path),
    )  # fmt: skip
    faiss.omp_set_num_threads(1)
    bitmaps: dict[int, NDArray[np.uint8]] = {}
    of_genre: dict[int, Any] = {}

    def selector(one: Question, filtering: str) -> tuple[Any, ...]:
        """The selector and what it points to, which must live as long."""
        if filtering == "band":
            return (faiss.IDSelectorRange(one.start, one.end),)
        if one.genre not in bitmaps:
            bitmaps[one.genre] = np.packbits(ground.mask(one.genre), bitorder="little")
        genre = faiss.IDSelectorBitmap(bitmaps[one.genre])
        if filtering == "genre":
            return (genre,)
        band = faiss.IDSelectorRange(one.start, one.end)
        return (faiss.IDSelectorAnd(band, genre), band, genre)

    def native(index: Any, parameters: Callable[[int, Any], Any]) -> Search:
        def search(one: Question, filtering: str, count: int, effort: int) -> Found:
            query = one.query[None]
            chosen = (None,) if filtering == "none" else selector(one, filtering)
            _, found = index.search(query, count, params=parameters(max(effort, count), chosen[0]))
            return np.asarray(found[0][found[0] >= 0])

        return search

    def flat_parameters(_: int, chosen: Any) -> Any:
        return None if chosen is None else faiss.SearchParameters(sel=chosen)

    def graph_parameters(effort: int, chosen: Any) -> Any:
        return faiss.SearchParametersHNSW(efSearch=effort, sel=chosen)

    def by_graph(query: NDArray[np.float32], count: int, effort: int) -> Found:
        parameters = faiss.SearchParametersHNSW(efSearch=max(effort, count))
        _, found = graph.search(query[None], count, params=parameters)
        return np.asarray(found[0][found[0] >= 0])

    def by_genre(one: Question, filtering: str, count: int, effort: int) -> Found:
        items = ground.arrays.items_of_genre(one.genre)
        if one.genre not in of_genre:
            of_genre[one.genre] = faiss.IndexFlatL2(ground.vectors.shape[1])
            of_genre[one.genre].add(ground.vectors[items])
        parameters = None
        if "band" in filtering:
            ends = np.searchsorted(items, np.array((one.start, one.end), dtype=items.dtype)).tolist()
            parameters = faiss.SearchParameters(sel=faiss.IDSelectorRange(*ends))
        query = one.query[None]
        _, found = of_genre[one.genre].search(query, count, params=parameters)
        return np.asarray(items[found[0][found[0] >= 0]])

    return [
        Way("faiss flat", "selector", EVERY, (0,), native(flat, flat_parameters)),
        Way("faiss flat", "an index for each genre, range selector", ("genre", "genre and band"), (0,), by_genre),
        Way("faiss HNSW", "selector", EVERY, EFFORTS, native(graph, graph_parameters)),
        Way("faiss HNSW", "over-fetch", FILTERED, EFFORTS, over_fetched(ground, by_graph)),
    ]


def _faiss_graph(faiss: Any, ground: Ground) -> Any:
    index = faiss.IndexHNSWFlat(ground.vectors.shape[1], _LINKS)
    index.hnsw.efConstruction = _BUILD_EFFORT
    index.add(ground.vectors)
    return index


def _hnswlib(ground: Ground) -> list[Way]:
    hnswlib = import_module("hnswlib")
    count, dimension = ground.vectors.shape

    def empty() -> Any:
        return hnswlib.Index(space="l2", dim=dimension)

    def build() -> Any:
        index = empty()
        index.init_index(max_elements=count, M=_LINKS, ef_construction=_BUILD_EFFORT, random_seed=1)
        index.add_items(ground.vectors, np.arange(count), num_threads=_BUILD_THREADS)
        return index

    def read(path: str) -> Any:
        index = empty()
        index.load_index(path, max_elements=count)
        return index

    index = _kept(ground, "hnswlib", read, build, lambda index, path: index.save_index(path))
    index.set_num_threads(1)
    masks: dict[int, bytes] = {}

    def nearest(query: NDArray[np.float32], count: int, effort: int) -> Found:
        index.set_ef(max(effort, count))
        found, _ = index.knn_query(query, count, num_threads=1)
        return np.asarray(found[0].astype(np.int64))

    def native(one: Question, filtering: str, count: int, effort: int) -> Found:
        query = one.query
        if filtering == "none":
            return nearest(query, count, effort)
        start, end = one.start, one.end
        if one.genre not in masks:
            # Bytes are what a Python function reads fastest.
            masks[one.genre] = ground.mask(one.genre).tobytes()
        mask = masks[one.genre]
        keeps: Callable[[int], Any] = {
            "genre": lambda item: mask[item],
            "band": lambda item: start <= item < end,
            "genre and band": lambda item: start <= item < end and mask[item],
        }[filtering]
        index.set_ef(max(effort, count))
        try:
            found, _ = index.knn_query(query, count, num_threads=1, filter=keeps)
        except RuntimeError:
            # What it says when the filter leaves it fewer than it was asked for.
            return np.empty(0, dtype=np.int64)
        return np.asarray(found[0].astype(np.int64))

    return [
        Way("hnswlib", "filter function", EVERY, EFFORTS, native),
        Way("hnswlib", "over-fetch", FILTERED, EFFORTS, over_fetched(ground, nearest)),
    ]


def _voyager(ground: Ground) -> list[Way]:
    voyager = import_module("voyager")

    def build() -> Any:
        index = voyager.Index(
            voyager.Space.Euclidean, ground.vectors.shape[1], M=_LINKS, ef_construction=_BUILD_EFFORT, random_seed=1
        )
        index.add_items(ground.vectors, num_threads=_BUILD_THREADS)
        return index

    index = _kept(ground, "voyager", voyager.Index.load, build, lambda index, path: index.save(path))

    def nearest(query: NDArray[np.float32], count: int, effort: int) -> Found:
        found, _ = index.query(query, count, num_threads=1, query_ef=max(effort, count))
        return np.asarray(found.astype(np.int64))

    return [Way("voyager", "over-fetch", EVERY, EFFORTS, over_fetched(ground, nearest))]


def _usearch(ground: Ground) -> list[Way]:
    usearch = import_module("usearch.index")
    count, dimension = ground.vectors.shape

    def build() -> Any:
        index = usearch.Index(
            ndim=dimension, metric="l2sq", dtype="f32", connectivity=_LINKS, expansion_add=_BUILD_EFFORT
        )
        index.add(np.arange(count), ground.vectors, threads=_BUILD_THREADS)
        return index

    index = _kept(ground, "usearch", usearch.Index.restore, build, lambda index, path: index.save(path))

    def nearest(query: NDArray[np.float32], count: int, effort: int) -> Found:
        index.expansion_search = max(effort, count)
        return np.asarray(index.search(query, count, threads=1).keys.astype(np.int64))

    return [Way("usearch", "over-fetch", EVERY, EFFORTS, over_fetched(ground, nearest))]


def _kept(
    ground: Ground,
    name: str,
    read: Callable[[str], Any],
    build: Callable[[], Any],
    write: Callable[[Any, str], None],
) -> Any:
    """An index that was built before, else a new one, which is kept."""
    path = ground.kept / name
    if path.exists():
        return read(str(path))
    index = build()
    write(index, str(path))
    return index
