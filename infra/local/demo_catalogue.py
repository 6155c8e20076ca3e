"""The catalogue of the demo: invented tracks or somebody's own data, prepared once and kept for the next start."""

import gzip
import hashlib
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from daltonify_core.adapters.catalogue_file import write_catalogue_file
from daltonify_core.adapters.local_folder import FolderShards
from daltonify_core.catalogue.track import Track
from daltonify_core.ports import Progress
from daltonify_core.use_cases.import_catalogue import ImportSettings
from infra.cli import wiring
from infra.local.synthetic_catalogue import synthetic_tracks

SYNTHETIC_TRACKS: Final = 8_000
_SEED: Final = 1
_ROOT: Final = Path(__file__).parents[2]
_CANONICAL_START: Final = b"track_id,title,artists"
_GZIP_START: Final = b"\x1f\x8b"
_READ_BYTES: Final = 1 << 20
_TRACKS_PER_PROGRESS: Final = 500
_DIGEST_LETTERS: Final = 16


@dataclass(frozen=True, slots=True)
class CatalogueFile:
    """A canonical file and the name that it gets in the bucket."""

    name: str
    path: Path


def prepare_catalogue(source: Path | None, cache: Path, progress: Progress) -> list[CatalogueFile]:
    """Canonical files with the invented tracks, or with the data at ``source``.

    Canonical data are taken as they are; anything else is imported as ``daltonify import`` does it, once for each
    content. Raises ``InvalidDataset`` with the import's own words.
    """
    if source is None:
        path = cache / f"synthetic-{_digest_of_code()}.csv.gz"
        if not path.exists():
            tracks = synthetic_tracks(SYNTHETIC_TRACKS, _SEED)
            write_catalogue_file(path, _counted(tracks, SYNTHETIC_TRACKS, progress))
        return [CatalogueFile("synthetic.csv.gz", path)]
    if canonical := _canonical_files(source):
        return canonical
    name = source.resolve().name.partition(".")[0] or "catalogue"
    path = cache / f"{name}-{_digest_of_data(source)}.csv.gz"
    if not path.exists():
        wiring.import_files([source], path, ImportSettings(source=name), progress)
    return [CatalogueFile(f"{name}.csv.gz", path)]


def _canonical_files(source: Path) -> list[CatalogueFile]:
    """The shards at ``source`` when everything there is canonical, otherwise none."""
    others = source.is_dir() and any(path.is_file() for path in _visible(source) if not _is_shard_name(path))
    shards = FolderShards(source)
    files = [CatalogueFile(name, source / name if source.is_dir() else source) for name in shards.names()]
    if others or not all(_is_shard_name(file.path) and _is_canonical(file.path) for file in files):
        return []
    return files


def _visible(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        if not any(part.startswith(".") for part in path.relative_to(folder).parts):
            yield path


def _is_shard_name(path: Path) -> bool:
    return path.name.endswith((".csv", ".csv.gz"))


def _is_canonical(path: Path) -> bool:
    try:
        with path.open("rb") as raw:
            is_packed = raw.read(len(_GZIP_START)) == _GZIP_START
        if is_packed != path.name.endswith(".gz"):
            return False
        with gzip.open(path, "rb") if is_packed else path.open("rb") as stream:
            return stream.read(len(_CANONICAL_START)) == _CANONICAL_START
    except (OSError, EOFError, zlib.error):
        # The import says better what is wrong with it.
        return False


def _counted(tracks: Iterable[Track], total: int, progress: Progress) -> Iterator[Track]:
    for number, track in enumerate(tracks, start=1):
        yield track
        if number % _TRACKS_PER_PROGRESS == 0 or number == total:
            progress("invent tracks", number, total)


def _digest_of_code() -> str:
    """Changes whenever the code does that may decide what a prepared file holds."""
    own = [_ROOT / "infra" / "local" / name for name in ("synthetic_catalogue.py", "genre_figures.json")]
    return _digest(_ROOT, [*sorted((_ROOT / "daltonify_core").rglob("*.py")), *own])


def _digest_of_data(source: Path) -> str:
    if source.is_dir():
        data = _digest(source, [path for path in _visible(source) if path.is_file()])
    else:
        data = _digest(source.parent, [source])
    return hashlib.sha256(f"{data} {_digest_of_code()}".encode()).hexdigest()[:_DIGEST_LETTERS]


def _digest(folder: Path, files: list[Path]) -> str:
    digest = hashlib.sha256()
    for path in files:
        # A genre may stand in a file's name.
        digest.update(f"{path.relative_to(folder).as_posix()}\0{path.stat().st_size}\0".encode())
        with path.open("rb") as stream:
            while block := stream.read(_READ_BYTES):
                digest.update(block)
    return digest.hexdigest()[:_DIGEST_LETTERS]
