"""Which route takes a request."""

import pytest

from infra.local.gateway_events import RouteMatch
from infra.local.gateway_routes import Routes

ROUTES = Routes(
    [
        "ANY /api/{rest+}",
        "GET /api/releases/{id}",
        "GET /api/releases/latest",
        "ANY /api/releases/latest",
        "POST /api/webhooks/{hook}/events/{event}",
    ]
)


@pytest.mark.parametrize(
    ("method", "path", "key", "variables"),
    [
        ("GET", "/api/releases/latest", "GET /api/releases/latest", {}),
        ("PUT", "/api/releases/latest", "ANY /api/releases/latest", {}),
        ("GET", "/api/releases/r1", "GET /api/releases/{id}", {"id": "r1"}),
        ("POST", "/api/releases/r1", "ANY /api/{rest+}", {"rest": "releases/r1"}),
        ("GET", "/api/a/b c/", "ANY /api/{rest+}", {"rest": "a/b c/"}),
        (
            "POST",
            "/api/webhooks/h/events/e",
            "POST /api/webhooks/{hook}/events/{event}",
            {"hook": "h", "event": "e"},
        ),
    ],
)
def test_the_most_specific_route_takes_a_request(method, path, key, variables):
    assert ROUTES.match(method, path) == RouteMatch(key, variables)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/health"),  # another method
        ("HEAD", "/api/health"),  # not implied by GET, unlike on most servers
        ("GET", "/api/health/"),
        ("GET", "/api/Health"),
        ("GET", "/api//health"),
        ("GET", "/api"),
        ("GET", "/"),
    ],
)
def test_what_no_route_declares_is_nobody_s(method, path):
    assert Routes(["GET /api/health"]).match(method, path) is None


def test_a_variable_stands_for_something():
    assert Routes(["GET /api/releases/{id}"]).match("GET", "/api/releases/") is None


def test_the_default_route_takes_what_is_left():
    routes = Routes(["GET /api/health", "$default"])
    assert routes.match("GET", "/api/health") == RouteMatch("GET /api/health", {})
    assert routes.match("DELETE", "/anything") == RouteMatch("$default", {})


@pytest.mark.parametrize("key", ["/api/health", "get /api/health", "GET api/health", ""])
def test_a_key_of_another_form_is_refused(key):
    with pytest.raises(ValueError, match="route key"):
        Routes([key])
