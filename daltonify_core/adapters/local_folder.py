"""Catalogue and index in folders of one machine: the same ports that S3 serves in the cloud."""

import fcntl
import gzip
import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final, TextIO

from daltonify_core.errors import ActivationConflict, IndexUnavailable, PointerCorrupt
from daltonify_core.index.manifest import MANIFEST_FILE, FileDigest, verify_files
from daltonify_core.index.pointer import POINTER_FILE, pointer_from_json, pointer_to_json
from daltonify_core.ports.index import ActivationState, CurrentIndex

_LOCK: Final = ".activation.lock"
_PARTIAL_PREFIX: Final = ".upload-"
_UPLOAD_GRACE_SECONDS: Final = 60 * 60
_SHARD_SUFFIXES: Final = (".csv", ".csv.gz")


class FolderShards:
    """Canonical CSV files anywhere below one folder, or a single file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def names(self) -> list[str]:
        """Paths relative to the folder, sorted; hidden files are passed over."""
        if self._path.is_file():
            return [self._path.name]
        # A folder that cannot be read raises: leaving out its shards unseen would shrink the index.
        walked = self._path.walk(on_error=_raise) if self._path.exists() else ()
        found = [(folder / name).relative_to(self._path) for folder, _, names in walked for name in names]
        return sorted(
            path.as_posix()
            for path in found
            if path.name.endswith(_SHARD_SUFFIXES) and not any(part.startswith(".") for part in path.parts)
        )

    @contextmanager
    def open(self, name: str) -> Iterator[TextIO]:
        """The text of one shard."""
        path = self._path if self._path.is_file() else self._path / name
        if name.endswith(".gz"):
            with gzip.open(path, "rt", encoding="utf-8", newline="") as stream:
                yield stream
        else:
            with path.open(encoding="utf-8", newline="") as stream:
                yield stream


class FolderIndexStore:
    """Index versions as folders, with ``current.json`` beside them."""

    def __init__(self, folder: Path, upload_grace_seconds: float = _UPLOAD_GRACE_SECONDS) -> None:
        self._folder = folder
        # What was stored so recently may belong to a build that has yet to activate it.
        self._upload_grace_seconds = upload_grace_seconds

    def read_state(self) -> ActivationState:
        """What is current; the tag is the hash of the pointer file."""
        path = self._folder / POINTER_FILE
        try:
            # Read once: a tag of later bytes would let an activation overwrite one that it never saw.
            content = path.read_bytes()
        except FileNotFoundError:
            return ActivationState(None, None)
        tag = hashlib.sha256(content).hexdigest()
        return ActivationState(pointer_from_json(content, tag, str(path)), tag)

    def upload(self, version: str, bundle: Path) -> None:
        """Copy into a temporary folder, then rename: a version folder is always complete."""
        target = self._folder / version
        if target.exists() and _is_same(target, bundle):
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=_PARTIAL_PREFIX, dir=self._folder) as partial:
            copy = Path(partial) / version
            shutil.copytree(bundle, copy)
            if target.exists():
                # Not what was built under this name, so it was damaged since; readers that hold it keep their files.
                target.rename(Path(partial) / "damaged")
            try:
                copy.rename(target)
            except OSError:
                # Somebody else may have stored the same version in between.
                if not (target.exists() and _is_same(target, bundle)):
                    raise

    def activate(self, current: CurrentIndex, expected_tag: str | None) -> None:
        """Swap the pointer in one rename, under a lock that makes compare and swap one step."""
        with self._activation_lock():
            if self._tag(expected_tag) != expected_tag:
                raise ActivationConflict("Another build activated an index in the meantime. Build again.")
            if not (self._folder / current.version / MANIFEST_FILE).is_file():
                raise IndexUnavailable(f"Version {current.version} is not stored, so it cannot be activated.")
            partial = self._folder / f"{POINTER_FILE}.{os.getpid()}"
            with partial.open("w", encoding="utf-8") as stream:
                stream.write(pointer_to_json(current))
                stream.flush()
                os.fsync(stream.fileno())
            partial.replace(self._folder / POINTER_FILE)

    def _tag(self, expected: str | None) -> str | None:
        try:
            return self.read_state().tag
        except PointerCorrupt as damage:
            # Whoever saw the damage may mend it.
            if damage.tag != expected:
                raise
            return damage.tag

    def fetch(
        self,
        version: str,
        scratch: Path,
        names: Collection[str] | None = None,
        digests: Mapping[str, FileDigest] | None = None,
    ) -> Path:
        """The version's own folder; nothing is copied, so neither ``scratch`` nor ``names`` is needed."""
        folder = self._folder / version
        if not (folder / MANIFEST_FILE).is_file():
            raise IndexUnavailable(f"There is no index version {version} in {self._folder}. Build it anew.")
        if digests is not None:
            verify_files(folder, digests)
        return folder

    def prune(self, keep: Collection[str]) -> list[str]:
        """Remove every folder whose manifest bears its name and is not to be kept; anything else is not ours.

        Uploads that broke off go as well. Nothing goes that was stored within the last hour, because a build that runs
        at the same time may be about to activate it.
        """
        if not self._folder.exists():
            return []
        try:
            return self._prune_locked(keep)
        except ActivationConflict:
            # Another build is activating and will prune in its turn; ours is done already.
            return []

    def _prune_locked(self, keep: Collection[str]) -> list[str]:
        with self._activation_lock():
            current = self.read_state().current
            # What another build activated in the meantime is not stale, whatever the caller knew.
            kept = {*keep, *((current.version, *current.previous) if current else ())}
            versions = (path.parent for path in self._folder.glob(f"*/{MANIFEST_FILE}") if _is_version(path))
            stale = sorted(path for path in versions if path.name not in kept and self._is_settled(path))
            for folder in stale:
                shutil.rmtree(folder)
            for folder in filter(self._is_settled, self._folder.glob(f"{_PARTIAL_PREFIX}*")):
                shutil.rmtree(folder, ignore_errors=True)
        return [folder.name for folder in stale]

    def _is_settled(self, folder: Path) -> bool:
        try:
            return time.time() - folder.stat().st_mtime >= self._upload_grace_seconds
        except FileNotFoundError:
            # Another build has just finished with it.
            return False

    @contextmanager
    def _activation_lock(self) -> Iterator[None]:
        with (self._folder / _LOCK).open("w") as lock:
            try:
                # The kernel drops the lock when its holder dies, so a crash leaves nothing to clean up.
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise ActivationConflict("Another build is activating an index right now. Build again.") from error
            yield


def _raise(error: OSError) -> None:
    raise error


def _is_version(manifest: Path) -> bool:
    # Older formats are ours as well, so only the one field that all of them have is read; a web page's manifest.json
    # has none.
    try:
        values = json.loads(manifest.read_bytes())
    except (OSError, ValueError):
        return False
    return isinstance(values, dict) and values.get("version") == manifest.parent.name


def _is_same(stored: Path, bundle: Path) -> bool:
    files = [(stored / path.name, path) for path in bundle.iterdir()]
    return all(copy.is_file() and FileDigest.of(copy) == FileDigest.of(path) for copy, path in files)
