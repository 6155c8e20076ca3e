"""The builder: from rows of a catalogue to the files of a bundle.

Text waits on disk (``TrackMerger``); memory holds the arrays that the bundle will hold, and the artists.
"""

import math
from array import array
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import batched, chain, permutations
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from daltonify_core.catalogue.artists import ArtistCollector, ArtistDirectory, KnownArtist
from daltonify_core.catalogue.audio_features import CONTINUOUS_FEATURES
from daltonify_core.catalogue.canonical_csv import credit_texts, split_list
from daltonify_core.catalogue.merging import MergedRows, TrackMerger
from daltonify_core.catalogue.plain_rows import PlainRow
from daltonify_core.catalogue.songs import guests, names_guests, song_of
from daltonify_core.catalogue.track import accentless_key_of_name, artist_key_of_name
from daltonify_core.errors import CatalogueEmpty
from daltonify_core.index.array_file import save_arrays
from daltonify_core.index.bundle import (
    ARRAYS_FILE,
    NEIGHBOURS_FILE,
    TRACK_IDS_FILE,
    TRACKS_FILE,
    VECTORS_FILE,
    files_of,
)
from daltonify_core.index.exact import nearest_of_each
from daltonify_core.index.feature_space import (
    COLUMNS,
    RELEASE_YEAR,
    FeatureSpace,
    FeatureSpaceSettings,
    Float32Array,
    FloatArray,
    IntArray,
    moment,
)
from daltonify_core.index.items import UNKNOWN_EXPLICIT, UNKNOWN_POPULARITY, UNKNOWN_YEAR, ItemArrays, invert
from daltonify_core.index.manifest import MANIFEST_FILE, METRIC, NO_NEIGHBOUR_INDEX, FileDigest, IndexManifest
from daltonify_core.index.pools import GenreColumns
from daltonify_core.ports.index import NeighbourIndexFormat, TrackStoreFormat
from daltonify_core.ports.surroundings import Progress

_BATCH_ROWS: Final = 5_000
_MAXIMUM_SOURCES: Final = 10
# Seeds with so many neighbours each tell recall to about a thousandth, in a second at 1,000,000 tracks.
_PROBES: Final = 64
_PROBED_NEIGHBOURS: Final = 100


@dataclass(frozen=True, slots=True)
class BuildSettings:
    """Numbers that shape an index, each with its reason."""

    # Seeds Annoy's random splits; any fixed number makes builds repeatable.
    seed: int = 20_201_122
    # A genre with fewer tracks cannot fill a playlist after the popularity band has cut it.
    minimum_genre_tracks: int = 200
    # In a small catalogue even its main genres fall below that, so a share of all tracks suffices.
    minimum_genre_share: float = 0.01
    # Tracks from which on there is a neighbour index: 216 bytes a track, a quarter of what a cold start fetches. From
    # here on it saves more than .2 ms of a request (.67 ms by Annoy, .84 by measuring every track).
    neighbour_index_from: int = 300_000
    feature_space: FeatureSpaceSettings = field(default_factory=FeatureSpaceSettings)


_CREDITED: Final = ("artists", "artist_ids", "popularity", "artist_popularity")
_DESCRIBED: Final = ("title", "release_date", "duration_ms", "explicit", "genres", "snapshot", "source")
_COLLECTED: Final = (*_CREDITED, *_DESCRIBED, *CONTINUOUS_FEATURES)


class _Columns:
    """What the arrays are made of: columns with one entry per merged track, in the order of track ids."""

    def __init__(self, merged: MergedRows) -> None:
        count = len(merged)
        self.track_ids = merged.track_ids
        self.numbers: FloatArray = np.empty((count, len(COLUMNS)))
        self.popularity = np.empty(count, dtype=np.int16)
        self.years = np.empty(count, dtype=np.int16)
        self.explicit = np.empty(count, dtype=np.int8)
        self.song_keys = np.empty(count, dtype=np.int64)
        self.song_mark_counts = np.empty(count, dtype=np.int64)
        self.song_marks = array("i")
        self.credit_counts = np.empty(count, dtype=np.int64)
        self.credits = array("q")
        self.genre_counts = np.empty(count, dtype=np.int64)
        self.genres = array("q")
        self.genre_numbers: dict[str, int] = {}
        self.sources: Counter[str] = Counter()
        self.snapshot = ""
        self.titles_with_guests: dict[int, str] = {}
        self._numbers_of_genres: dict[str, list[int]] = {}

    def add(self, first: int, values: Mapping[str, Sequence[Any]], credits: Sequence[Sequence[int]]) -> None:
        """Fill in the tracks from ``first`` on: the values of ``_COLLECTED`` by column, and numbers of artists."""
        titles = values["title"]
        here = slice(first, first + len(titles))
        moments = np.array([moment(date) for date in values["release_date"]])
        for column, name in enumerate(CONTINUOUS_FEATURES):
            self.numbers[here, column] = values[name]
        # As floats, absent values are NaN.
        self.numbers[here, COLUMNS.index("duration")] = np.array(values["duration_ms"], dtype=np.float64)
        self.numbers[here, COLUMNS.index(RELEASE_YEAR)] = moments
        self.years[here] = np.where(np.isnan(moments), UNKNOWN_YEAR, moments)
        self.popularity[here] = [UNKNOWN_POPULARITY if value is None else value for value in values["popularity"]]
        self.explicit[here] = [UNKNOWN_EXPLICIT if value is None else value for value in values["explicit"]]
        for place, (title, names) in enumerate(zip(titles, values["artists"], strict=True), start=first):
            self.song_keys[place], marks = song_of(title, split_list(names))
            self.song_mark_counts[place] = len(marks)
            self.song_marks.extend(marks)
        self.titles_with_guests |= {
            place: title for place, title in enumerate(titles, start=first) if names_guests(title)
        }
        self.credit_counts[here] = [len(numbers) for numbers in credits]
        self.credits.extend(chain.from_iterable(credits))
        genre_lists = [self._genre_list(text) for text in values["genres"]]
        self.genre_counts[here] = [len(numbers) for numbers in genre_lists]
        self.genres.extend(chain.from_iterable(genre_lists))
        self.sources.update([source or "unknown" for source in values["source"]])
        self.snapshot = max(self.snapshot, *(snapshot or "" for snapshot in set(values["snapshot"])))

    def _genre_list(self, text: str) -> list[int]:
        # A catalogue has few combinations of genres and many rows.
        known = self._numbers_of_genres.get(text)
        if known is None:
            numbers = self.genre_numbers
            known = [numbers.setdefault(genre, len(numbers)) for genre in split_list(text)]
            self._numbers_of_genres[text] = known
        return known


@dataclass(frozen=True, slots=True)
class _Credits:
    """Who is credited on each track of ``columns``: a ragged list of numbers in ``artists``.

    ``namesakes`` says of each credit whether only a name that differs by accents from another credit's brought it.
    """

    offsets: IntArray
    numbers: IntArray
    namesakes: NDArray[np.bool_]
    artists: tuple[KnownArtist, ...]


class IndexBuilder:
    """Takes rows one by one and writes a bundle; equal rows in equal order and an equal seed give equal bytes."""

    def __init__(
        self,
        merger: TrackMerger,
        neighbour_format: NeighbourIndexFormat,
        track_format: TrackStoreFormat,
        settings: BuildSettings | None = None,
    ) -> None:
        self._merger = merger
        self._neighbour_format = neighbour_format
        self._track_format = track_format
        self._settings = settings or BuildSettings()

    def write(self, folder: Path, progress: Progress) -> IndexManifest:
        """Write the bundle of all tracks that the merger holds into ``folder``, which must exist and be empty.

        The manifest comes last, so a folder without one is an unfinished build. Raises ``CatalogueEmpty`` when there
        is no track.
        """
        merged = self._merger.merged_rows()
        if not len(merged):
            raise CatalogueEmpty("The catalogue holds no valid track, so no index was built.")
        columns, directory = self._collect(merged, progress)
        manifest = self._write_files(folder, merged, columns, directory, progress)
        (folder / MANIFEST_FILE).write_text(manifest.to_json(), encoding="utf-8")
        return manifest

    def _collect(self, merged: MergedRows, progress: Progress) -> tuple[_Columns, ArtistDirectory]:
        columns, collector, first = _Columns(merged), ArtistCollector(), 0
        for rows in batched(merged.read(columns=_COLLECTED), _BATCH_ROWS):
            progress("merge tracks", first, len(merged))
            values = dict(zip(_COLLECTED, zip(*rows, strict=True), strict=True))
            numbers = merged.popularity_snapshots[first : first + len(rows)].tolist()
            credits = [
                collector.add_credits(
                    *credit_texts(names, ids), popularity, artist_popularity, merged.snapshots[number]
                )
                for names, ids, popularity, artist_popularity, number in zip(
                    *(values[name] for name in _CREDITED), numbers, strict=True
                )
            ]
            columns.add(first, values, credits)
            first += len(rows)
        progress("merge tracks", first, len(merged))
        return columns, collector.directory()

    def _write_files(
        self, folder: Path, merged: MergedRows, columns: _Columns, directory: ArtistDirectory, progress: Progress
    ) -> IndexManifest:
        count = len(merged)
        genres = self._offered_genres(columns)
        credited = _credits_with_guests(columns, directory)
        arrays, order = _number_items(columns, credited, genres)
        rows = columns.numbers[order]
        primary = arrays.credit_artists[arrays.credit_offsets[:-1]].astype(np.int64)
        space = FeatureSpace.fit(rows, primary, self._settings.feature_space)
        vectors = space.vectors(rows, primary)
        # Column by column: a scan of all tracks then takes half the time.
        np.save(folder / VECTORS_FILE, np.asfortranarray(vectors), allow_pickle=False)
        _save_arrays(folder, arrays, vectors)
        has_neighbours = count >= self._settings.neighbour_index_from
        progress("build neighbour index", 0, 1)
        # Both take long, and neither needs the other nor, most of its time, the interpreter.
        with ThreadPoolExecutor(max_workers=1) as beside:
            path, seed = folder / NEIGHBOURS_FILE, self._settings.seed
            building = beside.submit(self._neighbour_format.build, vectors, path, seed) if has_neighbours else None
            tracks = _reported(merged.read(order), count, progress)
            self._track_format.build(tracks, credited.artists, folder / TRACKS_FILE)
            if building is not None:
                building.result()
        neighbour_index = self._described(path, space, vectors) if has_neighbours else NO_NEIGHBOUR_INDEX
        progress("build neighbour index", 1, 1)
        return IndexManifest(
            snapshot=columns.snapshot or None,
            source=", ".join(sorted(name for name, _ in columns.sources.most_common(_MAXIMUM_SOURCES))),
            items=count,
            artists=len(credited.artists),
            dimension=space.dimension,
            metric=METRIC,
            seed=self._settings.seed,
            genres=genres,
            typical_features={
                genre: _typical_features(rows[arrays.items_of_genre(number)]) for number, genre in enumerate(genres)
            },
            feature_space=space.to_dict(),
            neighbour_index=neighbour_index,
            files={path.name: FileDigest.of(path) for path in map(folder.joinpath, files_of(neighbour_index))},
        )

    def _described(self, path: Path, space: FeatureSpace, vectors: Float32Array) -> dict[str, str | int]:
        """What the neighbour index is and how it is to be searched, found out with tracks at even steps as seeds."""
        probes = space.seed_points(vectors[:: max(1, len(vectors) // _PROBES)][:_PROBES])
        tuning = self._neighbour_format.tune(path, probes, nearest_of_each(vectors, probes, _PROBED_NEIGHBOURS))
        return self._neighbour_format.describe() | tuning

    def _offered_genres(self, columns: _Columns) -> dict[str, int]:
        """Names and track counts of the genres on offer, largest first."""
        counts = np.bincount(np.frombuffer(columns.genres, dtype=np.int64), minlength=len(columns.genre_numbers))
        share = math.ceil(self._settings.minimum_genre_share * len(columns.track_ids))
        threshold = max(1, min(self._settings.minimum_genre_tracks, share))
        offered = [
            (name, int(counts[number])) for name, number in columns.genre_numbers.items() if counts[number] >= threshold
        ]
        return dict(sorted(offered, key=lambda genre: (-genre[1], genre[0])))


def _save_arrays(folder: Path, arrays: ItemArrays, vectors: Float32Array) -> None:
    named = arrays.by_name() | GenreColumns.of(arrays, vectors).by_name()
    np.save(folder / TRACK_IDS_FILE, named.pop("track_ids"), allow_pickle=False)
    save_arrays(folder / ARRAYS_FILE, named)


def _typical_features(rows: FloatArray) -> dict[str, float]:
    """The median of each continuous feature over some tracks' rows, to six digits: where a slider may start."""
    medians = np.median(rows[:, : len(CONTINUOUS_FEATURES)], axis=0).tolist()
    return {name: float(f"{median:.6g}") for name, median in zip(CONTINUOUS_FEATURES, medians, strict=True)}


def _reported(rows: Iterator[PlainRow], count: int, progress: Progress) -> Iterator[PlainRow]:
    for done, row in enumerate(rows, start=1):
        if done % _BATCH_ROWS == 0 or done == count:
            progress("write metadata", done, count)
        yield row


def _number_items(columns: _Columns, credited: _Credits, genres: Collection[str]) -> tuple[ItemArrays, IntArray]:
    """Arrays in item order and the order itself: ``order[item]`` is the place of the track in ``columns``."""
    artist_popularity = np.array(
        [UNKNOWN_POPULARITY if artist.popularity is None else artist.popularity for artist in credited.artists],
        dtype=np.int16,
    )
    ids = columns.track_ids
    offsets, credits = credited.offsets, credited.numbers
    popularity = columns.popularity
    primary_popularity = artist_popularity[credits[offsets[:-1]]]
    order = np.lexsort((ids, -popularity.astype(np.int32), -primary_popularity.astype(np.int32)))

    credit_offsets, credit_artists = _reorder(offsets, credits, order)
    known = artist_popularity[credit_artists]
    is_namesake = _reorder(offsets, credited.namesakes.astype(np.int64), order)[1].astype(np.bool_)
    # Unknown popularity must not look weak, and a namesake's is another's figure, or an older one; reduceat needs a
    # start for every track (each has an artist).
    weakest = np.minimum.reduceat(
        np.where((known == UNKNOWN_POPULARITY) | is_namesake, np.int16(101), known), credit_offsets[:-1]
    )
    artist_offsets, artist_items = invert(credit_offsets, credit_artists, len(credited.artists))

    song_mark_offsets, song_marks = _reorder(
        np.r_[0, np.cumsum(columns.song_mark_counts)], np.frombuffer(columns.song_marks, dtype=np.int32), order
    )

    genre_counts = columns.genre_counts
    new_number = np.full(len(columns.genre_numbers) + 1, -1, dtype=np.int64)
    for number, name in enumerate(genres):
        new_number[columns.genre_numbers[name]] = number
    track_genres = new_number[np.frombuffer(columns.genres, dtype=np.int64)]
    rows = np.repeat(np.arange(len(genre_counts)), genre_counts)[track_genres >= 0]
    kept_offsets = np.r_[0, np.cumsum(np.bincount(rows, minlength=len(genre_counts)))]
    item_genre_offsets, item_genres = _reorder(kept_offsets, track_genres[track_genres >= 0], order)
    genre_offsets, genre_items = invert(item_genre_offsets, item_genres, len(genres))
    item_genre_offsets, item_genres = invert(genre_offsets, genre_items, len(order))
    arrays = ItemArrays(
        track_ids=ids[order],
        artist_popularity=primary_popularity[order],
        weakest_credit=np.where(weakest == 101, UNKNOWN_POPULARITY, weakest).astype(np.int16),
        track_popularity=popularity[order],
        release_year=columns.years[order],
        explicit=columns.explicit[order],
        song_keys=columns.song_keys[order],
        song_mark_offsets=song_mark_offsets,
        song_marks=song_marks,
        credit_offsets=credit_offsets,
        credit_artists=credit_artists,
        artist_offsets=artist_offsets,
        artist_items=artist_items,
        genre_offsets=genre_offsets,
        genre_items=genre_items,
        item_genre_offsets=item_genre_offsets,
        item_genres=item_genres.astype(np.int16),
    )
    return arrays, order


def _credits_with_guests(columns: _Columns, directory: ArtistDirectory) -> _Credits:
    """Credits of all tracks, with guests from titles after the artists whom the files name, and namesakes last.

    Rules must hold for guests too, but a mention says nothing about popularity, so only credits count for that.
    Guests whom the catalogue does not know become artists without popularity; they may be the next to ask for a list.
    Names that differ by accents alone are mostly one artist's, so the rules that keep artists apart take them for one,
    though each stays an artist with a key of their own.
    """
    credits = directory.numbers[np.frombuffer(columns.credits, dtype=np.int64)]
    offsets = np.r_[0, np.cumsum(columns.credit_counts)]
    artists = list(directory.artists)
    number_of_name = {name: number for number, artist in enumerate(artists) for name in _name_keys(artist)}
    spelt_alike: dict[str, list[int]] = {}
    for name, number in number_of_name.items():
        numbers = spelt_alike.setdefault(accentless_key_of_name(name), [])
        if number not in numbers:
            numbers.append(number)
    namesakes = _namesakes(spelt_alike.values(), artists)

    def is_known(name: str) -> bool:
        return name in number_of_name or accentless_key_of_name(name) in spelt_alike

    added: list[tuple[int, int, bool]] = []
    """Place of a track, a further artist of it, and whether that is a namesake."""
    tied = np.fromiter(namesakes, dtype=np.int64)
    for position in np.flatnonzero(np.isin(credits, tied)).tolist():
        place = int(np.searchsorted(offsets, position, side="right")) - 1
        added += [(place, number, True) for number in namesakes[int(credits[position])]]
    for place, title in columns.titles_with_guests.items():
        for name in guests(title, is_known):
            key = artist_key_of_name(name)
            alike = [] if key in directory.shared_names else spelt_alike.get(accentless_key_of_name(name), [])
            others: Sequence[int] = ()
            if key in number_of_name:
                number = number_of_name[key]
                others = namesakes.get(number, ())
            elif alike:
                # Whoever leaves out an accent means the artist whom most people know.
                number, *others = sorted(alike, key=lambda one: (-(artists[one].popularity or 0), one))
            else:
                number = number_of_name[key] = len(artists)
                keys = () if key in directory.shared_names else (f"name:{key}",)
                artists.append(KnownArtist(keys, name, None, None))
                if keys:
                    spelt_alike[accentless_key_of_name(name)] = [number]
            added += [(place, number, False), *((place, one, True) for one in others)]
    return _with_added(credits, offsets, added, tuple(artists))


def _name_keys(artist: KnownArtist) -> list[str]:
    return [key.removeprefix("name:") for key in artist.keys if key.startswith("name:")]


def _namesakes(spelt_alike: Iterable[Sequence[int]], artists: Sequence[KnownArtist]) -> dict[int, list[int]]:
    """For each artist those whose name differs by accents alone; two ids are two artists, whatever they are called."""
    found: dict[int, list[int]] = {}
    for numbers in spelt_alike:
        by_name = {number for number in numbers if not any(key.startswith("id:") for key in artists[number].keys)}
        for one, other in permutations(numbers, 2):
            if one in by_name or other in by_name:
                found.setdefault(one, []).append(other)
    return found


def _with_added(
    credits: IntArray, offsets: IntArray, added: Sequence[tuple[int, int, bool]], artists: tuple[KnownArtist, ...]
) -> _Credits:
    """The credits with further ones behind each track's own: nobody twice, and guests before namesakes."""
    seen: dict[int, set[int]] = {}
    kept: list[tuple[int, int, bool]] = []
    for place, number, is_namesake in sorted(added, key=lambda one: (one[0], one[2])):
        known = seen.setdefault(place, set(credits[offsets[place] : offsets[place + 1]].tolist()))
        if number not in known:
            known.add(number)
            kept.append((place, number, is_namesake))
    places = np.array([place for place, _, _ in kept], dtype=np.int64)
    added_before = np.r_[0, np.cumsum(np.bincount(places, minlength=len(offsets) - 1))]
    ends = offsets[1:][places]
    numbers = np.insert(credits, ends, np.array([number for _, number, _ in kept], dtype=np.int64))
    namesakes = np.insert(np.zeros(len(credits), np.bool_), ends, np.array([flag for *_, flag in kept], dtype=np.bool_))
    return _Credits(offsets + added_before, numbers, namesakes, artists)


def _reorder(offsets: IntArray, values: IntArray, order: IntArray) -> tuple[IntArray, NDArray[np.int32]]:
    """Ragged lists in another order of rows."""
    counts = np.diff(offsets)[order]
    new_offsets = np.r_[0, np.cumsum(counts)]
    places = (
        np.arange(int(new_offsets[-1])) - np.repeat(new_offsets[:-1], counts) + np.repeat(offsets[:-1][order], counts)
    )
    return new_offsets, values[places].astype(np.int32)
