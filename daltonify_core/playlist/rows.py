"""Rows of the answer, each with its reason."""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from daltonify_core.catalogue.track import ListedTrack
from daltonify_core.index.bundle import LoadedIndex
from daltonify_core.index.feature_space import Float32Array, FloatArray, QueryPoint
from daltonify_core.playlist.closeness import closeness
from daltonify_core.playlist.reason_words import ReasonWriter
from daltonify_core.playlist.reasons import Comparisons
from daltonify_core.playlist.recommendation import Row
from daltonify_core.playlist.seeds import ResolvedSeed
from daltonify_core.playlist.selection import Pick

# Peers whose distances are averaged: enough for a steady mean, few enough to cost a tenth of a millisecond.
_PEER_SAMPLE: Final = 500


class RowWriter:
    """Writes picks and own tracks as rows of one list, in the list's order."""

    def __init__(
        self,
        index: LoadedIndex,
        seeds: Sequence[ResolvedSeed],
        queries: Sequence[QueryPoint],
        level: int,
        tracks: Mapping[int, ListedTrack],
        peers: Sequence[Float32Array],
        targets: Mapping[str, float],
        reason_parts: bool = True,
    ) -> None:
        """``level`` is the seed level, ``tracks`` the picks' metadata by item.

        ``peers`` are the vectors of the items among which the list was chosen, genre by genre, each of shape
        ``(dimension, n)``: a reason names what brings a track nearer than them (none: than all tracks). ``targets`` are
        the shifts that the request asked for, by feature; ``queries`` already hold them. Rows hold their
        ``reason_parts``, or none.
        """
        self._index, self._seeds, self._queries, self._level = index, seeds, queries, level
        self._tracks, self._peers = tracks, peers
        items, listed = list(tracks), list(tracks.values())
        # Everything from here on is in the order of the tracks.
        self._places = {item: place for place, item in enumerate(items)}
        # The index holds vectors number by number; rows of it would be picked in twice the time.
        vectors = index.vectors.T.take(items, axis=1).T
        self._nearest = self._nearest_seeds(vectors)
        self._artist_popularity: list[int] = index.arrays.artist_popularity.take(items).tolist()
        self._release_years = [track.release_year for track in listed]
        comparisons = Comparisons(
            seeds=[seed.features for seed in seeds],
            seed_years=[seed.release_year for seed in seeds],
            nearest=self._nearest,
            tracks=[track.features for track in listed],
            track_years=self._release_years,
            lifts=[popularity - level for popularity in self._artist_popularity],
            closeness=self._closeness(vectors),
            targets=targets,
            newest_year=int(index.space.tables[-1].knots[-1]),
        )
        self._reasons = ReasonWriter(comparisons, reason_parts)

    def _nearest_seeds(self, vectors: Float32Array) -> list[int]:
        """For each vector the place of the seed that it is nearest to, the first of equals."""
        if len(self._queries) == 1:
            return [0] * len(vectors)
        distances = [query.squared_distances(vectors) for query in self._queries]
        nearest: list[int] = np.argmin(distances, axis=0).tolist()
        return nearest

    def _closeness(self, vectors: Float32Array) -> FloatArray:
        """What brings each vector near to its nearest seed; shape as ``vectors``."""
        peers = self._sample()
        if len(self._queries) == 1:
            return closeness(self._index.space, self._queries[0], peers, vectors)
        found = np.empty(vectors.shape)
        for number in set(self._nearest):
            near = [place for place, other in enumerate(self._nearest) if other == number]
            found[near] = closeness(self._index.space, self._queries[number], peers, vectors[near])
        return found

    def _sample(self) -> Float32Array:
        """Vectors of peers at even steps, some hundreds of them."""
        peers = self._peers or [self._index.vectors.T]
        step = -(-sum(part.shape[1] for part in peers) // _PEER_SAMPLE)
        parts, start = [], 0
        for part in peers:
            parts.append(part[:, -start % step :: step])
            start += part.shape[1]
        return np.concatenate(parts, axis=1).T

    def seeds_without_neighbours(self, picks: Sequence[Pick]) -> list[ResolvedSeed]:
        """The seeds that none of the picks is nearest to, in their order."""
        met = {self._nearest[self._places[one.item]] for one in picks}
        return [seed for number, seed in enumerate(self._seeds) if number not in met]

    def with_own_tracks(self, picks: Sequence[Pick], slots: Mapping[int, ResolvedSeed]) -> list[Row]:
        """The whole list: own tracks at their slots, the others around them in order."""
        remaining = iter(picks)
        return [
            self.own_row(position, slots[position]) if position in slots else self.row(position, next(remaining))
            for position in range(1, len(picks) + len(slots) + 1)
        ]

    def row(self, position: int, one: Pick) -> Row:
        """A recommended track, with its reason beside the seed that it is nearest to."""
        track, place = self._tracks[one.item], self._places[one.item]
        title = self._seeds[self._nearest[place]].title if len(self._seeds) > 1 else None
        parts, reason = self._reasons.write(place, title)
        artist_popularity = self._artist_popularity[place]
        values = (
            position,
            False,
            track.track_id,
            track.title,
            track.artists,
            track.album,
            self._release_years[place],
            track.explicit,
            track.popularity,
            artist_popularity,
            artist_popularity - self._level,
            one.similarity,
            reason,
            parts,
            track.features,
        )
        # A third of the time of calling the class with names, as own_row does.
        return tuple.__new__(Row, values)

    def own_row(self, position: int, seed: ResolvedSeed) -> Row:
        """One of the artist's own tracks."""
        return Row(
            position=position,
            own=True,
            track_id=seed.track_id,
            title=seed.title,
            artists=seed.artists,
            album=seed.album,
            release_year=seed.release_year,
            explicit=seed.explicit,
            popularity=seed.popularity,
            artist_popularity=seed.artist_popularity,
            lift=seed.artist_popularity - self._level,
            similarity=1.0,
            reason="your own track",
            reason_parts=(),
            features=seed.features,
        )
