"""Audio features: the numbers that describe how one track sounds.

Names, units and meanings are Spotify's, because every public data set and ReccoBeats use them.
"""

import math
import sys
from collections.abc import Mapping
from enum import StrEnum
from itertools import compress
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from daltonify_core.errors import InvalidTrack

CONTINUOUS_FEATURES: Final = (
    "danceability",
    "energy",
    "loudness",
    "speechiness",
    "acousticness",
    "instrumentalness",
    "liveness",
    "valence",
    "tempo",
)
"""The nine numbers that a catalogue track must have, in the order of every vector we store."""

DISCRETE_FEATURES: Final = ("key", "mode", "time_signature")

FEATURE_RANGES: Final[Mapping[str, tuple[float, float]]] = {
    "danceability": (0.0, 1.0),
    "energy": (0.0, 1.0),
    # dB relative to full scale. Public data hold -60 (digital silence) to about +5 (clipped masters).
    "loudness": (-70.0, 10.0),
    "speechiness": (0.0, 1.0),
    "acousticness": (0.0, 1.0),
    "instrumentalness": (0.0, 1.0),
    "liveness": (0.0, 1.0),
    "valence": (0.0, 1.0),
    # BPM. Analysis answers 0 when it found no beat; such rows are empty analyses and no tracks.
    "tempo": (20.0, 400.0),
    "key": (0, 11),
    "mode": (0, 1),
    "time_signature": (1, 12),
}
"""Inclusive limits of every feature; a value outside is a fault of its source, not music."""


class _Values(NamedTuple):
    danceability: float | None = None
    energy: float | None = None
    loudness: float | None = None
    speechiness: float | None = None
    acousticness: float | None = None
    instrumentalness: float | None = None
    liveness: float | None = None
    valence: float | None = None
    tempo: float | None = None
    key: int | None = None
    mode: int | None = None
    time_signature: int | None = None


class AudioFeatures(_Values):
    """What is known of one track's sound; ``None`` marks an absent value.

    ``loudness`` is in dB, ``tempo`` in BPM, ``key`` a pitch class (0 = C), ``mode`` 1 for major and 0 for minor,
    ``time_signature`` beats per bar; all others lie in 0..1. Raises ``InvalidTrack`` for a value outside
    ``FEATURE_RANGES`` or one that is not finite; only ``_make`` and ``_replace`` check nothing.

    A tuple, because every answer makes dozens of unchecked ones, and an object takes five times as long.
    """

    __slots__ = ()

    # The type checker knows the arguments by the fields.
    if not TYPE_CHECKING:

        def __new__(cls, *values: Any, **named: Any) -> "AudioFeatures":
            features = super().__new__(cls, *values, **named)
            for value, (name, (low, high)) in zip(features, FEATURE_RANGES.items(), strict=True):
                # A NaN fails every comparison, so the chained form refuses it as well.
                if value is not None and not low <= value <= high:
                    raise InvalidTrack(
                        "feature_out_of_range", f"{name} is {value!r}; it must be a number from {low:g} to {high:g}."
                    )
            return features

    def missing(self) -> tuple[str, ...]:
        """Names of the continuous features that are absent, in vector order."""
        # The continuous ones come first, and compress stops after them.
        return tuple(compress(CONTINUOUS_FEATURES, [value is None for value in self])) if None in self else ()

    def present(self) -> dict[str, float | int]:
        """Names and values of everything that is known, in field order."""
        known = zip(FEATURE_NAMES, self)  # noqa: B905 - as many, and saying so takes a fifth of the time
        return {name: value for name, value in known if value is not None}

    @classmethod
    def from_mapping(cls, values: Mapping[str, object]) -> "AudioFeatures":
        """Features from parsed JSON or the like; raises ``InvalidTrack`` for unknown names and wrong types."""
        unknown = sorted(set(values) - set(FEATURE_NAMES))
        if unknown:
            raise InvalidTrack(
                "unknown_feature", f"Unknown feature {unknown[0][:40]!r}; known are {', '.join(FEATURE_NAMES)}."
            )
        known: dict[str, float | int] = {}
        for name, value in values.items():
            if value is None:
                continue
            if isinstance(value, bool) or not isinstance(value, (int, float)):
                raise InvalidTrack("feature_not_a_number", f"{name} is {repr(value)[:40]}; it must be a number.")
            if abs(value) > sys.float_info.max:
                # JSON may hold whole numbers of any length, and nothing below can compute with them.
                raise InvalidTrack("feature_out_of_range", f"{name} is far outside of its range.")
            if name in DISCRETE_FEATURES:
                if not math.isfinite(value) or value != int(value):
                    raise InvalidTrack("feature_not_a_number", f"{name} is {value!r}; it must be a whole number.")
                known[name] = int(value)
            else:
                known[name] = float(value)
        return cls(**known)  # type: ignore[arg-type]


class FeaturesSource(StrEnum):
    """Where a track's features come from, the most trusted first.

    ``AUDIO_FILE`` are those that ReccoBeats measured in the artist's own file, ``MEASURED`` those that Daltonify did,
    roughly.
    """

    CATALOGUE = "catalogue"
    RECCOBEATS = "reccobeats"
    AUDIO_FILE = "audio_file"
    MEASURED = "measured"
    GIVEN = "given"


FEATURE_NAMES: Final = AudioFeatures._fields
