"""Least privilege: a role for each function, with what its adapters ask of AWS and nothing else."""

import re

from daltonify_core.adapters.dynamodb.artists import part_of_artist
from daltonify_core.adapters.dynamodb.items import stored_key
from daltonify_core.ports.look_ups import LookUpKind
from tests.template import asked_of_aws
from tests.template.promises.keeping import BUCKETS
from tests.template.promises.registry import promise
from tests.template.transformed import Transformed, as_list, attribute

SPOTIFY_SECRET = (
    "arn:${AWS::Partition}:secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:${SpotifySecretName}-??????"
)
# The only places where a permission is for more than one named thing: a folder's objects, and the six characters that
# Secrets Manager puts behind a name.
FOLDERS = ("/catalogue/*", "/catalogue/collected/*", "/collect/*", "/index/*", "/audio/*", "-??????")


LOOK_UPS = [stored_key(kind, "*")["pk"]["S"] for kind in LookUpKind]


def leading_keys(template: Transformed, function: str) -> dict[str, list[str]]:
    """The partitions of the table for which an action is allowed, of every action that is allowed for some only."""
    return {
        action: one["Condition"]["ForAllValues:StringLike"]["dynamodb:LeadingKeys"]
        for one in template.statements(template.role_of(function))
        if "Condition" in one
        for action in as_list(one["Action"])
    }


def beside_logs(template: Transformed, function: str) -> set[tuple[str, str]]:
    return {pair for pair in template.grants(template.role_of(function)) if not pair[0].startswith("logs:")}


@promise
def no_permission_is_for_everything(template: Transformed) -> None:
    for role in template.of_type("AWS::IAM::Role"):
        for action, resource in template.grants(role):
            assert re.fullmatch(r"[a-z0-9]+:[A-Z][A-Za-z]+", action)
            fixed = next((resource.removesuffix(end) for end in FOLDERS if resource.endswith(end)), resource)
            assert "*" not in fixed
            assert "?" not in fixed


@promise
def roles_allow_and_name_what(template: Transformed) -> None:
    for role in template.of_type("AWS::IAM::Role"):
        for statement in template.statements(role):
            assert statement["Effect"] == "Allow"
            assert statement.keys() <= {"Sid", "Effect", "Action", "Resource", "Condition"}


@promise
def every_permission_stands_in_its_role(template: Transformed) -> None:
    kinds = {one["Type"] for one in template.resources.values() if one["Type"].startswith("AWS::IAM::")}
    assert kinds == {"AWS::IAM::Role"}
    for role in template.of_type("AWS::IAM::Role").values():
        assert not role.keys() & {"ManagedPolicyArns", "PermissionsBoundary"}


@promise
def every_function_has_a_role_of_its_own_that_only_lambda_may_assume(template: Transformed) -> None:
    roles = [template.role_of(name) for name in template.functions]
    assert len(set(roles)) == len(roles)
    for role in roles:
        (trust,) = template[role]["AssumeRolePolicyDocument"]["Statement"]
        assert trust["Effect"] == "Allow"
        assert trust["Principal"] == {"Service": "lambda.amazonaws.com"}
        assert trust["Action"] == "sts:AssumeRole"


@promise
def functions_may_do_what_their_adapters_ask_of_aws(template: Transformed) -> None:
    assert not asked_of_aws.refused(template)


@promise
def functions_may_do_nothing_that_none_of_their_adapters_asks(template: Transformed) -> None:
    assert not asked_of_aws.superfluous(template)


@promise
def what_another_function_does_is_not_granted(template: Transformed) -> None:
    assert not asked_of_aws.granted_though_done_by_others(template)


@promise
def the_builder_only_reads_the_catalogue_and_touches_nothing_but_the_bucket(template: Transformed) -> None:
    assert beside_logs(template, "BuildIndex") == {
        ("s3:ListBucket", "DataBucket.Arn"),
        ("s3:GetObject", "${DataBucket.Arn}/catalogue/*"),
        ("s3:GetObject", "${DataBucket.Arn}/index/*"),
        ("s3:PutObject", "${DataBucket.Arn}/index/*"),
        ("s3:DeleteObject", "${DataBucket.Arn}/index/*"),
    }


@promise
def the_api_cannot_change_an_index(template: Transformed) -> None:
    s3 = {(action, resource) for action, resource in beside_logs(template, "Api") if "DataBucket" in resource}
    assert s3 == {("s3:GetObject", "${DataBucket.Arn}/index/*"), ("s3:ListBucket", "DataBucket.Arn")}


@promise
def the_api_takes_audio_in_and_hands_work_on_but_reads_neither(template: Transformed) -> None:
    audio = {pair for pair in beside_logs(template, "Api") if "Audio" in pair[1] or pair[0].startswith("sqs:")}
    assert audio == {
        ("s3:PutObject", "${AudioBucket.Arn}/audio/*"),
        ("s3:DeleteObject", "${AudioBucket.Arn}/audio/*"),
        ("sqs:SendMessage", "AudioQueue.Arn"),
        ("sqs:SendMessage", "ReleaseQueue.Arn"),
    }


@promise
def the_api_can_neither_scan_the_table_nor_delete_more_than_remembered_answers(template: Transformed) -> None:
    statements = template.statements(template.role_of("Api"))
    on_table = [one for one in statements if "Table.Arn" in str(one["Resource"])]
    records, look_ups = sorted(on_table, key=lambda one: "Condition" in one)
    assert set(records["Action"]) == {"dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"}
    assert set(look_ups["Action"]) == {"dynamodb:BatchGetItem", "dynamodb:BatchWriteItem"}
    assert look_ups["Condition"] == {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": LOOK_UPS}}


@promise
def the_api_reads_its_secrets_and_writes_only_the_one_that_spotify_renews(template: Transformed) -> None:
    allowed = {pair for pair in beside_logs(template, "Api") if pair[0].startswith("secretsmanager:")}
    assert allowed == {
        ("secretsmanager:GetSecretValue", "PublishingSecret.Id"),
        ("secretsmanager:GetSecretValue", "OriginSecret.Id"),
        ("secretsmanager:GetSecretValue", SPOTIFY_SECRET),
        ("secretsmanager:PutSecretValue", SPOTIFY_SECRET),
    }


@promise
def the_worker_for_audio_has_its_queue_the_clips_and_the_table_and_nothing_else(template: Transformed) -> None:
    assert beside_logs(template, "AudioWorker") == {
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


@promise
def the_worker_for_releases_reads_the_index_publishes_and_removes_nothing_but_its_own(template: Transformed) -> None:
    assert beside_logs(template, "ReleaseWorker") == {
        ("sqs:ReceiveMessage", "ReleaseQueue.Arn"),
        ("sqs:DeleteMessage", "ReleaseQueue.Arn"),
        ("sqs:GetQueueAttributes", "ReleaseQueue.Arn"),
        ("s3:ListBucket", "DataBucket.Arn"),
        ("s3:GetObject", "${DataBucket.Arn}/index/*"),
        ("dynamodb:GetItem", "Table.Arn"),
        ("dynamodb:PutItem", "Table.Arn"),
        ("dynamodb:UpdateItem", "Table.Arn"),
        ("dynamodb:ConditionCheckItem", "Table.Arn"),
        ("dynamodb:Query", "Table.Arn"),
        ("dynamodb:DeleteItem", "Table.Arn"),
        ("dynamodb:BatchGetItem", "Table.Arn"),
        ("dynamodb:BatchWriteItem", "Table.Arn"),
        ("secretsmanager:GetSecretValue", "PublishingSecret.Id"),
        ("secretsmanager:GetSecretValue", SPOTIFY_SECRET),
        ("secretsmanager:PutSecretValue", SPOTIFY_SECRET),
    }
    keys = leading_keys(template, "ReleaseWorker")
    assert keys["dynamodb:Query"] == keys["dynamodb:DeleteItem"] == ["artist#*"]
    assert keys["dynamodb:BatchWriteItem"] == LOOK_UPS
    assert part_of_artist("*") == "artist#*"


@promise
def jobs_read_lists_write_nothing_but_collected_tracks_and_remove_nothing_but_audio(template: Transformed) -> None:
    assert beside_logs(template, "ScheduledJobs") == {
        ("s3:ListBucket", "DataBucket.Arn"),
        ("s3:GetObject", "${DataBucket.Arn}/collect/*"),
        ("s3:GetObject", "${DataBucket.Arn}/catalogue/collected/*"),
        ("s3:PutObject", "${DataBucket.Arn}/catalogue/collected/*"),
        ("s3:ListBucket", "AudioBucket.Arn"),
        ("s3:DeleteObject", "${AudioBucket.Arn}/audio/*"),
        ("dynamodb:Query", "${Table.Arn}/index/due"),
        ("dynamodb:Query", "Table.Arn"),
        ("dynamodb:GetItem", "Table.Arn"),
        ("dynamodb:BatchGetItem", "Table.Arn"),
        ("dynamodb:PutItem", "Table.Arn"),
        ("dynamodb:UpdateItem", "Table.Arn"),
        ("dynamodb:ConditionCheckItem", "Table.Arn"),
        ("sqs:SendMessage", "ReleaseQueue.Arn"),
        ("secretsmanager:GetSecretValue", SPOTIFY_SECRET),
    }


@promise
def jobs_list_what_is_due_and_the_artists_and_nothing_of_one_artist(template: Transformed) -> None:
    statements = template.statements(template.role_of("ScheduledJobs"))
    found = {attribute(one["Resource"]): one for one in statements if one["Action"] == "dynamodb:Query"}
    assert found.keys() == {"${Table.Arn}/index/due", "Table.Arn"}
    assert leading_keys(template, "ScheduledJobs") == {"dynamodb:Query": ["artists"]}


@promise
def who_reads_objects_may_list_the_bucket_so_that_a_missing_one_is_not_taken_for_a_forbidden_one(
    template: Transformed,
) -> None:
    for name in template.functions:
        allowed = beside_logs(template, name)
        read = {
            bucket
            for bucket in BUCKETS
            for action, resource in allowed
            if action == "s3:GetObject" and resource.startswith(f"${{{bucket}.Arn}}/")
        }
        listed = {resource.removesuffix(".Arn") for action, resource in allowed if action == "s3:ListBucket"}
        # Whose age alone tells that they are forgotten, these objects are listed and never read.
        unread = {"AudioBucket"} if name == "ScheduledJobs" else set()
        assert listed == read | unread
