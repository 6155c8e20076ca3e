"""Collecting at a terminal from the simulated ReccoBeats: waiting, stopping, going on, and what is said about it."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from daltonify_core.adapters.local_folder import FolderShards
from daltonify_core.adapters.spotify import CONSENT_SCOPES
from daltonify_core.catalogue.canonical_csv import read_rows
from daltonify_core.catalogue.track import Track
from daltonify_core.errors import UpstreamUnavailable
from infra.cli import wiring
from infra.local.reccobeats_simulator import Fault, ReccoBeatsSimulator, SimulatedRow
from infra.local.spotify_simulator import SimulatedPlaylist, SimulatedTrack, SpotifySimulator
from tests.builders import make_features, track_id
from tests.cli.conftest import Finished, Run

ROOT = Path(__file__).parents[2]
CLIENT_SECRET = "NEVERLOGME-client-secret"


@dataclass
class Collect:
    """Runs the command on a folder of its own; ``slept`` holds the seconds that it waited."""

    simulator: ReccoBeatsSimulator
    run: Run
    folder: Path
    slept: list[float] = field(default_factory=list)

    def list_of(self, lines: Sequence[str], name: str = "wanted.txt") -> Path:
        path = self.folder / name
        path.write_text("\n".join(lines))
        return path

    @property
    def places(self) -> tuple[object, ...]:
        return ("--catalogue", self.folder / "catalogue", "--reccobeats-url", self.simulator.api_url)

    def __call__(self, *arguments: object, stdin: str | None = None) -> Finished:
        return self.run("collect", *arguments, *self.places, stdin=stdin)

    def rows(self) -> dict[str, Track]:
        shards = FolderShards(self.folder / "catalogue")
        found: list[Track] = []
        for name in shards.names():
            with shards.open(name) as stream:
                found.extend(row for row in read_rows(stream, name) if isinstance(row, Track))
        assert len({track.track_id for track in found}) == len(found)
        return {track.track_id: track for track in found}


@pytest.fixture
def simulator() -> Iterator[ReccoBeatsSimulator]:
    known = {
        track_id(number): SimulatedRow(f"Song {number}", (f"Artist {number % 9}",), make_features(), popularity=40)
        for number in range(200)
    }
    with ReccoBeatsSimulator(known, requests_per_window=None) as running:
        yield running


@pytest.fixture
def collect(simulator: ReccoBeatsSimulator, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Collect:
    command = Collect(simulator, run, tmp_path)
    monkeypatch.setattr("infra.cli.collect.time", SimpleNamespace(sleep=command.slept.append))
    return command


def ids(count: int, first: int = 0) -> list[str]:
    return [track_id(number) for number in range(first, first + count)]


def test_a_list_becomes_a_part_of_the_catalogue(collect):
    done = collect(collect.list_of(ids(100)), "--genre", "Hip-Hop")
    assert done.code == 0, done.err
    rows = collect.rows()
    assert list(rows) == ids(100)
    assert {(track.genres, track.source, track.release_date) for track in rows.values()} == {
        (("hip hop",), "reccobeats", None)
    }
    assert "Collected 100 tracks into" in done.out
    assert collect.slept == [1.5, 1.5], "it pauses between batches, and not after the last"


def test_the_report_accounts_for_every_track(collect, simulator):
    simulator.add_rows({track_id(900): SimulatedRow("No tempo", ("Artist",), make_features(tempo=None))})
    collect(collect.list_of(ids(3)), "--genre", "pop")
    wanted = collect.list_of([*ids(5), track_id(900), track_id(901), "hello"])
    done = collect(wanted, "--genre", "pop", "--json")
    assert done.code == 0, done.out
    assert json.loads(done.out) == {
        "asked_for": 7,
        "collected": 2,
        "unknown": 1,
        "refused": {"features_missing": 1},
        "known": 3,
        "missed_lately": 0,
        "left": 0,
        "examples": {"features_missing": [f"{track_id(900)}: The track lacks tempo."]},
        "written_to": str(collect.folder / "catalogue" / "collected"),
        "unreadable": [
            f'{wanted}, line 8: "hello" is not a Spotify id: it has 5 characters, and ids have 22. A track link looks '
            "like https://open.spotify.com/track/4HJ7mSMtHAdU55lLjGE4zW"
        ],
        "stopped": None,
    }
    said = collect(wanted, "--genre", "pop")
    for words in ("in the catalogue already", "came to nothing lately", "line 8", "1 line of the lists names no track"):
        assert words in said.out


def test_several_lists_and_the_input_are_read_together(collect):
    done = collect(collect.list_of(ids(2)), "-", "--genre", "pop", stdin="\n".join(ids(2, first=1)))
    assert done.code == 0, done.err
    assert list(collect.rows()) == ids(3)


def test_what_the_catalogue_holds_already_is_not_asked_for_unless_again(collect, simulator):
    collect(collect.list_of(ids(2)), "--genre", "pop", "--out", collect.folder / "catalogue" / "elsewhere")
    before = len(simulator.requests)
    done = collect(collect.list_of(ids(3)), "--genre", "pop", "--json")
    assert json.loads(done.out)["known"] == 2
    assert {exchange.ids for exchange in simulator.requests[before:]} == {(track_id(2),)}
    done = collect(collect.list_of(ids(2)), "--genre", "pop", "--json", "--again")
    assert json.loads(done.out)["collected"] == 2


def test_a_pause_that_reccobeats_asks_for_is_made(collect, simulator):
    simulator.add_fault(Fault("rate_limited", retry_after=7))
    simulator.add_fault(Fault("rate_limited", retry_after=2, after=1))
    done = collect(collect.list_of(ids(10)), "--genre", "pop", "--pause", "0")
    assert done.code == 0, done.err
    assert collect.slept[0] == 7
    assert "asks for a pause" in done.err
    assert len(collect.rows()) == 10


def test_passing_faults_are_waited_out_with_growing_pauses(collect, simulator):
    simulator.add_fault(Fault("server_error", times=2))
    simulator.add_fault(Fault("not_json_200"))
    done = collect(collect.list_of(ids(10)), "--genre", "pop", "--pause", "0")
    assert done.code == 0, done.err
    assert collect.slept == [1, 5, 15]
    assert len(collect.rows()) == 10


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (Fault("server_error", times=None, after=4), "upstream_unavailable"),
        (Fault("rate_limited", retry_after=86_400, after=4), "upstream_rate_limited"),
    ],
    ids=["down", "long pause"],
)
def test_a_fault_that_lasts_ends_the_command_which_goes_on_later(collect, simulator, fault, code):
    simulator.add_fault(fault)
    wanted = collect.list_of(ids(120))
    done = collect(wanted, "--genre", "pop", "--json", "--pause", "0")
    assert done.code == 6
    report = json.loads(done.out)
    assert (report["collected"], report["left"], report["stopped"]["code"]) == (80, 40, code)
    assert list(collect.rows()) == ids(80)
    said = collect(wanted, "--genre", "pop", "--pause", "0") if code == "upstream_unavailable" else None
    assert said is None or (said.code == 6 and "Give the same command again" in said.err)
    simulator.clear_faults()
    assert collect(wanted, "--genre", "pop", "--pause", "0").code == 0
    assert list(collect.rows()) == ids(120)


def test_a_long_pause_is_told_with_its_end(collect, simulator):
    simulator.add_fault(Fault("rate_limited", retry_after=3600, times=None))
    wanted = collect.list_of(ids(10))
    before = datetime.now(UTC).replace(microsecond=0)
    stopped = json.loads(collect(wanted, "--genre", "pop", "--json").out)["stopped"]
    assert timedelta(hours=1) <= datetime.fromisoformat(stopped["retry_at"]) - before < timedelta(hours=2)
    shown = collect(wanted, "--genre", "pop")
    assert shown.code == 6
    assert re.search(r"again from [0-9]{2} \w+, [0-9]{2}:[0-9]{2} on", shown.err)


@pytest.mark.parametrize("pause", ["inf", "1e10", "3601"])
def test_a_pause_without_an_end_is_refused(collect, simulator, pause):
    refused = collect(collect.list_of(ids(10)), "--genre", "pop", "--pause", pause)
    assert refused.code == 2
    assert "at most 3600" in refused.err
    assert simulator.requests == []


def test_being_blocked_is_no_matter_of_waiting(collect, simulator):
    simulator.add_fault(Fault("blocked", times=None))
    done = collect(collect.list_of(ids(10)), "--genre", "pop")
    assert done.code == 2
    assert collect.slept == []
    assert "User-Agent" in done.err
    assert "Collected 0 tracks" in done.out


def test_a_batch_that_is_refused_is_asked_for_in_parts_with_pauses_between(collect, simulator):
    simulator.add_fault(Fault("refused", times=2))
    done = collect(collect.list_of(ids(40)), "--genre", "pop")
    assert done.code == 0, done.err
    asked = [len(exchange.ids) for exchange in simulator.requests if exchange.path.endswith("features")]
    assert asked == [40, 20, 10, 10, 20]
    assert collect.slept == [1.5] * 4
    assert collect.rows().keys() == {*ids(40)}


def test_a_machine_learns_why_the_command_stopped(collect, monkeypatch):
    def interrupt(seconds: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("infra.cli.collect.time", SimpleNamespace(sleep=interrupt))
    done = collect(collect.list_of(ids(50)), "--genre", "pop", "--json")
    assert done.code == 130
    report = json.loads(done.out)
    assert (report["collected"], report["left"], report["stopped"]["code"]) == (40, 10, "interrupted")


def test_ctrl_c_keeps_what_was_found_and_says_how_to_go_on(collect, monkeypatch):
    def interrupt(seconds: float) -> None:
        collect.slept.append(seconds)
        if len(collect.slept) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr("infra.cli.collect.time", SimpleNamespace(sleep=interrupt))
    wanted = collect.list_of([*ids(100), track_id(999)])
    done = collect(wanted, "--genre", "pop")
    assert done.code == 130
    assert "Give the same command again to go on" in done.err
    assert len(collect.rows()) == 80
    assert collect(wanted, "--genre", "pop").code == 0
    assert len(collect.rows()) == 100


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_the_real_command_tidily(collect, simulator, number, code):
    wanted = collect.list_of(ids(200))
    command = [sys.executable, "-m", "infra.cli.main", "collect", wanted, "--genre", "pop", "--pause", "60"]
    with subprocess.Popen(
        [str(part) for part in (*command, *collect.places)],
        cwd=ROOT,
        env=os.environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        give_up = time.monotonic() + 60
        while len(collect.rows()) < 40:
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < give_up
            time.sleep(0.01)
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
    assert process.returncode == code, out + err
    assert "Traceback" not in err
    assert list(collect.rows()) == ids(40)


# ---- Playlists and searches ------------------------------------------------------------------------------------------


@dataclass
class Finder:
    """Finds what it is told to; ``asked`` holds the questions."""

    found: list[str] = field(default_factory=list)
    asked: list[tuple[object, ...]] = field(default_factory=list)
    error: Exception | None = None

    def playlist_track_ids(self, playlist_id: str) -> list[str]:
        return self._find(playlist_id)

    def search_track_ids(self, genre: str, limit: int) -> list[str]:
        return self._find(genre, limit)[:limit]

    def _find(self, *question: object) -> list[str]:
        self.asked.append(question)
        if self.error is not None:
            raise self.error
        return self.found


@pytest.fixture
def finder(monkeypatch: pytest.MonkeyPatch) -> Finder:
    finder = Finder(ids(5))
    monkeypatch.setattr(wiring, "track_finder", lambda *_: finder)
    return finder


def test_tracks_of_a_playlist_are_collected(collect, finder):
    playlist = "37i9dQZF1DX0XUsuxWHRQd"
    done = collect("--playlist", f"https://open.spotify.com/playlist/{playlist}?si=x", "--genre", "pop")
    assert done.code == 0, done.err
    assert finder.asked == [(playlist,)]
    assert list(collect.rows()) == ids(5)


def test_a_search_gives_its_genre(collect, finder):
    done = collect("--search-genre", "Indie Pop", "--limit", 3)
    assert done.code == 0, done.err
    assert finder.asked == [("Indie Pop", 3)]
    assert {track.genres for track in collect.rows().values()} == {("indie pop",)}
    assert len(collect.rows()) == 3


def test_a_search_that_finds_nothing_is_said(collect, finder):
    finder.found = []
    done = collect("--search-genre", "polka")
    assert done.code == 3


def test_trouble_at_spotify_ends_the_command_before_anything_is_asked_for(collect, finder, simulator):
    finder.error = UpstreamUnavailable("Spotify cannot be reached.")
    done = collect("--search-genre", "pop", "--json")
    assert done.code == 6
    assert json.loads(done.out)["code"] == "upstream_unavailable"
    assert simulator.requests == []


def test_a_consent_that_is_not_there_is_named(collect, tmp_path):
    done = collect("--search-genre", "pop", "--spotify-file", tmp_path / "none.json")
    assert done.code == 2
    assert "none.json" in done.err


def test_playlist_and_search_are_asked_of_spotify_with_the_stored_consent(collect):
    tracks = {
        one: SimulatedTrack("Song", ("Band",), genres=("Dream Pop",) if one > track_id(9) else ()) for one in ids(15)
    }
    with SpotifySimulator(tracks) as spotify:
        spotify.register_app("app", CLIENT_SECRET)
        playlist = SimulatedPlaylist("Mine", uris=tuple(f"spotify:track:{one}" for one in ids(3)))
        playlist_id = spotify.add_playlist(playlist)
        token = spotify.consent("app", tuple(CONSENT_SCOPES))
        secret = {"client_id": "app", "client_secret": CLIENT_SECRET, "refresh_token": token}
        consent = collect.folder / "consent.json"
        consent.write_text(json.dumps(secret))
        consent.chmod(0o600)
        done = collect(
            *("--playlist", playlist_id, "--search-genre", "dream pop", "--spotify-file", consent),
            *("--api-url", spotify.api_url, "--accounts-url", spotify.accounts_url),
        )
    assert done.code == 0, done.err
    assert collect.rows().keys() == {*ids(3), *ids(5, first=10)}
    assert "NEVERLOGME" not in done.out + done.err


# ---- What is refused -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "--genre"),
        (("--genre", "pop"), "--playlist or --search-genre"),
        (("no-such-file.txt", "--genre", "pop"), "no-such-file.txt cannot be used"),
        (("--playlist", "https://open.spotify.com/track/" + "a" * 22, "--genre", "pop"), "no link to a playlist"),
        (("--search-genre", "pop", "--spotify-file", "f", "--spotify-secret", "s"), "one place"),
    ],
)
def test_what_cannot_be_done_is_said_before_anybody_is_asked(collect, finder, simulator, arguments, words):
    done = collect(*arguments)
    assert done.code == 2
    assert words in done.err
    assert simulator.requests == []


def test_a_genre_that_is_no_name_is_refused(collect):
    assert collect(collect.list_of(ids(1)), "--genre", "&").code == 2


def test_a_list_in_another_encoding_is_refused(collect):
    path = collect.folder / "wanted.txt"
    path.write_bytes(b"\xff\xfe\x00")
    done = collect(path, "--genre", "pop")
    assert (done.code, "UTF-8" in done.err) == (2, True)


def test_a_damaged_shard_stops_the_command_and_is_named(collect):
    collect(collect.list_of(ids(2)), "--genre", "pop")
    (shard,) = (collect.folder / "catalogue" / "collected").glob("*.csv.gz")
    shard.write_bytes(b"broken")
    done = collect(collect.list_of(ids(3)), "--genre", "pop")
    assert done.code == 2
    assert shard.name in done.err
    assert shard.read_bytes() == b"broken"


def test_a_built_index_recommends_from_what_was_collected(collect, run):
    assert collect(collect.list_of(ids(200)), "--genre", "pop").code == 0
    index = collect.folder / "index"
    built = run("build", "--catalogue", collect.folder / "catalogue", "--index", index, "--json")
    assert built.code == 0, built.out
    report = json.loads(built.out)
    assert (report["tracks"], report["genres"], report["source"]) == (200, {"pop": 200}, "reccobeats")
