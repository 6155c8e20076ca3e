"""The demo as a person starts it: in a process of its own, with the real handlers, on ports that the system chooses."""

import csv
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import requests

from daltonify_core.adapters.catalogue_file import write_catalogue_file
from infra.local.front_door import listen
from infra.local.synthetic_catalogue import synthetic_tracks
from tests.conftest import REAL_DATA_FILE
from tests.recordings import song_wav

ROOT = Path(__file__).parents[2]
# Runs the demo and ends it at once, with its own exit code, when it tries to reach anything but loopback.
GUARDED = """
import os, runpy, sys

def watch(event, arguments):
    if event == "socket.connect" and isinstance(arguments[1], tuple):
        host = arguments[1][0]
    elif event in ("socket.getaddrinfo", "socket.gethostbyname"):
        host = arguments[0]
    else:
        return
    if host not in ("127.0.0.1", "localhost", b"127.0.0.1", b"localhost"):
        os.write(2, f"REACHED FOR {host}".encode())
        os._exit(99)

sys.addaudithook(watch)
sys.argv[0] = "demo"
runpy.run_module("infra.local.demo", run_name="__main__")
"""
LOGIN = {
    "SPOTIFY_CLIENT_ID": "app",
    "SPOTIFY_CLIENT_SECRET": "NEVERLOGME-secret",
    "SPOTIFY_REFRESH_TOKEN": "NEVERLOGME-refresh",
}
# What a person's shell may hold and nothing here may follow.
MISLEADING = {
    "HTTP_PROXY": "http://proxy.invalid:3128",
    "HTTPS_PROXY": "http://proxy.invalid:3128",
    "AWS_PROFILE": "production",
    "AWS_ENDPOINT_URL_S3": "https://s3.invalid",
    "AWS_SESSION_TOKEN": "NEVERLOGME-session",
}

type Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Shared, so that tracks are invented once."""
    return tmp_path_factory.mktemp("demo-cache")


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    folder = tmp_path / "scratch"
    folder.mkdir()
    return folder


def launch(cache: Path, scratch: Path, *arguments: object, **environment: str) -> subprocess.Popen[str]:
    """Start the demo with nothing in its environment but what is given."""
    return subprocess.Popen(
        [sys.executable, "-c", GUARDED, "--cache", str(cache), *map(str, arguments)],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "HOME": str(scratch), "TMPDIR": str(scratch), "PORT": "0", **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture
def start(cache: Path, scratch: Path) -> Iterator[Start]:
    started: list[subprocess.Popen[str]] = []

    def run(*arguments: object, **environment: str) -> subprocess.Popen[str]:
        started.append(launch(cache, scratch, *arguments, **environment))
        return started[-1]

    yield run
    for process in started:
        process.kill()
        process.communicate()


@dataclass(frozen=True)
class Visited:
    """A demo that serves, with its address, what it said and what it leaves behind meanwhile."""

    process: subprocess.Popen[str]
    url: str
    said: str
    scratch: Path
    log: Path


@pytest.fixture(scope="module")
def visited(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visited]:
    """One for every test that only visits it, because a start takes seconds; its log is no other demo's."""
    folder = tmp_path_factory.mktemp("visited")
    scratch = folder / "scratch"
    scratch.mkdir()
    process = launch(folder, scratch)
    try:
        url, said = served(process)
        yield Visited(process, url, said, scratch, folder / "demo-0.log")
    finally:
        process.kill()
        process.communicate()


def finished(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    out, err = process.communicate(timeout=300)
    return process.returncode, out, err


def checked(process: subprocess.Popen[str]) -> dict[str, Any]:
    code, out, err = finished(process)
    assert code == 0, err
    summary: dict[str, Any] = json.loads(out)
    return summary


def served(process: subprocess.Popen[str]) -> tuple[str, str]:
    """The address and all that is said, once it serves."""
    assert process.stdout is not None
    said = ""
    for line in process.stdout:
        said += line
        if "Ctrl-C" in line:
            break
    found = re.search(r"http://127\.0\.0\.1:\d+", said)
    assert found, said + (process.stderr.read() if process.stderr else "")
    return found[0], said


def genreless(folder: Path, *names: str) -> Path:
    """A folder with one public table of 1,500 invented tracks for each name, and no word on genres inside."""
    for number, name in enumerate(names):
        path = folder / f"{name}.csv"
        write_catalogue_file(path, synthetic_tracks(1_500, number))
        with path.open(encoding="utf-8", newline="") as stream:
            rows = list(csv.DictReader(stream))
        # One format knows ";" between artists; the first is enough here.
        kept = [
            {column: text.partition(";")[0] for column, text in row.items() if column not in ("genres", "source")}
            for row in rows
        ]
        with path.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, sorted(kept[0]))
            writer.writeheader()
            writer.writerows(kept)
    return folder


def test_everything_works_on_one_machine_and_nothing_else_is_asked(start, cache, scratch):
    summary = checked(start("--check", **MISLEADING))
    assert summary["health"]["ok"] is True
    assert summary["tracks"] == 8_000
    assert len(summary["examples"]) == 3
    assert summary["recommended"] >= 20
    assert summary["playlist"]["tracks_added"] == summary["recommended"]
    assert summary["playlist"]["url"].startswith("http://127.0.0.1:")
    assert summary["audio"] == {"features_source": "audio_file", "rough": False}
    log = (cache / "demo-0.log").read_text()
    assert "POST /api/playlists 201" in log
    assert "POST /api/audio-features 202" in log
    assert "GET /api/audio-features/{job_id} 200" in log
    assert "NEVERLOGME" not in log
    assert list(scratch.iterdir()) == []


def test_a_visitor_is_told_where_to_click_and_what_is_not_real(visited):
    url, said = visited.url, visited.said
    assert "invented" in said
    assert "Spotify is simulated" in said
    assert "ReccoBeats is simulated" in said
    links = re.findall(r"https://open\.spotify\.com/track/\w{22}", said)
    assert len(links) == 5
    assert "<title>" in requests.get(url, timeout=60).text
    config = requests.get(f"{url}/api/config", timeout=60).json()
    assert config["demo"] == {"catalogue": True, "spotify": True, "reccobeats": True}
    assert config["publishing"]["access"] == "open"
    answer = requests.post(f"{url}/api/recommendations", json={"seeds": [links[0]]}, timeout=60).json()
    assert len(answer["tracks"]) >= 20
    made = requests.post(
        f"{url}/api/playlists",
        json={"title": "Mine", "uris": [row["uri"] for row in answer["tracks"]]},
        headers={"Idempotency-Key": "a-key-of-this-test"},
        timeout=60,
    ).json()
    assert "Mine" in requests.get(made["url"], timeout=60).text


def test_a_visitor_may_try_tracks_that_the_catalogue_lacks(visited):
    url, said = visited.url, visited.said
    heard_of, hardly_known = re.findall(r"track/(\w{22})", said.partition("the catalogue lacks")[2])

    def asked(**seed: object) -> dict[str, Any]:
        answer: dict[str, Any] = requests.post(f"{url}/api/recommendations", json={"seeds": [seed]}, timeout=60).json()
        return answer

    assert asked(track=heard_of)["missing"] == {"0": ["artist_popularity"]}
    (seed,) = asked(track=heard_of, followers=900)["seeds"]
    assert (seed["identity_source"], seed["features_source"]) == ("spotify", "reccobeats")
    lacking = asked(track=hardly_known, followers=900)
    assert lacking["missing"] == {"0": ["features"]}
    assert {remedy["kind"] for remedy in lacking["remedies"]} >= {"describe", "audio_file"}


def test_a_visitors_file_is_heard_and_nothing_of_it_is_kept_or_logged(visited):
    url = visited.url
    sent = requests.post(
        f"{url}/api/audio-features", data=song_wav(), headers={"Content-Type": "audio/wav"}, timeout=60
    )
    assert sent.status_code == 202
    answer: dict[str, Any] = {"state": "queued"}
    while answer["state"] in ("queued", "analysing"):
        answer = requests.get(f"{url}{sent.json()['status_url']}", timeout=60).json()
    assert answer["state"] == "done"
    # ReccoBeats is simulated, but listens as far as can be measured; octaves may be taken for one another.
    assert min(abs(answer["features"]["tempo"] * factor - 120) for factor in (0.5, 1, 2)) < 2
    seed = {"title": "Mine", "artists": ["Me"], "features": answer["features"], "followers": 900}
    genre = requests.get(f"{url}/api/genres", timeout=60).json()["genres"][0]["name"]
    listed = requests.post(f"{url}/api/recommendations", json={"seeds": [seed], "genre": genre}, timeout=60)
    assert len(listed.json()["tracks"]) >= 20
    log = visited.log.read_text()
    assert "audio analysed" in log
    assert answer["id"] not in log
    assert "NEVERLOGME" not in log


def test_it_ends_at_once_and_leaves_nothing_behind(start, scratch):
    process = start()
    url, _ = served(process)
    check_end(process, signal.SIGTERM, url, scratch)


def test_after_visits_too_it_ends_at_once_and_leaves_nothing_behind(visited):
    # The last one that visits it.
    check_end(visited.process, signal.SIGINT, visited.url, visited.scratch)


def check_end(process: subprocess.Popen[str], number: signal.Signals, url: str, scratch: Path) -> None:
    process.send_signal(number)
    code, _, err = finished(process)
    assert code == 0
    assert "Traceback" not in err
    assert list(scratch.iterdir()) == []
    port = int(url.rpartition(":")[2])
    with closing(listen(port)) as free:
        assert free.getsockname()[1] == port


@pytest.mark.parametrize("step", ["Building the index", "Starting the service"])
def test_it_can_be_stopped_while_it_starts(start, scratch, step):
    process = start()
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith(step):
            break
    process.send_signal(signal.SIGINT)
    code, out, err = finished(process)
    assert (code, out) == (130, "")
    assert "Traceback" not in err
    assert list(scratch.iterdir()) == []


@pytest.mark.parametrize("module", ["argparse", "infra.local.demo_session", "rich.console"])
def test_it_can_be_stopped_before_it_has_begun(scratch, module):
    stopped_on_import = f"""
import os, runpy, signal, sys

def watch(event, arguments):
    if event == "import" and arguments[0] == "{module}":
        os.kill(os.getpid(), signal.SIGINT)

for name in [name for name in sys.modules if name.partition(".")[0] in ("argparse", "rich", "infra")]:
    del sys.modules[name]
sys.addaudithook(watch)
runpy.run_module("infra.local.demo", run_name="__main__")
"""
    finished = subprocess.run(
        [sys.executable, "-c", stopped_on_import],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "HOME": str(scratch), "PORT": "0"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert (finished.returncode, finished.stdout) == (130, "")
    assert finished.stderr == "Stopped. Nothing is left running.\n"


def test_a_port_that_is_taken_is_said_before_any_work(start, tmp_path):
    with closing(listen(0)) as taken:
        port = taken.getsockname()[1]
        code, out, err = finished(start("--cache", tmp_path / "untouched", PORT=str(port)))
    assert (code, out) == (2, "")
    assert f"Port {port} is in use" in err
    assert f"make demo PORT={port + 1}" in " ".join(err.split())
    assert not (tmp_path / "untouched").exists()


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"PORT": "http"}, "PORT is 'http'"),
        (LOGIN, "real tracks"),
        ({"SPOTIFY_CLIENT_ID": "app"}, "SPOTIFY_CLIENT_SECRET and SPOTIFY_REFRESH_TOKEN are not set"),
        ({"RECCOBEATS": "maybe"}, "RECCOBEATS is 'maybe'"),
        ({"CATALOGUE": "README.md"}, "Nothing can be imported"),
        ({"CATALOGUE": "/dev/null"}, "/dev/null is neither a file nor a folder"),
    ],
)
def test_what_cannot_work_is_said_plainly(start, environment: Mapping[str, str], words):
    code, out, err = finished(start("--check", **environment))
    assert (code, out) == (2, "")
    assert words in " ".join(err.split())
    assert "Traceback" not in err
    assert "NEVERLOGME" not in err


def test_a_canonical_row_that_breaks_the_build_is_told_in_its_words(start, tmp_path):
    broken = tmp_path / "mine.csv"
    broken.write_text("track_id,title,artists\n")
    code, _, err = finished(start("--check", CATALOGUE=str(broken)))
    assert code == 2
    assert "mine.csv" in err
    assert "Traceback" not in err


@pytest.mark.parametrize("is_packed", [False, True], ids=["folder", "archive"])
def test_where_no_row_names_a_genre_the_file_names_do_and_it_is_said_at_every_start(start, tmp_path, is_packed):
    source = genreless(tmp_path / "mine", "country", "hip-hop")
    if is_packed:
        source = Path(shutil.make_archive(str(source), "zip", source))
    # What was imported is kept, whatever it was imported from.
    for _ in range(1 if is_packed else 2):
        process = start(CATALOGUE=str(source))
        url, _ = served(process)
        genres = requests.get(f"{url}/api/genres", timeout=60).json()["genres"]
        process.send_signal(signal.SIGINT)
        code, _, err = finished(process)
        assert code == 0
        assert sorted(genre["name"] for genre in genres) == ["country", "hip hop"]
        assert "No row names a genre" in err


def test_a_check_says_why_no_list_can_be_made(start, tmp_path):
    [file] = genreless(tmp_path / "mine", "country").iterdir()
    code, out, err = finished(start("--check", CATALOGUE=str(file)))
    assert (code, out) == (2, "")
    assert err.count("Warning: No genre has enough tracks") == 1
    assert "No list can be made from the 1,500 tracks of" in " ".join(err.split())
    assert "Traceback" not in err


def test_a_check_says_what_the_service_said_to_the_tracks_that_it_tried(start, tmp_path):
    few = tmp_path / "few.csv.gz"
    write_catalogue_file(few, synthetic_tracks(60, 3))
    code, out, err = finished(start("--check", CATALOGUE=str(few)))
    assert (code, out) == (2, "")
    assert re.search(r"No list (of 20 tracks was found|was tried).*60 tracks", " ".join(err.split()))


@pytest.mark.parametrize(
    "first_line", ["root:$6$NEVERLOGME:19000:0:99999:7:::", "NEVERLOGME=1, NEVERLOGME=2", "NEVERLOGME"]
)
def test_a_file_that_is_no_table_is_not_shown(start, tmp_path, first_line):
    secret = tmp_path / "shadow"
    secret.write_text(f"{first_line}\nmore\n")
    code, out, err = finished(start("--check", CATALOGUE=str(secret)))
    assert (code, out) == (2, "")
    assert "its first line is no header of a table" in " ".join(err.split())
    assert "NEVERLOGME" not in err


def test_a_table_that_begins_as_a_catalogue_does_is_told_which_columns_it_lacks(start, tmp_path):
    partial = tmp_path / "mine.csv"
    partial.write_text("track_id,title,artists,energy\n4HJ7mSMtHAdU55lLjGE4zW,Slow,Ann,0.5\n")
    code, _, err = finished(start("--check", CATALOGUE=str(partial)))
    assert code == 2
    assert "it lacks the columns danceability" in " ".join(err.split())
    assert "daltonify import" not in " ".join(err.split())


def test_invented_tracks_in_a_file_do_not_meet_a_real_account_either(start, tmp_path):
    invented = tmp_path / "invented.csv.gz"
    write_catalogue_file(invented, synthetic_tracks(300, 3))
    code, _, err = finished(start("--check", CATALOGUE=str(invented), **LOGIN))
    assert code == 2
    assert "invented tracks" in " ".join(err.split())


def test_with_a_real_account_a_code_guards_publishing_and_a_check_publishes_nothing(start, cache, tmp_path):
    own = tmp_path / "own.csv.gz"
    write_catalogue_file(own, (replace(track, source="own") for track in synthetic_tracks(3_000, 3)))
    # The guard would end it, were Spotify asked for anything.
    assert checked(start("--check", CATALOGUE=str(own), **LOGIN))["playlist"] is None
    process = start(CATALOGUE=str(own), **LOGIN)
    url, said = served(process)
    code = re.search(r"Access code .*: (\S+)", said)
    assert code
    assert "the real one" in said
    config = requests.get(f"{url}/api/config", timeout=60).json()
    assert config["demo"] == {"catalogue": False, "spotify": False, "reccobeats": True}
    assert config["publishing"]["access"] == "code"
    assert config["open_playlists_at"] == "https://open.spotify.com/playlist/"
    uris = [f"spotify:track:{link[-22:]}" for link in re.findall(r"https://open\.spotify\.com/track/\w{22}", said)]
    refused = requests.post(
        f"{url}/api/playlists",
        json={"title": "Mine", "uris": uris},
        headers={"Idempotency-Key": "a-key-of-this-test", "X-Access-Code": "NEVERLOGME-wrong-code"},
        timeout=60,
    )
    assert refused.status_code in (401, 403)
    log = (cache / "demo-0.log").read_text()
    assert "NEVERLOGME" not in log
    assert code[1] not in log


def test_a_code_may_guard_the_simulated_account_too(start):
    summary = checked(start("--check", PUBLISH_ACCESS="code"))
    assert summary["playlist"]["tracks_added"] == summary["recommended"]


def test_real_data_are_served_and_a_second_start_does_not_import_again(start, cache, real_data):
    data = real_data / REAL_DATA_FILE
    first = checked(start("--check", CATALOGUE=str(data)))
    assert first["tracks"] == 28_351
    assert first["playlist"]["tracks_added"] == first["recommended"] >= 20
    imported = {path: path.stat().st_mtime_ns for path in cache.glob("spotify_songs_tidytuesday-*")}
    assert len(imported) == 1
    second = checked(start("--check", CATALOGUE=str(data)))
    assert second["examples"] == first["examples"]
    assert {path: path.stat().st_mtime_ns for path in imported} == imported
