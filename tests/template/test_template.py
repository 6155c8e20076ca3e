"""What the deployed service promises about itself, read from the template without building it."""

import json
import re
import tomllib
from pathlib import Path

import pytest
import yaml
from api.app import create_resolver
from api.wiring import compose
from shared.observability import NAMESPACE, SERVICE
from shared.settings import ApiSettings, AudioWorkerSettings, BuilderSettings, PublishAccess

from daltonify_core.adapters.dynamodb.items import stored_key
from daltonify_core.ports import LookUpKind
from daltonify_core.use_cases.submit_audio import AudioSettings
from infra.local.sam_template import TEMPLATE, read_template

ROOT = Path(__file__).parents[2]
MUST_OUTLIVE_THE_STACK = ["DataBucket", "DataBucketPolicy", "Table", "PublishingSecret"]
BUCKETS = {"DataBucket", "AudioBucket", "SiteBucket"}
# What `make deploy` can make again, or what is made anew with the stack.
GO_WITH_THE_STACK = ["SiteBucket", "OriginSecret"]

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


def as_list(value):
    return value if isinstance(value, list) else [value]


functions = of_type("AWS::Serverless::Function")
layers = of_type("AWS::Serverless::LayerVersion")
each_function = pytest.mark.parametrize("name", functions)


def variables(name):
    return globals_["Environment"]["Variables"] | template.resource(name).get("Environment", {}).get("Variables", {})


def grants(name):
    """Every pair of an action and a resource, as text, that a function's role allows."""
    role = template.resource(name)["Role"]["Fn::GetAtt"].partition(".")[0]
    statements = [
        one for policy in template.resource(role)["Policies"] for one in policy["PolicyDocument"]["Statement"]
    ]
    assert all(one["Effect"] == "Allow" and "NotAction" not in one and "NotResource" not in one for one in statements)
    return {
        (action, resource.get("Fn::Sub") or resource.get("Fn::GetAtt") or resource.get("Ref"))
        for one in statements
        for action in as_list(one["Action"])
        for resource in as_list(one["Resource"])
    }


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


@pytest.mark.parametrize("name", MUST_OUTLIVE_THE_STACK)
def test_what_cannot_be_made_again_outlives_the_stack(name):
    assert resources[name]["DeletionPolicy"] in ("Retain", "RetainExceptOnCreate")
    assert resources[name]["UpdateReplacePolicy"] == "Retain"


@pytest.mark.parametrize("name", GO_WITH_THE_STACK)
def test_what_can_be_made_again_does_not_stay_behind(name):
    assert resources[name].get("DeletionPolicy", "Delete") == "Delete"
    # In a bucket with versions they would have to be removed one by one.
    assert "VersioningConfiguration" not in template.resource(name)


# ---- Functions -------------------------------------------------------------------------------------------------------


@each_function
def test_every_function_says_how_much_it_may_use(name):
    properties = template.resource(name)
    assert properties["MemorySize"] >= 128
    assert 0 < properties["Timeout"] <= 900
    assert 512 <= properties["EphemeralStorage"]["Size"] <= 10_240
    assert "ReservedConcurrentExecutions" not in properties, "a new account has ten in all, and must keep them"


@each_function
def test_every_function_logs_json_to_a_group_of_its_own(name):
    group = template.resource(name)["LoggingConfig"]["LogGroup"]["Ref"]
    assert [other for other in functions if template.resource(other)["LoggingConfig"]["LogGroup"]["Ref"] == group] == [
        name
    ]
    assert globals_["LoggingConfig"]["LogFormat"] == "JSON"
    assert grants(name) >= {("logs:CreateLogStream", f"{group}.Arn"), ("logs:PutLogEvents", f"{group}.Arn")}


def test_metrics_are_not_filtered_out_with_the_log_lines_that_carry_them():
    assert globals_["LoggingConfig"]["ApplicationLogLevel"] in ("TRACE", "DEBUG", "INFO")


@pytest.mark.parametrize("name", of_type("AWS::Logs::LogGroup"))
def test_no_log_is_kept_forever(name):
    assert template.resource(name)["RetentionInDays"] <= 90


@each_function
def test_every_handler_exists(name):
    module, _, function = template.resource(name)["Handler"].rpartition(".")
    source = ROOT / globals_["CodeUri"] / f"{module.replace('.', '/')}.py"
    assert f"def {function}(" in source.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "settings"),
    [("Api", ApiSettings), ("BuildIndex", BuilderSettings), ("AudioWorker", AudioWorkerSettings)],
)
def test_the_environment_is_what_the_settings_read(name, settings):
    given = {variable for variable in variables(name) if not variable.startswith("POWERTOOLS_")}
    fields = {field.upper(): info for field, info in settings.model_fields.items()}
    assert given <= fields.keys()
    assert given >= {field for field, info in fields.items() if info.is_required()}


def test_the_choices_of_access_are_those_of_the_settings():
    assert parameters["PublishAccess"]["AllowedValues"] == [access.value for access in PublishAccess]


def test_powertools_is_told_what_the_code_says():
    assert globals_["Environment"]["Variables"]["POWERTOOLS_SERVICE_NAME"] == SERVICE
    assert globals_["Environment"]["Variables"]["POWERTOOLS_METRICS_NAMESPACE"] == NAMESPACE


@each_function
def test_secrets_are_named_and_never_given(name):
    for variable, value in variables(name).items():
        if variable.endswith("_SECRET"):
            assert value.keys() == {"Ref"}
    # What CloudFront sends it has to know itself, and nothing else may.
    others = {key: one for key, one in resources.items() if key != "Distribution"}
    assert "resolve:" not in json.dumps(others)


# ---- Layers ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", layers)
def test_every_layer_fits_the_functions_and_has_a_recipe(name):
    properties, metadata = template.resource(name), resources[name]["Metadata"]
    assert properties["CompatibleRuntimes"] == [globals_["Runtime"]]
    assert properties["CompatibleArchitectures"] == globals_["Architectures"] == [metadata["BuildArchitecture"]]
    recipe = ROOT / metadata.get("ContextPath", properties["ContentUri"]) / "Makefile"
    assert f"build-{name}:" in recipe.read_text(encoding="utf-8")


def test_every_function_has_every_layer():
    assert [layer["Ref"] for layer in globals_["Layers"]] == list(layers)
    assert not [name for name in functions if "Layers" in template.resource(name)]


# ---- What each function may do ---------------------------------------------------------------------------------------


@each_function
def test_no_permission_is_for_everything(name):
    allowed_ends = ("/catalogue/*", "/catalogue/collected/*", "/collect/*", "/index/*", "/audio/*", "-??????")
    for action, resource in grants(name):
        assert re.fullmatch(r"[a-z0-9]+:[A-Z][A-Za-z]+", action)
        assert isinstance(resource, str)
        fixed = next((resource.removesuffix(end) for end in allowed_ends if resource.endswith(end)), resource)
        assert "*" not in fixed
        assert "?" not in fixed


@each_function
def test_every_function_has_a_role_of_its_own_that_only_lambda_may_assume(name):
    assert "Policies" not in template.resource(name), "policies beside a role are ignored"
    role = template.resource(name)["Role"]["Fn::GetAtt"].partition(".")[0]
    assert [one for one in functions if role in template.resource(one)["Role"]["Fn::GetAtt"]] == [name]
    assert "ManagedPolicyArns" not in template.resource(role)
    (trust,) = template.resource(role)["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"Service": "lambda.amazonaws.com"}
    assert trust["Action"] == "sts:AssumeRole"


def test_the_builder_only_reads_the_catalogue_and_touches_nothing_but_the_bucket():
    allowed = grants("BuildIndex")
    assert {action for action, resource in allowed if "/catalogue/" in resource} == {"s3:GetObject"}
    assert {action.partition(":")[0] for action, _ in allowed} == {"s3", "logs"}


def test_the_api_cannot_change_an_index():
    s3 = {(action, resource) for action, resource in grants("Api") if "DataBucket" in resource}
    assert s3 == {("s3:GetObject", "${DataBucket.Arn}/index/*"), ("s3:ListBucket", "DataBucket.Arn")}


def test_the_api_takes_audio_in_and_hands_it_on_but_reads_none():
    audio = {(action, resource) for action, resource in grants("Api") if "Audio" in resource}
    assert audio == {
        ("s3:PutObject", "${AudioBucket.Arn}/audio/*"),
        ("s3:DeleteObject", "${AudioBucket.Arn}/audio/*"),
        ("sqs:SendMessage", "AudioQueue.Arn"),
    }


def test_the_worker_has_its_queue_the_clips_and_the_table_and_nothing_else():
    allowed = {(action, resource) for action, resource in grants("AudioWorker") if not action.startswith("logs:")}
    assert allowed == {
        ("sqs:ReceiveMessage", "AudioQueue.Arn"),
        ("sqs:DeleteMessage", "AudioQueue.Arn"),
        ("sqs:GetQueueAttributes", "AudioQueue.Arn"),
        ("sqs:ChangeMessageVisibility", "AudioQueue.Arn"),
        ("s3:ListBucket", "AudioBucket.Arn"),
        ("s3:GetObject", "${AudioBucket.Arn}/audio/*"),
        ("s3:DeleteObject", "${AudioBucket.Arn}/audio/*"),
        ("dynamodb:GetItem", "Table.Arn"),
        ("dynamodb:PutItem", "Table.Arn"),
        ("dynamodb:UpdateItem", "Table.Arn"),
    }


@each_function
def test_who_reads_objects_may_list_the_bucket_so_that_a_missing_one_is_not_taken_for_a_forbidden_one(name):
    read = {
        bucket
        for bucket in BUCKETS
        for action, resource in grants(name)
        if action == "s3:GetObject" and resource.startswith(f"${{{bucket}.Arn}}/")
    }
    listed = {resource.removesuffix(".Arn") for action, resource in grants(name) if action == "s3:ListBucket"}
    # Whose age alone tells that they are forgotten, these objects are listed and never read.
    unread = {"AudioBucket"} if name == "ScheduledJobs" else set()
    assert listed == read | unread


def test_the_api_can_neither_scan_the_table_nor_delete_more_than_remembered_answers():
    (policy,) = template.resource("ApiRole")["Policies"]
    on_table = [one for one in policy["PolicyDocument"]["Statement"] if "Table.Arn" in str(one["Resource"])]
    records, look_ups = sorted(on_table, key=lambda one: "Condition" in one)
    assert set(records["Action"]) == {"dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"}
    assert set(look_ups["Action"]) == {"dynamodb:BatchGetItem", "dynamodb:BatchWriteItem"}
    assert look_ups["Condition"] == {
        "ForAllValues:StringLike": {"dynamodb:LeadingKeys": [stored_key(kind, "*")["pk"]["S"] for kind in LookUpKind]}
    }


def test_the_api_writes_only_the_secret_that_spotify_renews():
    written = [resource for action, resource in grants("Api") if action == "secretsmanager:PutSecretValue"]
    assert written == [
        "arn:${AWS::Partition}:secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:${SpotifySecretName}-??????"
    ]


# ---- Data ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", of_type("AWS::S3::Bucket"))
def test_every_bucket_is_private_and_encrypted(name):
    assert name in BUCKETS
    bucket = template.resource(name)
    assert bucket["PublicAccessBlockConfiguration"] == dict.fromkeys(
        ["BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"], True
    )
    assert bucket["OwnershipControls"]["Rules"] == [{"ObjectOwnership": "BucketOwnerEnforced"}]
    assert bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]


def test_catalogues_and_indexes_are_kept_in_versions():
    assert template.resource("DataBucket")["VersioningConfiguration"] == {"Status": "Enabled"}


@pytest.mark.parametrize("name", of_type("AWS::S3::BucketPolicy"))
def test_no_bucket_lets_anybody_in_but_the_distribution_into_the_page(name):
    allowed = [one for one in template.resource(name)["PolicyDocument"]["Statement"] if one["Effect"] == "Allow"]
    assert bool(allowed) == (name == "SiteBucketPolicy")


@pytest.mark.parametrize("name", of_type("AWS::S3::Bucket"))
def test_every_bucket_answers_over_tls_only(name):
    policy = template.resource(f"{name}Policy")
    (statement,) = [one for one in policy["PolicyDocument"]["Statement"] if one["Effect"] == "Deny"]
    assert policy["Bucket"] == {"Ref": name}
    assert (statement["Effect"], statement["Principal"], statement["Action"]) == ("Deny", "*", "s3:*")
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert statement["Resource"] == [{"Fn::GetAtt": f"{name}.Arn"}, {"Fn::Sub": f"${{{name}.Arn}}/*"}]


def test_no_lifecycle_rule_touches_what_is_current():
    harmless = {"Id", "Status", "Prefix", "NoncurrentVersionExpiration", "AbortIncompleteMultipartUpload"}
    rules = template.resource("DataBucket")["LifecycleConfiguration"]["Rules"]
    for rule in rules:
        assert rule.keys() <= harmless
        assert rule["Status"] == "Enabled"
    assert {rule.get("Prefix") for rule in rules if "NoncurrentVersionExpiration" in rule} == {"catalogue/", "index/"}


def test_a_clip_that_was_removed_is_gone_and_what_nobody_removes_expires():
    bucket = template.resource("AudioBucket")
    assert "VersioningConfiguration" not in bucket
    (rule,) = bucket["LifecycleConfiguration"]["Rules"]
    assert (rule["Status"], rule["ExpirationInDays"]) == ("Enabled", 1)
    # The folder that the API may write to is the one that is emptied.
    assert ("s3:PutObject", f"${{AudioBucket.Arn}}/{rule['Prefix']}*") in grants("Api")


def test_the_table_has_the_keys_that_the_adapter_uses_and_forgets_and_remembers():
    table = template.resource("Table")
    assert {key["AttributeName"]: key["KeyType"] for key in table["KeySchema"]} == {"pk": "HASH", "sk": "RANGE"}
    assert table["BillingMode"] == "PAY_PER_REQUEST"
    assert table["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}
    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}


def test_the_publishing_secret_begins_with_a_long_key_and_nobody_who_may_publish():
    generated = template.resource("PublishingSecret")["GenerateSecretString"]
    assert json.loads(generated["SecretStringTemplate"]) == {"access_codes": ""}
    assert generated["GenerateStringKey"] == "edit_token_key"
    assert generated["PasswordLength"] >= 32
    assert "SecretString" not in template.resource("PublishingSecret")


# ---- Schedule --------------------------------------------------------------------------------------------------------


def test_the_schedule_lets_two_stacks_live_in_one_account():
    (event,) = template.resource("BuildIndex")["Events"].values()
    assert event["Type"] == "ScheduleV2"
    assert event["Properties"]["OmitName"] is True
    assert event["Properties"]["ScheduleExpression"] == {"Ref": "BuildRate"}
    assert event["Properties"]["FlexibleTimeWindow"]["Mode"] == "FLEXIBLE"


def test_a_build_that_failed_is_tried_again_but_not_for_ever():
    retries = template.resource("BuildIndex")["EventInvokeConfig"]
    assert 1 <= retries["MaximumRetryAttempts"] <= 2
    assert retries["MaximumEventAgeInSeconds"] > template.resource("BuildIndex")["Timeout"]


# ---- Uploaded audio --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", of_type("AWS::SQS::Queue"))
def test_every_queue_is_encrypted(name):
    assert template.resource(name)["SqsManagedSseEnabled"] is True


def test_the_worker_gets_one_message_at_a_time_and_says_which_have_to_come_again():
    (event,) = template.resource("AudioWorker")["Events"].values()
    assert event["Type"] == "SQS"
    assert event["Properties"]["Queue"] == {"Fn::GetAtt": "AudioQueue.Arn"}
    assert event["Properties"]["BatchSize"] == 1
    assert event["Properties"]["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


def test_a_message_is_hidden_for_as_long_as_its_worker_and_lambdas_own_retries_may_last():
    hidden = template.resource("AudioQueue")["VisibilityTimeout"]
    assert hidden >= 6 * template.resource("AudioWorker")["Timeout"]
    # A worker that died is followed by another one before the job is given up.
    assert hidden + template.resource("AudioWorker")["Timeout"] < AudioSettings().given_up_after.total_seconds()


def test_messages_go_with_their_jobs_and_what_fails_again_and_again_is_kept_for_a_person():
    queue = template.resource("AudioQueue")
    assert queue["MessageRetentionPeriod"] == AudioSettings().record_lasts.total_seconds()
    assert queue["RedrivePolicy"]["deadLetterTargetArn"] == {"Fn::GetAtt": "AudioDeadLetters.Arn"}
    assert queue["RedrivePolicy"]["maxReceiveCount"] > AudioSettings().asks + 1
    # Its age counts from when it was sent at first.
    assert template.resource("AudioDeadLetters")["MessageRetentionPeriod"] > queue["MessageRetentionPeriod"]


def test_one_address_may_send_no_more_files_than_all_together():
    assert parameters["DailyAudioFilesPerClient"]["MaxValue"] == AudioSettings().daily_in_all
    assert parameters["DailyAudioFilesPerClient"]["Default"] == AudioSettings().daily_per_client


# ---- HTTP API --------------------------------------------------------------------------------------------------------


def test_the_routes_are_those_that_the_api_answers():
    required = {name: "none" for name, field in ApiSettings.model_fields.items() if field.is_required()}
    settings = ApiSettings.model_validate(required)
    paths = create_resolver(compose(settings)).get_openapi_schema(title="Daltonify", version="1").paths or {}
    answered = {
        f"{method.upper()} {path}" for path, operations in paths.items() for method in operations.model_fields_set
    }
    assert sorted(template.route_keys()) == sorted(answered)


@pytest.mark.parametrize("name", of_type("AWS::ApiGatewayV2::Route"))
def test_every_route_leads_to_the_one_integration(name):
    route = template.resource(name)
    assert route["ApiId"] == {"Ref": "HttpApi"}
    assert route["Target"] == {"Fn::Sub": "integrations/${ApiIntegration}"}


def test_the_function_ends_before_the_http_api_stops_waiting():
    integration = template.resource("ApiIntegration")
    assert integration["PayloadFormatVersion"] == "2.0"
    assert integration["IntegrationUri"] == {"Fn::GetAtt": "Api.Arn"}
    assert 1000 * template.resource("Api")["Timeout"] < integration["TimeoutInMillis"] <= 30_000


def test_only_this_api_may_call_the_function_and_only_for_its_paths():
    permission = template.resource("ApiPermission")
    assert permission["Principal"] == "apigateway.amazonaws.com"
    assert permission["FunctionName"] == {"Fn::GetAtt": "Api.Arn"}
    assert permission["SourceArn"]["Fn::Sub"].endswith(":${HttpApi}/*/*/api/*")
    assert all(key.split(" ")[1].startswith("/api/") for key in template.route_keys())


@pytest.mark.parametrize("costly", ["POST /api/playlists", "POST /api/audio-features"])
def test_every_route_is_throttled_and_what_is_costly_more(costly):
    stage = template.resource("HttpStage")
    usual, limited = stage["DefaultRouteSettings"], stage["RouteSettings"][costly]
    assert 0 < limited["ThrottlingRateLimit"] < usual["ThrottlingRateLimit"]
    assert 0 < limited["ThrottlingBurstLimit"] < usual["ThrottlingBurstLimit"]


def test_a_stage_waits_for_the_routes_that_it_limits():
    awaited = {template.resource(name)["RouteKey"] for name in as_list(resources["HttpStage"]["DependsOn"])}
    assert awaited == template.resource("HttpStage")["RouteSettings"].keys()


def test_access_logs_are_json_and_hold_nothing_that_somebody_typed():
    settings = template.resource("HttpStage")["AccessLogSettings"]
    values = json.loads(settings["Format"]).values()
    harmless = {
        "$context.requestId",
        "$context.requestTimeEpoch",
        "$context.routeKey",
        "$context.status",
        "$context.protocol",
        "$context.responseLength",
        "$context.responseLatency",
        "$context.integrationLatency",
        "$context.integration.integrationStatus",
        "$context.error.responseType",
    }
    assert set(values) <= harmless
    assert "$context.requestId" in values
    assert settings["DestinationArn"]["Fn::GetAtt"].partition(".")[0] in of_type("AWS::Logs::LogGroup")


# ---- samconfig.toml --------------------------------------------------------------------------------------------------


@pytest.fixture
def deployments():
    stages = tomllib.loads((ROOT / "samconfig.toml").read_text(encoding="utf-8"))
    return {name: stage["deploy"]["parameters"] for name, stage in stages.items() if name != "version"}


def test_every_stage_is_a_stack_of_its_own_with_the_tags_that_functions_have(deployments):
    assert len({deployment["stack_name"] for deployment in deployments.values()}) == len(deployments)
    for deployment in deployments.values():
        given = dict(pair.split("=") for pair in deployment["parameter_overrides"])
        assert given.keys() <= parameters.keys()
        tags = dict(pair.split("=") for pair in deployment["tags"])
        assert tags == {"Application": globals_["Tags"]["Application"], "Stage": given["Stage"]}
        assert globals_["Tags"].keys() == tags.keys()
