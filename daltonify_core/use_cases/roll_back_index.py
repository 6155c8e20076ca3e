"""Make an older index current again, when what a build activated turns out to be worse than what it replaced."""

from dataclasses import dataclass
from pathlib import Path

from daltonify_core.errors import IndexCorrupt, IndexUnavailable, InvalidQuery
from daltonify_core.index.bundle import load_bundle
from daltonify_core.index.manifest import IndexManifest
from daltonify_core.ports.index import ActivationState, CurrentIndex, IndexStore, NeighbourIndexFormat, TrackStoreFormat


@dataclass(frozen=True, slots=True)
class KeptIndex:
    """A version that the pointer names; without a ``manifest`` it cannot be gone back to, and ``fault`` says why."""

    version: str
    is_current: bool
    manifest: IndexManifest | None
    fault: str | None = None


def kept_indexes(store: IndexStore, scratch: Path) -> list[KeptIndex]:
    """The current index and those before it, newest first, read from their manifests alone.

    Raises ``IndexUnavailable`` when there is no index, ``PointerCorrupt`` when nobody knows which is current.
    """
    current = _current(store.read_state())
    kept = []
    for version in (current.version, *current.previous):
        try:
            manifest = IndexManifest.read(store.fetch(version, scratch / version, ()))
        except (IndexUnavailable, IndexCorrupt) as error:
            kept.append(KeptIndex(version, version == current.version, None, error.message))
        else:
            kept.append(KeptIndex(version, version == current.version, manifest))
    return kept


def roll_back_index(
    store: IndexStore,
    neighbour_format: NeighbourIndexFormat,
    track_format: TrackStoreFormat,
    wanted: str,
    scratch: Path,
) -> CurrentIndex:
    """Make the version that ``wanted`` names, or begins, current; naming the current one changes nothing.

    The bundle is copied and checked first, as a build does it. The one that was current is the first to go forward to
    again. Its ``built_at`` stays: no store remembers when the older one was built, and a later time would hide how old
    it is.

    Raises ``InvalidQuery`` when ``wanted`` names no version or several, ``IndexUnavailable`` or ``IndexCorrupt`` when
    that version cannot serve, ``ActivationConflict`` when another index was activated meanwhile; nothing changes then.
    """
    state = store.read_state()
    current = _current(state)
    versions = (current.version, *current.previous)
    matching = [version for version in versions if wanted and version.startswith(wanted)]
    if len(matching) != 1:
        what = "names no index that is kept" if not matching else "is the beginning of several"
        raise InvalidQuery(f"{wanted!r} {what}. Kept are {', '.join(versions)}; the first is current.")
    (version,) = matching
    if version == current.version:
        return current
    loaded = load_bundle(store.fetch(version, scratch / version), version, neighbour_format, track_format)
    loaded.close()
    others = tuple(other for other in versions if other != version)
    now_current = CurrentIndex(version, current.built_at, others)
    store.activate(now_current, state.tag)
    return now_current


def _current(state: ActivationState) -> CurrentIndex:
    if state.current is None:
        raise IndexUnavailable("There is no index yet, so there is none to go back to.")
    return state.current
