"""A small index that the commands can work on, built by the commands themselves."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from typer.testing import CliRunner

from infra.cli.main import app
from infra.local.synthetic_catalogue import write_synthetic_catalogue


@dataclass(frozen=True)
class Finished:
    """One command that ended."""

    code: int
    out: str
    err: str


type Run = Callable[..., Finished]


@pytest.fixture(scope="session")
def run() -> Run:
    """Run the command line in this process."""

    def call(*arguments: object, stdin: str | None = None) -> Finished:
        # A wide terminal, so that assertions on words do not depend on where lines break.
        result = CliRunner(env={"COLUMNS": "200"}).invoke(app, [str(argument) for argument in arguments], input=stdin)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Finished(result.exit_code, result.stdout, result.stderr)

    return call


@pytest.fixture(scope="session")
def index(tmp_path_factory: pytest.TempPathFactory, run: Run) -> Path:
    """The folder of an index of 3,000 invented tracks."""
    folder = tmp_path_factory.mktemp("cli")
    write_synthetic_catalogue(folder / "catalogue" / "synthetic.csv.gz", 3_000, seed=7)
    built = run("build", "--catalogue", folder / "catalogue", "--index", folder / "index")
    assert built.code == 0, built.err
    return folder / "index"
