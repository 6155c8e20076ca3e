"""Whom a request is counted against: what CloudFront says, if it was CloudFront, and the sender's address otherwise."""

import json
from datetime import timedelta
from itertools import count

import pytest
from api.gate import client_of

from tests.fakes.memory_secrets import MemorySecretStore
from tests.handlers.api_client import CODE, SEED, ApiClient, FixedIndex, check_problem, make_event, make_settings

SECRET = "NEVERLOGME-origin-secret"
EDGE = "198.51.100.9"
PATH = "/api/playlists"
NUMBERS = count(1)


def seen_as(source, headers=None, is_right=lambda given: given == SECRET):
    return client_of(make_event("POST", PATH, headers=headers or {}, client=source), is_right)


def through(visitor, secret=SECRET):
    return {"X-Origin-Secret": secret, "X-Viewer-Address": visitor}


def test_through_cloudfront_a_visitor_is_the_address_that_cloudfront_names():
    assert seen_as(EDGE, through("203.0.113.7")) == "203.0.113.7"


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Viewer-Address": "192.0.2.1"},
        {"X-Origin-Secret": "", "X-Viewer-Address": "192.0.2.1"},
        through("192.0.2.1", "NEVERLOGME-guess"),
        through("192.0.2.1", SECRET + ","),
        through("192.0.2.1", f"{SECRET},NEVERLOGME-guess"),
        through("192.0.2.1", SECRET.lower()),
        {"X-Forwarded-For": "192.0.2.1", "CloudFront-Viewer-Address": "192.0.2.1:443"},
    ],
    ids=["address alone", "empty", "guess", "more than the secret", "two", "other case", "other headers"],
)
def test_who_comes_straight_to_the_api_is_where_the_request_came_from_whatever_it_says(headers):
    assert seen_as("203.0.113.7", headers) == "203.0.113.7"


@pytest.mark.parametrize("visitor", ["", "nobody", "203.0.113.7:443", "192.0.2.1,192.0.2.2"])
def test_what_is_no_address_counts_for_nothing(visitor):
    assert seen_as(EDGE, through(visitor)) == EDGE


def test_a_household_cannot_multiply_by_the_addresses_of_its_network():
    first, second = (seen_as(EDGE, through(f"2001:db8:1:2::{part}")) for part in ("1", "ffff:3"))
    assert first == second
    assert first != seen_as(EDGE, through("2001:db8:1:3::1"))
    assert seen_as(EDGE, through("::ffff:203.0.113.7")) == "203.0.113.7"


def test_a_secret_in_letters_of_any_kind_is_compared_and_not_stumbled_over(api_behind):
    assert publish(api_behind, "203.0.113.1", "\ud800 ü").status == 201


class NotingSecretStore(MemorySecretStore):
    """Remembers what it was asked for."""

    def __init__(self, secrets):
        super().__init__(secrets)
        self.reads = []

    def read(self, name):
        self.reads.append(name)
        return super().read(name)


@pytest.fixture
def index(recommender):
    return FixedIndex(recommender)


@pytest.fixture
def secrets():
    return NotingSecretStore(
        {
            "publishing": {"edit_token_key": "NEVERLOGME" * 4, "access_codes": CODE},
            "spotify": {"refresh_token": "NEVERLOGME-consent"},
            "origin": {"origin_secret": SECRET},
        }
    )


@pytest.fixture
def api_behind(index, secrets):
    """An API behind CloudFront, where one address may make one playlist a day."""
    settings = make_settings(ORIGIN_SECRET="origin", DAILY_PLAYLISTS_PER_CLIENT="1", PUBLISH_ACCESS="open")
    return ApiClient(index, settings, secrets=secrets)


def publish(api, visitor, secret=SECRET, source=EDGE):
    headers = {"Idempotency-Key": f"key-number-{next(NUMBERS):020d}", **through(visitor, secret)}
    body = json.dumps({"title": "Mine", "uris": [f"spotify:track:{SEED}"]})
    return api.send("POST", PATH, body=body, headers=headers, client=source)


def test_each_visitor_behind_one_edge_has_a_day_of_their_own(api_behind):
    assert [publish(api_behind, f"203.0.113.{visitor}").status for visitor in (1, 2)] == [201, 201]
    check_problem(publish(api_behind, "203.0.113.1", source="198.51.100.10"), 429, "cap_reached")


def test_without_the_secret_a_new_address_in_the_header_is_no_new_visitor(api_behind):
    assert publish(api_behind, "192.0.2.1", "NEVERLOGME-guess", "203.0.113.7").status == 201
    check_problem(publish(api_behind, "192.0.2.2", "NEVERLOGME-guess", "203.0.113.7"), 429, "cap_reached")


def test_nobody_can_use_up_the_day_of_somebody_else(api_behind):
    assert publish(api_behind, "203.0.113.7", "NEVERLOGME-guess", "192.0.2.66").status == 201
    assert publish(api_behind, "203.0.113.7").status == 201


def test_the_secret_is_read_once_and_again_when_it_may_have_been_replaced(api_behind, secrets):
    for visitor in (1, 2, 3):
        publish(api_behind, f"203.0.113.{visitor}")
    assert secrets.reads.count("origin") == 1
    secrets.secrets["origin"]["origin_secret"] = "NEVERLOGME-replaced"
    api_behind.clock.now += timedelta(minutes=5)
    assert publish(api_behind, "203.0.113.4", "NEVERLOGME-replaced").status == 201
    assert publish(api_behind, "203.0.113.5", "NEVERLOGME-replaced").status == 201
    assert secrets.reads.count("origin") == 2


@pytest.mark.parametrize("stored", [None, {}, {"origin_secret": ""}], ids=["no secret", "no field", "empty"])
def test_a_secret_that_cannot_be_read_fails_no_request_and_is_not_asked_for_each_time(api_behind, secrets, stored):
    good = secrets.secrets.pop("origin")
    if stored is not None:
        secrets.secrets["origin"] = stored
    assert publish(api_behind, "203.0.113.1", "").status == 201
    # Everybody is the edge now.
    check_problem(publish(api_behind, "203.0.113.2"), 429, "cap_reached")
    check_problem(publish(api_behind, "203.0.113.3"), 429, "cap_reached")
    assert secrets.reads.count("origin") == 1
    secrets.secrets["origin"] = good
    api_behind.clock.now += timedelta(minutes=1)
    assert publish(api_behind, "203.0.113.2").status == 201


def test_a_list_of_known_tracks_waits_for_no_secret(api_behind, secrets):
    answer = api_behind.send(
        "POST", "/api/recommendations", body=json.dumps({"seeds": [SEED]}), headers=through("203.0.113.1")
    )
    assert answer.status == 200
    assert not secrets.reads


def test_where_nothing_stands_before_the_api_no_secret_is_asked_for(index, secrets):
    api = ApiClient(index, make_settings(PUBLISH_ACCESS="open", ORIGIN_SECRET=""), secrets=secrets)
    assert publish(api, "203.0.113.1").status == 201
    assert "origin" not in secrets.reads
