"""An index store that lives in memory."""

import threading
from collections.abc import Collection, Mapping
from pathlib import Path

from daltonify_core.errors import ActivationConflict, IndexUnavailable
from daltonify_core.index.manifest import MANIFEST_FILE, FileDigest, verify_files
from daltonify_core.ports.index import ActivationState, CurrentIndex


class MemoryIndexStore:
    """Files by version, and a counter as tag."""

    def __init__(self) -> None:
        self.versions: dict[str, dict[str, bytes]] = {}
        self._state = ActivationState(None, None)
        self._activations = 0
        self._lock = threading.Lock()

    def read_state(self) -> ActivationState:
        return self._state

    def upload(self, version: str, bundle: Path) -> None:
        self.versions[version] = {path.name: path.read_bytes() for path in bundle.iterdir()}

    def activate(self, current: CurrentIndex, expected_tag: str | None) -> None:
        if current.version not in self.versions:
            raise IndexUnavailable(f"{current.version} is not stored.")
        with self._lock:
            if self._state.tag != expected_tag:
                raise ActivationConflict("Another build activated an index in the meantime.")
            self._activations += 1
            self._state = ActivationState(current, f"activation {self._activations}")

    def fetch(
        self,
        version: str,
        scratch: Path,
        names: Collection[str] | None = None,
        digests: Mapping[str, FileDigest] | None = None,
    ) -> Path:
        if version not in self.versions:
            raise IndexUnavailable(f"There is no version {version}.")
        scratch.mkdir(parents=True, exist_ok=True)
        for name, content in self.versions[version].items():
            if name in digests if digests is not None else names is None or name in {*names, MANIFEST_FILE}:
                (scratch / name).write_bytes(content)
        if digests is not None:
            verify_files(scratch, digests)
        return scratch

    def prune(self, keep: Collection[str]) -> list[str]:
        current = self.read_state().current
        in_use = {current.version, *current.previous} if current else set()
        stale = sorted(set(self.versions) - set(keep) - in_use)
        for version in stale:
            del self.versions[version]
        return stale
