"""The manifest: what a bundle promises, so that a reader can refuse anything else.

The version of an index is the hash of its manifest, and the manifest holds the hash of every file. A version therefore
names exactly one content: equal input gives an equal version, and no field can change without the version changing.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Final

from daltonify_core.catalogue.audio_features import CONTINUOUS_FEATURES
from daltonify_core.errors import IndexCorrupt

FORMAT: Final = 6
"""Raised whenever a reader of the old number would misread a bundle; before 1.0 an unknown number means: rebuild."""
MANIFEST_FILE: Final = "manifest.json"
METRIC: Final = "euclidean"
NO_NEIGHBOUR_INDEX: Final = {"kind": "none"}
"""What the manifest says of a bundle whose vectors are so few that every search measures them."""
_VERSION_LENGTH: Final = 24
_READ_BYTES: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class FileDigest:
    """Size in bytes and SHA-256 (hexadecimal) of one file of the bundle."""

    bytes: int
    sha256: str

    @classmethod
    def of(cls, path: Path) -> "FileDigest":
        """Measured from the file itself."""
        digest, size = hashlib.sha256(), 0
        with path.open("rb") as stream:
            while block := stream.read(_READ_BYTES):
                digest.update(block)
                size += len(block)
        return cls(size, digest.hexdigest())


@dataclass(frozen=True, slots=True)
class IndexManifest:
    """Description of one index; ``version`` follows from everything else.

    ``genres`` maps the genres on offer to their number of tracks, in the order of the genre arrays, and
    ``typical_features`` each of them to the median of every continuous feature. ``snapshot`` is the newest in the
    catalogue, ``source`` names where its tracks come from. ``neighbour_index`` is what the adapter needs to open its
    file again, or ``NO_NEIGHBOUR_INDEX``.
    """

    snapshot: str | None
    source: str
    items: int
    artists: int
    dimension: int
    metric: str
    seed: int
    genres: Mapping[str, int]
    typical_features: Mapping[str, Mapping[str, float]]
    feature_space: Mapping[str, Any]
    neighbour_index: Mapping[str, str | int]
    files: Mapping[str, FileDigest]
    format: int = FORMAT

    @property
    def version(self) -> str:
        """Immutable id: the beginning of the SHA-256 of all other fields."""
        return _version_of(_canonical(self._content()))

    def to_json(self) -> str:
        """The manifest file's text; equal manifests give equal text."""
        return json.dumps(self._content() | {"version": self.version}, indent=1, sort_keys=True) + "\n"

    def _content(self) -> dict[str, Any]:
        # Genres go into a list, because sorting keys would lose the order that the genre arrays follow.
        content = {field.name: getattr(self, field.name) for field in fields(self)}
        content["genres"] = [list(genre) for genre in self.genres.items()]
        content["files"] = {name: asdict(digest) for name, digest in self.files.items()}
        return content

    @classmethod
    def from_json(cls, text: str) -> "IndexManifest":
        """Raises ``IndexCorrupt`` unless every field is there, none is unknown, and the version fits them."""
        try:
            values = json.loads(text)
            if values.get("format") != FORMAT:
                raise IndexCorrupt(
                    f"The index has format {values.get('format')!r}; this version reads {FORMAT}. Build it anew."
                )
            stated = values.pop("version")
            content = _canonical(values)
            if set(values) != {field.name for field in fields(cls)}:
                raise ValueError("fields are missing or unknown")
            values["genres"] = {str(name): int(count) for name, count in values["genres"]}
            values["typical_features"] = {
                str(genre): {name: float(typical[name]) for name in CONTINUOUS_FEATURES}
                for genre, typical in values["typical_features"].items()
            }
            values["files"] = {name: FileDigest(**digest) for name, digest in values["files"].items()}
            manifest = cls(**values)
            # Conversion must not forgive what the hash would not: 5.9 or "5" for 5, or a genre named twice.
            if _canonical(manifest._content()) != content:
                raise ValueError("fields have other types than this version writes")
            actual = _version_of(content)
        except (ValueError, TypeError, KeyError, AttributeError, ArithmeticError, RecursionError) as error:
            raise IndexCorrupt(f"The manifest cannot be read ({error}). Build the index anew.") from error
        if stated != actual:
            raise IndexCorrupt(f"The manifest says version {stated!r} but its content is {actual}. Build it anew.")
        return manifest

    @classmethod
    def read(cls, folder: Path) -> "IndexManifest":
        """The manifest of a bundle folder; raises ``IndexCorrupt`` when there is none or it is faulty."""
        try:
            return cls.from_json((folder / MANIFEST_FILE).read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            raise IndexCorrupt(f"The bundle has no readable {MANIFEST_FILE}. Build the index anew.") from error

    def verify_files(self, folder: Path) -> None:
        """Compare size and hash of every file; raises ``IndexCorrupt`` naming the first that differs."""
        verify_files(folder, self.files)


def verify_files(folder: Path, promised: Mapping[str, FileDigest]) -> None:
    """Compare size and hash of these files of a bundle; raises ``IndexCorrupt`` naming the first that differs."""
    for name, digest in promised.items():
        path = folder / name
        if not path.is_file():
            raise IndexCorrupt(f"The bundle lacks {name}. Build the index anew.")
        if path.stat().st_size != digest.bytes or FileDigest.of(path) != digest:
            raise differing(name)


def differing(name: str) -> IndexCorrupt:
    """What is said of a file that is not what the manifest promises."""
    return IndexCorrupt(f"{name} differs from what the manifest promises. Build the index anew.")


def _version_of(canonical: str) -> str:
    return hashlib.sha256(canonical.encode()).hexdigest()[:_VERSION_LENGTH]


def _canonical(content: Mapping[str, Any]) -> str:
    return json.dumps(content, sort_keys=True)
