"""Looks for the faults of a finished build that would show only in Lambda, or not even there.

    python -m infra.local.check_build BUILD_FOLDER

BUILD_FOLDER is what ``sam build`` made. Has to run with the functions' version of Python, in an environment that has
boto3, which stands in for the one that the runtime brings. Prints every fault and ends with 1 when there is any.
"""

import importlib.util
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from infra.local.native_code import loading_faults, portability_faults, stripping_faults
from infra.local.sam_template import SamTemplate, read_template

FUNCTIONS: Final = Path(__file__).parents[2] / "functions"

MAX_LAYER_BYTES: Final = 90_000_000
"""Unpacked, all layers together. Lambda allows 250 MB; this is where something has slipped in that nobody meant."""

COMPILED_HERE: Final = "annoy"
"""The one package that the build compiles; others choose their instructions while they run, and may hold any."""

BROUGHT_BY_THE_RUNTIME: Final = ("boto3", "botocore", "s3transfer", "dateutil", "six")
"""In a layer they would be 20 MB that every function has already."""

SLOW_TO_IMPORT: Final = ("spotipy", "redis", "aws_xray_sdk")
"""A quarter of a second and more each, which no cold start may pay; whoever needs one imports it when it is needed."""

_HASHED_AND_UNCHECKED: Final = 1
_BYTECODE_HEADER_BYTES: Final = 16


@dataclass(frozen=True, slots=True)
class BuiltFunction:
    """A function of the built template: its code, and what a reference in its environment would give it."""

    name: str
    handler: str
    code: Path
    environment: Mapping[str, str]


def built_layers(template: SamTemplate, build: Path) -> list[Path]:
    """The folders that Lambda puts on the path, one for each layer."""
    return [
        build / resource["Properties"]["ContentUri"] / "python"
        for resource in template.values["Resources"].values()
        if resource["Type"] == "AWS::Serverless::LayerVersion"
    ]


def built_functions(template: SamTemplate, build: Path) -> list[BuiltFunction]:
    """Every function of the template."""
    resources: Mapping[str, Mapping[str, str]] = template.values["Resources"]
    references = {name: f"stand-in-for-{name}" for name in resources}
    return [
        BuiltFunction(
            name=name,
            handler=template.resource(name)["Handler"],
            code=build / template.resource(name)["CodeUri"],
            environment=template.environment([name], references),
        )
        for name, resource in resources.items()
        if resource["Type"] == "AWS::Serverless::Function"
    ]


def size_faults(layers: Iterable[Path]) -> list[str]:
    """Whether the layers hold more than anybody meant them to."""
    size = sum(path.stat().st_size for layer in layers for path in _files(layer))
    if size <= MAX_LAYER_BYTES:
        return []
    return [f"the layers hold {size / 1e6:.1f} MB, more than {MAX_LAYER_BYTES / 1e6:.0f} MB"]


def package_faults(layers: Iterable[Path]) -> list[str]:
    """Packages that the runtime brings, and those that two layers bring."""
    found = [
        (entry, entry.name.removesuffix(".py"))
        for layer in layers
        for entry in layer.iterdir()
        if not entry.name.endswith(".dist-info")
    ]
    names = [name for _, name in found]
    return [
        *(f"{entry}: the runtime brings it" for entry, name in found if name in BROUGHT_BY_THE_RUNTIME),
        *(f"{name}: in more than one layer" for name in sorted({name for name in names if names.count(name) > 1})),
    ]


def bytecode_faults(layer: Path) -> list[str]:
    """Sources without bytecode that Lambda would load unasked, and bytecode that is not of its source."""
    return [
        f"{source}: {fault}"
        for source in _files(layer)
        if source.suffix == ".py" and (fault := bytecode_fault(source)) is not None
    ]


def bytecode_fault(source: Path) -> str | None:
    """What is wrong with the bytecode of one source, for the Python that runs this."""
    try:
        header = Path(importlib.util.cache_from_source(source)).read_bytes()[:_BYTECODE_HEADER_BYTES]
    except FileNotFoundError:
        return "has no bytecode"
    if header[:4] != importlib.util.MAGIC_NUMBER:
        return "its bytecode is for another Python"
    if int.from_bytes(header[4:8], "little") != _HASHED_AND_UNCHECKED:
        return "its bytecode is checked against the source, and so is stale once it was packed"
    if header[8:] != importlib.util.source_hash(source.read_bytes()):
        return "its bytecode was made from another source"
    return None


def native_faults(layer: Path) -> list[str]:
    """Shared libraries that Lambda could not load; and ours, where they might crash elsewhere or are not stripped."""
    return [
        f"{path}: {fault}"
        for path in _files(layer)
        if ".so" in path.suffixes
        for fault in [
            *loading_faults(path),
            *(
                [*portability_faults(path), *stripping_faults(path)]
                if path.is_relative_to(layer / COMPILED_HERE)
                else []
            ),
        ]
    ]


def code_faults(code: Path, functions: Path) -> list[str]:
    """Whether a function holds our packages and nothing else."""
    ours = {package.parent.name for package in functions.glob("*/__init__.py")}
    return [
        *(f"{code / name}: missing" for name in sorted(ours - {entry.name for entry in code.iterdir()})),
        *(
            f"{path}: does not belong into a function"
            for path in _files(code)
            if path.relative_to(code).parts[0] not in ours or path.suffix not in {".py", ".pyc"}
        ),
    ]


def import_faults(function: BuiltFunction, layers: Sequence[Path], runtime: Path) -> list[str]:
    """Whether the handler is found and imported from nothing but what Lambda has, without what is slow."""
    script = Path(__file__).with_name("lambda_import.py")
    path = [function.code, *layers, runtime]
    process = subprocess.run(  # noqa: S603 - our own interpreter and artefacts
        [sys.executable, "-I", "-S", "-B", script, function.handler, *path],
        env={"AWS_LAMBDA_FUNCTION_NAME": function.name, "AWS_REGION": "eu-central-1", **function.environment},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    if process.returncode != 0:
        return [f"{function.handler} cannot be imported:\n{process.stderr.rstrip()}"]
    loaded: list[str] = json.loads(process.stdout.splitlines()[-1])
    return [f"{function.handler} imports {name} when it starts" for name in SLOW_TO_IMPORT if name in loaded]


def annoy_faults(layers: Sequence[Path]) -> list[str]:
    """Whether the neighbour index works from nothing but the layers; only large catalogues need it."""
    script = Path(__file__).with_name("lambda_annoy.py")
    process = subprocess.run(  # noqa: S603 - our own interpreter and artefacts
        [sys.executable, "-I", "-S", "-B", script, *layers], capture_output=True, encoding="utf-8", check=False
    )
    return [] if process.returncode == 0 else [f"Annoy cannot be used from the layers:\n{process.stderr.rstrip()}"]


def link_runtime(folder: Path) -> None:
    """Put the packages that the runtime brings into a folder, as this environment has them."""
    for name in BROUGHT_BY_THE_RUNTIME:
        spec = importlib.util.find_spec(name)
        if spec is None or spec.origin is None:
            raise ModuleNotFoundError(f"{name} is not installed here, so nothing can stand in for Lambda's.")
        origin = Path(spec.origin)
        installed = origin.parent if origin.name == "__init__.py" else origin
        (folder / installed.name).symlink_to(installed)


def build_faults(build: Path) -> list[str]:
    """Everything that is wrong with a build."""
    template = read_template(build / "template.yaml")
    layers, functions = built_layers(template, build), built_functions(template, build)
    faults = [*size_faults(layers), *package_faults(layers), *annoy_faults(layers)]
    for layer in layers:
        faults += [*bytecode_faults(layer), *native_faults(layer)]
    with tempfile.TemporaryDirectory() as folder:
        link_runtime(Path(folder))
        for function in functions:
            faults += [*code_faults(function.code, FUNCTIONS), *bytecode_faults(function.code)]
            faults += import_faults(function, layers, Path(folder))
    return faults


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def main(arguments: Sequence[str]) -> int:
    """Print the faults of a build; 1 when there are any."""
    (folder,) = arguments
    faults = build_faults(Path(folder))
    for fault in faults:
        print(f"build: {fault}", file=sys.stderr)
    if not faults:
        print(f"build: {folder} holds what can be deployed")
    return 1 if faults else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
