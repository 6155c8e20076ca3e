"""Rows of the answer, each with its reason."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from daltonify_core.catalogue.track import Track
from daltonify_core.index.bundle import LoadedIndex
from daltonify_core.index.feature_space import QueryPoint
from daltonify_core.playlist.reasons import reason_parts, reason_text
from daltonify_core.playlist.recommendation import Row
from daltonify_core.playlist.seeds import ResolvedSeed
from daltonify_core.playlist.selection import Pick


@dataclass(frozen=True, slots=True)
class RowWriter:
    """Writes picks and own tracks as rows. ``level`` is the seed level, ``tracks`` the picks' metadata by item."""

    index: LoadedIndex
    seeds: Sequence[ResolvedSeed]
    queries: Sequence[QueryPoint]
    level: int
    tracks: dict[int, Track]

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
        vector = self.index.vectors[[one.item]]
        distances = [float(query.squared_distances(vector)[0]) for query in self.queries]
        nearest = self.seeds[distances.index(min(distances))]
        artist_popularity = int(self.index.arrays.artist_popularity[one.item])
        lift = artist_popularity - self.level
        parts = reason_parts(nearest.features, track.features, lift)
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
            reason=reason_text(parts, nearest.title if len(self.seeds) > 1 else None),
            reason_parts=tuple(parts),
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
