"""5,000 tracks through the simulated ReccoBeats at its limits, by a command that is killed twice."""

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from daltonify_core.catalogue.collection import SHARD_ROWS, decode_shard, shard_number
from infra.local.reccobeats_simulator import ReccoBeatsSimulator, SimulatedRow
from tests.builders import make_features

ROOT = Path(__file__).parents[2]
WANTED = 5_000
PATIENCE_SECONDS = 120


def spotify_id(number: int) -> str:
    return f"{number * 7919 % 1_000_003:022d}"


@pytest.fixture
def simulator():
    known = {
        spotify_id(number): SimulatedRow(f"Song {number}", (f"Artist {number % 700}",), make_features(), popularity=40)
        for number in range(WANTED)
        if number % 10
    }

    def clock() -> datetime:
        """A second passes with every refusal and not otherwise, so the limit is met on the slowest machine."""
        refused = sum(exchange.status == 429 for exchange in running.requests)
        return datetime(2026, 11, 22, tzinfo=UTC) + timedelta(seconds=refused)

    with ReccoBeatsSimulator(known, clock=clock, requests_per_window=60, window_seconds=1) as running:
        yield running


@pytest.fixture
def collect(simulator, tmp_path):
    wanted = tmp_path / "wanted.txt"
    wanted.write_text("".join(f"https://open.spotify.com/track/{spotify_id(number)}\n" for number in range(WANTED)))

    def start() -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "infra.cli.main", "collect", str(wanted), "--genre", "pop", "--json"]
        command += ["--catalogue", str(tmp_path / "catalogue"), "--pause", "0"]
        environment = os.environ | {"RECCOBEATS_API": simulator.api_url}
        return subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    return start


def wait_for_requests(simulator: ReccoBeatsSimulator, count: int, process: subprocess.Popen[str]) -> None:
    give_up = time.monotonic() + PATIENCE_SECONDS
    while len(simulator.requests) < count:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < give_up, "the command does not get on"
        time.sleep(0.005)


def stored_ids(folder: Path) -> Counter[str]:
    found = [path for path in folder.glob("*") if shard_number(path.name)]
    shards = [decode_shard(path.read_bytes(), path.name) for path in found]
    assert all(len(shard) <= SHARD_ROWS for shard in shards)
    return Counter(track_id for shard in shards for track_id in shard)


def test_a_command_that_is_killed_twice_collects_every_row_once(simulator, collect, tmp_path):
    folder = tmp_path / "catalogue" / "collected"
    before = 0
    for requests in (70, 160):
        with collect() as process:
            wait_for_requests(simulator, requests, process)
            process.send_signal(signal.SIGKILL)
            process.wait()
        assert process.returncode == -signal.SIGKILL
        so_far = stored_ids(folder)
        assert before < so_far.total() < WANTED
        assert max(so_far.values()) == 1
        before = so_far.total()
    with collect() as process:
        out, err = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 0, err
    expected = Counter(spotify_id(number) for number in range(WANTED) if number % 10)
    assert stored_ids(folder) == expected
    report = json.loads(out)
    assert report["known"] >= before
    assert report["left"] == 0
    assert report["collected"] + report["known"] == expected.total()
    assert report["unknown"] + report["missed_lately"] == WANTED // 10
    assert 429 in {exchange.status for exchange in simulator.requests}, "the limit was never reached"
    # What was stored is not asked for again: each death costs the batch under way, and on a busy machine now and then a
    # look-up is given up and repeated. Beginning anew twice would cost as much again as all there is.
    found = [one for exchange in simulator.requests if exchange.path.endswith("/track") for one in exchange.ids]
    assert len(found) <= 1.25 * expected.total()
