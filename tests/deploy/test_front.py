"""What stands before page and API, as far as the emulator's CloudFront shows it; conftest.py says what it does not."""

import http.client
import json
import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest
from api.gate import ORIGIN_HEADER, VISITOR_HEADER
from api.short_links import client_key

from infra.local.front_door import SECURITY_HEADERS
from infra.local.sam_template import read_template
from tests.deploy.aws_emulator import LOOPBACK
from tests.deploy.conftest import CONTACT, Answer, Deployment
from tests.recordings import song_wav

PAGE = b"<!doctype html><title>Daltonify</title>"
WAV = {"Content-Type": "audio/wav"}


def visit(
    deployment: Deployment,
    method: str,
    path: str,
    body: bytes | None = None,
    headers: dict[str, str] | None = None,
    visitor: str = LOOPBACK,
) -> Answer:
    """Ask the distribution from an address of this machine."""
    host = deployment.outputs["PageUrl"].removeprefix("https://")
    with closing(
        http.client.HTTPSConnection(
            LOOPBACK,
            deployment.emulator.port,
            timeout=60,
            context=deployment.emulator.trust,
            source_address=(visitor, 0),
        )
    ) as connection:
        connection.request(method, path, body, {"Host": host, **(headers or {})})
        response = connection.getresponse()
        return Answer(response.status, {name.lower(): value for name, value in response.getheaders()}, response.read())


@pytest.fixture(scope="module")
def page(deployment: Deployment) -> Deployment:
    """A stack with a page."""
    deployment.client("s3").put_object(
        Bucket=deployment.outputs["SiteBucketName"], Key="index.html", Body=PAGE, ContentType="text/html"
    )
    return deployment


needs_node = pytest.mark.skipif(shutil.which("node") is None, reason="the emulator runs CloudFront's functions in Node")


@contextmanager
def api_origin_here(deployment: Deployment) -> Iterator[None]:
    """The API's address replaced by the one that it has in the emulator, and nothing else."""
    distributions, name = deployment.client("cloudfront"), deployment.outputs["DistributionId"]
    before = distributions.get_distribution_config(Id=name)

    def change(origins: list[dict[str, Any]], tag: str) -> str:
        config = before["DistributionConfig"]
        changed = {**config, "Origins": {"Quantity": len(origins), "Items": origins}}
        return str(distributions.update_distribution(Id=name, IfMatch=tag, DistributionConfig=changed)["ETag"])

    origins: list[dict[str, Any]] = before["DistributionConfig"]["Origins"]["Items"]
    (api,) = [one for one in origins if one["Id"] == "api"]
    # AWS's defaults, which the emulator leaves out and the client wants to see.
    api["CustomOriginConfig"] |= {"HTTPPort": 80, "HTTPSPort": 443}
    here = {
        **api,
        "DomainName": LOOPBACK,
        "OriginPath": f"/_aws/execute-api/{deployment.resources['HttpApi']}/$default",
        "CustomOriginConfig": {**api["CustomOriginConfig"], "HTTPSPort": deployment.emulator.port},
    }
    tag = change([here if one is api else one for one in origins], before["ETag"])
    try:
        yield
    finally:
        change(origins, tag)


def files_of(deployment: Deployment, visitor: str) -> int:
    """How many audio files are counted for an address."""
    items = deployment.client("dynamodb").scan(TableName=deployment.outputs["TableName"])["Items"]
    counters = [item for item in items if f"audio files {client_key(visitor)}" in item["pk"]["S"]]
    return sum(int(item["count"]["N"]) for item in counters)


def test_visitors_get_the_page_from_a_bucket_that_nobody_else_may_read(page):
    for path in ("/", "/index.html"):
        answer = visit(page, "GET", path)
        assert (answer.status, answer.body) == (200, PAGE)
        assert answer.headers["content-type"] == "text/html"


def test_the_page_carries_the_security_headers(page):
    sent = visit(page, "GET", "/").headers
    for name, value in json.loads(SECURITY_HEADERS.read_text(encoding="utf-8")).items():
        assert sent[name.lower()] == value


def test_what_is_not_there_tells_nothing(page):
    assert visit(page, "GET", "/nothing").status == 403
    assert visit(page, "GET", "/?list-type=2").body == PAGE
    assert visit(page, "PUT", "/index.html", b"changed").status in (403, 405)


@needs_node
def test_an_answer_of_the_api_comes_through_as_it_is_with_the_security_headers(page):
    with api_origin_here(page):
        answer = visit(page, "POST", "/api/recommendations", b"{}", {"Content-Type": "text/plain"})
    assert (answer.status, answer.json["code"]) == (415, "not_json")
    assert answer.headers["cache-control"] == "no-store"
    assert "default-src 'none'" in answer.headers["content-security-policy"]


@needs_node
def test_each_visitor_is_counted_by_the_address_that_cloudfront_saw_whatever_they_say(page):
    lies = {ORIGIN_HEADER: "NEVERLOGME-guess", VISITOR_HEADER: "192.0.2.66"}
    with api_origin_here(page):
        for visitor in ("127.0.0.2", "127.0.0.3", "127.0.0.3"):
            answer = visit(page, "POST", "/api/audio-features", song_wav(), WAV | lies, visitor)
            assert answer.status == 202, answer.body
    assert [files_of(page, one) for one in ("127.0.0.2", "127.0.0.3", "192.0.2.66")] == [1, 2, 0]


def test_straight_at_the_api_nobody_chooses_whom_they_are_counted_as(page):
    before = files_of(page, LOOPBACK)
    lies = {ORIGIN_HEADER: "NEVERLOGME-guess", VISITOR_HEADER: "192.0.2.66"}
    assert page.ask("POST", "/api/audio-features", raw=song_wav(), headers=WAV | lies).status == 202
    assert (files_of(page, LOOPBACK) - before, files_of(page, "192.0.2.66")) == (1, 0)


def test_alarms_tell_the_topic_and_the_topic_the_operator(deployment):
    topic = deployment.outputs["AlarmTopicArn"]
    template = read_template().values["Resources"].values()
    alarms = deployment.client("cloudwatch").describe_alarms()["MetricAlarms"]
    assert len(alarms) == sum(one["Type"] == "AWS::CloudWatch::Alarm" for one in template)
    assert all(alarm["AlarmActions"] == [topic] for alarm in alarms)
    subscribed = deployment.client("sns").list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    assert [(one["Protocol"], one["Endpoint"]) for one in subscribed] == [("email", CONTACT)]


def test_the_dashboard_is_at_its_address_and_speaks_of_this_stack(deployment):
    _, _, name = deployment.outputs["DashboardUrl"].rpartition("/")
    body = deployment.client("cloudwatch").get_dashboard(DashboardName=name)["DashboardBody"]
    assert "${" not in body
    assert CONTACT in json.loads(body)["widgets"][0]["properties"]["markdown"]
