"""The ground on which methods are compared: the catalogue of one index in arrays, and in no method's own space."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from daltonify_core.catalogue.audio_features import CONTINUOUS_FEATURES
from daltonify_core.catalogue.songs import Song, guests
from daltonify_core.catalogue.track import Track, accentless_key_of_name
from daltonify_core.index.bundle import LoadedIndex
from daltonify_core.index.feature_space import FloatArray
from daltonify_core.index.items import ItemArrays, Items


@dataclass(frozen=True, slots=True)
class Ground:
    """A catalogue of ``n`` items.

    ``features``: raw values in the order of ``CONTINUOUS_FEATURES``, float64, shape ``(n, 9)``. ``z_scores``: the same
    less their mean and over their spread, so that the yardstick is nobody's own. ``tracks``: metadata of each item.
    ``primary``: number of each item's primary artist. ``song``: the song that an item is a version of. ``people``:
    whom an item's credits and title name, without accents. ``popularity_of_name``: of these, the highest popularity
    among the primary artists of that name. ``item_of``: the item of each track id. ``item_genres``: each item's genres
    on offer, by number.
    """

    arrays: ItemArrays
    genres: tuple[str, ...]
    features: FloatArray
    z_scores: FloatArray
    tracks: Sequence[Track]
    primary: NDArray[np.int32]
    song: Callable[[int], Song]
    people: Callable[[int], frozenset[str]]
    popularity_of_name: Mapping[str, int]
    item_of: Mapping[str, int]
    item_genres: Mapping[int, tuple[int, ...]]

    @classmethod
    def of_index(cls, index: LoadedIndex) -> "Ground":
        """Everything that the scoreboard needs of an index, read once."""
        arrays = index.arrays
        tracks = index.tracks.tracks(range(len(arrays)))
        features = np.array([[getattr(track.features, name) for name in CONTINUOUS_FEATURES] for track in tracks])
        spread = features.std(axis=0)

        people, popularity_of_name = _people(tracks, arrays.artist_popularity.tolist())
        item_genres: dict[int, tuple[int, ...]] = {}
        for number in range(len(index.genres)):
            for item in arrays.items_of_genre(number).tolist():
                item_genres[item] = (*item_genres.get(item, ()), number)
        return cls(
            arrays=arrays,
            genres=index.genres,
            features=features,
            z_scores=(features - features.mean(axis=0)) / np.where(spread > 0, spread, 1.0),
            tracks=tracks,
            primary=arrays.credit_artists[arrays.credit_offsets[:-1]],
            song=arrays.song,
            people=people,
            popularity_of_name=popularity_of_name,
            item_of={track.track_id: item for item, track in enumerate(tracks)},
            item_genres=item_genres,
        )

    def genres_of(self, item: int) -> tuple[int, ...]:
        """Numbers of an item's genres on offer, the largest genre first."""
        return self.item_genres.get(item, ())

    def items_of_artists_of(self, item: int) -> Items:
        """Every item, ascending, that credits one of the artists of ``item``: itself is among them."""
        return np.unique(np.concatenate([self.arrays.items_by(number) for number in self.arrays.artists_of(item)]))

    def are_versions(self, first: int, second: int) -> bool:
        """Whether two items are versions of one song, see ``catalogue.songs``."""
        same_title = self.arrays.song_keys[first] == self.arrays.song_keys[second]
        return bool(same_title) and self.song(first).is_version_of(self.song(second))


def _people(
    tracks: Sequence[Track], popularity: Sequence[int]
) -> tuple[Callable[[int], frozenset[str]], Mapping[str, int]]:
    """``Ground.people`` and ``Ground.popularity_of_name``, read from the tracks and not from the credits of an index.

    A name that several artists with ids bear tells nobody apart, so it is left out.
    """
    ids: dict[str, set[str]] = {}
    popularity_of_name: dict[str, int] = {}
    for track, level in zip(tracks, popularity, strict=True):
        names = [accentless_key_of_name(credit.name) for credit in track.artists]
        for credit, name in zip(track.artists, names, strict=True):
            ids.setdefault(name, set()).update([credit.artist_id] if credit.artist_id else [])
        popularity_of_name[names[0]] = max(level, popularity_of_name.get(names[0], level))
    shared = {name for name, several in ids.items() if len(several) > 1}

    @cache
    def people(item: int) -> frozenset[str]:
        track = tracks[item]
        invited = guests(track.title, lambda key: accentless_key_of_name(key) in ids)
        named = (*(credit.name for credit in track.artists), *invited)
        return frozenset(map(accentless_key_of_name, named)) - shared

    return people, {name: level for name, level in popularity_of_name.items() if level >= 0}
