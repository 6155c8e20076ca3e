"""The API on its real parts: S3, DynamoDB and Secrets Manager of the local AWS, and a simulated Spotify."""

import json
from datetime import UTC, datetime
from secrets import token_hex
from types import SimpleNamespace
from typing import cast

import pytest
from api.app import Api
from api.wiring import compose
from audio_worker.handler import handler as work_on_audio
from aws_lambda_powertools.utilities.typing import LambdaContext
from shared import aws as clients
from shared.settings import ApiSettings, InvalidSettings
from standardwebhooks import Webhook

from daltonify_core.adapters.annoy_index import AnnoyFormat
from daltonify_core.adapters.dynamodb import DynamoArtistStore
from daltonify_core.adapters.local_folder import FolderShards
from daltonify_core.adapters.s3 import S3IndexStore
from daltonify_core.adapters.sqlite_tracks import SqliteTracksFormat
from daltonify_core.releases.hook import HookKind
from daltonify_core.releases.profile import ArtistProfile
from daltonify_core.use_cases.build_index import build_index
from daltonify_core.use_cases.keep_hooks import KeepHooks, release_key_of
from daltonify_core.use_cases.read_index import IndexReader
from infra.local.lambda_function import LambdaFunction
from infra.local.queue_poller import QueuePoller
from infra.local.reccobeats_simulator import ReccoBeatsSimulator
from infra.local.sam_template import read_template
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
from tests.recordings import song_wav

PUBLISHER = {"Idempotency-Key": "3f0c8a52-6f1d-4c39-9d0e-5b8b1b0c6a77", "X-Access-Code": CODE}


ARTIST = "A" * 22


@pytest.fixture
def simulator():
    tracks = {track.track_id: SimulatedTrack(track.title, ("Somebody",)) for track in catalogue()}
    with SpotifySimulator(tracks) as spotify:
        yield spotify


@pytest.fixture
def system(aws, simulator, tmp_path):
    """A whole installation without an index yet; ``build`` makes one, ``call`` asks the API."""
    for client in (clients.s3, clients.dynamodb, clients.secrets_manager, clients.sqs):
        client.cache_clear()
    bucket, audio_bucket = aws.make_bucket(), aws.make_bucket(keeps_versions=False)
    table, queue_url, release_queue_url = aws.make_table(), aws.make_queue(), aws.make_release_queue()
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
            "TABLE_NAME": table,
            "AUDIO_BUCKET": audio_bucket,
            "AUDIO_QUEUE_URL": queue_url,
            "RELEASE_QUEUE_URL": release_queue_url,
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
        sent = body if body is None or isinstance(body, bytes) else json.dumps(body)
        event = make_event(method, path, body=sent, headers=headers)
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

    yield SimpleNamespace(
        call=call,
        build=build,
        bucket=bucket,
        audio_bucket=audio_bucket,
        table=table,
        queue_url=queue_url,
        release_queue_url=release_queue_url,
        aws=aws,
    )
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


def test_from_an_audio_file_to_its_features_and_a_playlist(system, monkeypatch):
    system.build("first", catalogue())
    audio = {"Content-Type": "audio/wav", "Idempotency-Key": "a-key-of-this-test"}
    sent = system.call("POST", "/api/audio-features", song_wav(), audio)
    assert sent.status == 202, sent.text
    assert system.call("POST", "/api/audio-features", song_wav(), audio).json == sent.json
    assert system.call("GET", sent.json["status_url"]).json["state"] == "queued"
    assert len(system.aws.s3.list_objects_v2(Bucket=system.audio_bucket)["Contents"]) == 1
    monkeypatch.setenv("TABLE_NAME", system.table)
    monkeypatch.setenv("AUDIO_BUCKET", system.audio_bucket)
    monkeypatch.setenv("AUDIO_QUEUE_URL", system.queue_url)
    worker = LambdaFunction(work_on_audio, read_template().function("AudioWorker"))
    poller = QueuePoller(system.aws.sqs, system.queue_url, worker)
    with ReccoBeatsSimulator() as reccobeats:
        monkeypatch.setenv("RECCOBEATS_API", reccobeats.api_url)
        # The request that was repeated sent its message again.
        assert [poller.deliver() for _ in range(3)] == [1, 1, 0]
        assert len(reccobeats.requests) == 1
    heard = system.call("GET", sent.json["status_url"]).json
    assert (heard["state"], heard["features_source"], heard["rough"]) == ("done", "audio_file", False)
    assert "Contents" not in system.aws.s3.list_objects_v2(Bucket=system.audio_bucket)
    seed = {"title": "Mine", "artists": ["Me"], "features": heard["features"], "artist_popularity": 5}
    listed = system.call("POST", "/api/recommendations", {"seeds": [seed], "genre": "country", "size": 8})
    assert len(listed.json["tracks"]) >= 8


def test_from_a_signed_hook_to_a_stored_release_and_a_message_in_order(system):
    artists = DynamoArtistStore(system.aws.dynamodb, system.table)
    artists.add(ArtistProfile(ARTIST, "Mira Tallow", datetime.now(UTC)))
    key = release_key_of({"edit_token_key": EDIT_TOKEN_KEY})
    made = KeepHooks(artists, key, lambda: token_hex(16), lambda: "", lambda: datetime.now(UTC)).add(
        ARTIST, HookKind.SIGNED
    )
    body = json.dumps({"title": "Große Fahrt"}).encode()
    now = datetime.now(UTC)
    headers = {
        "Webhook-Id": "msg_1",
        "Webhook-Timestamp": str(int(now.timestamp())),
        "Webhook-Signature": Webhook(made.secret).sign("msg_1", now, body.decode()),
    }
    path = f"/api/webhooks/releases/{made.hook.hook_id}"
    taken = [system.call("POST", path, body, headers) for _ in range(3)]
    assert {answer.status for answer in taken} == {202}
    assert len({answer.json["id"] for answer in taken}) == 1
    told = system.call("GET", taken[0].json["status_url"]).json
    assert (told["state"], told["title"]) == ("received", "Große Fahrt")
    (message,) = system.aws.sqs.receive_message(
        QueueUrl=system.release_queue_url, MaxNumberOfMessages=10, AttributeNames=["All"]
    )["Messages"]
    assert json.loads(message["Body"]) == {"release_id": told["id"]}
    assert message["Attributes"]["MessageGroupId"] == ARTIST
    assert system.call("POST", path, body + b" ", headers).status == 401


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
