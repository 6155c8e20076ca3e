"""Read the current index for a service that keeps running: the last good one serves until a better one is ready."""

import shutil
import threading
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from daltonify_core.catalogue.links import is_spotify_id
from daltonify_core.errors import DaltonifyError, IndexCorrupt, IndexUnavailable
from daltonify_core.index.bundle import TRACK_IDS_FILE, LoadedIndex, load_bundle
from daltonify_core.index.items import load_array
from daltonify_core.index.manifest import IndexManifest
from daltonify_core.ports.index import CurrentIndex, IndexStore, NeighbourIndexFormat, TrackStoreFormat
from daltonify_core.ports.surroundings import Clock
from daltonify_core.use_cases.recommend import Recommender

UNKNOWN_SOURCE: Final = "unknown"
"""What rows without a source are called, as in the manifest."""

_COPY: Final = "index-"
_MANIFEST_COPY: Final = "manifest-"
_OLDER_COPY: Final = "older-"

_RETRY: Final = timedelta(seconds=5)
"""How soon to look again while there is nothing to serve: every request fails until then."""
_REFUSED_RETRY: Final = timedelta(minutes=10)
"""How soon to copy a version again that was refused: it is large, and will hardly have been mended in place."""
_RETIRED_FOR: Final = timedelta(seconds=60)
"""How long a replaced index stays open for a request that holds it; API Gateway ends every request after 30 s."""


@dataclass(frozen=True, slots=True)
class _OlderIndex:
    """What is remembered of the index before the current one; no ids when it cannot be read until ``retry_at``."""

    version: str
    track_ids: NDArray[np.bytes_]
    source: str
    retry_at: datetime | None = None


def free_bytes_of(folder: Path) -> int:
    """Free space on the disk of a folder."""
    return shutil.disk_usage(folder).free


class IndexReader:
    """Gives the recommender of the current index and follows the pointer to newer ones.

    The pointer is read at most every ``check_seconds`` of ``clock``. A check that fails, and a version that fails its
    checks or does not fit into ``scratch``, leave the old index serving; ``on_fault`` hears of each fault once, and
    again only after a check went well in between. ``scratch`` belongs to one reader at a time: copies that it finds
    there at its first check are leftovers and go.
    """

    def __init__(
        self,
        store: IndexStore,
        neighbour_format: NeighbourIndexFormat,
        track_format: TrackStoreFormat,
        scratch: Path,
        clock: Clock,
        check_seconds: float = 60,
        free_bytes: Callable[[Path], int] = free_bytes_of,
        on_fault: Callable[[DaltonifyError], None] = lambda _: None,
    ) -> None:
        self._store = store
        self._neighbour_format = neighbour_format
        self._track_format = track_format
        self._scratch = scratch
        self._clock = clock
        self._check_every = timedelta(seconds=check_seconds)
        self._free_bytes = free_bytes
        self._on_fault = on_fault
        # A function answers one request at a time, but one machine's front door may answer several.
        self._lock = threading.RLock()
        self._serving: tuple[CurrentIndex, Recommender] | None = None
        self._retired: list[tuple[datetime, LoadedIndex]] = []
        self._next_check: datetime | None = None
        self._fault: DaltonifyError | None = None
        self._told: set[str] = set()
        self._told_of_older: set[str] = set()
        self._refused: tuple[str, datetime, DaltonifyError] | None = None
        self._older: _OlderIndex | None = None

    def recommender(self) -> Recommender:
        """The recommender of the newest good index, which stays usable for a minute after it was replaced.

        Raises ``IndexUnavailable`` when there is nothing good to serve.
        """
        with self._lock:
            now = self._clock()
            self._close_retired(now)
            if self._next_check is None or now >= self._next_check:
                self._check(now)
            if self._serving is None:
                raise IndexUnavailable(self._fault.message if self._fault else _NO_INDEX) from self._fault
            return self._serving[1]

    def sources_of(self, track_ids: Collection[str]) -> dict[str, str]:
        """Where the catalogue has each track from, for those that the current index or the one before it knows.

        Of the index before, only ids are read, so its tracks get what its manifest says of all of them together.
        Raises ``IndexUnavailable`` when there is nothing good to serve.
        """
        with self._lock:
            index = self.recommender().index
            found = index.tracks.find(list(track_ids))
            tracks = index.tracks.tracks(list(found.values()))
            sources = {track.track_id: track.source or UNKNOWN_SOURCE for track in tracks}
            missing = [track_id for track_id in track_ids if track_id not in sources and is_spotify_id(track_id)]
            older = self._older_index() if missing else None
            if older is not None:
                known = np.isin(np.array(missing, dtype=np.bytes_), older.track_ids)
                sources |= {
                    track_id: older.source for track_id, is_known in zip(missing, known, strict=True) if is_known
                }
            return sources

    def close(self) -> None:
        """Close every index that is open."""
        with self._lock:
            for _, index in self._retired:
                index.close()
            if self._serving is not None:
                self._serving[1].index.close()
            self._retired, self._serving, self._next_check = [], None, None

    def _check(self, now: datetime) -> None:
        if self._next_check is None:
            self._remove_copies_but(None)
        try:
            self._follow(now)
        except DaltonifyError as error:
            self._fault = error
            self._tell(error, self._told)
        else:
            self._fault = None
            self._told.clear()
        # From after the work, which may have taken longer than the interval.
        wait = self._check_every if self._serving else min(self._check_every, _RETRY)
        self._next_check = max(now, self._clock()) + wait

    def _follow(self, now: datetime) -> None:
        state = self._store.read_state()
        if state.current is None:
            raise IndexUnavailable(_NO_INDEX)
        if self._serving is not None:
            current, recommender = self._serving
            if state.current == current:
                return
            if state.current.version == current.version:
                # The same content built again: nothing to fetch, and only its age changes.
                self._serving = (state.current, Recommender(recommender.index, state.current.built_at))
                return
        if self._serving is not None and self._refused is not None:
            tag, until, fault = self._refused
            if tag == state.tag and now < until:
                raise fault
        try:
            index = self._load(state.current.version)
        except IndexCorrupt as error:
            self._refused = (str(state.tag), self._clock() + _REFUSED_RETRY, error)
            raise
        self._refused = None
        if self._serving is not None:
            # A request may still hold it; its mapped and open files live on when their names are removed.
            self._retired.append((self._clock() + _RETIRED_FOR, self._serving[1].index))
        self._serving = (state.current, Recommender(index, state.current.built_at))
        self._remove_copies_but(self._folder_of(state.current.version))

    def _load(self, version: str) -> LoadedIndex:
        try:
            self._scratch.mkdir(parents=True, exist_ok=True)
            manifest = self._read_manifest(version)
            self._check_room(manifest)
            return self._load_copy(version, manifest)
        except OSError as error:
            raise IndexUnavailable(f"Temporary storage at {self._scratch} fails: {error.strerror or error}.") from error

    def _check_room(self, manifest: IndexManifest) -> None:
        needed = sum(file.bytes for file in manifest.files.values())
        free = self._free_bytes(self._scratch)
        if needed > free:
            raise IndexUnavailable(
                f"Index {manifest.version} needs {_megabytes(needed)} of temporary storage and {_megabytes(free)} are "
                "free. Give the function more."
            )

    def _load_copy(self, version: str, manifest: IndexManifest) -> LoadedIndex:
        folder = self._folder_of(version)
        try:
            bundle = self._store.fetch(version, folder, digests=manifest.files)
            return load_bundle(bundle, version, self._neighbour_format, self._track_format, checked=manifest)
        except (DaltonifyError, OSError):
            shutil.rmtree(folder, ignore_errors=True)
            raise

    def _read_manifest(self, version: str) -> IndexManifest:
        """The manifest alone, which is small."""
        folder = self._scratch / f"{_MANIFEST_COPY}{version}"
        try:
            manifest = IndexManifest.read(self._store.fetch(version, folder, ()))
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        if manifest.version != version:
            raise IndexCorrupt(f"The bundle is version {manifest.version}, not {version}.")
        return manifest

    def _older_index(self) -> _OlderIndex | None:
        """The index before the current one, fetched when it is first asked for; ``None`` when there was none."""
        if self._serving is None or not self._serving[0].previous:
            return None
        version, now = self._serving[0].previous[0], self._clock()
        known = self._older
        if known is None or known.version != version or (known.retry_at is not None and now >= known.retry_at):
            try:
                known = self._read_older(version)
            except DaltonifyError as error:
                self._tell(error, self._told_of_older)
                nothing = np.empty(0, dtype="S22")
                known = _OlderIndex(version, nothing, UNKNOWN_SOURCE, now + max(self._check_every, _RETRY))
            self._older = known
        return known

    def _read_older(self, version: str) -> _OlderIndex:
        folder = self._scratch / f"{_OLDER_COPY}{version}"
        try:
            manifest = self._read_manifest(version)
            digests = {TRACK_IDS_FILE: manifest.files[TRACK_IDS_FILE]}
            track_ids: NDArray[Any] = load_array(self._store.fetch(version, folder, digests=digests) / TRACK_IDS_FILE)
        except (OSError, ValueError, KeyError) as error:
            raise IndexUnavailable(f"{TRACK_IDS_FILE} of index {version} cannot be read: {error}.") from error
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        return _OlderIndex(version, track_ids, manifest.source)

    def _tell(self, fault: DaltonifyError, told: set[str]) -> None:
        if fault.message not in told:
            told.add(fault.message)
            self._on_fault(fault)

    def _close_retired(self, now: datetime) -> None:
        for until, index in self._retired:
            if now >= until:
                index.close()
        self._retired = [(until, index) for until, index in self._retired if now < until]

    def _folder_of(self, version: str) -> Path:
        return self._scratch / f"{_COPY}{version}"

    def _remove_copies_but(self, kept: Path | None) -> None:
        for prefix in (_COPY, _MANIFEST_COPY, _OLDER_COPY):
            for path in self._scratch.glob(f"{prefix}*"):
                if path != kept:
                    shutil.rmtree(path, ignore_errors=True)


_NO_INDEX: Final = "There is no index yet. Bring a catalogue in and build one."


def _megabytes(count: int) -> str:
    return f"{count / 1_000_000:,.1f} MB"
