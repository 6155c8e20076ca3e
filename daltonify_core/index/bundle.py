"""The bundle: one folder that holds an index, and what a reader checks before trusting it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from daltonify_core.catalogue.audio_features import AudioFeatures
from daltonify_core.errors import IndexCorrupt, InvalidTrack
from daltonify_core.index.array_file import load_arrays
from daltonify_core.index.candidate_search import CandidateSearch, SearchSettings
from daltonify_core.index.feature_space import ArtistSound, FeatureSpace
from daltonify_core.index.items import ItemArrays, Items, load_array
from daltonify_core.index.manifest import METRIC, NO_NEIGHBOUR_INDEX, IndexManifest
from daltonify_core.index.pools import GenreColumns, Pool
from daltonify_core.ports.index import NeighbourIndex, NeighbourIndexFormat, TrackStore, TrackStoreFormat

VECTORS_FILE: Final = "vectors.npy"
TRACKS_FILE: Final = "tracks.sqlite"
TRACK_IDS_FILE: Final = "track_ids.npy"
"""By themselves, because of the index before the current one they are all that is read."""
ARRAYS_FILE: Final = "arrays.bin"
NEIGHBOURS_FILE: Final = "all.ann"


def files_of(neighbour_index: Mapping[str, str | int]) -> list[str]:
    """Names of the files of a bundle whose manifest says this of its neighbour index, sorted."""
    names = [VECTORS_FILE, TRACKS_FILE, TRACK_IDS_FILE, ARRAYS_FILE]
    return sorted(names if neighbour_index == NO_NEIGHBOUR_INDEX else [*names, NEIGHBOURS_FILE])


@dataclass(frozen=True, slots=True)
class LoadedIndex:
    """An index that passed every check and answers queries. Close it when a newer one takes its place."""

    manifest: IndexManifest
    version: str
    space: FeatureSpace
    vectors: NDArray[Any]
    arrays: ItemArrays
    columns: GenreColumns
    tracks: TrackStore
    search: CandidateSearch

    @property
    def genres(self) -> tuple[str, ...]:
        """Genres on offer; a genre's place is its number in the arrays."""
        return tuple(self.manifest.genres)

    def pool(self, genres: Iterable[int], low: int, high: int) -> Pool:
        """The items of these genres, by number, whose own number lies in ``low <= item < high``, each once."""
        return self.columns.pool(self.arrays, genres, low, high)

    def pool_of(self, items: Items) -> Pool:
        """A pool of any items, which must be ascending."""
        return Pool.of(items, self.arrays)

    def typical_features(self, genre: str) -> AudioFeatures:
        """The median of each continuous feature in a genre on offer; raises ``KeyError`` for any other."""
        return AudioFeatures(**self.manifest.typical_features[genre])  # type: ignore[arg-type]

    def sound_of_artist(self, artist: int, seed: int | None) -> ArtistSound | None:
        """What the index holds by an artist as the main one, with ``seed`` being an item of theirs, or ``None``."""
        items = self.arrays.items_by(artist)
        items = items[self.arrays.credit_artists[self.arrays.credit_offsets[items]] == artist]
        if len(items) == 0:
            return None
        total = self.vectors[items].sum(axis=0, dtype=np.float64)
        return ArtistSound(total / len(items), len(items), seed is not None and seed in items)

    def close(self) -> None:
        """Release the track store; memory-mapped arrays go with the last reference."""
        self.tracks.close()


def load_bundle(
    folder: Path,
    version: str,
    neighbour_format: NeighbourIndexFormat,
    track_format: TrackStoreFormat,
    search_settings: SearchSettings | None = None,
    checked: IndexManifest | None = None,
) -> LoadedIndex:
    """Open the bundle in ``folder``, which must be ``version``.

    ``checked`` is a manifest with which every file was compared as it was fetched; neither it nor they are read again.
    Checked are: format, version, the list of files, size and SHA-256 of each, metric, dimension, item, artist and
    genre counts of every part (Annoy opens a wrong file silently), and that numbering and metadata agree. Raises
    ``IndexCorrupt`` naming the first check that fails.
    """
    manifest = checked or IndexManifest.read(folder)
    if manifest.version != version:
        raise IndexCorrupt(f"The bundle is version {manifest.version}, not {version}.")
    if sorted(manifest.files) != files_of(manifest.neighbour_index):
        raise IndexCorrupt("The manifest lists other files than this version reads. Build the index anew.")
    built_with, read_with = manifest.neighbour_index, neighbour_format.describe()
    has_neighbours = built_with != NO_NEIGHBOUR_INDEX
    is_foreign = has_neighbours and any(built_with.get(name) != read_with[name] for name in ("kind", "metric"))
    if manifest.metric != METRIC or is_foreign:
        raise IndexCorrupt("The neighbour index was built with another metric or library. Build the index anew.")
    if checked is None:
        manifest.verify_files(folder)
    try:
        space = FeatureSpace.from_dict(manifest.feature_space)
        vectors = load_array(folder / VECTORS_FILE)
        arrays, columns = _load_arrays(folder)
        for typical in manifest.typical_features.values():
            AudioFeatures.from_mapping(typical)
    except (InvalidTrack, ValueError, TypeError, KeyError, ArithmeticError, RecursionError, OSError, EOFError) as error:
        raise IndexCorrupt(f"The index holds a part that cannot be read: {error}. Build it anew.") from error
    if manifest.dimension != space.dimension or vectors.shape != (manifest.items, manifest.dimension):
        raise IndexCorrupt(f"Vectors have shape {vectors.shape}; the manifest says {manifest.items} items.")
    faults = arrays.faults({"items": manifest.items, "artists": manifest.artists, "genres": len(manifest.genres)})
    faults = faults or columns.faults(len(arrays.genre_items), manifest.dimension)
    if faults:
        raise IndexCorrupt(f"The index contradicts its manifest: {faults[0]}.")
    if set(manifest.typical_features) != set(manifest.genres):
        raise IndexCorrupt("The manifest gives typical features of other genres than are on offer. Build it anew.")
    if np.diff(arrays.genre_offsets).tolist() != list(manifest.genres.values()):
        raise IndexCorrupt("The manifest gives other numbers of tracks per genre than the index holds.")
    neighbours = None
    if has_neighbours:
        neighbours = neighbour_format.open(folder / NEIGHBOURS_FILE, manifest.dimension, built_with)
        _check_neighbours(neighbours, vectors)
    tracks = track_format.open(folder / TRACKS_FILE)
    try:
        _check_tracks(tracks, arrays, manifest)
    except IndexCorrupt:
        tracks.close()
        raise
    search = CandidateSearch(space, vectors, arrays, neighbours, search_settings)
    return LoadedIndex(manifest, version, space, vectors, arrays, columns, tracks, search)


def _load_arrays(folder: Path) -> tuple[ItemArrays, GenreColumns]:
    columns = GenreColumns.names()
    named = load_arrays(folder / ARRAYS_FILE, {*ItemArrays.names(), *columns} - {"track_ids"})
    of_genres = GenreColumns(**{name: named.pop(name) for name in columns})
    return ItemArrays(track_ids=load_array(folder / TRACK_IDS_FILE), **named), of_genres


def _check_neighbours(neighbours: NeighbourIndex, vectors: NDArray[Any]) -> None:
    """Annoy opens files of some other metrics and dimensions with the right count, and then reads past their end."""
    if len(neighbours) != len(vectors):
        raise IndexCorrupt(f"The neighbour index holds {len(neighbours)} items; the manifest says {len(vectors)}.")
    for item in {0, len(vectors) // 2, len(vectors) - 1}:
        if not np.array_equal(neighbours.vector(item), vectors[item]):
            raise IndexCorrupt("The neighbour index holds other vectors than the index. Build the index anew.")


def _check_tracks(tracks: TrackStore, arrays: ItemArrays, manifest: IndexManifest) -> None:
    if tracks.count() != (manifest.items, manifest.artists):
        raise IndexCorrupt("The track store holds another number of tracks or artists than the manifest says.")
    ends = [0, manifest.items - 1]
    if [track.track_id for track in tracks.tracks(ends)] != [arrays.track_ids[item].decode() for item in ends]:
        raise IndexCorrupt("The track store numbers its tracks differently from the arrays.")
