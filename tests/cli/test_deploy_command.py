"""The commands behind `make deploy`, `make destroy` and `make access-code`, as a terminal meets them."""

import json

import pytest
from typer.testing import CliRunner, Result

from infra.local.deploy.__main__ import app
from infra.local.deploy.aws import sign_in


def run(*arguments: str) -> Result:
    result = CliRunner(env={"COLUMNS": "300"}).invoke(app, list(arguments))
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


@pytest.fixture
def stage(aws, monkeypatch, tmp_path) -> str:
    """A stage of its own, so that no other test's stack is met: its stack's name."""
    name = f"daltonify-{aws.make_bucket()}"
    config = tmp_path / "samconfig.toml"
    config.write_text(f'[default.deploy.parameters]\nstack_name = "{name}"\nparameter_overrides = ["Stage=dev"]\n')
    monkeypatch.setattr("infra.local.deploy.stages.read_stage.__defaults__", (config,))
    return name


def test_without_a_catalogue_nothing_begins_and_it_says_how_to_name_one(stage, monkeypatch):
    monkeypatch.setattr("infra.local.deploy.deployment.check_machine", lambda: None)
    ended = run("up", "--contact", "operator@example.org")
    assert (ended.exit_code, "CATALOGUE=synthetic" in ended.stderr) == (1, True)


def test_an_unknown_stage_is_told_with_those_that_there_are(stage):
    ended = run("down", "--stage", "nowhere")
    assert (ended.exit_code, "only dev" in ended.stderr) == (1, True)


def test_wrong_credentials_end_in_words(stage, monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    ended = run("down")
    assert (ended.exit_code, "Sign in" in ended.stderr) == (1, True)


def test_nothing_is_deleted_without_a_terminal(aws, stage):
    template = {"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}
    stacks = aws.client("cloudformation")
    stacks.create_stack(StackName=stage, TemplateBody=json.dumps(template))
    ended = run("down")
    assert (ended.exit_code, "at a terminal" in ended.stderr) == (1, True)
    assert stacks.describe_stacks(StackName=stage)["Stacks"][0]["StackStatus"] == "CREATE_COMPLETE"


def test_an_access_code_is_printed_alone_and_joins_the_secret(aws, stage):
    secret = aws.make_secret(json.dumps({"access_codes": "", "edit_token_key": "NEVERLOGME-key"}))
    template = {
        "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}},
        "Outputs": {"PublishingSecretArn": {"Value": secret}},
    }
    aws.client("cloudformation").create_stack(StackName=stage, TemplateBody=json.dumps(template))
    ended = run("access-code")
    assert ended.exit_code == 0, ended.stderr
    stored = json.loads(aws.secrets_manager.get_secret_value(SecretId=secret)["SecretString"])
    assert stored == {"access_codes": ended.stdout.strip(), "edit_token_key": "NEVERLOGME-key"}


def test_the_region_is_the_one_that_aws_region_names(aws, monkeypatch):
    monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    account = sign_in()
    assert (account.region, account.client("cloudformation").meta.region_name) == ("eu-west-1", "eu-west-1")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    assert sign_in().region == "eu-west-1"


def test_without_any_region_it_says_what_to_set(aws, monkeypatch):
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    # Who signs in can be asked of AWS without a region as well, so nobody must be asked.
    monkeypatch.setattr("infra.local.deploy.aws._client", lambda *_: pytest.fail("AWS was asked"))
    ended = run("access-code")
    assert (ended.exit_code, "AWS_REGION" in ended.stderr) == (1, True)
