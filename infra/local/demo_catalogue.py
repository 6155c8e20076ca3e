"""The catalogue of the demo: invented tracks or somebody's own data, prepared once and kept for the next start."""

import csv
import gzip
import hashlib
import io
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final, cast

from daltonify_core.adapters.catalogue_file import write_catalogue_file
from daltonify_core.adapters.local_folder import FolderShards
from daltonify_core.catalogue.canonical_csv import COLUMNS, REQUIRED_COLUMNS
from daltonify_core.catalogue.track import Track
from daltonify_core.ports.surroundings import Progress
from daltonify_core.use_cases.import_catalogue import ImportSettings
from infra.cli import wiring
from infra.local.synthetic_catalogue import synthetic_tracks

SYNTHETIC_TRACKS: Final = 8_000
_SEED: Final = 1
_ROOT: Final = Path(__file__).parents[2]
_CANONICAL_START: Final = "track_id,title,artists"
_GZIP_START: Final = b"\x1f\x8b"
_READ_BYTES: Final = 1 << 20
_HEADER_BYTES: Final = 10_000
_TRACKS_PER_PROGRESS: Final = 500
_DIGEST_LETTERS: Final = 16
_READ_FAULTS: Final = (OSError, EOFError, zlib.error, UnicodeDecodeError)
_FROM_FILE_NAMES: Final = "-genres-from-file-names"


@dataclass(frozen=True, slots=True)
class CatalogueFile:
    """A canonical file and the name that it gets in the bucket.

    ``has_genres_from_file_names``: the data named no genre, so each of their files counts as the one it is named after.
    """

    name: str
    path: Path
    has_genres_from_file_names: bool = False


def prepare_catalogue(source: Path | None, cache: Path, progress: Progress) -> list[CatalogueFile]:
    """Canonical files with the invented tracks, or with the data at ``source``.

    Canonical data are taken as they are; anything else is imported as ``daltonify import`` does it, once for each
    content. Where no row of a folder or an archive names a genre, its file names do. Raises ``InvalidDataset`` with the
    import's own words.
    """
    if source is None:
        path = cache / f"synthetic-{_digest_of_code()}.csv.gz"
        if not path.exists():
            tracks = synthetic_tracks(SYNTHETIC_TRACKS, _SEED)
            write_catalogue_file(path, _counted(tracks, SYNTHETIC_TRACKS, progress))
        return [CatalogueFile("synthetic.csv.gz", path)]
    canonical = _canonical_files(source)
    if canonical and (source.is_file() or any(_names_a_genre(file.path) for file in canonical)):
        return canonical
    name = source.resolve().name.partition(".")[0] or "catalogue"
    kept = f"{name}-{_digest_of_data(source)}"
    path, path_by_names = cache / f"{kept}.csv.gz", cache / f"{kept}{_FROM_FILE_NAMES}.csv.gz"
    if not (path.exists() or path_by_names.exists()):
        # Under its final name only when that is known: somebody may end the program in between.
        as_it_is = cache / f".{kept}.csv.gz"
        wiring.import_files([source], as_it_is, ImportSettings(source=name), progress)
        if _holds_several_files(source) and not _names_a_genre(as_it_is):
            by_names = ImportSettings(source=name, genre_from_file_name=True)
            wiring.import_files([source], path_by_names, by_names, progress)
            as_it_is.unlink()
        else:
            as_it_is.replace(path)
    is_by_names = path_by_names.exists()
    return [CatalogueFile(f"{name}.csv.gz", path_by_names if is_by_names else path, is_by_names)]


def _holds_several_files(source: Path) -> bool:
    return source.is_dir() or source.suffix.casefold() == ".zip"


def _names_a_genre(path: Path) -> bool:
    try:
        with path.open("rb") as raw, gzip.open(raw) if path.suffix == ".gz" else raw as stream:
            text = io.TextIOWrapper(cast("IO[bytes]", stream), encoding="utf-8", newline="")
            return any(row.get("genres") for row in csv.DictReader(text))
    except (*_READ_FAULTS, csv.Error):
        # The builder says better what is wrong with it.
        return True


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
            header = stream.readline(_HEADER_BYTES).decode()
    except _READ_FAULTS:
        # The import says better what is wrong with it.
        return False
    columns = next(csv.reader(io.StringIO(header, newline="")), [])
    return header.startswith(_CANONICAL_START) and set(REQUIRED_COLUMNS) <= set(columns) <= set(COLUMNS)


def _counted(tracks: Iterable[Track], total: int, progress: Progress) -> Iterator[Track]:
    for number, track in enumerate(tracks, start=1):
        yield track
        if number % _TRACKS_PER_PROGRESS == 0 or number == total:
            progress("invent tracks", number, total)


def _digest_of_code() -> str:
    """Changes whenever the code does that may decide what a prepared file holds."""
    names = ("demo_catalogue.py", "synthetic_catalogue.py", "genre_figures.json")
    own = [_ROOT / "infra" / "local" / name for name in names]
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
