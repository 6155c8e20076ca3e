"""The tracks that the simulated ReccoBeats knows, and the two kinds of row in which it shows them."""

import re
import uuid
from collections import ChainMap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from daltonify_core.catalogue.audio_features import CONTINUOUS_FEATURES, AudioFeatures
from daltonify_core.catalogue.links import is_spotify_id
from daltonify_core.catalogue.track import Track

type JsonObject = dict[str, object]

_NAMESPACE: Final = uuid.uuid5(uuid.NAMESPACE_URL, "https://reccobeats.com")
_ISRC: Final = re.compile("[A-Z]{2}[A-Z0-9]{3}[0-9]{7}", re.IGNORECASE)
_ROW_FEATURES: Final = (*CONTINUOUS_FEATURES, "key", "mode")  # there is no time signature
_COUNTRIES: Final = "AR,AU,AT,BE,BO,BR,CA,CH,CL,CO,DE,DK,ES,FR,GB,IE,IT,JP,MX,NL,NO,PL,PT,SE,US,ZA"
_NO_KEY: Final = -1


@dataclass(frozen=True, slots=True)
class SimulatedRow:
    """One track. Features that are absent are ``null`` in its row, but for the key, which is -1."""

    title: str
    artists: tuple[str, ...]
    features: AudioFeatures
    artist_ids: tuple[str, ...] = ()
    duration_ms: int | None = 180_000
    isrc: str | None = None
    popularity: int | None = 0

    @classmethod
    def from_track(cls, track: Track) -> "SimulatedRow":
        """What ReccoBeats would hold of a catalogue track; a popularity that nobody knows is 0, as it is there."""
        artist_ids = tuple(credit.artist_id for credit in track.artists if credit.artist_id)
        return cls(
            title=track.title,
            artists=tuple(credit.name for credit in track.artists),
            features=track.features,
            artist_ids=artist_ids if len(artist_ids) == len(track.artists) else (),
            duration_ms=track.duration_ms,
            popularity=track.popularity or 0,
        )


class RowsOfTracks(Mapping[str, SimulatedRow]):
    """Catalogue tracks by their ids, turned into rows when they are asked for."""

    def __init__(self, tracks: Mapping[str, Track]) -> None:
        self._tracks = tracks

    def __getitem__(self, track_id: str) -> SimulatedRow:
        return SimulatedRow.from_track(self._tracks[track_id])

    def __iter__(self) -> Iterator[str]:
        return iter(self._tracks)

    def __len__(self) -> int:
        return len(self._tracks)


class SimulatedRows:
    """Rows by Spotify id, ReccoBeats's own id or recording code.

    The given mapping is read as it is, so a large one may look its rows up only when they are needed. A track's own id
    is known here once it was shown, which is the only way for a client to learn it.
    """

    def __init__(self, rows: Mapping[str, SimulatedRow]) -> None:
        # ChainMap writes to its first map only, so the caller's mapping is never changed.
        self._rows: ChainMap[str, SimulatedRow] = ChainMap({}, rows)  # type: ignore[arg-type]
        self._shown: dict[str, str] = {}
        self._by_isrc: dict[str, list[str]] | None = None

    def add(self, rows: Mapping[str, SimulatedRow]) -> None:
        """Make more tracks known, or replace them; raises ``ValueError`` for an id that Spotify could not have."""
        for track_id in rows:
            if not is_spotify_id(track_id):
                raise ValueError(f"{track_id!r} is not 22 letters and digits")
        self._rows.update(rows)
        self._by_isrc = None

    def find(self, wanted: str) -> list[str]:
        """Spotify ids of the tracks that an id or code of any kind means, none for one that is not known."""
        if wanted in self._rows:
            return [wanted]
        if _ISRC.fullmatch(wanted):
            return self._tracks_by_isrc().get(wanted.upper(), [])
        return self.find_own(wanted)

    def find_own(self, own_id: str) -> list[str]:
        """The Spotify id of the track with this id of ReccoBeats's."""
        shown = self._shown.get(own_id.lower())
        return [] if shown is None else [shown]

    def own_id(self, track_id: str) -> str:
        """ReccoBeats's id of a track, the same in every run."""
        own = str(uuid.uuid5(_NAMESPACE, track_id))
        self._shown[own] = track_id
        return own

    def features_row(self, track_id: str) -> JsonObject:
        """The row of ``GET /audio-features``."""
        row = self._rows[track_id]
        features = {name: getattr(row.features, name) for name in _ROW_FEATURES}
        if features["key"] is None:
            features["key"] = _NO_KEY
        return {"id": self.own_id(track_id), "href": _track_href(track_id), "isrc": row.isrc, **features}

    def track_row(self, track_id: str) -> JsonObject:
        """The row of ``GET /track``."""
        row = self._rows[track_id]
        artist_ids = row.artist_ids or (None,) * len(row.artists)
        artists = [_artist(name, artist_id) for name, artist_id in zip(row.artists, artist_ids, strict=True)]
        return {
            "id": self.own_id(track_id),
            "trackTitle": row.title,
            "artists": artists,
            "durationMs": row.duration_ms,
            "isrc": row.isrc,
            "ean": None,
            "upc": None,
            "href": _track_href(track_id),
            "availableCountries": _COUNTRIES,
            "popularity": row.popularity,
        }

    def _tracks_by_isrc(self) -> dict[str, list[str]]:
        # A walk over all rows, which only somebody who asks by code has to wait for.
        if self._by_isrc is None:
            self._by_isrc = {}
            for track_id, row in self._rows.items():
                if row.isrc:
                    self._by_isrc.setdefault(row.isrc.upper(), []).append(track_id)
        return self._by_isrc


def _track_href(track_id: str) -> str:
    return f"https://open.spotify.com/track/{track_id}"


def _artist(name: str, artist_id: str | None) -> JsonObject:
    href = None if artist_id is None else f"https://open.spotify.com/artist/{artist_id}"
    return {"id": str(uuid.uuid5(_NAMESPACE, name)), "name": name, "href": href}
