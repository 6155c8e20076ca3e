"""Six alarms, each on something that is really measured, and one page with everything."""

import json
import re
from pathlib import Path
from typing import Any

from shared.observability import NAMESPACE

from tests.template.promises.registry import promise
from tests.template.transformed import Transformed, attribute

FUNCTIONS = Path(__file__).parents[3] / "functions"
CODE = "".join(path.read_text(encoding="utf-8") for path in FUNCTIONS.rglob("*.py"))

# What AWS measures by itself, with the dimensions by which it does.
OF_AWS = {
    ("AWS/Lambda", "Errors"): {"FunctionName"},
    ("AWS/ApiGateway", "5xx"): {"ApiId"},
    ("AWS/ApiGateway", "4xx"): {"ApiId"},
    ("AWS/ApiGateway", "Latency"): {"ApiId"},
    ("AWS/SQS", "ApproximateNumberOfMessagesVisible"): {"QueueName"},
}
# The dimension of our own metrics, which tells stages apart.
OWN_NAME = {"Ref": "AWS::StackName"}
SIGNS = {"GreaterThanOrEqualToThreshold": ">=", "LessThanThreshold": "<"}


def alarms(template: Transformed) -> dict[str, Any]:
    return template.of_type("AWS::CloudWatch::Alarm")


def is_measured(namespace: str, metric: str) -> bool:
    return f'"{metric}"' in CODE if namespace == NAMESPACE else (namespace, metric) in OF_AWS


def widgets(template: Transformed) -> list[dict[str, Any]]:
    body = template["Dashboard"]["DashboardBody"]["Fn::Sub"]
    found: list[dict[str, Any]] = json.loads(re.sub(r"\$\{[\w:.]+\}", lambda one: one[0][2:-1], body))["widgets"]
    return found


def drawn(template: Transformed) -> list[list[Any]]:
    """The metrics of the dashboard that are named one by one."""
    return [
        one
        for widget in widgets(template)
        for one in widget["properties"].get("metrics", [])
        if isinstance(one[0], str)
    ]


def goes_off(template: Transformed, name: str) -> tuple[object, ...]:
    """Metric, statistic, what it is compared with, for how long, and what silence means."""
    alarm = template[name]
    return (
        *(alarm["MetricName"], alarm["Statistic"], SIGNS[alarm["ComparisonOperator"]], alarm["Threshold"]),
        *(alarm["Period"], alarm["EvaluationPeriods"], alarm["TreatMissingData"]),
    )


@promise
def there_is_an_alarm_for_everything_that_a_person_has_to_do(template: Transformed) -> None:
    assert alarms(template).keys() == {
        "BuildFailedAlarm",
        "IndexTooOldAlarm",
        "ApiErrorsAlarm",
        "DeadLettersAlarm",
        "ServiceTokenEndsAlarm",
        "QuotaCircuitOpenAlarm",
    }


@promise
def every_alarm_watches_what_is_measured(template: Transformed) -> None:
    for alarm in alarms(template).values():
        assert is_measured(alarm["Namespace"], alarm["MetricName"])
        dimensions = {one["Name"]: one["Value"] for one in alarm["Dimensions"]}
        if alarm["Namespace"] == NAMESPACE:
            assert dimensions == {"service": OWN_NAME}
        else:
            assert dimensions.keys() == OF_AWS[alarm["Namespace"], alarm["MetricName"]]
        assert "ExtendedStatistic" not in alarm


@promise
def every_alarm_says_what_it_means_and_tells_the_topic(template: Transformed) -> None:
    for alarm in alarms(template).values():
        assert len(alarm["AlarmDescription"]) > 40
        assert alarm["AlarmActions"] == alarm["OKActions"] == [{"Ref": "AlarmTopic"}]
        assert alarm.get("ActionsEnabled", True) is True
        assert "InsufficientDataActions" not in alarm


@promise
def an_alarm_goes_off_when_a_build_failed(template: Transformed) -> None:
    assert goes_off(template, "BuildFailedAlarm") == ("Errors", "Sum", ">=", 1, 3600, 1, "ignore")
    assert template["BuildFailedAlarm"]["Dimensions"][0]["Value"] == {"Ref": "BuildIndex"}


@promise
def an_alarm_goes_off_when_the_index_is_too_old(template: Transformed) -> None:
    day = 86_400
    assert goes_off(template, "IndexTooOldAlarm") == ("BuildSeconds", "SampleCount", "<", 1, day, 3, "breaching")
    # CloudWatch looks back no further.
    assert template["IndexTooOldAlarm"]["Period"] * template["IndexTooOldAlarm"]["EvaluationPeriods"] <= 7 * day


@promise
def an_alarm_goes_off_when_the_api_fails(template: Transformed) -> None:
    assert goes_off(template, "ApiErrorsAlarm") == ("5xx", "Sum", ">=", 5, 300, 1, "notBreaching")
    assert template["ApiErrorsAlarm"]["Dimensions"][0]["Value"] == {"Ref": "HttpApi"}


@promise
def an_alarm_goes_off_when_a_letter_is_dead(template: Transformed) -> None:
    waiting = "ApproximateNumberOfMessagesVisible"
    assert goes_off(template, "DeadLettersAlarm") == (waiting, "Maximum", ">=", 1, 300, 1, "notBreaching")
    # The queue that the other one's redrive policy leads to.
    watched = attribute(template["DeadLettersAlarm"]["Dimensions"][0]["Value"])
    redrive = template["AudioQueue"]["RedrivePolicy"]
    assert watched == attribute(redrive["deadLetterTargetArn"]).replace(".Arn", ".QueueName")


@promise
def an_alarm_goes_off_when_the_service_token_is_near_its_end(template: Transformed) -> None:
    left = "ServiceTokenDaysLeft"
    assert goes_off(template, "ServiceTokenEndsAlarm") == (left, "Minimum", "<", 21, 3600, 1, "ignore")


@promise
def an_alarm_goes_off_when_the_quota_circuit_is_open(template: Transformed) -> None:
    assert goes_off(template, "QuotaCircuitOpenAlarm") == ("CircuitOpen", "Sum", ">=", 1, 300, 1, "notBreaching")


@promise
def only_alarms_of_this_account_are_sent_and_only_over_tls(template: Transformed) -> None:
    policy = template["AlarmTopicPolicy"]
    assert policy["Topics"] == [{"Ref": "AlarmTopic"}]
    allowed, denied = policy["PolicyDocument"]["Statement"]
    assert allowed["Effect"] == "Allow"
    assert allowed["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    assert allowed["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}
    assert denied["Effect"] == "Deny"
    assert denied["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert allowed["Action"] == denied["Action"] == "sns:Publish"
    assert allowed["Resource"] == denied["Resource"] == {"Ref": "AlarmTopic"}


@promise
def mail_goes_only_to_an_address_that_was_given(template: Transformed) -> None:
    given = template.values["Conditions"]["HasAlarmEmail"]
    assert given == {"Fn::Not": [{"Fn::Equals": [{"Ref": "AlarmEmail"}, ""]}]}
    assert template.resources["AlarmSubscription"]["Condition"] == "HasAlarmEmail"
    assert template["AlarmSubscription"] == {
        "TopicArn": {"Ref": "AlarmTopic"},
        "Protocol": "email",
        "Endpoint": {"Ref": "AlarmEmail"},
    }


@promise
def the_dashboard_shows_what_is_measured_and_nothing_else(template: Transformed) -> None:
    assert len(drawn(template)) > 20
    for namespace, metric, dimension, value, _ in drawn(template):
        assert is_measured(namespace, metric), metric
        assert {dimension} == ({"service"} if namespace == NAMESPACE else OF_AWS[namespace, metric])
        assert value == "AWS::StackName" or value.partition(".")[0] in template.resources


@promise
def the_dashboard_shows_every_alarm_and_every_metric_that_one_watches(template: Transformed) -> None:
    (shown,) = [widget["properties"]["alarms"] for widget in widgets(template) if widget["type"] == "alarm"]
    assert {one.removesuffix(".Arn") for one in shown} == alarms(template).keys()
    assert {one[1] for one in drawn(template)} >= {alarm["MetricName"] for alarm in alarms(template).values()}


@promise
def no_part_of_the_dashboard_covers_another(template: Transformed) -> None:
    taken = [
        (x, y)
        for widget in widgets(template)
        for x in range(widget["x"], widget["x"] + widget["width"])
        for y in range(widget["y"], widget["y"] + widget["height"])
    ]
    assert len(taken) == len(set(taken))
    assert max(x for x, _ in taken) < 24
