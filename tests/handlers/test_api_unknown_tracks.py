"""Tracks that the catalogue does not know, over HTTP: looked up as seldom as possible, and never a reason to fail."""

import json
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import cast

import pytest
from api.app import Api
from api.wiring import compose, report_look_up
from aws_lambda_powertools.utilities.typing import LambdaContext
from shared import aws as clients

from daltonify_core.adapters.annoy_index import AnnoyFormat
from daltonify_core.adapters.local_folder import FolderShards
from daltonify_core.adapters.reccobeats import ReccoBeatsService
from daltonify_core.adapters.s3 import S3IndexStore
from daltonify_core.adapters.spotify import OEmbedTracks, SpotifyTracks
from daltonify_core.adapters.sqlite_tracks import SqliteTracksFormat
from daltonify_core.errors import UpstreamRateLimited, UpstreamUnavailable
from daltonify_core.ports.look_ups import IdentitySource, TrackIdentity
from daltonify_core.use_cases.build_index import build_index
from daltonify_core.use_cases.complete_seeds import SeedCompleter
from daltonify_core.use_cases.read_index import IndexReader
from infra.local.reccobeats_simulator import Fault as Trouble
from infra.local.reccobeats_simulator import FaultKind, ReccoBeatsSimulator, SimulatedRow
from infra.local.spotify_simulator import Fault as SpotifyFault
from infra.local.spotify_simulator import FaultKind as SpotifyFaultKind
from infra.local.spotify_simulator import SimulatedTrack, SpotifySimulator
from tests.builders import build_index_folder, make_features, track_id
from tests.fakes.faults import Fault
from tests.fakes.memory_feature_service import Asked, MemoryFeatureService
from tests.fakes.memory_look_ups import MemoryLookUpCache
from tests.fakes.memory_secrets import MemorySecretStore
from tests.fakes.memory_track_directory import MemoryTrackDirectory
from tests.handlers.api_client import (
    NOON,
    SEED,
    ApiClient,
    FixedIndex,
    catalogue,
    check_against_document,
    check_problem,
    make_event,
    make_settings,
    told_by,
)
from tests.handlers.fake_context import Context

PATH = "/api/recommendations"
NEW = track_id(9_001)
SOUND = make_features(energy=0.4, time_signature=None)
IDENTITY = TrackIdentity(
    NEW, "Tide", ("Mira Tallow",), IdentitySource.SPOTIFY, ("Mira000000000000000000",), "Shore", "https://i/1.jpg",
    "2026-02-03", 187_000, False, "DEX", 2,
)  # fmt: skip
UNAVAILABLE = UpstreamUnavailable("no answer")
APP = {"client_id": "client-id", "client_secret": "NEVERLOGME-client-secret"}


@pytest.fixture
def api(recommender):
    """Everything is known of NEW outside."""
    reccobeats = MemoryFeatureService()
    reccobeats.add(NEW, SOUND, "Tide", ["Mira Tallow"])
    return ApiClient(FixedIndex(recommender), reccobeats=reccobeats, spotify=MemoryTrackDirectory([IDENTITY]),
                     oembed=MemoryTrackDirectory([IDENTITY], IdentitySource.OEMBED))  # fmt: skip


def ask(api, *seeds, **fields):
    return api.post(PATH, {"seeds": list(seeds) or [NEW], "size": 10} | fields)


def calls(api):
    return len(api.reccobeats.asked) + len(api.spotify.asked) + len(api.oembed.asked)


def test_a_link_to_a_new_track_is_enough_and_every_fact_names_its_source(api):
    answer = ask(api)
    assert answer.status == 200, answer.text
    assert answer.json["seeds"] == [
        {
            "track_id": NEW,
            "title": "Tide",
            "artists": ["Mira Tallow"],
            "artist_ids": ["Mira000000000000000000"],
            "identity_source": "spotify",
            "album": "Shore",
            "artwork_url": "https://i/1.jpg",
            "release_date": "2026-02-03",
            "duration_ms": 187_000,
            "explicit": False,
            "popularity": 2,
            "genres": [],
            "artist_popularity": 12,
            "popularity_source": "track_max",
            "features": SOUND.present(),
            "features_source": "reccobeats",
            "features_rough": False,
        }
    ]
    rows = [row for row in answer.json["tracks"] if not row["own"]]
    assert min(row["artist_popularity"] for row in rows) > 12


def test_what_was_answered_is_sent_back_as_it_came_and_costs_nobody_anything(api):
    first = ask(api).json
    before, counters = calls(api), dict(api.publications.counters)
    api.look_ups.faults.calls.clear()
    again = ask(api, *first["seeds"])
    assert again.json == first
    assert (calls(api), api.publications.counters, api.look_ups.faults.calls) == (before, counters, [])


@pytest.mark.parametrize(
    "seed", [SEED, {"track": NEW, "title": "Tide", "artists": ["Me"], "followers": 9, "features": SOUND.present()}]
)
def test_nothing_is_asked_for_a_seed_that_needs_nothing(api, seed):
    assert ask(api, seed).status == 200
    assert (calls(api), api.publications.faults.calls, api.look_ups.faults.calls) == (0, [], [])


def test_a_track_is_asked_for_once_and_another_environment_finds_it_in_the_table(api):
    first = ask(api, NEW, NEW).json
    assert (api.reccobeats.asked, api.spotify.asked) == ([Asked("features", (NEW,))], [NEW])
    api.completer = api.new_environment()
    assert ask(api).json == first
    assert calls(api) == 2


def test_one_feature_by_hand_takes_the_others_from_reccobeats_and_they_are_asked_for_once(api):
    seed = {"track": NEW, "followers": 812, "features": {"energy": 0.2}}
    for energy in (0.2, 0.3):
        answer = ask(api, seed | {"features": {"energy": energy}})
        assert answer.json["seeds"][0]["features"] == SOUND.present() | {"energy": energy}
        assert answer.json["seeds"][0]["features_source"] == "reccobeats and given"
        assert not any("alone" in note for note in answer.json["notes"])
    assert (len(api.reccobeats.asked), len(api.spotify.asked)) == (1, 1)


@pytest.mark.parametrize("source", ["measured", "audio_file"])
def test_a_link_whose_file_was_heard_is_looked_up_all_the_same(api, source):
    heard = make_features(energy=0.9).present()
    answer = ask(api, {"track": NEW, "features": heard, "features_source": source})
    (seed,) = answer.json["seeds"]
    assert (seed["features"]["energy"], seed["features_rough"]) == (0.4, source == "measured")
    assert seed["features_source"] == f"reccobeats and {source}"
    before = calls(api)
    assert ask(api, seed).json["seeds"] == [seed]
    assert calls(api) == before
    by_hand = {"features_source": f"{source} and given", "features_by_hand": ["energy"]}
    answer = ask(api, {"track": NEW, "features": heard, **by_hand})
    assert answer.json["seeds"][0]["features"]["energy"] == 0.9


@pytest.mark.parametrize(
    ("fields", "code"), [({"genre": "nonsense"}, "unknown_genre"), ({"targets": {"energy": 2}}, "invalid_query")]
)
def test_what_is_refused_anyway_costs_no_look_up(api, fields, code):
    check_problem(ask(api, **fields), 422, code)
    assert (calls(api), api.publications.faults.calls, api.look_ups.faults.calls) == (0, [], [])


def test_a_track_that_is_told_in_full_may_be_linked_once_more(api):
    told = {"track": NEW, "title": "Tide", "artists": ["Me"], "followers": 9, "features": SOUND.present()}
    for seeds in ((told, NEW), (NEW, told)):
        answer = ask(api, *seeds)
        assert [seed["title"] for seed in answer.json["seeds"]] == ["Tide"]
    assert calls(api) == 0


def test_one_feature_by_hand_is_a_request_and_the_rest_stays_absent(api):
    seed = {"title": "Tide", "artists": ["Me"], "followers": 812, "features": {"valence": 0.9}}
    answer = ask(api, seed, genre="country")
    assert answer.json["seeds"][0]["features"] == {"valence": 0.9}
    assert "“Tide” was compared by mood alone, since no more is known of it." in answer.json["notes"]


# --- what is missing ------------------------------------------------------------------------------------------------


def test_a_release_that_reccobeats_does_not_know_yet_is_asked_for_its_sound_alone(api):
    api.reccobeats.known_features.clear()
    problem = check_problem(ask(api), 422, "seed_data_needed")
    assert problem["missing"] == {"0": ["features"]}
    assert (problem["seeds"][0]["title"], problem["seeds"][0]["artists"]) == ("Tide", ["Mira Tallow"])
    assert [remedy["kind"] for remedy in problem["remedies"]] == ["describe", "audio_file", "measure"]
    assert "ReccoBeats does not know it. Give its features" in problem["detail"]


def test_without_credentials_the_artist_is_asked_and_the_title_kept(api):
    api.reccobeats.known_identities.clear()
    api.spotify.faults.add(Fault(UNAVAILABLE, times=99))
    problem = check_problem(ask(api), 422, "seed_data_needed")
    assert problem["seeds"][0]["title"] == "Tide"
    assert problem["missing"] == {"0": ["artists", "artist_popularity"]}
    given = {"track": NEW, "artists": ["Somebody New"], "followers": 812}
    assert ask(api, given).json["seeds"][0]["identity_source"] == "oembed and given"


@pytest.mark.parametrize(
    ("down", "missing"),
    [
        (["reccobeats"], ["features"]),
        (["spotify"], None),
        (["oembed"], None),
        (["spotify", "oembed"], None),
        (["reccobeats", "spotify"], ["artists", "features", "artist_popularity"]),
        (["reccobeats", "spotify", "oembed"], ["title", "artists", "features", "artist_popularity"]),
        (["look_ups"], None),
        (["publications"], None),
        (["look_ups", "publications"], None),
        (
            ["reccobeats", "spotify", "oembed", "look_ups", "publications"],
            ["title", "artists", "features", "artist_popularity"],
        ),
    ],
    ids=lambda value: " and ".join(value or ["nothing"]),
)
def test_whatever_is_down_the_answer_is_a_list_or_says_what_is_missing(api, down, missing):
    for name in down:
        getattr(api, name).faults.add(Fault(UNAVAILABLE, times=99))
    answer = ask(api)
    if missing is None:
        assert answer.status == 200, answer.text
        return
    problem = check_problem(answer, 422, "seed_data_needed")
    assert problem["missing"] == {"0": missing}
    assert problem["remedies"][-1]["kind"] == "later"
    assert "does not answer at the moment" in problem["detail"]
    if missing == ["features"]:
        assert ask(api, {"track": NEW, "features": {"energy": 0.5}}).status == 200


def test_a_service_that_wants_a_pause_is_left_in_peace_and_the_answer_says_until_when(api):
    api.reccobeats.faults.add(Fault(UpstreamRateLimited("slow down", 300, quota=False), times=99))
    for outcome in ("no_answer", "paused"):
        problem = check_problem(ask(api), 422, "seed_data_needed")
        tried = {one["service"]: one for one in problem["seeds"][0]["tried"]}
        assert (tried["reccobeats"]["outcome"], tried["reccobeats"]["retry_at"]) == (outcome, "2026-03-01T12:05:00Z")
        assert problem["remedies"][-1] == {"kind": "later", "seeds": [0], "retry_at": "2026-03-01T12:05:00Z"}
        assert "audio_file" not in [remedy["kind"] for remedy in problem["remedies"]]
    assert len(api.reccobeats.asked) == 1


def test_a_track_that_needed_nothing_of_the_silent_service_is_answered_with_a_note(api):
    api.spotify.faults.add(Fault(UNAVAILABLE))
    assert "Spotify does not answer at the moment." in ask(api).json["notes"]


def test_look_ups_of_a_client_are_counted_and_a_used_up_limit_still_answers_with_what_is_known(api):
    for number in range(10):
        ask(api, *(track_id(5_000 + 20 * number + place) for place in range(20)))
    ((counter, until),) = api.publications.counters
    assert api.publications.counters[counter, until] == 200
    assert until == datetime(2026, 3, 2, tzinfo=UTC)
    assert "203.0.113.7" not in counter
    before = calls(api)
    problem = check_problem(ask(api), 422, "seed_data_needed")
    assert "You have looked up 200 tracks today" in problem["detail"]
    assert problem["remedies"][-1] == {"kind": "later", "seeds": [0], "retry_at": "2026-03-02T00:00:00Z"}
    assert ask(api, SEED).status == 200
    assert calls(api) == before
    other = api.send("POST", PATH, body=json.dumps({"seeds": [NEW]}), client="203.0.113.8")
    assert other.status == 200


def test_look_ups_are_measured_by_service_and_name_no_track(api, capsys):
    api.completer = SeedCompleter(api.reccobeats, {}, None, None, api.clock, watch=report_look_up)
    api.reccobeats.faults.add(Fault(UNAVAILABLE, method="identities"))
    ask(api)
    told = capsys.readouterr().out
    lines = [json.loads(line) for line in told.splitlines() if '"upstream"' in line and "_aws" in line]
    assert [(line["upstream"], "LookUpFailures" in line) for line in lines] == [
        ("reccobeats", False), ("reccobeats", False), ("reccobeats", True)
    ]  # fmt: skip
    assert NEW not in told


# --- the real adapters, on a simulated ReccoBeats and Spotify ---------------------------------------------------------


@pytest.fixture
def simulated():
    with (
        ReccoBeatsSimulator({NEW: SimulatedRow("Tide", ("Mira Tallow",), SOUND)}) as reccobeats,
        SpotifySimulator({NEW: SimulatedTrack("Tide", ("Mira Tallow",))}) as spotify,
    ):
        spotify.register_app(APP["client_id"], APP["client_secret"], [])
        yield SimpleNamespace(reccobeats=reccobeats, spotify=spotify)


@pytest.fixture
def outside(recommender, simulated):
    """An API whose look-ups leave by the real adapters, which give up after a third of a second."""
    api = ApiClient(FixedIndex(recommender))
    spotify = simulated.spotify
    api.completer = SeedCompleter(
        ReccoBeatsService(simulated.reccobeats.api_url, connect_seconds=2, read_seconds=0.3),
        {
            IdentitySource.SPOTIFY: SpotifyTracks(
                MemorySecretStore({"app": APP}), "app", spotify.api_url, spotify.accounts_url, "US", api.clock
            ),
            IdentitySource.OEMBED: OEmbedTracks(spotify.accounts_url + "/oembed"),
        },
        MemoryLookUpCache(),
        api.publications,
        api.clock,
    )
    return api


SILENT = {
    FaultKind.RATE_LIMITED, FaultKind.RATE_LIMITED_IN_WORDS, FaultKind.BLOCKED, FaultKind.SERVER_ERROR,
    FaultKind.UNAVAILABLE, FaultKind.REDIRECT, FaultKind.EMPTY_200, FaultKind.NOT_JSON_200, FaultKind.NONSENSE,
    FaultKind.HUGE, FaultKind.TRUNCATED, FaultKind.DROPPED_HALFWAY, FaultKind.DROPPED, FaultKind.SLOW, FaultKind.HANG,
    FaultKind.DRIP, FaultKind.DRIP_HEAD, FaultKind.REFUSED, FaultKind.WRONG_TYPES,
}  # fmt: skip


@pytest.mark.parametrize("kind", FaultKind)
def test_whatever_reccobeats_does_there_is_an_answer(outside, simulated, kind):
    simulated.reccobeats.add_fault(Trouble(kind, times=None))
    answer = ask(outside)
    if answer.status == 422:
        problem = check_problem(answer, 422, "seed_data_needed")
        assert problem["missing"] == {"0": ["features"]}
        outcome = problem["seeds"][0]["tried"][0]["outcome"]
        assert outcome == ("no_answer" if kind in SILENT else "not_known")
    else:
        assert answer.status == 200, answer.text
        assert kind not in SILENT
        features = answer.json["seeds"][0]["features"]
        if kind is not FaultKind.WRONG_TYPES:
            assert features == SOUND.present()
    with_sound = ask(outside, {"track": NEW, "features": {"energy": 0.5}})
    assert with_sound.status == 200, with_sound.text
    assert with_sound.json["seeds"][0]["title"] == "Tide"


@pytest.mark.parametrize("path", ["/v1/tracks", "/api/token", "/oembed", ".*"])
@pytest.mark.parametrize("kind", SpotifyFaultKind)
def test_whatever_spotify_does_there_is_an_answer(outside, simulated, kind, path):
    simulated.spotify.add_fault(SpotifyFault("*", path, kind, times=None, seconds=0.01))
    if path == "/oembed":
        simulated.spotify.add_fault(SpotifyFault("*", "/v1/tracks", SpotifyFaultKind.SERVER_ERROR, times=None))
    answer = ask(outside, {"track": NEW, "followers": 812})
    # ReccoBeats knows title and artists as well.
    assert answer.status == 200, answer.text
    assert answer.json["seeds"][0]["artists"] == ["Mira Tallow"]


def test_hits_and_misses_are_remembered_as_the_simulators_count_them(outside, simulated):
    unknown = track_id(7_777)

    def asked():
        paths = [exchange.path for exchange in simulated.reccobeats.requests]
        tracks = [one.path for one in simulated.spotify.requests if one.path.startswith("/v1/tracks/")]
        return len(paths), len(tracks)

    for _ in range(3):
        ask(outside, NEW, unknown)
    assert asked() == (1, 2)
    outside.clock.advance(600)
    ask(outside, NEW, unknown)
    assert asked() == (2, 3)
    outside.clock.now = NOON + timedelta(hours=24)
    ask(outside, NEW)
    assert asked() == (2, 4)
    outside.clock.now = NOON + timedelta(days=30)
    ask(outside, NEW)
    assert asked() == (3, 5)


def test_the_real_wiring_looks_up_and_remembers_in_the_table(aws, simulated, tmp_path):
    for client in (clients.s3, clients.dynamodb, clients.secrets_manager):
        client.cache_clear()
    bucket, table = aws.make_bucket(), aws.make_table()
    build_index_folder(tmp_path, catalogue())
    build_index(
        FolderShards(tmp_path / "catalogue"), S3IndexStore(aws.s3, bucket), AnnoyFormat(), SqliteTracksFormat(),
        datetime.now(UTC), lambda *_: None,
    )  # fmt: skip
    settings = make_settings(
        DATA_BUCKET=bucket,
        TABLE_NAME=table,
        SPOTIFY_SECRET=aws.make_secret(json.dumps(APP)),
        SPOTIFY_API=simulated.spotify.api_url,
        SPOTIFY_ACCOUNTS=simulated.spotify.accounts_url,
        SPOTIFY_OEMBED=simulated.spotify.accounts_url + "/oembed",
        RECCOBEATS_API=simulated.reccobeats.api_url,
        SCRATCH_FOLDER=str(tmp_path / "scratch"),
    )
    event = make_event("POST", PATH, body=json.dumps({"seeds": [NEW], "size": 10}))
    answers = []
    for _ in range(2):
        services = compose(settings)
        answers.append(told_by(Api(services)(event, cast(LambdaContext, Context()))))
        check_against_document(event, answers[-1])
        cast(IndexReader, services.index()).close()
    first, second = answers
    assert first.status == 200, first.text
    assert first.json == second.json
    assert first.json["seeds"][0]["identity_source"] == "spotify"
    assert len(simulated.reccobeats.requests) == 1
    assert simulated.reccobeats.requests[0].headers["User-Agent"].startswith("Daltonify/")
    kinds = {item["sk"]["S"] for item in aws.dynamodb.scan(TableName=table)["Items"]}
    assert kinds == {"features", "spotify track", "counter"}
