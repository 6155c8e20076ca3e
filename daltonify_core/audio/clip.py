"""Clips: at most 30 seconds of a track, read from untrusted bytes and checked before anything is measured in them."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from daltonify_core.errors import AudioRefused

CLIP_RATE: Final = 44_100
MIN_SECONDS: Final = 10.0
"""Below that a beat and a mean over time say little; the figures of the measurement come from 30 seconds."""
MAX_SECONDS: Final = 30.0
_TOLERATED_SECONDS: Final = 0.5  # encoders fill up their last frame

_PCM: Final = 1
_EXTENSIBLE: Final = 0xFFFE
_PCM_SUBFORMAT: Final = bytes.fromhex("0100000000001000800000aa00389b71")
_CODINGS: Final = {2: "ADPCM", 3: "floating-point", 6: "A-law", 7: "µ-law", 17: "ADPCM", 85: "MP3"}
UNKNOWN_SIZE: Final = 0x7FFF_F000
"""From here on a size is what programs write that cannot go back and fill it in; nothing that we take is so long."""

TEXT: Final = "text, not audio"
_WANTED: Final = "Send a WAV file: 16-bit PCM, mono, 44.1 kHz, from 10 to 30 seconds."
_CONVERTS: Final = f"{_WANTED} The command `daltonify analyse` takes such a file as it is and converts it."
_BEGINNINGS: Final = (
    (b"ID3", "an MP3 file"),
    (b"OggS", "an OGG file"),
    (b"fLaC", "a FLAC file"),
    (b"FORM", "an AIFF file"),
    (b"RF64", "a WAV file in the form for more than 4 GB"),
    (b"BW64", "a WAV file in the form for more than 4 GB"),
    (b"RIFX", "a WAV file with its bytes in the other order"),
    (b"\x30\x26\xb2\x75", "a Windows Media file"),
    (b"\x1a\x45\xdf\xa3", "a WebM or Matroska file"),
    (b"caff", "a Core Audio file"),
    (b"MThd", "a MIDI file, which holds notes and no sound"),
)

_SILENT_RMS: Final = 10 ** (-60 / 20)
"""-60 dB of full scale; the quietest music on record averages 20 dB more."""
_AUDIBLE_SECONDS: Final = 5
_FRAME: Final = 2048
_OCCUPIED: Final = 0.99  # share of the power below the highest frequency that counts
_LEAST_BINS: Final = 93
"""Up to 2 kHz, however low the power lies: a bass alone fills the few bins below 100 Hz as evenly as noise would. Noise
of the lowest sample rate in use, 8 kHz, reaches up to 4.
"""
_FLAT: Final = 0.7
"""Spectral flatness is 1 for white noise and about .4 for pink noise; music lies below .3, cymbals included."""
_FLAT_WHEN_CLIPPED: Final = 0.35
_CLIPPED_SHARE: Final = 0.1
"""The loudest masters hold some per cent of samples at full scale; music overdriven until it holds 40 is still flat by
.2 only.
"""
_FULL_SCALE: Final = 0.999

type Samples = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Clip:
    """Mono sound: ``samples`` is float32 of shape (n,), in -1..1, at ``rate`` samples a second."""

    samples: Samples
    rate: int

    @property
    def seconds(self) -> float:
        """How long it lasts."""
        return len(self.samples) / self.rate


def read_clip(wav: bytes) -> Clip:
    """The clip that a WAV file holds; nothing is said yet about what is to be heard.

    Chunks may come in any order, and sizes may be unknown, as in a file that was written to a pipe. Raises
    ``AudioRefused`` with advice for anything but 16-bit PCM, mono, 44.1 kHz, and for a file that was broken off.
    """
    if wav[:4] != b"RIFF" or wav[8:12] != b"WAVE":
        raise AudioRefused(_not_wav(wav))
    form: bytes | None = None
    sound: bytes | None = None
    for name, declared, content in _chunks(wav):
        if name == b"fmt " and form is None:
            form = content
        elif name == b"data" and sound is None:
            if len(content) < declared:
                raise AudioRefused(
                    f"The WAV file breaks off: it promises {declared:,} bytes of sound and holds {len(content):,}. "
                    "Copy or export it again and send it whole."
                )
            sound = content
    if form is None or len(form) < 16:
        raise AudioRefused(f"The WAV file does not say how its sound is stored. {_WANTED}")
    _check_form(form)
    if not sound:
        raise AudioRefused(f"The WAV file holds no sound. {_WANTED}")
    values = np.frombuffer(sound, dtype="<i2", count=len(sound) // 2)
    return Clip(values.astype(np.float32) / np.float32(32_768), CLIP_RATE)


def write_clip(clip: Clip) -> bytes:
    """The clip as a 16-bit mono WAV file, as ``read_clip`` takes it."""
    values = np.clip(np.rint(clip.samples.astype(np.float64) * 32_768), -32_768, 32_767).astype("<i2").tobytes()
    form = struct.pack("<HHIIHH", _PCM, 1, clip.rate, clip.rate * 2, 2, 16)
    chunks = b"fmt " + struct.pack("<I", len(form)) + form + b"data" + struct.pack("<I", len(values)) + values
    return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks


def check_clip(clip: Clip) -> None:
    """Raise ``AudioRefused`` with advice where there is no music to measure.

    Refused are less than 10 and more than 30 seconds, silence, a constant value, and noise such as a file makes that
    was read in the wrong format. Loud masters pass, clipped ones too.
    """
    if clip.seconds < MIN_SECONDS:
        raise AudioRefused(
            f"The audio lasts {_seconds(clip.seconds)}, too short to measure. "
            "Send at least 10 seconds, better 30 from a part that is typical of the track."
        )
    if clip.seconds > MAX_SECONDS + _TOLERATED_SECONDS:
        raise AudioRefused(
            f"The audio lasts {_seconds(clip.seconds)}. Send at most 30, from a part that is typical of the track."
        )
    samples = clip.samples.astype(np.float64)
    offset = float(samples.mean())
    swing = samples - offset
    if float(np.sqrt(np.mean(swing**2))) < _SILENT_RMS:
        if abs(offset) > _SILENT_RMS:
            raise AudioRefused(
                "The audio holds one constant value and no sound: its recording or export failed. Export the track "
                "again and listen to the file before you send it."
            )
        raise AudioRefused(
            "The audio is silent, or so quiet that nothing can be measured. Choose another part of the track, or "
            "export it again at its normal level."
        )
    whole_seconds = swing[: len(swing) // clip.rate * clip.rate].reshape(-1, clip.rate)
    audible = np.sqrt(np.mean(whole_seconds**2, axis=1)) >= _SILENT_RMS
    if int(audible.sum()) < _AUDIBLE_SECONDS:
        raise AudioRefused("The audio is silent for most of its length. Choose a part where the track is playing.")
    flatness = _flatness(swing)
    clipped = float(np.mean(np.abs(samples) >= _FULL_SCALE))
    if flatness > _FLAT or (clipped > _CLIPPED_SHARE and flatness > _FLAT_WHEN_CLIPPED):
        raise AudioRefused(
            "The audio is nothing but noise, as when a file was converted wrongly or overdriven. Export the track "
            "again and listen to the file before you send it."
        )


def kind_of(data: bytes) -> str | None:
    """What the beginning of a file that is no WAV file says it is, in words with an article; ``None`` if unknown."""
    for beginning, kind in _BEGINNINGS:
        if data.startswith(beginning):
            return kind
    if data[4:8] == b"ftyp":
        return "an MP4 or M4A file"
    if len(data) > 1 and data[0] == 0xFF and data[1] & 0xE0 == 0xE0:
        # MP3 and AAC begin with eleven set bits; the two bits of the layer are 0 only in AAC.
        return "an MP3 file" if data[1] & 0x06 else "an AAC file"
    return TEXT if _is_text(data[:4096]) else None


def _chunks(wav: bytes) -> Iterator[tuple[bytes, int, bytes]]:
    """Name, declared size and content of every chunk; an unknown size counts as all that is left."""
    place = 12
    while place + 8 <= len(wav):
        name, declared = struct.unpack_from("<4sI", wav, place)
        place += 8
        if declared >= UNKNOWN_SIZE or (name == b"data" and declared == 0):
            declared = len(wav) - place
        yield name, declared, wav[place : place + declared]
        # Chunks begin at even places.
        place += declared + declared % 2


def _check_form(form: bytes) -> None:
    coding, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", form)
    if coding == _EXTENSIBLE and len(form) >= 40:
        subformat = form[24:40]
        # The other codings use the same identifier with their own number in front.
        coding = _PCM if subformat == _PCM_SUBFORMAT else struct.unpack_from("<H", subformat)[0]
        coding = _EXTENSIBLE if coding == _PCM and subformat != _PCM_SUBFORMAT else coding
    found = []
    if coding != _PCM:
        found.append(f"{_CODINGS.get(coding, 'unknown')} samples")
    elif bits != 16:
        found.append(f"{bits}-bit samples")
    if channels != 1:
        found.append("stereo" if channels == 2 else f"{channels} channels")
    if rate != CLIP_RATE:
        found.append(f"{rate:,} samples a second")
    if found:
        raise AudioRefused(f"The WAV file holds {' and '.join(found)}. {_CONVERTS}")


def _not_wav(data: bytes) -> str:
    if not data:
        return f"The file is empty. {_WANTED}"
    kind = kind_of(data)
    if kind is None:
        return f"This is no audio file that we know. {_WANTED}"
    return f"This is {kind}. {_WANTED if kind == TEXT else _CONVERTS}"


def _is_text(data: bytes) -> bool:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        # The cut may have gone through the last character.
        if error.start < len(data) - 3:
            return False
        text = data[: error.start].decode("utf-8")
    return all(character.isprintable() or character in "\r\n\t\ufeff" for character in text)


def _flatness(samples: NDArray[np.float64]) -> float:
    """Geometric by arithmetic mean of the power spectrum, up to where 99 % of the power lies, but at least to 2 kHz.

    Up to there only: noise that once had a lower sample rate leaves the upper part empty.
    """
    frames = samples[: len(samples) // _FRAME * _FRAME].reshape(-1, _FRAME) * np.hanning(_FRAME)
    power = np.mean(np.abs(np.fft.rfft(frames, axis=1)) ** 2, axis=0)[2:]
    top = max(_LEAST_BINS, int(np.searchsorted(np.cumsum(power), _OCCUPIED * power.sum())) + 1)
    occupied = power[:top] + np.finfo(np.float64).tiny
    return float(np.exp(np.mean(np.log(occupied))) / np.mean(occupied))


def _seconds(seconds: float) -> str:
    return f"{seconds:.1f} seconds" if seconds < MAX_SECONDS * 2 else f"{seconds / 60:.0f} minutes"
