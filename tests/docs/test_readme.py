"""The README's commands run, in the order in which a stranger runs them."""

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from typer.main import get_command

from infra.cli.main import app

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


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of `make demo`."""
    folder = tmp_path_factory.mktemp("demo")
    with (
        (folder / "steps").open("w") as steps,
        subprocess.Popen(
            [sys.executable, "-m", "infra.local.demo", "--cache", str(folder)],
            cwd=ROOT,
            env={"PATH": os.environ["PATH"], "HOME": str(folder), "TMPDIR": str(folder), "PORT": "0"},
            stdout=subprocess.PIPE,
            stderr=steps,
            text=True,
        ) as process,
    ):
        try:
            assert process.stdout is not None
            said = next((line for line in process.stdout if "ready" in line), "")
            found = re.search(r"http://\S+", said)
            assert found, (folder / "steps").read_text()
            yield found[0]
        finally:
            process.terminate()
            process.communicate(timeout=60)


def test_the_request_that_the_readme_shows_gets_the_row_that_it_shows(demo):
    command = next(shlex.split(block) for block in blocks("") if block.startswith("curl"))
    address = urlsplit(next(word for word in command if word.startswith("http://")))
    header, body = command[command.index("-H") + 1], command[command.index("-d") + 1]
    answer = requests.post(
        f"{demo}{address.path}",
        data=body.encode(),
        headers=dict([header.split(": ", 1)]),
        timeout=60,
    ).json()
    [promised] = [json.loads(block) for block in blocks("json") if '"position"' in block]
    rows = {row["position"]: row for row in answer["tracks"]}
    assert sum(not row["own"] for row in rows.values()) == 30
    row = rows[promised["position"]]
    for name, value in promised.items():
        if isinstance(value, str) and value.endswith("…"):
            assert row[name].startswith(value.removesuffix("…")), name
        else:
            assert row[name] == value, name


def test_only_what_the_gateway_refuses_is_no_problem_document(demo):
    unknown = requests.get(f"{demo}/api/none", timeout=60)
    assert (unknown.status_code, unknown.json()) == (404, {"message": "Not Found"})
    refused = requests.post(f"{demo}/api/recommendations", json={"seeds": []}, timeout=60)
    assert refused.headers["content-type"] == "application/problem+json"
    assert {error["field"] for error in refused.json()["errors"]} == {"seeds"}


def commands(command: Any, words: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    """Every command that does something, with its name."""
    if (below := getattr(command, "commands", None)) is None:
        yield " ".join(words), command
        return
    for name, one in below.items():
        yield from commands(one, (*words, name))


def test_every_command_is_in_the_readme_and_every_command_in_the_readme_exists():
    offered = {name for name, _ in commands(get_command(app))}
    # At the beginning of a line of a block, or in backticks within a sentence.
    named = re.findall(r"(?:^|`|\.venv/bin/)daltonify ([a-z][a-z -]*[a-z])", README, flags=re.MULTILINE)
    found = {name for text in named for name in offered if f"{text} ".startswith(f"{name} ")}
    assert found == offered
    for text in named:
        assert any(f"{text} ".startswith(f"{name} ") for name in offered), f"there is no daltonify {text}"


def test_every_option_that_the_readme_names_exists():
    parameters = [each for _, one in commands(get_command(app)) for each in one.params]
    offered = {"--help", *(option for each in parameters for option in (*each.opts, *each.secondary_opts))}
    for option in set(re.findall(r"--[a-z][a-z-]+", README)):
        assert option in offered, option


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
