"""A feature service that lives in memory and fails as it is told to."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from daltonify_core.catalogue.audio_features import AudioFeatures
from daltonify_core.errors import AudioRefused, UpstreamRefused
from daltonify_core.ports.look_ups import FEATURE_BATCH, IdentitySource, TrackIdentity
from tests.fakes.faults import FaultPlan

ANALYSED = AudioFeatures(
    danceability=0.61,
    energy=0.72,
    loudness=-7.5,
    speechiness=0.05,
    acousticness=0.2,
    instrumentalness=0.01,
    liveness=0.12,
    valence=0.44,
    tempo=118.0,
)
"""What every file sounds like until a test says otherwise; key and mode are absent, as they are from ReccoBeats."""


@dataclass(frozen=True)
class Asked:
    """One call: its method and the ids that it asked for; for a file, how many bytes it had."""

    method: str
    track_ids: tuple[str, ...] = ()
    size: int = 0


@dataclass
class MemoryFeatureService:
    """Knows the features and identities that it is given, and ``analysed`` is what it hears in every file.

    ``strange`` ids are those for which it refuses a whole call. ``refused`` is the advice with which files are turned
    down, ``None`` to take them. ``asked`` holds every call in
    order, those that failed included; ``faults`` strikes calls by number or by name (``features``, ``identities``,
    ``analyse``).
    """

    known_features: dict[str, AudioFeatures] = field(default_factory=dict)
    known_identities: dict[str, TrackIdentity] = field(default_factory=dict)
    analysed: AudioFeatures = ANALYSED
    strange: set[str] = field(default_factory=set)
    refused: str | None = None
    faults: FaultPlan = field(default_factory=FaultPlan)
    asked: list[Asked] = field(default_factory=list)

    def add(
        self, track_id: str, features: AudioFeatures, title: str = "A track", artists: Iterable[str] = ("An artist",)
    ) -> None:
        """Make one track known by its sound and by its name."""
        self.known_features[track_id] = features
        self.known_identities[track_id] = TrackIdentity(track_id, title, tuple(artists), IdentitySource.RECCOBEATS)

    def features(self, track_ids: Sequence[str]) -> dict[str, AudioFeatures]:
        return self._look_up("features", self.known_features, track_ids)

    def identities(self, track_ids: Sequence[str]) -> dict[str, TrackIdentity]:
        return self._look_up("identities", self.known_identities, track_ids)

    def analyse(self, wav: bytes) -> AudioFeatures:
        self.asked.append(Asked("analyse", size=len(wav)))
        with self.faults.step("analyse"):
            if self.refused is not None:
                raise AudioRefused(self.refused)
            return self.analysed

    def _look_up[Found](self, method: str, known: Mapping[str, Found], track_ids: Sequence[str]) -> dict[str, Found]:
        self.asked.append(Asked(method, tuple(track_ids)))
        with self.faults.step(method):
            if len(track_ids) > FEATURE_BATCH:
                raise ValueError(f"{len(track_ids)} tracks were asked for at once; {FEATURE_BATCH} are the most")
            if not self.strange.isdisjoint(track_ids):
                raise UpstreamRefused("It does not accept what was asked of it (status 400).", 400)
            return {track_id: known[track_id] for track_id in track_ids if track_id in known}
