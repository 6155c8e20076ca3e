"""The answer: a list of tracks with their reasons, in the shape that the API and the command line share."""

from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from daltonify_core.catalogue.audio_features import AudioFeatures
from daltonify_core.catalogue.links import LinkKind, SpotifyLink
from daltonify_core.index.candidate_search import SearchPath
from daltonify_core.playlist.band import BandUse
from daltonify_core.playlist.genre_choice import GenreChoice
from daltonify_core.playlist.reasons import ReasonPart
from daltonify_core.playlist.seeds import ResolvedSeed

RESERVES: Final = 15
"""Rows beyond the list that may take the place of a removed one."""
_TRACK_URI: Final = SpotifyLink(LinkKind.TRACK, "").uri
_TRACK_URL: Final = SpotifyLink(LinkKind.TRACK, "").url


@dataclass(frozen=True, slots=True)
class IndexDescription:
    """Which index answered."""

    version: str
    tracks: int
    built_at: str
    snapshot: str | None
    source: str


class Row(NamedTuple):
    """One row of the list. A tuple, because making one takes a seventh of the time.

    ``position`` counts from 1; an own track without a Spotify id has no ``track_id``. ``similarity`` is 0..1 to the
    nearest seed; ``lift`` is in points of popularity above the seed level.
    """

    position: int
    own: bool
    track_id: str | None
    title: str
    artists: tuple[str, ...]
    album: str | None
    release_year: int | None
    explicit: bool | None
    popularity: int | None
    artist_popularity: int
    lift: int
    similarity: float
    reason: str
    reason_parts: tuple[ReasonPart, ...]
    features: AudioFeatures

    @property
    def uri(self) -> str | None:
        """``spotify:track:…``, where the track is on Spotify."""
        return f"{_TRACK_URI}{self.track_id}" if self.track_id else None

    @property
    def url(self) -> str | None:
        """The track's page on Spotify."""
        return f"{_TRACK_URL}{self.track_id}" if self.track_id else None

    def to_dict(self, *, reason_parts: bool = True) -> dict[str, Any]:
        """Plain values for JSON; on request without ``reason_parts``, which a reader of ``reason`` has no use for."""
        return {
            "position": self.position,
            "own": self.own,
            "track_id": self.track_id,
            "uri": self.uri,
            "url": self.url,
            "title": self.title,
            "artists": list(self.artists),
            "album": self.album,
            "release_year": self.release_year,
            "explicit": self.explicit,
            "popularity": self.popularity,
            "artist_popularity": self.artist_popularity,
            "lift": self.lift,
            "similarity": self.similarity,
            "reason": self.reason,
            **({"reason_parts": [part.to_dict() for part in self.reason_parts]} if reason_parts else {}),
            "features": self.features.present(),
        }


@dataclass(frozen=True, slots=True)
class Recommendation:
    """A recommended playlist. ``reserves`` continue the list's positions and obey its rules together with it."""

    index: IndexDescription
    search: SearchPath
    seeds: tuple[ResolvedSeed, ...]
    genre: GenreChoice
    band: BandUse
    tracks: tuple[Row, ...]
    reserves: tuple[Row, ...]
    notes: tuple[str, ...]

    def to_dict(self, *, reason_parts: bool = True) -> dict[str, Any]:
        """The JSON answer, whose rows hold ``reason_parts`` or do not."""
        return {
            "index": {
                "version": self.index.version,
                "tracks": self.index.tracks,
                "built_at": self.index.built_at,
                "snapshot": self.index.snapshot,
                "source": self.index.source,
            },
            "search": str(self.search),
            "seeds": [seed.facts.to_dict() for seed in self.seeds],
            "genre": {
                "used": list(self.genre.used),
                "how": str(self.genre.how),
                "inferred": [{"name": name, "share": share} for name, share in self.genre.inferred],
            },
            "band": {
                "asked": [self.band.asked.low, self.band.asked.high],
                "used": [self.band.used.low, self.band.used.high],
                "widened": self.band.widened,
                "candidates": self.band.candidates,
                "tracks_at": list(self.band.tracks_at),
            },
            "tracks": [row.to_dict(reason_parts=reason_parts) for row in self.tracks],
            "reserves": [row.to_dict(reason_parts=reason_parts) for row in self.reserves],
            "notes": list(self.notes),
        }
