"""Recall and speed of candidate search on a seeded synthetic catalogue.

For each way of filtering, the same queries are answered three times in turn: by exact search, by Annoy alone, and by
the adaptive search that the product uses. Recall@30 compares with exact search; times are medians over the queries and
mean something only beside each other.
"""

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from daltonify_core.adapters.annoy_index import AnnoyFormat
from daltonify_core.adapters.sqlite_tracks import SqliteTracksFormat
from daltonify_core.catalogue.merging import TrackMerger
from daltonify_core.index.builder import IndexBuilder
from daltonify_core.index.bundle import NEIGHBOURS_FILE, LoadedIndex, load_bundle
from daltonify_core.index.candidate_search import CandidateSearch, SearchSettings
from daltonify_core.index.feature_space import QueryPoint
from daltonify_core.index.items import Items
from infra.local.synthetic_catalogue import synthetic_tracks

NEIGHBOURS = 30
BAND = (40, 90)


@dataclass(frozen=True, slots=True)
class Result:
    """One way of filtering. Times are medians in milliseconds."""

    filtering: str
    allowed: int
    annoy_recall: float
    worst_annoy_recall: float
    adaptive_recall: float
    exact_ms: float
    annoy_ms: float
    adaptive_ms: float
    adaptive_path: str


def build(folder: Path, tracks: int, seed: int) -> tuple[LoadedIndex, float]:
    """A loaded bundle of synthetic tracks and the seconds that its build took."""
    with TrackMerger(folder) as merger:
        for track in synthetic_tracks(tracks, seed):
            merger.add(track)
        bundle = folder / "bundle"
        bundle.mkdir()
        started = time.perf_counter()
        manifest = IndexBuilder(merger, AnnoyFormat(), SqliteTracksFormat()).write(bundle, lambda *_: None)
        seconds = time.perf_counter() - started
    return load_bundle(bundle, manifest.version, AnnoyFormat(), SqliteTracksFormat()), seconds


def measure(index: LoadedIndex, folder: Path, queries: int, seed: int) -> list[Result]:
    """Every way of filtering, with the same queries."""
    neighbours = AnnoyFormat().open(folder / "bundle" / NEIGHBOURS_FILE, index.manifest.dimension)

    def searcher(settings: SearchSettings) -> CandidateSearch:
        return CandidateSearch(index.space, index.vectors, index.arrays, neighbours, settings)

    exact = searcher(SearchSettings(exact_up_to=index.manifest.items))
    annoy = searcher(SearchSettings(exact_up_to=0, items_per_proposal=0))
    random = np.random.default_rng(seed)
    chosen = random.choice(index.manifest.items, size=queries, replace=False)
    points = [_query(index, item) for item in chosen.tolist()]
    start, end = index.arrays.popularity_range(*BAND)
    filters: dict[str, Items] = {
        "none": np.arange(index.manifest.items, dtype=np.int32),
        "band": np.arange(start, end, dtype=np.int32),
        "genre": index.arrays.items_of_genre(0),
        "genre and band": index.arrays.genre_range(0, start, end),
    }
    results = []
    for name, allowed in filters.items():
        found: dict[str, list[set[int]]] = {"exact": [], "annoy": [], "adaptive": []}
        times: dict[str, list[float]] = {"exact": [], "annoy": [], "adaptive": []}
        paths = set()
        for point in points:
            for way, search in (("exact", exact), ("annoy", annoy), ("adaptive", index.search)):
                began = time.perf_counter()
                ranking = search.rank([point], allowed, NEIGHBOURS)
                times[way].append((time.perf_counter() - began) * 1000)
                found[way].append(set(ranking.items[:NEIGHBOURS].tolist()))
                if way == "adaptive":
                    paths.add(str(ranking.path))

        recalls = _recalls(found["annoy"], found["exact"])
        results.append(
            Result(
                filtering=name,
                allowed=len(allowed),
                annoy_recall=statistics.fmean(recalls),
                worst_annoy_recall=min(recalls),
                adaptive_recall=statistics.fmean(_recalls(found["adaptive"], found["exact"])),
                exact_ms=statistics.median(times["exact"]),
                annoy_ms=statistics.median(times["annoy"]),
                adaptive_ms=statistics.median(times["adaptive"]),
                adaptive_path=" and ".join(sorted(paths)),
            )
        )
    return results


def _query(index: LoadedIndex, item: int) -> QueryPoint:
    """Where a request for this track looks: outward from where the track itself stands."""
    (track,) = index.tracks.tracks([item])
    artist = index.sound_of_artist(index.arrays.artists_of(item)[0], item)
    return index.space.query(track.features, track.duration_ms, track.release_date, artist)


def _recalls(found: list[set[int]], exact: list[set[int]]) -> list[float]:
    return [len(one & other) / len(other) for one, other in zip(found, exact, strict=True)]


def print_table(results: list[Result], write: Callable[[str], None]) -> None:
    """One row for each way of filtering; ratios are times relative to exact search in the same run."""
    write(
        f"{'filter':<16}{'allowed':>10}{'recall@30':>11}{'worst':>8}{'exact ms':>10}{'annoy ms':>10}{'annoy/exact':>13}"
        f"{'adaptive':>10}{'adaptive/exact':>16}{'recall@30':>11}"
    )
    for row in results:
        write(
            f"{row.filtering:<16}{row.allowed:>10,}{row.annoy_recall:>11.4f}{row.worst_annoy_recall:>8.2f}"
            f"{row.exact_ms:>10.2f}{row.annoy_ms:>10.2f}{row.annoy_ms / row.exact_ms:>13.2f}{row.adaptive_path:>10}"
            f"{row.adaptive_ms / row.exact_ms:>16.2f}{row.adaptive_recall:>11.4f}"
        )


def main() -> None:
    """Build, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tracks", type=int, default=100_000)
    parser.add_argument("--queries", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as work:
        folder = Path(work)
        print(f"{arguments.tracks:,} synthetic tracks, {arguments.queries} queries, seed {arguments.seed}")
        index, seconds = build(folder, arguments.tracks, arguments.seed)
        size = sum(file.bytes for file in index.manifest.files.values())
        print(f"bundle written in {seconds:.1f} s, {size / arguments.tracks:.0f} bytes a track")
        results = measure(index, folder, arguments.queries, arguments.seed)
        index.close()
    print_table(results, print)
    if arguments.json:
        arguments.json.write_text(json.dumps([asdict(row) for row in results], indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
