"""The OpenAPI document: fresh, valid and true. Every answer in the other tests of the API is checked against it."""

import json
import re

import pytest
from api.paths import HOOK_PATH, METHODS
from openapi_spec_validator import validate

from daltonify_core.playlist.request import MAXIMUM_SEEDS, SIZE_LIMITS, RecommendationRequest
from daltonify_core.releases.reference import announced_release
from infra.local.write_openapi import EXAMPLES_FILE, OPENAPI_FILE, document
from tests.handlers.api_client import Answer, check_against_document, make_event

PATH = "/api/recommendations"
DOCUMENT = json.loads(OPENAPI_FILE.read_text())
EXAMPLES = json.loads(EXAMPLES_FILE.read_text())


def operations():
    return [(path, method, found) for path, item in DOCUMENT["paths"].items() for method, found in item.items()]


def test_the_committed_document_is_fresh():
    assert OPENAPI_FILE.read_text() == document(), "infra/openapi.json is stale: run `make openapi` and commit it"


def test_the_document_is_valid():
    validate(DOCUMENT)
    assert DOCUMENT["openapi"].startswith("3.1")
    assert DOCUMENT["servers"] == [{"url": "/"}]


def test_the_document_holds_exactly_the_routes():
    assert {(path, method.upper()) for path, method, _ in operations()} == set(METHODS.items())


def test_the_template_routes_what_the_api_answers_and_nothing_else():
    template = (OPENAPI_FILE.parents[1] / "template.yaml").read_text()
    assert set(re.findall(r"RouteKey: (\w+) (/\S+)", template)) == {(method, path) for path, method in METHODS.items()}


def test_limits_in_the_document_are_those_of_the_domain():
    fields = DOCUMENT["components"]["schemas"]["RecommendationBody"]["properties"]
    (size, _) = fields["size"]["anyOf"]
    assert (size["minimum"], size["maximum"]) == SIZE_LIMITS
    assert fields["seeds"]["maxItems"] == MAXIMUM_SEEDS


@pytest.mark.parametrize(("path", "method", "operation"), operations(), ids=lambda value: str(value)[:30])
def test_every_route_documents_its_problems(path, method, operation):
    statuses = {status for status, found in operation["responses"].items() if "problem" in str(found["content"])}
    assert "500" in statuses
    if method == "post":
        assert {"400", "413", "415", "422"} <= statuses
        assert operation["requestBody"]["required"]
    if operation.get("parameters"):
        assert "422" in statuses
    assert all("X-Request-Id" in found["headers"] for found in operation["responses"].values())


def test_headers_that_decide_who_may_publish_are_documented():
    parameters = {found["name"]: found for found in DOCUMENT["paths"]["/api/playlists"]["post"]["parameters"]}
    assert set(parameters) == {"Idempotency-Key", "X-Access-Code"}
    assert parameters["Idempotency-Key"]["required"]
    assert not parameters["X-Access-Code"]["required"]


def test_the_example_request_is_one_that_the_domain_takes():
    request = RecommendationRequest.from_dict(EXAMPLES["request"])
    assert len(request.seeds) == 2


@pytest.mark.parametrize(("name", "status"), [("answer", 200), ("problem", 422)])
def test_the_example_answers_keep_to_the_document(name, status):
    media_type = "application/json" if status == 200 else "application/problem+json"
    told = Answer(status, {"Content-Type": media_type, "X-Request-Id": "x"}, json.dumps(EXAMPLES[name]).encode())
    check_against_document(make_event("POST", PATH), told)


def test_the_example_announcements_are_ones_that_hooks_take():
    body = DOCUMENT["paths"][HOOK_PATH]["post"]["requestBody"]["content"]["application/json"]
    assert len(body["examples"]) == 3
    for example in body["examples"].values():
        assert announced_release(example["value"]).reference.value
        named = set(example["value"].get("data", example["value"])) & {"uri", "isrc", "upc", "title"}
        assert named <= set(body["schema"]["properties"])


def test_the_document_says_how_senders_prove_who_they_are():
    schemes = DOCUMENT["components"]["securitySchemes"]
    assert {name for one in DOCUMENT["paths"][HOOK_PATH]["post"]["security"] for name in one} == set(schemes)


def test_an_answer_that_the_document_does_not_promise_is_noticed(api):
    answer = api.get("/api/health")
    answer.body = json.dumps(answer.json | {"more": 1}).encode()
    with pytest.raises(Exception, match="not valid for schema"):
        check_against_document(make_event("GET", "/api/health"), answer)
