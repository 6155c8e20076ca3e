"""Puts adapters and use cases together for one machine; nothing else in the command line knows an adapter."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from daltonify_core.adapters.annoy_index import AnnoyFormat
from daltonify_core.adapters.catalogue_file import write_catalogue_file
from daltonify_core.adapters.dataset_files import find_tables
from daltonify_core.adapters.local_folder import FolderIndexStore, FolderShards
from daltonify_core.adapters.parquet_file import ParquetTable
from daltonify_core.adapters.sqlite_tracks import SqliteTracksFormat
from daltonify_core.catalogue.public_data.report import ImportReport
from daltonify_core.errors import CatalogueEmpty, IndexUnavailable
from daltonify_core.index.builder import BuildSettings
from daltonify_core.index.bundle import load_bundle
from daltonify_core.ports import Progress
from daltonify_core.use_cases.build_index import BuildReport, build_index
from daltonify_core.use_cases.import_catalogue import ImportSettings, import_catalogue
from daltonify_core.use_cases.recommend import Recommender


def import_files(sources: Sequence[Path], target: Path, settings: ImportSettings, progress: Progress) -> ImportReport:
    """Import files, folders and archives into one catalogue file."""
    tables = find_tables(sources, {".parquet": ParquetTable})
    return import_catalogue(tables, partial(write_catalogue_file, target), settings, progress)


def build(catalogue: Path, index: Path, settings: BuildSettings, progress: Progress) -> BuildReport:
    """Build an index from a catalogue folder and activate it in an index folder."""
    if not catalogue.exists():
        raise CatalogueEmpty(f"There is no catalogue at {catalogue}. Bring data in with `daltonify import`.")
    return build_index(
        FolderShards(catalogue),
        FolderIndexStore(index),
        AnnoyFormat(),
        SqliteTracksFormat(),
        datetime.now(UTC),
        progress,
        settings,
    )


@contextmanager
def open_recommender(index: Path) -> Iterator[Recommender]:
    """The recommender of the current index in a folder."""
    store = FolderIndexStore(index)
    current = store.read_state().current
    if current is None:
        raise IndexUnavailable(f"There is no index in {index}. Build one with `daltonify build`.")
    # A folder's versions are opened where they lie, so the scratch folder is never written to.
    bundle = store.fetch(current.version, index)
    loaded = load_bundle(bundle, current.version, AnnoyFormat(), SqliteTracksFormat())
    try:
        yield Recommender(loaded, current.built_at)
    finally:
        loaded.close()
