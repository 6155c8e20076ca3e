"""Seeded synthetic catalogues and their indexes, made once for each state of the code that makes them."""

import hashlib
import json
from pathlib import Path
from typing import Any, Final

from daltonify_core.index.bundle import LoadedIndex, load_bundle
from daltonify_core.ports.index import CurrentIndex

ROOT: Final = Path(__file__).parents[2]
KEPT: Final = ROOT / ".cache" / "benchmark"
SEED: Final = 1
_CATALOGUE_CODE: Final = (
    "infra/local/synthetic_catalogue.py",
    "infra/local/genre_figures.json",
)
_INDEX_CODE: Final = (
    "daltonify_core/catalogue",
    "daltonify_core/index",
    "daltonify_core/adapters/annoy_index.py",
    "daltonify_core/adapters/sqlite_tracks.py",
    "daltonify_core/use_cases/build_index.py",
)


def catalogue_of(tracks: int) -> Path:
    """The gzip CSV of so many synthetic tracks, alone in its folder; made when it is missing."""
    from infra.local.synthetic_catalogue import write_synthetic_catalogue

    path = KEPT / f"catalogue-{tracks}-{_state_of(_CATALOGUE_CODE)}" / "tracks.csv.gz"
    if not path.exists():
        write_synthetic_catalogue(path, tracks, SEED)
    return path


def one_genre(tracks: int) -> Path:
    """A catalogue of so many tracks, all of the synthetic catalogue's largest genre; made when it is missing."""
    from itertools import islice

    from daltonify_core.adapters.catalogue_file import write_catalogue_file
    from infra.local.synthetic_catalogue import synthetic_tracks

    path = KEPT / f"one-genre-{tracks}-{_state_of(_CATALOGUE_CODE)}" / "tracks.csv.gz"
    if not path.exists():
        # The largest genre has a seventh of all tracks.
        of_genre = (track for track in synthetic_tracks(20 * tracks, SEED) if LARGEST_GENRE in track.genres)
        write_catalogue_file(path, islice(of_genre, tracks))
    return path


LARGEST_GENRE: Final = "pop"


def index_folder(catalogue: Path) -> Path:
    """Where the index of a catalogue lies, or will lie, as the code is now."""
    return catalogue.parent / f"index-{_state_of(_INDEX_CODE)}"


def open_index(folder: Path) -> LoadedIndex:
    """The current index in a folder that a build filled."""
    from daltonify_core.adapters.annoy_index import AnnoyFormat
    from daltonify_core.adapters.local_folder import FolderIndexStore
    from daltonify_core.adapters.sqlite_tracks import SqliteTracksFormat

    current = FolderIndexStore(folder).read_state().current
    assert isinstance(current, CurrentIndex)
    return load_bundle(folder / current.version, current.version, AnnoyFormat(), SqliteTracksFormat())


def kept_figures(folder: Path) -> dict[str, Any] | None:
    """What the build measured that filled a folder; ``None`` when none was finished."""
    path = folder / "figures.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None


def keep_figures(folder: Path, figures: dict[str, Any]) -> None:
    (folder / "figures.json").write_text(json.dumps(figures), encoding="utf-8")


def _state_of(names: tuple[str, ...]) -> str:
    """Equal for equal content of these files and folders."""
    digest = hashlib.sha256()
    for name in names:
        path = ROOT / name
        for file in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            digest.update(file.read_bytes())
    return digest.hexdigest()[:12]
