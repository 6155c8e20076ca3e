"""Dependencies point inwards, and the domain sees neither environment, clock nor chance.

Source is parsed, never imported: an import inside a function or under ``TYPE_CHECKING`` is an arrow as well. The second
half of this file plants each kind of breach, because a checker that finds nothing proves nothing.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CORE = "daltonify_core"

# For each part of the core, the parts that it must not know.
INNER_LAYERS_MUST_NOT_KNOW = {
    "errors": ("audio", "catalogue", "evaluation", "index", "playlist", "ports", "use_cases"),
    "catalogue": ("audio", "evaluation", "index", "playlist", "use_cases"),
    "audio": ("evaluation", "index", "playlist", "ports", "use_cases"),
    "index": ("audio", "evaluation", "playlist", "use_cases"),
    "playlist": ("audio", "evaluation", "use_cases"),
    "evaluation": ("use_cases",),
    "use_cases": ("evaluation",),
    "ports": ("audio", "evaluation", "use_cases"),
    "adapters": ("audio", "evaluation", "use_cases"),
}
OUTSIDE = ("infra", "functions", "tests")
# No adapter but what several of them need towards outside services; it imports none of them itself.
SHARED_BY_ADAPTERS = "bounded"

# Modules that are nothing but clock, chance or set-up; values of those kinds come in as arguments.
NOT_IN_DOMAIN = {"logging", "random", "secrets", "time"}
NAMES_NOT_IN_DOMAIN = {
    "os.environ",
    "os.environb",
    "os.getenv",
    "os.urandom",
    "datetime.date.today",
    "datetime.datetime.now",
    "datetime.datetime.today",
    "datetime.datetime.utcnow",
    "uuid.uuid1",
    "uuid.uuid4",
    # would hide an arrow from this test
    "importlib.import_module",
    "__import__",
}
# What reaches the outside belongs in adapters; functions only hand clients to them.
SDKS = {"boto3", "botocore", "redis", "requests", "spotipy", "urllib3"}
# Everything else in numpy.random is, or draws from, one hidden global state.
SEEDED_RANDOMNESS = {"Generator", "default_rng", "SeedSequence", "BitGenerator", "PCG64", "Philox"}


def module_of(path: Path) -> tuple[str, ...]:
    """``daltonify_core/index/exact.py`` is ``("daltonify_core", "index", "exact")``."""
    parts = path.with_suffix("").parts
    return parts[:-1] if parts[-1] == "__init__" else parts


def imports(tree: ast.AST, package: tuple[str, ...]) -> Iterator[tuple[int, str, str]]:
    """Line, full name and local name of everything imported; a relative import that leaves the tree is ``..``."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                # `import a.b` binds `a`, `import a.b as c` binds `a.b`.
                yield node.lineno, alias.name, alias.asname or ""
                if not alias.asname:
                    top = alias.name.partition(".")[0]
                    yield node.lineno, top, top
        elif isinstance(node, ast.ImportFrom):
            kept = len(package) - node.level + 1
            if node.level and kept <= 0:
                yield node.lineno, "..", ""
                continue
            base = ".".join((*package[: kept if node.level else 0], *filter(None, [node.module])))
            for alias in node.names:
                yield node.lineno, f"{base}.{alias.name}", alias.asname or alias.name


def names_used(tree: ast.AST, package: tuple[str, ...]) -> Iterator[tuple[int, str, bool]]:
    """Line, full dotted name and whether it is an import, following local names such as ``np`` back to their origin."""
    origin = {"__import__": "__import__"}
    for line, name, local in imports(tree, package):
        origin[local] = name
        yield line, name, True
    for node in ast.walk(tree):
        chain: list[str] = []
        while isinstance(node, ast.Attribute):
            chain.insert(0, node.attr)
            node = node.value
        if isinstance(node, ast.Name) and node.id in origin:
            yield node.lineno, ".".join([origin[node.id], *chain]), False


def unseeded(tree: ast.AST) -> Iterator[int]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and not node.args and not node.keywords:
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called == "default_rng":
                yield node.lineno


def core_breach(module: tuple[str, ...], name: str, imported: bool) -> str | None:
    """Why the core's ``module`` must not use ``name``, or None when it may."""
    part = module[1] if len(module) > 1 else "the package itself"
    top, *rest = name.split(".")
    if not top or top in OUTSIDE:
        return f"{CORE} must not import {top or 'beyond itself'}"
    if top == CORE:
        target = rest[0] if rest else ""
        if target in INNER_LAYERS_MUST_NOT_KNOW.get(part, ()):
            return f"{part} must not import {target}"
        if target == "adapters":
            if part != "adapters":
                return f"{part} must not import adapters"
            if rest[1:2] not in ([SHARED_BY_ADAPTERS], list(module[2:3])):
                return "an adapter must not import another"
        return None
    if part == "adapters":
        return None
    if imported and top != "numpy" and top not in sys.stdlib_module_names:
        return f"only adapters may import {top}"
    if imported and top in NOT_IN_DOMAIN:
        return f"the domain must not use {top}"
    if name in NAMES_NOT_IN_DOMAIN:
        return f"the domain must not use {name}"
    if name.startswith("numpy.random.") and rest[1] not in SEEDED_RANDOMNESS:
        return f"the domain must not use {name}"
    return None


def function_breach(path: Path, name: str) -> str | None:
    """Why a file of a Lambda function must not import ``name``, or None when it may."""
    top = name.partition(".")[0]
    if top in ("infra", "tests"):
        return f"functions must not import {top}"
    if top in SDKS and path.parts[-2:] != ("shared", "aws.py"):
        return f"only shared/aws.py may import {top}"
    if name.startswith(f"{CORE}.adapters") and path.name != "wiring.py":
        return "only wiring.py may import adapters"
    return None


def breaches(root: Path) -> list[str]:
    """Every breach under ``root`` as ``path:line: reason``."""
    found = set()
    for path in sorted((root / CORE).rglob("*.py")):
        relative = path.relative_to(root)
        module = module_of(relative)
        package = module if path.name == "__init__.py" else module[:-1]
        tree = ast.parse(path.read_bytes(), str(relative))
        for line, name, imported in names_used(tree, package):
            if reason := core_breach(module, name, imported):
                found.add((str(relative), line, reason))
        if module[1:2] != ("adapters",):
            found.update((str(relative), line, "default_rng needs a seed") for line in unseeded(tree))
    # functions/ is itself the path root in Lambda, so its folders are top-level packages.
    folders = {path.name for path in (root / "functions").glob("*/")}
    for path in sorted((root / "functions").rglob("*.py")):
        relative = path.relative_to(root)
        owner = relative.parts[1]
        module = module_of(relative)
        package = module if path.name == "__init__.py" else module[:-1]
        for line, name, _ in imports(ast.parse(path.read_bytes(), str(relative)), package):
            target = name.removeprefix("functions.").partition(".")[0]
            if target in folders - {"shared", owner}:
                found.add((str(relative), line, f"{owner} must not import {target}"))
            if reason := function_breach(path, name):
                found.add((str(relative), line, reason))
    return [f"{path}:{line}: {reason}" for path, line, reason in sorted(found)]


def test_the_source_keeps_to_the_rules():
    assert (ROOT / CORE / "errors.py").is_file(), "the walk has to start at the repository"
    assert breaches(ROOT) == []


@pytest.fixture
def plant(tmp_path):
    """Write one file into an empty tree and return what the checker finds."""

    def write(path: str, source: str) -> list[str]:
        target = tmp_path / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(source, encoding="utf-8")
        return breaches(tmp_path)

    return write


@pytest.mark.parametrize(
    ("path", "source", "reason"),
    [
        # third parties
        ("index/exact.py", "import boto3", "only adapters may import boto3"),
        ("index/exact.py", "import annoy as a", "only adapters may import annoy"),
        ("index/exact.py", "from botocore.config import Config", "only adapters may import botocore"),
        ("errors.py", "def f():\n    import requests", "only adapters may import requests"),
        ("__init__.py", "import annoy", "only adapters may import annoy"),
        ("ports/index.py", "if TYPE_CHECKING:\n    import annoy", "only adapters may import annoy"),
        # outwards
        ("catalogue/track.py", "from daltonify_core.adapters import s3", "catalogue must not import adapters"),
        ("catalogue/track.py", "from ..adapters.s3 import Bucket", "catalogue must not import adapters"),
        ("index/space.py", "import daltonify_core.adapters.s3", "index must not import adapters"),
        ("playlist/flow.py", "from .. import adapters", "playlist must not import adapters"),
        ("use_cases/recommend.py", "from daltonify_core import adapters", "use_cases must not import adapters"),
        ("ports/index.py", "from ..adapters import s3", "ports must not import adapters"),
        ("errors.py", "from .adapters import s3", "errors must not import adapters"),
        ("use_cases/a.py", "import daltonify_core\ndaltonify_core.adapters.s3", "use_cases must not import adapters"),
        ("use_cases/a.py", "import infra.cli.main", "daltonify_core must not import infra"),
        ("use_cases/a.py", "from functions.shared import settings", "daltonify_core must not import functions"),
        ("adapters/s3.py", "from infra import cli", "daltonify_core must not import infra"),
        ("adapters/s3.py", "from tests.fakes import store", "daltonify_core must not import tests"),
        ("index/a.py", "from ... import infra", "daltonify_core must not import beyond itself"),
        # between layers
        ("catalogue/a.py", "from ..index import exact", "catalogue must not import index"),
        ("catalogue/a.py", "from daltonify_core.playlist.flow import order", "catalogue must not import playlist"),
        ("catalogue/a.py", "from .. import use_cases", "catalogue must not import use_cases"),
        ("catalogue/__init__.py", "from ..index import exact", "catalogue must not import index"),
        ("index/a.py", "import daltonify_core.playlist as p", "index must not import playlist"),
        ("audio/clip.py", "from ..ports.look_ups import FeatureService", "audio must not import ports"),
        ("audio/clip.py", "from ..index import exact", "audio must not import index"),
        ("audio/clip.py", "import soundfile", "only adapters may import soundfile"),
        ("adapters/s3.py", "from ..audio.clip import Clip", "adapters must not import audio"),
        ("playlist/a.py", "from daltonify_core.audio import measurement", "playlist must not import audio"),
        ("index/deep/a.py", "from ...use_cases import recommend", "index must not import use_cases"),
        ("playlist/a.py", "from daltonify_core.use_cases import recommend", "playlist must not import use_cases"),
        ("ports/index.py", "from ..use_cases import recommend", "ports must not import use_cases"),
        ("errors.py", "from .catalogue import Track", "errors must not import catalogue"),
        ("adapters/s3.py", "from ..use_cases import build_index", "adapters must not import use_cases"),
        ("adapters/s3.py", "from .annoy_index import Forest", "an adapter must not import another"),
        ("adapters/s3.py", "from . import annoy_index", "an adapter must not import another"),
        ("adapters/s3.py", "import daltonify_core.adapters.annoy_index", "an adapter must not import another"),
        ("adapters/__init__.py", "from .s3 import Bucket", "an adapter must not import another"),
        ("adapters/bounded.py", "from .s3 import Bucket", "an adapter must not import another"),
        ("adapters/s3.py", "from .bounded_bucket import Bucket", "an adapter must not import another"),
        ("use_cases/a.py", "from ..adapters.bounded import within", "use_cases must not import adapters"),
        # environment, clock, chance, set-up
        ("index/a.py", "import os\nos.environ.get('X')", "the domain must not use os.environ"),
        ("index/a.py", "import os as system\nsystem.getenv('X')", "the domain must not use os.getenv"),
        ("index/a.py", "from os import environ", "the domain must not use os.environ"),
        ("index/a.py", "import os.path\nos.environ['X']", "the domain must not use os.environ"),
        ("index/a.py", "import time\ntime.time()", "the domain must not use time"),
        ("index/a.py", "from time import monotonic", "the domain must not use time"),
        ("index/a.py", "import random", "the domain must not use random"),
        ("index/a.py", "import secrets", "the domain must not use secrets"),
        ("index/a.py", "import logging.config", "the domain must not use logging"),
        ("index/a.py", "import uuid\nuuid.uuid4()", "the domain must not use uuid.uuid4"),
        ("index/a.py", "import datetime\ndatetime.datetime.now()", "the domain must not use datetime.datetime.now"),
        ("index/a.py", "import datetime as dt\ndt.date.today()", "the domain must not use datetime.date.today"),
        (
            "index/a.py",
            "from datetime import datetime as D\nD.utcnow()",
            "the domain must not use datetime.datetime.utcnow",
        ),
        ("index/a.py", "from datetime import datetime\ndef f(now=datetime.now): ...", "datetime.datetime.now"),
        ("index/a.py", "import numpy as np\nnp.random.rand(3)", "the domain must not use numpy.random.rand"),
        ("index/a.py", "from numpy.random import shuffle", "the domain must not use numpy.random.shuffle"),
        ("index/a.py", "import numpy as np\nnp.random.default_rng()", "default_rng needs a seed"),
        ("index/a.py", "from numpy.random import default_rng\ndefault_rng()", "default_rng needs a seed"),
        ("index/a.py", "import importlib\nimportlib.import_module('boto3')", "importlib.import_module"),
        ("index/a.py", "__import__('boto3')", "the domain must not use __import__"),
    ],
)
def test_a_planted_breach_is_found(plant, path, source, reason):
    found = plant(f"{CORE}/{path}", source)
    assert len(found) == 1
    assert reason in found[0]


@pytest.mark.parametrize(
    ("path", "source"),
    [
        (
            "index/exact.py",
            "import json, os, sqlite3\nimport numpy as np\nos.replace('a', 'b')\nnp.random.default_rng(1)",
        ),
        (
            "index/exact.py",
            "from .manifest import Manifest\nfrom ..catalogue.track import Track\nfrom .. import errors",
        ),
        ("index/exact.py", "from datetime import datetime, UTC\ndatetime.fromtimestamp(0, UTC)"),
        ("index/exact.py", "def built(clock):\n    return clock.now()"),
        ("playlist/flow.py", "from daltonify_core.index.space import Space"),
        ("use_cases/recommend.py", "from ..playlist import flow\nfrom ..ports.index import IndexStore"),
        ("audio/clip.py", "import numpy, struct\nfrom ..errors import AudioRefused\nfrom ..catalogue import track"),
        ("use_cases/analyse.py", "from ..audio.measurement import measure"),
        ("ports/index.py", "from ..index.manifest import Manifest"),
        ("adapters/s3.py", "import boto3, logging, time, os\nos.environ\nfrom ..ports.index import IndexStore"),
        ("adapters/s3.py", "from .bounded import within\nfrom daltonify_core.adapters import bounded"),
        ("adapters/s3/bucket.py", "from .keys import key\nfrom daltonify_core.adapters.s3 import keys"),
        ("__init__.py", "from .errors import DaltonifyError"),
    ],
)
def test_what_is_allowed_passes(plant, path, source):
    assert plant(f"{CORE}/{path}", source) == []


def test_a_breach_names_file_and_line(plant):
    found = plant(f"{CORE}/index/exact.py", '"""Why."""\n\nimport boto3\n')
    assert found == [f"{CORE}/index/exact.py:3: only adapters may import boto3"]


@pytest.mark.parametrize(
    "source", ["from api import wiring", "import functions.api.wiring", "from ..api import wiring"]
)
def test_functions_share_code_only_through_shared(plant, source):
    assert plant("functions/shared/settings.py", "import os") == []
    assert plant("functions/api/wiring.py", "from shared import settings\nfrom . import routes") == []
    assert plant("functions/release_worker/handler.py", source) == [
        "functions/release_worker/handler.py:1: release_worker must not import api"
    ]


@pytest.mark.parametrize(
    ("path", "source", "reason"),
    [
        ("api/routes.py", "import boto3", "only shared/aws.py may import boto3"),
        ("api/wiring.py", "from spotipy import Spotify", "only shared/aws.py may import spotipy"),
        ("api/routes.py", "from daltonify_core.adapters import s3", "only wiring.py may import adapters"),
        ("shared/aws.py", "def f():\n    import daltonify_core.adapters.s3", "only wiring.py may import adapters"),
        ("api/wiring.py", "from infra.local import demo", "functions must not import infra"),
    ],
)
def test_a_breach_planted_in_a_function_is_found(plant, path, source, reason):
    found = plant(f"functions/{path}", source)
    assert len(found) == 1
    assert reason in found[0]


def test_functions_compose_in_their_wiring_alone(plant):
    assert plant("functions/api/wiring.py", "from daltonify_core.adapters.s3 import S3IndexStore") == []
    assert plant("functions/shared/aws.py", "import boto3\nfrom botocore.config import Config") == []
