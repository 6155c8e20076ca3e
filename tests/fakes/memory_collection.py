"""The files of a collection in memory, failing as they are told to."""

import hashlib
from collections.abc import Mapping

from daltonify_core.errors import CollectionConflict
from daltonify_core.ports.catalogue import CollectionFile
from tests.fakes.faults import FaultPlan


class MemoryCollection:
    """``files`` holds contents by name; ``faults`` strikes ``names``, ``read`` and ``write``."""

    def __init__(self, files: Mapping[str, bytes] | None = None) -> None:
        self.files = dict(files or {})
        self.faults = FaultPlan()

    def names(self) -> list[str]:
        with self.faults.step("names"):
            return sorted(self.files)

    def read(self, name: str) -> CollectionFile | None:
        with self.faults.step("read"):
            return self._stored(name)

    def write(self, name: str, content: bytes, expected_tag: str | None) -> None:
        with self.faults.step("write"):
            stored = self._stored(name)
            if stored is not None and stored.content == content:
                return
            if (stored.tag if stored else None) != expected_tag:
                raise CollectionConflict(f"{name} was changed in the meantime.")
            self.files[name] = content

    def _stored(self, name: str) -> CollectionFile | None:
        content = self.files.get(name)
        return None if content is None else CollectionFile(content, hashlib.sha256(content).hexdigest())
