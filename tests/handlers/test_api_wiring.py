"""The API on its real parts: S3, DynamoDB and Secrets Manager of the local AWS, and a simulated Spotify."""

import json
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import cast

import pytest
from api.app import Api
from api.wiring import compose
from aws_lambda_powertools.utilities.typing import LambdaContext
from shared import aws as clients
from shared.settings import ApiSettings, InvalidSettings

from daltonify_core.adapters.annoy_index import AnnoyFormat
from daltonify_core.adapters.local_folder import FolderShards
from daltonify_core.adapters.s3 import S3IndexStore
from daltonify_core.adapters.sqlite_tracks import SqliteTracksFormat
from daltonify_core.use_cases.build_index import build_index
from daltonify_core.use_cases.read_index import IndexReader
from infra.local.spotify_simulator import SimulatedTrack, SpotifySimulator
from tests.builders import build_index_folder
from tests.handlers.api_client import (
    CODE,
    EDIT_TOKEN_KEY,
    SEED,
    catalogue,
    check_against_document,
    make_event,
    told_by,
)
from tests.handlers.fake_context import Context

PUBLISHER = {"Idempotency-Key": "3f0c8a52-6f1d-4c39-9d0e-5b8b1b0c6a77", "X-Access-Code": CODE}


@pytest.fixture
def simulator():
    tracks = {track.track_id: SimulatedTrack(track.title, ("Somebody",)) for track in catalogue()}
    with SpotifySimulator(tracks) as spotify:
        yield spotify


@pytest.fixture
def system(aws, simulator, tmp_path):
    """A whole installation without an index yet; ``build`` makes one, ``call`` asks the API."""
    for client in (clients.s3, clients.dynamodb, clients.secrets_manager):
        client.cache_clear()
    bucket = aws.make_bucket()
    simulator.register_app("client-id", "NEVERLOGME-client-secret", [])
    consent = simulator.consent("client-id", "playlist-modify-public playlist-modify-private playlist-read-private")
    spotify_secret = {
        "client_id": "client-id",
        "client_secret": "NEVERLOGME-client-secret",
        "refresh_token": consent,
        "consented_at": datetime.now(UTC).isoformat(),
        "scopes": "playlist-modify-public playlist-modify-private playlist-read-private",
    }
    settings = ApiSettings.from_environment(
        {
            "DATA_BUCKET": bucket,
            "TABLE_NAME": aws.make_table(),
            "SPOTIFY_SECRET": aws.make_secret(json.dumps(spotify_secret)),
            "PUBLISHING_SECRET": aws.make_secret(json.dumps({"edit_token_key": EDIT_TOKEN_KEY, "access_codes": CODE})),
            "SPOTIFY_API": simulator.api_url,
            "SPOTIFY_ACCOUNTS": simulator.accounts_url,
            "OPEN_PLAYLISTS_AT": simulator.playlists_url,
            "SCRATCH_FOLDER": str(tmp_path / "scratch"),
            "INDEX_CHECK_SECONDS": "0",
        }
    )
    services = compose(settings)
    api = Api(services)

    def call(method, path, body=None, headers=None):
        event = make_event(method, path, body=None if body is None else json.dumps(body), headers=headers)
        answer = told_by(api(event, cast(LambdaContext, Context())))
        check_against_document(event, answer)
        return answer

    def build(name, tracks):
        build_index_folder(tmp_path / name, tracks)
        store = S3IndexStore(aws.s3, bucket)
        report = build_index(
            FolderShards(tmp_path / name / "catalogue"), store, AnnoyFormat(), SqliteTracksFormat(), datetime.now(UTC),
            lambda *_: None,
        )  # fmt: skip
        return report.manifest.version

    yield SimpleNamespace(call=call, build=build, bucket=bucket, aws=aws)
    cast(IndexReader, services.index()).close()


def test_from_nothing_to_a_playlist_on_spotify(system, simulator):
    assert system.call("GET", "/api/health").status == 503
    system.build("first", catalogue())
    assert system.call("GET", "/api/health").json["ok"]
    listed = system.call("POST", "/api/recommendations", {"seeds": [SEED], "size": 8}).json
    body = {
        "title": "Quiet roads",
        "uris": [row["uri"] for row in listed["tracks"]],
        "reserves": [row["uri"] for row in listed["reserves"]],
    }
    answer = system.call("POST", "/api/playlists", body, PUBLISHER)
    assert answer.status == 201, answer.text
    playlist = simulator.playlists[answer.json["playlist_id"]]
    assert list(playlist.uris) == body["uris"]
    assert playlist.name == "Quiet roads"
    assert answer.json["url"] == simulator.playlists_url + answer.json["playlist_id"]
    assert system.call("POST", "/api/playlists", body, PUBLISHER).json == answer.json
    assert len(simulator.playlists) == 1


def test_a_newer_index_answers_without_a_restart_and_a_damaged_one_never_does(system):
    first = system.build("first", catalogue())
    assert system.call("GET", "/api/config").json["index"]["version"] == first
    second = system.build("second", catalogue()[:200])
    assert system.call("GET", "/api/config").json["index"]["version"] == second
    third = system.build("third", catalogue()[:100])
    system.aws.s3.put_object(Bucket=system.bucket, Key=f"index/{third}/vectors.npy", Body=b"replaced")
    assert system.call("GET", "/api/config").json["index"]["version"] == second
    assert system.call("POST", "/api/recommendations", {"seeds": [SEED]}).json["index"]["version"] == second


def test_a_first_index_that_is_damaged_is_a_problem_and_no_answer(system, capsys):
    version = system.build("first", catalogue())
    system.aws.s3.put_object(Bucket=system.bucket, Key=f"index/{version}/vectors.npy", Body=b"replaced")
    answer = system.call("POST", "/api/recommendations", {"seeds": [SEED]})
    assert (answer.status, answer.json["code"]) == (503, "index_unavailable")
    assert answer.headers["Retry-After"] == "60"
    assert '"IndexFault":[1.0]' in capsys.readouterr().out


def test_a_function_that_is_not_configured_says_which_variables_are_wrong():
    with pytest.raises(InvalidSettings, match=r"DATA_BUCKET: Field required; TABLE_NAME: .*at least 3 characters"):
        ApiSettings.from_environment({"TABLE_NAME": "x"})
