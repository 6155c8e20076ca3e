"""An artist's file of any common format and length, read piece by piece, and the 30 seconds of it that are listened to.

An hour of music is never in memory at once: a first pass measures loudness, a second one reads the excerpt. The
libraries for it are imported when a file is opened: they load native code that no other command should wait for, or
fail without.
"""

import math
import shutil
import struct
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import IO, Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from daltonify_core.audio.clip import (
    CLIP_RATE,
    MAX_SECONDS,
    MIN_SECONDS,
    TEXT,
    UNKNOWN_SIZE,
    Clip,
    kind_of,
    read_clip,
    write_clip,
)
from daltonify_core.audio.loudness import STEPS_A_SECOND, LoudnessMeter, decibels_of_power
from daltonify_core.errors import AudioRefused
from daltonify_core.ports.surroundings import Progress

MAX_FILE_BYTES: Final = 200_000_000
_RATES: Final = (8_000, 768_000)
_BLOCK_SAMPLES: Final = 1 << 18
_AS_LOUD_DB: Final = 0.01
"""Stretches that differ by less are as loud as each other, and the first of them counts."""
_CANCELLED: Final = 1e-3
"""Share of the power that is left where two channels cancel each other out."""
_AU_HEADER_BYTES: Final = 24
_AU_FLOAT: Final = 6
_COARSE: Final = frozenset({"PCM_S8", "PCM_U8", "DPCM_8", "ULAW", "ALAW", "GSM610"})
_FAR_OVER: Final = 2.0
"""Peak from which samples are no loud master any more, whose overshoots are cut off, but a mistake of scale."""
_MISSED_SECONDS: Final = 1.0
_FORGOTTEN_BYTES: Final = 16  # programs that count the padding or a header wrongly
_LONGEST_PAGE_BYTES: Final = 65_307
_LAST_PAGE: Final = 0x04

type Block = NDArray[np.float32]


class Choice(StrEnum):
    """Why the excerpt is where it is."""

    LOUDEST = "loudest"
    ASKED = "asked"
    WHOLE = "whole"


@dataclass(frozen=True, slots=True, eq=False)
class HeardFile:
    """What was read of one file.

    ``loudness_lufs`` is that of the whole file, ``curve`` that of every tenth of a second (shape (steps,)).
    ``clip`` is the excerpt, which begins ``start_seconds`` after the file does. ``is_coarse`` is sound of 8 bits or in
    a code of telephones, ``is_cut_short`` a file that promises more than it holds. ``lowered_db`` is by how much a file
    with samples far over full scale was lowered to fit; clip and loudness are those of the lowered sound.
    """

    name: str
    seconds: float
    rate: int
    channels: int
    loudness_lufs: float
    curve: NDArray[np.float64]
    clip: Clip
    start_seconds: float
    choice: Choice
    is_coarse: bool
    is_cut_short: bool
    lowered_db: float


class _Sound(Protocol):
    """Something that sound can be read from more than once."""

    rate: int
    channels: int
    seconds: float | None
    is_coarse: bool

    def blocks(self, start: int) -> Iterator[Block]:
        """Float samples of shape (n, channels), from the frame ``start`` on."""


def hear(path: Path, start_seconds: float | None, progress: Progress) -> HeardFile:
    """Read a file and choose its loudest 30 seconds, or those from ``start_seconds`` on.

    Raises ``AudioRefused`` with advice for what is no audio, is larger than 200 MB or ends too early, ``OSError`` for a
    file that cannot be opened. What is to be heard in the excerpt is not checked.
    """
    sound = _open(path)
    if not _RATES[0] <= sound.rate <= _RATES[1]:
        raise AudioRefused(
            f"{path.name} says that it holds {sound.rate:,} samples a second, which is unusual for music. Export it "
            "again at 44.1 kHz."
        )
    meter = LoudnessMeter(sound.rate, sound.channels if sound.channels <= 2 else 1)
    frames, peak = 0, 0.0
    for block in sound.blocks(0):
        peak = max(peak, float(np.abs(block).max(initial=0.0)))
        meter.add(block if sound.channels <= 2 else _mixed(block))
        frames += len(block)
        progress("listening, in seconds", frames // sound.rate, round(sound.seconds or 0))
    seconds = frames / sound.rate
    if seconds < MIN_SECONDS:
        raise AudioRefused(
            f"{path.name} lasts {seconds:.1f} seconds, too short to measure. "
            "Give the whole track, or at least 10 seconds."
        )
    gain = 1.0 / peak if peak > _FAR_OVER else 1.0
    lowered_db = -20.0 * math.log10(gain)
    steps = meter.steps()
    start, choice = _start(steps, seconds, start_seconds, meter.step_frames / sound.rate)
    return HeardFile(
        name=path.name,
        seconds=seconds,
        rate=sound.rate,
        channels=sound.channels,
        loudness_lufs=meter.integrated() - lowered_db,
        curve=decibels_of_power(steps),
        clip=_excerpt(sound, round(start * sound.rate), gain),
        start_seconds=start,
        choice=choice,
        is_coarse=sound.is_coarse,
        is_cut_short=_is_cut_short(path) or (sound.seconds or 0.0) - seconds > _MISSED_SECONDS,
        lowered_db=lowered_db,
    )


def _start(
    steps: NDArray[np.float64], seconds: float, asked: float | None, step_seconds: float
) -> tuple[float, Choice]:
    if asked is not None:
        if seconds - asked < MIN_SECONDS:
            raise AudioRefused(
                f"The file lasts {seconds:.0f} seconds, so from {asked:g} on too little is left. Begin at "
                f"{max(0, int(seconds - MAX_SECONDS))} or earlier."
            )
        return asked, Choice.ASKED
    if seconds <= MAX_SECONDS:
        return 0.0, Choice.WHOLE
    width = min(round(MAX_SECONDS * STEPS_A_SECOND), len(steps))
    summed = np.concatenate(([0.0], np.cumsum(steps)))
    stretches = summed[width:] - summed[:-width]
    as_loud = stretches >= stretches.max() * 10 ** (-_AS_LOUD_DB / 10)
    return float(np.argmax(as_loud)) * step_seconds, Choice.LOUDEST


def _excerpt(sound: _Sound, start: int, gain: float) -> Clip:
    """At most 30 seconds as a clip, with the very samples that a WAV file of it holds."""
    wanted = int(MAX_SECONDS * sound.rate)
    blocks, count = [], 0
    for block in sound.blocks(start):
        blocks.append(block)
        count += len(block)
        if count >= wanted:
            break
    if not blocks:
        raise AudioRefused(
            "The second time, nothing was found where the excerpt should be. Copy or export the file again."
        )
    mono = _mixed(np.concatenate(blocks)[:wanted])[:, 0] * np.float32(gain)
    if sound.rate != CLIP_RATE:
        import soxr  # type: ignore[import-untyped]

        mono = soxr.resample(mono, sound.rate, CLIP_RATE)
    return read_clip(write_clip(Clip(mono[: int(MAX_SECONDS * CLIP_RATE)].astype(np.float32), CLIP_RATE)))


def _mixed(block: Block) -> Block:
    """One channel, shape (n, 1): the mean of all, or the first where they cancel each other out."""
    mean: Block = block.mean(axis=1, keepdims=True, dtype=np.float32)
    if block.shape[1] > 1 and float(np.mean(mean**2)) < _CANCELLED * float(np.mean(block**2)):
        return block[:, :1]
    return mean


def _open(path: Path) -> _Sound:
    size = path.stat().st_size
    if not (path.is_file() or path.is_dir()):
        # Opening a pipe could wait for ever, and it could be read only once.
        raise AudioRefused(f"{path.name} is no file. Save the track in a file first.")
    with path.open("rb") as file:
        beginning = file.read(4096)
    if size > MAX_FILE_BYTES:
        raise AudioRefused(
            f"{path.name} has {size / 1e6:,.0f} MB, and more than {MAX_FILE_BYTES / 1e6:.0f} are not read. Cut out a "
            "minute that is typical of the track, or export it as FLAC or MP3."
        )
    if not beginning:
        raise AudioRefused(f"{path.name} is empty. Export the track again.")
    if kind_of(beginning) == TEXT:
        raise AudioRefused(f"{path.name} is {TEXT}. Give a file such as track.wav, track.flac or track.mp3.")
    try:
        return _LibsndfileSound(path)
    except AudioRefused as error:
        if beginning.startswith(b"RIFF"):
            # Chunks in another order, or a size that was never filled in: what is taken by the service is taken here.
            with suppress(AudioRefused):
                return _ReadClip(read_clip(path.read_bytes()))
        program = shutil.which("ffmpeg")
        if program is None:
            raise AudioRefused(
                f"{path.name} cannot be read here. Give a WAV, FLAC, AIFF, OGG or MP3 file, or install ffmpeg, which "
                "reads most others."
            ) from error
        return _FfmpegSound(path, program)


class _LibsndfileSound:
    """A file in one of the formats of libsndfile: WAV, FLAC, AIFF, OGG, MP3 and others."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with self._opened() as file:
            self.rate: int = file.samplerate
            self.channels: int = file.channels
            self.seconds: float | None = file.frames / file.samplerate
            self.is_coarse: bool = file.subtype in _COARSE
            if not file.frames:
                raise AudioRefused(f"{path.name} holds no sound. Export it again.")

    def blocks(self, start: int) -> Iterator[Block]:
        with self._opened() as file:
            file.seek(start)
            while len(block := file.read(_frames_of_block(self.channels), dtype="float32", always_2d=True)):
                yield _finite(block)

    @contextmanager
    def _opened(self) -> Iterator[Any]:
        import soundfile  # type: ignore[import-untyped]

        try:
            # An open file rather than its name, because the name's ending would outweigh what the file holds.
            with self._path.open("rb") as stream, soundfile.SoundFile(_Nameless(stream)) as file:
                yield file
        except soundfile.LibsndfileError as error:
            raise AudioRefused(f"{self._path.name} is damaged. Copy or export it again.") from error


class _ReadClip:
    """A WAV file that was read as a whole."""

    is_coarse = False
    channels = 1

    def __init__(self, clip: Clip) -> None:
        self._samples = clip.samples
        self.rate: int = clip.rate
        self.seconds: float | None = clip.seconds

    def blocks(self, start: int) -> Iterator[Block]:
        for first in range(start, len(self._samples), _BLOCK_SAMPLES):
            yield self._samples[first : first + _BLOCK_SAMPLES, np.newaxis]


class _Nameless:
    """A binary file without its name."""

    def __init__(self, stream: IO[bytes]) -> None:
        self.seek, self.tell, self.read = stream.seek, stream.tell, stream.read


class _FfmpegSound:
    """A file that the program ffmpeg reads; its first audio stream counts."""

    def __init__(self, path: Path, program: str) -> None:
        self._path = path
        self._program = program
        self.seconds: float | None = None
        self.is_coarse = False
        with self._decoded() as stream:
            self.rate, self.channels = self._header(stream)

    def blocks(self, start: int) -> Iterator[Block]:
        with self._decoded() as stream:
            self._header(stream)
            passed = 0
            width = 4 * self.channels
            while data := stream.read(_frames_of_block(self.channels) * width):
                samples = np.frombuffer(data, dtype=">f4", count=len(data) // width * self.channels)
                block = samples.astype(np.float32).reshape(-1, self.channels)
                unwanted = min(max(start - passed, 0), len(block))
                passed += len(block)
                if unwanted < len(block):
                    yield _finite(block[unwanted:])

    def _header(self, stream: IO[bytes]) -> tuple[int, int]:
        """Rate and channels of a Sun AU stream, the simplest form that says how its samples are stored."""
        header = stream.read(_AU_HEADER_BYTES)
        if len(header) == _AU_HEADER_BYTES:
            magic, offset, _, coding, rate, channels = struct.unpack(">4sIIIII", header)
            if magic == b".snd" and coding == _AU_FLOAT and channels > 0 and offset >= _AU_HEADER_BYTES:
                stream.read(offset - _AU_HEADER_BYTES)
                return rate, channels
        raise AudioRefused(
            f"Neither we nor ffmpeg find sound in {self._path.name}. Give a WAV, FLAC, AIFF, OGG or MP3 file."
        )

    @contextmanager
    def _decoded(self) -> Iterator[IO[bytes]]:
        # "file:" keeps a name such as "-x" or "http:x" from being anything but a name.
        command = [self._program, "-v", "quiet", "-nostdin", "-i", f"file:{self._path}", "-map", "0:a:0"]
        command += ["-c:a", "pcm_f32be", "-f", "au", "pipe:1"]
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)  # noqa: S603 - no shell, and the name is an argument of its own
        assert process.stdout is not None  # noqa: S101 - a pipe was asked for
        try:
            yield process.stdout
        finally:
            process.kill()
            process.stdout.close()
            process.wait()


def _is_cut_short(path: Path) -> bool:
    """Whether a WAV or AIFF file is shorter than it says, or an OGG file lacks its last page."""
    size = path.stat().st_size
    with path.open("rb") as file:
        name, stated = file.read(4), file.read(4)
        if name == b"OggS":
            file.seek(max(size - _LONGEST_PAGE_BYTES, 0))
            last = file.read().rpartition(b"OggS")[2]
            return len(last) < 2 or not last[1] & _LAST_PAGE
    if name not in (b"RIFF", b"FORM") or len(stated) < 4:
        return False
    promised = int.from_bytes(stated, "little" if name == b"RIFF" else "big")
    return size + _FORGOTTEN_BYTES < 8 + promised < UNKNOWN_SIZE


def _frames_of_block(channels: int) -> int:
    return max(_BLOCK_SAMPLES // channels, 1)


def _finite(block: Block) -> Block:
    """Float files may hold anything; what is no number is no sound."""
    return np.nan_to_num(block, copy=False, nan=0.0, posinf=1.0, neginf=-1.0)
