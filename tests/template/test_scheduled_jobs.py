"""What the template promises about the jobs that grow the catalogue and remove forgotten audio."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from scheduled_jobs.handler import JOBS
from shared.settings import JobSettings

from daltonify_core.use_cases.remove_audio import FORGOTTEN_AFTER
from daltonify_core.use_cases.submit_audio import AudioSettings
from infra.local.sam_template import read_template

EVENTS = Path(__file__).parents[1] / "events"

template = read_template()
function = template.resource("ScheduledJobs")
events = function["Events"]
each_event = pytest.mark.parametrize("name", events)


def test_there_is_a_schedule_for_every_job_that_the_handler_knows():
    assert {json.loads(event["Properties"]["Input"])["job"] for event in events.values()} == JOBS.keys()


@pytest.mark.parametrize(("recorded", "name"), [("collect", "Collect"), ("remove_audio", "RemoveAudio")])
def test_the_recorded_event_is_the_scheduled_one(recorded, name):
    assert json.loads((EVENTS / f"scheduled_{recorded}.json").read_text()) == json.loads(
        events[name]["Properties"]["Input"]
    )


@each_event
def test_the_jobs_that_ask_reccobeats_can_be_switched_off_and_the_others_cannot(name):
    assert events[name]["Type"] == "ScheduleV2"
    state = events[name]["Properties"].get("State")
    assert state == (None if name in ("RemoveAudio", "CheckConsent") else {"Ref": "ScheduledJobsState"})
    switch = template.values["Parameters"]["ScheduledJobsState"]
    assert set(switch["AllowedValues"]) == {"ENABLED", "DISABLED"}


@each_event
def test_two_stacks_can_live_in_one_account(name):
    assert events[name]["Properties"]["OmitName"] is True


def test_the_operator_sets_how_often_lists_are_collected():
    assert events["Collect"]["Properties"]["ScheduleExpression"] == {"Ref": "CollectRate"}
    pattern = template.values["Parameters"]["CollectRate"]["AllowedPattern"]
    assert pattern == template.values["Parameters"]["BuildRate"]["AllowedPattern"]


def test_forgotten_audio_goes_early_in_the_day_for_which_it_may_stay_at_most():
    assert events["RemoveAudio"]["Properties"]["ScheduleExpression"] == "rate(1 hour)"
    assert FORGOTTEN_AFTER + 10 * timedelta(hours=1) < timedelta(days=1), "ten calls may fail"


def test_the_consent_is_looked_at_often_enough_for_an_alarm_in_days():
    assert events["CheckConsent"]["Properties"]["ScheduleExpression"] == "rate(1 day)"


def test_nobody_comes_to_need_a_clip_that_was_removed_as_forgotten():
    message_lasts = timedelta(seconds=template.resource("AudioQueue")["MessageRetentionPeriod"])
    assert max(AudioSettings().record_lasts, message_lasts) < FORGOTTEN_AFTER


def test_the_environment_is_what_the_settings_read():
    given = function["Environment"]["Variables"].keys()
    fields = {field.upper(): info for field, info in JobSettings.model_fields.items()}
    assert given <= fields.keys()
    assert given >= {field for field, info in fields.items() if info.is_required()}


def test_the_jobs_read_lists_write_nothing_but_collected_tracks_and_remove_nothing_but_audio():
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
        ("s3:ListBucket", "AudioBucket.Arn"),
        ("s3:DeleteObject", "${AudioBucket.Arn}/audio/*"),
        (
            "secretsmanager:GetSecretValue",
            "arn:${AWS::Partition}:secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:${SpotifySecretName}-??????",
        ),
    }


def test_a_call_that_failed_is_tried_again_but_not_for_ever():
    retries = function["EventInvokeConfig"]
    assert retries["MaximumRetryAttempts"] == 1
    assert retries["MaximumEventAgeInSeconds"] > function["Timeout"]
