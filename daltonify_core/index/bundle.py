"""The bundle: one folder that holds an index, and what a reader checks before trusting it."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from daltonify_core.catalogue.audio_features import AudioFeatures
from daltonify_core.errors import IndexCorrupt, InvalidTrack
from daltonify_core.index.candidate_search import CandidateSearch, SearchSettings
from daltonify_core.index.feature_space import ArtistSound, FeatureSpace
from daltonify_core.index.items import ItemArrays, Items, load_array
from daltonify_core.index.manifest import METRIC, IndexManifest
from daltonify_core.index.pools import GenreColumns, Pool
from daltonify_core.ports import NeighbourIndex, NeighbourIndexFormat, TrackStore, TrackStoreFormat

VECTORS_FILE: Final = "vectors.npy"
TRACKS_FILE: Final = "tracks.sqlite"
NEIGHBOURS_FILE: Final = "all.ann"
BUNDLE_FILES: Final = (
    VECTORS_FILE,
    TRACKS_FILE,
    NEIGHBOURS_FILE,
    *ItemArrays.file_names(),
    *GenreColumns.file_names(),
)


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
        mean = self.vectors[items].astype(np.float64).mean(axis=0)
        return ArtistSound(mean, len(items), seed is not None and bool(np.any(items == seed)))

    def close(self) -> None:
        """Release the track store; memory-mapped arrays go with the last reference."""
        self.tracks.close()


def load_bundle(
    folder: Path,
    version: str,
    neighbour_format: NeighbourIndexFormat,
    track_format: TrackStoreFormat,
    search_settings: SearchSettings | None = None,
    *,
    files_are_checked: bool = False,
) -> LoadedIndex:
    """Open the bundle in ``folder``, which must be ``version``.

    With ``files_are_checked`` every file was compared with this manifest when it was fetched, and is not read again.
    Checked are: format, version, the list of files, size and SHA-256 of each, metric, dimension, item, artist and
    genre counts of every part (Annoy opens a wrong file silently), and that numbering and metadata agree. Raises
    ``IndexCorrupt`` naming the first check that fails.
    """
    manifest = IndexManifest.read(folder)
    if manifest.version != version:
        raise IndexCorrupt(f"The bundle is version {manifest.version}, not {version}.")
    if set(manifest.files) != set(BUNDLE_FILES):
        raise IndexCorrupt("The manifest lists other files than this version reads. Build the index anew.")
    built_with, read_with = manifest.neighbour_index, neighbour_format.describe()
    if manifest.metric != METRIC or any(built_with.get(name) != read_with[name] for name in ("kind", "metric")):
        raise IndexCorrupt("The neighbour index was built with another metric or library. Build the index anew.")
    if not files_are_checked:
        manifest.verify_files(folder)
    try:
        space = FeatureSpace.from_dict(manifest.feature_space)
        vectors = load_array(folder / VECTORS_FILE)
        arrays, columns = ItemArrays.load(folder), GenreColumns.load(folder)
        for typical in manifest.typical_features.values():
            AudioFeatures.from_mapping(typical)
    except (InvalidTrack, ValueError, TypeError, KeyError, ArithmeticError, OSError, EOFError) as error:
        raise IndexCorrupt(f"The index holds a part that cannot be read: {error}.") from error
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
    neighbours = neighbour_format.open(folder / NEIGHBOURS_FILE, manifest.dimension, built_with)
    if len(neighbours) != manifest.items:
        raise IndexCorrupt(f"The neighbour index holds {len(neighbours)} items; the manifest says {manifest.items}.")
    _check_neighbours(neighbours, vectors)
    tracks = track_format.open(folder / TRACKS_FILE)
    try:
        _check_tracks(tracks, arrays, manifest)
    except IndexCorrupt:
        tracks.close()
        raise
    settings = search_settings or SearchSettings.beside(neighbours)
    search = CandidateSearch(space, vectors, arrays, neighbours, settings)
    return LoadedIndex(manifest, version, space, vectors, arrays, columns, tracks, search)


def _check_neighbours(neighbours: NeighbourIndex, vectors: NDArray[Any]) -> None:
    """Annoy opens files of some other metrics and dimensions with the right count, and then reads past their end."""
    for item in {0, len(vectors) // 2, len(vectors) - 1}:
        if not np.array_equal(neighbours.vector(item), vectors[item]):
            raise IndexCorrupt("The neighbour index holds other vectors than the index. Build the index anew.")


def _check_tracks(tracks: TrackStore, arrays: ItemArrays, manifest: IndexManifest) -> None:
    if tracks.count() != (manifest.items, manifest.artists):
        raise IndexCorrupt("The track store holds another number of tracks or artists than the manifest says.")
    ends = [0, manifest.items - 1]
    if [track.track_id for track in tracks.tracks(ends)] != [arrays.track_ids[item].decode() for item in ends]:
        raise IndexCorrupt("The track store numbers its tracks differently from the arrays.")
