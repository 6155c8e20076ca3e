"""Built functions under AWS's own runtime client: they start from what is deployed, and from nothing else."""

import base64
import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from daltonify_core.adapters.spotify import CONSENT_SCOPES
from infra.local.check_build import built_functions, built_layers
from infra.local.sam_template import read_template
from infra.local.spotify_simulator import SpotifySimulator
from infra.local.synthetic_catalogue import synthetic_tracks
from tests.catalogues import catalogue_csv
from tests.contract.local_aws import LocalAws
from tests.deploy.conftest import ROOT, tool
from tests.deploy.lambda_runtime import CLIENT_PACKAGES, RuntimeProcess
from tests.deploy.test_deployed import simulated

BUILD = ROOT / ".aws-sam/build"
BROUGHT = ("boto3", "botocore", "s3transfer", "dateutil", "six.py", "jmespath", "urllib3", *CLIENT_PACKAGES)
EVENTS = ROOT / "tests/events"
TRACKS = list(synthetic_tracks(2_000, 3))
# What a cold start may not pay for; the first two belong to publishing, the third to nobody.
SLOW = {"spotipy", "redis", "aws_xray_sdk"}


@pytest.fixture(scope="session")
def runtime_packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The packages that Lambda's runtime brings, and no others."""
    folder = tmp_path_factory.mktemp("runtime")
    installed = next((tool("sam").parent / "lib").glob("python*/site-packages"))
    for name in [*BROUGHT, *(path.name for path in installed.glob("*.so") if path.name.startswith("runtime_client"))]:
        if (installed / name).exists():
            (folder / name).symlink_to(installed / name)
    return folder


@pytest.fixture
def start(runtime_packages: Path, tmp_path: Path, aws: LocalAws):
    """Starts a built function by its name in the template, on a local AWS."""
    template = read_template(BUILD / "template.yaml")
    functions = {function.name: function for function in built_functions(template, BUILD)}
    layers = built_layers(template, BUILD)

    def start(name: str, **variables: str) -> RuntimeProcess:
        function = functions[name]
        work = tmp_path / name
        work.mkdir()
        environment = {**function.environment, **aws.environment, **variables}
        return RuntimeProcess(
            tool("sam") / "python", function.handler, [function.code, *layers, runtime_packages], environment, work
        )

    return start


@pytest.fixture
def bucket(aws: LocalAws) -> str:
    name = aws.make_bucket()
    aws.s3.put_object(Bucket=name, Key="catalogue/synthetic.csv", Body=catalogue_csv(TRACKS).encode())
    return name


@pytest.fixture
def built(start, bucket: str, tmp_path: Path) -> str:
    """A bucket with an index that the built builder made."""
    with start("BuildIndex", DATA_BUCKET=bucket, WORK_FOLDER=str(tmp_path / "build")) as builder:
        report = builder.invoke(recorded("scheduled_build"))
        assert report.error is None, builder.output
        assert report.response["tracks"] == len(TRACKS)
    return bucket


@pytest.fixture
def simulator() -> Iterator[SpotifySimulator]:
    with SpotifySimulator({track.track_id: simulated(track) for track in TRACKS}) as running:
        yield running


def recorded(name: str) -> dict[str, object]:
    event: dict[str, object] = json.loads((EVENTS / f"{name}.json").read_text(encoding="utf-8"))
    return event


def asked(name: str, body: object) -> dict[str, object]:
    return recorded(name) | {"body": json.dumps(body)}


def test_the_api_answers_recorded_events_and_imports_what_publishes_only_then(
    start, built, aws, simulator, tmp_path, findings
):
    table = aws.make_table()
    simulator.register_app("app", "NEVERLOGME-client-secret")
    secrets = {
        "spotify": {
            "client_id": "app",
            "client_secret": "NEVERLOGME-client-secret",
            "refresh_token": simulator.consent("app", CONSENT_SCOPES),
            "consented_at": "2026-11-22T00:00:00+00:00",
            "scopes": " ".join(sorted(CONSENT_SCOPES)),
        },
        "publishing": {"edit_token_key": "NEVERLOGME" * 4, "access_codes": ""},
    }
    for name, values in secrets.items():
        aws.secrets_manager.create_secret(Name=f"{built}/{name}", SecretString=json.dumps(values))
    variables = {
        "DATA_BUCKET": built,
        "TABLE_NAME": table,
        "SPOTIFY_SECRET": f"{built}/spotify",
        "PUBLISHING_SECRET": f"{built}/publishing",
        "PUBLISH_ACCESS": "open",
        "SPOTIFY_API": simulator.api_url,
        "SPOTIFY_ACCOUNTS": simulator.accounts_url,
        "SCRATCH_FOLDER": str(tmp_path / "scratch"),
    }
    with start("Api", **variables) as api:
        assert not api.imported & SLOW
        findings.append(
            f"The API started in {api.init_milliseconds:.0f} ms here, with {', '.join(sorted(third_party(api)))}."
        )
        tracks = api.invoke(recorded("api_tracks"))
        assert tracks.error is None, api.output
        assert tracks.response["statusCode"] == 200, tracks.response
        rows = first_list(api)
        assert not api.imported & SLOW
        publish = asked("api_publish", {"title": "Built", "uris": [row["uri"] for row in rows]})
        published = api.invoke(publish)
        assert published.response["statusCode"] == 201, published.response
        assert "spotipy" in api.imported
    assert len(simulator.playlists) == 1


def first_list(api: RuntimeProcess) -> list[dict[str, str]]:
    answers = (api.invoke(asked("api_recommend", {"seeds": [track.track_id], "size": 10})).response for track in TRACKS)
    rows: list[dict[str, str]] = json.loads(next(body_of(one) for one in answers if one["statusCode"] == 200))["tracks"]
    return rows


def body_of(response: dict[str, Any]) -> bytes:
    """What a browser makes of the body; the recorded events are a browser's, which takes long answers compressed."""
    if not response["isBase64Encoded"]:
        return str(response["body"]).encode()
    assert response["headers"]["Content-Encoding"] == "gzip"
    return gzip.decompress(base64.b64decode(response["body"]))


def third_party(process: RuntimeProcess) -> set[str]:
    """What was imported from the layers."""
    layer = next(
        folder for folder in built_layers(read_template(BUILD / "template.yaml"), BUILD) if "Dep" in str(folder)
    )
    return {name for name in process.imported if (layer / name).exists() or (layer / f"{name}.py").exists()}


def test_an_event_of_no_known_kind_is_an_error_that_lambda_sees(start, built):
    with start("Api", DATA_BUCKET=built) as api:
        answer = api.invoke({"nothing": "known"})
    assert answer.response is None
    assert answer.error is not None


def test_a_builder_without_a_catalogue_fails_as_lambda_expects_it(start, aws, tmp_path):
    with start("BuildIndex", DATA_BUCKET=aws.make_bucket(), WORK_FOLDER=str(tmp_path / "build")) as builder:
        answer = builder.invoke(recorded("scheduled_build"))
    assert answer.error is not None
    assert answer.error["errorType"] == "CatalogueEmpty"
