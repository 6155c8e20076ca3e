"""Features in words of five steps, because decimals would promise more than a measurement holds."""

from collections.abc import Mapping
from typing import Final

from daltonify_core.catalogue.audio_features import AudioFeatures

_STEPS: Final[Mapping[str, tuple[str, str, str, str, str]]] = {
    "energy": ("very calm", "calm", "neither calm nor lively", "energetic", "very energetic"),
    "danceability": ("hardly danceable", "little danceable", "somewhat danceable", "danceable", "very danceable"),
    "acousticness": ("electric or electronic", "mostly electric", "mixed", "mostly acoustic", "acoustic"),
    "valence": ("dark", "rather dark", "neither dark nor bright", "rather bright", "bright"),
    "instrumentalness": ("with vocals", "with vocals", "few vocals", "without vocals", "without vocals"),
    "speechiness": ("no speech", "some speech", "spoken and sung", "mostly speech", "speech"),
    "liveness": ("studio", "studio", "perhaps live", "probably live", "live"),
}


def in_words(features: AudioFeatures) -> dict[str, str]:
    """Each known feature but key, mode and beats for a person to read: words, or about a whole number."""
    words = {}
    if features.loudness is not None:
        words["loudness"] = f"about {round(features.loudness)} dB"
    if features.tempo is not None:
        words["tempo"] = f"about {round(features.tempo)} BPM"
    for name, steps in _STEPS.items():
        value = getattr(features, name)
        if value is not None:
            words[name] = steps[min(int(value * len(steps)), len(steps) - 1)]
    return words
