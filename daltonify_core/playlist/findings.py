"""What outside services told about the seeds of one request, beside what the request and the catalogue say."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from daltonify_core.catalogue.audio_features import AudioFeatures
from daltonify_core.errors import LookUpTried
from daltonify_core.ports.look_ups import TrackIdentity


@dataclass(frozen=True, slots=True)
class SeedFindings:
    """Answers by track id, for tracks that the catalogue does not hold.

    ``identities`` are in the order of trust; ``tried`` tells for each track what was attempted, answers that were
    remembered included. ``notes`` are sentences for whoever gets a list although something could not be looked up.
    """

    features: Mapping[str, AudioFeatures] = field(default_factory=dict)
    identities: Mapping[str, tuple[TrackIdentity, ...]] = field(default_factory=dict)
    tried: Mapping[str, tuple[LookUpTried, ...]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


NO_FINDINGS = SeedFindings()
"""For requests that needed nothing from outside, and for callers that do not look anything up."""
