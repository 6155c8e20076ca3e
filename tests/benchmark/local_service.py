"""A local AWS that holds an index, and what a function finds in its environment there."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from daltonify_core.adapters.local_folder import FolderIndexStore
from daltonify_core.adapters.s3 import S3IndexStore
from daltonify_core.ports.index import CurrentIndex
from infra.local.sam_template import read_template
from tests.benchmark.preparing import ROOT, open_index
from tests.benchmark.questions import questions_of, request_of
from tests.contract.local_aws import serve


@contextmanager
def service_with(folder: Path, scratch: Path) -> Iterator[dict[str, str]]:
    """The environment of the API on a local AWS, while the context lasts; the index is the current one of a folder."""
    with serve() as aws:
        bucket = aws.make_bucket(keeps_versions=False)
        current = FolderIndexStore(folder).read_state().current
        assert isinstance(current, CurrentIndex)
        store = S3IndexStore(aws.s3, bucket)
        store.upload(current.version, folder / current.version)
        store.activate(current, None)
        yield {
            **_deployed_environment(),
            **aws.environment,
            "DATA_BUCKET": bucket,
            "TABLE_NAME": aws.make_table(),
            "AUDIO_BUCKET": bucket,
            "AUDIO_QUEUE_URL": "http://127.0.0.1:9/audio",
            "RELEASE_QUEUE_URL": "http://127.0.0.1:9/releases.fifo",
            "SPOTIFY_SECRET": "spotify",
            "PUBLISHING_SECRET": "publishing",
            "SCRATCH_FOLDER": str(scratch),
        }


def _deployed_environment() -> dict[str, str]:
    """What the template gives the API beside names: how many threads libraries may use, for one."""
    template = read_template(ROOT / "template.yaml")
    references = {name: f"stand-in-for-{name}" for name in template.values["Resources"]}
    return dict(template.environment(["Api"], references))


def events_for(folder: Path, count: int) -> list[dict[str, Any]]:
    """Requests for lists as the page sends them, each for another seed and for one of its genres."""
    recorded = json.loads((ROOT / "tests/events/api_recommend.json").read_text(encoding="utf-8"))
    sent = json.loads(recorded["body"])
    index = open_index(folder)
    events = []
    for one in questions_of(index, count):
        request = request_of(index, one)
        link = f"https://open.spotify.com/track/{request.seeds[0].track_id}"
        body = json.dumps(sent | {"seeds": [link], "genre": request.genre}, separators=(",", ":"))
        headers = recorded["headers"] | {"content-length": str(len(body))}
        events.append(recorded | {"headers": headers, "body": body})
    index.close()
    return events
