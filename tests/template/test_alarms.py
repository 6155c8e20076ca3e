"""Six alarms, each on something that is really measured, and one page with everything."""

import json
import re
from pathlib import Path

import pytest
from shared.observability import NAMESPACE, SERVICE

from infra.local.sam_template import TEMPLATE, read_template

FUNCTIONS = Path(__file__).parents[2] / "functions"

template = read_template()
resources = template.values["Resources"]
alarms = {name: one["Properties"] for name, one in resources.items() if one["Type"] == "AWS::CloudWatch::Alarm"}
each_alarm = pytest.mark.parametrize("name", alarms)
code = "".join(path.read_text(encoding="utf-8") for path in FUNCTIONS.rglob("*.py"))
text = TEMPLATE.read_text(encoding="utf-8")

# What AWS measures by itself, with the dimensions by which it does.
OF_AWS = {
    ("AWS/Lambda", "Errors"): {"FunctionName"},
    ("AWS/ApiGateway", "5xx"): {"ApiId"},
    ("AWS/ApiGateway", "4xx"): {"ApiId"},
    ("AWS/ApiGateway", "Latency"): {"ApiId"},
    ("AWS/SQS", "ApproximateNumberOfMessagesVisible"): {"QueueName"},
}


def is_measured(namespace, metric):
    return f'"{metric}"' in code if namespace == NAMESPACE else (namespace, metric) in OF_AWS


def test_there_is_an_alarm_for_everything_that_a_person_has_to_do():
    assert alarms.keys() == {
        "BuildFailedAlarm",
        "IndexTooOldAlarm",
        "ApiErrorsAlarm",
        "DeadLettersAlarm",
        "ServiceTokenEndsAlarm",
        "QuotaCircuitOpenAlarm",
    }


@each_alarm
def test_an_alarm_watches_what_is_measured(name):
    alarm = alarms[name]
    assert is_measured(alarm["Namespace"], alarm["MetricName"])
    dimensions = {one["Name"]: one["Value"] for one in alarm["Dimensions"]}
    if alarm["Namespace"] == NAMESPACE:
        assert dimensions == {"service": SERVICE}
    else:
        assert dimensions.keys() == OF_AWS[alarm["Namespace"], alarm["MetricName"]]


@each_alarm
def test_an_alarm_says_what_it_means_and_whom_it_tells(name):
    alarm = alarms[name]
    assert len(alarm["AlarmDescription"]) > 40
    assert alarm["AlarmActions"] == alarm["OKActions"] == [{"Ref": "AlarmTopic"}]
    assert "ActionsEnabled" not in alarm


@each_alarm
def test_threshold_and_silence_have_their_reasons_beside_them(name):
    block = text[text.index(f"\n  {name}:\n") :]
    for key in ("Threshold", "TreatMissingData"):
        (line,) = re.findall(rf"^(.*)\n +{key}: ", block[: block.index("OKActions")], flags=re.MULTILINE)
        assert line.strip().startswith("# ")


@pytest.mark.parametrize(
    ("name", "watched", "goes_off", "in_silence"),
    [
        ("BuildFailedAlarm", ("Errors", "Sum"), (">=", 1), "ignore"),
        ("IndexTooOldAlarm", ("BuildSeconds", "SampleCount"), ("<", 1), "breaching"),
        ("ApiErrorsAlarm", ("5xx", "Sum"), (">=", 5), "notBreaching"),
        ("DeadLettersAlarm", ("ApproximateNumberOfMessagesVisible", "Maximum"), (">=", 1), "notBreaching"),
        ("ServiceTokenEndsAlarm", ("ServiceTokenDaysLeft", "Minimum"), ("<", 21), "ignore"),
        ("QuotaCircuitOpenAlarm", ("CircuitOpen", "Sum"), (">=", 1), "notBreaching"),
    ],
)
def test_an_alarm_goes_off_when_it_should(name, watched, goes_off, in_silence):
    alarm = alarms[name]
    signs = {"GreaterThanOrEqualToThreshold": ">=", "LessThanThreshold": "<"}
    assert (alarm["MetricName"], alarm["Statistic"]) == watched
    assert (signs[alarm["ComparisonOperator"]], alarm["Threshold"]) == goes_off
    assert alarm["TreatMissingData"] == in_silence


def test_alarms_watch_the_right_thing_of_several():
    watched = {name: one["Dimensions"][0]["Value"] for name, one in alarms.items()}
    assert watched["BuildFailedAlarm"] == {"Ref": "BuildIndex"}
    assert watched["ApiErrorsAlarm"] == {"Ref": "HttpApi"}
    # The queue that the redrive policy of the other leads to.
    assert watched["DeadLettersAlarm"] == {"Fn::GetAtt": "AudioDeadLetters.QueueName"}


def test_an_index_is_too_old_after_days_and_cloudwatch_can_look_back_as_far():
    alarm = alarms["IndexTooOldAlarm"]
    assert 2 * 86_400 <= alarm["Period"] * alarm["EvaluationPeriods"] <= 7 * 86_400


def test_only_alarms_of_this_account_are_sent_and_only_over_tls():
    policy = template.resource("AlarmTopicPolicy")
    assert policy["Topics"] == [{"Ref": "AlarmTopic"}]
    allowed, denied = policy["PolicyDocument"]["Statement"]
    assert allowed["Effect"] == "Allow"
    assert allowed["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    assert allowed["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}
    assert denied["Effect"] == "Deny"
    assert denied["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert allowed["Action"] == denied["Action"] == "sns:Publish"
    assert allowed["Resource"] == denied["Resource"] == {"Ref": "AlarmTopic"}


def test_mail_goes_only_to_an_address_that_was_given():
    assert template.values["Conditions"]["HasAlarmEmail"] == {"Fn::Not": [{"Fn::Equals": [{"Ref": "AlarmEmail"}, ""]}]}
    assert resources["AlarmSubscription"]["Condition"] == "HasAlarmEmail"
    assert template.resource("AlarmSubscription") == {
        "TopicArn": {"Ref": "AlarmTopic"},
        "Protocol": "email",
        "Endpoint": {"Ref": "AlarmEmail"},
    }


@pytest.fixture
def widgets():
    body = template.resource("Dashboard")["DashboardBody"]["Fn::Sub"]
    return json.loads(re.sub(r"\$\{[\w:.]+\}", lambda found: found[0][2:-1], body))["widgets"]


def test_the_dashboard_shows_what_is_measured_and_nothing_else(widgets):
    shown = [one for widget in widgets for one in widget["properties"].get("metrics", []) if isinstance(one[0], str)]
    assert len(shown) > 20
    for namespace, metric, dimension, value, _ in shown:
        assert is_measured(namespace, metric), metric
        assert {dimension} == ({"service"} if namespace == NAMESPACE else OF_AWS[namespace, metric])
        assert value == SERVICE or value.partition(".")[0] in resources


def test_the_dashboard_shows_every_alarm_and_every_metric_that_one_watches(widgets):
    (shown,) = [widget["properties"]["alarms"] for widget in widgets if widget["type"] == "alarm"]
    assert {one.removesuffix(".Arn") for one in shown} == alarms.keys()
    drawn = {one[1] for widget in widgets for one in widget["properties"].get("metrics", []) if isinstance(one[0], str)}
    assert drawn >= {alarm["MetricName"] for alarm in alarms.values()}


def test_no_part_of_the_dashboard_covers_another(widgets):
    taken = [
        (x, y)
        for widget in widgets
        for x in range(widget["x"], widget["x"] + widget["width"])
        for y in range(widget["y"], widget["y"] + widget["height"])
    ]
    assert len(taken) == len(set(taken))
    assert max(x for x, _ in taken) < 24
