"""What never reaches a route: wrong paths, methods, sizes and types, and bodies that are no JSON or not only one."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.handlers.api_client import SEED, ApiClient, FixedIndex, check_problem, make_event, make_settings

PATH = "/api/recommendations"
LIMIT = 64 * 1024


def send(api, body, **headers):
    return api.send("POST", PATH, body=body, headers={name.replace("_", "-"): value for name, value in headers.items()})


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/"), ("GET", "/api"), ("GET", "/api/health/"), ("POST", "/api/nothing"), ("GET", "/API/health"),
     ("DELETE", "/api/../etc/passwd"), ("GET", "/api/health\n"), ("GET", "/api/%68ealth")],
)  # fmt: skip
def test_an_unknown_path_is_answered_with_the_paths_that_there_are(api, method, path):
    problem = check_problem(api.send(method, path), 404, "not_found")
    assert "POST /api/recommendations" in problem["detail"]


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [("GET", "/api/recommendations", "POST"), ("POST", "/api/health", "GET"), ("PUT", "/api/playlists", "POST"),
     ("DELETE", "/api/playlists", "POST"), ("HEAD", "/api/config", "GET"), ("OPTIONS", "/api/genres", "GET")],
)  # fmt: skip
def test_a_wrong_method_is_answered_with_the_right_one(api, method, path, allowed):
    answer = api.send(method, path)
    check_problem(answer, 405, "method_not_allowed")
    assert answer.headers["Allow"] == allowed


@pytest.mark.parametrize("body", ["", " ", "\n\t", b"", b" \r\n"], ids=repr)
def test_an_empty_body_is_answered_with_what_to_send(api, body):
    problem = check_problem(send(api, body), 400, "empty_body")
    assert '{"seeds": [' in problem["detail"]


def test_what_to_send_depends_on_the_route(api):
    problem = check_problem(api.send("POST", "/api/playlists", body=""), 400, "empty_body")
    assert '{"title": ' in problem["detail"]


def test_a_missing_body_is_an_empty_one(api):
    event = make_event("POST", PATH)
    assert "body" not in event
    check_problem(api.answer(event), 400, "empty_body")


@pytest.mark.parametrize("as_bytes", [False, True], ids=["text", "base64"])
def test_a_body_over_64_kb_is_refused_and_one_of_64_kb_is_read(api, as_bytes):
    def padded(size):
        body = json.dumps({"seeds": [SEED]})
        text = body + " " * (size - len(body))
        return text.encode() if as_bytes else text

    assert send(api, padded(LIMIT)).status == 200
    problem = check_problem(send(api, padded(LIMIT + 1)), 413, "body_too_large")
    assert "at most 65,536 are taken" in problem["detail"]
    check_problem(send(api, padded(65 * 1024)), 413, "body_too_large")


def test_bytes_are_counted_and_not_characters(api):
    check_problem(send(api, json.dumps({"seeds": ["ü" * 33_000]}, ensure_ascii=False)), 413, "body_too_large")


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "application/json; charset=utf-8",
        'Application/JSON;charset="UTF-8"',
        "application/json;charset=utf8;x=y",
    ],
)
def test_json_in_utf_8_is_taken_however_it_is_announced(api, content_type):
    assert send(api, json.dumps({"seeds": [SEED]}), content_type=content_type).status == 200
    assert send(api, json.dumps({"seeds": [SEED]}).encode(), content_type=content_type).status == 200


@pytest.mark.parametrize(
    "content_type",
    [
        "",
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/jsonp",
        "application/json-patch+json",
        "application/ld+json",
        "application/json; charset=iso-8859-1",
        "application/json; charset=utf-16",
        "nonsense",
    ],
)
def test_anything_but_json_is_refused(api, content_type):
    problem = check_problem(send(api, json.dumps({"seeds": [SEED]}), content_type=content_type), 415, "not_json")
    assert "Content-Type: application/json" in problem["detail"]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ('{"seeds": [}', "at line 1, column 12."),
        ('{"seeds":\n ["x"\n "y"]}', "at line 3, column 2."),
        ("{", "at line 1, column 2."),
        ("not json", "at line 1, column 1."),
        ('{"seeds": []} {}', "Extra data at line 1, column 15."),
        ('{"size": NaN}', "The body holds NaN, which JSON has not."),
        ('{"size": -Infinity}', "The body holds -Infinity, which JSON has not."),
        ('{"popularity_weight": 1e999}', "a number that is far too large"),
        ('{"size": ' + "9" * 5000 + "}", "a number that is far too large"),
        ('{"size": 5, "seeds": [], "size": 6}', "The field 'size' stands twice"),
        ('{"seeds": [{"track": "a", "track": "b"}]}', "The field 'track' stands twice"),
        ('{"genre": "\\ud83d"}', "holds half a character"),
        ('{"\\udc00": 1}', "holds half a character"),
        ("[" * 30_000, "nested far deeper"),
        ('{"a":' * 10_000, "nested far deeper"),
        (b'{"genre": "\xff"}', "Byte 12 of the body is not UTF-8"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_body_that_cannot_be_read_is_answered_with_where_and_why(api, body, message):
    problem = check_problem(send(api, body), 400, "invalid_json")
    assert message in problem["detail"]
    assert len(problem["detail"]) < 300


def test_the_mark_that_some_editors_write_before_utf_8_is_no_fault(api):
    assert send(api, b"\xef\xbb\xbf" + json.dumps({"seeds": [SEED]}).encode()).status == 200


def test_a_body_that_is_not_the_base64_it_claims_to_be_is_a_problem(api):
    event = make_event("POST", PATH, body=b"{}") | {"body": "%%%"}
    check_problem(api.answer(event), 400, "invalid_json")


@pytest.mark.parametrize("value", [[], [{"seeds": [SEED]}], "x", 5, None, True])
def test_json_that_is_no_object_is_refused(api, value):
    problem = check_problem(send(api, json.dumps(value)), 422, "invalid_query")
    assert "Send the fields of the request between { and }" in problem["detail"]


def test_a_body_on_a_get_is_ignored(api):
    assert api.send("GET", "/api/health", body="not json").status == 200


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
FIELDS = st.sampled_from(
    ["seeds", "genre", "size", "band", "widen", "popularity_weight", "order", "own_slots", "filters", "era", "targets",
     "variation", "reason_parts"]
)  # fmt: skip
INNER = st.sampled_from(
    ["track", "title", "artists", "features", "genres", "artist_popularity", "followers", "energy", "tempo", "key",
     "min_lift", "max_lift", "explicit", "year_from", "year_to", "exclude_artists", "exclude_tracks"]
)  # fmt: skip
LIKELY = st.recursive(
    st.sampled_from([SEED, "country", "x", "flow", "first", "clean", "", "spotify:track:", "A" * 22])
    | st.integers(-3, 2200)
    | st.floats(-2, 2)
    | st.none()
    | st.booleans(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(INNER, inner, max_size=4),
    max_leaves=12,
)
REQUESTS = st.dictionaries(FIELDS, LIKELY, max_size=6) | st.fixed_dictionaries(
    {"seeds": st.lists(st.just(SEED) | st.dictionaries(INNER, LIKELY, max_size=5), min_size=1, max_size=3)},
    optional={"size": st.integers(), "band": st.dictionaries(INNER, st.integers(), max_size=2), "genre": st.text()},
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=JSON | REQUESTS)
def test_no_json_ever_makes_the_service_fail(api, body):
    answer = api.send("POST", PATH, body=json.dumps(body))
    assert answer.status in {200, 400, 422}, answer.text


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.binary(max_size=200))
def test_no_bytes_ever_make_the_service_fail(api, body):
    assert send(api, body).status in {400, 422}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(query=st.dictionaries(st.sampled_from(["q", "ids", "playlist", "x"]), st.text(max_size=100), max_size=2))
def test_no_query_ever_makes_the_service_fail(api, query):
    for path in ("/api/tracks", "/api/qr"):
        assert api.send("GET", path, query=query).status in {200, 422}


PLAYLISTS = st.fixed_dictionaries(
    {
        "title": st.text(max_size=90) | LIKELY,
        "uris": st.lists(st.just(SEED) | st.text(max_size=30) | LIKELY, max_size=4) | LIKELY,
    },
    optional={
        "description": st.text(max_size=220) | LIKELY,
        "seeds": LIKELY,
        "reserves": LIKELY,
        "public": LIKELY,
        "playlist_id": LIKELY,
        "edit_token": LIKELY,
    },
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=JSON | PLAYLISTS, key=st.text(st.characters(codec="ascii"), max_size=110) | st.just("k" * 16))
def test_no_playlist_ever_makes_the_service_fail(recommender, body, key):
    api = ApiClient(FixedIndex(recommender), make_settings(PUBLISH_ACCESS="open"))
    answer = api.post("/api/playlists", body, {"Idempotency-Key": key})
    assert answer.status in {201, 400, 403, 422}, answer.text
