"""Clips: what is read from bytes, and what is refused with which advice."""

import io
import struct
import wave
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from daltonify_core.audio.clip import CLIP_RATE, check_clip, read_clip, write_clip
from daltonify_core.errors import AudioRefused
from tests.unit.audio.sounds import (
    below,
    chunk,
    clicks,
    clip,
    form,
    pcm16,
    pink_noise,
    riff,
    sine,
    song,
    times,
    white_noise,
)

VALUES = np.array([0, 1, -1, 32_767, -32_768, 1234], dtype="<i2")
SOUND = VALUES.tobytes()
PCM_EXTENSION = struct.pack("<HHI", 22, 16, 4) + bytes.fromhex("0100000000001000800000aa00389b71")


@pytest.mark.parametrize(
    "wav",
    [
        pytest.param(riff(form(), chunk(b"data", SOUND)), id="plain"),
        pytest.param(riff(chunk(b"LIST", b"odd"), form(), chunk(b"data", SOUND)), id="a chunk of odd length before"),
        pytest.param(riff(chunk(b"data", SOUND), form()), id="sound before its form"),
        pytest.param(riff(form(), chunk(b"data", SOUND), chunk(b"id3 ", b"tag")), id="a tag behind"),
        pytest.param(riff(form(coding=0xFFFE, more=PCM_EXTENSION), chunk(b"data", SOUND)), id="extensible"),
        pytest.param(riff(form(), chunk(b"data", SOUND, 0xFFFF_FFFF), size=0xFFFF_FFFF), id="written to a pipe"),
        pytest.param(riff(form(), chunk(b"data", SOUND, 0), size=0), id="sizes never filled in"),
        pytest.param(riff(form(), chunk(b"data", SOUND, 0x7FFF_F000), size=36), id="sizes of another program's pipe"),
        pytest.param(riff(form(), chunk(b"data", SOUND + b"\7", 0xFFFF_FFFF)), id="half a sample at the end"),
        pytest.param(riff(form(), chunk(b"data", SOUND), chunk(b"data", b"\0\0")), id="sound twice"),
    ],
)
def test_samples_are_read_whatever_stands_around_them(wav):
    read = read_clip(wav)
    assert read.rate == CLIP_RATE
    assert read.samples.dtype == np.float32
    assert np.array_equal(read.samples[: len(VALUES)] * 32_768, VALUES)


def test_a_file_of_the_standard_library_is_read():
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(CLIP_RATE)
        file.writeframes(SOUND)
    assert np.array_equal(read_clip(buffer.getvalue()).samples * 32_768, VALUES)


def test_what_is_written_is_read_back_and_other_programs_read_it_too():
    written = write_clip(read_clip(riff(form(), chunk(b"data", SOUND))))
    assert np.array_equal(read_clip(written).samples * 32_768, VALUES)
    with wave.open(io.BytesIO(written)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, CLIP_RATE)
        assert file.readframes(100) == SOUND


def test_writing_limits_what_overshoots():
    assert read_clip(write_clip(clip(np.array([1.5, -1.5])))).samples.tolist() == [32_767 / 32_768, -1.0]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b"Dear listener, this is my song.\n", "text, not audio"),
        ("Liebe Hörerin ".encode() * 600, "text, not audio"),
        (b"<!doctype html><html>", "text, not audio"),
        (b"ID3\x04\x00" + bytes(50), "MP3"),
        (b"\xff\xfb\x90\x64" + bytes(50), "MP3"),
        (b"\xff\xf1\x50\x80" + bytes(50), "AAC"),
        (b"OggS\x00\x02" + bytes(50), "OGG"),
        (b"fLaC\x00\x00" + bytes(50), "FLAC"),
        (b"FORM\x00\x00\x10\x00AIFF" + bytes(50), "AIFF"),
        (b"\x00\x00\x00\x20ftypM4A " + bytes(50), "M4A"),
        (b"RF64\xff\xff\xff\xffWAVE" + bytes(50), "4 GB"),
        (b"RIFX\x00\x00\x00\x24WAVE" + bytes(50), "other order"),
        (b"MThd\x00\x00\x00\x06" + bytes(50), "MIDI"),
        (b"\x89PNG\r\n\x1a\n" + bytes(50), "no audio file that we know"),
        (b"RIFF\x24\x00\x00\x00AVI " + bytes(50), "no audio file that we know"),
        (b"\x00" * 50, "no audio file that we know"),
    ],
)
def test_other_files_are_called_by_their_name_and_told_what_to_send(data, words):
    with pytest.raises(AudioRefused, match=words) as refused:
        read_clip(data)
    assert "16-bit PCM, mono, 44.1 kHz" in refused.value.message
    assert refused.value.field == "audio"


@pytest.mark.parametrize("data", [b"ID3\x04" + bytes(50), riff(form(channels=2), chunk(b"data", SOUND))])
def test_whoever_has_the_command_line_learns_that_it_converts(data):
    with pytest.raises(AudioRefused, match="daltonify analyse"):
        read_clip(data)


@pytest.mark.parametrize(
    ("chunks", "words"),
    [
        ([form(channels=2), chunk(b"data", SOUND)], "holds stereo"),
        ([form(channels=6), chunk(b"data", SOUND)], "6 channels"),
        ([form(bits=24), chunk(b"data", SOUND)], "24-bit"),
        ([form(bits=8), chunk(b"data", SOUND)], "8-bit"),
        ([form(coding=3, bits=32), chunk(b"data", SOUND)], "floating-point"),
        ([form(coding=6, bits=8), chunk(b"data", SOUND)], "A-law"),
        ([form(coding=0xFFFE, more=b"\3" + PCM_EXTENSION[1:8] + b"\3" + PCM_EXTENSION[9:])], "floating-point"),
        ([form(coding=0xFFFE, more=PCM_EXTENSION[:-1] + b"\0")], "unknown"),
        ([form(coding=0xFFFE)], "unknown"),
        ([form(rate=48_000), chunk(b"data", SOUND)], "48,000 samples a second"),
        ([form(channels=2, rate=48_000, bits=24)], "24-bit samples and stereo and 48,000"),
        ([form(rate=0, channels=0, bits=0)], "0-bit"),
        ([form()], "no sound"),
        ([form(), chunk(b"data", b"", 0xFFFF_FFFF)], "no sound"),
        ([chunk(b"data", SOUND)], "how its sound is stored"),
        ([chunk(b"fmt ", b"\1\0"), chunk(b"data", SOUND)], "how its sound is stored"),
        ([], "how its sound is stored"),
    ],
)
def test_wav_files_of_another_form_are_refused_for_what_they_are(chunks, words):
    with pytest.raises(AudioRefused, match=words):
        read_clip(riff(*chunks))


def test_a_file_that_breaks_off_is_refused_and_says_how_much_is_missing():
    whole = write_clip(clip(sine(440.0)))
    with pytest.raises(AudioRefused, match=r"promises 1,058,400 bytes of sound and holds 499,956"):
        read_clip(whole[:500_000])


@given(st.binary(max_size=200), st.integers(0, 4))
@example(b"", 4)
@example(b"data\xff\xff\xff\xff", 2)
def test_any_bytes_are_read_or_refused(junk, kind):
    good = riff(form(), chunk(b"data", SOUND))
    data = (junk, b"RIFF\0\0\0\0WAVE" + junk, riff(form()) + junk, good[:36] + junk, good[: len(junk) % len(good)])[
        kind
    ]
    with suppress(AudioRefused):
        assert np.all(np.abs(read_clip(data).samples) <= 1)


@given(st.data())
def test_a_damaged_header_never_breaks_the_reader(data):
    wav = bytearray(riff(chunk(b"LIST", b"odd"), form(more=b"\0\0"), chunk(b"data", SOUND)))
    for _ in range(data.draw(st.integers(1, 4))):
        wav[data.draw(st.integers(0, len(wav) - 1))] = data.draw(st.integers(0, 255))
    with suppress(AudioRefused):
        check_clip(read_clip(bytes(wav)))


@pytest.mark.parametrize(
    "sound",
    [
        pytest.param(song(), id="music"),
        pytest.param(song(level=0.01), id="very quiet music"),
        pytest.param(song(10.0), id="ten seconds"),
        pytest.param(song(30.4), id="thirty seconds and the rest of a frame"),
        pytest.param(np.clip(song(level=6.0), -1, 1), id="a brutally loud master"),
        pytest.param(np.clip(song(level=2.0), -1, 1) * 0.97 + 0.02, id="with a constant offset"),
        pytest.param(clicks(60.0), id="clicks with long pauses"),
        pytest.param(sine(440.0), id="one note"),
        pytest.param(sine(45.0) * np.exp(-3 * (times(12.0) % 1)), id="a bass drum alone"),
        pytest.param(sum(sine(hertz, 0.1) for hertz in (41.2, 49.0, 55.0, 65.4, 82.4, 98.0)), id="low tones alone"),
        pytest.param(np.sign(sine(110.0)), id="a square wave at full scale"),
        pytest.param(np.concatenate([np.zeros(CLIP_RATE * 10), song(10.0)]), id="half of it an entry of silence"),
    ],
)
def test_music_passes(sound):
    check_clip(clip(sound))


@pytest.mark.parametrize(
    ("sound", "words"),
    [
        pytest.param(song(1.0), "lasts 1.0 seconds, too short", id="one second"),
        pytest.param(song(9.9), "too short", id="just too short"),
        pytest.param(song(31.0), "at most 30", id="too long"),
        pytest.param(sine(440.0, 0.0), "silent", id="digital silence"),
        pytest.param(white_noise(0.0002), "silent", id="the noise of a silent line"),
        pytest.param(sine(440.0, 0.0) + 0.4, "constant value", id="a constant"),
        pytest.param(np.concatenate([song(3.0), np.zeros(CLIP_RATE * 20)]), "most of its length", id="mostly silent"),
        pytest.param(white_noise(0.1), "noise", id="white noise"),
        pytest.param(np.clip(white_noise(3.0), -1, 1), "noise", id="clipped noise"),
        pytest.param(np.clip(pink_noise(5.0, 12.0), -1, 1), "noise", id="clipped noise of another colour"),
        pytest.param(below(5_000, white_noise(0.5)), "noise", id="noise of a lower sample rate"),
    ],
)
def test_what_holds_no_music_is_refused_with_advice(sound, words):
    with pytest.raises(AudioRefused, match=words):
        check_clip(clip(sound))


def test_noise_of_a_wrong_conversion_is_refused():
    """The bytes of a 16-bit file with each pair swapped, and those of a compressed file."""
    swapped = np.frombuffer(pcm16(song()), dtype=">i2") / 32_768
    packed = np.frombuffer(np.random.default_rng(2).bytes(CLIP_RATE * 24), dtype="<i2") / 32_768
    for sound in (swapped, packed):
        with pytest.raises(AudioRefused, match="noise"):
            check_clip(clip(sound))
