"""The template as a document, and where it has to agree with the code. What it promises is in the folder promises."""

import json
import re
import tomllib
from pathlib import Path

import pytest
import yaml
from shared.settings import (
    ApiSettings,
    AudioWorkerSettings,
    BuilderSettings,
    JobSettings,
    PublishAccess,
    ReleaseWorkerSettings,
)

from infra.local.sam_template import TEMPLATE, read_template

ROOT = Path(__file__).parents[2]
EVENTS = ROOT / "tests" / "events"

# An explicit name would keep a second stack out of the account, and make any replacement fail. The two that the service
# demands are left out: the name of an HTTP API identifies nothing, and that of its stage is part of no other.
PHYSICAL_NAMES = {
    "AWS::S3::Bucket": "BucketName",
    "AWS::DynamoDB::Table": "TableName",
    "AWS::SecretsManager::Secret": "Name",
    "AWS::Serverless::Function": "FunctionName",
    "AWS::Serverless::LayerVersion": "LayerName",
    "AWS::IAM::Role": "RoleName",
    "AWS::Logs::LogGroup": "LogGroupName",
    "AWS::SQS::Queue": "QueueName",
    "AWS::CloudWatch::Alarm": "AlarmName",
    "AWS::CloudWatch::Dashboard": "DashboardName",
    "AWS::SNS::Topic": "TopicName",
}
WITHOUT_A_NAME = {
    "AWS::S3::BucketPolicy",
    "AWS::Lambda::Permission",
    "AWS::ApiGatewayV2::Api",
    "AWS::ApiGatewayV2::Integration",
    "AWS::ApiGatewayV2::Route",
    "AWS::ApiGatewayV2::Stage",
    "AWS::CloudFront::Distribution",
    "AWS::SNS::Subscription",
    "AWS::SNS::TopicPolicy",
}
# CloudFront demands a name, new to the account in all of its regions.
NAMED_AFTER_THE_STACK = {
    "AWS::CloudFront::Function": [],
    "AWS::CloudFront::OriginAccessControl": ["OriginAccessControlConfig"],
    "AWS::CloudFront::ResponseHeadersPolicy": ["ResponseHeadersPolicyConfig"],
}

template = read_template()
resources = template.values["Resources"]
parameters = template.values["Parameters"]
globals_ = template.values["Globals"]["Function"]


def of_type(kind):
    found = {name: resource for name, resource in resources.items() if resource["Type"] == kind}
    assert found, f"there is no {kind}"
    return found


functions = of_type("AWS::Serverless::Function")
layers = of_type("AWS::Serverless::LayerVersion")
each_function = pytest.mark.parametrize("name", functions)


def variables(name):
    return globals_["Environment"]["Variables"] | template.resource(name).get("Environment", {}).get("Variables", {})


# ---- The template as a document --------------------------------------------------------------------------------------


def test_it_reads_from_what_can_be_set_to_what_comes_out():
    order = "AWSTemplateFormatVersion Transform Description Parameters Conditions Globals Resources Outputs"
    assert list(template.values) == order.split()


def test_it_uses_no_yaml_aliases_because_cloudformation_refuses_them():
    with TEMPLATE.open(encoding="utf-8") as stream:
        assert not [event for event in yaml.parse(stream) if isinstance(event, yaml.AliasEvent)]


@pytest.mark.parametrize("name", parameters)
def test_every_parameter_is_described_and_constrained_and_its_default_is_allowed(name):
    parameter = parameters[name]
    assert parameter["Description"]
    if "Default" not in parameter:
        assert name == "OperatorContact", "nobody could deploy without knowing this one"
        assert parameter["ConstraintDescription"]
        return
    default = parameter["Default"]
    if "AllowedValues" in parameter:
        assert default in parameter["AllowedValues"]
    elif parameter["Type"] == "Number":
        assert parameter["MinValue"] <= default <= parameter["MaxValue"]
    else:
        assert re.search(parameter["AllowedPattern"], default)
        assert parameter["ConstraintDescription"]


@pytest.mark.parametrize(
    ("name", "value", "is_allowed"),
    [
        ("BuildRate", "rate(12 hours)", True),
        ("BuildRate", "cron(0 4 * * ? *)", True),
        ("BuildRate", "rate(0 days)", False),
        ("BuildRate", "1 day", False),
        ("BuildRate", "at(2030-01-01T00:00:00)", False),
        ("Stage", "prod", True),
        ("Stage", "Prod 1", False),
        ("SpotifySecretName", "other/spotify_2", True),
        ("SpotifySecretName", "arn:aws:secretsmanager:eu-central-1:123456789012:secret:x", False),
        ("SpotifySecretName", "*", False),
        ("SpotifyClientId", "", True),
        ("SpotifyClientId", "0123456789abcdef0123456789abcdef", True),
        ("SpotifyClientId", "an id", False),
        ("SpotifyMarket", "DE", True),
        ("SpotifyMarket", "de", False),
        ("OperatorContact", "you@example.org", True),
        ("OperatorContact", "https://example.org/about", True),
        ("OperatorContact", "http://example.org", False),
        ("OperatorContact", "somebody", False),
        ("OperatorContact", "", False),
        ("OperatorContact", 'you@example.org"', False),
        ("OperatorContact", "you@example.org\\n", False),
        ("AlarmEmail", "you@example.org", True),
        ("AlarmEmail", "", True),
        ("AlarmEmail", "you", False),
        ("AlarmEmail", "https://example.org", False),
    ],
)
def test_a_parameter_takes_what_works_and_refuses_what_does_not(name, value, is_allowed):
    assert bool(re.search(parameters[name]["AllowedPattern"], value)) is is_allowed


@pytest.mark.parametrize("name", parameters)
def test_every_parameter_is_used(name):
    assert re.search(rf"!Ref {name}\b|\$\{{{name}\}}", TEMPLATE.read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", template.values["Outputs"])
def test_every_output_is_described(name):
    assert template.values["Outputs"][name]["Description"]


@pytest.mark.parametrize("name", resources)
def test_nothing_has_a_physical_name(name):
    kind = resources[name]["Type"]
    if kind in NAMED_AFTER_THE_STACK:
        values = template.resource(name)
        for key in NAMED_AFTER_THE_STACK[kind]:
            values = values[key]
        text, parts = values["Name"]["Fn::Sub"]
        assert text.endswith("-${Unique}")
        assert parts["Unique"] == {"Fn::Select": [2, {"Fn::Split": ["/", {"Ref": "AWS::StackId"}]}]}
        return
    assert kind in PHYSICAL_NAMES or kind in WITHOUT_A_NAME, "say which property of this type would be its name"
    if kind in PHYSICAL_NAMES:
        assert PHYSICAL_NAMES[kind] not in template.resource(name)


# ---- Functions -------------------------------------------------------------------------------------------------------


@each_function
def test_no_function_lists_policies_beside_its_role(name):
    assert "Policies" not in template.resource(name), "they would be ignored"


@each_function
def test_every_handler_exists(name):
    module, _, function = template.resource(name)["Handler"].rpartition(".")
    source = ROOT / globals_["CodeUri"] / f"{module.replace('.', '/')}.py"
    assert f"def {function}(" in source.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("Api", ApiSettings),
        ("BuildIndex", BuilderSettings),
        ("AudioWorker", AudioWorkerSettings),
        ("ScheduledJobs", JobSettings),
        ("ReleaseWorker", ReleaseWorkerSettings),
    ],
)
def test_the_environment_is_what_the_settings_read(name, settings):
    # Libraries read theirs by themselves.
    given = {variable for variable in variables(name) if not variable.startswith(("POWERTOOLS_", "OPENBLAS_"))}
    fields = {field.upper(): info for field, info in settings.model_fields.items()}
    assert given <= fields.keys()
    assert given >= {field for field, info in fields.items() if info.is_required()}


def test_the_choices_of_access_are_those_of_the_settings():
    assert parameters["PublishAccess"]["AllowedValues"] == [access.value for access in PublishAccess]


@pytest.mark.parametrize(
    ("recorded", "name"), [("collect", "Collect"), ("remove_audio", "RemoveAudio"), ("sweep_releases", "SweepReleases")]
)
def test_the_recorded_event_is_the_scheduled_one(recorded, name):
    event = template.resource("ScheduledJobs")["Events"][name]
    sent = json.loads((EVENTS / f"scheduled_{recorded}.json").read_text(encoding="utf-8"))
    assert sent == json.loads(event["Properties"]["Input"])


# ---- Layers ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", layers)
def test_every_layer_fits_the_functions_and_has_a_recipe(name):
    properties, metadata = template.resource(name), resources[name]["Metadata"]
    assert properties["CompatibleRuntimes"] == [globals_["Runtime"]]
    assert properties["CompatibleArchitectures"] == globals_["Architectures"] == [metadata["BuildArchitecture"]]
    recipe = ROOT / metadata.get("ContextPath", properties["ContentUri"]) / "Makefile"
    assert f"build-{name}:" in recipe.read_text(encoding="utf-8")


# ---- samconfig.toml --------------------------------------------------------------------------------------------------


@pytest.fixture
def deployments():
    stages = tomllib.loads((ROOT / "samconfig.toml").read_text(encoding="utf-8"))
    return {name: stage["deploy"]["parameters"] for name, stage in stages.items() if name != "version"}


def test_every_stage_is_a_stack_of_its_own_with_the_tags_that_functions_have(deployments):
    assert deployments.keys() == {"default", "prod"}
    for key in ("stack_name", "s3_prefix"):
        assert len({deployment[key] for deployment in deployments.values()}) == len(deployments)
    for deployment in deployments.values():
        assert deployment["capabilities"] == ["CAPABILITY_IAM"], "no role has a name"
        given = dict(pair.split("=") for pair in deployment["parameter_overrides"])
        assert given.keys() <= parameters.keys()
        tags = dict(pair.split("=") for pair in deployment["tags"])
        assert tags == {"Application": globals_["Tags"]["Application"], "Stage": given["Stage"]}
        assert globals_["Tags"].keys() == tags.keys()
