"""The one table of errors, and what a request leaves behind in log and metrics, good or bad."""

import io
import json
import logging
from dataclasses import dataclass
from datetime import timedelta

import pytest
from shared import http_errors
from shared.http_errors import ANSWERS, FieldFault, Problem, Refused, problem_of
from shared.observability import logger

from daltonify_core import errors
from daltonify_core.errors import DaltonifyError, SeedDataNeeded, SeedKnowledge, UnknownGenre
from daltonify_core.playlist.seeds import SeedFacts
from daltonify_core.ports.limits import Circuit
from tests.fakes.faults import Fault
from tests.handlers.api_client import CODE, NOON, SEED, check_problem

PATH = "/api/recommendations"
PUBLISHER = {"Idempotency-Key": "a-key-of-some-length", "X-Access-Code": CODE}

DEAD_TOKEN = errors.ConsentNeeded("Run `daltonify login`.")


@dataclass
class FailingSecrets:
    """Fails in any way, at a place that every error passes as it is."""

    error: Exception

    def read(self, name):
        raise self.error


def all_errors(root=DaltonifyError):
    # Adapters have kinds of their own, which never leave them.
    children = [child for child in root.__subclasses__() if child.__module__ == errors.__name__]
    return [root, *(found for child in children for found in all_errors(child))]


def make_error(kind):
    if kind is SeedDataNeeded:
        given = SeedFacts(title="Song", artists=("Me",)).to_dict()
        return kind("More is needed.", [SeedKnowledge(None, "Song", ("Me",), ("features",), given)])
    if kind is UnknownGenre:
        return kind("No such genre.", ["pop"])
    if kind is errors.InvalidTrack:
        return kind("reason", "No track.")
    if kind is errors.PointerCorrupt:
        return kind("Not readable.", "tag")
    if kind is errors.UpstreamRefused:
        return kind("Refused.", 403)
    if kind is errors.UpstreamRateLimited:
        return kind("Limited.", 30, True)
    if kind in (errors.AlbumUnavailable, errors.CapReached, errors.PublishingUnavailable) or issubclass(
        kind, errors.PublishingUnfinished
    ):
        return kind("Wait.", 30)
    return kind("What is wrong.")


STATUS = {
    "DaltonifyError": 500, "InvalidQuery": 422, "InvalidLink": 422, "UnknownGenre": 422, "SeedDataNeeded": 422,
    "NoBiggerArtists": 422, "InvalidPlaylist": 422, "KeyReused": 422, "InvalidTrack": 500, "InvalidDataset": 500,
    "AudioRefused": 422, "CollectionConflict": 500,
    "CatalogueEmpty": 500, "ActivationConflict": 500, "IndexUnavailable": 503, "IndexCorrupt": 503,
    "PointerCorrupt": 503,
    "NotAuthorised": 403, "PublishingOff": 403, "CapReached": 429, "DemoCatalogue": 409, "PublishingUnfinished": 503,
    "PublicationInProgress": 409, "PublicationUnknown": 503, "PublishingUnavailable": 503, "SecretUnavailable": 503,
    "ArtistGone": 500,
    "UpstreamError": 503, "UpstreamUnavailable": 503, "UpstreamUncertain": 503, "UpstreamRateLimited": 503,
    "UpstreamRefused": 503, "UnknownPlaylist": 503, "ConsentNeeded": 503, "AlbumUnavailable": 503,
}  # fmt: skip


def test_every_error_of_the_domain_has_its_own_row_in_the_table():
    assert set(ANSWERS) == set(all_errors())


@pytest.mark.parametrize("kind", all_errors(), ids=lambda kind: kind.__name__)
def test_each_row_gives_a_whole_problem_over_http(api, kind):
    error = make_error(kind)
    api.secrets, api.codes_are_documented = FailingSecrets(error), False
    status = STATUS[kind.__name__]
    answer = api.post("/api/playlists", {"title": "Roads", "uris": [SEED]}, PUBLISHER)
    code = "internal_error" if status == 500 else kind.code
    problem = check_problem(answer, status, code)
    if status != 500:
        assert problem["title"] == ANSWERS[kind][1]
    if "retry_after_seconds" in vars(error):
        assert answer.headers["Retry-After"] == "30"
        assert problem["retry_at"] == "2026-03-01T12:00:30Z"


def test_codes_are_unique():
    codes = [kind.code for kind in all_errors()]
    assert len(set(codes)) == len(codes)


@pytest.mark.parametrize(
    "error",
    [
        errors.SecretUnavailable("The secret prod/daltonify/spotify lacks a refresh token."),
        errors.IndexCorrupt("vectors.npy differs from what the manifest promises."),
        errors.UpstreamRefused("403 Forbidden: app 12ab", 403),
        errors.ConsentNeeded("invalid_grant"),
        errors.InvalidDataset("/var/task/catalogue.csv"),
        ValueError("/var/task/secret"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_what_is_for_the_operator_is_not_told_to_the_caller(error):
    detail = problem_of(error).detail
    assert str(error) not in detail
    assert "try again" in detail.lower() or "whoever runs" in detail or "its log says" in detail


def test_who_asks_again_at_the_time_that_is_named_is_not_too_early():
    problem = Problem(503, "publishing_unavailable", "Later", "Ask later.", retry_after_seconds=2)
    late = NOON + timedelta(milliseconds=300)
    assert problem.to_dict("request", NOON)["retry_at"] == http_errors.iso(NOON + timedelta(seconds=2))
    assert problem.to_dict("request", late)["retry_at"] == http_errors.iso(NOON + timedelta(seconds=3))


def test_an_error_that_never_goes_away_by_waiting_names_no_time():
    problem = problem_of(errors.CapReached("The account is full.", None))
    assert (problem.retry_after_seconds, problem.to_headers()) == (None, {})
    assert "retry_at" not in problem.to_dict("id", NOON)


def test_a_time_that_is_over_already_still_makes_the_caller_wait_a_moment():
    assert problem_of(errors.CapReached("Wait.", 0)).to_headers() == {"Retry-After": "1"}


def test_an_error_of_a_new_kind_is_told_as_its_nearest_kin(monkeypatch):
    class InvalidMood(errors.InvalidQuery):
        code = "invalid_mood"

    # Classes live until they are collected, and the table's own test must not meet this one.
    monkeypatch.setattr(http_errors, "ANSWERS", dict(ANSWERS))
    problem = problem_of(InvalidMood("Too sad.", "mood"))
    del InvalidMood
    assert (problem.status, problem.code) == (422, "invalid_mood")
    assert problem.faults == (FieldFault("mood", "Too sad."),)


def test_of_very_many_faults_the_first_are_told():
    faults = tuple(FieldFault("x" * 500, "is wrong") for _ in range(50))
    told = Problem(422, "c", "t", "d", faults).to_dict("id", NOON)["errors"]
    assert len(told) == 20
    assert len(told[0]["field"]) == 120


def test_a_refusal_is_told_as_it_stands():
    problem = Problem(418, "c", "t", "d")
    assert problem_of(Refused(problem)) is problem


@pytest.fixture
def logged(monkeypatch):
    stream = io.StringIO()
    for handler in logger.handlers:
        if isinstance(handler, logging.StreamHandler):
            monkeypatch.setattr(handler, "stream", stream)
    return lambda: [json.loads(line) for line in stream.getvalue().splitlines()]


@pytest.fixture
def measured(capsys):
    """Names and values of all metrics since the last look, with the dimensions beside the service."""

    def read():
        found = []
        for line in capsys.readouterr().out.splitlines():
            sent = json.loads(line)
            (definition,) = sent["_aws"]["CloudWatchMetrics"]
            assert definition["Namespace"] == "Daltonify"
            assert definition["Dimensions"][0] in (["service"], ["service", "code"])
            found += [(metric["Name"], sent[metric["Name"]], sent.get("code")) for metric in definition["Metrics"]]
        return found

    return read


def test_a_request_leaves_one_line_and_its_metrics(api, recommender, logged, measured):
    api.post(PATH, {"seeds": [SEED], "filters": {"exclude_artists": ["A secret crush"]}})
    (line,) = logged()
    assert (line["route"], line["status"]) == ("POST /api/recommendations", 200)
    assert line["index_version"] == recommender.index.version
    assert line["correlation_id"] == "JKJaXmPLvHcESHA="
    assert line["milliseconds"] > 0
    assert "code" not in line
    assert "A secret crush" not in json.dumps(line)
    names = [(name, code) for name, _, code in measured()]
    assert sorted(names, key=str) == [("RecommendationMilliseconds", None), ("Requests", None)]


def test_a_refusal_leaves_its_code_in_line_and_metrics(api, logged, measured):
    api.post(PATH, {"seeds": ["A secret crush"]})
    (line,) = logged()
    assert (line["status"], line["code"]) == (422, "invalid_link")
    assert "crush" not in json.dumps(line)
    assert ("Errors", [1.0], "invalid_link") in measured()


def test_the_next_request_knows_nothing_of_the_last_one(api, logged):
    api.post(PATH, {"seeds": []})
    api.get("/api/qr", playlist=SEED)
    assert "code" not in logged()[1]


def test_what_people_type_is_in_no_line(api, logged):
    api.get("/api/tracks", q="a secret crush")
    api.send("GET", "/api/a secret crush")
    lines = logged()
    assert [line["route"] for line in lines] == ["GET /api/tracks", "unmatched"]
    assert "crush" not in json.dumps(lines)


def test_a_body_is_not_even_in_powertools_own_log(api, caplog, monkeypatch):
    caplog.set_level(logging.DEBUG, "aws_lambda_powertools")
    monkeypatch.setattr(logging.getLogger("aws_lambda_powertools"), "handlers", [caplog.handler])
    api.post(PATH, {"seeds": [SEED], "filters": {"exclude_artists": ["A secret crush"]}})
    assert "Calling API Route Handler" in caplog.text
    assert "crush" not in caplog.text


def test_an_unexpected_error_is_logged_with_its_stack_and_told_with_the_request_s_id(api, logged, measured):
    api.index.current, api.index.fault = None, ZeroDivisionError("boom")
    problem = check_problem(api.post(PATH, {"seeds": [SEED]}), 500, "internal_error")
    assert "boom" not in json.dumps(problem)
    error, _ = logged()
    assert (error["level"], error["exception_name"]) == ("ERROR", "ZeroDivisionError")
    assert "Traceback" in error["exception"]
    assert error["correlation_id"] == problem["request_id"]
    assert ("Errors", [1.0], "internal_error") in measured()


def test_what_the_caller_does_not_learn_is_in_the_log(api, logged):
    api.index.current, api.index.fault = None, errors.IndexCorrupt("vectors.npy is cut short.")
    check_problem(api.post(PATH, {"seeds": [SEED]}), 503, "index_corrupt")
    assert logged()[0]["reason"] == "vectors.npy is cut short."


def test_where_the_index_lies_is_for_the_operator_alone(api, logged):
    api.index.current, api.index.fault = (
        None,
        errors.IndexUnavailable("s3://bucket/index/current.json is not readable."),
    )
    assert "s3:" not in api.post(PATH, {"seeds": [SEED]}).text
    assert "s3://bucket" in logged()[0]["reason"]


def test_why_spotify_refused_is_in_the_log_for_the_operator(api, logged):
    api.playlists.faults.add(
        Fault(errors.UpstreamRefused("The app's owner has no Premium.", 403), method="create_playlist")
    )
    problem = check_problem(
        api.post("/api/playlists", {"title": "Roads", "uris": [SEED]}, PUBLISHER), 503, "publishing_unavailable"
    )
    assert "Premium" not in json.dumps(problem)
    assert logged()[0]["cause_says"] == "The app's owner has no Premium."


@pytest.mark.parametrize(
    ("fault", "names"),
    [
        (
            Fault(DEAD_TOKEN, method="create_playlist"),
            {"PublishingUnavailable", "ServiceTokenDead", "ServiceTokenDaysLeft"},
        ),
        (
            Fault(DEAD_TOKEN, method="replace_items"),
            {"PublishingUnavailable", "ServiceTokenDead", "ServiceTokenDaysLeft"},
        ),
        (Fault(errors.UpstreamUnavailable("down"), method="create_playlist"), {"PublishingUnavailable"}),
        (None, {"PublishingUnavailable", "CircuitOpen"}),
    ],
    ids=["dead token", "token that dies on the way", "down", "open circuit"],
)
def test_why_publishing_does_not_work_is_counted(api, recommender, measured, fault, names):
    if fault:
        api.playlists.faults.add(fault)
    else:
        api.publications.open_circuit("spotify", Circuit(NOON + timedelta(hours=1), "The quota is used up."))
    body = {"title": "Roads", "uris": [track.track_id for track in recommender.index.tracks.tracks(range(5))]}
    answer = api.post("/api/playlists", body, PUBLISHER)
    check_problem(answer, 503, "publishing_unavailable")
    watched = {"PublishingUnavailable", "ServiceTokenDead", "ServiceTokenDaysLeft", "CircuitOpen"}
    counted = {name for name, _, _ in measured()} & watched
    assert counted == names
