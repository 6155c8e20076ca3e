"""What the API imports before it has answered anything: every needless library makes the first caller wait."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from daltonify_core.adapters.annoy_index import AnnoyFormat
from daltonify_core.adapters.local_folder import FolderShards
from daltonify_core.adapters.s3 import S3IndexStore
from daltonify_core.adapters.sqlite_tracks import SqliteTracksFormat
from daltonify_core.use_cases.build_index import build_index
from tests.builders import build_index_folder
from tests.handlers.api_client import CODE, SEED, catalogue, make_event

ROOT = Path(__file__).parents[2]
NEEDLESS = ("spotipy", "redis", "requests", "boto3", "aws_xray_sdk", "segno")
# Of ours: what describes the API, and what only other routes need.
NEEDLESS_FOR_A_LIST = (
    "api.access",
    "api.answer_models",
    "api.documentation",
    "api.publishing_routes",
    "api.qr_routes",
    "api.release_routes",
    "daltonify_core.adapters.dynamodb",
    "daltonify_core.audio.clip",
    "daltonify_core.playlist.publishing",
    "daltonify_core.ports.audio",
    "daltonify_core.ports.publishing",
    "daltonify_core.ports.releases",
    "daltonify_core.releases.release",
    "daltonify_core.use_cases.complete_seeds",
    "daltonify_core.use_cases.publish_playlist",
    "numpy.ma",
)
SCRIPT = """
import gc, json, sys

from api.handler import handler
from tests.handlers.fake_context import Context
answers = [handler(event, Context()) for event in json.loads(sys.stdin.read())]
print("RESULT" + json.dumps({"answers": answers, "modules": sorted(sys.modules), "searched": gc.isenabled()}))
"""


def test_real_wiring_answers_from_s3_without_importing_what_only_publishing_needs(aws, tmp_path):
    bucket = aws.make_bucket()
    build_index_folder(tmp_path, catalogue())
    build_index(
        FolderShards(tmp_path / "catalogue"), S3IndexStore(aws.s3, bucket), AnnoyFormat(), SqliteTracksFormat(),
        datetime(2026, 3, 1, tzinfo=UTC), lambda *_: None,
    )  # fmt: skip
    scratch = {"SCRATCH_FOLDER": str(tmp_path / "scratch")}
    recommend = make_event("POST", "/api/recommendations", body=json.dumps({"seeds": [SEED], "size": 5}))
    told = told_by_run(run(aws, bucket, [recommend], **scratch))
    (answer,) = told["answers"]
    assert answer["statusCode"] == 200
    assert len(json.loads(answer["body"])["tracks"]) == 6
    assert [name for name in (*NEEDLESS, *NEEDLESS_FOR_A_LIST) if name in told["modules"]] == []
    # Switched off while it starts, and for no longer.
    assert told["searched"]
    told = told_by_run(run(aws, bucket, [make_event("GET", "/api/health"), recommend], **scratch))
    assert [answer["statusCode"] for answer in told["answers"]] == [200, 200]
    assert [name for name in NEEDLESS if name in told["modules"]] == []


def test_a_function_that_only_starts_neither_reads_the_index_nor_makes_a_client(aws, tmp_path):
    told = told_by_run(run(aws, "no-such-bucket", [], SCRATCH_FOLDER=str(tmp_path / "scratch")))
    assert not (tmp_path / "scratch").exists()
    late = {"botocore.client", "annoy", "daltonify_core.adapters.s3"}
    assert not late & set(told["modules"])


def test_no_variable_makes_the_function_log_what_it_was_sent(aws, tmp_path):
    event = make_event("POST", "/api/playlists", body="{}", headers={"X-Access-Code": CODE})
    output = run(
        aws, aws.make_bucket(), [event], SCRATCH_FOLDER=str(tmp_path), POWERTOOLS_LOGGER_LOG_EVENT="true"
    )  # fmt: skip
    assert "answered" in output
    assert CODE not in output


def told_by_run(output):
    (line,) = [line for line in output.splitlines() if line.startswith("RESULT")]
    return json.loads(line.removeprefix("RESULT"))


def run(aws, bucket, events, **variables):
    """What a fresh function prints while it answers these events."""
    environment = os.environ | aws.environment | variables | {
        "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'functions'}",
        "DATA_BUCKET": bucket,
        "TABLE_NAME": "publications",
        "AUDIO_BUCKET": "audio",
        "AUDIO_QUEUE_URL": "http://127.0.0.1:9/audio",
        "RELEASE_QUEUE_URL": "http://127.0.0.1:9/releases.fifo",
        "SPOTIFY_SECRET": "spotify",
        "PUBLISHING_SECRET": "publishing",
    }  # fmt: skip
    ran = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        input=json.dumps(events), env=environment, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    return ran.stdout
