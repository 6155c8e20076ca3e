"""Run by ``make deploy``, ``make destroy`` and ``make access-code``."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Annotated

import typer
from rich.console import Console

from daltonify_core.adapters.secrets_manager import SecretsManagerStore
from daltonify_core.errors import DaltonifyError
from infra.cli import screen
from infra.cli.stack import stack_of
from infra.local.deploy import deployment, removal
from infra.local.deploy.access_codes import add_access_code
from infra.local.deploy.aws import sign_in
from infra.local.deploy.faults import DeploymentFault
from infra.local.deploy.stages import read_stage
from infra.local.deploy.steps import Steps

app = typer.Typer(
    help="Deploy Daltonify to AWS, or take it down.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    # Tracebacks of Rich print local variables; plain ones say enough.
    pretty_exceptions_enable=False,
)
StageName = Annotated[str, typer.Option("--stage", help="one of the stages in samconfig.toml")]


@app.command()
def up(
    catalogue: Annotated[str, typer.Option(help="file or folder of tracks, or the word synthetic")] = "",
    stage: StageName = "dev",
    contact: Annotated[str, typer.Option(help="mail or https address that the page on privacy names")] = "",
    alarm_email: Annotated[str, typer.Option(help="where alarms go")] = "",
) -> None:
    """Build and deploy, upload page and catalogue, build the index and wait until the service answers."""
    with _faults():
        wishes = deployment.Wishes(read_stage(stage), catalogue, contact, alarm_email)
        deployment.deploy(wishes, sign_in, _steps(), _tools())


@app.command()
def down(stage: StageName = "dev") -> None:
    """Delete a stack; what it holds of value is kept."""
    with _faults():
        deployment.destroy(read_stage(stage), sign_in, _typed, _steps(), _tools())


@app.command()
def erase(
    stage: StageName = "dev",
    bucket: Annotated[list[str] | None, typer.Option(help="bucket to delete with everything in it")] = None,
    table: Annotated[list[str] | None, typer.Option(help="table to delete")] = None,
    secret: Annotated[list[str] | None, typer.Option(help="secret to delete, by name or ARN")] = None,
) -> None:
    """Delete for good what a deleted stack has left behind."""
    named = {removal.BUCKET: bucket, removal.TABLE: table, removal.SECRET: secret}
    resources = [removal.Resource(kind, "", name) for kind, names in named.items() for name in names or ()]
    with _faults():
        deployment.erase_kept(read_stage(stage), resources, sign_in, _typed, _steps())


@app.command("access-code")
def access_code(stage: StageName = "dev") -> None:
    """Make one more access code and print it; nobody can look it up later without opening the secret."""
    with _faults():
        account = sign_in()
        stack = stack_of(account.client("cloudformation"), read_stage(stage).stack_name)
        store = SecretsManagerStore(account.client("secretsmanager"))
        typer.echo(add_access_code(store, stack.output("PublishingSecretArn")))
    typer.echo("It counts within five minutes. Only the person whom you give it to should see it.", err=True)


@contextmanager
def _faults() -> Iterator[None]:
    """Turn faults into a message and an exit code; unknown ones keep their traceback."""
    try:
        yield
    except (DeploymentFault, DaltonifyError) as fault:
        screen.print_error(fault.message)
        raise typer.Exit(1) from fault
    except KeyboardInterrupt as stop:
        screen.print_error("Interrupted. Repeat the command to go on.")
        raise typer.Exit(130) from stop


def _typed(question: str) -> str:
    if not sys.stdin.isatty():
        raise DeploymentFault("Nothing is deleted without somebody at a terminal who types its name.")
    answer: str = typer.prompt(question)
    return answer


def _steps() -> Steps:
    return Steps(Console(highlight=False, markup=False, emoji=False), partial(screen.progress_bars, True))


def _tools() -> deployment.Tools:
    return deployment.Tools(sleep=time.sleep, run=deployment.run_program)


if __name__ == "__main__":
    app()
