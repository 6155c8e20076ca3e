"""`make deploy` and `make destroy` from nothing to nothing, with the real SAM and the real template, on the emulator.

Building is left out, because `make test-deploy` has just done it, and health is asked of the emulator's addresses.
"""

import io
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from rich.console import Console

from daltonify_core.ports.surroundings import Progress, no_progress
from infra.cli.stack import Stack, find_stack
from infra.local.deploy import deployment as way
from infra.local.deploy.aws import Account, sign_in
from infra.local.deploy.changes import waiting_changes
from infra.local.deploy.faults import DeploymentFault
from infra.local.deploy.page import page_files
from infra.local.deploy.removal import Resource, holdings
from infra.local.deploy.service import HEALTH_PATH, Heard
from infra.local.deploy.stages import read_stage
from infra.local.deploy.steps import Steps
from tests.deploy.aws_emulator import AwsEmulator
from tests.deploy.conftest import Deployment, tool
from tests.deploy.test_front import visit

CONTACT = "operator@example.org"
STAGE = read_stage("dev")


@contextmanager
def no_bars() -> Iterator[Progress]:
    yield no_progress


class Operator:
    """Somebody at a terminal that leads to the emulator."""

    def __init__(self, emulator: AwsEmulator, cache: Any) -> None:
        self._emulator = emulator
        self._cache = cache
        self.account: Account = sign_in()
        self.told = ""
        self.dies_after = ""

    def deploy(self, catalogue: str = "", contact: str = "", alarm_email: str = "", **settings: str) -> None:
        stage = replace(STAGE, parameters={**STAGE.parameters, **settings})
        wishes = way.Wishes(stage, catalogue, contact, alarm_email)
        with self._steps() as steps:
            tools = way.Tools(lambda _: None, self._run, self._ask, self._cache, lambda: str(tool("sam") / "sam"))
            way.deploy(wishes, lambda: self.account, steps, tools)

    def destroy(self) -> None:
        with self._steps() as steps:
            tools = way.Tools(lambda _: None, self._run)
            way.destroy(STAGE, lambda: self.account, lambda _: STAGE.stack_name, steps, tools)

    def erase(self, resources: Sequence[Resource]) -> None:
        names = iter([resource.name for resource in resources])
        with self._steps() as steps:
            way.erase_kept(STAGE, resources, lambda: self.account, lambda _: next(names), steps)

    def stack(self) -> Stack | None:
        return find_stack(self.account.client("cloudformation"), STAGE.stack_name)

    def deployed(self) -> Deployment:
        found = self.stack()
        assert found is not None
        pages = self.account.client("cloudformation").list_stack_resources(StackName=STAGE.stack_name)
        named = {one["LogicalResourceId"]: one["PhysicalResourceId"] for one in pages["StackResourceSummaries"]}
        return Deployment(self._emulator, found.outputs, named)

    def objects(self, output: str, prefix: str = "") -> dict[str, str]:
        bucket = self.deployed().outputs[output]
        listed = self.account.client("s3").list_objects_v2(Bucket=bucket, Prefix=prefix)
        return {entry["Key"]: entry["ETag"] for entry in listed.get("Contents", [])}

    def index(self) -> dict[str, str]:
        """What is kept of indexes, without the pointer, which tells the time of the last build."""
        found = self.objects("DataBucketName", "index/")
        return {key: tag for key, tag in found.items() if key != "index/current.json"}

    @contextmanager
    def _steps(self) -> Iterator[Steps]:
        told = io.StringIO()
        try:
            yield Steps(Console(file=told, width=200), no_bars)
        finally:
            self.told = told.getvalue()

    def _run(self, command: Sequence[str]) -> None:
        if not command[0].endswith("build.sh"):
            way.run_program(command)
        if self.dies_after and self.dies_after in command[:2]:
            raise KeyboardInterrupt

    def _ask(self, address: str) -> Heard:
        if address.endswith(HEALTH_PATH):
            answer = self.deployed().ask("GET", HEALTH_PATH)
        else:
            answer = visit(self.deployed(), "GET", "/")
        return Heard(answer.status, answer.body.decode())


@pytest.fixture
def operator(emulator, monkeypatch, tmp_path) -> Operator:
    for name, value in emulator.environment({}).items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    # What the README tells to set is enough.
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    return Operator(emulator, tmp_path)


def test_from_nothing_to_a_service_and_back_to_nothing_with_interruptions(operator):
    # Killed after the stack, before the page: nothing is half there, and the next run goes on.
    operator.dies_after = "deploy"
    with pytest.raises(KeyboardInterrupt):
        operator.deploy("synthetic", CONTACT)
    assert operator.objects("SiteBucketName") == operator.objects("DataBucketName") == {}
    first = operator.stack()

    operator.dies_after = ""
    operator.deploy("synthetic")
    assert operator.stack().stack_id == first.stack_id
    page = operator.objects("SiteBucketName")
    assert page.keys() == {file.name for file in page_files(CONTACT)}
    assert f"mailto:{CONTACT}" in visit(operator.deployed(), "GET", "/privacy.html").body.decode()
    assert operator.objects("DataBucketName", "catalogue/").keys() == {"catalogue/synthetic.csv.gz"}
    assert "8,000 tracks" in operator.told
    assert operator.deployed().ask("GET", "/api/config").json["index"]["tracks"] == 8_000

    # An update keeps contact, page, catalogue and index, and changes what was asked for.
    index = operator.index()
    # Settings as the README tells to write them in samconfig.toml.
    operator.deploy(alarm_email="alarm@example.org", PublishAccess="open", BuildRate='"rate(2 days)"')
    asked = {"AlarmEmail": "alarm@example.org", "PublishAccess": "open", "BuildRate": "rate(2 days)"}
    assert operator.stack().parameters.items() >= {**asked, "OperatorContact": CONTACT}.items()
    assert (operator.objects("SiteBucketName"), operator.index()) == (page, index)
    assert waiting_changes(operator.account.client("cloudformation"), STAGE.stack_name) == set()

    # A catalogue that names nothing changes nothing.
    with pytest.raises(DeploymentFault, match="nothing at"):
        operator.deploy("no/such/file.csv")
    assert operator.objects("SiteBucketName") == page

    held = holdings(operator.account.client("cloudformation"), operator.stack())
    assert {one.logical_id for one in held.kept} == {"DataBucket", "AudioBucket", "Table", "PublishingSecret"}
    table = operator.deployed().outputs["TableName"]
    operator.destroy()
    assert operator.stack() is None
    for resource in held.kept:
        assert resource.name in operator.told
    buckets = {bucket["Name"] for bucket in operator.account.client("s3").list_buckets()["Buckets"]}
    assert {one.name for one in held.kept if one.kind.endswith("Bucket")} <= buckets
    assert not {one.name for one in held.emptied} & buckets
    assert table in operator.account.client("dynamodb").list_tables()["TableNames"]

    operator.erase(held.kept)
    buckets = {bucket["Name"] for bucket in operator.account.client("s3").list_buckets()["Buckets"]}
    assert not {one.name for one in held.kept} & buckets
    assert table not in operator.account.client("dynamodb").list_tables()["TableNames"]


def test_a_change_set_that_nobody_carried_out_is_seen(operator):
    stacks: Any = operator.account.client("cloudformation")
    assert waiting_changes(stacks, "daltonify-asked") == set()
    template = json.dumps({"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}})
    asked = {"StackName": "daltonify-asked", "ChangeSetName": "asked", "ChangeSetType": "CREATE"}
    stacks.create_change_set(**asked, TemplateBody=template)
    assert len(waiting_changes(stacks, "daltonify-asked")) == 1
    stacks.execute_change_set(StackName="daltonify-asked", ChangeSetName="asked")
    assert waiting_changes(stacks, "daltonify-asked") == set()
    stacks.delete_stack(StackName="daltonify-asked")
