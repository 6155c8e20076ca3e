"""What an operator's commands do to a deployed stack: look at it, fill it, go back to an older index."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from rich.console import Console

from daltonify_core.ports.surroundings import Progress, no_progress
from infra.cli import wiring
from infra.cli.stack import Stack, stack_of
from infra.local.deploy.aws import Account, sign_in
from infra.local.deploy.catalogue import check_catalogue
from infra.local.deploy.deployment import Tools, fill
from infra.local.deploy.removal import holdings
from infra.local.deploy.service import Heard
from infra.local.deploy.steps import Steps
from infra.local.lambda_function import ACCOUNT_ID
from infra.local.synthetic_catalogue import synthetic_tracks
from tests.catalogues import catalogue_csv
from tests.deploy.aws_emulator import REGION
from tests.deploy.conftest import STACK, Deployment


@pytest.fixture
def operator(deployment: Deployment, monkeypatch: pytest.MonkeyPatch) -> Account:
    """The account's owner, with all that a terminal knows of AWS leading to the emulator."""
    for name, value in deployment.emulator.environment({}).items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    return sign_in()


@pytest.fixture
def stack(operator: Account) -> Stack:
    return stack_of(operator.client("cloudformation"), STACK)


@contextmanager
def no_bars() -> Iterator[Progress]:
    yield no_progress


def test_the_account_is_known_and_told_from_aws_itself(operator, deployment):
    assert (operator.number, operator.region) == (ACCOUNT_ID, REGION)
    assert operator.endpoint_url == deployment.emulator.endpoint_url


def test_the_stack_tells_its_outputs_and_parameters(stack, deployment):
    assert stack.is_in_good_order
    assert stack.outputs == deployment.outputs
    assert stack.parameters["Stage"] == "test"


def test_what_is_worth_keeping_outlives_the_stack(operator, stack):
    held = holdings(operator.client("cloudformation"), stack)
    assert {"DataBucket", "Table", "PublishingSecret"} <= {one.logical_id for one in held.kept}
    assert not {"SiteBucket"} & {one.logical_id for one in held.kept}


def test_two_builds_later_one_can_go_back_to_the_first(operator, stack, deployment):
    bucket, builder = stack.output("DataBucketName"), stack.output("BuildIndexName")
    for seed in (11, 12):
        content = catalogue_csv(synthetic_tracks(600, seed)).encode()
        operator.client("s3").put_object(Bucket=bucket, Key="catalogue/synthetic.csv", Body=content)
        operator.client("lambda").invoke(FunctionName=builder, Payload=b"{}")["Payload"].read()
    store = wiring.index_store(Path("unused"), None, STACK)
    newest, older, *_ = [one.version for one in wiring.kept(store)]
    assert wiring.roll_back(store, older).previous[0] == newest
    state = store.read_state().current
    assert state is not None
    assert state.version == older


def test_page_and_catalogue_reach_the_stack_and_a_second_time_nothing_is_sent(operator, stack, tmp_path):
    missing = {"SiteBucketName", "DistributionId"} - set(stack.outputs)
    if missing:
        pytest.skip(f"the template has no {' and no '.join(sorted(missing))} yet")
    s3 = operator.client("s3")
    # Other tests have put their catalogues there, which are no operator's.
    for entry in s3.list_objects_v2(Bucket=stack.output("DataBucketName"), Prefix="catalogue/").get("Contents", []):
        s3.delete_object(Bucket=stack.output("DataBucketName"), Key=entry["Key"])
    catalogue = check_catalogue("synthetic", tmp_path, no_progress)
    tools = Tools(lambda _: None, lambda _: None, lambda _: Heard(200, ""), tmp_path)
    told = []
    for _ in range(2):
        terminal = io.StringIO()
        fill(
            stack, operator, catalogue, "operator@example.org", Steps(Console(file=terminal, width=200), no_bars), tools
        )
        told.append(terminal.getvalue())
    assert "8,000 tracks" in told[0]
    assert "0 sent" in told[1]
    index = s3.get_object(Bucket=stack.output("SiteBucketName"), Key="index.html")
    assert (index["ContentType"], index["CacheControl"]) == ("text/html; charset=utf-8", "no-cache")
