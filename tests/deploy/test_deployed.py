"""From HTTP request to playlist through what AWS would run: built functions, under their own roles, over TLS."""

import json
import re
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from secrets import token_hex
from typing import Any
from urllib.error import HTTPError

import pytest
from botocore.exceptions import ClientError

from daltonify_core.adapters.dynamodb import DynamoArtistStore, DynamoReleaseStore
from daltonify_core.adapters.spotify import CONSENT_SCOPES
from daltonify_core.catalogue.track import Track
from daltonify_core.ports.index import CurrentIndex
from daltonify_core.releases.hook import HookKind
from daltonify_core.releases.profile import ArtistProfile
from daltonify_core.releases.release import Release, Trigger
from daltonify_core.use_cases.keep_hooks import KeepHooks, release_key_of
from infra.local.reccobeats_simulator import ReccoBeatsSimulator
from infra.local.sam_template import read_template
from infra.local.spotify_simulator import SimulatedTrack, SpotifySimulator
from infra.local.spotify_simulator.catalogue import artist_id
from infra.local.synthetic_catalogue import synthetic_tracks
from tests.catalogues import catalogue_csv
from tests.deploy.conftest import ACCESS_CODE, CLIENT_SECRET, Answer, Deployment, wait_until
from tests.recordings import song_wav

TRACKS = list(synthetic_tracks(3_000, 1))


@pytest.fixture(scope="session")
def catalogue(deployment: Deployment) -> Deployment:
    """A stack with a catalogue in its bucket."""
    deployment.client("s3").put_object(
        Bucket=deployment.outputs["DataBucketName"],
        Key="catalogue/synthetic.csv",
        Body=catalogue_csv(TRACKS).encode(),
    )
    return deployment


@pytest.fixture(scope="session")
def built(catalogue: Deployment) -> Deployment:
    """A stack whose builder was invoked once."""
    answer = catalogue.client("lambda").invoke(FunctionName=catalogue.outputs["BuildIndexName"], Payload=b"{}")
    report = json.loads(answer["Payload"].read())
    assert "FunctionError" not in answer, report
    assert report["tracks"] == len(TRACKS)
    return catalogue


@pytest.fixture(scope="session")
def simulator():
    tracks = {track.track_id: simulated(track) for track in TRACKS}
    with SpotifySimulator(tracks) as running:
        yield running


@pytest.fixture(scope="session")
def service(built: Deployment, simulator: SpotifySimulator) -> Deployment:
    """A stack whose operator gave a consent and handed out an access code, with the simulator in Spotify's place."""
    simulator.register_app("app", CLIENT_SECRET)
    consent = {
        "client_id": "app",
        "client_secret": CLIENT_SECRET,
        "refresh_token": simulator.consent("app", CONSENT_SCOPES),
        "consented_at": "2026-11-22T00:00:00+00:00",
        "scopes": " ".join(sorted(CONSENT_SCOPES)),
    }
    secrets = built.client("secretsmanager")
    secrets.create_secret(Name="daltonify/spotify", SecretString=json.dumps(consent))
    made = json.loads(secrets.get_secret_value(SecretId=built.outputs["PublishingSecretArn"])["SecretString"])
    assert len(made["edit_token_key"]) == 64
    secrets.put_secret_value(
        SecretId=built.outputs["PublishingSecretArn"],
        SecretString=json.dumps(made | {"access_codes": ACCESS_CODE}),
    )
    for function in ("Api", "ReleaseWorker", "ScheduledJobs"):
        built.set_environment(function, SPOTIFY_API=simulator.api_url, SPOTIFY_ACCOUNTS=simulator.accounts_url)
    return built


def simulated(track: Track) -> SimulatedTrack:
    return SimulatedTrack(track.title, tuple(credit.name for credit in track.artists))


def recommend(service: Deployment) -> Answer:
    """A list for any invented track that has bigger artists above it."""
    return next(answer for _, answer in lists(service))


def lists(service: Deployment) -> Iterator[tuple[Track, Answer]]:
    """Invented tracks that there are lists for."""
    for track in TRACKS:
        answer = service.ask("POST", "/api/recommendations", {"seeds": [track.track_id], "size": 20})
        if answer.status == 200:
            yield track, answer


def test_before_the_first_build_it_says_that_there_is_no_index(deployment):
    # Collected first, so it runs before anything is built.
    answer = deployment.ask("GET", "/api/health")
    assert (answer.status, answer.json["ok"]) == (503, False)


def test_the_builder_writes_an_index_that_the_api_answers_from(service):
    health = service.ask("GET", "/api/health")
    assert (health.status, health.json["ok"]) == (200, True)
    pointer = service.client("s3").get_object(Bucket=service.outputs["DataBucketName"], Key="index/current.json")
    version = CurrentIndex(**json.loads(pointer["Body"].read())).version
    assert service.ask("GET", "/api/config").json["index"]["version"] == version


def test_a_request_gives_a_list_with_reasons(service):
    answer = recommend(service).json
    others = [row for row in answer["tracks"] if not row["own"]]
    level = answer["seeds"][0]["artist_popularity"]
    assert len(others) == 20
    assert all(row["artist_popularity"] > level and row["reason"] for row in others)


def test_a_list_becomes_one_playlist_however_often_it_is_sent(service, simulator):
    rows = recommend(service).json["tracks"]
    body = {"title": "Deployed", "uris": [row["uri"] for row in rows]}
    headers = {"Idempotency-Key": "one-key-for-one-list", "X-Access-Code": ACCESS_CODE}
    first, again = (service.ask("POST", "/api/playlists", body, headers) for _ in range(2))
    assert (first.status, first.json["tracks_added"]) == (201, len(rows)), first.body
    assert again.json == first.json
    assert [list(one.uris) for one in simulator.playlists.values() if one.name == "Deployed"] == [body["uris"]]


def test_nobody_publishes_without_the_code(service):
    answer = service.ask(
        "POST", "/api/playlists", {"title": "x", "uris": [TRACKS[0].track_id]}, {"Idempotency-Key": "k" * 20}
    )
    assert (answer.status, answer.json["code"]) == (401, "not_authorised")


def test_a_release_that_is_announced_is_published_by_its_worker_and_nothing_is_left_to_sweep(service, simulator):
    (track,), now = with_lists(service, 1), datetime.now(UTC)
    profile = register(service, track, polled=False)
    secret = service.client("secretsmanager").get_secret_value(SecretId=service.outputs["PublishingSecretArn"])
    keep = KeepHooks(
        DynamoArtistStore(service.client("dynamodb"), service.outputs["TableName"]),
        release_key_of(json.loads(secret["SecretString"])),
        lambda: token_hex(16),
        lambda: f"NEVERLOGME-{token_hex(32)}",
        lambda: now,
    )
    made = keep.add(profile.artist_id, HookKind.BEARER)
    answer = service.ask(
        "POST",
        f"/api/webhooks/releases/{made.hook.hook_id}",
        {"uri": f"spotify:track:{track.track_id}"},
        {"Authorization": f"Bearer {made.secret}"},
    )
    assert answer.status == 202, answer.body
    release = end_of_release(service, answer.json["status_url"])
    assert (release["state"], release["version"]) == ("done", 1), release
    playlist = simulator.playlists[release["playlist_url"].rpartition("/")[2]]
    assert f"spotify:track:{track.track_id}" in playlist.uris
    assert run_job(service, "sweep_releases")["sent"] == 0


def test_the_jobs_look_for_releases_hand_them_on_and_have_playlists_renewed(service, simulator):
    """Everything that the jobs and the worker ask of AWS on the way, under their own roles."""
    _, track = with_lists(service, 2)
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    simulator.add_tracks({track.track_id: replace(simulated(track), release_date=today)})
    profile = register(service, track, renews=True)
    assert run_job(service, "poll_releases").items() >= {"artists": 1, "found": 1, "ended_early": None}.items()
    store = DynamoReleaseStore(service.client("dynamodb"), service.outputs["TableName"])
    (found,) = store.of_artist(profile.artist_id, 10, datetime.now(UTC))
    release = end_of_release(service, f"/api/releases/{found.release_id}")
    assert (release["state"], release["version"]) == ("done", 1), release
    assert run_job(service, "poll_releases").items() >= {"artists": 0, "found": 0}.items(), "until tomorrow"
    assert run_job(service, "renew_playlists").items() >= {"asked": 1, "ended_early": None}.items()

    # As after a queue that took nothing: stored and due, and never handed on.
    now = datetime.now(UTC)
    lost = Release(
        token_hex(16),
        profile.artist_id,
        found.reference,
        Trigger.OPERATOR,
        received_at=now,
        since=now,
        expires_at=now + timedelta(days=1),
        next_attempt_at=now,
    )
    assert store.begin(lost, lost.release_id, [], now) is None
    assert run_job(service, "sweep_releases").items() >= {"sent": 1, "ended_early": None}.items()
    assert end_of_release(service, f"/api/releases/{lost.release_id}")["state"] == "done"


def with_lists(service: Deployment, count: int) -> list[Track]:
    """Invented tracks of different artists that there are lists for."""
    found: dict[str, Track] = {}
    for track, _ in lists(service):
        found.setdefault(track.artists[0].name, track)
        if len(found) == count:
            break
    return list(found.values())


def register(service: Deployment, track: Track, **wishes: bool) -> ArtistProfile:
    name = track.artists[0].name
    profile = ArtistProfile(
        artist_id(name),
        name,
        datetime.now(UTC),
        genre=track.genres[0],
        size=20,
        **wishes,  # type: ignore[arg-type]
    )
    DynamoArtistStore(service.client("dynamodb"), service.outputs["TableName"]).add(profile)
    return profile


def end_of_release(service: Deployment, path: str) -> Any:
    """How a release looks to its artist in the end."""

    def ended() -> Any:
        release = service.ask("GET", path).json
        # Waiting is no end, but says why there is none.
        return release if release["state"] in ("done", "failed", "waiting") else None

    return wait_until(ended, "the end of a release")


@pytest.mark.parametrize("route", read_template().route_keys())
def test_every_route_of_the_template_reaches_the_function(service, route):
    method, path = route.split()
    answer = service.ask(method, re.sub(r"\{\w+\}", "nothing-of-that-name", path), {} if method == "POST" else None)
    # Whatever it says to such a request, our function says it; the gateway itself knows no problem documents.
    assert "code" in answer.json or answer.status == 200, answer.body


def test_a_path_that_no_route_names_never_reaches_the_function(service):
    answer = service.ask("GET", "/api/nothing")
    assert answer.status == 404
    assert "code" not in answer.json


def test_the_schedule_builds_without_anybody_asking(service):
    """The deployed schedule of a day is set to a minute; its target and role are the template's."""
    scheduler, s3 = service.client("scheduler"), service.client("s3")
    bucket = service.outputs["DataBucketName"]
    (name,) = [one["Name"] for one in scheduler.list_schedules()["Schedules"] if "BuildIndex" in one["Name"]]
    present = scheduler.get_schedule(Name=name)
    before = s3.get_object(Bucket=bucket, Key="index/current.json")["ETag"]
    s3.put_object(Bucket=bucket, Key="catalogue/synthetic.csv", Body=catalogue_csv(synthetic_tracks(1_500, 2)).encode())
    kept = ("Name", "Target", "FlexibleTimeWindow")
    scheduler.update_schedule(**{key: present[key] for key in kept}, ScheduleExpression="rate(1 minute)")
    wait_until(
        lambda: s3.get_object(Bucket=bucket, Key="index/current.json")["ETag"] != before,
        "a build by the schedule",
        seconds=180,
    )
    scheduler.update_schedule(**{key: present[key] for key in kept}, ScheduleExpression=present["ScheduleExpression"])


def test_an_audio_file_is_listened_to_and_removed(service):
    with ReccoBeatsSimulator() as reccobeats:
        service.set_environment("AudioWorker", RECCOBEATS_API=reccobeats.api_url)
        sent = service.ask("POST", "/api/audio-features", raw=song_wav(), headers={"Content-Type": "audio/wav"})
        assert sent.status == 202, sent.body

        def finished():
            job = service.ask("GET", sent.headers["location"]).json
            return job if job["state"] in ("done", "failed") else None

        job = wait_until(finished, "the end of an audio job")
    assert (job["state"], job["features_source"]) == ("done", "audio_file"), job
    assert "Contents" not in service.client("s3").list_objects_v2(Bucket=service.resources["AudioBucket"])


@pytest.mark.parametrize(
    ("job", "told"),
    [
        ("collect", {"collected": 0, "ended_early": None}),
        ("refresh_popularity", {"ended_early": None}),
        ("remove_audio", {"forgotten": 0, "ended_early": None}),
    ],
)
def test_a_scheduled_job_may_do_what_it_is_for(service, job, told):
    report = run_job(service, job)
    assert report.items() >= {"job": job, **told}.items()


def test_the_days_that_the_consent_lasts_are_told(service):
    assert run_job(service, "check_service")["days_left"] < 184


def run_job(service: Deployment, job: str) -> dict[str, Any]:
    answer = service.client("lambda").invoke(
        FunctionName=service.resources["ScheduledJobs"], Payload=json.dumps({"job": job}).encode()
    )
    report: dict[str, Any] = json.loads(answer["Payload"].read())
    assert "FunctionError" not in answer, report
    return report


# What must be denied


@pytest.fixture(scope="session")
def credentials(service: Deployment) -> Callable[[str], dict[str, str]]:
    """Those that a function under a role has; the role is assumed once."""

    @cache
    def of_role(role: str) -> dict[str, str]:
        arn = service.client("iam").get_role(RoleName=service.resources[role])["Role"]["Arn"]
        given = service.client("sts").assume_role(RoleArn=arn, RoleSessionName="test")["Credentials"]
        return {
            "aws_access_key_id": given["AccessKeyId"],
            "aws_secret_access_key": given["SecretAccessKey"],
            "aws_session_token": given["SessionToken"],
        }

    return of_role


def items_of(partition: str) -> dict[str, Any]:
    """A query for everything in a partition of the table."""
    return {
        "TableName": "TableName",
        "KeyConditionExpression": "pk = :pk",
        "ExpressionAttributeValues": {":pk": {"S": partition}},
    }


def item_at(partition: str) -> dict[str, Any]:
    return {"TableName": "TableName", "Key": {"pk": {"S": partition}, "sk": {"S": partition}}}


def batch_without(*partitions: str) -> dict[str, Any]:
    """A batch that deletes an item of each partition."""
    keys = [{"pk": {"S": one}, "sk": {"S": one}} for one in partitions]
    return {"RequestItems": {"Table": [{"DeleteRequest": {"Key": key}} for key in keys]}}


type Cases = dict[str, tuple[str, str, dict[str, Any]]]
"""Service, method and arguments of everything that a role may not do, by what it would be."""

RELEASE_MESSAGE = {"MessageBody": "{}", "MessageGroupId": "x", "MessageDeduplicationId": "x"}
NOT_FOR_THE_JOBS: Cases = {
    "write the catalogue of others": (
        "s3",
        "put_object",
        {"Bucket": "DataBucketName", "Key": "catalogue/x.csv", "Body": b""},
    ),
    "delete what was collected": (
        "s3",
        "delete_object",
        {"Bucket": "DataBucketName", "Key": "catalogue/collected/x.csv"},
    ),
    "read an index": ("s3", "get_object", {"Bucket": "DataBucketName", "Key": "index/current.json"}),
    "listen to a clip": ("s3", "get_object", {"Bucket": "AudioBucket", "Key": "audio/x"}),
    "leave a clip": ("s3", "put_object", {"Bucket": "AudioBucket", "Key": "audio/x", "Body": b""}),
    "scan the table": ("dynamodb", "scan", {"TableName": "TableName"}),
    "delete from the table": (
        "dynamodb",
        "delete_item",
        {"TableName": "TableName", "Key": {"pk": {"S": "x"}, "sk": {"S": "x"}}},
    ),
    "renew the consent": (
        "secretsmanager",
        "put_secret_value",
        {"SecretId": "SpotifySecretName", "SecretString": "{}"},
    ),
    "read the access codes": ("secretsmanager", "get_secret_value", {"SecretId": "PublishingSecretArn"}),
    "read the origin's secret": ("secretsmanager", "get_secret_value", {"SecretId": "OriginSecret"}),
    "hand out work on audio": ("sqs", "send_message", {"QueueUrl": "AudioQueue", "MessageBody": "{}"}),
    "take work on releases": ("sqs", "receive_message", {"QueueUrl": "ReleaseQueue"}),
    "bury work on releases": ("sqs", "send_message", {"QueueUrl": "ReleaseDeadLetters", **RELEASE_MESSAGE}),
    "empty the queue": ("sqs", "purge_queue", {"QueueUrl": "ReleaseQueue"}),
    "change the pointer": ("s3", "put_object", {"Bucket": "DataBucketName", "Key": "index/current.json", "Body": b""}),
    "list what belongs to one artist": ("dynamodb", "query", items_of("artist#x")),
    "list the releases of an artist": ("dynamodb", "query", items_of("releases of#x")),
    "write in batches": ("dynamodb", "batch_write_item", batch_without("features#x")),
    "publish by themselves": ("lambda", "invoke", {"FunctionName": "ReleaseWorker"}),
    "change the page": ("s3", "put_object", {"Bucket": "SiteBucketName", "Key": "index.html", "Body": b""}),
}
NOT_FOR_THE_WORKER: Cases = {
    "leave a clip": ("s3", "put_object", {"Bucket": "AudioBucket", "Key": "audio/x", "Body": b""}),
    "read an index": ("s3", "get_object", {"Bucket": "DataBucketName", "Key": "index/current.json"}),
    "hand out work": ("sqs", "send_message", {"QueueUrl": "AudioQueue", "MessageBody": "{}"}),
    "take work on releases": ("sqs", "receive_message", {"QueueUrl": "ReleaseQueue"}),
    "announce a release": ("sqs", "send_message", {"QueueUrl": "ReleaseQueue", **RELEASE_MESSAGE}),
    "scan the table": ("dynamodb", "scan", {"TableName": "TableName"}),
    "list the artists": ("dynamodb", "query", items_of("artists")),
    "read the key of hooks": ("secretsmanager", "get_secret_value", {"SecretId": "PublishingSecretArn"}),
    "read the consent": ("secretsmanager", "get_secret_value", {"SecretId": "SpotifySecretName"}),
    "read the origin's secret": ("secretsmanager", "get_secret_value", {"SecretId": "OriginSecret"}),
}
NOT_FOR_THE_RELEASE_WORKER: Cases = {
    "change the pointer": ("s3", "put_object", {"Bucket": "DataBucketName", "Key": "index/current.json", "Body": b""}),
    "read the catalogue": ("s3", "get_object", {"Bucket": "DataBucketName", "Key": "catalogue/synthetic.csv"}),
    "delete an index": ("s3", "delete_object", {"Bucket": "DataBucketName", "Key": "index/current.json"}),
    "listen to a clip": ("s3", "get_object", {"Bucket": "AudioBucket", "Key": "audio/x"}),
    "scan the table": ("dynamodb", "scan", {"TableName": "TableName"}),
    "list the artists": ("dynamodb", "query", items_of("artists")),
    "list what is due": (
        "dynamodb",
        "query",
        {
            "TableName": "TableName",
            "IndexName": "due",
            "KeyConditionExpression": "due = :due",
            "ExpressionAttributeValues": {":due": {"S": "release"}},
        },
    ),
    **{f"delete a {kind}": ("dynamodb", "delete_item", item_at(f"{kind}#x")) for kind in ("publication", "hook")},
    "delete a profile": ("dynamodb", "delete_item", item_at("artists")),
    "delete a publication among remembered answers": (
        "dynamodb",
        "batch_write_item",
        batch_without("features#x", "publication#x"),
    ),
    "read releases in batches": (
        "dynamodb",
        "batch_get_item",
        {"RequestItems": {"Table": {"Keys": [item_at("release#x")["Key"]]}}},
    ),
    "hand out work": ("sqs", "send_message", {"QueueUrl": "ReleaseQueue", **RELEASE_MESSAGE}),
    "take work on audio": ("sqs", "receive_message", {"QueueUrl": "AudioQueue"}),
    "take dead letters": ("sqs", "receive_message", {"QueueUrl": "ReleaseDeadLetters"}),
    "change the page": ("s3", "put_object", {"Bucket": "SiteBucketName", "Key": "index.html", "Body": b""}),
    "change the access codes": (
        "secretsmanager",
        "put_secret_value",
        {"SecretId": "PublishingSecretArn", "SecretString": "{}"},
    ),
    "read the origin's secret": ("secretsmanager", "get_secret_value", {"SecretId": "OriginSecret"}),
}
NOT_FOR_THE_API: Cases = {
    "listen to a clip": ("s3", "get_object", {"Bucket": "AudioBucket", "Key": "audio/x"}),
    "take a message": ("sqs", "receive_message", {"QueueUrl": "AudioQueue"}),
    "take work on releases": ("sqs", "receive_message", {"QueueUrl": "ReleaseQueue"}),
    "list the artists": ("dynamodb", "query", items_of("artists")),
    "list what belongs to one artist": ("dynamodb", "query", items_of("artist#x")),
    "forget a publication among remembered answers": (
        "dynamodb",
        "batch_write_item",
        batch_without("features#x", "publication#x"),
    ),
    "change the origin's secret": (
        "secretsmanager",
        "put_secret_value",
        {"SecretId": "OriginSecret", "SecretString": "{}"},
    ),
    "change the page": ("s3", "put_object", {"Bucket": "SiteBucketName", "Key": "index.html", "Body": b""}),
    "change the pointer": ("s3", "put_object", {"Bucket": "DataBucketName", "Key": "index/current.json", "Body": b""}),
    "delete an index": ("s3", "delete_object", {"Bucket": "DataBucketName", "Key": "index/current.json"}),
    "read the catalogue": ("s3", "get_object", {"Bucket": "DataBucketName", "Key": "catalogue/synthetic.csv"}),
    "write the catalogue": ("s3", "put_object", {"Bucket": "DataBucketName", "Key": "catalogue/x.csv", "Body": b""}),
    "scan the table": ("dynamodb", "scan", {"TableName": "TableName"}),
    "delete from the table": (
        "dynamodb",
        "delete_item",
        {"TableName": "TableName", "Key": {"pk": {"S": "x"}, "sk": {"S": "x"}}},
    ),
    "change the access codes": (
        "secretsmanager",
        "put_secret_value",
        {"SecretId": "PublishingSecretArn", "SecretString": "{}"},
    ),
    "list secrets": ("secretsmanager", "list_secrets", {}),
    "list functions": ("lambda", "list_functions", {}),
    "invoke the builder": ("lambda", "invoke", {"FunctionName": "BuildIndexName"}),
    "list roles": ("iam", "list_roles", {}),
}
NOT_FOR_THE_BUILDER: Cases = {
    "write the catalogue": ("s3", "put_object", {"Bucket": "DataBucketName", "Key": "catalogue/x.csv", "Body": b""}),
    "delete the catalogue": ("s3", "delete_object", {"Bucket": "DataBucketName", "Key": "catalogue/synthetic.csv"}),
    "write elsewhere": ("s3", "put_object", {"Bucket": "DataBucketName", "Key": "elsewhere", "Body": b""}),
    "read the table": (
        "dynamodb",
        "get_item",
        {"TableName": "TableName", "Key": {"pk": {"S": "x"}, "sk": {"S": "x"}}},
    ),
    "read the access codes": ("secretsmanager", "get_secret_value", {"SecretId": "PublishingSecretArn"}),
    "list buckets": ("s3", "list_buckets", {}),
}
DENIED = [
    (role, *case)
    for role, cases in {
        "ApiRole": NOT_FOR_THE_API,
        "BuildIndexRole": NOT_FOR_THE_BUILDER,
        "ScheduledJobsRole": NOT_FOR_THE_JOBS,
        "AudioWorkerRole": NOT_FOR_THE_WORKER,
        "ReleaseWorkerRole": NOT_FOR_THE_RELEASE_WORKER,
    }.items()
    for case in cases.items()
]


def with_real_names(value: Any, service: Deployment) -> Any:
    """The same with names of resources and outputs replaced by what they stand for; keys name resources only."""
    if isinstance(value, dict):
        return {service.resources.get(key, key): with_real_names(one, service) for key, one in value.items()}
    if isinstance(value, list):
        return [with_real_names(one, service) for one in value]
    known = {**service.resources, **service.outputs}
    return known.get(value, value) if isinstance(value, str) else value


@pytest.mark.parametrize(("role", "what", "call"), DENIED, ids=[f"{role}: {what}" for role, what, _ in DENIED])
def test_a_role_may_not(service, credentials, role, what, call):
    client, method, arguments = call
    named = with_real_names(arguments, service)
    with pytest.raises(ClientError) as caught:
        getattr(service.client(client, **credentials(role)), method)(**named)
    assert "AccessDenied" in caught.value.response["Error"]["Code"], what


@pytest.mark.parametrize(
    ("bucket", "key"), [("DataBucketName", "index/current.json"), ("SiteBucketName", "index.html")]
)
def test_strangers_get_nothing_from_a_bucket(service, bucket, key):
    service.client("s3").head_object(Bucket=service.outputs["DataBucketName"], Key="index/current.json")
    address = f"{service.emulator.endpoint_url}/{service.outputs[bucket]}/{key}"
    with pytest.raises(HTTPError) as caught:
        urllib.request.urlopen(address, context=service.emulator.trust)  # noqa: S310 - on this machine
    caught.value.close()
    assert caught.value.code == 403
