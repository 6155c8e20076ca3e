"""The steps of ``make deploy`` and ``make destroy``, in order."""

import os
import subprocess
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from daltonify_core.errors import DaltonifyError
from infra.cli.login import DEFAULT_PORT, DEFAULT_SECRET
from infra.cli.stack import Stack, find_stack
from infra.local.content_types import logo_in
from infra.local.deploy import service
from infra.local.deploy.aws import Account
from infra.local.deploy.catalogue import (
    CheckedCatalogue,
    check_catalogue,
    check_fits,
    check_named,
    holds_catalogue,
    upload_catalogue,
)
from infra.local.deploy.changes import waiting_changes
from infra.local.deploy.faults import DeploymentFault
from infra.local.deploy.page import SITE, check_contact, check_mail, invalidate, page_files, upload_page
from infra.local.deploy.prerequisites import check_machine
from infra.local.deploy.removal import BUCKET, SECRET, TABLE, Resource, delete_stack, empty_bucket, erase, holdings
from infra.local.deploy.stages import SAMCONFIG, Stage
from infra.local.deploy.steps import Steps

ROOT: Final = Path(__file__).parents[3]
CACHE: Final = ROOT / ".cache" / "deploy"
CONTACT_PARAMETER: Final = "OperatorContact"
ALARM_PARAMETER: Final = "AlarmEmail"
LOGO_PARAMETER: Final = "SpotifyLogo"
_REDIRECT_URI: Final = f"http://127.0.0.1:{DEFAULT_PORT}/callback"
_PAUSE_SECONDS: Final = 5.0
_PATIENCE_SECONDS: Final = 1_800.0
_FAILED_AT_FIRST: Final = ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED")
_STUCK: Final = {
    "DELETE_FAILED": "Run `make destroy` again, which says what is in its way.",
    "UPDATE_ROLLBACK_FAILED": "In the console of CloudFormation choose `Continue update rollback`, then repeat this.",
}
"""States that no deployment leads out of, and what does."""
_OPTIONS: Final = {BUCKET: "--bucket", TABLE: "--table", SECRET: "--secret"}

type Run = Callable[[Sequence[str]], None]
"""Runs a program in the checkout, its output the terminal's; raises ``DeploymentFault`` when it fails."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the person asked for; what is empty stays as it was deployed before."""

    stage: Stage
    catalogue: str
    contact: str = ""
    alarm_email: str = ""


@dataclass(frozen=True, slots=True)
class Tools:
    """What a deployment uses beside AWS; replaced where there is no internet and no time."""

    sleep: Callable[[float], object]
    run: Run
    ask: service.Ask = service.ask
    cache: Path = CACHE
    sam: Callable[[], str] = field(default=lambda: _program("sam"))


def run_program(command: Sequence[str]) -> None:
    """Run a program of ours in the checkout."""
    environment = {**os.environ, "SAM_CLI_TELEMETRY": "0"}
    # Its messages and questions are for the terminal as they are.
    if subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode != 0:  # noqa: S603 - our own programs
        raise DeploymentFault(f"`{' '.join([Path(command[0]).name, *command[1:2]])}` failed; it says why above.")


def deploy(wishes: Wishes, sign_in: Callable[[], Account], steps: Steps, tools: Tools) -> Stack:
    """Build, deploy, upload and wait for health; the stack as it stands in the end.

    Raises ``DeploymentFault`` at the first step that fails. Repeated, it goes on from what is there.
    """
    stage = wishes.stage
    steps.begin("Check what is needed")
    check_machine()
    _check_wishes(wishes)
    account = _say_account(sign_in(), steps)
    cloudformation = account.client("cloudformation")
    before = _settled(cloudformation, stage.stack_name, steps, tools)
    if before is not None and before.status in _STUCK:
        raise DeploymentFault(f"The stack {stage.stack_name} is in the state {before.status}. {_STUCK[before.status]}")
    # As given; else as samconfig.toml has it for the stage; else as it was deployed.
    known = {**(before.parameters if before else {}), **stage.parameters}
    contact = wishes.contact or known.get(CONTACT_PARAMETER, "")
    check_contact(contact)
    catalogue = _catalogue(wishes.catalogue, account, before, steps, tools)
    if before is not None and before.status in _FAILED_AT_FIRST:
        # Nothing is in it, and CloudFormation will not go on from there.
        steps.warn("The first deployment failed; what is left of it is removed.")
        delete_stack(cloudformation, before, tools.sleep)

    steps.begin("Build")
    tools.run(["infra/local/build.sh"])

    steps.begin(f"Deploy the stack {stage.stack_name}")
    waiting = waiting_changes(cloudformation, stage.stack_name)
    tools.run(_sam_deploy(tools.sam(), wishes, contact, account.region))
    if waiting_changes(cloudformation, stage.stack_name) - waiting:
        # SAM takes that for success.
        raise DeploymentFault("The changes were not confirmed, so nothing was deployed and nothing uploaded.")
    stack = _find(cloudformation, stage.stack_name)
    if stack is None or not stack.is_in_good_order:
        raise DeploymentFault(
            f"The stack {stage.stack_name} was not deployed ({stack.status if stack else 'there is none'}): its events "
            "in the console of CloudFormation say why."
        )
    fill(stack, account, catalogue, contact, steps, tools)

    steps.begin("Wait for the service to answer")
    page_url = stack.output("PageUrl")
    with steps.waiting(page_url):
        service.wait_for_health(page_url, tools.ask, tools.sleep)
    steps.say(f"{page_url} serves the page, and the API answers.")
    _say_what_next(stack, stage, steps)
    return stack


def fill(
    stack: Stack, account: Account, catalogue: CheckedCatalogue | None, contact: str, steps: Steps, tools: Tools
) -> None:
    """Upload page and catalogue to a deployed stack and build its index; without a catalogue, of what lies there."""
    s3 = account.client("s3")
    site, distribution = stack.output("SiteBucketName"), stack.output("DistributionId")
    steps.begin("Upload the page")
    page = upload_page(s3, site, page_files(contact))
    steps.say(f"{len(page.sent)} sent, {page.unchanged} unchanged, {len(page.removed)} removed.")
    reference = f"daltonify-{uuid.uuid4()}"
    if invalidate(account.client("cloudfront"), s3, distribution, site, page, reference):
        steps.say("CloudFront was told to fetch it anew.")

    if catalogue is not None:
        _upload(catalogue, account, stack.output("DataBucketName"), steps)

    steps.begin("Build the index (minutes for a million tracks)")
    with steps.waiting("The builder works"):
        report = service.build_index(account.client("lambda"), stack.output("BuildIndexName"))
    if report is None:
        steps.warn("The connection was lost while the build works; it goes on without us.")
    else:
        steps.say(f"Version {report.get('version')} holds {report.get('tracks', 0):,} tracks.")
        for warning in report.get("warnings", ()):
            steps.warn(warning)


def _upload(catalogue: CheckedCatalogue, account: Account, bucket: str, steps: Steps) -> None:
    steps.begin("Upload the catalogue")
    with steps.bars() as progress:
        uploaded = upload_catalogue(account.client("s3"), bucket, catalogue, progress)
    steps.say(f"{len(uploaded.sent)} sent, {len(uploaded.unchanged)} unchanged.")
    if uploaded.removed:
        steps.say(f"The invented tracks have made way: {', '.join(uploaded.removed)}.")
    if uploaded.others:
        some = ", ".join(uploaded.others[:5])
        steps.warn(f"{len(uploaded.others)} more under s3://{bucket}/catalogue/ count as well: {some}")


def destroy(
    stage: Stage, sign_in: Callable[[], Account], confirm: Callable[[str], str], steps: Steps, tools: Tools
) -> None:
    """Delete the stack after the person typed its name; say what is kept and how to delete that.

    Raises ``DeploymentFault``.
    """
    steps.begin(f"Look at the stack {stage.stack_name}")
    account = _say_account(sign_in(), steps)
    cloudformation = account.client("cloudformation")
    stack = _find(cloudformation, stage.stack_name)
    # One that was interrupted: what it keeps can be told only as long as the stack is there.
    is_under_way = stack is not None and stack.status == "DELETE_IN_PROGRESS"
    if not is_under_way:
        stack = _settled(cloudformation, stage.stack_name, steps, tools)
    if stack is None:
        steps.say("There is no such stack in this region, so there is nothing to delete.")
        steps.say(f"What an earlier one kept has the tags Application=daltonify and Stage={stage.name}.")
        return
    held = holdings(cloudformation, stack)
    for resource in held.kept:
        steps.say(f"kept: {resource.logical_id}, {resource.name}")
    for resource in held.emptied:
        steps.say(f"deleted with all that is in it: {resource.logical_id}, {resource.name}")
    if is_under_way:
        steps.say("It is being deleted already.")
    else:
        _let_type(confirm, stage.stack_name, f"the stack {stage.stack_name}")

    steps.begin("Delete")
    if not is_under_way:
        for resource in held.emptied:
            steps.say(f"{empty_bucket(account.client('s3'), resource.name):,} objects removed from {resource.name}.")
    with steps.waiting("Deleting, which takes minutes because of CloudFront"):
        delete_stack(cloudformation, stack, tools.sleep)
    steps.say(f"The stack {stage.stack_name} is gone.")

    secret = _spotify_secret(stack)
    named = [(_OPTIONS[resource.kind], resource.name) for resource in held.kept]
    steps.begin("What is kept")
    steps.say(
        "Catalogue, indexes, publications and secrets, so that a mistake costs nothing. A later deployment makes new"
    )
    steps.say("ones, without what is in these. To delete them for good:")
    options = " ".join(f"{option} {name}" for option, name in [*named, ("--secret", secret)])
    steps.say(f".venv/bin/python -m infra.local.deploy erase --stage {stage.name} {options}")
    steps.say(
        f"The secret {secret} is the one that `daltonify login` made; another stage may use it. The consent itself is "
        "withdrawn at spotify.com/account/apps. SAM keeps what it uploaded in a bucket of the stack "
        "aws-sam-cli-managed-default, which all stacks share."
    )


def erase_kept(
    stage: Stage,
    resources: Sequence[Resource],
    sign_in: Callable[[], Account],
    confirm: Callable[[str], str],
    steps: Steps,
) -> None:
    """Delete what a stack left behind, each after the person typed its name; raises ``DeploymentFault``."""
    steps.begin("Look at the account")
    account = _say_account(sign_in(), steps)
    if _find(account.client("cloudformation"), stage.stack_name) is not None:
        raise DeploymentFault(f"The stack {stage.stack_name} still uses these. First run `make destroy`.")
    for resource in resources:
        steps.begin(f"Delete {resource.name}")
        _let_type(confirm, resource.name, "this for good")
        steps.say(erase(account, resource))


def _sam_deploy(sam: str, wishes: Wishes, contact: str, region: str) -> list[str]:
    # What is not named keeps the value that it was deployed with.
    parameters: Mapping[str, str] = {
        LOGO_PARAMETER: logo_in(SITE),
        **wishes.stage.parameters,
        CONTACT_PARAMETER: contact,
    }
    if wishes.alarm_email:
        parameters = {**parameters, ALARM_PARAMETER: wishes.alarm_email}
    return [
        *(sam, "deploy", "--config-file", str(SAMCONFIG), "--config-env", wishes.stage.table),
        *("--region", region, "--no-fail-on-empty-changeset"),
        *("--parameter-overrides", *(f"{name}={value}" for name, value in parameters.items())),
    ]


def _check_wishes(wishes: Wishes) -> None:
    """What can be refused without asking anybody is refused first."""
    if wishes.contact:
        check_contact(wishes.contact)
    if wishes.alarm_email:
        check_mail(wishes.alarm_email)
    check_named(wishes.catalogue)


def _catalogue(
    wanted: str, account: Account, before: Stack | None, steps: Steps, tools: Tools
) -> CheckedCatalogue | None:
    """The catalogue to upload, whole and fit for what lies there; ``None`` where that is to stay as it is."""
    s3, bucket = account.client("s3"), before.outputs.get("DataBucketName") if before else None
    if not wanted and bucket and holds_catalogue(s3, bucket):
        steps.say("Catalogue: no CATALOGUE= was named, so what was uploaded before stays as it is.")
        return None
    with steps.bars() as progress:
        catalogue = check_catalogue(wanted, tools.cache, progress)
    _say_catalogue(catalogue, steps)
    if bucket:
        check_fits(s3, bucket, catalogue)
    return catalogue


def _say_account(account: Account, steps: Steps) -> Account:
    steps.say(f"AWS account {account.number}, region {account.region}, as {account.caller}.")
    if account.endpoint_url is not None:
        steps.warn(f"This is not AWS itself but {account.endpoint_url}.")
    return account


def _say_catalogue(catalogue: CheckedCatalogue, steps: Steps) -> None:
    kind = "invented tracks" if catalogue.is_invented else "tracks"
    rows = f", {catalogue.invalid:,} rows that are none" if catalogue.invalid else ""
    steps.say(f"Catalogue: {catalogue.tracks:,} {kind} in {len(catalogue.files)} file(s){rows}.")
    if any(file.has_genres_from_file_names for file in catalogue.files):
        steps.say("No row names a genre, so each file counts as the one that it is named after.")
    if catalogue.is_invented:
        steps.warn("Lists of invented tracks cannot be published to Spotify.")


def _say_what_next(stack: Stack, stage: Stage, steps: Steps) -> None:
    steps.begin("What is next")
    steps.say(f"Page:                 {stack.output('PageUrl')}")
    steps.say(f"API alone:            {stack.outputs.get('ApiUrl', 'only behind the page')}")
    steps.say(f"Dashboard:            {stack.outputs.get('DashboardUrl', 'none')}")
    steps.say(f"Redirect URI:         {_REDIRECT_URI}")
    steps.say("To publish: register the redirect URI with your app at developer.spotify.com/dashboard, then")
    steps.say(f"  .venv/bin/daltonify login --secret {_spotify_secret(stack)}")
    steps.say(f"  make access-code STAGE={stage.name}     # one code for each person who may publish")


def _settled(cloudformation: object, name: str, steps: Steps, tools: Tools) -> Stack | None:
    """The stack when nothing is being done to it any longer: a run that was interrupted may have left it at work."""
    with steps.waiting(f"Another deployment of {name} is under way"):
        for _ in range(round(_PATIENCE_SECONDS / _PAUSE_SECONDS)):
            stack = _find(cloudformation, name)
            # In review is what somebody has yet to decide on, and nothing waits for that.
            if stack is None or not stack.status.endswith("_IN_PROGRESS") or stack.status == "REVIEW_IN_PROGRESS":
                return stack
            tools.sleep(_PAUSE_SECONDS)
    raise DeploymentFault(f"The stack {name} has been busy for half an hour: its events in the console say with what.")


def _spotify_secret(stack: Stack) -> str:
    return stack.parameters.get("SpotifySecretName", DEFAULT_SECRET)


def _find(cloudformation: object, name: str) -> Stack | None:
    try:
        return find_stack(cloudformation, name)
    except DaltonifyError as error:
        raise DeploymentFault(error.message) from error


def _let_type(confirm: Callable[[str], str], wanted: str, what: str) -> None:
    if confirm(f"Type {wanted} to delete {what}").strip() != wanted:
        raise DeploymentFault("That is not its name, so nothing was deleted.")


def _program(name: str) -> str:
    script = ROOT / "infra" / "local" / "setup_tools.sh"
    found = subprocess.run([script, name], cwd=ROOT, check=False, stdout=subprocess.PIPE, text=True)  # noqa: S603 - ours
    if found.returncode != 0:
        raise DeploymentFault(f"The tools for {name} cannot be installed; it says why above.")
    return str(Path(found.stdout.strip()) / name)
