"""Build an index from a catalogue and activate it; any fault on the way leaves the old index serving."""

import gc
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from daltonify_core.catalogue.merging import TrackMerger
from daltonify_core.catalogue.row_batches import read_batches
from daltonify_core.catalogue.track import SYNTHETIC_SOURCE
from daltonify_core.errors import CatalogueEmpty, PointerCorrupt
from daltonify_core.index.builder import BuildSettings, IndexBuilder
from daltonify_core.index.bundle import load_bundle
from daltonify_core.index.items import UNKNOWN_POPULARITY
from daltonify_core.index.manifest import IndexManifest
from daltonify_core.ports.catalogue import CatalogueShards
from daltonify_core.ports.index import ActivationState, CurrentIndex, IndexStore, NeighbourIndexFormat, TrackStoreFormat
from daltonify_core.ports.surroundings import Progress

KEPT_VERSIONS: Final = 3
"""Older versions that stay beside the current one: a reader may still hold one, and an operator may go back."""
_EXAMPLES_PER_REASON: Final = 5


@dataclass(frozen=True, slots=True)
class BuildReport:
    """What a build read and made: ``rows_read == tracks + rows_merged + rows_invalid``."""

    manifest: IndexManifest
    shards: tuple[str, ...]
    rows_read: int
    rows_merged: int
    rows_invalid: int
    artists_with_popularity: bool
    invalid_by_reason: dict[str, int] = field(default_factory=dict)
    examples: dict[str, tuple[str, ...]] = field(default_factory=dict)
    pruned: tuple[str, ...] = ()

    def warnings(self) -> list[str]:
        """What makes this index less useful than its builder may think, in sentences."""
        found = []
        if not self.manifest.genres:
            found.append(
                "No genre has enough tracks to be offered, so nothing can be recommended. Import data that name "
                "genres, or one file per genre."
            )
        if not self.artists_with_popularity:
            found.append("No row tells how popular anybody is, so nothing can be recommended.")
        sources = self.manifest.source.split(", ")
        if SYNTHETIC_SOURCE in sources and len(sources) > 1:
            found.append("The catalogue mixes invented tracks with real ones; keep them in folders of their own.")
        if self.rows_invalid * 10 > self.rows_read:
            found.append(f"{self.rows_invalid:,} of {self.rows_read:,} rows are invalid.")
        return found

    def to_dict(self) -> dict[str, Any]:
        """Plain values for ``--json``."""
        manifest = self.manifest
        return {
            "version": manifest.version,
            "tracks": manifest.items,
            "artists": manifest.artists,
            "genres": dict(manifest.genres),
            "snapshot": manifest.snapshot,
            "source": manifest.source,
            "feature_space": manifest.feature_space["method"],
            "bytes": sum(file.bytes for file in manifest.files.values()),
            "shards": list(self.shards),
            "rows": {"read": self.rows_read, "merged": self.rows_merged, "invalid": self.rows_invalid},
            "invalid_by_reason": self.invalid_by_reason,
            "examples": {reason: list(examples) for reason, examples in self.examples.items()},
            "pruned": list(self.pruned),
            "warnings": self.warnings(),
        }


def build_index(
    shards: CatalogueShards,
    store: IndexStore,
    neighbour_format: NeighbourIndexFormat,
    track_format: TrackStoreFormat,
    built_at: datetime,
    progress: Progress,
    settings: BuildSettings | None = None,
    work_folder: Path | None = None,
) -> BuildReport:
    """Read every shard, write a bundle, upload it, verify what was stored, and swap it in.

    ``built_at`` must be aware of its time zone. Rows that cannot be tracks are counted and left out; a shard that is
    no catalogue file stops the build, because an index that silently lacks a shard is worse than yesterday's. A pointer
    that cannot be read is replaced. Raises ``CatalogueEmpty``, ``InvalidDataset``, ``IndexCorrupt`` or
    ``ActivationConflict``; in each case the index that was current stays current.
    """
    # Read first: an index that somebody else activates while this one is built must not be overwritten unseen.
    try:
        state, is_repair = store.read_state(), False
    except PointerCorrupt as damage:
        state, is_repair = ActivationState(None, damage.tag), True
    names = shards.names()
    if not names:
        raise CatalogueEmpty("The catalogue has no files. Bring data in with `daltonify import`.")
    invalid: Counter[str] = Counter()
    examples: dict[str, list[str]] = {}
    rows_read = 0
    with _no_search_for_garbage(), tempfile.TemporaryDirectory(prefix="daltonify-build-", dir=work_folder) as work:
        with TrackMerger(Path(work)) as merger:
            for name in names:
                with shards.open(name) as stream:
                    for batch in read_batches(stream, name):
                        merger.add_rows(batch.rows)
                        rows_read += batch.size
                        for place, error in batch.invalid:
                            invalid[error.reason] += 1
                            if len(known := examples.setdefault(error.reason, [])) < _EXAMPLES_PER_REASON:
                                known.append(f"{name}, row {place}: {error.message}")
                        progress("read catalogue", rows_read, 0)
            progress("read catalogue", rows_read, rows_read)
            if rows_read == invalid.total():
                raise CatalogueEmpty(_nothing_valid(rows_read, examples))
            bundle = Path(work) / "bundle"
            bundle.mkdir()
            manifest = IndexBuilder(merger, neighbour_format, track_format, settings).write(bundle, progress)
        progress("store and verify", 0, 1)
        store.upload(manifest.version, bundle)
        # What is verified is the stored copy, and the disk need not hold both.
        shutil.rmtree(bundle)
        stored = store.fetch(manifest.version, Path(work) / "stored")
        loaded = load_bundle(stored, manifest.version, neighbour_format, track_format)
        artists_with_popularity = int(loaded.arrays.artist_popularity[0]) != UNKNOWN_POPULARITY
        loaded.close()
        progress("store and verify", 1, 1)
    current = state.current
    older = (current.version, *current.previous) if current else ()
    previous = tuple(dict.fromkeys(version for version in older if version != manifest.version))[:KEPT_VERSIONS]
    stamp = built_at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    store.activate(CurrentIndex(manifest.version, stamp, previous), state.tag)
    # After a repair nobody knows which older versions were worth keeping; the next build prunes.
    pruned = [] if is_repair else store.prune({manifest.version, *previous})
    return BuildReport(
        manifest=manifest,
        shards=tuple(names),
        rows_read=rows_read,
        rows_merged=rows_read - invalid.total() - manifest.items,
        rows_invalid=invalid.total(),
        artists_with_popularity=artists_with_popularity,
        invalid_by_reason=dict(invalid.most_common()),
        examples={reason: tuple(known) for reason, known in examples.items()},
        pruned=tuple(pruned),
    )


@contextmanager
def _no_search_for_garbage() -> Iterator[None]:
    """A build makes millions of small objects that never hold each other; looking for such took a twentieth of it."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _nothing_valid(rows: int, examples: dict[str, list[str]]) -> str:
    if not rows:
        return "The catalogue files hold no rows, so no index was built."
    first = next(iter(examples.values()))[0]
    return f"None of the catalogue's {rows:,} rows is a valid track, so no index was built. The first: {first}"
