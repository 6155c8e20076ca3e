"""What the template promises about the jobs that grow the catalogue."""

import json
from pathlib import Path

import pytest
from scheduled_jobs.handler import JOBS
from shared.settings import JobSettings

from infra.local.sam_template import read_template

EVENTS = Path(__file__).parents[1] / "events"

template = read_template()
function = template.resource("ScheduledJobs")
events = function["Events"]
each_event = pytest.mark.parametrize("name", events)


def test_there_is_a_schedule_for_every_job_that_the_handler_knows():
    assert {json.loads(event["Properties"]["Input"])["job"] for event in events.values()} == JOBS.keys()


def test_the_recorded_event_is_the_scheduled_one():
    assert json.loads((EVENTS / "scheduled_collect.json").read_text()) == json.loads(
        events["Collect"]["Properties"]["Input"]
    )


@each_event
def test_the_jobs_can_be_switched_off(name):
    assert events[name]["Type"] == "ScheduleV2"
    assert events[name]["Properties"]["State"] == {"Ref": "ScheduledJobsState"}
    switch = template.values["Parameters"]["ScheduledJobsState"]
    assert set(switch["AllowedValues"]) == {"ENABLED", "DISABLED"}


@each_event
def test_two_stacks_can_live_in_one_account(name):
    assert events[name]["Properties"]["OmitName"] is True


def test_the_operator_sets_how_often_lists_are_collected():
    assert events["Collect"]["Properties"]["ScheduleExpression"] == {"Ref": "CollectRate"}
    pattern = template.values["Parameters"]["CollectRate"]["AllowedPattern"]
    assert pattern == template.values["Parameters"]["BuildRate"]["AllowedPattern"]


def test_the_environment_is_what_the_settings_read():
    given = function["Environment"]["Variables"].keys()
    fields = {field.upper(): info for field, info in JobSettings.model_fields.items()}
    assert given <= fields.keys()
    assert given >= {field for field, info in fields.items() if info.is_required()}


def test_the_jobs_read_lists_and_write_nothing_but_collected_tracks():
    statements = template.resource("ScheduledJobsRole")["Policies"][0]["PolicyDocument"]["Statement"]
    granted = {
        (action, str(next(iter(one["Resource"].values()))))
        for one in statements
        for action in ([one["Action"]] if isinstance(one["Action"], str) else one["Action"])
        if not action.startswith("logs:")
    }
    assert granted == {
        ("s3:ListBucket", "DataBucket.Arn"),
        ("s3:GetObject", "${DataBucket.Arn}/collect/*"),
        ("s3:GetObject", "${DataBucket.Arn}/catalogue/collected/*"),
        ("s3:PutObject", "${DataBucket.Arn}/catalogue/collected/*"),
    }


def test_a_call_that_failed_is_tried_again_but_not_for_ever():
    retries = function["EventInvokeConfig"]
    assert retries["MaximumRetryAttempts"] == 1
    assert retries["MaximumEventAgeInSeconds"] > function["Timeout"]
