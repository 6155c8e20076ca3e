"""WAV files as artists send them, made up; what their programs wrote into them must not be repeated anywhere."""

from functools import cache

from tests.unit.audio.sounds import chunk, form, pcm16, riff, song, white_noise

SECRET_TITLE = b"NEVERLOGME my next single"


@cache
def song_wav(seconds: float = 12, seed: int = 5, bpm: float = 120) -> bytes:
    """Made-up music at this tempo, with a title in its INFO chunk."""
    info = chunk(b"LIST", b"INFO" + chunk(b"INAM", SECRET_TITLE))
    return riff(form(), info, chunk(b"data", pcm16(song(seconds, bpm=bpm, seed=seed))))


@cache
def noisy_wav() -> bytes:
    """A file that is nothing but noise, which is refused."""
    return riff(form(), chunk(b"data", pcm16(white_noise())))
