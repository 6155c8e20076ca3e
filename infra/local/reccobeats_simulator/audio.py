"""What the simulated analysis makes of an uploaded file."""

import hashlib
import io
import wave
from collections.abc import Callable, Mapping
from typing import Final

from daltonify_core.catalogue.audio_features import CONTINUOUS_FEATURES

MAX_FILE_BYTES: Final = 5_000_000

type Analyser = Callable[[bytes], Mapping[str, float]]
"""The nine continuous features of a file by name; ``ValueError`` for one that it can make nothing of."""

# Where the middle half of published tracks lies, roughly, so that the numbers of any file could be a track's.
_PLAUSIBLE: Final[Mapping[str, tuple[float, float]]] = {
    "danceability": (0.45, 0.75),
    "energy": (0.4, 0.85),
    "loudness": (-12.0, -5.0),
    "speechiness": (0.03, 0.12),
    "acousticness": (0.02, 0.5),
    "instrumentalness": (0.0, 0.2),
    "liveness": (0.08, 0.25),
    "valence": (0.3, 0.7),
    "tempo": (85.0, 150.0),
}


def is_listed_audio(content: bytes) -> bool:
    """Whether the file is of a kind that ReccoBeats lists: WAV, AIFF, Ogg, MP3, and AAC in its own or MP4's form.

    Of WAV files the head is read, and there must be samples; the others are told by their first bytes.
    """
    if content[:4] == b"RIFF":
        return _holds_samples(content)
    is_aiff = content[:4] == b"FORM" and content[8:12] in (b"AIFF", b"AIFC")
    is_mp4 = content[4:8] == b"ftyp"
    # Eleven or twelve set bits start every frame of MP3 and AAC; an ID3 tag may stand before the first.
    is_mpeg = content[:3] == b"ID3" or (len(content) > 2 and content[0] == 0xFF and content[1] & 0xE0 == 0xE0)
    return is_aiff or is_mp4 or is_mpeg or content[:4] == b"OggS"


def made_up_features(content: bytes) -> dict[str, float]:
    """Plausible numbers that follow from the bytes alone: equal files sound alike, and no two others do."""
    digest = hashlib.sha512(content).digest()
    features = {}
    for position, name in enumerate(CONTINUOUS_FEATURES):
        low, high = _PLAUSIBLE[name]
        share = int.from_bytes(digest[4 * position : 4 * position + 4]) / 2**32
        features[name] = round(low + share * (high - low), 4)
    return features


def _holds_samples(content: bytes) -> bool:
    try:
        with wave.open(io.BytesIO(content)) as wav:
            frames: int = wav.getnframes()
    except (wave.Error, EOFError):
        return False
    return frames > 0
