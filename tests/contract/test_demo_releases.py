"""Releases on the demo, in a process of its own: announced by signed hook, by token, and found by looking."""

import json
import os
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests
from standardwebhooks import Webhook

ROOT = Path(__file__).parents[2]
_SECONDS = 240
_ASK_AGAIN_SECONDS = 0.3


@dataclass
class Demo:
    """A demo that serves, with what it said."""

    said: str
    variables: dict[str, str]
    log: Path

    @property
    def url(self) -> str:
        return self.variables["PAGE_URL"]

    @property
    def titles(self) -> list[str]:
        """What the artist with hooks has on Spotify, oldest first."""
        found = re.search("Out on the simulated Spotify: (.*)", self.said)
        assert found
        return found[1].split("; ")

    def address(self, kind: str) -> tuple[str, str]:
        """The address of a hook and its secret."""
        pattern = (
            r"signed after.*: (\S+) with the secret (\S+)" if kind == "signed" else r"curl (\S+) -H .*Bearer (\S+)'"
        )
        found = re.search(pattern, self.said)
        assert found
        return found[1], found[2]

    def command(self, *arguments: str) -> Any:
        """What ``daltonify`` answers in another terminal that follows the demo's file of variables."""
        ran = subprocess.run(
            [sys.executable, "-m", "infra.cli.main", *arguments, "--json"],
            cwd=ROOT,
            env={"PATH": os.environ["PATH"], "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'functions'}", **self.variables},
            capture_output=True,
            text=True,
        )
        assert ran.returncode == 0, ran.stdout + ran.stderr
        return json.loads(ran.stdout)

    def release_by_token(self, **body: str) -> dict[str, Any]:
        address, token = self.address("bearer")
        answer = requests.post(address, json=body, headers={"Authorization": f"Bearer {token}"}, timeout=60)
        assert answer.status_code == 202, answer.text
        return self.done(answer.json()["status_url"])

    def release_by_signature(self, message_id: str, **body: str) -> dict[str, Any]:
        address, secret = self.address("signed")
        text, now = json.dumps(body), datetime.now(UTC)
        headers = {
            "Content-Type": "application/json",
            "webhook-id": message_id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": Webhook(secret).sign(message_id, now, text),
        }
        answer = requests.post(address, data=text, headers=headers, timeout=60)
        assert answer.status_code == 202, answer.text
        return self.done(answer.json()["status_url"])

    def done(self, status_url: str) -> dict[str, Any]:
        """The status of a release once it is done."""
        status: dict[str, Any] = {}
        given_up_at = time.monotonic() + _SECONDS
        while time.monotonic() < given_up_at:
            status = requests.get(f"{self.url}{status_url}", timeout=60).json()
            assert status["state"] != "failed", status
            if status["state"] == "done":
                return status
            time.sleep(_ASK_AGAIN_SECONDS)
        raise AssertionError(f"it is not done: {status}")


def rows_of(playlist_url: str) -> list[str]:
    """What a playlist holds, as its page on the simulated Spotify shows it."""
    return re.findall("<li[^>]*>.*?</li>", requests.get(playlist_url, timeout=60).text, re.DOTALL)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    folder = tmp_path_factory.mktemp("demo-releases")
    process = subprocess.Popen(
        [sys.executable, "-m", "infra.local.demo", "--cache", str(folder)],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "HOME": str(folder), "TMPDIR": str(folder), "PORT": "0"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        said = ""
        for line in process.stdout:
            said += line
            if "Ctrl-C" in line:
                break
        named = re.search("another terminal: source (.*)", said)
        assert named, said + (process.stderr.read() if process.stderr else "")
        words = [shlex.split(line)[1] for line in Path(named[1]).read_text().splitlines()]
        variables = dict(word.split("=", 1) for word in words)
        yield Demo(said, variables, folder / "demo-0.log")
    finally:
        process.kill()
        process.communicate()


def test_an_artists_second_release_updates_the_playlist_of_the_first_and_undo_brings_that_back(demo):
    oldest, newer, newest = demo.titles
    first = demo.release_by_signature("message-1", title=oldest)
    playlist = first["playlist_url"]
    before = rows_of(playlist)
    assert any(oldest in row for row in before)
    assert len(before) >= 15

    second = demo.release_by_token(title=newer)
    assert (second["playlist_url"], second["version"]) == (playlist, 2)
    after = rows_of(playlist)
    assert any(newer in row for row in after)
    assert after != before

    (artist,) = [one for one in demo.command("artists", "list")["artists"] if not one["polled"]]
    demo.command("releases", "undo", artist["artist_id"])
    assert rows_of(playlist) == before
    assert newest not in "".join(before)


def test_a_release_that_nobody_announced_is_found_by_looking_and_leads_to_a_playlist(demo):
    (artist,) = [one for one in demo.command("artists", "list")["artists"] if one["polled"]]
    given_up_at = time.monotonic() + _SECONDS
    found: list[Any] = []
    while time.monotonic() < given_up_at and not found:
        listed = demo.command("releases", "list", artist["artist_id"])["releases"]
        found = [one for one in listed if one["state"] == "done"]
    (release,) = found
    assert release["trigger"] == "poll"
    status = demo.done(f"/api/releases/{release['id']}")
    assert any(release["title"] in row for row in rows_of(status["playlist_url"]))


def test_the_same_message_twice_is_the_same_release(demo):
    title = demo.titles[-1]
    first, again = (demo.release_by_signature("message-2", title=title) for _ in range(2))
    assert first["id"] == again["id"]


def test_the_service_account_fares_well(demo):
    health = demo.command("status")
    assert health["days_left"] > 170
    assert health["warnings"] == []
    assert health["playlists"] >= 1


def test_neither_secrets_nor_ids_that_open_something_are_in_the_log(demo):
    log = demo.log.read_text()
    assert "A release was worked on" in log
    assert "NEVERLOGME" not in log
    for kind in ("signed", "bearer"):
        address, secret = demo.address(kind)
        assert secret not in log
        assert address.rpartition("/")[2] not in log
