"""The API's handler with a clock: what each phase of its first answer takes, printed after it.

Runs in the place of the handler, so it imports nothing of its own. Modules that the API imports when it first needs
them are imported in a phase of their own, so that no other phase hides them. Phases lie inside each other; each gets
what its inner ones leave.
"""

import time

_STARTED = (time.perf_counter(), time.process_time())

import functools  # noqa: E402 - the clock starts first
import gc  # noqa: E402
import hashlib  # noqa: E402
import importlib  # noqa: E402
import json  # noqa: E402
import os  # noqa: E402
from collections.abc import Iterator  # noqa: E402
from contextlib import contextmanager  # noqa: E402
from pathlib import Path  # noqa: E402
from typing import Any  # noqa: E402

_LAZY = (
    "shared.aws",
    "daltonify_core.adapters.annoy_index",
    "daltonify_core.adapters.s3",
    "daltonify_core.adapters.sqlite_tracks",
    "daltonify_core.use_cases.read_index",
)
_WATCHED = (
    ("shared.aws", "s3", "S3 client"),
    ("daltonify_core.adapters.s3", "S3IndexStore.read_state", "read the pointer"),
    ("daltonify_core.adapters.s3", "S3IndexStore.fetch", "download the index"),
    ("daltonify_core.index.manifest", "IndexManifest.verify_files", "check SHA-256 of files"),
    ("daltonify_core.use_cases.read_index", "load_bundle", "open the index"),
    ("daltonify_core.use_cases.recommend", "Recommender.recommend", "recommend"),
)

_found: dict[str, dict[str, float]] = {}
_inner: list[list[float]] = []


@contextmanager
def _phase(name: str) -> Iterator[None]:
    _inner.append([0.0, 0.0])
    began = (time.perf_counter(), time.process_time())
    try:
        yield
    finally:
        taken = (time.perf_counter() - began[0], time.process_time() - began[1])
        inner = _inner.pop()
        if _inner:
            _inner[-1] = [one + other for one, other in zip(_inner[-1], taken, strict=True)]
        phase = _found.setdefault(name, {"passed": 0.0, "processor": 0.0})
        phase["passed"] += 1000 * (taken[0] - inner[0])
        phase["processor"] += 1000 * (taken[1] - inner[1])


def _watch(module: str, path: str, name: str) -> None:
    """Let calls of a function or method count as a phase; one that is gone counts where it was called from."""
    owner: Any = importlib.import_module(module)
    *classes, last = path.split(".")
    for one in classes:
        owner = getattr(owner, one, None)
    function = getattr(owner, last, None)
    if function is None:
        return

    @functools.wraps(function)
    def watched(*arguments: Any, **named: Any) -> Any:
        with _phase(name):
            return function(*arguments, **named)

    setattr(owner, last, watched)


# As the handler does before anything else.
gc.disable()
_found["interpreter and runtime client"] = {"passed": 0.0, "processor": 1000 * _STARTED[1]}
with _phase("import numpy"):
    import numpy as np
with _phase("import Powertools and pydantic"):
    import aws_lambda_powertools.event_handler
    import aws_lambda_powertools.event_handler.openapi.params  # noqa: F401
    import pydantic  # noqa: F401
with _phase("import botocore"):
    import botocore.session
with _phase("import the recommender"):
    import daltonify_core.use_cases.recommend  # noqa: F401
with _phase("import the API and make its routes"):
    from api.handler import handler as _real
with _phase("import what reads the index"):
    for _name in _LAZY:
        try:
            importlib.import_module(_name)
        except ModuleNotFoundError:
            continue
for _module, _path, _words in _WATCHED:
    _watch(_module, _path, _words)
_used = (botocore.session, np)


def _part_hashing() -> None:
    """Hash the files of the index once more: as they come, several threads do it, and no clock tells them apart."""
    files = [path.read_bytes() for path in Path(os.environ["SCRATCH_FOLDER"]).rglob("*") if path.is_file()]
    name = "hash the index"
    with _phase(name):
        for content in files:
            hashlib.sha256(content)
    _found["download the index"]["processor"] -= _found[name]["processor"]
    # As they come it takes no time of its own.
    _found[name]["passed"] = 0.0


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answer, and print the phases."""
    with _phase("the rest of the first request"):
        answer = _real(event, context)
    _part_hashing()
    print("START-PHASES" + json.dumps(_found), flush=True)
    return answer
