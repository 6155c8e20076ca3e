"""The scheduled build as Lambda runs it: a recorded event in; an index, one log line and metrics out."""

import gzip
import io
import json
import logging
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from build_index.handler import handler
from shared.observability import logger
from shared.settings import InvalidSettings

from daltonify_core.adapters.s3 import S3IndexStore
from daltonify_core.catalogue.track import Track
from daltonify_core.errors import CatalogueEmpty, InvalidDataset
from tests.builders import make_track
from tests.bundles import make_tracks
from tests.catalogues import catalogue_csv

EVENT = json.loads((Path(__file__).parents[1] / "events" / "scheduled_build.json").read_text())


@dataclass(frozen=True)
class Context:
    function_name: str = "build-index"
    memory_limit_in_mb: int = 2048
    invoked_function_arn: str = "arn:aws:lambda:eu-central-1:123456789012:function:build-index"
    aws_request_id: str = "52fdfc07-2182-454f-963f-5f0f9a621d72"


@pytest.fixture
def bucket(aws, monkeypatch, tmp_path):
    name = aws.make_bucket()
    monkeypatch.setenv("DATA_BUCKET", name)
    monkeypatch.setenv("WORK_FOLDER", str(tmp_path / "work"))
    return name


@pytest.fixture
def logged(monkeypatch):
    """Lines that the function logs, as values."""
    stream = io.StringIO()
    handlers = [one for one in logger.handlers if isinstance(one, logging.StreamHandler)]
    assert handlers
    for one in handlers:
        monkeypatch.setattr(one, "stream", stream)
    return lambda: [json.loads(line) for line in stream.getvalue().splitlines()]


@pytest.fixture
def measured(capsys):
    """Metrics that the function sends, as CloudWatch reads them from the output: name to value."""

    def read() -> dict[str, float]:
        values: dict[str, float] = {}
        for line in capsys.readouterr().out.splitlines():
            sent = json.loads(line)
            (definition,) = sent["_aws"]["CloudWatchMetrics"]
            assert definition["Namespace"] == "Daltonify"
            values |= {metric["Name"]: sent[metric["Name"]][0] for metric in definition["Metrics"]}
        return values

    return read


def put_catalogue(aws, bucket: str, tracks: list[Track], *more_rows: list[str]) -> None:
    content = gzip.compress(catalogue_csv(tracks, *more_rows).encode())
    aws.s3.put_object(Bucket=bucket, Key="catalogue/tracks.csv.gz", Body=content)


def run() -> dict[str, object]:
    answer: dict[str, object] = handler(EVENT, Context())
    return answer


def test_a_scheduled_build_activates_an_index_and_reports_it(aws, bucket, logged, measured):
    put_catalogue(aws, bucket, make_tracks(40), ["too", "few", "cells"])
    answer = run()
    current = S3IndexStore(aws.s3, bucket).read_state().current
    assert current is not None
    assert json.loads(json.dumps(answer)) == {
        "version": current.version,
        "tracks": 40,
        "pruned": [],
        "warnings": [],
    }
    (line,) = [line for line in logged() if line["message"] == "index built"]
    assert line["service"] == "daltonify"
    assert line["function_request_id"] == Context.aws_request_id
    assert line["report"]["version"] == current.version
    assert line["report"]["rows"] == {"read": 41, "merged": 0, "invalid": 1}
    found = measured()
    assert found.pop("BuildSeconds") > 0
    assert found.pop("IndexBytes") == line["report"]["bytes"]
    assert found == {"BuildFailed": 0, "IndexTracks": 40, "RowsRead": 41, "RowsInvalid": 1}


def test_the_next_build_follows_what_changed_in_the_catalogue(aws, bucket):
    put_catalogue(aws, bucket, make_tracks(20))
    first = run()
    put_catalogue(aws, bucket, make_tracks(30))
    second = run()
    current = S3IndexStore(aws.s3, bucket).read_state().current
    assert current is not None
    assert (current.version, current.previous) == (second["version"], (first["version"],))
    assert second["tracks"] == 30


def test_what_a_killed_build_left_behind_is_removed_first(aws, bucket, tmp_path):
    left = tmp_path / "work" / "daltonify-build-killed" / "vectors.npy"
    left.parent.mkdir(parents=True)
    left.write_bytes(b"x" * 1_000)
    put_catalogue(aws, bucket, [make_track()])
    run()
    assert list((tmp_path / "work").iterdir()) == []


@pytest.mark.parametrize(
    ("content", "error", "code"),
    [
        (None, CatalogueEmpty, "catalogue_empty"),
        (catalogue_csv([], ["x"] * 25).encode(), CatalogueEmpty, "catalogue_empty"),
        (b"a web page, perhaps", InvalidDataset, "invalid_dataset"),
    ],
)
def test_a_build_that_fails_is_raised_again_logged_and_counted(aws, bucket, logged, measured, content, error, code):
    put_catalogue(aws, bucket, [make_track()])
    version = run()["version"]
    measured()
    aws.s3.delete_object(Bucket=bucket, Key="catalogue/tracks.csv.gz")
    if content is not None:
        aws.s3.put_object(Bucket=bucket, Key="catalogue/tracks.csv", Body=content)
    with pytest.raises(error):
        run()
    (line,) = [line for line in logged() if line["message"] == "index build failed"]
    assert (line["level"], line["code"]) == ("ERROR", code)
    assert measured() == {"BuildFailed": 1}
    current = S3IndexStore(aws.s3, bucket).read_state().current
    assert current is not None
    assert current.version == version


def test_a_missing_setting_is_named(bucket, monkeypatch, measured):
    monkeypatch.delenv("DATA_BUCKET")
    with pytest.raises(InvalidSettings, match="DATA_BUCKET"):
        run()
    assert measured() == {"BuildFailed": 1}


def test_what_makes_a_cold_start_slow_is_not_imported():
    script = "import build_index.handler, sys; print(*sys.modules)"
    root = Path(__file__).parents[2]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(root), str(root / "functions")])}
    ran = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True)
    assert not {"boto3", "spotipy", "redis", "requests", "aws_xray_sdk"} & set(ran.stdout.split())
