"""Catalogue and index in folders of one machine: the same ports that S3 serves in the cloud."""

import fcntl
import gzip
import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, TextIO

from daltonify_core.errors import ActivationConflict, IndexCorrupt, IndexUnavailable
from daltonify_core.index.manifest import MANIFEST_FILE, FileDigest
from daltonify_core.ports import ActivationState, CurrentIndex

_POINTER: Final = "current.json"
_LOCK: Final = ".activation.lock"
_PARTIAL_PREFIX: Final = ".upload-"
_PARTIAL_LIFE_SECONDS: Final = 24 * 60 * 60
_SHARD_SUFFIXES: Final = (".csv", ".csv.gz")


class FolderShards:
    """Canonical CSV files anywhere below one folder, or a single file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def names(self) -> list[str]:
        """Paths relative to the folder, sorted; hidden files are passed over."""
        if self._path.is_file():
            return [self._path.name]
        found = (path.relative_to(self._path) for path in self._path.rglob("*") if path.is_file())
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

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read_state(self) -> ActivationState:
        """What is current; the tag is the hash of the pointer file."""
        path = self._folder / _POINTER
        try:
            # Read once: a tag of later bytes would let an activation overwrite one that it never saw.
            content = path.read_bytes()
        except FileNotFoundError:
            return ActivationState(None, None)
        try:
            values = json.loads(content.decode("utf-8"))
            if not isinstance(values["previous"], list):
                raise ValueError("previous is not a list")
            current = CurrentIndex(str(values["version"]), str(values["built_at"]), tuple(map(str, values["previous"])))
        except (ValueError, KeyError, TypeError) as error:
            raise IndexCorrupt(f"{path} is not readable. Remove it and build the index anew.") from error
        return ActivationState(current, hashlib.sha256(content).hexdigest())

    def upload(self, version: str, bundle: Path) -> None:
        """Copy into a temporary folder, then rename: a version folder is always complete."""
        target = self._folder / version
        if target.exists():
            _check_same(target, bundle)
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=_PARTIAL_PREFIX, dir=self._folder) as partial:
            copy = Path(partial) / version
            shutil.copytree(bundle, copy)
            try:
                copy.rename(target)
            except OSError:
                # Somebody else stored the same version in between.
                _check_same(target, bundle)

    def activate(self, current: CurrentIndex, expected_tag: str | None) -> None:
        """Swap the pointer in one rename, under a lock that makes compare and swap one step."""
        if not (self._folder / current.version / MANIFEST_FILE).is_file():
            raise IndexUnavailable(f"Version {current.version} is not stored, so it cannot be activated.")
        values = {"version": current.version, "built_at": current.built_at, "previous": list(current.previous)}
        with self._activation_lock():
            if self.read_state().tag != expected_tag:
                raise ActivationConflict("Another build activated an index in the meantime. Build again.")
            partial = self._folder / f"{_POINTER}.{os.getpid()}"
            partial.write_text(json.dumps(values, indent=1) + "\n", encoding="utf-8")
            partial.replace(self._folder / _POINTER)

    def fetch(self, version: str, scratch: Path) -> Path:
        """The version's own folder; nothing is copied, so ``scratch`` is not needed."""
        folder = self._folder / version
        if not (folder / MANIFEST_FILE).is_file():
            raise IndexUnavailable(f"There is no index version {version} in {self._folder}. Build it anew.")
        return folder

    def prune(self, keep: Collection[str]) -> list[str]:
        """Remove every folder whose manifest bears its name and is not to be kept; anything else is not ours.

        Uploads that broke off a day ago go as well.
        """
        for partial in self._folder.glob(f"{_PARTIAL_PREFIX}*"):
            if time.time() - partial.stat().st_mtime > _PARTIAL_LIFE_SECONDS:
                shutil.rmtree(partial, ignore_errors=True)
        current = self.read_state().current
        # What another build activated in the meantime is not stale, whatever the caller knew.
        in_use = {current.version, *current.previous} if current else set()
        kept = {*keep, *in_use}
        found = (path for path in self._folder.glob(f"*/{MANIFEST_FILE}") if path.parent.name not in kept)
        stale = sorted(path.parent for path in found if _is_version(path))
        for folder in stale:
            shutil.rmtree(folder)
        return [folder.name for folder in stale]

    @contextmanager
    def _activation_lock(self) -> Iterator[None]:
        with (self._folder / _LOCK).open("w") as lock:
            try:
                # The kernel drops the lock when its holder dies, so a crash leaves nothing to clean up.
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise ActivationConflict("Another build is activating an index right now. Build again.") from error
            yield


def _is_version(manifest: Path) -> bool:
    # Older formats are ours as well, so only the one field that all of them have is read; a web page's manifest.json
    # has none.
    try:
        values = json.loads(manifest.read_bytes())
    except (OSError, ValueError):
        return False
    return isinstance(values, dict) and values.get("version") == manifest.parent.name


def _check_same(stored: Path, bundle: Path) -> None:
    for path in bundle.iterdir():
        copy = stored / path.name
        if not copy.is_file() or FileDigest.of(copy) != FileDigest.of(path):
            raise IndexCorrupt(f"{stored} is stored with other content. Remove that folder and build the index anew.")
