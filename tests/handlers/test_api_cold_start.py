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
SCRIPT = """
import json, sys

from api.handler import handler
from tests.handlers.fake_context import Context
answers = [handler(event, Context()) for event in json.loads(sys.stdin.read())]
print("RESULT" + json.dumps({"answers": answers, "modules": sorted(sys.modules)}))
"""


def test_real_wiring_answers_from_s3_without_importing_what_only_publishing_needs(aws, tmp_path):
    bucket = aws.make_bucket()
    build_index_folder(tmp_path, catalogue())
    build_index(
        FolderShards(tmp_path / "catalogue"), S3IndexStore(aws.s3, bucket), AnnoyFormat(), SqliteTracksFormat(),
        datetime(2026, 3, 1, tzinfo=UTC), lambda *_: None,
    )  # fmt: skip
    events = [
        make_event("GET", "/api/health"),
        make_event("POST", "/api/recommendations", body=json.dumps({"seeds": [SEED], "size": 5})),
    ]
    result = run(aws, bucket, events, SCRATCH_FOLDER=str(tmp_path / "scratch"))
    (line,) = [line for line in result.splitlines() if line.startswith("RESULT")]
    told = json.loads(line.removeprefix("RESULT"))
    assert [answer["statusCode"] for answer in told["answers"]] == [200, 200]
    assert len(json.loads(told["answers"][1]["body"])["tracks"]) == 6
    assert [name for name in NEEDLESS if name in told["modules"]] == []


def test_no_variable_makes_the_function_log_what_it_was_sent(aws, tmp_path):
    event = make_event("POST", "/api/playlists", body="{}", headers={"X-Access-Code": CODE})
    output = run(
        aws, aws.make_bucket(), [event], SCRATCH_FOLDER=str(tmp_path), POWERTOOLS_LOGGER_LOG_EVENT="true"
    )  # fmt: skip
    assert "answered" in output
    assert CODE not in output


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
