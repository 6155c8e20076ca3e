"""A small index that the commands can work on, built by the commands themselves."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from infra.cli.main import app
from infra.local.synthetic_catalogue import write_synthetic_catalogue

if TYPE_CHECKING:
    from tests.contract.local_aws import LocalAws


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


@dataclass(frozen=True)
class LocalService:
    """A service on the local AWS that the variables of this terminal name."""

    aws: "LocalAws"
    table: str
    queue_url: str
    dead_letters_url: str

    def messages(self, queue_url: str | None = None) -> list[str]:
        """What waits in a queue, taken out of it; in that of releases unless another one is named."""
        url = queue_url or self.queue_url
        found = []
        while some := self.aws.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
            for message in some:
                found.append(message["Body"])
                self.aws.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return found


@pytest.fixture
def service(aws: "LocalAws", monkeypatch: pytest.MonkeyPatch) -> LocalService:
    """A table, queues and secrets without anything in them but a key."""
    made = LocalService(aws, aws.make_table(), aws.make_release_queue(), aws.make_release_queue())
    variables = {
        "TABLE_NAME": made.table,
        "RELEASE_QUEUE_URL": made.queue_url,
        "RELEASE_DEAD_LETTERS_URL": made.dead_letters_url,
        "PUBLISHING_SECRET": aws.make_secret(json.dumps({"edit_token_key": "NEVERLOGME" * 4, "access_codes": ""})),
        "SPOTIFY_SECRET": aws.make_secret("{}"),
        "PAGE_URL": "https://daltonify.example.org",
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("DALTONIFY_STACK", raising=False)
    return made
