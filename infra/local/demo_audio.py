"""Sound for the demo: what the simulated ReccoBeats hears in a file, and a made-up song to try the service with."""

from collections.abc import Mapping

import numpy as np

from daltonify_core.audio.clip import CLIP_RATE, Clip, read_clip, write_clip
from daltonify_core.audio.measurement import measure
from daltonify_core.errors import AudioRefused
from infra.local.reccobeats_simulator.audio import made_up_features

_SECONDS = 12
_BEATS_PER_MINUTE = 120
_CHORD_HERTZ = (220.0, 277.2, 329.6)


def heard_in(file: bytes) -> Mapping[str, float]:
    """All nine continuous features: those that can be measured here, and the others made up from the file's bytes.

    Raises ``ValueError`` for a file that is no clip, as the simulator asks of who listens for it.
    """
    try:
        clip = read_clip(file)
    except AudioRefused as error:
        raise ValueError(error.message) from error
    return {**made_up_features(file), **measure(clip.samples, clip.rate).features.present()}


def example_song() -> bytes:
    """A WAV file with a steady beat over one chord."""
    times = np.arange(_SECONDS * CLIP_RATE) / CLIP_RATE
    since_beat = times % (60 / _BEATS_PER_MINUTE)
    drum = 0.5 * np.sin(2 * np.pi * 60 * since_beat) * np.exp(-18 * since_beat)
    noise = np.random.default_rng(1).standard_normal(len(times)) * np.exp(-60 * since_beat)
    chord = sum((np.sin(2 * np.pi * hertz * times) for hertz in _CHORD_HERTZ), np.zeros(len(times)))
    sound = drum + 0.1 * noise + 0.08 * chord
    return write_clip(Clip(sound.astype(np.float32), CLIP_RATE))
