"""``daltonify analyse`` and ``recommend --audio``: files of every kind in, rough features, questions and a list out."""

import json
import os
import pty
import re
import signal
import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile  # type: ignore[import-untyped]
import soxr  # type: ignore[import-untyped]

from daltonify_core.audio.clip import CLIP_RATE
from daltonify_core.catalogue.audio_features import AudioFeatures
from infra.cli.analyse import clock, seconds_of, sparkline
from infra.cli.audio_file import hear
from infra.local.reccobeats_simulator import Fault, FaultKind, ReccoBeatsSimulator
from tests.cli.conftest import Run
from tests.unit.audio.sounds import (
    Sound,
    below,
    chunk,
    form,
    pcm16,
    riff,
    sine,
    song,
    swelling_chords,
    white_noise,
)

BPM = 104.0
QUIET_SECONDS = 12.0
HEARD = {"energy": 0.7, "danceability": 0.6, "valence": 0.4, "speechiness": 0.05, "liveness": 0.1, "tempo": 104.2}
HEARD |= {"acousticness": 0.2, "instrumentalness": 0.6, "loudness": -9.0}


def write(path: Path, sound: Sound, rate: int = CLIP_RATE, channels: int = 1, **how: Any) -> Path:
    with soundfile.SoundFile(path, "w", rate, channels, **how) as file:
        # Some versions of libsndfile crash when a compressed file is written in one piece.
        for piece in np.array_split(sound, max(len(sound) // 50_000, 1)):
            file.write(np.stack([piece] * channels, axis=1))
    return path


def track() -> Sound:
    """Quiet, then 32 loud seconds, then quiet."""
    quiet = song(QUIET_SECONDS, bpm=BPM, level=0.1)
    return np.concatenate([quiet, song(32.0, bpm=BPM, level=0.5, seed=6), quiet])


@pytest.fixture(scope="session")
def audio(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of one track in many forms."""
    folder = tmp_path_factory.mktemp("audio")
    sound = track()
    write(folder / "mono.wav", sound)
    write(folder / "stereo.flac", sound, channels=2)
    write(folder / "stereo.aiff", sound, channels=2)
    write(folder / "stereo.mp3", sound, channels=2)
    write(folder / "stereo.ogg", sound, channels=2)
    write(folder / "surround.wav", sound, channels=6)
    write(folder / "24-bit at 48 kHz.wav", soxr.resample(sound, CLIP_RATE, 48_000), 48_000, subtype="PCM_24")
    write(folder / "float at 96 kHz.wav", soxr.resample(sound, CLIP_RATE, 96_000), 96_000, subtype="FLOAT")
    write(folder / "flac with a wrong name.mp3", sound, channels=2, format="FLAC")
    return folder


@pytest.fixture(scope="session")
def expected(audio, run: Run) -> dict[str, Any]:
    """What is found in the plainest form."""
    answer: dict[str, Any] = json.loads(run("analyse", audio / "mono.wav", "--json").out)
    return answer


@pytest.fixture
def reccobeats(monkeypatch):
    with ReccoBeatsSimulator(analyser=lambda wav: HEARD) as simulator:
        monkeypatch.setenv("RECCOBEATS_API", simulator.api_url)
        yield simulator


def test_a_file_becomes_seed_ready_features_and_two_questions(expected):
    assert set(expected["features"]) == {"loudness", "tempo", "energy", "acousticness", "danceability"}
    assert (expected["features_source"], expected["rough"]) == ("measured", True)
    assert expected["features"]["tempo"] == pytest.approx(BPM, abs=0.2)
    assert [question["name"] for question in expected["questions"]] == ["vocals", "tempo"]
    assert expected["questions"][0]["options"][1]["features"] == {"instrumentalness": 0.8}
    assert expected["trust"]["danceability"] == "weak"
    assert "CC BY 4.0" in expected["attribution"]
    assert AudioFeatures.from_mapping(expected["features"]).tempo == expected["features"]["tempo"]


def test_loudness_is_that_of_the_whole_file_and_exact(audio, expected, run: Run):
    tone = write(audio / "tone.wav", sine(997.0, 10 ** (-14 / 20), 20.0))
    assert json.loads(run("analyse", tone, "--json").out)["features"]["loudness"] == pytest.approx(-14.0, abs=0.1)
    # 32 of 56 seconds are loud, and the gate leaves the quiet rest out.
    excerpt = json.loads(run("analyse", audio / "mono.wav", "--from", "0", "--json").out)
    assert excerpt["features"]["loudness"] == expected["features"]["loudness"]


@pytest.mark.parametrize(
    "name",
    [
        "stereo.flac",
        "stereo.aiff",
        "stereo.mp3",
        "stereo.ogg",
        "surround.wav",
        "24-bit at 48 kHz.wav",
        "float at 96 kHz.wav",
        "flac with a wrong name.mp3",
    ],
)
def test_every_form_of_a_track_gives_the_same_features(audio, expected, run: Run, name):
    found = json.loads(run("analyse", audio / name, "--json").out)
    for feature, value in expected["features"].items():
        allowed = {"loudness": 0.3, "tempo": 0.2}.get(feature, 0.08)
        assert found["features"][feature] == pytest.approx(value, abs=allowed), feature
    assert found["excerpt"]["from_seconds"] == pytest.approx(expected["excerpt"]["from_seconds"], abs=0.2)


def test_a_file_of_a_low_sample_rate_is_read(tmp_path, run: Run):
    """Of sound that has nothing above what the low rate holds, because the rest cannot be brought back."""
    sound = below(3_500, track())
    high = write(tmp_path / "high.wav", sound)
    low = write(tmp_path / "low.wav", soxr.resample(sound, CLIP_RATE, 8_000), 8_000)
    one, other = (json.loads(run("analyse", path, "--json").out)["features"] for path in (high, low))
    assert other["tempo"] == pytest.approx(one["tempo"], abs=0.2)
    assert other["loudness"] == pytest.approx(one["loudness"], abs=0.5)
    assert "low sample rate" in run("analyse", low).out
    assert "low sample rate" not in run("analyse", high).out
    for feature in ("energy", "acousticness", "danceability"):
        assert other[feature] == pytest.approx(one[feature], abs=0.12), feature


def test_the_loudest_30_seconds_are_listened_to(expected):
    excerpt = expected["excerpt"]
    assert excerpt["choice"] == "loudest"
    assert QUIET_SECONDS - 0.2 <= excerpt["from_seconds"] <= QUIET_SECONDS + 2.2
    assert excerpt["to_seconds"] - excerpt["from_seconds"] == pytest.approx(30.0)


def test_of_equally_loud_stretches_the_first_is_taken(tmp_path, run: Run):
    tone = write(tmp_path / "tone.wav", sine(440.0, 0.3, 70.0, 8_000), 8_000)
    assert json.loads(run("analyse", tone, "--json").out)["excerpt"]["from_seconds"] == 0.0


def test_a_short_file_is_listened_to_as_a_whole(tmp_path, run: Run):
    short = write(tmp_path / "short.wav", song(15.0))
    assert json.loads(run("analyse", short, "--json").out)["excerpt"] == {
        "from_seconds": 0.0, "to_seconds": 15.0, "choice": "whole"
    }  # fmt: skip


@pytest.mark.parametrize(("text", "seconds"), [("20", 20.0), ("0:20", 20.0), ("20.5", 20.5)])
def test_the_excerpt_may_be_chosen(audio, run: Run, text, seconds):
    excerpt = json.loads(run("analyse", audio / "stereo.mp3", "--from", text, "--json").out)["excerpt"]
    assert excerpt == {"from_seconds": seconds, "to_seconds": seconds + 30.0, "choice": "asked"}


def test_the_chosen_excerpt_is_the_one_that_is_heard(audio):
    whole, _ = soundfile.read(audio / "mono.wav", dtype="float32")
    start = round(20.5 * CLIP_RATE)
    for name in ("mono.wav", "stereo.flac"):
        heard = hear(audio / name, 20.5, lambda *_: None).clip.samples
        assert np.allclose(heard, whole[start : start + 30 * CLIP_RATE], atol=1e-4)
    # Compressed sound differs in every sample, but a shift by one would differ more.
    heard = hear(audio / "stereo.mp3", 20.5, lambda *_: None).clip.samples
    assert np.mean((heard - whole[start : start + len(heard)]) ** 2) < 0.1 * np.mean(heard**2)


@pytest.mark.parametrize(
    ("text", "words"),
    [("50", "Begin at 26 or earlier"), ("99999", "Begin at 26"), ("-3", "no time"), ("x:1", "no time")],
)
def test_an_excerpt_outside_of_the_file_is_refused_with_advice(audio, run: Run, text, words):
    refused = run("analyse", audio / "mono.wav", "--from", text)
    assert refused.code == 2
    assert words in refused.err


def text_file(path: Path) -> None:
    path.write_text("This is my song.\n" * 100, encoding="utf-8")


REFUSED: dict[str, tuple[Callable[[Path], object], str]] = {
    "text": (text_file, "text, not audio"),
    "nothing": (Path.touch, "is empty"),
    "silence": (lambda path: write(path, np.zeros(20 * CLIP_RATE)), "silent"),
    "one second": (lambda path: write(path, song(1.0)), "too short"),
    "clipped noise": (lambda path: write(path, np.clip(white_noise(3.0, 20.0), -1, 1)), "nothing but noise"),
    "a constant": (lambda path: write(path, np.full(20 * CLIP_RATE, 0.5)), "constant value"),
    "a sample rate of a telephone of old": (lambda path: write(path, song(12.0, 4_000), 4_000), "unusual for music"),
    "a sample rate that cannot be": (
        lambda path: path.write_bytes(riff(form(rate=2_000_000_000), chunk(b"data", bytes(1_000)))),
        "unusual for music",
    ),
    "not a number": (
        lambda path: path.write_bytes(
            riff(form(coding=3, bits=32), chunk(b"data", np.full(20 * CLIP_RATE, np.nan, "<f4").tobytes()))
        ),
        "silent",
    ),
    "random bytes": (lambda path: path.write_bytes(np.random.default_rng(1).bytes(50_000)), "install ffmpeg"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_holds_no_music_is_refused_with_advice(tmp_path, monkeypatch, run: Run, kind):
    make, words = REFUSED[kind]
    monkeypatch.setenv("PATH", "")
    make(tmp_path / "track.wav")
    refused = run("analyse", tmp_path / "track.wav")
    assert refused.code == 2
    assert words in refused.err
    problem = json.loads(run("analyse", tmp_path / "track.wav", "--json").out)
    assert problem["code"] == "audio_refused"


def test_more_than_200_mb_are_not_read(tmp_path, run: Run):
    large = tmp_path / "album.wav"
    with large.open("wb") as file:
        file.write(riff(form(), chunk(b"data", b"", 200_000_000)))
        file.truncate(200_000_001)
    refused = run("analyse", large)
    assert refused.code == 2
    assert "Cut out a minute" in refused.err


@pytest.mark.parametrize("name", ["missing.wav", "."])
def test_what_is_no_file_is_said_so(tmp_path, run: Run, name):
    refused = run("analyse", tmp_path / name)
    assert refused.code == 2
    assert "cannot be used" in refused.err


def test_a_pipe_is_refused_instead_of_waited_for(tmp_path, run: Run):
    os.mkfifo(tmp_path / "pipe.wav")
    assert "is no file" in run("analyse", tmp_path / "pipe.wav").err


def test_a_name_cannot_move_the_cursor(tmp_path, run: Run):
    named = write(tmp_path / "so\x1b[2Jng.wav", song(12.0))
    assert "\x1b" not in run("analyse", named).out


def test_a_damaged_file_is_refused_or_measured_but_never_a_fault_of_ours(audio, tmp_path, run: Run):
    for name in ("stereo.flac", "stereo.mp3", "stereo.ogg"):
        content = bytearray((audio / name).read_bytes())
        middle = len(content) // 2
        content[middle : middle + 3_000] = bytes(3_000)
        (tmp_path / name).write_bytes(content[: len(content) * 3 // 4])
        assert run("analyse", tmp_path / name).code in (0, 2)


@pytest.mark.parametrize("name", ["mono.wav", "stereo.aiff", "stereo.ogg", "stereo.mp3"])
@pytest.mark.filterwarnings("ignore")
def test_a_file_that_breaks_off_is_measured_and_said_so(audio, tmp_path, run: Run, name):
    content = (audio / name).read_bytes()
    (tmp_path / name).write_bytes(content[: len(content) * 2 // 3])
    assert "breaks off" in run("analyse", tmp_path / name).out
    assert "breaks off" not in run("analyse", audio / name).out


@pytest.mark.parametrize(
    "content",
    [
        riff(form(), chunk(b"data", pcm16(song(20.0)), size=0)),
        riff(chunk(b"data", pcm16(song(20.0))), form()),
        riff(form(), chunk(b"data", pcm16(song(20.0)), size=0xFFFF_FFFF), size=0xFFFF_FFFF),
    ],
    ids=["size 0", "sound first", "size unknown"],
)
def test_whatever_the_service_takes_is_taken_here(tmp_path, run: Run, content):
    (tmp_path / "odd.wav").write_bytes(content)
    plain = write(tmp_path / "plain.wav", song(20.0))
    odd, expected = (json.loads(run("analyse", path, "--json").out) for path in (tmp_path / "odd.wav", plain))
    assert {**odd, "file": ""} == {**expected, "file": ""}


@pytest.mark.parametrize("how", [{"subtype": "PCM_U8"}, {"subtype": "ULAW"}, {"subtype": "ALAW"}])
def test_coarse_sound_is_warned_of(audio, tmp_path, run: Run, how):
    coarse = write(tmp_path / "coarse.wav", song(15.0), **how)
    assert "telephone quality" in run("analyse", coarse).out
    assert "telephone quality" not in run("analyse", audio / "mono.wav").out


def test_samples_far_over_full_scale_are_lowered_instead_of_cut_off(tmp_path, run: Run):
    plain = write(tmp_path / "plain.wav", song(15.0), subtype="FLOAT")
    far = write(tmp_path / "far.wav", song(15.0) * 32_768, subtype="FLOAT")
    one, other = (json.loads(run("analyse", path, "--json").out) for path in (plain, far))
    for feature in ("energy", "acousticness", "danceability", "tempo"):
        assert other["features"][feature] == pytest.approx(one["features"][feature], abs=0.15), feature
    assert -20 < other["features"]["loudness"] < 0
    assert any("lowered by 8" in note for note in other["notes"])


def test_where_no_beat_is_clear_the_tempo_is_left_open(tmp_path, run: Run):
    pad = write(tmp_path / "pad.wav", swelling_chords())
    answer = json.loads(run("analyse", pad, "--tempo", "double", "--json").out)
    assert "tempo" not in answer["features"]
    assert "tempo" not in answer["trust"]
    assert [question["name"] for question in answer["questions"]] == ["vocals", "tempo"]
    shown = run("analyse", pad).out
    assert re.search("tempo +no clear beat", shown)
    assert "No clear beat was found" in shown
    assert "--tempo none (It has no beat), or the number" in shown
    for given, tempo in (("none", None), ("72", 72.0)):
        answer = json.loads(run("analyse", pad, "--tempo", given, "--json").out)
        assert answer["features"].get("tempo") == tempo
        assert [question["name"] for question in answer["questions"]] == ["vocals"]


def test_channels_that_cancel_each_other_out_are_still_heard(tmp_path, run: Run):
    sound = song(15.0, bpm=BPM)
    with soundfile.SoundFile(tmp_path / "inverted.wav", "w", CLIP_RATE, 2) as file:
        file.write(np.stack([sound, -sound], axis=1))
    assert json.loads(run("analyse", tmp_path / "inverted.wav", "--json").out)["features"]["tempo"] > 0


def test_a_long_file_is_never_in_memory_as_a_whole(tmp_path):
    """Half an hour at 8 kHz: 58 MB as floats."""
    long = write(tmp_path / "long.wav", np.tile(song(10.0, 8_000), 180), 8_000)
    tracemalloc.start()
    try:
        seconds = hear(long, None, lambda *_: None).seconds
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert seconds == 1_800
    assert most < 30e6


def test_progress_is_told_in_seconds(audio):
    told: list[tuple[str, int, int]] = []
    hear(audio / "stereo.flac", None, lambda phase, done, total: told.append((phase, done, total)))
    assert [done for _, done, _ in told] == sorted(done for _, done, _ in told)
    assert told[-1][1:] == (56, 56)


def test_people_read_words_and_whole_numbers(audio, run: Run):
    shown = run("analyse", audio / "mono.wav").out
    assert "about 104 BPM" in shown
    assert re.search(r"energy +\w", shown)
    assert "a weak guess" in shown
    assert "rough" in shown
    assert "nothing was sent" in shown
    assert "--vocals or --no-vocals" in shown
    assert "double (about 208 BPM)" in shown
    assert "CC BY 4.0" in shown
    values = shown.split("Listened to")[1].split("These are rough")[0]
    assert not re.search(r"\d\.\d", values)


def test_a_line_shows_how_loud_the_track_is_and_where_was_listened(audio, run: Run):
    lines = run("analyse", audio / "mono.wav").out.splitlines()
    (curve,) = (line for line in lines if "█" in line)
    (mark,) = (line for line in lines if "━" in line)
    assert len(curve) == 60
    assert set(curve[mark.index("━") + 1 : len(mark) - 1]) <= {"█", "▇"}
    assert curve[0] < curve[30]


@pytest.mark.parametrize("curve", [np.full(1, -3000.0), np.full(5, -20.0), np.linspace(-3000, 0, 1000)])
def test_any_curve_can_be_drawn(curve):
    assert 1 <= len(sparkline(curve, 60)) <= 60


def test_times_are_read_and_shown_as_people_write_them():
    assert (seconds_of("95"), seconds_of("1:35"), seconds_of("61:00")) == (95.0, 95.0, 3660.0)
    assert (clock(95.4), clock(0), clock(3600)) == ("1:35", "0:00", "60:00")


@pytest.mark.parametrize(
    ("options", "expected_features"),
    [
        (["--vocals"], {"instrumentalness": 0.0001}),
        (["--no-vocals"], {"instrumentalness": 0.8}),
        (["--tempo", "double"], {"tempo": 208.0}),
        (["--tempo", "half"], {"tempo": 52.0}),
        (["--tempo", "as-is"], {"tempo": 104.0}),
        (["--tempo", "97.5"], {"tempo": 97.5}),
    ],
)
def test_answers_set_features_and_are_not_asked_again(audio, run: Run, options, expected_features):
    answer = json.loads(run("analyse", audio / "mono.wav", *options, "--json").out)
    for feature, value in expected_features.items():
        assert answer["features"][feature] == pytest.approx(value, abs=0.4)
    answered = "tempo" if "--tempo" in options else "vocals"
    assert answered not in [question["name"] for question in answer["questions"]]
    assert len(answer["questions"]) == 1


@pytest.mark.parametrize(("tempo", "words"), [("quick", "no tempo"), ("5", "from 20 to 400"), ("nan", "from 20")])
def test_a_tempo_that_is_none_is_refused(audio, run: Run, tempo, words):
    refused = run("analyse", audio / "mono.wav", "--tempo", tempo)
    assert refused.code == 2
    assert words in refused.err


def test_at_a_terminal_the_two_questions_are_asked_until_they_are_answered(audio):
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "infra.cli.main", "analyse", str(audio / "mono.wav")]
    environment = {**os.environ, "TERM": "dumb", "COLUMNS": "200", "PYTHONPATH": str(Path(__file__).parents[2])}
    with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment) as process:
        os.close(theirs)
        os.write(ours, b"perhaps\nno\nfast\nhalf\n")
        shown = b""
        # Linux says in an error that the other end is closed.
        with suppress(OSError):
            while piece := os.read(ours, 65_536):
                shown += piece
    os.close(ours)
    text = shown.decode()
    assert process.returncode == 0, text
    assert "Answer yes or no." in text
    assert "'fast' is no tempo" in text
    assert "without vocals" in text
    assert "about 52 BPM" in text
    assert "--no-vocals" not in text


def test_ctrl_c_at_a_question_ends_the_command_in_one_sentence(audio):
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "infra.cli.main", "analyse", str(audio / "mono.wav")]
    environment = {**os.environ, "TERM": "dumb", "COLUMNS": "200", "PYTHONPATH": str(Path(__file__).parents[2])}
    with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment) as process:
        os.close(theirs)
        shown = b""
        with suppress(OSError):
            while piece := os.read(ours, 65_536):
                if b"Your answer" in piece:
                    process.send_signal(signal.SIGINT)
                shown += piece
    os.close(ours)
    assert process.returncode == 130, shown.decode()
    assert "Stopped by you." in shown.decode()
    assert "Abort" not in shown.decode()
    assert "Traceback" not in shown.decode()


@pytest.mark.parametrize("as_json", [False, True])
def test_ctrl_c_while_the_command_is_loading_ends_it_in_one_sentence(tmp_path, as_json):
    """The interpreter is stopped where it has just loaded the first module after the package itself."""
    (tmp_path / "typer.py").write_text("import os, signal\nos.kill(os.getpid(), signal.SIGINT)\n", encoding="utf-8")
    path = os.pathsep.join([str(tmp_path), str(Path(__file__).parents[2])])
    command = [sys.executable, "-m", "infra.cli.main", "analyse", "x.wav", *(["--json"] if as_json else [])]
    ended = subprocess.run(
        command, cwd=tmp_path, env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 130, ended.stderr
    told = {"code": "interrupted", "detail": "Stopped by you."}
    assert ended.stdout == (f"{json.dumps(told)}\n" if as_json else "")
    assert ended.stderr == ("" if as_json else "Stopped by you.\n")


def test_nothing_is_sent_unless_it_is_asked_for(audio, run: Run, reccobeats):
    run("analyse", audio / "mono.wav", "--json")
    assert reccobeats.requests == []


def test_with_consent_reccobeats_listens_to_30_seconds(audio, run: Run, reccobeats):
    answer = json.loads(run("analyse", audio / "stereo.mp3", "--send", "--json").out)
    assert (answer["features_source"], answer["rough"]) == ("audio_file", False)
    assert answer["features"] == HEARD
    assert answer["questions"] == []
    assert "your consent" in answer["notes"][0]
    (request,) = reccobeats.requests
    assert request.path == "/v1/analysis/audio-features"
    # 30 seconds of 16-bit mono at 44.1 kHz, and a little around them.
    assert 2_646_000 < request.body_bytes < 2_650_000
    assert request.headers["User-Agent"].startswith("Daltonify/")


def test_the_artist_knows_better_than_reccobeats_whether_somebody_sings(audio, run: Run, reccobeats):
    answer = json.loads(run("analyse", audio / "mono.wav", "--send", "--vocals", "--tempo", "half", "--json").out)
    assert (answer["features"]["instrumentalness"], answer["features"]["tempo"]) == (0.0001, 52.1)


def test_people_are_told_that_the_file_is_sent(audio, run: Run, reccobeats):
    assert "Sending up to 30 seconds of the file to ReccoBeats" in run("analyse", audio / "mono.wav", "--send").out


@pytest.mark.parametrize("kind", [FaultKind.UNAVAILABLE, FaultKind.RATE_LIMITED, FaultKind.BLOCKED, FaultKind.REFUSED])
def test_when_reccobeats_fails_the_file_is_measured_here_and_it_says_so(audio, expected, run: Run, reccobeats, kind):
    reccobeats.add_fault(Fault(kind, times=10))
    answer = json.loads(run("analyse", audio / "mono.wav", "--send", "--json").out)
    assert answer["features"] == expected["features"]
    assert (answer["features_source"], answer["rough"]) == ("measured", True)
    assert "ReccoBeats gave no result, so the file was measured here" in answer["notes"][0]


def test_when_nobody_answers_the_file_is_measured_here(audio, expected, run: Run):
    """The whole test run points at a closed port."""
    answer = json.loads(run("analyse", audio / "mono.wav", "--send", "--json").out)
    assert answer["features"] == expected["features"]


FAKE_FFMPEG = """#!{python}
import struct, sys
import numpy as np
name = sys.argv[sys.argv.index("-i") + 1]
assert name.startswith("file:")
if open(name[5:], "rb").read(4) != b"wma!":
    sys.exit(1)
sound = np.load({sound!r})
sys.stdout.buffer.write(struct.pack(">4sIIIII", b".snd", 32, 0xFFFFFFFF, 6, 44100, 2) + bytes(8))
sys.stdout.buffer.write(np.stack([sound, sound], axis=1).astype(">f4").tobytes())
"""


@pytest.fixture
def ffmpeg(tmp_path, monkeypatch):
    """A program of that name that reads files which begin with ``wma!``, all as the same track."""
    folder = tmp_path / "bin"
    folder.mkdir()
    np.save(folder / "sound.npy", track())
    program = folder / "ffmpeg"
    program.write_text(FAKE_FFMPEG.format(python=sys.executable, sound=str(folder / "sound.npy")), encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))
    return program


@pytest.mark.usefixtures("ffmpeg")
@pytest.mark.parametrize("name", ["track.wma", "-x.wma", "http:x.wma"])
def test_what_libsndfile_cannot_read_goes_through_ffmpeg(tmp_path, monkeypatch, expected, run: Run, name):
    monkeypatch.chdir(tmp_path)
    Path(name).write_bytes(b"wma!" + bytes(100))
    answer = json.loads(run("analyse", "--json", "--", name).out)
    assert answer["excerpt"] == expected["excerpt"]
    for feature, value in expected["features"].items():
        assert answer["features"][feature] == pytest.approx(value, abs=0.11)


@pytest.mark.usefixtures("ffmpeg")
def test_what_neither_reads_is_refused(tmp_path, run: Run):
    (tmp_path / "track.wma").write_bytes(b"\0\1\2\3" * 50)
    refused = run("analyse", tmp_path / "track.wma")
    assert refused.code == 2
    assert "Neither we nor ffmpeg" in refused.err


def test_a_list_starts_from_a_file(index, audio, run: Run):
    options = ("--title", "Tide", "--artist", "Mira Tallow", "--followers", 812, "--genre", "pop", "--index", index)
    done = run("recommend", "--audio", audio / "stereo.mp3", "--vocals", *options, "--json")
    assert done.code == 0, done.err
    answer = json.loads(done.out)
    (seed,) = answer["seeds"]
    assert (seed["features_source"], seed["features_rough"]) == ("measured", True)
    assert seed["features"]["instrumentalness"] == 0.0001
    assert seed["features"]["tempo"] == pytest.approx(BPM, abs=0.2)
    theirs = [row for row in answer["tracks"] if not row["own"]]
    assert len(theirs) == 30
    assert all(row["lift"] >= 1 for row in theirs)
    assert len({artist for row in theirs for artist in row["artists"][:1]}) > 10


def test_a_feature_by_hand_outranks_the_measured_one(index, audio, run: Run):
    options = ("--title", "Tide", "--artist", "Mira Tallow", "--followers", 812, "--genre", "pop", "--index", index)
    done = run("recommend", "--audio", audio / "mono.wav", "--feature", "energy=0.95", *options, "--json")
    (seed,) = json.loads(done.out)["seeds"]
    assert seed["features"]["energy"] == 0.95
    assert seed["features_source"] == "measured and given"


def test_people_are_told_what_was_listened_to_and_what_they_may_answer(index, audio, run: Run):
    options = ("--title", "Tide", "--artist", "Mira Tallow", "--followers", 812, "--genre", "pop", "--index", index)
    shown = run("recommend", "--audio", audio / "mono.wav", "--tempo", "as-is", *options).out
    assert "Listened to 0:1" in shown
    assert "Add --vocals or --no-vocals" in shown
    assert "--tempo" not in shown


@pytest.mark.parametrize("option", [["--vocals"], ["--tempo", "half"], ["--from", "3"], ["--send"]])
def test_options_about_a_file_need_a_file(index, run: Run, option):
    refused = run("recommend", "--title", "Tide", "--artist", "Mira Tallow", "--index", index, *option)
    assert refused.code == 2
    assert "--audio FILE" in refused.err
