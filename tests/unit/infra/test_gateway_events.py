"""Events and responses as an HTTP API makes them, payload format 2.0."""

import base64
import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.local.gateway_events import (
    HttpRequest,
    HttpResponse,
    MalformedResult,
    RouteMatch,
    make_event,
    make_response,
    own_response,
)

AT = datetime(2026, 3, 9, 23, 5, 7, 250_000, tzinfo=timezone(timedelta(hours=-2)))
MATCH = RouteMatch("POST /api/releases/{id}", {"id": "a b"})


def event_of(
    target: str = "/api/releases/x",
    headers: tuple[tuple[str, str], ...] = (("Host", "demo.test:8000"),),
    body: bytes = b"",
    match: RouteMatch = MATCH,
) -> dict[str, Any]:
    return make_event(HttpRequest("POST", target, headers, body, "127.0.0.1"), match, "id-1", AT)


def test_a_whole_event_holds_what_the_service_says_and_nothing_else():
    event = event_of(
        "/api/releases/a%20b?q=1",
        (("Host", "demo.test:8000"), ("User-Agent", "probe/1"), ("Content-Type", "application/json")),
        b'{"a": "\xc3\xa9"}',
    )
    assert event == {
        "version": "2.0",
        "routeKey": "POST /api/releases/{id}",
        "rawPath": "/api/releases/a b",
        "rawQueryString": "q=1",
        "headers": {"host": "demo.test:8000", "user-agent": "probe/1", "content-type": "application/json"},
        "queryStringParameters": {"q": "1"},
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "local",
            "domainName": "demo.test",
            "domainPrefix": "demo",
            "http": {
                "method": "POST",
                "path": "/api/releases/a b",
                "protocol": "HTTP/1.1",
                "sourceIp": "127.0.0.1",
                "userAgent": "probe/1",
            },
            "requestId": "id-1",
            "routeKey": "POST /api/releases/{id}",
            "stage": "$default",
            "time": "10/Mar/2026:01:05:07 +0000",
            "timeEpoch": 1_773_104_707_250,
        },
        "pathParameters": {"id": "a b"},
        "body": '{"a": "é"}',
        "isBase64Encoded": False,
    }


def test_what_a_request_does_not_have_is_absent_from_its_event():
    event = event_of(match=RouteMatch("GET /api/health", {}))
    assert not {"body", "cookies", "pathParameters", "queryStringParameters"} & event.keys()
    assert event["isBase64Encoded"] is False
    assert event["rawQueryString"] == ""


def test_header_names_are_lower_case_and_repeated_headers_are_joined():
    event = event_of(headers=(("X-Thing", "one"), ("x-thing", "two, three"), ("ACCEPT", "*/*")))
    assert event["headers"] == {"x-thing": "one,two, three", "accept": "*/*"}


def test_cookies_stand_in_a_list_of_their_own():
    event = event_of(headers=(("Cookie", "a=1; b=2=3"), ("cookie", "c=;")))
    assert event["cookies"] == ["a=1", "b=2=3", "c="]
    assert event["headers"] == {}


def test_repeated_parameters_are_joined_and_the_query_string_stays_as_it_was_sent():
    event = event_of("/api/tracks?ids=a&ids=b&q=caf%C3%A9+noir&empty=&bare")
    assert event["rawQueryString"] == "ids=a&ids=b&q=caf%C3%A9+noir&empty=&bare"
    assert event["queryStringParameters"] == {"ids": "a,b", "q": "café noir", "empty": "", "bare": ""}


def test_a_plus_in_a_path_is_a_plus():
    assert event_of("/api/a+b%2Fc%C3%A9")["rawPath"] == "/api/a+b/cé"


@pytest.mark.parametrize(
    "content_type",
    ["application/json", "Application/JSON; charset=utf-8", "text/csv", "application/xml", "application/javascript"],
)
def test_a_body_of_a_text_type_travels_as_it_is(content_type):
    event = event_of(headers=(("Content-Type", content_type),), body="ö".encode())
    assert (event["body"], event["isBase64Encoded"]) == ("ö", False)


@pytest.mark.parametrize(
    "headers",
    [
        (),
        (("Content-Type", "application/x-www-form-urlencoded"),),
        (("Content-Type", "application/problem+json"),),
        (("Content-Type", "application/octet-stream"),),
        (("Content-Type", "multipart/form-data; boundary=x"),),
    ],
)
def test_any_other_body_travels_in_base64(headers):
    event = event_of(headers=headers, body=b"a=1")
    assert (event["body"], event["isBase64Encoded"]) == ("YT0x", True)


@given(body=st.binary(min_size=1), content_type=st.sampled_from(["application/json", "audio/mpeg", ""]))
def test_every_body_arrives_byte_for_byte(body, content_type):
    event = json.loads(json.dumps(event_of(headers=(("Content-Type", content_type),), body=body)))
    arrived = base64.b64decode(event["body"]) if event["isBase64Encoded"] else event["body"].encode()
    assert arrived == body


def test_a_full_result_becomes_a_response():
    result = {
        "statusCode": 201,
        "headers": {"Content-Type": "text/html", "X-Count": 3, "X-On": True},
        "cookies": ["a=1; Secure", "b=2"],
        "body": "é",
    }
    assert make_response(result, "id-1") == HttpResponse(
        201,
        (
            ("content-type", "text/html"),
            ("x-count", "3"),
            ("x-on", "true"),
            ("set-cookie", "a=1; Secure"),
            ("set-cookie", "b=2"),
            ("apigw-requestid", "id-1"),
        ),
        "é".encode(),
    )


def test_a_base64_body_is_decoded():
    assert make_response({"statusCode": 200, "body": "AP8=", "isBase64Encoded": True}, "").body == b"\x00\xff"


def test_a_result_without_a_body_has_an_empty_one():
    response = make_response({"statusCode": "204"}, "")
    assert (response.status, response.body) == (204, b"")
    assert response.headers[0] == ("content-type", "text/plain;charset=UTF-8")


@pytest.mark.parametrize(
    ("result", "body"),
    [
        ({"ok": True}, b'{"ok": true}'),
        ("Hello", b"Hello"),
        ([1, 2], b"[1, 2]"),
        (None, b"null"),
    ],
)
def test_a_result_without_a_status_is_a_json_answer(result, body):
    response = make_response(result, "id-1")
    assert response == HttpResponse(200, (("content-type", "application/json"), ("apigw-requestid", "id-1")), body)


@pytest.mark.parametrize(
    "fault",
    [
        {"statusCode": "fine"},
        {"statusCode": True},
        {"statusCode": 99},
        {"statusCode": None},
        {"statusCode": 200, "headers": ["a"]},
        {"statusCode": 200, "headers": {"a": ["b"]}},
        {"statusCode": 200, "cookies": "a=1"},
        {"statusCode": 200, "cookies": [1]},
        {"statusCode": 200, "body": {"a": 1}},
        {"statusCode": 200, "body": "not base64!", "isBase64Encoded": True},
    ],
)
def test_a_result_that_is_no_response_is_refused(fault):
    with pytest.raises(MalformedResult):
        make_response(fault, "id-1")


def test_its_own_answers_have_the_service_s_words():
    response = own_response(404, "Not Found", "id-1")
    assert response.body == b'{"message":"Not Found"}'
    assert response.headers == (("content-type", "application/json"), ("apigw-requestid", "id-1"))


def test_times_are_utc_whatever_the_clock_s_zone():
    at = AT.astimezone(UTC)
    other = make_event(HttpRequest("GET", "/", (), b"", "::1"), MATCH, "id-1", at)["requestContext"]
    assert (other["time"], other["timeEpoch"]) == ("10/Mar/2026:01:05:07 +0000", 1_773_104_707_250)
