"""Collected tracks in a folder of one machine."""

import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from daltonify_core.errors import CollectionConflict
from daltonify_core.ports.catalogue import CollectionFile

_LOCK: Final = ".collection.lock"
_UNFINISHED: Final = ".part"


class FolderCollection:
    """Files of one folder, which is made by the first write. What the operating system refuses is an ``OSError``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def names(self) -> list[str]:
        """Names of the files, sorted; those of unfinished writes are not among them."""
        try:
            found = [entry.name for entry in self._folder.iterdir() if entry.is_file()]
        except FileNotFoundError:
            return []
        return sorted(name for name in found if name != _LOCK and not name.endswith(_UNFINISHED))

    def read(self, name: str) -> CollectionFile | None:
        """The file; its tag is the hash of its content."""
        try:
            content = (self._folder / name).read_bytes()
        except FileNotFoundError:
            return None
        return CollectionFile(content, hashlib.sha256(content).hexdigest())

    def write(self, name: str, content: bytes, expected_tag: str | None) -> None:
        """Write beside the file, then rename, under a lock that makes compare and replace one step."""
        self._folder.mkdir(parents=True, exist_ok=True)
        with self._lock():
            stored = self.read(name)
            if stored is not None and stored.content == content:
                return
            if (stored.tag if stored else None) != expected_tag:
                raise CollectionConflict(f"{self._folder / name} was changed by another run in the meantime. Go on.")
            # Nobody else writes under the lock, so whatever is unfinished belongs to a run that was killed.
            for left in self._folder.glob(f".*{_UNFINISHED}"):
                left.unlink()
            unfinished = self._folder / f".{name}{_UNFINISHED}"
            with unfinished.open("wb") as raw:
                raw.write(content)
                raw.flush()
                os.fsync(raw.fileno())
            unfinished.replace(self._folder / name)
            self._settle_names()

    def _settle_names(self) -> None:
        # Else a power cut could take back a rename that a later one was built on.
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    @contextmanager
    def _lock(self) -> Iterator[None]:
        with (self._folder / _LOCK).open("w") as lock:
            # Held for one small file, and the kernel drops it when its holder dies.
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
