"""Publishing over HTTP: who may, what comes back, and what every refusal is called, with nothing created by any."""

import json
from datetime import timedelta

import pytest

from daltonify_core.errors import (
    ConsentNeeded,
    UpstreamRateLimited,
    UpstreamUnavailable,
    UpstreamUncertain,
)
from daltonify_core.ports.limits import Circuit
from tests.builders import build_index_folder, make_track, track_id
from tests.fakes.faults import Fault, Moment
from tests.fakes.memory_playlists import MemoryPlaylistService
from tests.handlers.api_client import (
    CODE,
    NOON,
    SEED,
    ApiClient,
    FixedIndex,
    check_problem,
    make_settings,
    open_recommender,
)

PATH = "/api/playlists"
KEY = "3f0c8a52-6f1d-4c39-9d0e-5b8b1b0c6a77"
FOREIGN = "spotify:track:" + "F" * 22


@pytest.fixture
def uris(recommender):
    return [f"spotify:track:{track.track_id}" for track in recommender.index.tracks.tracks(range(12))]


@pytest.fixture
def body(uris):
    return {"title": "Quiet roads", "description": "For late drives", "uris": uris[:10], "reserves": uris[10:]}


def publish(api, body, key=KEY, code=CODE, **client):
    headers = {name: value for name, value in (("Idempotency-Key", key), ("X-Access-Code", code)) if value is not None}
    return api.send("POST", PATH, body=json.dumps(body), headers=headers, **client)


def created(api):
    return len(api.playlists.playlists)


def test_a_playlist_is_created_with_its_tracks(api, body):
    answer = publish(api, body)
    assert answer.status == 201, answer.text
    ((playlist_id, playlist),) = api.playlists.playlists.items()
    assert answer.json == {
        "playlist_id": playlist_id,
        "url": f"https://open.spotify.com/playlist/{playlist_id}",
        "uri": f"spotify:playlist:{playlist_id}",
        "embed_url": None,
        "tracks_added": 10,
        "edit_token": answer.json["edit_token"],
        "replaced": [],
        "left_out": [],
        "to_add": [],
        "notes": [],
    }
    assert playlist.uris == body["uris"]
    assert playlist.text.title == "Quiet roads"


def test_only_what_the_real_spotify_holds_can_be_embedded(recommender, body):
    playlists = MemoryPlaylistService(is_real=True)
    api = ApiClient(FixedIndex(recommender), make_settings(SPOTIFY_API=""), playlists=playlists)
    answer = publish(api, body).json
    assert answer["embed_url"] == f"https://open.spotify.com/embed/playlist/{answer['playlist_id']}"


def test_the_same_request_again_gives_the_same_answer_and_no_second_playlist(api, body):
    assert publish(api, body).json == publish(api, body).json
    assert publish(api, body).status == 201
    assert created(api) == 1


def test_dead_tracks_are_replaced_from_the_reserves_and_named(api, body):
    api.playlists.unknown.add(body["uris"][3])
    answer = publish(api, body)
    assert answer.json["replaced"] == [{"from": body["uris"][3], "to": body["reserves"][0]}]


def test_a_playlist_is_changed_with_its_edit_token(api, body):
    first = publish(api, body).json
    change = body | {"title": "Loud roads", "playlist_id": first["playlist_id"], "edit_token": first["edit_token"]}
    answer = publish(api, change, key="another-key-for-the-change")
    assert answer.status == 200, answer.text
    assert api.playlists.playlists[first["playlist_id"]].text.title == "Loud roads"
    assert created(api) == 1


def test_the_artists_own_track_that_no_index_knows_is_published_too(api, body):
    answer = publish(api, body | {"uris": [*body["uris"], FOREIGN], "seeds": [FOREIGN]})
    assert answer.status == 201
    assert answer.json["tracks_added"] == 11


def test_a_track_that_is_not_out_yet_is_left_out_and_added_at_its_place_on_release_day(api, body):
    mine = {"position": 3, "title": "My single", "artists": ["Me"]}
    first = publish(api, body | {"unreleased": [mine]})
    assert first.status == 201, first.text
    assert first.json["to_add"] == [mine]
    assert any("“My single” is not on Spotify yet" in note for note in first.json["notes"])
    assert api.playlists.playlists[first.json["playlist_id"]].uris == body["uris"]
    with_mine = [*body["uris"][:2], FOREIGN, *body["uris"][2:]]
    change = body | {"uris": with_mine, "seeds": [FOREIGN]}
    change |= {name: first.json[name] for name in ("playlist_id", "edit_token")}
    answer = publish(api, change, key="the-key-of-release-day")
    assert (answer.status, answer.json["to_add"], answer.json["notes"]) == (200, [], [])
    assert api.playlists.playlists[first.json["playlist_id"]].uris == with_mine


def test_an_unreleased_track_beyond_the_list_is_refused_by_its_field(api, body):
    answer = publish(api, body | {"unreleased": [{"position": 99, "title": "My single", "artists": ["Me"]}]})
    assert answer.status == 422
    assert answer.json["errors"][0]["field"] == "unreleased[0].position"
    assert created(api) == 0


def test_the_recorded_event_of_the_real_service_is_understood(api, body):
    answer = api.answer(api.recorded("api_publish") | {"body": json.dumps(body)})
    assert answer.status == 201


# Access


def test_where_publishing_is_off_nobody_publishes(recommender, body):
    api = ApiClient(FixedIndex(recommender), make_settings(PUBLISH_ACCESS="off"))
    problem = check_problem(publish(api, body), 403, "publishing_off")
    assert "Copying the list still works" in problem["detail"]
    assert created(api) == 0


def test_where_publishing_is_open_no_code_is_asked_for(recommender, body):
    api = ApiClient(FixedIndex(recommender), make_settings(PUBLISH_ACCESS="open"))
    assert publish(api, body, code=None).status == 201


@pytest.mark.parametrize("code", [None, "NEVERLOGME-wrong", CODE[:-1], CODE + "x", CODE.upper(), "ü"])
def test_without_a_right_code_nothing_is_published(api, body, code):
    answer = publish(api, body, code=code)
    problem = check_problem(answer, 401, "not_authorised")
    assert "access code" in problem["detail"]
    assert answer.headers["WWW-Authenticate"] == 'AccessCode header="X-Access-Code"'
    assert created(api) == 0
    assert "NEVERLOGME" not in answer.text


def test_every_code_that_the_operator_handed_out_is_right(api, body):
    assert publish(api, body, code="NEVERLOGME-second-code").status == 201


def test_guessing_codes_is_stopped_for_an_hour_even_for_a_right_guess(api, body):
    for _ in range(10):
        check_problem(publish(api, body, code="NEVERLOGME-guess"), 401, "not_authorised")
    answer = publish(api, body, code="NEVERLOGME-guess")
    check_problem(answer, 429, "cap_reached")
    check_problem(publish(api, body), 429, "cap_reached")
    assert created(api) == 0
    assert publish(api, body, client="203.0.113.8").status == 201
    api.clock.advance(3601)
    assert publish(api, body, key="a-new-key-after-the-hour").status == 201


def test_a_missing_code_is_not_counted_as_a_guess(api, body):
    for _ in range(12):
        publish(api, body, code=None)
    assert publish(api, body).status == 201


def test_a_code_that_was_withdrawn_stops_working_within_minutes(api, body):
    assert publish(api, body).status == 201
    api.secrets.secrets["publishing"]["access_codes"] = "NEVERLOGME-other-code"
    api.clock.advance(301)
    check_problem(publish(api, body), 401, "not_authorised")


@pytest.mark.parametrize(
    "values",
    [
        None,
        {},
        {"access_codes": CODE},
        {"edit_token_key": "NEVERLOGME-too-short", "access_codes": CODE},
        {"edit_token_key": "NEVERLOGME" * 4, "access_codes": "NEVERLOGME"},
    ],
    ids=["no secret", "empty", "no key", "short key", "short code"],
)
def test_an_incomplete_secret_is_told_without_its_name_or_content(api, body, values):
    api.secrets.secrets = {} if values is None else {"publishing": values}
    answer = publish(api, body)
    check_problem(answer, 503, "secret_unavailable")
    assert "NEVERLOGME" not in answer.text
    assert "publishing" not in answer.json["detail"]
    assert created(api) == 0


def test_without_codes_in_the_secret_nobody_publishes(api, body):
    api.secrets.secrets["publishing"]["access_codes"] = ""
    check_problem(publish(api, body), 401, "not_authorised")


# What is wrong with the request


KEY_ADVICE = "Idempotency-Key must be letters, digits and signs of ASCII, without blanks."


@pytest.mark.parametrize(
    ("key", "message"),
    [
        (None, "Idempotency-Key is missing."),
        ("too-short", "Idempotency-Key must have 16 or more characters."),
        ("x" * 101, "Idempotency-Key must have at most 100 characters."),
        ("with a blank in its middle", KEY_ADVICE),
        ("ümlaut-in-the-middle-of-it", KEY_ADVICE),
    ],
)
def test_a_key_that_is_none_is_refused(api, body, key, message):
    problem = check_problem(publish(api, body, key=key), 422, "invalid_query")
    assert problem["errors"] == [{"field": "Idempotency-Key", "message": message}]
    assert created(api) == 0


def test_a_key_may_hold_commas(api, body):
    assert publish(api, body, key="a,key,with,commas,in,it").status == 201


@pytest.mark.parametrize(
    ("changes", "field", "message"),
    [
        ({"title": ""}, "title", "The title is empty."),
        ({"title": "x" * 81}, "title", "The title has 81 characters; at most 80"),
        ({"title": "Visit www.example.org now"}, "title", "holds something that reads as a link"),
        ({"description": "https://example.org"}, "description", "holds something that reads as a link"),
        ({"description": "x" * 201}, "description", "at most 200"),
        ({"uris": []}, "uris", "There is no track in the list."),
        ({"uris": [f"spotify:track:{track_id(n)}" for n in range(111)]}, "uris", "at most 110 are allowed"),
        ({"uris": ["hello"]}, "uris[0]", "is not a Spotify id"),
        ({"uris": [FOREIGN]}, "uris[0]", "in neither the current nor the previous index"),
        ({"reserves": [FOREIGN]}, "reserves[0]", "in neither the current nor the previous index"),
        ({"uris": [f"spotify:track:{SEED}"] * 2}, "uris[1]", "Send each one once."),
        ({"playlist_id": "P" * 22}, "edit_token", "needs the edit_token"),
        ({"edit_token": "NEVERLOGME"}, "playlist_id", "needs the playlist_id"),
        ({"playlist_id": "x", "edit_token": "NEVERLOGME"}, "playlist_id", "is not a Spotify id"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_playlist_that_cannot_be_published_names_its_field(api, body, changes, field, message):
    problem = check_problem(publish(api, body | changes), 422, "invalid_playlist")
    assert problem["errors"] == [{"field": field, "message": problem["detail"]}]
    assert message in problem["detail"]
    assert created(api) == 0


@pytest.mark.parametrize(
    ("changes", "field"),
    [({"title": 5}, "title"), ({"uris": "x"}, "uris"), ({"uris": [5]}, "uris[0]"), ({"name": "x"}, "name"),
     ({"public": "yes"}, "public"), ({"title": None}, "title")],
    ids=str,
)  # fmt: skip
def test_a_field_of_the_wrong_kind_is_named(api, body, changes, field):
    problem = check_problem(publish(api, body | changes), 422, "invalid_query")
    assert problem["errors"][0]["field"] == field
    assert created(api) == 0


def test_a_key_that_was_used_for_another_request_is_refused(api, body):
    publish(api, body)
    problem = check_problem(publish(api, body | {"title": "Other roads"}), 422, "key_reused")
    assert problem["errors"][0]["field"] == "Idempotency-Key"
    assert "Send a new key" in problem["detail"]
    assert created(api) == 1


def test_a_wrong_edit_token_changes_nothing(api, body):
    first = publish(api, body).json
    change = body | {"title": "Loud roads", "playlist_id": first["playlist_id"], "edit_token": "NEVERLOGME-wrong"}
    check_problem(publish(api, change, key="another-key-for-the-change"), 403, "not_authorised")
    assert api.playlists.playlists[first["playlist_id"]].text.title == "Quiet roads"


def test_the_fourth_playlist_of_a_client_in_a_day_is_one_too_many(api, body):
    for number in range(3):
        assert publish(api, body, key=f"key-number-{number}-of-a-day").status == 201
    answer = publish(api, body, key="key-number-4-of-the-day")
    problem = check_problem(answer, 429, "cap_reached")
    assert answer.headers["Retry-After"] == str(12 * 3600)
    assert problem["retry_at"] == "2026-03-02T00:00:00Z"
    assert "Copying the list still works" in problem["detail"]
    assert created(api) == 3


def test_the_operator_decides_how_many_a_client_may_publish(recommender, body):
    api = ApiClient(FixedIndex(recommender), make_settings(DAILY_PLAYLISTS_PER_CLIENT="1"))
    assert publish(api, body, key="key-number-1-of-the-day").status == 201
    check_problem(publish(api, body, key="key-number-2-of-the-day"), 429, "cap_reached")


# What is wrong with the world


def test_invented_tracks_never_reach_the_real_spotify(tmp_path):
    tracks = [make_track(track_id=track_id(number), source="synthetic", artists=(f"A{number}",)) for number in range(9)]
    recommender = open_recommender(build_index_folder(tmp_path, tracks))
    api = ApiClient(
        FixedIndex(recommender), make_settings(SPOTIFY_API=""), playlists=MemoryPlaylistService(is_real=True)
    )
    answer = publish(api, {"title": "Roads", "uris": [track.track_id for track in tracks]})
    recommender.index.close()
    problem = check_problem(answer, 409, "demo_catalogue")
    assert "Build the index from a real catalogue" in problem["detail"]
    assert created(api) == 0


def test_without_an_index_nothing_is_published(api, body):
    api.index.current = None
    check_problem(publish(api, body), 503, "index_unavailable")
    assert created(api) == 0


def test_spotify_down_is_told_with_when_to_try_again(api, body):
    api.playlists.faults.add(Fault(UpstreamUnavailable("Spotify does not answer."), method="create_playlist"))
    answer = publish(api, body)
    problem = check_problem(answer, 503, "publishing_unavailable")
    assert "Copying the list still works" in problem["detail"]
    assert int(answer.headers["Retry-After"]) > 0
    assert created(api) == 0


def test_a_spent_quota_is_told_with_the_time_at_which_it_returns(api, body):
    limited = UpstreamRateLimited("The quota is used up.", 5 * 3600, quota=True)
    api.playlists.faults.add(Fault(limited, method="create_playlist"))
    for _ in range(2):
        answer = publish(api, body)
        problem = check_problem(answer, 503, "publishing_unavailable")
        assert answer.headers["Retry-After"] == str(5 * 3600)
        assert problem["retry_at"] == "2026-03-01T17:00:00Z"
    assert api.playlists.faults.calls == ["create_playlist"]
    assert api.get("/api/config").json["publishing"]["retry_at"] == "2026-03-01T17:00:00Z"


def test_a_dead_token_of_the_service_is_told_as_unavailable(api, body):
    api.playlists.faults.add(Fault(ConsentNeeded("Run `daltonify login`."), method="create_playlist"))
    check_problem(publish(api, body), 503, "publishing_unavailable")
    assert created(api) == 0


def test_a_lost_answer_is_told_as_unknown_and_the_same_request_finds_the_playlist(api, body):
    lost = Fault(UpstreamUncertain("The answer was lost."), Moment.AFTER, "create_playlist")
    api.playlists.faults.add(lost)
    api.playlists.faults.add(Fault(UpstreamUnavailable("down"), method="find_playlists"))
    first = publish(api, body)
    assert first.status == 503
    assert first.json["code"] in {"publication_unknown", "publishing_unfinished", "publishing_unavailable"}
    api.clock.advance(60)
    assert publish(api, body).status == 201
    assert created(api) == 1


def test_a_request_that_is_under_way_is_a_conflict(api, body):
    class Twin:
        """Sends the same request while the first one is being worked on."""

        def __init__(self, inner):
            self.inner, self.answer = inner, None

        def __getattr__(self, name):
            return getattr(self.inner, name)

        def create_playlist(self, text):
            self.answer = publish(other, body)
            return self.inner.create_playlist(text)

    api.playlists = Twin(api.playlists)
    other = ApiClient(api.index, publications=api.publications, playlists=api.playlists.inner)
    assert publish(api, body).status == 201
    check_problem(api.playlists.answer, 409, "publication_in_progress")
    assert created(api) == 1


def test_an_open_circuit_stops_before_spotify_is_asked(api, body):
    api.publications.open_circuit("spotify", Circuit(NOON + timedelta(minutes=5), "Spotify's quota is used up."))
    problem = check_problem(publish(api, body), 503, "publishing_unavailable")
    assert "quota" in problem["detail"]
    assert api.playlists.faults.calls == []


def test_a_table_that_cannot_be_reached_publishes_nothing(api, body):
    api.publications.faults.add(Fault(UpstreamUnavailable("no table"), times=99))
    answer = publish(api, body)
    assert answer.status == 503
    assert created(api) == 0
