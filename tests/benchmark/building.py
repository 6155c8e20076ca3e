"""One build in a process of its own: seconds and peak memory of each phase. Prints its figures as JSON.

Seconds are what passed; processor seconds are those of all threads, and what a busy machine does not change.

    python -m tests.benchmark.building CATALOGUE FOLDER
"""

import json
import shutil
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from daltonify_core.adapters.annoy_index import AnnoyFormat
from daltonify_core.adapters.local_folder import FolderIndexStore, FolderShards
from daltonify_core.adapters.sqlite_tracks import SqliteTracksFormat
from daltonify_core.ports.index import CurrentIndex
from daltonify_core.use_cases.build_index import build_index
from tests.benchmark.memory import forget_peak, peak_bytes


class Phases:
    """Seconds and peak memory by phase; a phase ends when another one begins."""

    def __init__(self) -> None:
        self._name = "start"
        self._began = self._first = time.perf_counter()
        self._processor = 0.0
        self._found: dict[str, dict[str, float]] = {}

    def begin(self, name: str) -> None:
        if name == self._name:
            return
        now = time.perf_counter()
        phase = self._found.setdefault(self._name, {"seconds": 0.0, "processor_seconds": 0.0, "peak_bytes": 0.0})
        phase["seconds"] += now - self._began
        phase["processor_seconds"] += time.process_time() - self._processor
        phase["peak_bytes"] = max(phase["peak_bytes"], peak_bytes())
        self._name, self._began, self._processor = name, now, time.process_time()
        forget_peak()

    def progress(self, phase: str, done: int, total: int) -> None:
        """What ``build_index`` calls. Of two phases at the same time the one that began later gets the time."""
        if not (done == total and phase in self._found):
            self.begin(phase)

    def end(self) -> dict[str, Any]:
        self.begin("")
        return {
            "seconds": time.perf_counter() - self._first,
            "processor_seconds": sum(phase["processor_seconds"] for phase in self._found.values()),
            "peak_bytes": max(phase["peak_bytes"] for phase in self._found.values()),
            "phases": self._found,
        }


class _WatchedStore(FolderIndexStore):
    """A folder for indexes that tells when a build comes to it."""

    def __init__(self, folder: Path, phases: Phases) -> None:
        super().__init__(folder)
        self._phases = phases

    def upload(self, version: str, bundle: Path) -> None:
        self._phases.begin("upload")
        super().upload(version, bundle)

    def fetch(self, version: str, scratch: Path, *arguments: Any, **named: Any) -> Path:
        self._phases.begin("verify")
        return super().fetch(version, scratch, *arguments, **named)

    def activate(self, current: CurrentIndex, expected_tag: str | None) -> None:
        self._phases.begin("activate")
        super().activate(current, expected_tag)


def main() -> None:
    catalogue, folder = map(Path, sys.argv[1:])
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    work = folder / "work"
    work.mkdir()
    phases = Phases()
    report = build_index(
        FolderShards(catalogue), _WatchedStore(folder, phases), AnnoyFormat(), SqliteTracksFormat(), datetime.now(UTC),
        phases.progress, work_folder=work,
    )  # fmt: skip
    found = phases.end()
    work.rmdir()
    size = sum(file.bytes for file in report.manifest.files.values())
    found |= {
        "tracks": report.manifest.items,
        "bundle_bytes": size,
        "files": {name: file.bytes for name, file in report.manifest.files.items()},
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main()
