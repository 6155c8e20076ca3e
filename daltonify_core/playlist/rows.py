"""Rows of the answer, each with its reason."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from daltonify_core.catalogue.track import Track
from daltonify_core.index.bundle import LoadedIndex
from daltonify_core.index.feature_space import Float32Array, QueryPoint
from daltonify_core.index.items import Items
from daltonify_core.playlist.closeness import closeness
from daltonify_core.playlist.reason_words import ReasonWriter
from daltonify_core.playlist.reasons import Comparison
from daltonify_core.playlist.recommendation import Row
from daltonify_core.playlist.seeds import ResolvedSeed
from daltonify_core.playlist.selection import Pick

# Peers whose distances are averaged: enough for a steady mean, few enough to cost a tenth of a millisecond.
_PEER_SAMPLE: Final = 500


@dataclass(frozen=True, slots=True)
class RowWriter:
    """Writes picks and own tracks as rows of one list, in the list's order.

    ``level`` is the seed level, ``tracks`` the picks' metadata by item. ``peers`` are the items among which the list
    was chosen, one list after the other: a reason names what brings a track nearer than them (none: than all tracks).
    ``targets`` are the shifts that the request asked for, by feature; ``queries`` already hold them.
    """

    index: LoadedIndex
    seeds: Sequence[ResolvedSeed]
    queries: Sequence[QueryPoint]
    level: int
    tracks: dict[int, Track]
    peers: Sequence[Items] = ()
    targets: Mapping[str, float] = field(default_factory=dict)
    _reasons: ReasonWriter = field(init=False, default_factory=ReasonWriter)
    _comparisons: dict[int, tuple[ResolvedSeed, Mapping[str, float]]] = field(init=False)
    """For each pick the seed that it is nearest to, and what brings it there."""
    _artist_popularity: dict[int, int] = field(init=False)
    _newest_year: int = field(init=False)

    def __post_init__(self) -> None:
        items = list(self.tracks)
        sample = self.index.vectors[self._sample()]
        vectors = self.index.vectors[items]
        nearest = self._nearest_seeds(vectors)
        comparisons: dict[int, tuple[ResolvedSeed, Mapping[str, float]]] = {}
        for number in sorted(set(nearest)):
            near = [place for place, other in enumerate(nearest) if other == number]
            found = closeness(self.index.space, self.queries[number], sample, vectors[near])
            comparisons |= {items[place]: (self.seeds[number], one) for place, one in zip(near, found, strict=True)}
        object.__setattr__(self, "_comparisons", comparisons)
        popularity = dict(zip(items, self.index.arrays.artist_popularity[items].tolist(), strict=True))
        object.__setattr__(self, "_artist_popularity", popularity)
        object.__setattr__(self, "_newest_year", int(self.index.space.tables[-1].knots[-1]))

    def _nearest_seeds(self, vectors: Float32Array) -> list[int]:
        """For each vector the place of the seed that it is nearest to, the first of equals."""
        if len(self.queries) == 1:
            return [0] * len(vectors)
        distances = [query.squared_distances(vectors) for query in self.queries]
        nearest: list[int] = np.argmin(distances, axis=0).tolist()
        return nearest

    def _sample(self) -> Items:
        """Peers at even steps, some hundreds of them."""
        total = sum(map(len, self.peers)) or self.index.manifest.items
        step = -(-total // _PEER_SAMPLE)
        if not self.peers:
            return np.arange(0, total, step, dtype=np.int32)
        parts, start = [], 0
        for part in self.peers:
            parts.append(part[-start % step :: step])
            start += len(part)
        return np.concatenate(parts)

    def seeds_without_neighbours(self, picks: Sequence[Pick]) -> list[ResolvedSeed]:
        """The seeds that none of the picks is nearest to, in their order."""
        met = {id(self._comparisons[one.item][0]) for one in picks}
        return [seed for seed in self.seeds if id(seed) not in met]

    def with_own_tracks(self, picks: Sequence[Pick], slots: Mapping[int, ResolvedSeed]) -> list[Row]:
        """The whole list: own tracks at their slots, the others around them in order."""
        remaining = iter(picks)
        return [
            self.own_row(position, slots[position]) if position in slots else self.row(position, next(remaining))
            for position in range(1, len(picks) + len(slots) + 1)
        ]

    def row(self, position: int, one: Pick) -> Row:
        """A recommended track, with its reason beside the seed that it is nearest to."""
        track = self.tracks[one.item]
        nearest, closer = self._comparisons[one.item]
        features, release_year = track.features, track.release_year
        artist_popularity = self._artist_popularity[one.item]
        lift = artist_popularity - self.level
        comparison = Comparison(
            seed=nearest.features,
            track=features,
            lift=lift,
            closeness=closer,
            targets=self.targets,
            seed_year=nearest.release_year,
            track_year=release_year,
            newest_year=self._newest_year,
        )
        parts, reason = self._reasons.write(comparison, nearest.title if len(self.seeds) > 1 else None)
        return Row(
            position=position,
            own=False,
            track_id=track.track_id,
            title=track.title,
            artists=tuple([credit.name for credit in track.artists]),
            album=track.album,
            release_year=release_year,
            explicit=track.explicit,
            popularity=track.popularity,
            artist_popularity=artist_popularity,
            lift=lift,
            similarity=one.similarity,
            reason=reason,
            reason_parts=parts,
            features=features,
        )

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
            lift=seed.artist_popularity - self.level,
            similarity=1.0,
            reason="your own track",
            reason_parts=(),
            features=seed.features,
        )
