"""Functions, layers, schedules and queues."""

import json
from datetime import timedelta

from scheduled_jobs.handler import JOBS
from shared.observability import NAMESPACE

from daltonify_core.use_cases.remove_audio import FORGOTTEN_AFTER
from daltonify_core.use_cases.submit_audio import AudioSettings
from tests.template.promises.registry import promise
from tests.template.transformed import Transformed, as_list, attribute

SCHEDULES = "AWS::Scheduler::Schedule"
QUEUES = "AWS::SQS::Queue"
MOST_MEMORY_OF_A_NEW_ACCOUNT = 3008


def schedules_of(template: Transformed, function: str) -> dict[str, dict[str, object]]:
    return {
        name.removeprefix(function): one
        for name, one in template.of_type(SCHEDULES).items()
        if one["Target"]["Arn"] == {"Fn::GetAtt": f"{function}.Arn"}
    }


@promise
def the_four_functions_are_there(template: Transformed) -> None:
    handlers = {name: one["Handler"] for name, one in template.functions.items()}
    assert handlers == {
        "BuildIndex": "build_index.handler.handler",
        "ScheduledJobs": "scheduled_jobs.handler.handler",
        "Api": "api.handler.handler",
        "AudioWorker": "audio_worker.handler.handler",
    }


@promise
def everything_runs_on_python_3_13_and_x86_64(template: Transformed) -> None:
    for function in template.functions.values():
        assert function["Runtime"] == "python3.13"
        assert function["Architectures"] == ["x86_64"]
    for layer in template.of_type("AWS::Lambda::LayerVersion").values():
        assert layer["CompatibleRuntimes"] == ["python3.13"]
        assert layer["CompatibleArchitectures"] == ["x86_64"]


@promise
def no_function_asks_for_more_than_a_new_account_has(template: Transformed) -> None:
    for function in template.functions.values():
        assert 128 <= function["MemorySize"] <= MOST_MEMORY_OF_A_NEW_ACCOUNT


@promise
def no_concurrency_is_reserved_or_provisioned(template: Transformed) -> None:
    for function in template.functions.values():
        assert "ReservedConcurrentExecutions" not in function, "a new account has ten in all, and must keep them"
    kinds = {one["Type"] for one in template.resources.values()}
    assert not kinds & {"AWS::Lambda::Alias", "AWS::Lambda::Version"}, "only these could have some provisioned"


@promise
def every_function_says_how_long_it_may_take_and_how_much_disk(template: Transformed) -> None:
    for function in template.functions.values():
        assert 0 < function["Timeout"] <= 900
        assert 512 <= function["EphemeralStorage"]["Size"] <= 10_240


@promise
def the_build_has_as_long_as_lambda_gives(template: Transformed) -> None:
    assert template["BuildIndex"]["Timeout"] == 900


@promise
def every_function_has_both_layers(template: Transformed) -> None:
    layers = [{"Ref": name} for name in template.of_type("AWS::Lambda::LayerVersion")]
    assert len(layers) == 2
    for function in template.functions.values():
        assert sorted(function["Layers"], key=str) == sorted(layers, key=str)


@promise
def replaced_layers_do_not_pile_up(template: Transformed) -> None:
    for name in template.of_type("AWS::Lambda::LayerVersion"):
        assert template.resources[name]["DeletionPolicy"] == "Delete"


@promise
def every_function_logs_json_to_a_group_of_its_own(template: Transformed) -> None:
    groups = [function["LoggingConfig"]["LogGroup"]["Ref"] for function in template.functions.values()]
    assert len(set(groups)) == len(groups)
    assert set(groups) <= template.of_type("AWS::Logs::LogGroup").keys()
    for name, function in template.functions.items():
        logging = function["LoggingConfig"]
        assert logging["LogFormat"] == "JSON"
        arn = f"{logging['LogGroup']['Ref']}.Arn"
        logs = {pair for pair in template.grants(template.role_of(name)) if pair[0].startswith("logs:")}
        assert logs == {("logs:CreateLogStream", arn), ("logs:PutLogEvents", arn)}


@promise
def metrics_are_not_filtered_out_with_the_log_lines_that_carry_them(template: Transformed) -> None:
    for function in template.functions.values():
        assert function["LoggingConfig"]["ApplicationLogLevel"] in ("TRACE", "DEBUG", "INFO")


@promise
def every_log_is_kept_for_a_month(template: Transformed) -> None:
    for group in template.of_type("AWS::Logs::LogGroup").values():
        assert group["RetentionInDays"] == 30


@promise
def functions_tell_their_figures_under_the_names_that_alarms_know(template: Transformed) -> None:
    for function in template.functions.values():
        variables = function["Environment"]["Variables"]
        assert variables["POWERTOOLS_SERVICE_NAME"] == {"Ref": "AWS::StackName"}
        assert variables["POWERTOOLS_METRICS_NAMESPACE"] == NAMESPACE


@promise
def every_function_carries_the_tags(template: Transformed) -> None:
    for function in template.functions.values():
        tags = {one["Key"]: one["Value"] for one in function["Tags"]}
        # Beside those, SAM may put one of its own.
        assert tags["Application"] == "daltonify"
        assert tags["Stage"] == {"Ref": "Stage"}


@promise
def what_sam_makes_for_a_function_carries_its_tags(template: Transformed) -> None:
    for name in (name for name in template.of_type("AWS::IAM::Role") if template[name].get("Tags") is not None):
        assert {"Key": "Stage", "Value": {"Ref": "Stage"}} in template[name]["Tags"]
    for schedule in template.of_type(SCHEDULES).values():
        role = attribute(schedule["Target"]["RoleArn"]).removesuffix(".Arn")
        assert {"Key": "Application", "Value": "daltonify"} in template[role]["Tags"]


# ---- Schedules -------------------------------------------------------------------------------------------------------


@promise
def the_index_is_built_at_the_rate_of_the_parameter(template: Transformed) -> None:
    (schedule,) = schedules_of(template, "BuildIndex").values()
    assert schedule["ScheduleExpression"] == {"Ref": "BuildRate"}
    assert schedule.get("State", "ENABLED") == "ENABLED"


@promise
def no_schedule_has_a_name_so_that_two_stacks_can_live_in_one_account(template: Transformed) -> None:
    for schedule in template.of_type(SCHEDULES).values():
        assert "Name" not in schedule


@promise
def no_schedule_insists_on_the_full_hour(template: Transformed) -> None:
    for schedule in template.of_type(SCHEDULES).values():
        window = schedule["FlexibleTimeWindow"]
        assert window["Mode"] == "FLEXIBLE"
        assert 0 < window["MaximumWindowInMinutes"] <= 60


@promise
def what_a_schedule_could_not_deliver_is_tried_again_but_not_for_ever(template: Transformed) -> None:
    for schedule in template.of_type(SCHEDULES).values():
        retries = schedule["Target"]["RetryPolicy"]
        assert 1 <= retries["MaximumRetryAttempts"] <= 3
        assert retries["MaximumEventAgeInSeconds"] <= 3600


@promise
def a_scheduled_call_that_failed_is_tried_again_but_not_for_ever(template: Transformed) -> None:
    retries = {one["FunctionName"]["Ref"]: one for one in template.of_type("AWS::Lambda::EventInvokeConfig").values()}
    assert retries.keys() == {"BuildIndex", "ScheduledJobs"}
    for name, one in retries.items():
        assert one["MaximumRetryAttempts"] == 1
        assert one["MaximumEventAgeInSeconds"] > template[name]["Timeout"]


@promise
def a_schedule_may_call_its_own_function_and_nothing_else(template: Transformed) -> None:
    for schedule in template.of_type(SCHEDULES).values():
        role = attribute(schedule["Target"]["RoleArn"]).removesuffix(".Arn")
        assert template.grants(role) == {("lambda:InvokeFunction", attribute(schedule["Target"]["Arn"]))}
        (trust,) = template[role]["AssumeRolePolicyDocument"]["Statement"]
        assert trust["Principal"] == {"Service": ["scheduler.amazonaws.com"]}


@promise
def every_job_that_the_handler_knows_has_a_schedule(template: Transformed) -> None:
    inputs = [one["Target"]["Input"] for one in template.of_type(SCHEDULES).values() if "Input" in one["Target"]]
    assert sorted(json.loads(one)["job"] for one in inputs) == sorted(JOBS)
    assert len(schedules_of(template, "ScheduledJobs")) == len(JOBS)


@promise
def the_operator_sets_how_often_lists_are_collected(template: Transformed) -> None:
    assert schedules_of(template, "ScheduledJobs")["Collect"]["ScheduleExpression"] == {"Ref": "CollectRate"}
    rates = template.values["Parameters"]
    assert rates["CollectRate"]["AllowedPattern"] == rates["BuildRate"]["AllowedPattern"]


@promise
def the_jobs_that_ask_reccobeats_can_be_switched_off_and_the_others_cannot(template: Transformed) -> None:
    states = {name: one.get("State") for name, one in schedules_of(template, "ScheduledJobs").items()}
    switch = {"Ref": "ScheduledJobsState"}
    assert states == {"Collect": switch, "RefreshPopularity": switch, "RemoveAudio": None, "CheckConsent": None}
    assert set(template.values["Parameters"]["ScheduledJobsState"]["AllowedValues"]) == {"ENABLED", "DISABLED"}


@promise
def forgotten_audio_goes_early_in_the_day_for_which_it_may_stay_at_most(template: Transformed) -> None:
    assert schedules_of(template, "ScheduledJobs")["RemoveAudio"]["ScheduleExpression"] == "rate(1 hour)"
    assert FORGOTTEN_AFTER + 10 * timedelta(hours=1) < timedelta(days=1), "ten calls may fail"


@promise
def the_consent_is_looked_at_often_enough_for_an_alarm_in_days(template: Transformed) -> None:
    assert schedules_of(template, "ScheduledJobs")["CheckConsent"]["ScheduleExpression"] == "rate(1 day)"


# ---- Queues ----------------------------------------------------------------------------------------------------------


@promise
def every_queue_is_encrypted(template: Transformed) -> None:
    for queue in template.of_type(QUEUES).values():
        assert queue["SqsManagedSseEnabled"] is True


@promise
def the_worker_gets_one_message_at_a_time_and_says_which_have_to_come_again(template: Transformed) -> None:
    (mapping,) = template.of_type("AWS::Lambda::EventSourceMapping").values()
    assert mapping["FunctionName"] == {"Ref": "AudioWorker"}
    assert mapping["EventSourceArn"] == {"Fn::GetAtt": "AudioQueue.Arn"}
    assert mapping["BatchSize"] == 1
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert mapping.get("Enabled", True) is True


@promise
def uploads_leave_most_of_a_new_accounts_functions_to_the_others(template: Transformed) -> None:
    (mapping,) = template.of_type("AWS::Lambda::EventSourceMapping").values()
    assert mapping["ScalingConfig"]["MaximumConcurrency"] == 2


@promise
def a_message_is_hidden_for_as_long_as_its_worker_and_lambdas_own_retries_may_last(template: Transformed) -> None:
    hidden, takes = template["AudioQueue"]["VisibilityTimeout"], template["AudioWorker"]["Timeout"]
    assert hidden >= 6 * takes
    # A worker that died is followed by another one before the job is given up.
    assert hidden + takes < AudioSettings().given_up_after.total_seconds()


@promise
def messages_go_with_their_jobs(template: Transformed) -> None:
    lasts = template["AudioQueue"]["MessageRetentionPeriod"]
    assert lasts == AudioSettings().record_lasts.total_seconds()
    assert max(AudioSettings().record_lasts, timedelta(seconds=lasts)) < FORGOTTEN_AFTER, "no clip is missed by then"


@promise
def what_fails_again_and_again_is_kept_for_a_person(template: Transformed) -> None:
    redrive = template["AudioQueue"]["RedrivePolicy"]
    assert redrive["deadLetterTargetArn"] == {"Fn::GetAtt": "AudioDeadLetters.Arn"}
    assert redrive["maxReceiveCount"] > AudioSettings().asks + 1
    # Its age counts from when it was sent at first, and two weeks are the most there is.
    assert template["AudioDeadLetters"]["MessageRetentionPeriod"] == timedelta(days=14).total_seconds()


@promise
def one_address_may_send_no_more_files_than_all_together(template: Transformed) -> None:
    limits = template.values["Parameters"]["DailyAudioFilesPerClient"]
    assert limits["MaxValue"] == AudioSettings().daily_in_all
    assert limits["Default"] == AudioSettings().daily_per_client
    variables = template["Api"]["Environment"]["Variables"]
    for name, parameter in {
        "DAILY_AUDIO_FILES_PER_CLIENT": "DailyAudioFilesPerClient",
        "DAILY_PLAYLISTS_PER_CLIENT": "DailyPlaylistsPerClient",
        "PUBLISH_ACCESS": "PublishAccess",
    }.items():
        assert variables[name] == {"Ref": parameter}


@promise
def nobody_publishes_unless_the_operator_opens_it(template: Transformed) -> None:
    assert template.values["Parameters"]["PublishAccess"]["Default"] == "code"
    assert as_list(template.values["Parameters"]["PublishAccess"]["AllowedValues"]) == ["off", "code", "open"]
