"""Cold starts of the built API under AWS's runtime client, and of what no API of this kind can do without.

Ours is over when the first list is answered: runtime client, imports, S3 client, download of the index, its checks, and
the answer. What it is compared with only imports numpy, annoy and the resolver with validation, and makes an S3 client.
Both start in turn, from the same layers. Seconds are those that passed and, for a busy machine, those of the processor.
"""

import filecmp
import json
import resource
import shutil
import statistics
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from infra.local.check_build import built_functions, built_layers
from infra.local.sam_template import read_template
from tests.benchmark.local_service import events_for, service_with
from tests.benchmark.preparing import ROOT
from tests.deploy.lambda_runtime import CLIENT_PACKAGES, RuntimeProcess

_BUILD: Final = ROOT / ".aws-sam/build"
_HERE: Final = Path(__file__).parent
_BROUGHT: Final = ("boto3", "botocore", "s3transfer", "dateutil", "six.py", "jmespath", "urllib3", *CLIENT_PACKAGES)
_MARK: Final = "START-PHASES"
_WORTH_NAMING_MS: Final = 50.0


@dataclass(frozen=True, slots=True)
class _Start:
    """One start; times in milliseconds."""

    passed_init: float
    passed: float
    processor: float
    said: str


class _Starter:
    """Starts handlers from the built function and its layers."""

    def __init__(self, work: Path, environment: Mapping[str, str]) -> None:
        tools = Path(_output("infra/local/setup_tools.sh", "sam"))
        template = read_template(_BUILD / "template.yaml")
        [api] = [function for function in built_functions(template, _BUILD) if function.name == "Api"]
        packages = work / "packages"
        packages.mkdir()
        installed = next((tools.parent / "lib").glob("python*/site-packages"))
        for name in [*_BROUGHT, *(path.name for path in installed.glob("*.so") if path.name.startswith("runtime_cl"))]:
            if (installed / name).exists():
                (packages / name).symlink_to(installed / name)
        probes = work / "probes"
        probes.mkdir()
        for name in ("start_probe.py", "start_floor.py"):
            shutil.copy(_HERE / name, probes)
        self._python = tools / "python"
        self._path = [api.code, *built_layers(template, _BUILD), packages, probes]
        self._handler = api.handler
        self._environment = {**api.environment, **environment}
        self._work = work

    def ours(self, event: Any, handler: str | None = None) -> _Start:
        """From nothing to the first answer."""
        shutil.rmtree(self._environment["SCRATCH_FOLDER"], ignore_errors=True)
        return self._start(handler or self._handler, event)

    def floor(self, event: Any) -> _Start:
        """From nothing to the answer of a handler that has nothing but its imports and an S3 client."""
        return self._start("start_floor.handler", event)

    def _start(self, handler: str, event: Any) -> _Start:
        work = Path(tempfile.mkdtemp(dir=self._work))
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        with RuntimeProcess(self._python, handler, self._path, self._environment, work, notes_imports=False) as process:
            answer = process.invoke(event)
            passed = process.init_milliseconds + answer.milliseconds
            said = process.output
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        assert answer.error is None, said
        assert answer.response["statusCode"] == 200, answer.response
        processor = 1000 * (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
        return _Start(process.init_milliseconds, passed, processor, said)


def measure(folder: Path, rounds: int) -> dict[str, Any]:
    """Medians and least of both, their ratio, and ours by phase."""
    _build_what_is_deployed()
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        with service_with(folder, work / "scratch") as environment:
            [event] = events_for(folder, 1)
            starter = _Starter(work, environment)
            starter.ours(event)  # the first one reads from disk what later ones find in memory
            starter.floor(event)
            ours, floor, probed = [], [], []
            for _ in range(rounds):
                ours.append(starter.ours(event))
                floor.append(starter.floor(event))
                probed.append(_phases(starter.ours(event, "start_probe.handler").said))
    phases = {
        name: {
            kind: statistics.median(one.get(name, {}).get(kind, 0.0) for one in probed)
            for kind in ("passed", "processor")
        }
        for name in probed[0]
    }
    return {
        "starts": rounds,
        "ours": _summary(ours),
        "floor": _summary(floor),
        "ratio_processor": min(one.processor for one in ours) / min(one.processor for one in floor),
        "ratio_passed": min(one.passed for one in ours) / min(one.passed for one in floor),
        "phases": phases,
        "over_50_ms": [name for name, times in phases.items() if times["processor"] > _WORTH_NAMING_MS],
    }


def _summary(starts: list[_Start]) -> dict[str, float]:
    return {
        f"{name}_{word}": combine(getattr(one, name) for one in starts)
        for name in ("passed_init", "passed", "processor")
        for word, combine in (("median", statistics.median), ("least", min))
    }


def _phases(said: str) -> dict[str, dict[str, float]]:
    """What the probe printed: milliseconds by phase."""
    [line] = [line for line in said.splitlines() if line.startswith(_MARK)]
    found: dict[str, dict[str, float]] = json.loads(line.removeprefix(_MARK))
    return found


def _build_what_is_deployed() -> None:
    """`make build`, unless what it built last is what the sources hold now."""
    pairs = ((ROOT / "functions", _BUILD / "Api"), (ROOT / "daltonify_core", _BUILD / "Core/python/daltonify_core"))
    if all(built.is_dir() and _is_same(source, built) for source, built in pairs):
        return
    subprocess.run([ROOT / "infra/local/build.sh"], cwd=ROOT, check=True)


def _is_same(source: Path, built: Path) -> bool:
    names = [path.relative_to(source) for path in source.rglob("*.py")]
    return not any(filecmp.cmpfiles(source, built, [str(name) for name in names], shallow=False)[1:])


def _output(script: str, *arguments: str) -> str:
    return subprocess.run([ROOT / script, *arguments], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
