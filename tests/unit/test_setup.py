"""A stranger's first command: which Python is picked, what is said when none will do, and what the pins promise."""

import os
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FIND_PYTHON = ROOT / "infra" / "local" / "find_python.sh"
LAYER_PINS = "layers/dependencies/requirements.txt"
PINS = [
    "requirements.txt",
    "requirements-dev.txt",
    "requirements-emulator.txt",
    "requirements-peers.txt",
    "requirements-sam.txt",
    "requirements-scan.txt",
    "requirements-uv.txt",
    LAYER_PINS,
]


class Machine:
    """An empty home, an empty folder that comes first on PATH, and interpreters that only say who they are."""

    def __init__(self, folder: Path) -> None:
        self.home = folder / "home"
        self.bin = folder / "bin"
        self.boot = folder / "boot"
        self.home.mkdir()
        self.bin.mkdir()

    def script(self, path: Path, body: str) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
        path.chmod(0o755)
        return path

    def python(self, path: Path, version: str, *more: str) -> Path:
        return self.script(path, f"printf '%s\\n' {version} {shlex.join([str(path), *more])}")

    def shim(self, path: Path) -> Path:
        """What pyenv leaves for a version that is installed but not active."""
        return self.script(path, f"echo 'pyenv: {path.name}: command not found' >&2; exit 127")

    def find(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        # The real PATH stays behind ours for bash, sort and cksum, but must offer no Python of its own.
        path = f"{self.bin}:{self.tools()}"
        return subprocess.run(
            [FIND_PYTHON, *arguments],
            env={"HOME": str(self.home), "PATH": path, "BOOT": str(self.boot), **environment},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def tools(self) -> Path:
        folder = self.home.parent / "tools"
        folder.mkdir(exist_ok=True)
        for name in ("bash", "env", "dirname", "sort", "cksum", "cat"):
            found = next(Path(part) / name for part in os.environ["PATH"].split(":") if (Path(part) / name).exists())
            if not (folder / name).exists():
                (folder / name).symlink_to(found)
        return folder


@pytest.fixture
def machine(tmp_path):
    return Machine(tmp_path)


def test_3_13_on_path_is_preferred_to_3_12(machine):
    machine.python(machine.bin / "python3.12", "3.12")
    best = machine.python(machine.bin / "python3.13", "3.13")
    assert machine.find().stdout == f"{best}\n"


def test_a_dead_shim_is_passed_over_for_3_12_on_path(machine):
    machine.shim(machine.bin / "python3.13")
    other = machine.python(machine.bin / "python3.12", "3.12")
    assert machine.find().stdout == f"{other}\n"


def test_a_dead_shim_does_not_hide_a_good_one_further_down_path(machine):
    machine.shim(machine.bin / "python3.13")
    good = machine.python(machine.home / "more" / "python3.13", "3.13")
    path = f"{machine.bin}:{good.parent}:{machine.tools()}"
    assert machine.find(PATH=path).stdout == f"{good}\n"


def test_the_newest_of_pyenv_is_used_when_only_shims_are_on_path(machine):
    machine.shim(machine.bin / "python3.13")
    versions = machine.home / ".pyenv" / "versions"
    for patch in ("3.13.2", "3.13.10", "3.12.11"):
        machine.python(versions / patch / "bin" / f"python{patch[:4]}", patch[:4])
    assert machine.find().stdout == f"{versions}/3.13.10/bin/python3.13\n"
    assert machine.find("3.12").stdout == f"{versions}/3.12.11/bin/python3.12\n"


def test_a_shim_shows_where_pyenv_lives_when_home_does_not(machine):
    pyenv = machine.home.parent / "opt" / "pyenv"
    machine.shim(pyenv / "shims" / "python3.13")
    good = machine.python(pyenv / "versions" / "3.13.1" / "bin" / "python3.13", "3.13")
    assert machine.find(PATH=f"{pyenv}/shims:{machine.tools()}").stdout == f"{good}\n"


def test_python_given_by_name_or_path_beats_everything(machine):
    machine.python(machine.bin / "python3.13", "3.13")
    mine = machine.python(machine.home / "my python", "3.12")
    assert machine.find(PYTHON=str(mine)).stdout == f"{mine}\n"
    named = machine.python(machine.bin / "mine", "3.12")
    assert machine.find(PYTHON="mine").stdout == f"{named}\n"


@pytest.mark.parametrize(
    ("version", "reason"),
    [
        ("3.11", "is Python 3.11, not 3.13 or 3.12"),
        ("3.14", "is Python 3.14, not 3.13 or 3.12"),
        (None, "does not run"),
    ],
)
def test_a_python_given_that_will_not_do_is_an_error_even_when_another_would(machine, version, reason):
    machine.python(machine.bin / "python3.13", "3.13")
    if version:
        machine.python(machine.bin / "mine", version)
    answer = machine.find(PYTHON="mine")
    assert answer.returncode == 1
    assert answer.stdout == ""
    assert f"PYTHON=mine {reason}" in answer.stderr


def test_a_name_that_lies_about_its_version_is_passed_over(machine):
    machine.python(machine.bin / "python3.13", "3.11")
    answer = machine.find()
    assert answer.returncode == 1
    assert "python3.13: it is Python 3.11" in answer.stderr


def test_a_python_without_venv_says_what_to_install(machine):
    machine.python(machine.bin / "python3.13", "3.13", "no venv")
    assert "apt install python3.13-venv" in machine.find().stderr


def test_without_any_python_the_message_says_what_to_do(machine):
    answer = machine.find("--fetch")
    assert answer.returncode == 1
    assert "no Python 3.13 or 3.12" in answer.stderr
    assert "make PYTHON=" in answer.stderr


def test_a_home_that_is_empty_is_no_obstacle(machine):
    assert "there is no Python" in machine.find(HOME="").stderr


def test_the_python_that_runs_these_tests_is_accepted_and_named_by_its_base(machine):
    answer = machine.find(PYTHON=sys.executable)
    assert answer.returncode == 0, answer.stderr
    assert Path(answer.stdout.strip()).resolve() == Path(sys.executable).resolve()


@pytest.fixture
def fetching(machine):
    """Only an old Python, and a uv that is already in place and can fetch."""
    fetched = machine.python(machine.home / "fetched" / "python3.13", "3.13")
    pins = (ROOT / "requirements-uv.txt").read_bytes()
    checksum = subprocess.run(["cksum"], input=pins, capture_output=True, check=True).stdout
    machine.python(machine.bin / "python3", "3.9")
    machine.script(
        machine.boot / "bin" / "uv",
        f"""case "$2" in
            install) : >'{machine.home}/done'; echo "downloading $3" ;;
            find) [ -e '{machine.home}/done' ] && echo '{fetched}' ;;
        esac""",
    )
    (machine.boot / ".ready").write_bytes(checksum)
    return fetched


def test_uv_fetches_one_when_asked_to(machine, fetching):
    answer = machine.find("--fetch")
    assert answer.stdout == f"{fetching}\n", "what uv says while it downloads must not be taken for the path"
    assert "letting uv fetch 3.13" in answer.stderr


def test_nothing_is_fetched_unasked(machine, fetching):
    assert machine.find().returncode == 1
    machine.find("--fetch")
    assert machine.find().stdout == f"{fetching}\n", "fetched before, so found now"


def test_a_fetch_that_is_refused_ends_in_the_message(machine, fetching):
    machine.script(machine.boot / "bin" / "uv", '[ "$1" = --version ] || exit 2')
    answer = machine.find("--fetch")
    assert answer.returncode == 1
    assert "there is no Python 3.13 or 3.12" in answer.stderr


@pytest.mark.parametrize("name", PINS)
def test_pins_name_versions_and_hashes_but_no_registry(name):
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    for line in lines:
        assert re.fullmatch(r"[a-z0-9-]+==[^ ]+( ; .+)? \\|    --hash=sha256:[0-9a-f]{64}( \\)?", line)
    assert lines


def pinned(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    return dict(re.findall(r"^([a-z0-9-]+)==([^ ]+)", text, re.MULTILINE))


def test_every_dependency_in_pyproject_is_pinned():
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    core, extras = pyproject["project"]["dependencies"], pyproject["project"]["optional-dependencies"]
    everything = core + [requirement for extra in extras.values() for requirement in extra]
    groups = {f"requirements-{name}.txt": group for name, group in pyproject["dependency-groups"].items()}
    wanted = {
        "requirements.txt": everything,
        LAYER_PINS: core + extras["service"],
        **groups,
        "requirements-dev.txt": everything + groups["requirements-dev.txt"],
    }
    assert sorted(wanted) == sorted(PINS), "a group without a file would be installed unpinned"
    for name, requirements in wanted.items():
        names = {re.split(r"[\[<>=~!]", requirement)[0].lower() for requirement in requirements}
        assert not names - set(pinned(name)), f"{name} is older than pyproject.toml: make lock"


@pytest.mark.parametrize("name", ["requirements-dev.txt", LAYER_PINS])
def test_what_is_tested_and_deployed_are_the_same_versions(name):
    everywhere = pinned("requirements.txt")
    assert {
        package: version for package, version in pinned(name).items() if package in everywhere
    }.items() <= everywhere.items()
    assert everywhere.keys() & pinned(name).keys()


def test_annoy_is_compiled_for_no_particular_processor():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    flags = project["tool"]["uv"]["extra-build-variables"]["annoy"]["ANNOY_COMPILER_ARGS"].split(",")
    assert not [flag for flag in flags if flag.startswith(("-march", "-mcpu", "-mtune"))]
    assert "-DANNOYLIB_MULTITHREADED_BUILD" in flags
