"""Every promise is broken on purpose, in template.yaml as parsed, and its check notices after SAM's transform."""

from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import pytest

from infra.local.sam_template import read_template
from tests.template.promises import PROMISES
from tests.template.transformed import Transformed, transform

Key = str | int
Values = dict[str, Any]

TEMPLATE = read_template().values


@dataclass(frozen=True)
class Break:
    """One thing that is spoilt, and the promise that it breaks."""

    promise: str
    name: str
    spoil: Callable[[Values], None]


def _holder(template: Values, path: tuple[Key, ...]) -> tuple[Any, Key]:
    """What holds the last key of a path, which begins with a section or with a resource, whose properties are meant."""
    first, *rest = path
    place: Any = template
    if first in template:
        rest = list(path)
    elif rest[0] == "@":
        place, rest = template["Resources"][first], rest[1:]
    else:
        place = template["Resources"][first].setdefault("Properties", {})
    for key in rest[:-1]:
        place = place[key]
    return place, rest[-1]


def put(promise: str, *path: Key, to: Any) -> Break:
    """Set a value; ``@`` after a resource stands for its attributes beside the properties."""

    def spoil(template: Values) -> None:
        place, key = _holder(template, path)
        assert not (isinstance(place, dict) and place.get(key) == to), "nothing would be spoilt"
        place[key] = to

    return Break(promise, f"{'.'.join(map(str, path))} is {to!r}"[:100], spoil)


def drop(promise: str, *path: Key) -> Break:
    """Take a value away."""

    def spoil(template: Values) -> None:
        place, key = _holder(template, path)
        del place[key]

    return Break(promise, f"no {'.'.join(map(str, path))}", spoil)


def add(promise: str, name: str, resource: Mapping[str, Any]) -> Break:
    """Add a resource."""

    def spoil(template: Values) -> None:
        assert name not in template["Resources"]
        template["Resources"][name] = dict(resource)

    return Break(promise, f"{resource['Type']} more", spoil)


def insert(promise: str, *path: Key, value: Any) -> Break:
    """Add a value to a list."""

    def spoil(template: Values) -> None:
        place, key = _holder(template, path)
        place[key].append(value)

    return Break(promise, f"{'.'.join(map(str, path))} has {value!r}"[:100], spoil)


def swap(promise: str, *path: Key, old: str, new: str) -> Break:
    """Change a part of a text."""

    def spoil(template: Values) -> None:
        place, key = _holder(template, path)
        assert old in place[key]
        place[key] = place[key].replace(old, new)

    return Break(promise, f"{'.'.join(map(str, path))} says {new!r} for {old!r}"[:100], spoil)


def statement(role: str, sid: str, *rest: Key) -> tuple[Key, ...]:
    """The path of a statement of a role of ours, as template.yaml has it."""
    policy = TEMPLATE["Resources"][role]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]
    (number,) = [at for at, one in enumerate(policy) if one["Sid"] == sid]
    return (role, "Policies", 0, "PolicyDocument", "Statement", number, *rest)


FUNCTION = ("Globals", "Function")
SCHEDULE = ("BuildIndex", "Events", "OnSchedule", "Properties")
CLIPS = ("ScheduledJobs", "Events", "RemoveAudio", "Properties")
SWEEP = ("ScheduledJobs", "Events", "SweepReleases", "Properties")
RELEASE = ("ReleaseWorker", "Events", "OnRelease", "Properties")
UPLOAD = ("AudioWorker", "Events", "OnUpload", "Properties")
CONFIG = ("Distribution", "DistributionConfig")
PAGE = (*CONFIG, "DefaultCacheBehavior")
API = (*CONFIG, "CacheBehaviors", 0)
PAGE_ORIGIN, API_ORIGIN = (*CONFIG, "Origins", 0), (*CONFIG, "Origins", 1)
HEADERS = ("SecurityHeaders", "ResponseHeadersPolicyConfig")
DASHBOARD = ("Dashboard", "DashboardBody", "Fn::Sub")
POLICY = ("PolicyDocument", "Statement")
TABLE = {"Fn::GetAtt": "Table.Arn"}
EVERYTHING = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*", "Sid": "X"}
EVERYBODY = {
    "Effect": "Allow",
    "Principal": "*",
    "Action": "s3:GetObject",
    "Resource": {"Fn::Sub": "${DataBucket.Arn}/*"},
}


def alarm_breaks(promise: str, name: str, metric: str, missing: str) -> list[Break]:
    """What has to be right in every alarm."""
    return [
        put(promise, name, "MetricName", to=metric),
        put(promise, name, "Threshold", to=1000),
        put(promise, name, "Statistic", to="Average"),
        put(promise, name, "ComparisonOperator", to="GreaterThanThreshold"),
        put(promise, name, "EvaluationPeriods", to=20),
        put(promise, name, "Period", to=60),
        put(promise, name, "TreatMissingData", to=missing),
        drop(promise, name, "TreatMissingData"),
        drop("every_alarm_says_what_it_means_and_tells_the_topic", name, "AlarmActions"),
        put("there_is_an_alarm_for_everything_that_a_person_has_to_do", name, "@", "Type", to="AWS::SNS::Topic"),
    ]


BREAKS = [
    # ---- Functions and layers
    put("the_five_functions_are_there", "AudioWorker", "Handler", to="api.handler.handler"),
    put("everything_runs_on_python_3_13_and_x86_64", *FUNCTION, "Runtime", to="python3.12"),
    put("everything_runs_on_python_3_13_and_x86_64", *FUNCTION, "Architectures", to=["arm64"]),
    put("everything_runs_on_python_3_13_and_x86_64", "Api", "Runtime", to="python3.14"),
    put("everything_runs_on_python_3_13_and_x86_64", "Core", "CompatibleRuntimes", to=["python3.12"]),
    put("everything_runs_on_python_3_13_and_x86_64", "Dependencies", "CompatibleArchitectures", to=["arm64"]),
    put("no_function_asks_for_more_than_a_new_account_has", "BuildIndex", "MemorySize", to=3009),
    put("no_function_asks_for_more_than_a_new_account_has", "Api", "MemorySize", to=10_240),
    put("no_concurrency_is_reserved_or_provisioned", "Api", "ReservedConcurrentExecutions", to=5),
    put("no_concurrency_is_reserved_or_provisioned", *FUNCTION, "ReservedConcurrentExecutions", to=1),
    put("no_concurrency_is_reserved_or_provisioned", "Api", "AutoPublishAlias", to="live"),
    drop("every_function_says_how_long_it_may_take_and_how_much_disk", "AudioWorker", "EphemeralStorage"),
    put("every_function_says_how_long_it_may_take_and_how_much_disk", "AudioWorker", "Timeout", to=901),
    put("the_build_has_as_long_as_lambda_gives", "BuildIndex", "Timeout", to=60),
    drop("every_function_has_both_layers", *FUNCTION, "Layers", 1),
    put("replaced_layers_do_not_pile_up", "Dependencies", "RetentionPolicy", to="Retain"),
    put("every_function_logs_json_to_a_group_of_its_own", *FUNCTION, "LoggingConfig", "LogFormat", to="Text"),
    put(
        "every_function_logs_json_to_a_group_of_its_own", "Api", "LoggingConfig", "LogGroup", "Ref", to="BuildIndexLogs"
    ),
    insert(
        "every_function_logs_json_to_a_group_of_its_own",
        *statement("ApiRole", "WriteOwnLogs", "Action"),
        value="logs:CreateLogGroup",
    ),
    put(
        "metrics_are_not_filtered_out_with_the_log_lines_that_carry_them",
        *(*FUNCTION, "LoggingConfig", "ApplicationLogLevel"),
        to="WARN",
    ),
    drop("every_log_is_kept_for_a_month", "ApiLogs", "RetentionInDays"),
    put("every_log_is_kept_for_a_month", "AccessLogs", "RetentionInDays", to=3653),
    put(
        "functions_tell_their_figures_under_the_names_that_alarms_know",
        *(*FUNCTION, "Environment", "Variables", "POWERTOOLS_METRICS_NAMESPACE"),
        to="Other",
    ),
    put(
        "functions_tell_their_figures_under_the_names_that_alarms_know",
        *(*FUNCTION, "Environment", "Variables", "POWERTOOLS_SERVICE_NAME"),
        to="other",
    ),
    drop("every_function_carries_the_tags", *FUNCTION, "Tags", "Stage"),
    put("every_function_carries_the_tags", *FUNCTION, "Tags", "Application", to="other"),
    put("what_sam_makes_for_a_function_carries_its_tags", *FUNCTION, "PropagateTags", to=False),
    # ---- Schedules
    put("the_index_is_built_at_the_rate_of_the_parameter", *SCHEDULE, "ScheduleExpression", to="rate(1 day)"),
    put("the_index_is_built_at_the_rate_of_the_parameter", *SCHEDULE, "State", to="DISABLED"),
    put("the_index_is_built_at_the_rate_of_the_parameter", "BuildIndex", "Events", to={}),
    put(
        "the_index_is_built_at_the_rate_of_the_parameter",
        *("BuildIndex", "Events", "OnSchedule"),
        to={"Type": "Schedule", "Properties": {"Schedule": "rate(1 day)"}},
    ),
    drop("no_schedule_has_a_name_so_that_two_stacks_can_live_in_one_account", *SCHEDULE, "OmitName"),
    drop("no_schedule_has_a_name_so_that_two_stacks_can_live_in_one_account", *CLIPS, "OmitName"),
    put("no_schedule_insists_on_the_full_hour", *SCHEDULE, "FlexibleTimeWindow", to={"Mode": "OFF"}),
    drop("what_a_schedule_could_not_deliver_is_tried_again_but_not_for_ever", *CLIPS, "RetryPolicy"),
    put(
        "what_a_schedule_could_not_deliver_is_tried_again_but_not_for_ever",
        *(*CLIPS, "RetryPolicy", "MaximumRetryAttempts"),
        to=185,
    ),
    drop("a_scheduled_call_that_failed_is_tried_again_but_not_for_ever", "BuildIndex", "EventInvokeConfig"),
    put(
        "a_scheduled_call_that_failed_is_tried_again_but_not_for_ever",
        *("ScheduledJobs", "EventInvokeConfig", "MaximumRetryAttempts"),
        to=0,
    ),
    put(
        "a_schedule_may_call_its_own_function_and_nothing_else",
        *(*SCHEDULE, "RoleArn"),
        to={"Fn::GetAtt": "BuildIndexRole.Arn"},
    ),
    drop("every_job_that_the_handler_knows_has_a_schedule", "ScheduledJobs", "Events", "CheckService"),
    drop("every_job_that_the_handler_knows_has_a_schedule", "ScheduledJobs", "Events", "SweepReleases"),
    put("every_job_that_the_handler_knows_has_a_schedule", *CLIPS, "Input", to='{"job": "collect"}'),
    put(
        "the_operator_sets_how_often_lists_are_collected",
        *("ScheduledJobs", "Events", "Collect", "Properties", "ScheduleExpression"),
        to="rate(1 day)",
    ),
    put("the_operator_sets_how_often_lists_are_collected", "Parameters", "CollectRate", "AllowedPattern", to=".*"),
    put(
        "the_jobs_that_ask_reccobeats_can_be_switched_off_and_the_others_cannot",
        *(*CLIPS, "State"),
        to={"Ref": "ScheduledJobsState"},
    ),
    drop(
        "the_jobs_that_ask_reccobeats_can_be_switched_off_and_the_others_cannot",
        *("ScheduledJobs", "Events", "Collect", "Properties", "State"),
    ),
    put(
        "forgotten_audio_goes_early_in_the_day_for_which_it_may_stay_at_most",
        *(*CLIPS, "ScheduleExpression"),
        to="rate(1 day)",
    ),
    put(
        "the_service_account_is_looked_at_often_enough_for_alarms_in_days",
        *("ScheduledJobs", "Events", "CheckService", "Properties", "ScheduleExpression"),
        to="rate(30 days)",
    ),
    *(
        put(
            "what_is_due_goes_to_the_worker_within_minutes_and_artists_are_looked_at_around_the_day",
            *("ScheduledJobs", "Events", name, "Properties", "ScheduleExpression"),
            to="rate(7 days)",
        )
        for name in ("SweepReleases", "PollReleases", "RenewPlaylists")
    ),
    put(
        "what_is_due_goes_to_the_worker_within_minutes_and_artists_are_looked_at_around_the_day",
        *(*SWEEP, "FlexibleTimeWindow", "MaximumWindowInMinutes"),
        to=60,
    ),
    put(
        "the_jobs_that_ask_reccobeats_can_be_switched_off_and_the_others_cannot",
        *(*SWEEP, "State"),
        to={"Ref": "ScheduledJobsState"},
    ),
    # ---- Queues
    drop("every_queue_is_encrypted", "AudioQueue", "SqsManagedSseEnabled"),
    put("every_queue_is_encrypted", "AudioDeadLetters", "SqsManagedSseEnabled", to=False),
    drop("every_queue_is_encrypted", "ReleaseQueue", "SqsManagedSseEnabled"),
    put("each_worker_gets_one_message_at_a_time_and_says_which_have_to_come_again", *UPLOAD, "BatchSize", to=10),
    drop("each_worker_gets_one_message_at_a_time_and_says_which_have_to_come_again", *UPLOAD, "FunctionResponseTypes"),
    put(
        "each_worker_gets_one_message_at_a_time_and_says_which_have_to_come_again",
        *(*UPLOAD, "Queue"),
        to={"Fn::GetAtt": "AudioDeadLetters.Arn"},
    ),
    put("each_worker_gets_one_message_at_a_time_and_says_which_have_to_come_again", *RELEASE, "BatchSize", to=10),
    drop("each_worker_gets_one_message_at_a_time_and_says_which_have_to_come_again", *RELEASE, "FunctionResponseTypes"),
    put("each_worker_gets_one_message_at_a_time_and_says_which_have_to_come_again", *RELEASE, "Enabled", to=False),
    drop("workers_leave_most_of_a_new_accounts_functions_to_the_others", *UPLOAD, "ScalingConfig"),
    put(
        "workers_leave_most_of_a_new_accounts_functions_to_the_others",
        *(*RELEASE, "ScalingConfig", "MaximumConcurrency"),
        to=10,
    ),
    put("an_attempt_at_a_release_has_the_time_that_its_parts_may_take", "ReleaseWorker", "Timeout", to=30),
    drop(
        "an_artists_releases_come_one_after_the_other_and_each_once_for_an_attempt",
        *("ReleaseQueue", "FifoQueue"),
    ),
    drop(
        "an_artists_releases_come_one_after_the_other_and_each_once_for_an_attempt",
        *("ReleaseDeadLetters", "FifoQueue"),
    ),
    put(
        "an_artists_releases_come_one_after_the_other_and_each_once_for_an_attempt",
        *("ReleaseQueue", "ContentBasedDeduplication"),
        to=True,
    ),
    put(
        "an_artists_releases_come_one_after_the_other_and_each_once_for_an_attempt",
        *("ReleaseQueue", "FifoThroughputLimit"),
        to="perMessageGroupId",
    ),
    put(
        "an_artists_releases_come_one_after_the_other_and_each_once_for_an_attempt",
        *("ReleaseQueue", "MessageRetentionPeriod"),
        to=60,
    ),
    put(
        "a_message_is_hidden_for_as_long_as_its_worker_and_lambdas_own_retries_may_last",
        *("ReleaseQueue", "VisibilityTimeout"),
        to=120,
    ),
    put(
        "a_message_is_hidden_for_as_long_as_its_worker_and_lambdas_own_retries_may_last",
        *("AudioQueue", "VisibilityTimeout"),
        to=90,
    ),
    put(
        "a_message_is_hidden_for_as_long_as_its_worker_and_lambdas_own_retries_may_last",
        "AudioWorker",
        "Timeout",
        to=120,
    ),
    put("messages_go_with_their_jobs", "AudioQueue", "MessageRetentionPeriod", to=345_600),
    drop("what_fails_again_and_again_is_kept_for_a_person", "AudioQueue", "RedrivePolicy"),
    put("what_fails_again_and_again_is_kept_for_a_person", "AudioQueue", "RedrivePolicy", "maxReceiveCount", to=1),
    put("what_fails_again_and_again_is_kept_for_a_person", "AudioDeadLetters", "MessageRetentionPeriod", to=3600),
    drop("what_fails_again_and_again_is_kept_for_a_person", "ReleaseQueue", "RedrivePolicy"),
    put("what_fails_again_and_again_is_kept_for_a_person", "ReleaseQueue", "RedrivePolicy", "maxReceiveCount", to=100),
    put("what_fails_again_and_again_is_kept_for_a_person", "ReleaseDeadLetters", "MessageRetentionPeriod", to=3600),
    put(
        "one_address_may_send_no_more_files_than_all_together",
        *("Parameters", "DailyAudioFilesPerClient", "MaxValue"),
        to=10_000,
    ),
    put(
        "one_address_may_send_no_more_files_than_all_together",
        *("Api", "Environment", "Variables", "DAILY_PLAYLISTS_PER_CLIENT"),
        to="1000",
    ),
    put("nobody_publishes_unless_the_operator_opens_it", "Parameters", "PublishAccess", "Default", to="open"),
    # ---- Buckets, table, secrets
    drop("there_are_three_buckets_and_all_are_private", "AudioBucket", "PublicAccessBlockConfiguration"),
    put(
        "there_are_three_buckets_and_all_are_private",
        *("SiteBucket", "PublicAccessBlockConfiguration", "BlockPublicPolicy"),
        to=False,
    ),
    put(
        "there_are_three_buckets_and_all_are_private",
        *("DataBucket", "OwnershipControls", "Rules", 0, "ObjectOwnership"),
        to="ObjectWriter",
    ),
    put("there_are_three_buckets_and_all_are_private", "SiteBucket", "WebsiteConfiguration", to={"IndexDocument": "x"}),
    add("there_are_three_buckets_and_all_are_private", "Another", {"Type": "AWS::S3::Bucket"}),
    drop("every_bucket_is_encrypted", "AudioBucket", "BucketEncryption"),
    drop("every_bucket_answers_over_tls_only", "AudioBucketPolicy", *POLICY, 0),
    put("every_bucket_answers_over_tls_only", "DataBucketPolicy", *POLICY, 0, "Action", to="s3:GetObject"),
    put("every_bucket_answers_over_tls_only", "DataBucketPolicy", "Bucket", "Ref", to="SiteBucket"),
    drop("every_bucket_answers_over_tls_only", "SiteBucketPolicy", *POLICY, 0, "Resource", 1),
    put("every_bucket_answers_over_tls_only", "DataBucketPolicy", *POLICY, 0, "Condition", to={"Bool": {}}),
    insert(
        "no_bucket_lets_anybody_in_but_the_distribution_into_the_page", "DataBucketPolicy", *POLICY, value=EVERYBODY
    ),
    drop("no_bucket_lets_anybody_in_but_the_distribution_into_the_page", "SiteBucketPolicy", *POLICY, 1),
    drop("catalogues_and_indexes_are_kept_in_versions", "DataBucket", "VersioningConfiguration"),
    put(
        "catalogues_and_indexes_are_kept_in_versions", "DataBucket", "VersioningConfiguration", "Status", to="Suspended"
    ),
    put(
        "no_lifecycle_rule_touches_what_is_current",
        *("DataBucket", "LifecycleConfiguration", "Rules", 1, "ExpirationInDays"),
        to=30,
    ),
    put(
        "no_lifecycle_rule_touches_what_is_current",
        *("DataBucket", "LifecycleConfiguration", "Rules", 0, "Transitions"),
        to=[{"StorageClass": "GLACIER", "TransitionInDays": 30}],
    ),
    put(
        "older_versions_and_broken_uploads_do_not_pile_up",
        *("DataBucket", "LifecycleConfiguration", "Rules", 0, "Status"),
        to="Disabled",
    ),
    drop("older_versions_and_broken_uploads_do_not_pile_up", "DataBucket", "LifecycleConfiguration", "Rules", 2),
    put(
        "older_versions_and_broken_uploads_do_not_pile_up",
        *("DataBucket", "LifecycleConfiguration", "Rules", 1, "Prefix"),
        to="indexes/",
    ),
    put("a_clip_that_was_removed_is_gone", "AudioBucket", "VersioningConfiguration", to={"Status": "Enabled"}),
    drop("a_clip_that_nobody_removes_expires", "AudioBucket", "LifecycleConfiguration"),
    put(
        "a_clip_that_nobody_removes_expires", "AudioBucket", "LifecycleConfiguration", "Rules", 0, "Prefix", to="clips/"
    ),
    put(
        "a_clip_that_nobody_removes_expires",
        "AudioBucket",
        "LifecycleConfiguration",
        "Rules",
        0,
        "Status",
        to="Disabled",
    ),
    *(
        drop("what_cannot_be_made_again_outlives_the_stack", name, "@", key)
        for name in ("DataBucket", "DataBucketPolicy", "AudioBucket", "AudioBucketPolicy", "Table", "PublishingSecret")
        for key in ("DeletionPolicy", "UpdateReplacePolicy")
    ),
    put("what_can_be_made_again_does_not_stay_behind", "SiteBucket", "@", "DeletionPolicy", to="Retain"),
    put(
        "what_can_be_made_again_does_not_stay_behind", "SiteBucket", "VersioningConfiguration", to={"Status": "Enabled"}
    ),
    put(
        "the_table_has_the_keys_that_the_adapter_uses_and_costs_nothing_when_idle",
        "Table",
        "BillingMode",
        to="PROVISIONED",
    ),
    put(
        "the_table_has_the_keys_that_the_adapter_uses_and_costs_nothing_when_idle",
        *("Table", "KeySchema", 1, "AttributeName"),
        to="range",
    ),
    drop("what_is_due_is_found_by_an_index_that_holds_nothing_else", "Table", "GlobalSecondaryIndexes"),
    put(
        "what_is_due_is_found_by_an_index_that_holds_nothing_else",
        *("Table", "GlobalSecondaryIndexes", 0, "IndexName"),
        to="next",
    ),
    put(
        "what_is_due_is_found_by_an_index_that_holds_nothing_else",
        *("Table", "GlobalSecondaryIndexes", 0, "KeySchema", 0, "AttributeName"),
        to="pk",
    ),
    put(
        "what_is_due_is_found_by_an_index_that_holds_nothing_else",
        *("Table", "GlobalSecondaryIndexes", 0, "Projection", "ProjectionType"),
        to="ALL",
    ),
    drop("the_table_forgets_what_has_expired", "Table", "TimeToLiveSpecification"),
    put("the_table_forgets_what_has_expired", "Table", "TimeToLiveSpecification", "AttributeName", to="ttl"),
    put("the_table_forgets_what_has_expired", "Table", "TimeToLiveSpecification", "Enabled", to=False),
    drop("the_table_can_be_put_back_to_any_second", "Table", "PointInTimeRecoverySpecification"),
    put("no_secret_stands_in_the_template", "OriginSecret", "SecretString", to="NEVERLOGME-given"),
    put("no_secret_stands_in_the_template", "PublishingSecret", "GenerateSecretString", "PasswordLength", to=8),
    drop("no_secret_stands_in_the_template", "OriginSecret", "GenerateSecretString", "ExcludePunctuation"),
    put(
        "secrets_are_named_to_functions_and_never_given",
        *("Api", "Environment", "Variables", "SPOTIFY_SECRET"),
        to={"Fn::Sub": "{{resolve:secretsmanager:${SpotifySecretName}}}"},
    ),
    drop("secrets_are_named_to_functions_and_never_given", "Api", "Environment", "Variables", "ORIGIN_SECRET"),
    put(
        "secrets_are_named_to_functions_and_never_given",
        *("ScheduledJobs", "Environment", "Variables", "PUBLISHING_SECRET"),
        to={"Ref": "PublishingSecret"},
    ),
    put(
        "cloudfront_alone_is_given_a_secrets_value",
        *("Api", "Environment", "Variables", "ORIGIN"),
        to={"Fn::Sub": "{{resolve:secretsmanager:${OriginSecret}}}"},
    ),
    put(
        "cloudfront_alone_is_given_a_secrets_value",
        *("Outputs", "TableName", "Value"),
        to={"Fn::Sub": "{{resolve:secretsmanager:${OriginSecret}}}"},
    ),
    put(
        "the_publishing_secret_begins_with_nobody_who_may_publish",
        *("PublishingSecret", "GenerateSecretString", "SecretStringTemplate"),
        to='{"access_codes": "NEVERLOGME-code"}',
    ),
    # ---- HTTP API
    put("the_http_api_is_written_out_in_routes_and_has_no_body", "HttpApi", "Body", to={"openapi": "3.0.1"}),
    put("the_http_api_is_written_out_in_routes_and_has_no_body", "HttpApi", "ProtocolType", to="WEBSOCKET"),
    put("the_routes_are_those_that_the_api_answers", "QrRoute", "RouteKey", to="GET /api/other"),
    put("the_routes_are_those_that_the_api_answers", "QrRoute", "RouteKey", to="$default"),
    put("every_route_leads_to_the_one_integration", "GenresRoute", "Target", to="integrations/other"),
    put("every_route_leads_to_the_one_integration", "ApiIntegration", "PayloadFormatVersion", to="1.0"),
    put(
        "every_route_leads_to_the_one_integration",
        *("ApiIntegration", "IntegrationUri"),
        to={"Fn::GetAtt": "AudioWorker.Arn"},
    ),
    put("the_function_ends_before_the_http_api_stops_waiting", "Api", "Timeout", to=30),
    put("the_function_ends_before_the_http_api_stops_waiting", "ApiIntegration", "TimeoutInMillis", to=10_000),
    put("nobody_from_another_page_may_use_the_api", "HttpApi", "CorsConfiguration", to={"AllowOrigins": ["*"]}),
    put(
        "only_this_api_may_call_the_function_and_only_for_its_paths",
        *("ApiPermission", "SourceArn", "Fn::Sub"),
        to="arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:*",
    ),
    put("only_this_api_may_call_the_function_and_only_for_its_paths", "ApiPermission", "Principal", to="*"),
    put(
        "only_this_api_may_call_the_function_and_only_for_its_paths",
        *("Api", "FunctionUrlConfig"),
        to={"AuthType": "NONE"},
    ),
    drop("every_route_is_throttled", "HttpStage", "DefaultRouteSettings"),
    put("every_route_is_throttled", "HttpStage", "DefaultRouteSettings", "ThrottlingRateLimit", to=10_000),
    drop("what_is_costly_is_throttled_more", "HttpStage", "RouteSettings", "POST /api/playlists"),
    drop("what_is_costly_is_throttled_more", "HttpStage", "RouteSettings", "POST /api/audio-features"),
    put(
        "what_is_costly_is_throttled_more",
        *("HttpStage", "RouteSettings", "POST /api/playlists", "ThrottlingRateLimit"),
        to=20,
    ),
    put("what_is_costly_is_throttled_more", "HttpStage", "@", "DependsOn", to=["PublishRoute"]),
    put("the_stage_has_no_part_in_the_path", "HttpStage", "StageName", to="dev"),
    put("the_stage_has_no_part_in_the_path", "HttpStage", "AutoDeploy", to=False),
    drop("access_logs_are_json_and_hold_nothing_that_somebody_typed", "HttpStage", "AccessLogSettings"),
    swap(
        "access_logs_are_json_and_hold_nothing_that_somebody_typed",
        *("HttpStage", "AccessLogSettings", "Format"),
        old="$context.routeKey",
        new="$context.path",
    ),
    swap(
        "access_logs_are_json_and_hold_nothing_that_somebody_typed",
        *("HttpStage", "AccessLogSettings", "Format"),
        old="$context.protocol",
        new="$context.identity.sourceIp",
    ),
    # ---- Distribution
    drop("the_page_comes_from_its_bucket_by_origin_access_control", *PAGE_ORIGIN, "OriginAccessControlId"),
    put(
        "the_page_comes_from_its_bucket_by_origin_access_control",
        *("SiteAccess", "OriginAccessControlConfig", "SigningBehavior"),
        to="never",
    ),
    put(
        "the_page_comes_from_its_bucket_by_origin_access_control",
        *(*PAGE_ORIGIN, "DomainName", "Fn::GetAtt"),
        to="DataBucket.RegionalDomainName",
    ),
    put("the_page_comes_from_its_bucket_by_origin_access_control", *PAGE, "TargetOriginId", to="api"),
    drop("only_this_distribution_reads_the_page", "SiteBucketPolicy", *POLICY, 1, "Condition"),
    put("only_this_distribution_reads_the_page", "SiteBucketPolicy", *POLICY, 1, "Principal", to="*"),
    put(
        "only_this_distribution_reads_the_page",
        "SiteBucketPolicy",
        *POLICY,
        1,
        "Action",
        to=["s3:GetObject", "s3:PutObject"],
    ),
    put(
        "only_this_distribution_reads_the_page",
        *("SiteBucketPolicy", *POLICY, 1, "Condition", "StringEquals", "aws:SourceArn", "Fn::Sub"),
        to="arn:${AWS::Partition}:cloudfront::${AWS::AccountId}:distribution/*",
    ),
    drop("the_bare_address_is_the_page", *CONFIG, "DefaultRootObject"),
    put("the_bare_address_is_the_page", *CONFIG, "DefaultRootObject", to="home.html"),
    put("the_bare_address_is_the_page", *CONFIG, "Enabled", to=False),
    put("the_page_is_read_over_tls_compressed_and_cached", *PAGE, "ViewerProtocolPolicy", to="allow-all"),
    put("the_page_is_read_over_tls_compressed_and_cached", *PAGE, "Compress", to=False),
    put(
        "the_page_is_read_over_tls_compressed_and_cached",
        *(*PAGE, "CachePolicyId"),
        to="4135ea2d-6df8-44a3-9df3-4b5a84be39ad",
    ),
    put("every_path_of_the_api_and_no_file_of_the_page_goes_to_the_http_api", *API, "PathPattern", to="/api/v1/*"),
    put("every_path_of_the_api_and_no_file_of_the_page_goes_to_the_http_api", *API_ORIGIN, "OriginPath", to="/dev"),
    put("answers_of_the_api_are_never_cached", *API, "CachePolicyId", to="658327ea-f89d-4fab-a63d-7e88639e58f6"),
    put("requests_reach_the_api_whole", *API, "AllowedMethods", to=["GET", "HEAD"]),
    # AWS's AllViewer, which hands the visitor's Host on.
    put("requests_reach_the_api_whole", *API, "OriginRequestPolicyId", to="216adef6-5c7f-47e4-b989-5492eafa07d3"),
    drop("requests_reach_the_api_whole", *API, "OriginRequestPolicyId"),
    put("nothing_that_is_sent_to_the_api_travels_in_the_clear", *API, "ViewerProtocolPolicy", to="allow-all"),
    put("nothing_that_is_sent_to_the_api_travels_in_the_clear", *API, "ViewerProtocolPolicy", to="redirect-to-https"),
    put(
        "nothing_that_is_sent_to_the_api_travels_in_the_clear",
        *(*API_ORIGIN, "CustomOriginConfig", "OriginProtocolPolicy"),
        to="match-viewer",
    ),
    put(
        "nothing_that_is_sent_to_the_api_travels_in_the_clear",
        *(*API_ORIGIN, "CustomOriginConfig", "OriginSSLProtocols"),
        to=["TLSv1"],
    ),
    put(
        "cloudfront_waits_for_as_long_as_the_http_api_does",
        *(*API_ORIGIN, "CustomOriginConfig", "OriginReadTimeout"),
        to=10,
    ),
    put(
        "the_apis_own_errors_reach_the_page",
        *(*CONFIG, "CustomErrorResponses"),
        to=[{"ErrorCode": 404, "ResponseCode": 200, "ResponsePagePath": "/index.html"}],
    ),
    put("cloudfront_keeps_no_log_of_visitors", *CONFIG, "Logging", to={"Bucket": "logs.s3.amazonaws.com"}),
    put("cloudfront_keeps_no_log_of_visitors", *API, "RealtimeLogConfigArn", to="arn:aws:cloudfront::1:realtime-log"),
    drop("the_origin_secret_is_made_up_and_sent_to_the_api_alone", *API_ORIGIN, "OriginCustomHeaders"),
    put(
        "the_origin_secret_is_made_up_and_sent_to_the_api_alone",
        *(*API_ORIGIN, "OriginCustomHeaders", 0, "HeaderValue"),
        to="NEVERLOGME-written-down",
    ),
    put(
        "the_origin_secret_is_made_up_and_sent_to_the_api_alone",
        *(*API_ORIGIN, "OriginCustomHeaders", 0, "HeaderName"),
        to="X-Other",
    ),
    put(
        "the_origin_secret_is_made_up_and_sent_to_the_api_alone",
        *(*PAGE_ORIGIN, "OriginCustomHeaders"),
        to=[{"HeaderName": "X-Origin-Secret", "HeaderValue": "NEVERLOGME-shared"}],
    ),
    put(
        "the_origin_secret_is_made_up_and_sent_to_the_api_alone",
        *("OriginSecret", "GenerateSecretString", "GenerateStringKey"),
        to="other",
    ),
    drop("who_asked_is_said_by_cloudfront_whatever_the_visitor_says", *API, "FunctionAssociations"),
    put(
        "who_asked_is_said_by_cloudfront_whatever_the_visitor_says",
        *API,
        "FunctionAssociations",
        0,
        "EventType",
        to="viewer-response",
    ),
    swap(
        "who_asked_is_said_by_cloudfront_whatever_the_visitor_says",
        "NameVisitor",
        "FunctionCode",
        old="viewer-address",
        new="viewer",
    ),
    put("who_asked_is_said_by_cloudfront_whatever_the_visitor_says", "NameVisitor", "AutoPublish", to=False),
    drop("every_answer_carries_the_security_headers", *PAGE, "ResponseHeadersPolicyId"),
    drop("every_answer_carries_the_security_headers", *API, "ResponseHeadersPolicyId"),
    swap(
        "the_security_headers_are_those_of_the_file_that_the_demo_reads",
        *(*HEADERS, "SecurityHeadersConfig", "ContentSecurityPolicy", "ContentSecurityPolicy"),
        old="script-src 'self'",
        new="script-src *",
    ),
    drop("the_security_headers_are_those_of_the_file_that_the_demo_reads", *HEADERS, "CustomHeadersConfig", "Items", 0),
    drop(
        "the_security_headers_are_those_of_the_file_that_the_demo_reads",
        *(*HEADERS, "SecurityHeadersConfig", "ContentTypeOptions"),
    ),
    put(
        "the_security_headers_are_those_of_the_file_that_the_demo_reads",
        *(*HEADERS, "SecurityHeadersConfig", "FrameOptions", "Override"),
        to=False,
    ),
    put("what_cloudfront_wants_named_is_named_after_the_stack", "NameVisitor", "Name", to="daltonify"),
    put("what_cloudfront_wants_named_is_named_after_the_stack", *HEADERS, "Name", to="daltonify"),
    put(
        "what_cloudfront_wants_named_is_named_after_the_stack",
        "SiteAccess",
        "OriginAccessControlConfig",
        "Name",
        to="x",
    ),
    *(drop("the_outputs_say_where_things_are", "Outputs", name) for name in TEMPLATE["Outputs"]),
    put("the_outputs_say_where_things_are", "Outputs", "PageUrl", "Value", to={"Fn::GetAtt": "HttpApi.ApiEndpoint"}),
    # ---- Permissions
    put("no_permission_is_for_everything", *statement("ApiRole", "ReadIndex", "Action"), to="s3:*"),
    put("no_permission_is_for_everything", *statement("ApiRole", "ReadIndex", "Action"), to="s3:Get*"),
    put("no_permission_is_for_everything", *statement("ApiRole", "KeepRecords", "Resource"), to="*"),
    put(
        "no_permission_is_for_everything",
        *statement("ApiRole", "ReadIndex", "Resource"),
        to={"Fn::Sub": "${DataBucket.Arn}/*"},
    ),
    insert("no_permission_is_for_everything", *statement("BuildIndexRole", "FindObjects")[:-1], value=EVERYTHING),
    put(
        "no_permission_is_for_everything",
        *statement("ScheduledJobsRole", "ReadSpotifyConsent", "Resource"),
        to={"Fn::Sub": "arn:${AWS::Partition}:secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:*"},
    ),
    put("roles_allow_and_name_what", *statement("ApiRole", "KeepLookUps", "NotResource"), to="arn:aws:s3:::other"),
    put("roles_allow_and_name_what", *statement("ApiRole", "ReadIndex", "Effect"), to="Deny"),
    put(
        "every_permission_stands_in_its_role",
        "ApiRole",
        "ManagedPolicyArns",
        to=["arn:aws:iam::aws:policy/AdministratorAccess"],
    ),
    add(
        "every_permission_stands_in_its_role",
        "Beside",
        {"Type": "AWS::IAM::Policy", "Properties": {"PolicyName": "x", "PolicyDocument": {"Statement": [EVERYTHING]}}},
    ),
    put(
        "every_function_has_a_role_of_its_own_that_only_lambda_may_assume",
        *("AudioWorker", "Role"),
        to={"Fn::GetAtt": "ApiRole.Arn"},
    ),
    put(
        "every_function_has_a_role_of_its_own_that_only_lambda_may_assume",
        *("ApiRole", "AssumeRolePolicyDocument", "Statement", 0, "Principal"),
        to={"AWS": "*"},
    ),
    put(
        "functions_may_do_what_their_adapters_ask_of_aws",
        *statement("ApiRole", "KeepRecords", "Action"),
        to=["dynamodb:GetItem"],
    ),
    put(
        "functions_may_do_what_their_adapters_ask_of_aws",
        *statement("ApiRole", "ReadIndex", "Resource", "Fn::Sub"),
        to="${DataBucket.Arn}/indexes/*",
    ),
    insert(
        "functions_may_do_nothing_that_none_of_their_adapters_asks",
        *statement("ApiRole", "KeepRecords", "Action"),
        value="dynamodb:Scan",
    ),
    insert(
        "what_another_function_does_is_not_granted",
        *statement("AudioWorkerRole", "ReadAndRemoveClips", "Action"),
        value="s3:PutObject",
    ),
    put(
        "the_builder_only_reads_the_catalogue_and_touches_nothing_but_the_bucket",
        *statement("BuildIndexRole", "ReadCatalogue", "Action"),
        to=["s3:GetObject", "s3:DeleteObject"],
    ),
    put(
        "the_api_cannot_change_an_index",
        *statement("ApiRole", "ReadIndex", "Action"),
        to=["s3:GetObject", "s3:PutObject"],
    ),
    insert(
        "the_api_takes_audio_in_and_hands_work_on_but_reads_neither",
        *statement("ApiRole", "TakeAudio", "Action"),
        value="s3:GetObject",
    ),
    insert(
        "the_api_can_neither_scan_the_table_nor_delete_more_than_remembered_answers",
        *statement("ApiRole", "KeepRecords", "Action"),
        value="dynamodb:DeleteItem",
    ),
    drop(
        "the_api_can_neither_scan_the_table_nor_delete_more_than_remembered_answers",
        *statement("ApiRole", "KeepLookUps", "Condition"),
    ),
    put(
        "the_api_reads_its_secrets_and_writes_only_the_one_that_spotify_renews",
        *statement("ApiRole", "ReadPublishingSecret", "Action"),
        to=["secretsmanager:GetSecretValue", "secretsmanager:PutSecretValue"],
    ),
    insert(
        "the_api_takes_audio_in_and_hands_work_on_but_reads_neither",
        *statement("ApiRole", "HandWorkOn", "Resource"),
        value={"Fn::GetAtt": "ReleaseDeadLetters.Arn"},
    ),
    put(
        "functions_may_do_what_their_adapters_ask_of_aws",
        *statement("ScheduledJobsRole", "FindWhatIsDue", "Resource"),
        to=TABLE,
    ),
    put(
        "functions_may_do_what_their_adapters_ask_of_aws",
        *statement("ApiRole", "HandWorkOn", "Resource"),
        to={"Fn::GetAtt": "AudioQueue.Arn"},
    ),
    insert(
        "what_another_function_does_is_not_granted",
        *statement("ApiRole", "KeepRecords", "Action"),
        value="dynamodb:Query",
    ),
    drop(
        "the_worker_for_releases_reads_the_index_publishes_and_removes_nothing_but_its_own",
        *statement("ReleaseWorkerRole", "KeepPlaylists", "Condition"),
    ),
    put(
        "the_worker_for_releases_reads_the_index_publishes_and_removes_nothing_but_its_own",
        *statement("ReleaseWorkerRole", "KeepPlaylists", "Condition", "ForAllValues:StringLike"),
        to={"dynamodb:LeadingKeys": ["*"]},
    ),
    insert(
        "the_worker_for_releases_reads_the_index_publishes_and_removes_nothing_but_its_own",
        *statement("ReleaseWorkerRole", "KeepRecords", "Action"),
        value="dynamodb:Scan",
    ),
    drop(
        "jobs_list_what_is_due_and_the_artists_and_nothing_of_one_artist",
        *statement("ScheduledJobsRole", "FindArtists", "Condition"),
    ),
    put(
        "jobs_list_what_is_due_and_the_artists_and_nothing_of_one_artist",
        *statement("ScheduledJobsRole", "FindArtists", "Condition", "ForAllValues:StringLike"),
        to={"dynamodb:LeadingKeys": ["artist*"]},
    ),
    insert(
        "the_worker_for_audio_has_its_queue_the_clips_and_the_table_and_nothing_else",
        *statement("AudioWorkerRole", "KeepJobsAndCircuits", "Action"),
        value="dynamodb:DeleteItem",
    ),
    put(
        "jobs_read_lists_write_nothing_but_collected_tracks_and_remove_nothing_but_audio",
        *statement("ScheduledJobsRole", "KeepCollectedTracks", "Resource", "Fn::Sub"),
        to="${DataBucket.Arn}/catalogue/*",
    ),
    drop(
        "who_reads_objects_may_list_the_bucket_so_that_a_missing_one_is_not_taken_for_a_forbidden_one",
        *statement("ApiRole", "FindObjects"),
    ),
    # ---- Alarms and dashboard
    *alarm_breaks("an_alarm_goes_off_when_a_build_failed", "BuildFailedAlarm", "Throttles", "notBreaching"),
    *alarm_breaks("an_alarm_goes_off_when_the_index_is_too_old", "IndexTooOldAlarm", "IndexTracks", "notBreaching"),
    *alarm_breaks("an_alarm_goes_off_when_the_api_fails", "ApiErrorsAlarm", "4xx", "breaching"),
    *(
        one
        for name in ("DeadLettersAlarm", "ReleaseDeadLettersAlarm")
        for one in alarm_breaks("an_alarm_goes_off_when_a_letter_is_dead", name, "NumberOfMessagesSent", "ignore")
    ),
    *(
        one
        for name in ("ServiceTokenEndsAlarm", "ServiceTokenEndsSoonAlarm", "ServiceTokenEndsNowAlarm")
        for one in alarm_breaks(
            "alarms_go_off_when_the_service_token_is_near_its_end", name, "ServiceTokenDead", "breaching"
        )
    ),
    *alarm_breaks(
        "an_alarm_goes_off_while_there_is_still_room_for_playlists", "PlaylistsFullAlarm", "Requests", "breaching"
    ),
    *alarm_breaks("an_alarm_goes_off_when_the_quota_circuit_is_open", "QuotaCircuitOpenAlarm", "Requests", "ignore"),
    put("an_alarm_goes_off_when_a_build_failed", "BuildFailedAlarm", "Dimensions", 0, "Value", "Ref", to="Api"),
    put(
        "an_alarm_goes_off_when_a_letter_is_dead",
        *("DeadLettersAlarm", "Dimensions", 0, "Value", "Fn::GetAtt"),
        to="AudioQueue.QueueName",
    ),
    put(
        "an_alarm_goes_off_when_a_letter_is_dead",
        *("ReleaseDeadLettersAlarm", "Dimensions", 0, "Value", "Fn::GetAtt"),
        to="AudioDeadLetters.QueueName",
    ),
    put("every_alarm_watches_what_is_measured", "QuotaCircuitOpenAlarm", "MetricName", to="Circuit"),
    put("every_alarm_watches_what_is_measured", "QuotaCircuitOpenAlarm", "Namespace", to="AWS/Lambda"),
    put("every_alarm_watches_what_is_measured", "ServiceTokenEndsAlarm", "Dimensions", 0, "Value", to="other"),
    put("every_alarm_says_what_it_means_and_tells_the_topic", "ApiErrorsAlarm", "ActionsEnabled", to=False),
    put("every_alarm_says_what_it_means_and_tells_the_topic", "ApiErrorsAlarm", "AlarmDescription", to="API"),
    drop("only_alarms_of_this_account_are_sent_and_only_over_tls", "AlarmTopicPolicy", *POLICY, 0, "Condition"),
    drop("only_alarms_of_this_account_are_sent_and_only_over_tls", "AlarmTopicPolicy", *POLICY, 1),
    drop("mail_goes_only_to_an_address_that_was_given", "AlarmSubscription", "@", "Condition"),
    put("mail_goes_only_to_an_address_that_was_given", "AlarmSubscription", "Endpoint", to="NEVERLOGME@example.org"),
    swap("the_dashboard_shows_what_is_measured_and_nothing_else", *DASHBOARD, old="IndexTracks", new="Tracks"),
    swap(
        "the_dashboard_shows_every_alarm_and_every_metric_that_one_watches",
        *DASHBOARD,
        old='"${DeadLettersAlarm.Arn}",',
        new="",
    ),
    swap("no_part_of_the_dashboard_covers_another", *DASHBOARD, old='"x": 8, "y": 24', new='"x": 4, "y": 24'),
]


@pytest.fixture(scope="module")
def broken() -> dict[str, Transformed]:
    """Every broken template by what was spoilt, transformed at one go."""
    templates = []
    for one in BREAKS:
        values = deepcopy(dict(TEMPLATE))
        one.spoil(values)
        templates.append(values)
    return dict(zip([f"{one.promise}: {one.name}" for one in BREAKS], transform(templates), strict=True))


@pytest.mark.parametrize("one", BREAKS, ids=lambda one: f"{one.promise}-{one.name}")
def test_a_broken_promise_is_noticed(one, broken):
    with pytest.raises((AssertionError, LookupError, ValueError, TypeError)):
        PROMISES[one.promise](broken[f"{one.promise}: {one.name}"])


def test_every_promise_has_been_broken():
    assert {one.promise for one in BREAKS} == PROMISES.keys()
