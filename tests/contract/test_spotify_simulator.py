"""The simulated Spotify keeps to what is known of the real one, over real HTTP; adapters are tested against it."""

import base64
import dataclasses
import hashlib
import json
import re
import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from infra.local.spotify_simulator import Fault, FaultKind, SimulatedPlaylist, SimulatedTrack, SpotifySimulator
from infra.local.spotify_simulator.catalogue import album_id, artist_id
from tests.fakes.set_clock import SetClock

APP = "test-app"
SECRET = "NEVERLOGME-app-secret"
PAGE_APP = "test-page"
CALLBACK = "http://127.0.0.1:5000/callback"
ALL_SCOPES = "playlist-modify-public playlist-modify-private playlist-read-private ugc-image-upload"
VERIFIER = "NEVERLOGME-verifier-" + "v" * 40
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
TIMEOUT_SECONDS = 30
JPEG = base64.b64encode(b"\xff\xd8\xff\xe0 a very small picture")


def track_id(number: int) -> str:
    return f"SimulatorTest{number:09d}"


def uris(*numbers: int) -> list[str]:
    return [f"spotify:track:{track_id(number)}" for number in numbers]


UNKNOWN_URI = uris(999)[0]
TRACKS = {
    track_id(0): SimulatedTrack(
        "Häuser & <Höfe>", ("Die Probe", "Gast"), "Straßen", isrc="DEXX12400001", track_number=2
    ),
    track_id(1): SimulatedTrack("Gone Abroad", ("Nobody",), playable=False, release_date="1999-12-31"),
    track_id(2): SimulatedTrack(
        "Erste Straße", ("Die Probe",), "Straßen", release_date="2021-06", track_number=1, genres=("Indie Rock", "punk")
    ),
} | {track_id(number): SimulatedTrack(f"Song {number}", ("Band",), "Long") for number in range(3, 250)}


@pytest.fixture
def clock() -> SetClock:
    return SetClock(datetime(2026, 8, 31, 12, 0, tzinfo=UTC))


@pytest.fixture
def simulator(clock) -> Iterator[SpotifySimulator]:
    with SpotifySimulator(TRACKS, clock=clock) as running:
        running.register_app(APP, SECRET, [CALLBACK, "https://page.example/back?x=1"])
        running.register_app(PAGE_APP, None, ["http://127.0.0.1/callback", "http://[::1]/callback"])
        yield running


class Caller:
    """An app with a consent, and the account behind it."""

    def __init__(self, simulator: SpotifySimulator, refresh_token: str) -> None:
        self.simulator = simulator
        answer = ask_token(simulator, grant_type="refresh_token", refresh_token=refresh_token)
        self.headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}

    def __call__(self, method: str, path: str, **arguments) -> requests.Response:
        headers = self.headers | arguments.pop("headers", {})
        url = self.simulator.api_url + path
        return requests.request(method, url, headers=headers, timeout=TIMEOUT_SECONDS, **arguments)

    def new_playlist(self, *numbers: int, **details) -> str:
        created: str = self("POST", "me/playlists", json={"name": "A list"} | details).json()["id"]
        if numbers:
            assert self("POST", f"playlists/{created}/items", json={"uris": uris(*numbers)}).status_code == 201
        return created


def ask_token(simulator: SpotifySimulator, secret: str | None = SECRET, **form: str) -> requests.Response:
    credentials = None if secret is None else (APP, secret)
    url = f"{simulator.accounts_url}/api/token"
    return requests.post(url, data=form, auth=credentials, timeout=TIMEOUT_SECONDS)


@pytest.fixture
def call(simulator) -> Caller:
    return Caller(simulator, simulator.consent(APP, ALL_SCOPES))


def refusal(answer: requests.Response) -> tuple[int, str]:
    error = answer.json()["error"]
    assert error["status"] == answer.status_code
    return answer.status_code, error["message"]


# --- consent


def consent_request(**changes: str | None) -> dict[str, str]:
    asked = {
        "client_id": APP,
        "response_type": "code",
        "redirect_uri": CALLBACK,
        "scope": "playlist-modify-public",
        "state": "st&te",
    }
    return {name: value for name, value in (asked | changes).items() if value is not None}


def pkce_request(**changes: str | None) -> dict[str, str]:
    return consent_request(
        **{
            "client_id": PAGE_APP,
            "redirect_uri": "http://127.0.0.1:43210/callback",
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
        }
        | changes
    )


def open_page(simulator: SpotifySimulator, asked: dict[str, str]) -> requests.Response:
    url = f"{simulator.accounts_url}/authorize"
    return requests.get(url, params=asked, timeout=TIMEOUT_SECONDS, allow_redirects=False)


def decide(simulator: SpotifySimulator, asked: dict[str, str], decision: str = "allow") -> dict[str, str]:
    """What the app is told in the query of its callback."""
    url = f"{simulator.accounts_url}/authorize"
    answer = requests.post(url, data=asked | {"decision": decision}, timeout=TIMEOUT_SECONDS, allow_redirects=False)
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith(asked["redirect_uri"])
    return {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["Location"]).query).items()}


def exchange(simulator: SpotifySimulator, code: str, **changes: str) -> requests.Response:
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK}
    return ask_token(simulator, **form | changes)


def exchange_pkce(simulator: SpotifySimulator, code: str, **changes: str) -> requests.Response:
    form = {
        "grant_type": "authorization_code",
        "client_id": PAGE_APP,
        "code": code,
        "redirect_uri": "http://127.0.0.1:43210/callback",
        "code_verifier": VERIFIER,
    }
    return ask_token(simulator, secret=None, **form | changes)


def test_a_consent_leads_to_tokens_that_open_the_api(simulator):
    page = open_page(simulator, consent_request())
    assert page.status_code == 200
    assert 'action="/authorize"' in page.text
    assert "st&amp;te" in page.text
    told = decide(simulator, consent_request())
    assert told["state"] == "st&te"
    answer = exchange(simulator, told["code"])
    tokens = answer.json()
    assert answer.status_code == 200
    assert (tokens["token_type"], tokens["expires_in"], tokens["scope"]) == ("Bearer", 3600, "playlist-modify-public")
    me = requests.get(
        f"{simulator.api_url}me",
        headers={"Authorization": f"Bearer {tokens['access_token']}"},
        timeout=TIMEOUT_SECONDS,
    )
    assert me.json()["account_id"]
    assert ask_token(simulator, grant_type="refresh_token", refresh_token=tokens["refresh_token"]).ok


def test_a_page_consents_by_pkce_without_a_secret_on_any_loopback_port(simulator):
    assert open_page(simulator, pkce_request()).status_code == 200
    tokens = exchange_pkce(simulator, decide(simulator, pkce_request())["code"])
    assert tokens.status_code == 200
    refreshed = ask_token(
        simulator,
        secret=None,
        grant_type="refresh_token",
        client_id=PAGE_APP,
        refresh_token=tokens.json()["refresh_token"],
    )
    assert refreshed.status_code == 200
    assert "refresh_token" not in refreshed.json()


def test_cancelling_tells_the_app_that_access_was_denied(simulator):
    assert decide(simulator, consent_request(), "cancel") == {"error": "access_denied", "state": "st&te"}


def test_a_redirect_address_with_a_query_keeps_it(simulator):
    told = decide(simulator, consent_request(redirect_uri="https://page.example/back?x=1"))
    assert told["x"] == "1"
    assert told["code"]


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": "stranger"},
        {"client_id": None},
        {"redirect_uri": None},
        {"redirect_uri": CALLBACK + "/"},
        {"redirect_uri": "http://127.0.0.1:5001/callback"},
        {"redirect_uri": "http://localhost:5000/callback"},
        {"redirect_uri": "https://evil.example/callback"},
        {"redirect_uri": "http://127.0.0.1:port/callback"},
    ],
)
def test_a_stranger_is_told_on_the_page_and_never_redirected(simulator, changes):
    answer = open_page(simulator, consent_request(**changes))
    assert answer.status_code == 400
    assert "INVALID_CLIENT" in answer.text
    posted = requests.post(
        f"{simulator.accounts_url}/authorize",
        data=consent_request(**changes) | {"decision": "allow"},
        timeout=TIMEOUT_SECONDS,
        allow_redirects=False,
    )
    assert posted.status_code == 400


@pytest.mark.parametrize(
    ("asked", "error"),
    [
        (consent_request(response_type="token"), "unsupported_response_type"),
        (consent_request(response_type=None), "unsupported_response_type"),
        (consent_request(scope="playlist-modify-public rule-the-world"), "invalid_scope"),
        (pkce_request(code_challenge=None), "invalid_request"),
        (pkce_request(code_challenge="too-short"), "invalid_request"),
        (pkce_request(code_challenge_method="plain"), "invalid_request"),
        (pkce_request(code_challenge_method=None), "invalid_request"),
    ],
)
def test_a_faulty_request_goes_back_to_the_app_with_its_state(simulator, asked, error):
    answer = open_page(simulator, asked)
    assert answer.status_code == 302
    told = parse_qs(urlsplit(answer.headers["Location"]).query)
    assert told == {"error": [error], "state": ["st&te"]}


@pytest.mark.parametrize(
    "uri", ["http://localhost/x", "http://example.com/x", "ftp://127.0.0.1/x", "callback", "http://[x"]
)
def test_only_https_and_loopback_addresses_can_be_registered(simulator, uri):
    with pytest.raises(ValueError, match="loopback"):
        simulator.register_app("other", None, [uri])


def test_a_registered_loopback_address_with_a_port_allows_no_other(simulator):
    assert open_page(simulator, consent_request(redirect_uri="http://127.0.0.1:5000/callback")).status_code == 200
    assert open_page(simulator, consent_request(redirect_uri="http://127.0.0.1/callback")).status_code == 400


def test_the_loopback_rule_holds_for_both_address_families(simulator):
    assert open_page(simulator, pkce_request(redirect_uri="http://[::1]:8080/callback")).status_code == 200
    assert open_page(simulator, pkce_request(redirect_uri="http://[::1]:8080/other")).status_code == 400


def test_a_code_works_once_and_only_for_ten_minutes(simulator, clock):
    code = decide(simulator, consent_request())["code"]
    assert exchange(simulator, code).status_code == 200
    assert exchange(simulator, code).json()["error"] == "invalid_grant"
    late = decide(simulator, consent_request())["code"]
    clock.advance(600)
    assert exchange(simulator, late).json()["error"] == "invalid_grant"


def test_a_code_is_bound_to_its_app_and_redirect_address(simulator):
    code = decide(simulator, consent_request())["code"]
    assert exchange(simulator, code, redirect_uri="https://page.example/back").json()["error"] == "invalid_grant"
    code = decide(simulator, pkce_request())["code"]
    assert exchange(simulator, code, code_verifier=VERIFIER).json()["error"] == "invalid_grant"


@pytest.mark.parametrize(
    ("verifier", "error"),
    [
        ("w" * 43, "invalid_grant"),
        ("short", "invalid_request"),
        ("w" * 129, "invalid_request"),
        ("é" * 50, "invalid_request"),
    ],
)
def test_a_wrong_verifier_gets_no_tokens(simulator, verifier, error):
    code = decide(simulator, pkce_request())["code"]
    answer = exchange_pkce(simulator, code, code_verifier=verifier)
    assert (answer.status_code, answer.json()["error"]) == (400, error)


def test_a_code_made_with_a_challenge_needs_its_verifier_even_with_the_secret(simulator):
    asked = consent_request(code_challenge=CHALLENGE, code_challenge_method="S256")
    assert exchange(simulator, decide(simulator, asked)["code"]).json()["error"] == "invalid_request"
    assert exchange(simulator, decide(simulator, asked)["code"], code_verifier=VERIFIER).status_code == 200


def test_a_verifier_without_a_challenge_is_no_replacement_for_the_secret(simulator):
    code = decide(simulator, consent_request())["code"]
    answer = exchange_pkce(simulator, code, client_id=APP, redirect_uri=CALLBACK)
    assert answer.json()["error"] == "invalid_grant"


# --- tokens


def test_refreshing_gives_an_access_token_for_an_hour_and_keeps_the_refresh_token(simulator, clock):
    token = simulator.consent(APP, ALL_SCOPES)
    call = Caller(simulator, token)
    clock.advance(3599)
    assert call("GET", "me").status_code == 200
    clock.advance(1)
    assert refusal(call("GET", "me")) == (401, "The access token expired")
    answer = ask_token(simulator, grant_type="refresh_token", refresh_token=token)
    assert "refresh_token" not in answer.json()
    assert set(answer.json()["scope"].split()) == set(ALL_SCOPES.split())


def test_a_refresh_token_dies_six_months_after_consent_however_often_it_is_used(simulator, clock):
    token = simulator.consent(APP, ALL_SCOPES)
    clock.now = datetime(2027, 2, 28, 11, 59, tzinfo=UTC)
    assert ask_token(simulator, grant_type="refresh_token", refresh_token=token).status_code == 200
    clock.now = datetime(2027, 2, 28, 12, 0, tzinfo=UTC)
    answer = ask_token(simulator, grant_type="refresh_token", refresh_token=token)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")


def test_a_revoked_consent_gives_no_more_tokens(simulator):
    token = simulator.consent(APP, ALL_SCOPES)
    simulator.revoke(token)
    answer = ask_token(simulator, grant_type="refresh_token", refresh_token=token)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")
    assert answer.json()["error_description"]


@pytest.mark.parametrize(
    ("secret", "form", "error"),
    [
        ("NEVERLOGME-wrong", {"grant_type": "client_credentials"}, "invalid_client"),
        (None, {"grant_type": "client_credentials"}, "invalid_client"),
        (None, {"grant_type": "client_credentials", "client_id": APP}, "invalid_client"),
        (None, {"grant_type": "client_credentials", "client_id": PAGE_APP}, "invalid_client"),
        (SECRET, {"grant_type": "password"}, "unsupported_grant_type"),
        (SECRET, {}, "unsupported_grant_type"),
        (SECRET, {"grant_type": "refresh_token"}, "invalid_grant"),
        (SECRET, {"grant_type": "refresh_token", "refresh_token": "NEVERLOGME-unknown"}, "invalid_grant"),
    ],
)
def test_the_token_endpoint_names_what_is_wrong(simulator, secret, form, error):
    answer = ask_token(simulator, secret, **form)
    assert (answer.status_code, answer.json()["error"]) == (400, error)


def test_broken_basic_credentials_are_refused(simulator):
    answer = requests.post(
        f"{simulator.accounts_url}/api/token",
        data={"grant_type": "client_credentials"},
        headers={"Authorization": "Basic %%%"},
        timeout=TIMEOUT_SECONDS,
    )
    assert answer.json()["error"] == "invalid_client"


def test_a_consent_given_to_an_app_with_a_secret_cannot_be_refreshed_without_it(simulator):
    token = simulator.consent(APP, ALL_SCOPES)
    form = {"grant_type": "refresh_token", "refresh_token": token, "client_id": APP}
    assert ask_token(simulator, secret=None, **form).json()["error"] == "invalid_client"
    assert ask_token(simulator, secret=None, **form, client_secret=SECRET).status_code == 200


def test_a_consent_is_bound_to_its_app(simulator):
    form = {"grant_type": "refresh_token", "refresh_token": simulator.consent(PAGE_APP, ALL_SCOPES)}
    assert ask_token(simulator, **form).json()["error"] == "invalid_grant"


def test_nobody_consents_to_an_app_that_does_not_exist(simulator):
    with pytest.raises(ValueError, match="stranger"):
        simulator.consent("stranger", ALL_SCOPES)


def test_an_app_on_its_own_reads_tracks_but_has_no_account(simulator):
    token = ask_token(simulator, grant_type="client_credentials").json()["access_token"]

    def get(path: str) -> requests.Response:
        return requests.get(
            simulator.api_url + path, headers={"Authorization": f"Bearer {token}"}, timeout=TIMEOUT_SECONDS
        )

    assert get(f"tracks/{track_id(0)}").status_code == 200
    assert get("me").status_code == 401


@pytest.mark.parametrize("header", [None, "Bearer NEVERLOGME-unknown", "Bearer", "Basic NEVERLOGME"])
def test_the_api_wants_a_good_bearer_token(simulator, header):
    headers = {} if header is None else {"Authorization": header}
    assert requests.get(f"{simulator.api_url}me", headers=headers, timeout=TIMEOUT_SECONDS).status_code == 401


# --- playlists


def test_a_created_playlist_is_empty_and_stands_first_in_the_library(simulator, call):
    call.new_playlist()
    details = {"name": "Zweite", "description": "über <alles>", "public": False}
    created = call("POST", "me/playlists", json=details)
    assert created.status_code == 201
    body = created.json()
    assert {name: body[name] for name in details} == details
    assert body["items"]["total"] == 0
    assert "tracks" not in body
    listed = call("GET", "me/playlists").json()
    assert [row["name"] for row in listed["items"]] == ["Zweite", "A list"]
    assert listed["items"][0]["items"]["total"] == 0
    assert simulator.playlists[body["id"]].description == "über <alles>"


def test_a_playlist_is_public_unless_asked_otherwise(simulator, call):
    playlist = call.new_playlist()
    assert simulator.playlists[playlist].public


@pytest.mark.parametrize(
    "body",
    [{}, {"name": ""}, {"name": 7}, {"name": "x", "public": "yes"}, {"name": "x", "collaborative": True}, [], None],
)
def test_a_playlist_needs_a_name_and_the_right_types(simulator, call, body):
    assert refusal(call("POST", "me/playlists", json=body))[0] == 400
    assert simulator.playlists == {}


def test_a_body_that_is_no_json_is_refused(call):
    assert refusal(call("POST", "me/playlists", data="name=x")) == (400, "Error parsing JSON.")


def test_an_account_can_hold_only_so_many_playlists(clock):
    with SpotifySimulator(clock=clock, max_playlists=1) as simulator:
        simulator.register_app(APP, SECRET)
        call = Caller(simulator, simulator.consent(APP, ALL_SCOPES))
        first = call.new_playlist()
        assert refusal(call("POST", "me/playlists", json={"name": "x"}))[0] == 403
        assert call("DELETE", "me/library", params={"uris": f"spotify:playlist:{first}"}).status_code == 200
        assert call("POST", "me/playlists", json={"name": "x"}).status_code == 201


def test_details_are_changed_one_by_one(simulator, call):
    playlist = call.new_playlist(description="old")
    answer = call("PUT", f"playlists/{playlist}", json={"name": "New", "public": False})
    assert (answer.status_code, answer.content) == (200, b"")
    changed = simulator.playlists[playlist]
    assert (changed.name, changed.description, changed.public) == ("New", "old", False)
    assert refusal(call("PUT", f"playlists/{playlist}", json={"name": ""}))[0] == 400


def test_the_library_is_paged_and_its_links_lead_through_it(call):
    names = [f"List {number}" for number in range(7)]
    for name in names:
        call.new_playlist(name=name)
    page = call("GET", "me/playlists", params={"limit": 3}).json()
    assert (page["total"], page["limit"], page["offset"], page["previous"]) == (7, 3, 0, None)
    seen = [row["name"] for row in page["items"]]
    while page["next"]:
        page = requests.get(page["next"], headers=call.headers, timeout=TIMEOUT_SECONDS).json()
        seen += [row["name"] for row in page["items"]]
    assert seen == names[::-1]
    assert "offset=3" in page["previous"]


@pytest.mark.parametrize("query", [{"limit": 51}, {"limit": 0}, {"limit": "many"}, {"offset": -1}])
def test_a_page_outside_the_limits_is_refused(call, query):
    assert refusal(call("GET", "me/playlists", params=query))[0] == 400


def test_items_keep_their_order_and_repeat(simulator, call):
    playlist = call.new_playlist(5, 3, 5)
    assert call("POST", f"playlists/{playlist}/items", json={"uris": uris(7, 8), "position": 1}).status_code == 201
    assert simulator.playlists[playlist].uris == tuple(uris(5, 7, 8, 3, 5))


def test_replacing_overwrites_and_may_empty(simulator, call):
    playlist = call.new_playlist(5, 3)
    answer = call("PUT", f"playlists/{playlist}/items", json={"uris": uris(9)})
    assert answer.status_code == 200
    assert answer.json()["snapshot_id"]
    assert simulator.playlists[playlist].uris == tuple(uris(9))
    assert call("PUT", f"playlists/{playlist}/items", json={"uris": []}).status_code == 200
    assert simulator.playlists[playlist].uris == ()


@pytest.mark.parametrize(
    ("move", "order"),
    [
        ({"range_start": 0, "insert_before": 4}, (4, 5, 6, 3)),
        ({"range_start": 3, "insert_before": 0}, (6, 3, 4, 5)),
        ({"range_start": 1, "range_length": 2, "insert_before": 0}, (4, 5, 3, 6)),
        ({"range_start": 1, "range_length": 2, "insert_before": 2}, (3, 4, 5, 6)),
    ],
)
def test_reordering_moves_a_range(simulator, call, move, order):
    playlist = call.new_playlist(3, 4, 5, 6)
    assert call("PUT", f"playlists/{playlist}/items", json=move).status_code == 200
    assert simulator.playlists[playlist].uris == tuple(uris(*order))


@pytest.mark.parametrize(
    "body",
    [
        {"range_start": 0},
        {"range_start": 0, "insert_before": 9},
        {"range_start": 3, "range_length": 2, "insert_before": 0},
        {"range_start": 0, "insert_before": 2, "uris": []},
        {"range_start": 0, "insert_before": 2, "snapshot_id": "of long ago"},
        {},
    ],
)
def test_a_senseless_move_is_refused(simulator, call, body):
    playlist = call.new_playlist(3, 4, 5, 6)
    assert refusal(call("PUT", f"playlists/{playlist}/items", json=body))[0] == 400
    assert simulator.playlists[playlist].uris == tuple(uris(3, 4, 5, 6))


def test_removing_takes_out_every_occurrence(simulator, call):
    playlist = call.new_playlist(5, 3, 5)
    body = {"items": [{"uri": uri} for uri in uris(5)]}
    assert call("DELETE", f"playlists/{playlist}/items", json=body).status_code == 200
    assert simulator.playlists[playlist].uris == tuple(uris(3))
    old_form = {"tracks": [{"uri": uri} for uri in uris(3)]}
    assert refusal(call("DELETE", f"playlists/{playlist}/items", json=old_form))[0] == 400


@pytest.mark.parametrize("method", ["POST", "PUT"])
@pytest.mark.parametrize(
    "bad",
    [
        UNKNOWN_URI,
        "spotify:track:short",
        "spotify:episode:" + track_id(1),
        "https://open.spotify.com/track/" + track_id(1),
        "",
        None,
        7,
    ],
)
def test_one_bad_uri_refuses_the_whole_write(simulator, call, method, bad):
    playlist = call.new_playlist(3)
    assert refusal(call(method, f"playlists/{playlist}/items", json={"uris": [*uris(4), bad, *uris(5)]}))[0] == 400
    assert simulator.playlists[playlist].uris == tuple(uris(3))


@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_a_hundred_items_are_the_most_of_one_write(simulator, call, method):
    playlist = call.new_playlist()
    assert refusal(call(method, f"playlists/{playlist}/items", json={"uris": uris(*range(101))}))[0] == 400
    assert simulator.playlists[playlist].uris == ()
    assert call(method, f"playlists/{playlist}/items", json={"uris": uris(*range(100))}).ok
    assert simulator.playlists[playlist].uris == tuple(uris(*range(100)))


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"uris": uris(3)[0]},
        {"uris": []},
        uris(3),
        {"uris": uris(3), "position": 9},
        {"uris": uris(3), "position": "x"},
    ],
)
def test_only_the_documented_form_of_adding_is_taken(simulator, call, body):
    playlist = call.new_playlist(5)
    assert refusal(call("POST", f"playlists/{playlist}/items", json=body))[0] == 400
    assert simulator.playlists[playlist].uris == tuple(uris(5))


def test_uris_in_the_query_make_the_body_meaningless(simulator, call):
    playlist = call.new_playlist()
    query = {"uris": ",".join(uris(3, 4))}
    assert call("POST", f"playlists/{playlist}/items", params=query, json={"uris": uris(5)}).status_code == 201
    assert simulator.playlists[playlist].uris == tuple(uris(3, 4))


def test_reading_back_shows_what_can_be_played_in_a_market(call):
    playlist = call.new_playlist(0, 1)
    rows = call("GET", f"playlists/{playlist}/items", params={"market": "DE"}).json()["items"]
    assert [row["item"]["is_playable"] for row in rows] == [True, False]
    assert rows[1]["item"]["restrictions"] == {"reason": "market"}
    assert all("track" not in row for row in rows)
    without_market = call("GET", f"playlists/{playlist}/items").json()["items"]
    assert all("is_playable" not in row["item"] for row in without_market)


def test_a_long_playlist_is_read_page_by_page(call):
    playlist = call.new_playlist(*range(100))
    call("POST", f"playlists/{playlist}/items", json={"uris": uris(*range(100, 130))})
    page = call("GET", f"playlists/{playlist}/items", params={"limit": 50, "market": "US"}).json()
    read = [row["item"]["uri"] for row in page["items"]]
    while page["next"]:
        assert "market=US" in page["next"]
        page = requests.get(page["next"], headers=call.headers, timeout=TIMEOUT_SECONDS).json()
        read += [row["item"]["uri"] for row in page["items"]]
    assert read == uris(*range(130))


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ("total", {"total": 1}),
        ("total,items(item(uri))", {"total": 1, "items": [{"item": {"uri": uris(3)[0]}}]}),
        ("items.item.name", {"items": [{"item": {"name": "Song 3"}}]}),
        ("items(track(uri))", {"items": [{}]}),
        ("!items,!href,limit", {"limit": 20}),
    ],
)
def test_fields_cut_an_answer_down(call, fields, expected):
    playlist = call.new_playlist(3)
    assert call("GET", f"playlists/{playlist}/items", params={"fields": fields}).json() == expected


def test_fields_may_leave_parts_out(call):
    playlist = call.new_playlist(3)
    answer = call("GET", f"playlists/{playlist}/items", params={"fields": "items(!item,!added_by)"}).json()
    assert answer == {"items": [{"added_at": "2026-08-31T12:00:00Z", "is_local": False}]}
    answer = call("GET", f"playlists/{playlist}", params={"fields": "!items"}).json()
    assert "items" not in answer
    assert answer["name"] == "A list"


@pytest.mark.parametrize("fields", ["items(", "items)", "(", "items..uri", "items(uri", "a b", "!", "", "1"])
def test_broken_fields_are_refused(call, fields):
    playlist = call.new_playlist(3)
    assert refusal(call("GET", f"playlists/{playlist}/items", params={"fields": fields})) == (400, "Invalid fields")


def test_a_row_whose_track_is_gone_has_no_item(simulator, call):
    gone = simulator.add_playlist(SimulatedPlaylist("Old", uris=(UNKNOWN_URI, *uris(3))))
    rows = call("GET", f"playlists/{gone}/items").json()["items"]
    assert [row["item"] and row["item"]["uri"] for row in rows] == [None, *uris(3)]


def test_only_the_owner_sees_and_changes_the_contents(simulator, call):
    other = simulator.add_playlist(SimulatedPlaylist("Theirs", uris=tuple(uris(3)), owner="somebody"))
    body = call("GET", f"playlists/{other}").json()
    assert body["name"] == "Theirs"
    assert "items" not in body
    assert "tracks" not in body
    assert refusal(call("GET", f"playlists/{other}/items"))[0] == 403
    assert refusal(call("PUT", f"playlists/{other}/items", json={"uris": uris(4)}))[0] == 403
    assert refusal(call("PUT", f"playlists/{other}", json={"name": "Mine"}))[0] == 403
    assert simulator.playlists[other].uris == tuple(uris(3))
    assert call("GET", "me/playlists").json()["total"] == 0
    theirs = Caller(simulator, simulator.consent(APP, ALL_SCOPES, user_id="somebody"))
    assert theirs("GET", f"playlists/{other}/items").status_code == 200


def test_a_playlist_removed_from_the_library_is_not_listed_but_still_there(simulator, call):
    kept, removed = call.new_playlist(), call.new_playlist(3)
    answer = call("DELETE", "me/library", params={"uris": f"spotify:playlist:{removed}"})
    assert (answer.status_code, answer.content) == (200, b"")
    assert [row["id"] for row in call("GET", "me/playlists").json()["items"]] == [kept]
    assert call("GET", f"playlists/{removed}").status_code == 200
    assert not simulator.playlists[removed].in_library


@pytest.mark.parametrize(
    "uris_asked", [None, "", "spotify:track:" + track_id(1), ",".join(["spotify:playlist:x"] * 41)]
)
def test_only_playlists_can_be_removed_from_the_library_and_at_most_forty(call, uris_asked):
    query = {} if uris_asked is None else {"uris": uris_asked}
    assert refusal(call("DELETE", "me/library", params=query))[0] == 400


def test_a_cover_is_base64_text_of_a_jpeg(simulator, call):
    playlist = call.new_playlist()
    headers = {"Content-Type": "image/jpeg"}
    answer = call("PUT", f"playlists/{playlist}/images", data=JPEG, headers=headers)
    assert (answer.status_code, answer.content) == (202, b"")
    shown = call("GET", f"playlists/{playlist}/images").json()
    assert requests.get(shown[0]["url"], timeout=TIMEOUT_SECONDS).content == base64.b64decode(JPEG)
    assert call("GET", f"playlists/{playlist}").json()["images"] == shown


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"\xff\xd8\xff raw", "image/jpeg", 400),
        (JPEG[:8] + b"\n" + JPEG[8:], "image/jpeg", 400),
        (b"data:image/jpeg;base64," + JPEG, "image/jpeg", 400),
        (base64.b64encode(b"\x89PNG"), "image/jpeg", 400),
        (JPEG, "image/png", 400),
        (b"", "image/jpeg", 400),
        (base64.b64encode(b"\xff\xd8\xff" + bytes(196_607)), "image/jpeg", 413),
    ],
)
def test_other_covers_are_refused(simulator, call, body, content_type, status):
    playlist = call.new_playlist()
    answer = call("PUT", f"playlists/{playlist}/images", data=body, headers={"Content-Type": content_type})
    assert refusal(answer)[0] == status
    assert simulator.playlists[playlist].cover is None


def test_a_cover_of_just_the_allowed_size_is_taken(call):
    largest = base64.b64encode(b"\xff\xd8\xff" + bytes(196_605))
    assert len(largest) == 256 * 1024
    headers = {"Content-Type": "image/jpeg"}
    assert call("PUT", f"playlists/{call.new_playlist()}/images", data=largest, headers=headers).status_code == 202


@pytest.mark.parametrize(
    ("scopes", "method", "path", "body"),
    [
        ("playlist-modify-private", "POST", "me/playlists", {"name": "x"}),
        ("playlist-modify-public", "POST", "me/playlists", {"name": "x", "public": False}),
        ("playlist-modify-public", "PUT", "playlists/{}", {"public": False}),
        ("playlist-modify-private", "PUT", "playlists/{}", {"public": False}),
        ("playlist-modify-private", "PUT", "playlists/{}/items", {"uris": []}),
        ("playlist-modify-private", "POST", "playlists/{}/items", {"uris": uris(3)}),
        ("playlist-modify-private", "DELETE", "playlists/{}/items", {"items": [{"uri": uris(3)[0]}]}),
        ("playlist-modify-private", "DELETE", "me/library?uris=spotify:playlist:{}", None),
        ("playlist-modify-public", "GET", "playlists/{}/items", None),
        ("playlist-modify-public", "GET", "me/playlists", None),
        ("playlist-modify-public", "PUT", "playlists/{}/images", None),
        ("ugc-image-upload", "PUT", "playlists/{}/images", None),
    ],
)
def test_each_call_needs_its_scope(simulator, scopes, method, path, body):
    playlist = simulator.add_playlist(SimulatedPlaylist("Mine", uris=tuple(uris(3))))
    before = simulator.playlists
    call = Caller(simulator, simulator.consent(APP, scopes))
    assert refusal(call(method, path.format(playlist), json=body)) == (403, "Insufficient client scope")
    assert simulator.playlists == before


@pytest.mark.parametrize(
    "path", ["playlists/{}", "playlists/{}/items", "tracks/{}", "artists/{}", "albums/{}", "albums/{}/tracks"]
)
def test_unknown_ids_and_malformed_ids_are_told_apart(call, path):
    assert refusal(call("GET", path.format("A" * 22))) == (404, "Resource not found")
    assert refusal(call("GET", path.format("A" * 21))) == (400, "Invalid base62 id")
    assert refusal(call("GET", path.format("%C3%A4" * 22))) == (400, "Invalid base62 id")


# --- tracks, artists, albums, search


def test_a_track_has_what_development_mode_leaves(call):
    body = call("GET", f"tracks/{track_id(0)}").json()
    assert body["name"] == "Häuser & <Höfe>"
    assert [artist["name"] for artist in body["artists"]] == ["Die Probe", "Gast"]
    assert body["external_ids"] == {"isrc": "DEXX12400001"}
    assert not {"popularity", "available_markets", "linked_from", "is_playable"} & body.keys()
    assert not {"popularity", "available_markets", "label", "album_group"} & body["album"].keys()
    assert call("GET", f"tracks/{track_id(0)}", params={"market": "DE"}).json()["is_playable"] is True


@pytest.mark.parametrize("market", ["Germany", "de", ""])
def test_a_market_is_two_capital_letters(call, market):
    assert refusal(call("GET", f"tracks/{track_id(0)}", params={"market": market}))[0] == 400


def test_an_artist_has_what_development_mode_leaves(call):
    body = call("GET", f"artists/{artist_id('Die Probe')}").json()
    assert body["name"] == "Die Probe"
    assert body["images"]
    assert not {"followers", "popularity", "genres"} & body.keys()


def test_an_album_lists_its_tracks_in_their_order_without_isrc(call):
    album = album_id(TRACKS[track_id(0)])
    body = call("GET", f"albums/{album}").json()
    assert (body["name"], body["release_date"], body["release_date_precision"]) == ("Straßen", "2021-06", "month")
    assert [row["name"] for row in body["tracks"]["items"]] == ["Erste Straße", "Häuser & <Höfe>"]
    assert not {"popularity", "label", "available_markets"} & body.keys()
    page = call("GET", f"albums/{album}/tracks", params={"limit": 1, "offset": 1, "market": "DE"}).json()
    assert [row["name"] for row in page["items"]] == ["Häuser & <Höfe>"]
    assert page["items"][0]["is_playable"] is True
    assert "external_ids" not in page["items"][0]


def test_the_account_shows_no_more_than_its_name_and_ids(call):
    body = call("GET", "me").json()
    assert body["account_id"]
    assert not {"country", "email", "explicit_content", "followers", "product"} & body.keys()


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ("isrc:DEXX12400001", ["Häuser & <Höfe>"]),
        ("isrc:DEXX12400002", []),
        ("track:straße artist:Die Probe", ["Erste Straße"]),
        ('artist:"die probe" track:häuser', ["Häuser & <Höfe>"]),
        ("abroad nobody", ["Gone Abroad"]),
        ("year:1998-1999", ["Gone Abroad"]),
        ("year:1999", ["Gone Abroad"]),
        ("album:straßen year:2024", ["Häuser & <Höfe>"]),
        ("genre:country", []),
        ('genre:"indie rock"', ["Erste Straße"]),
        ("genre:punk artist:probe", ["Erste Straße"]),
        ("genre:punk artist:nobody", []),
        ("no such words", []),
    ],
)
def test_search_finds_tracks_by_words_and_filters(call, query, titles):
    body = call("GET", "search", params={"q": query, "type": "track"}).json()
    assert [track["name"] for track in body["tracks"]["items"]] == titles
    assert set(body) == {"tracks"}


def test_search_finds_artists_and_albums(call):
    body = call("GET", "search", params={"q": "artist:probe", "type": "artist,album,playlist"}).json()
    assert [artist["name"] for artist in body["artists"]["items"]] == ["Die Probe"]
    assert [album["name"] for album in body["albums"]["items"]] == ["Straßen"]
    assert body["playlists"]["items"] == []
    only_tracks = call("GET", "search", params={"q": "isrc:DEXX12400001", "type": "artist,album"}).json()
    assert [only_tracks[kind]["total"] for kind in ("artists", "albums")] == [0, 0]


def test_search_shows_five_and_at_most_ten(call):
    asked = {"q": "song", "type": "track"}
    assert len(call("GET", "search", params=asked).json()["tracks"]["items"]) == 5
    page = call("GET", "search", params=asked | {"limit": 10, "offset": 240}).json()["tracks"]
    assert (len(page["items"]), page["total"], page["next"]) == (7, 247, None)


@pytest.mark.parametrize(
    "query", [{"limit": 11}, {"limit": 0}, {"offset": 1001}, {"q": ""}, {"type": "song"}, {"type": ""}]
)
def test_search_refuses_what_lies_outside_its_limits(call, query):
    assert refusal(call("GET", "search", params={"q": "song", "type": "track"} | query))[0] == 400


# --- what was taken away, and what is not simulated


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "users/simulated-listener/playlists"),
        ("GET", "users/somebody"),
        ("GET", "playlists/{}/tracks"),
        ("POST", "playlists/{}/tracks"),
        ("PUT", "playlists/{}/tracks"),
        ("DELETE", "playlists/{}/tracks"),
        ("DELETE", "playlists/{}/followers"),
        ("GET", f"tracks?ids={track_id(0)}"),
        ("GET", "artists?ids=x"),
        ("GET", "albums?ids=x"),
        ("GET", "artists/x/top-tracks"),
        ("GET", "artists/x/related-artists"),
        ("GET", "recommendations?seed_genres=country"),
        ("GET", "recommendations/available-genre-seeds"),
        ("GET", "audio-features/x"),
        ("GET", "audio-analysis/x"),
        ("GET", "browse/new-releases"),
        ("GET", "markets"),
    ],
)
def test_removed_endpoints_answer_forbidden(simulator, call, method, path):
    playlist = call.new_playlist(3)
    answer = call(method, path.format(playlist), json={"name": "x", "uris": uris(4)} if method != "GET" else None)
    assert answer.status_code == 403
    assert answer.json() == {"error": {"status": 403, "message": "Forbidden"}}
    assert simulator.playlists[playlist].uris == tuple(uris(3))


def test_removed_endpoints_ask_for_the_token_first(simulator):
    assert requests.get(f"{simulator.api_url}markets", timeout=TIMEOUT_SECONDS).status_code == 401


def test_what_is_not_simulated_says_so_in_a_way_that_spotify_never_does(call):
    assert refusal(call("GET", "me/player"))[0] == 501
    assert refusal(call("PATCH", "me"))[0] == 501


def test_a_page_of_another_origin_may_call_the_api_and_the_token_endpoint(simulator, call):
    for url in (f"{simulator.api_url}me/playlists", f"{simulator.accounts_url}/api/token"):
        asked = {"Origin": "http://127.0.0.1:8000", "Access-Control-Request-Method": "POST"}
        preflight = requests.options(url, headers=asked, timeout=TIMEOUT_SECONDS)
        assert preflight.ok
        assert preflight.headers["Access-Control-Allow-Origin"] == "*"
        assert {"Authorization", "Content-Type"} <= set(preflight.headers["Access-Control-Allow-Headers"].split(", "))
        assert {"PUT", "DELETE"} <= set(preflight.headers["Access-Control-Allow-Methods"].split(", "))
    assert call("GET", "me").headers["Access-Control-Allow-Origin"] == "*"
    assert ask_token(simulator).headers["Access-Control-Allow-Origin"] == "*"
    simulator.add_fault(Fault("GET", "/v1/me$", FaultKind.QUOTA))
    assert call("GET", "me").headers["Access-Control-Allow-Origin"] == "*"


def test_an_unknown_address_is_not_found(simulator):
    assert requests.get(f"{simulator.accounts_url}/nowhere", timeout=TIMEOUT_SECONDS).status_code == 404
    assert requests.delete(f"{simulator.accounts_url}/authorize", timeout=TIMEOUT_SECONDS).status_code == 405


# --- pages


def test_the_page_of_a_playlist_says_that_it_is_a_simulation_and_escapes_every_text(simulator):
    playlist = simulator.add_playlist(
        SimulatedPlaylist("<script>alert(1)</script>", 'a "b" <i>', uris=(*uris(0, 1), UNKNOWN_URI))
    )
    page = requests.get(simulator.playlists_url + playlist, timeout=TIMEOUT_SECONDS)
    assert page.headers["Content-Type"].startswith("text/html")
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert "not Spotify" in page.text
    assert "<script" not in page.text
    assert "<i>" not in page.text
    assert "&lt;script&gt;" in page.text
    assert "Häuser &amp; &lt;Höfe&gt;" in page.text
    assert "cannot be played" in page.text
    assert UNKNOWN_URI in page.text
    for address in ("/_simulator/style.css", f"/_simulator/artwork/{playlist}.svg"):
        assert address in page.text
        assert requests.get(simulator.accounts_url + address, timeout=TIMEOUT_SECONDS).ok


@pytest.mark.parametrize("playlist", ["A" * 22, "short"])
def test_the_page_of_an_unknown_playlist_is_not_found(simulator, playlist):
    page = requests.get(simulator.playlists_url + playlist, timeout=TIMEOUT_SECONDS)
    assert page.status_code == 404
    assert "No such playlist" in page.text
    cover = requests.get(f"{simulator.accounts_url}/_simulator/cover/{playlist}.jpg", timeout=TIMEOUT_SECONDS)
    assert cover.status_code == 404


@pytest.mark.parametrize(
    "address",
    [f"https://open.spotify.com/track/{track_id(0)}?si=x", f"https://open.spotify.com/intl-de/track/{track_id(0)}"],
)
def test_oembed_tells_the_title_without_a_token_and_no_artist(simulator, address):
    answer = requests.get(f"{simulator.accounts_url}/oembed", params={"url": address}, timeout=TIMEOUT_SECONDS)
    body = answer.json()
    assert body["title"] == "Häuser & <Höfe>"
    assert f"embed/track/{track_id(0)}" in body["html"]
    assert "<Höfe>" not in body["html"]
    assert requests.get(body["thumbnail_url"], timeout=TIMEOUT_SECONDS).ok
    assert "Die Probe" not in answer.text
    assert "Access-Control-Allow-Origin" not in answer.headers


@pytest.mark.parametrize(
    "address", ["", "https://open.spotify.com/track/x", f"https://evil.example/track/{track_id(0)}"]
)
def test_oembed_knows_nothing_else(simulator, address):
    answer = requests.get(f"{simulator.accounts_url}/oembed", params={"url": address}, timeout=TIMEOUT_SECONDS)
    assert answer.status_code == 404


# --- faults


NOTHING_IS_DONE = [
    (FaultKind.RATE_LIMITED, 429),
    (FaultKind.QUOTA, 429),
    (FaultKind.PLAIN_TEXT_429, 429),
    (FaultKind.PLAIN_TEXT_403, 403),
    (FaultKind.PREMIUM_LAPSED, 403),
    (FaultKind.SERVER_ERROR, 502),
    (FaultKind.EMPTY_200, 200),
    (FaultKind.NOT_JSON_200, 200),
    (FaultKind.EXPIRED_TOKEN, 401),
]


def create(call: Caller) -> requests.Response:
    return call("POST", "me/playlists", json={"name": "x"})


@pytest.mark.parametrize(("kind", "status"), NOTHING_IS_DONE)
def test_a_fault_in_place_of_the_work_leaves_nothing_behind_and_passes(simulator, call, kind, status):
    simulator.add_fault(Fault("POST", "/v1/me/playlists$", kind))
    assert create(call).status_code == status
    assert simulator.playlists == {}
    assert create(call).status_code == 201


def test_limits_say_when_to_come_back(simulator, call):
    for kind, seconds in ((FaultKind.RATE_LIMITED, 7), (FaultKind.QUOTA, None), (FaultKind.PLAIN_TEXT_429, "soon")):
        simulator.add_fault(Fault("GET", "/v1/me$", kind, retry_after=seconds))
    rate, quota, plain = (call("GET", "me") for _ in range(3))
    assert rate.headers["Retry-After"] == "7"
    assert int(quota.headers["Retry-After"]) > 3600
    assert quota.json()["error"]["reason"] == "QUOTA_EXCEEDED"
    assert plain.headers["Retry-After"] == "soon"
    assert not plain.headers["Content-Type"].startswith("application/json")
    simulator.add_fault(Fault("GET", "/v1/me$", FaultKind.RATE_LIMITED, retry_after=""))
    assert "Retry-After" not in call("GET", "me").headers


def test_faulty_answers_are_what_no_json_parser_takes(simulator, call):
    for kind in (FaultKind.EMPTY_200, FaultKind.NOT_JSON_200, FaultKind.SERVER_ERROR, FaultKind.PREMIUM_LAPSED):
        simulator.add_fault(Fault("GET", "/v1/me$", kind))
    for _ in range(4):
        with pytest.raises(requests.exceptions.JSONDecodeError):
            call("GET", "me").json()


def test_an_answer_can_fail_after_the_work_was_done(simulator, call):
    simulator.add_fault(Fault("POST", "/v1/me/playlists$", FaultKind.SERVER_ERROR_AFTER))
    assert create(call).status_code == 502
    assert len(simulator.playlists) == 1


@pytest.mark.parametrize(("kind", "playlists"), [(FaultKind.DROP_BEFORE, 0), (FaultKind.DROP_AFTER, 1)])
def test_a_dropped_connection_is_recorded_without_an_answer(simulator, call, kind, playlists):
    simulator.add_fault(Fault("POST", "/v1/me/playlists$", kind))
    with pytest.raises(requests.exceptions.ConnectionError):
        create(call)
    assert len(simulator.playlists) == playlists
    last = simulator.requests[-1]
    assert (last.method, last.status, last.fault, last.json) == ("POST", None, kind, {"name": "x"})


@pytest.mark.parametrize("kind", [FaultKind.SLOW, FaultKind.SLOW_AFTER])
def test_a_slow_answer_is_still_the_answer(simulator, call, kind):
    simulator.add_fault(Fault("POST", "/v1/me/playlists$", kind, seconds=0.01))
    assert create(call).status_code == 201
    assert len(simulator.playlists) == 1


def test_what_a_client_gave_up_on_is_done_all_the_same(simulator, call):
    simulator.add_fault(Fault("POST", "/v1/me/playlists$", FaultKind.SLOW, seconds=0.3))
    with pytest.raises(requests.exceptions.ReadTimeout):
        requests.post(f"{simulator.api_url}me/playlists", json={"name": "x"}, headers=call.headers, timeout=0.05)
    simulator.wait_until_idle()
    assert len(simulator.playlists) == 1


def test_stopping_does_not_wait_for_a_slow_answer(clock):
    outcome: list[object] = []
    with SpotifySimulator(clock=clock) as simulator:
        simulator.add_fault(Fault("GET", "/oembed", FaultKind.SLOW, seconds=3600))

        def ask() -> None:
            try:
                outcome.append(requests.get(f"{simulator.accounts_url}/oembed", timeout=3600))
            except requests.exceptions.ConnectionError as error:
                outcome.append(error)

        client = threading.Thread(target=ask, daemon=True)
        client.start()
        while not simulator.busy:
            client.join(0.01)
        with pytest.raises(TimeoutError):
            simulator.wait_until_idle(0.01)
    client.join(TIMEOUT_SECONDS)
    assert [type(one) for one in outcome] == [requests.exceptions.ConnectionError]


def test_a_revoked_consent_can_be_ordered_as_a_fault(simulator):
    token = simulator.consent(APP, ALL_SCOPES)
    simulator.add_fault(Fault("POST", "/api/token", FaultKind.REVOKED))
    answer = ask_token(simulator, grant_type="refresh_token", refresh_token=token)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")
    assert ask_token(simulator, grant_type="refresh_token", refresh_token=token).status_code == 200


def test_faults_meet_only_what_they_match_as_often_as_ordered(simulator, call):
    simulator.add_fault(Fault("GET", r"/playlists/[^/]+/items$", FaultKind.SERVER_ERROR, times=2, after=1))
    playlist = call.new_playlist(3)
    statuses = [call("GET", f"playlists/{playlist}/items").status_code for _ in range(4)]
    assert statuses == [200, 502, 502, 200]


def test_faults_happen_in_the_order_in_which_they_were_ordered(simulator, call):
    simulator.add_fault(Fault("*", "/v1/", FaultKind.RATE_LIMITED))
    simulator.add_fault(Fault("get", "/v1/me", FaultKind.SERVER_ERROR))
    assert [call("GET", "me").status_code for _ in range(3)] == [429, 502, 200]


def test_a_lasting_fault_lasts_until_faults_are_cleared(simulator, call):
    simulator.add_fault(Fault("*", "/v1/", FaultKind.PREMIUM_LAPSED, times=None))
    assert [call("GET", "me").status_code for _ in range(3)] == [403, 403, 403]
    simulator.clear_faults()
    assert call("GET", "me").status_code == 200


@pytest.mark.parametrize("wrong", [{"kind": "earthquake"}, {"path_pattern": "("}])
def test_an_impossible_fault_cannot_be_ordered(wrong):
    with pytest.raises(ValueError, match=r"earthquake|regular expression"):
        Fault(**{"method": "GET", "path_pattern": "/", "kind": FaultKind.SLOW, **wrong})


def test_faults_are_switched_over_http_too(simulator, call):
    url = f"{simulator.accounts_url}/_simulator/faults"
    ordered = {"method": "GET", "path_pattern": "/v1/me$", "kind": "quota", "times": 2, "retry_after": 60}
    assert requests.post(url, json=ordered, timeout=TIMEOUT_SECONDS).status_code == 201
    assert call("GET", "me").headers["Retry-After"] == "60"
    (pending,) = requests.get(url, timeout=TIMEOUT_SECONDS).json()["faults"]
    assert (pending["kind"], pending["times"], pending["left"]) == ("quota", 2, 1)
    assert requests.delete(url, timeout=TIMEOUT_SECONDS).status_code == 204
    assert call("GET", "me").status_code == 200


@pytest.mark.parametrize(
    "wrong", [{"kind": "quota"}, {"kind": "earthquake"}, {"colour": "red"}, {"times": "x"}, [], "x"]
)
def test_a_wrong_order_over_http_is_refused(simulator, wrong):
    if isinstance(wrong, dict) and "kind" not in wrong:
        wrong = {"method": "GET", "path_pattern": "/v1/me$", "kind": "quota", **wrong}
    url = f"{simulator.accounts_url}/_simulator/faults"
    assert requests.post(url, json=wrong, timeout=TIMEOUT_SECONDS).status_code == 400
    assert requests.get(url, timeout=TIMEOUT_SECONDS).json() == {"faults": []}


def test_playlists_are_shown_over_http_too(simulator, call):
    playlist = call.new_playlist(3)
    shown = requests.get(f"{simulator.accounts_url}/_simulator/playlists", timeout=TIMEOUT_SECONDS).json()
    (only,) = shown["playlists"]
    assert (only["id"], only["uris"], only["page"]) == (playlist, uris(3), simulator.playlists_url + playlist)


# --- records, state, server


def test_what_was_asked_is_recorded_without_secrets(simulator):
    call = Caller(simulator, simulator.consent(APP, ALL_SCOPES))
    call("GET", "me/playlists", params={"limit": 2})
    exchange(simulator, decide(simulator, consent_request())["code"], code_verifier=VERIFIER)
    exchange(simulator, decide(simulator, consent_request())["code"])
    requests.get(f"{simulator.accounts_url}/nowhere", params={"code": "NEVERLOGME-code"}, timeout=TIMEOUT_SECONDS)
    assert (simulator.requests[1].method, simulator.requests[1].path) == ("GET", "/v1/me/playlists")
    assert (simulator.requests[1].query, simulator.requests[1].status) == ({"limit": "2"}, 200)
    assert [one.status for one in simulator.requests] == [200, 200, 302, 400, 302, 200, 404]
    assert "NEVERLOGME" not in repr(simulator.requests)


def test_nothing_is_logged(simulator, call, caplog, capfd):
    caplog.set_level(0)
    open_page(simulator, consent_request())
    call("GET", "me")
    out, err = capfd.readouterr()
    own = [record for record in caplog.records if not record.name.startswith("urllib3")]
    assert (out, err, own) == ("", "", [])


def test_tracks_can_be_added_later_and_the_given_ones_stay_as_they_are(clock):
    given = {track_id(0): TRACKS[track_id(0)]}
    with SpotifySimulator(given, clock=clock) as simulator:
        simulator.register_app(APP, SECRET)
        call = Caller(simulator, simulator.consent(APP, ALL_SCOPES))
        assert call("GET", f"artists/{artist_id('Newcomer')}").status_code == 404
        simulator.add_tracks({track_id(1): SimulatedTrack("New", ("Newcomer",))})
        assert call("GET", f"tracks/{track_id(1)}").status_code == 200
        assert call("GET", f"artists/{artist_id('Newcomer')}").status_code == 200
        assert given == {track_id(0): TRACKS[track_id(0)]}
        with pytest.raises(ValueError, match="22"):
            simulator.add_tracks({"short": SimulatedTrack("x", ("y",))})


def test_writes_at_the_same_time_all_arrive(simulator, call):
    playlist = call.new_playlist()
    numbers = range(3, 19)

    def add(number: int) -> None:
        call("POST", f"playlists/{playlist}/items", json={"uris": uris(number)})

    threads = [threading.Thread(target=add, args=(number,)) for number in numbers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(simulator.playlists[playlist].uris) == uris(*numbers)


def test_an_artists_albums_come_newest_first_and_ten_at_most(simulator, call):
    some = {
        track_id(100 + n): SimulatedTrack(f"Song {n}", ("Quartet",), release_date=f"2026-01-{n:02}")
        for n in range(1, 13)
    }
    simulator.add_tracks(some)
    quartet = artist_id("Quartet")
    page = call("GET", f"artists/{quartet}/albums", params={"limit": 10}).json()
    assert [album["name"] for album in page["items"]] == [f"Song {n}" for n in range(12, 2, -1)]
    assert page["total"] == 12
    assert len(call("GET", f"artists/{quartet}/albums").json()["items"]) == 5
    assert call("GET", f"artists/{quartet}/albums", params={"include_groups": "album"}).json()["items"] == []
    assert call("GET", f"artists/{quartet}/albums", params={"limit": 11}).status_code == 400
    assert call("GET", f"artists/{quartet}/albums", params={"include_groups": "tape"}).status_code == 400
    assert call("GET", f"artists/{'A' * 22}/albums").status_code == 404


def test_an_album_is_found_by_its_upc_alone(simulator, call):
    simulator.add_tracks({track_id(101): SimulatedTrack("Song", ("Band",), upc="012345678905")})
    found = call("GET", "search", params={"q": "upc:012345678905", "type": "album"}).json()["albums"]["items"]
    assert [album["name"] for album in found] == ["Song"]
    other = call("GET", "search", params={"q": "upc:999999999999", "type": "album"}).json()["albums"]
    assert other["total"] == 0


# --- Spotify's own document


def tour(simulator: SpotifySimulator, call: Caller) -> set[tuple[str, str]]:
    """Every call once or more with success; what was called, as methods and paths of the document."""
    playlist = call.new_playlist(0, 1)
    gone = simulator.add_playlist(SimulatedPlaylist("Old", uris=(UNKNOWN_URI,)))
    theirs = simulator.add_playlist(SimulatedPlaylist("Theirs", owner="somebody"))
    album, artist = album_id(TRACKS[track_id(0)]), artist_id("Die Probe")
    items = "/playlists/{playlist_id}/items"
    calls: list[tuple[str, str, str, dict[str, object]]] = [
        ("GET", "/me", "", {}),
        ("GET", "/me/playlists", "", {"params": {"limit": 50}}),
        ("GET", "/me/playlists", "", {"params": {"limit": 1, "offset": 1}}),
        ("POST", "/me/playlists", "", {"json": {"name": "x", "description": "y", "public": False}}),
        ("GET", "/playlists/{playlist_id}", playlist, {"params": {"market": "DE"}}),
        ("GET", "/playlists/{playlist_id}", theirs, {}),
        ("GET", "/playlists/{playlist_id}", playlist, {"params": {"fields": "name,items.total"}}),
        ("PUT", "/playlists/{playlist_id}", playlist, {"json": {"name": "y", "public": True}}),
        ("GET", items, playlist, {"params": {"limit": 50, "market": "DE", "additional_types": "track"}}),
        ("GET", items, gone, {}),
        ("GET", items, playlist, {"params": {"fields": "next,items(item(uri,is_playable))", "market": "DE"}}),
        ("POST", items, playlist, {"json": {"uris": uris(3), "position": 0}}),
        ("PUT", items, playlist, {"json": {"uris": uris(3, 4)}}),
        ("PUT", items, playlist, {"json": {"range_start": 0, "insert_before": 2}}),
        ("DELETE", items, playlist, {"json": {"items": [{"uri": uris(3)[0]}]}}),
        ("PUT", "/playlists/{playlist_id}/images", playlist, {"data": JPEG, "headers": {"Content-Type": "image/jpeg"}}),
        ("GET", "/playlists/{playlist_id}/images", playlist, {}),
        ("GET", "/playlists/{playlist_id}", playlist, {}),
        ("GET", "/tracks/{id}", track_id(0), {}),
        ("GET", "/tracks/{id}", track_id(1), {"params": {"market": "DE"}}),
        ("GET", "/artists/{id}", artist, {}),
        ("GET", "/artists/{id}/albums", artist, {"params": {"include_groups": "album,single", "limit": 10}}),
        ("GET", "/albums/{id}", album, {"params": {"market": "DE"}}),
        ("GET", "/albums/{id}/tracks", album, {"params": {"limit": 1}}),
        ("GET", "/search", "", {"params": {"q": "die", "type": "track,artist,album", "limit": 10, "market": "DE"}}),
        ("DELETE", "/me/library", "", {"params": {"uris": f"spotify:playlist:{playlist}"}}),
    ]
    for method, template, inside, arguments in calls:
        path = template.replace("{playlist_id}", inside).replace("{id}", inside).removeprefix("/")
        assert call(method, path, **arguments).ok, (method, path)
    return {(method, template) for method, template, _, _ in calls}


def test_the_tour_leads_to_every_endpoint(simulator, call):
    toured = {(method, re.sub("{.*}", "{}", template)) for method, template in tour(simulator, call)}
    assert toured == {(method, re.sub("{.*}", "{}", template)) for method, template in simulator.endpoints}


def test_requests_and_answers_fit_spotifys_document(simulator, call, spotify_contract):
    tour(simulator, call)
    assert spotify_contract.check_exchanges(simulator.requests) > 20


def test_refusals_fit_spotifys_document(simulator, call, spotify_contract):
    playlist = call.new_playlist()
    other = simulator.add_playlist(SimulatedPlaylist("Theirs", owner="somebody"))
    simulator.add_fault(Fault("GET", "/v1/me$", FaultKind.QUOTA))
    simulator.add_fault(Fault("GET", "/v1/me$", FaultKind.RATE_LIMITED))
    simulator.add_fault(Fault("GET", "/v1/me$", FaultKind.EXPIRED_TOKEN))
    refused = [
        call("GET", "me"),
        call("GET", "me"),
        call("GET", "me"),
        call("POST", "me/playlists", json={}),
        call("POST", f"playlists/{playlist}/items", json={"uris": [UNKNOWN_URI]}),
        call("PUT", f"playlists/{other}/items", json={"uris": []}),
        call("GET", f"playlists/{'A' * 22}"),
        call("DELETE", "me/library", params={"uris": "x"}),
        call("PUT", f"playlists/{playlist}/images", data=b"A" * 300_000, headers={"Content-Type": "image/jpeg"}),
        call("GET", f"tracks?ids={track_id(0)}"),
        call("GET", f"playlists/{playlist}/tracks"),
    ]
    assert [answer.status_code for answer in refused] == [429, 429, 401, 400, 400, 403, 404, 400, 413, 403, 403]
    assert spotify_contract.check_exchanges(simulator.requests, refused_requests_too=False) == len(refused) + 1


def test_faults_that_are_not_the_api_speaking_are_not_held_against_it(simulator, call, spotify_contract):
    for kind in (FaultKind.SERVER_ERROR, FaultKind.EMPTY_200, FaultKind.PREMIUM_LAPSED):
        simulator.add_fault(Fault("GET", "/v1/me$", kind))
        call("GET", "me")
    assert spotify_contract.check_exchanges(simulator.requests) == 3


@pytest.mark.parametrize(
    ("method", "path", "arguments", "complaint"),
    [
        ("GET", "me/playlists", {"params": {"limit": 51}}, "maximum of 50"),
        ("GET", "me/playlists", {"params": {"page": 2}}, "unknown parameters"),
        ("POST", "me/playlists", {"json": {"title": "x"}}, "'name' is a required property"),
        ("GET", f"tracks?ids={track_id(0)}", {}, "deprecated"),
        ("GET", "me/songs", {}, "request"),
        ("GET", "me", {"headers": {"Authorization": "Basic x"}}, "no bearer token"),
    ],
)
def test_the_check_finds_a_request_that_breaks_the_contract(
    simulator, call, spotify_contract, method, path, arguments, complaint
):
    call(method, path, **arguments)
    with pytest.raises(AssertionError, match=complaint):
        spotify_contract.check_exchanges(simulator.requests)


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ({"id": 7}, "7 is not of type 'string'"),
        ({"id": "x", "images": [{"url": "y"}]}, "'height' is a required property"),
        ({"id": "x", "shoe_size": 44}, "knows no .shoe_size"),
        ({"id": "x", "images": [{"url": "y", "height": 1, "width": 1, "depth": 1}]}, "depth"),
    ],
)
def test_the_check_finds_an_answer_that_breaks_the_contract(simulator, call, spotify_contract, body, complaint):
    call("GET", "me")
    broken = dataclasses.replace(simulator.requests[-1], response_body=json.dumps(body).encode())
    with pytest.raises(AssertionError, match=complaint):
        spotify_contract.check_exchanges([broken])


def test_every_field_that_we_excuse_is_required_by_the_document(spotify_contract):
    for removed in spotify_contract.removed_fields:
        assert removed["field"] in spotify_contract.required_by_spotify(removed["schema"])
        assert date.fromisoformat(removed["changelog"]) == date(2026, 2, 11)


# --- visitors who publish under their own accounts


def own_account(simulator: SpotifySimulator, user: str | None = None) -> Caller:
    """A page's app with the consent that a visitor gave on the consent screen, by PKCE and without a secret."""
    asked = pkce_request(scope=ALL_SCOPES) | ({} if user is None else {"user": user})
    told = decide(simulator, asked)
    form = {"grant_type": "authorization_code", "code": told["code"], "redirect_uri": asked["redirect_uri"]}
    answer = ask_token(simulator, secret=None, client_id=PAGE_APP, code_verifier=VERIFIER, **form)
    caller = object.__new__(Caller)
    caller.simulator = simulator
    caller.headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    return caller


def test_the_consent_screen_lets_a_person_choose_the_account(simulator):
    page = open_page(simulator, pkce_request()).text
    assert page.count('type="radio"') == 2
    assert re.search(r'value="simulated-listener" checked', page)
    assert 'value="unlisted-visitor">' in page


def test_an_account_that_is_not_among_the_apps_users_consents_and_is_refused_every_call(simulator):
    call = own_account(simulator, "unlisted-visitor")
    for method, path in (("GET", "me"), ("POST", "me/playlists"), ("GET", "me/playlists"), ("GET", "search")):
        answer = call(method, path)
        assert (answer.status_code, answer.text) == (403, "User not registered in the Developer Dashboard")
        assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
        # A page may read it.
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert own_account(simulator, "simulated-listener")("GET", "me").json()["id"] == "simulated-listener"


def test_nobody_consents_for_an_account_that_there_is_not(simulator):
    url = f"{simulator.accounts_url}/authorize"
    asked = pkce_request() | {"decision": "allow", "user": "somebody"}
    answer = requests.post(url, data=asked, timeout=TIMEOUT_SECONDS, allow_redirects=False)
    assert (answer.status_code, answer.headers.get("Location")) == (400, None)


def test_access_tokens_that_are_ended_are_expired_and_consents_stay(simulator):
    refresh_token = simulator.consent(APP, ALL_SCOPES)
    call = Caller(simulator, refresh_token)
    assert call("GET", "me").status_code == 200
    ended = requests.delete(f"{simulator.accounts_url}/_simulator/access-tokens", timeout=TIMEOUT_SECONDS)
    assert ended.status_code == 204
    assert refusal(call("GET", "me")) == (401, "The access token expired")
    assert Caller(simulator, refresh_token)("GET", "me").status_code == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/me"),
        ("GET", "/v1/me/playlists"),
        ("POST", "/v1/me/playlists"),
        ("POST", f"/v1/playlists/{'x' * 22}/items"),
        ("PUT", f"/v1/playlists/{'x' * 22}/items"),
        ("GET", f"/v1/playlists/{'x' * 22}/items"),
        ("PUT", f"/v1/playlists/{'x' * 22}/images"),
        ("POST", "/api/token"),
    ],
)
def test_a_page_may_make_every_call_that_publishing_takes(simulator, method, path):
    headers = {
        "Origin": "http://127.0.0.1:8000",
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": "authorization,content-type",
    }
    url = simulator.accounts_url + path
    asked = requests.options(url, headers=headers, timeout=TIMEOUT_SECONDS)
    assert asked.status_code == 204
    assert asked.headers["Access-Control-Allow-Origin"] == "*"
    assert method in asked.headers["Access-Control-Allow-Methods"].split(", ")
    assert {"Authorization", "Content-Type"} <= set(asked.headers["Access-Control-Allow-Headers"].split(", "))
    answer = requests.request(method, url, headers={"Origin": "http://127.0.0.1:8000"}, timeout=TIMEOUT_SECONDS)
    assert answer.status_code in (400, 401)
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        (f"track/{track_id(0)}", 200, "Häuser &amp; &lt;Höfe&gt;"),
        (f"track/{track_id(999)}", 404, "No such track"),
        (f"playlist/{'x' * 22}", 404, "No such playlist"),
        ("playlist/x", 404, "No such playlist"),
    ],
)
def test_players_may_be_shown_in_a_frame_and_other_pages_may_not(simulator, call, path, status, words):
    player = requests.get(f"{simulator.accounts_url}/embed/{path}", timeout=TIMEOUT_SECONDS)
    assert (player.status_code, words in player.text) == (status, True)
    assert "simulated player" in player.text
    assert "frame-ancestors" not in player.headers["Content-Security-Policy"]
    playlist = requests.get(f"{simulator.playlists_url}{call.new_playlist()}", timeout=TIMEOUT_SECONDS)
    assert "frame-ancestors 'none'" in playlist.headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in open_page(simulator, consent_request()).headers["Content-Security-Policy"]


def test_a_playlist_has_a_player(simulator, call):
    made = call.new_playlist(3, 4, name="<Late> drives")
    player = requests.get(f"{simulator.accounts_url}/embed/playlist/{made}", timeout=TIMEOUT_SECONDS)
    assert "&lt;Late&gt; drives" in player.text
    assert "2 tracks" in player.text
