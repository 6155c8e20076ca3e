"""``daltonify recommend`` for a track that the index does not hold: looked up, or asked for in words that help."""

import json

import pytest
import soundfile  # type: ignore[import-untyped]

from daltonify_core.audio.clip import CLIP_RATE
from infra.local.reccobeats_simulator import Fault, FaultKind, ReccoBeatsSimulator, SimulatedRow
from infra.local.spotify_simulator import SimulatedTrack, SpotifySimulator
from tests.builders import make_features, track_id
from tests.cli.conftest import Run
from tests.unit.audio.sounds import song

NEW = track_id(9_001)
LINK = f"https://open.spotify.com/track/{NEW}"
SOUND = make_features(energy=0.4, time_signature=None)


@pytest.fixture
def reccobeats(monkeypatch):
    with ReccoBeatsSimulator({NEW: SimulatedRow("Tide (row)", ("Mira Tallow",), SOUND)}) as simulator:
        monkeypatch.setenv("RECCOBEATS_API", simulator.api_url)
        yield simulator


@pytest.fixture
def spotify(monkeypatch):
    with SpotifySimulator({NEW: SimulatedTrack("Tide", ("Mira Tallow",))}) as simulator:
        simulator.register_app("client-id", "NEVERLOGME-client-secret", [])
        for name, value in {
            "SPOTIFY_OEMBED": simulator.accounts_url + "/oembed",
            "SPOTIFY_API": simulator.api_url,
            "SPOTIFY_ACCOUNTS": simulator.accounts_url,
        }.items():
            monkeypatch.setenv(name, value)
        yield simulator


@pytest.fixture
def app(monkeypatch, spotify):
    monkeypatch.setenv("SPOTIFY_CLIENT_ID", "client-id")
    monkeypatch.setenv("SPOTIFY_CLIENT_SECRET", "NEVERLOGME-client-secret")


@pytest.mark.usefixtures("reccobeats", "app")
def test_a_link_and_a_number_of_followers_are_enough(index, run: Run):
    done = run("recommend", LINK, "--index", index, "--followers", 812)
    assert done.code == 0, done.err
    assert "“Tide” is not in the catalogue: title and artists from Spotify, sound from ReccoBeats" in done.out
    assert "Mira Tallow" in done.out


@pytest.mark.usefixtures("spotify")
def test_without_an_app_the_title_comes_from_the_preview_and_the_artist_from_reccobeats(index, run: Run, reccobeats):
    done = run("recommend", LINK, "--index", index, "--followers", 812, "--json")
    (seed,) = json.loads(done.out)["seeds"]
    assert (seed["title"], seed["artists"], seed["identity_source"]) == (
        "Tide", ["Mira Tallow"], "oembed and reccobeats"
    )  # fmt: skip
    assert len(reccobeats.requests) == 2


@pytest.mark.usefixtures("app")
def test_what_nobody_knows_is_asked_for_with_the_options_that_take_it(index, run: Run, reccobeats):
    reccobeats.add_fault(Fault(FaultKind.UNAVAILABLE, times=None))
    done = run("recommend", LINK, "--index", index)
    assert done.code == 2
    assert "knows too little of “Tide”. ReccoBeats does not answer at the moment. Give its features" in done.err
    assert "--feature and --followers" in done.err
    told = json.loads(run("recommend", LINK, "--index", index, "--json").out)
    assert told["missing"] == {"0": ["features", "artist_popularity"]}
    assert [remedy["kind"] for remedy in told["remedies"]] == ["describe", "followers", "measure", "later"]
    assert told["seeds"][0]["tried"][0]["outcome"] == "no_answer"


def test_nobody_is_asked_with_the_switch_off(index, run: Run, reccobeats, spotify):
    done = run("recommend", LINK, "--index", index, "--no-look-up")
    assert done.code == 2
    assert "its title and artists" in done.err
    assert (reccobeats.requests, spotify.requests) == ([], [])


def test_nobody_is_asked_for_a_described_track(index, run: Run, reccobeats, spotify):
    described = ("--title", "Tide", "--artist", "Me", "--followers", 812)
    sound = [part for name, value in SOUND.present().items() for part in ("--feature", f"{name}={value}")]
    assert run("recommend", LINK, "--index", index, *described, *sound).code == 0
    assert (reccobeats.requests, spotify.requests) == ([], [])


def test_a_genre_that_is_not_on_offer_costs_no_look_up(index, run: Run, reccobeats, spotify):
    done = run("recommend", LINK, "--index", index, "--genre", "nonsense")
    assert (done.code, "no genre 'nonsense'" in done.err) == (2, True)
    assert (reccobeats.requests, spotify.requests) == ([], [])


@pytest.fixture
def ok_wav(tmp_path):
    path = tmp_path / "ok.wav"
    soundfile.write(path, song(12.0, bpm=100, level=0.5), CLIP_RATE)
    return path


@pytest.mark.usefixtures("reccobeats", "app")
def test_a_file_beside_a_link_stands_behind_what_reccobeats_knows_and_numbers_by_hand_above_it(index, run: Run, ok_wav):
    options = ("--followers", 812, "--index", index, "--audio", ok_wav, "--feature", "valence=0.11", "--json")
    done = run("recommend", LINK, *options)
    assert done.code == 0, done.err
    (seed,) = json.loads(done.out)["seeds"]
    assert seed["features"] == SOUND.present() | {"valence": 0.11}
    assert (seed["features_source"], seed["features_rough"]) == ("reccobeats and given", False)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((LINK, f"{LINK[:-1]}2"), "Describe one track only"),
        ((LINK, "--genre", "nonsense"), "no genre 'nonsense'"),
        ((LINK, "--size", 3), "The size 3 is not possible"),
        ((), "needs a title"),
    ],
    ids=["two links", "genre", "size", "no track"],
)
def test_a_request_that_makes_no_sense_is_refused_before_the_file_is_heard(
    index, run: Run, ok_wav, reccobeats, arguments, words
):
    done = run("recommend", *arguments, "--audio", ok_wav, "--send", "--index", index)
    assert done.code == 2
    assert words in done.err
    assert "Listened" not in done.out
    assert reccobeats.requests == []


def test_no_test_can_reach_the_real_services(index, run: Run):
    done = run("recommend", LINK, "--index", index)
    assert done.code == 2
    assert "ReccoBeats does not answer at the moment" in done.err
