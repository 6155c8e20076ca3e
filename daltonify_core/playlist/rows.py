"""Rows of the answer, each with its reason."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from daltonify_core.catalogue.track import Track
from daltonify_core.index.bundle import LoadedIndex
from daltonify_core.index.feature_space import QueryPoint
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
    was chosen, in any order: a reason names what brings a track nearer than them (``None``: the whole catalogue).
    ``targets`` are the shifts that the request asked for, by feature; ``queries`` already hold them.
    """

    index: LoadedIndex
    seeds: Sequence[ResolvedSeed]
    queries: Sequence[QueryPoint]
    level: int
    tracks: dict[int, Track]
    peers: Items | None = None
    targets: Mapping[str, float] = field(default_factory=dict)
    _reasons: ReasonWriter = field(init=False, default_factory=ReasonWriter)
    _comparisons: dict[int, tuple[ResolvedSeed, Mapping[str, float]]] = field(init=False)
    """For each pick the seed that it is nearest to, and what brings it there."""

    def __post_init__(self) -> None:
        items = list(self.tracks)
        peers = np.arange(self.index.manifest.items, dtype=np.int32) if self.peers is None else self.peers
        sample = self.index.vectors[peers[:: -(-len(peers) // _PEER_SAMPLE)]]
        vectors = self.index.vectors[items]
        nearest = np.argmin([query.squared_distances(vectors) for query in self.queries], axis=0).tolist()
        comparisons: dict[int, tuple[ResolvedSeed, Mapping[str, float]]] = {}
        for number in sorted(set(nearest)):
            near = [place for place, other in enumerate(nearest) if other == number]
            found = closeness(self.index.space, self.queries[number], sample, vectors[near])
            comparisons |= {items[place]: (self.seeds[number], one) for place, one in zip(near, found, strict=True)}
        object.__setattr__(self, "_comparisons", comparisons)

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
        artist_popularity = int(self.index.arrays.artist_popularity[one.item])
        lift = artist_popularity - self.level
        comparison = Comparison(
            seed=nearest.features,
            track=track.features,
            lift=lift,
            closeness=closer,
            targets=self.targets,
            seed_year=nearest.release_year,
            track_year=track.release_year,
            newest_year=int(self.index.space.tables[-1].knots[-1]),
        )
        parts, reason = self._reasons.write(comparison, nearest.title if len(self.seeds) > 1 else None)
        return Row(
            position=position,
            own=False,
            track_id=track.track_id,
            title=track.title,
            artists=tuple(credit.name for credit in track.artists),
            album=track.album,
            release_year=track.release_year,
            explicit=track.explicit,
            popularity=track.popularity,
            artist_popularity=artist_popularity,
            lift=lift,
            similarity=one.similarity,
            reason=reason,
            reason_parts=parts,
            features=track.features,
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
