"""The README's commands run, in the order in which a stranger runs them."""

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    found = re.findall(r"^```(\w*)\n(.*?)^```", README, flags=re.DOTALL | re.MULTILINE)
    return [text for name, text in found if name == language]


def shell_lines() -> list[str]:
    lines = "".join(blocks("sh")).replace("\\\n", " ").splitlines()
    # `make setup` made the environment in which this test runs; tests/contract/test_demo.py runs the demo.
    return [line for line in lines if line.strip() and line not in ("make setup", "make demo")]


def run(line: str, folder: Path) -> subprocess.CompletedProcess[str]:
    words = shlex.split(line)
    programs = {
        ".venv/bin/daltonify": [sys.executable, "-m", "infra.cli.main"],
        ".venv/bin/python": [sys.executable],
    }
    return subprocess.run(
        [*programs[words[0]], *words[1:]],
        cwd=folder,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", "HOME": str(folder), "COLUMNS": "120"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def outputs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, subprocess.CompletedProcess[str]]:
    folder = tmp_path_factory.mktemp("stranger")
    return {line: run(line, folder) for line in shell_lines()}


def test_every_command_of_the_first_steps_succeeds(outputs):
    assert len(outputs) >= 4
    for line, finished in outputs.items():
        assert finished.returncode == 0, f"{line}\n{finished.stderr}"


def test_the_last_command_shows_the_promised_list(outputs):
    shown = list(outputs.values())[-1].stdout.splitlines()
    promised = next(block for block in blocks("") if "★" in block)
    for line in promised.splitlines():
        if line.strip() != "…":
            # The README is narrower than the terminal here, so only words are compared.
            assert line.split() in [other.split() for other in shown], line


def test_every_option_and_command_that_the_readme_names_exists():
    commands = ["import", "build", "recommend", "find", "login"]
    offered = ""
    for command in commands:
        finished = run(f".venv/bin/daltonify {command} --help", ROOT)
        assert finished.returncode == 0
        offered += finished.stdout
    for option in set(re.findall(r"--[a-z][a-z-]+", README)):
        assert option in offered, option
    for command in set(re.findall(r"^daltonify ([a-z]+)", README, flags=re.MULTILINE)):
        assert command in commands


def test_every_make_target_that_the_readme_names_exists():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in set(re.findall(r"\bmake ([a-z-]+)\b", README)) - {"lets"}:
        assert re.search(rf"^{target}:", makefile, flags=re.MULTILINE), target


def test_every_file_that_the_documents_link_to_exists():
    documents = [ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "infra" / "decisions").glob("*.md")]
    for document in documents:
        for target in re.findall(r"\]\(([^)]+)\)", document.read_text(encoding="utf-8")):
            if not target.startswith("http"):
                assert (document.parent / target).exists(), f"{document.name}: {target}"


def test_the_genre_figures_name_their_sources():
    figures = json.loads((ROOT / "infra/local/genre_figures.json").read_text(encoding="utf-8"))
    sources = json.dumps(figures)
    for name in ("Maharshi Pandya", "Kaylin Pavlik", "Cristhianrg1"):
        assert name in README
    assert "Maharshi Pandya" in sources
