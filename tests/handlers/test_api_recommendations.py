"""Recommendations over HTTP: what comes back, and what everything that is wrong with a request is called."""

import json

import pytest

from daltonify_core.errors import CapReached, InvalidLink, UpstreamUnavailable
from daltonify_core.playlist.request import RecommendationRequest
from tests.builders import track_id
from tests.fakes.faults import Fault
from tests.handlers.api_client import SEED, ApiClient, FixedIndex, KnownLinks, check_problem

PATH = "/api/recommendations"
LINK = f"https://open.spotify.com/track/{SEED}?si=x"
UNKNOWN = track_id(999)
SHORT = "https://spotify.link/AbCdEfGhIjK"
NEW = {"title": "My single", "artists": ["Somebody New"], "followers": 812, "features": {"energy": 0.9, "tempo": 120}}


def ask(api, **fields):
    return api.post(PATH, {"seeds": [LINK]} | fields)


def make_api(recommender, links):
    return ApiClient(FixedIndex(recommender), links=links)


def test_the_answer_is_the_recommenders_own_and_nothing_more(api, recommender):
    answer = ask(api, size=20, genre="country")
    assert answer.status == 200
    expected = recommender.recommend(RecommendationRequest.from_dict({"seeds": [LINK], "size": 20, "genre": "country"}))
    assert answer.json == expected.to_dict()
    assert len([row for row in answer.json["tracks"] if not row["own"]]) == 20
    assert min(row["lift"] for row in answer.json["tracks"] if not row["own"]) >= 1


def test_every_field_of_the_contract_is_taken(api):
    answer = api.post(
        PATH,
        {
            "seeds": [LINK, NEW | {"track": f"spotify:track:{UNKNOWN}", "genres": ["Country"], "artist_popularity": 9}],
            "genre": "country",
            "size": 5,
            "band": {"min_lift": 5, "max_lift": 80},
            "widen": True,
            "popularity_weight": 1,
            "order": "similarity",
            "own_slots": "spread",
            "filters": {
                "explicit": "clean",
                "year_from": 1970,
                "year_to": 2025,
                "exclude_artists": ["Artist 3"],
                "exclude_tracks": [track_id(5)],
            },
            "targets": {"energy": 0.2, "tempo": -1, "valence": None},
            "variation": 3,
            "pinned": [track_id(7)],
            "reason_parts": True,
        },
    )
    assert answer.status == 200, answer.text
    # Granted or not, every target is spoken of.
    assert any("more energetic" in note for note in answer.json["notes"])
    assert any("slower" in note for note in answer.json["notes"])
    assert len(answer.json["seeds"]) == 2


def test_a_resolved_seed_may_be_sent_back_as_it_came(api):
    first = ask(api, seeds=[LINK, NEW]).json
    assert ask(api, seeds=first["seeds"]).json == first


def test_null_means_not_given(api):
    names = ("genre", "size", "band", "widen", "popularity_weight", "order", "own_slots", "filters", "era", "targets")
    assert ask(api, **dict.fromkeys((*names, "variation", "pinned", "reason_parts"))).json == ask(api).json


def test_who_does_not_read_parts_of_reasons_gets_the_same_list_without_them(api):
    whole = ask(api, size=10, variation=2).json
    lean = ask(api, size=10, variation=2, reason_parts=False).json
    for row in whole["tracks"] + whole["reserves"]:
        parts = row.pop("reason_parts")
        assert row["own"] or parts[-1]["points"] == row["lift"]
    assert lean == whole
    assert lean["reserves"]


def test_answers_are_neither_cached_nor_anonymous(api):
    answer = ask(api)
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Request-Id"] == "JKJaXmPLvHcESHA="


@pytest.mark.parametrize(
    ("changes", "field", "message"),
    [
        ({"seeds": []}, "seeds", "seeds must hold 1 or more."),
        ({"seeds": [LINK] * 21}, "seeds", "seeds must hold at most 20."),
        ({"seeds": None}, "seeds", "seeds must be a list."),
        ({"seeds": [LINK, 7]}, "seeds[1]", "seeds[1] must be a link or an object."),
        ({"seeds": [LINK, {"title": "X"}]}, "seeds[1]", "needs a title and at least one artist"),
        ({"seeds": [{"title": "X", "artists": "Me"}]}, "seeds[0].artists", "seeds[0].artists must be a list."),
        ({"seeds": [{"title": "X", "artists": [""]}]}, "seeds[0].artists[0]", "must have 1 or more characters."),
        ({"seeds": [{"track": SEED, "followers": -1}]}, "seeds[0].followers", "must be at least 0."),
        ({"seeds": [{"track": SEED, "features": {"energy": 2}}]}, "seeds[0].features.energy", "must be at most 1."),
        ({"seeds": [{"track": SEED, "features": {"loud": 2}}]}, "seeds[0].features.loud", "is not a field"),
        ({"seeds": [{"track": SEED, "feature": {}}]}, "seeds[0].feature", "is not a field of this request"),
        ({"size": 4}, "size", "size must be at least 5."),
        ({"size": 101}, "size", "size must be at most 100."),
        ({"size": "30"}, "size", "size must be a whole number."),
        ({"size": 30.5}, "size", "size must be a whole number."),
        ({"size": True}, "size", "size must be a whole number."),
        ({"band": {"min_lift": 50, "max_lift": 20}}, "band", "The band 50 to 20 is not possible"),
        ({"band": {"min_lift": 0}}, "band.min_lift", "band.min_lift must be at least 1."),
        ({"band": [10, 60]}, "band", "band must be an object."),
        ({"popularity_weight": 1.1}, "popularity_weight", "must be at most 1."),
        ({"popularity_weight": "1"}, "popularity_weight", "must be a number."),
        ({"order": "random"}, "order", "order must be one of 'flow', 'similarity' or 'popularity'."),
        ({"widen": 1}, "widen", "widen must be true or false."),
        ({"reason_parts": "no"}, "reason_parts", "reason_parts must be true or false."),
        ({"reason_parts": 0}, "reason_parts", "reason_parts must be true or false."),
        ({"genre": 5}, "genre", "genre must be text."),
        ({"targets": {"energy": 1.5}}, "targets.energy", "targets.energy must be at most 1."),
        ({"targets": {"energy": "more"}}, "targets.energy", "targets.energy must be a number."),
        ({"targets": {"key": 1}}, "targets.key", "is not a field"),
        ({"variation": 10**6 + 1}, "variation", "variation must be at most 1,000,000."),
        ({"filters": {"year_from": 1899}}, "filters.year_from", "must be at least 1900."),
        ({"filters": {"year_from": 2001, "year_to": 2000}}, "filters.year_from", "must not be after year_to (2000)"),
        ({"filters": {"exclude_artists": ["x"] * 501}}, "filters.exclude_artists", "must hold at most 500."),
        ({"sise": 20}, "sise", "sise is not a field of this request; check its spelling or leave it out."),
    ],
    ids=lambda value: str(value)[:50],
)
def test_what_is_wrong_is_named_by_its_field(api, changes, field, message):
    problem = check_problem(ask(api, **changes), 422, "invalid_query")
    assert problem["errors"][0]["field"] == field
    assert message in problem["errors"][0]["message"]
    assert message in problem["detail"]


@pytest.mark.parametrize(
    ("link", "message"),
    [
        ("", "The field is empty; paste a link to a track"),
        ("hello", "is not a Spotify id: it has 5 characters"),
        ("https://example.org/track/" + SEED, "which is not open.spotify.com"),
        ("https://open.spotify.com/track/", "The track's id is missing"),
        (f"https://open.spotify.com/playlist/{SEED}", "This is a link to a playlist; paste a single track from it"),
        (f"{LINK} {LINK}", "There is more than one link here"),
        (f"https://user@open.spotify.com/track/{SEED}", 'with a user name ("@")'),
    ],
)
def test_a_malformed_link_is_refused_with_what_to_paste_instead(api, link, message):
    problem = check_problem(ask(api, seeds=[LINK, link]), 422, "invalid_link")
    assert problem["errors"] == [{"field": "seeds[1]", "message": problem["detail"]}]
    assert message in problem["detail"]
    in_object = check_problem(ask(api, seeds=[{"track": link}]), 422, "invalid_link")
    assert in_object["errors"][0]["field"] == "seeds[0].track"


def test_an_excluded_track_that_is_no_link_is_named_by_its_place(api):
    problem = check_problem(ask(api, filters={"exclude_tracks": [SEED, "x"]}), 422, "invalid_link")
    assert problem["errors"][0]["field"] == "filters.exclude_tracks[1]"


def test_what_is_pinned_stays_and_what_cannot_stay_is_told(api):
    first = ask(api, size=10, genre="country").json
    listed = [row["track_id"] for row in first["tracks"] if not row["own"]]
    again = ask(api, size=10, genre="rock", pinned=[f"spotify:track:{listed[0]}", *listed[1:9], UNKNOWN, SEED]).json
    assert {row["track_id"] for row in again["tracks"]} >= {SEED, *listed[:9]}
    assert len(again["tracks"]) == 11
    assert [note for note in again["notes"] if "pinned" in note] == [
        "1 pinned track could not be kept: the catalogue, as it is now, does not hold what was pinned."
    ]


@pytest.mark.parametrize(
    ("pinned", "code", "field"),
    [
        ([SEED, "x"], "invalid_link", "pinned[1]"),
        ([f"spotify:album:{SEED}"], "invalid_query", "pinned[0]"),
        ([SEED] * 101, "invalid_query", "pinned"),
        ([7], "invalid_query", "pinned[0]"),
        (SEED, "invalid_query", "pinned"),
    ],
    ids=["no link", "album", "too many", "number", "text"],
)
def test_what_cannot_be_pinned_is_named_by_its_place(api, pinned, code, field):
    problem = check_problem(ask(api, pinned=pinned), 422, code)
    assert problem["errors"][0]["field"] == field


def test_the_band_tells_how_many_tracks_another_one_would_hold(api, recommender):
    band = ask(api, genre="country").json["band"]
    assert len(band["tracks_at"]) == 101

    assert sum(band["tracks_at"]) == recommender.index.manifest.genres["country"] - 1
    low, high = band["used"]
    assert sum(band["tracks_at"][low : high + 1]) >= band["candidates"] > 0


def test_a_long_answer_is_compressed_for_whoever_takes_it_so(api):
    plain = ask(api)
    compressed = api.post(PATH, {"seeds": [LINK]}, {"Accept-Encoding": "gzip, br"})
    assert "Content-Encoding" not in plain.headers
    assert compressed.headers["Content-Encoding"] == "gzip"
    assert compressed.json == plain.json
    assert "Content-Encoding" not in api.send("GET", "/api/health", headers={"Accept-Encoding": "gzip"}).headers


@pytest.mark.parametrize(
    ("accepted", "is_compressed"),
    [
        ("gzip", True),
        ("br;q=1.0, GZIP;q=0.5", True),
        ("gzip;q=0", False),
        ("gzip; q=0.0, br", False),
        ("br", False),
        ("not-gzip", False),
        ("", False),
    ],
)
def test_only_who_takes_gzip_gets_it(api, accepted, is_compressed):
    answer = api.post(PATH, {"seeds": [LINK]}, {"Accept-Encoding": accepted})
    assert ("Content-Encoding" in answer.headers) == is_compressed
    assert answer.status == 200


def test_a_long_problem_is_compressed_as_well(api):
    unknown = [{"track": track_id(900 + number), "title": "Nobody knows " + "this " * 20} for number in range(10)]
    answer = api.post(PATH, {"seeds": unknown}, {"Accept-Encoding": "gzip"})
    assert (answer.status, answer.json["code"]) == (422, "seed_data_needed")
    assert answer.headers["Content-Encoding"] == "gzip"


def test_what_is_known_of_an_incomplete_seed_may_be_sent_back_with_what_it_lacks(api):
    seed = {"track": UNKNOWN, "artists": ["Somebody New"], "features": {"energy": 0.6}, "release_date": "2026-02"}
    problem = check_problem(ask(api, seeds=[seed]), 422, "seed_data_needed")
    known = problem["seeds"][0]
    assert (known["track_id"], known["artists"], known["title"]) == (UNKNOWN, ["Somebody New"], None)
    assert (known["features"], known["features_source"]) == ({"energy": 0.6}, "given")
    assert (known["release_date"], known["artist_popularity"], known["artwork_url"]) == ("2026-02", None, None)
    asked = len(api.spotify.asked) + len(api.reccobeats.asked)
    sent_back = {name: value for name, value in known.items() if name not in ("position", "tried")}
    answer = ask(api, seeds=[sent_back | {"title": "My single", "followers": 812}])
    assert answer.status == 200, answer.text
    assert len(api.spotify.asked) + len(api.reccobeats.asked) == asked


def test_several_faults_are_told_at_once(api):
    problem = check_problem(ask(api, size=4, order="x", widen=2, variation=-1), 422, "invalid_query")
    assert {fault["field"] for fault in problem["errors"]} == {"size", "order", "widen", "variation"}
    assert problem["detail"].endswith("Another field is wrong.")


@pytest.mark.parametrize(
    ("field", "value", "allowed"),
    [
        ("features_source", "bogus", "must be one of catalogue, reccobeats, audio_file, measured, given, or several"),
        ("identity_source", "bogus", "must be one of catalogue, spotify, oembed, reccobeats, given, or several"),
        ("release_date", "2026-13-01", "must be a date as YYYY, YYYY-MM or YYYY-MM-DD."),
        ("release_date", "2026-02-30", "must be a date as YYYY, YYYY-MM or YYYY-MM-DD."),
        ("release_date", "0000", "must be a date as YYYY, YYYY-MM or YYYY-MM-DD."),
        ("artwork_url", "javascript:alert(1)", "must be the web address of a picture (https://…)."),
        ("track_id", "x", "must be a Spotify id of 22 letters and digits."),
    ],
)
def test_a_text_in_the_wrong_form_is_answered_with_the_right_one(api, field, value, allowed):
    problem = check_problem(ask(api, seeds=[NEW | {field: value}]), 422, "invalid_query")
    (error,) = problem["errors"]
    assert error["field"] == f"seeds[0].{field}"
    assert allowed in error["message"]


def test_what_was_sent_is_never_echoed_at_length(api):
    answer = ask(api, **{"x" * 5000: "y" * 5000, "genre": "z" * 5000, "size": "w" * 5000})
    assert answer.status == 422
    assert len(answer.text) < 1000


def test_a_track_that_nobody_knows_asks_for_what_is_missing(api):
    problem = check_problem(ask(api, seeds=[LINK, UNKNOWN, NEW | {"followers": None}]), 422, "seed_data_needed")
    names = ("position", "track_id", "title", "artists", "tried")
    assert [{name: seed[name] for name in names} for seed in problem["seeds"]] == [
        {"position": 0, "track_id": SEED, "title": "Paper Boats", "artists": ["Mira Tallow"], "tried": []},
        {
            "position": 1,
            "track_id": UNKNOWN,
            "title": None,
            "artists": [],
            "tried": [
                {
                    "service": "reccobeats",
                    "wanted": ["features"],
                    "outcome": "not_known",
                    "detail": "ReccoBeats does not know it.",
                },
                {
                    "service": "spotify",
                    "wanted": ["title", "artists"],
                    "outcome": "not_known",
                    "detail": "Spotify does not know it.",
                },
            ],
        },
        {"position": 2, "track_id": None, "title": "My single", "artists": ["Somebody New"], "tried": []},
    ]
    assert problem["missing"] == {
        "1": ["title", "artists", "features", "artist_popularity"],
        "2": ["artist_popularity"],
    }
    assert problem["remedies"] == [
        {"kind": "describe", "seeds": [1], "fields": ["title", "artists", "features"]},
        {"kind": "followers", "seeds": [1, 2]},
        {"kind": "audio_file", "seeds": [1]},
        {"kind": "measure", "seeds": [1]},
    ]
    assert "Give its title and artists" in problem["detail"]
    assert problem["errors"][0]["field"] == "seeds"


def test_following_the_remedies_leads_to_a_playlist(api):
    problem = check_problem(ask(api, seeds=[UNKNOWN]), 422, "seed_data_needed")
    known = {"title": "My single", "artists": ["Somebody New"], "features": {"energy": 0.6}}
    seed: dict[str, object] = {"track": UNKNOWN}
    for remedy in problem["remedies"]:
        if remedy["kind"] == "describe":
            seed |= {name: known[name] for name in remedy["fields"]}
        elif remedy["kind"] == "followers":
            seed["followers"] = 812
    assert ask(api, seeds=[seed]).status == 200


@pytest.mark.parametrize(
    ("asked", "nearest"), [("cuntry", "country"), ("Alt Country", "country"), ("rokc", "rock"), ("pop rock", "rock")]
)
def test_an_unknown_genre_is_answered_with_the_nearest_names_first(api, asked, nearest):
    problem = check_problem(ask(api, genre=asked), 422, "unknown_genre")
    assert problem["offered"][0] == nearest
    assert set(problem["offered"]) == {"country", "pop", "rock"}
    assert f"Did you mean {nearest}" in problem["detail"]
    assert problem["errors"][0]["field"] == "genre"


def test_a_genre_like_none_on_offer_is_answered_with_all_of_them(api):
    problem = check_problem(ask(api, genre="polka"), 422, "unknown_genre")
    assert "Did you mean" not in problem["detail"]
    assert len(problem["offered"]) == 3


def test_nobody_bigger_is_a_problem_that_says_what_to_do(api):
    filters = {"year_from": 1900, "year_to": 1901}
    problem = check_problem(ask(api, filters=filters), 422, "no_bigger_artists")
    assert "drop a filter" in problem["detail"]
    assert problem["errors"][0]["field"] == "filters"
    narrow = check_problem(ask(api, band={"min_lift": 99, "max_lift": 99}), 422, "no_bigger_artists")
    assert narrow["errors"][0]["field"] == "band"


def test_without_an_index_the_answer_says_when_to_come_back(api):
    api.index.current = None
    answer = ask(api)
    problem = check_problem(answer, 503, "index_unavailable")
    assert answer.headers["Retry-After"] == "60"
    assert problem["retry_at"] == "2026-03-01T12:01:00Z"
    assert "Try again" in problem["detail"]


def test_a_short_link_is_followed_once_and_then_remembered(recommender):
    links = KnownLinks({SHORT: LINK})
    api = make_api(recommender, links)
    for _ in range(2):
        answer = ask(api, seeds=[f" {SHORT} "])
        assert answer.json["seeds"][0]["track_id"] == SEED
    assert ask(api, seeds=[{"track": SHORT, "features": {"energy": 0.9}}]).json["seeds"][0]["track_id"] == SEED
    assert links.followed == [SHORT]


@pytest.mark.parametrize("wrong", [{"genre": "nonsense"}, {"targets": {"energy": 2}}, {"seeds": [SHORT, "x"]}])
def test_no_short_link_is_followed_for_a_request_that_is_refused_anyway(recommender, wrong):
    links = KnownLinks({SHORT: LINK})
    api = make_api(recommender, links)
    assert api.post(PATH, {"seeds": [SHORT, {"track": SHORT, "track_id": SEED}]} | wrong).status == 422
    assert links.followed == []


def test_following_short_links_is_counted_per_client_and_day(recommender):
    api = make_api(recommender, KnownLinks({SHORT: LINK}))
    ask(api, seeds=[SHORT])
    ((counter, until),) = api.publications.counters
    assert until.isoformat() == "2026-03-02T00:00:00+00:00"
    assert "203.0.113.7" not in counter


def test_a_client_that_used_up_its_short_links_is_told_so(recommender):
    api = make_api(recommender, KnownLinks({SHORT: LINK}))
    api.publications.faults.add(Fault(CapReached("You have used up the short links of today.", 3600), method="count"))
    answer = ask(api, seeds=[SHORT])
    problem = check_problem(answer, 429, "cap_reached")
    assert answer.headers["Retry-After"] == "3600"
    assert problem["retry_at"] == "2026-03-01T13:00:00Z"


def test_short_links_are_followed_though_the_table_cannot_be_reached(recommender):
    api = make_api(recommender, KnownLinks({SHORT: LINK}))
    api.publications.faults.add(Fault(UpstreamUnavailable("no table"), method="count"))
    assert ask(api, seeds=[SHORT]).status == 200


def test_more_short_links_than_time_allows_are_refused_before_any_is_followed(recommender):
    links = KnownLinks({})
    problem = check_problem(
        ask(make_api(recommender, links), seeds=[f"{SHORT}{number}" for number in range(6)]), 422, "invalid_query"
    )
    assert problem["errors"][0]["field"] == "seeds"
    assert links.followed == []


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        (InvalidLink("This short link does not lead to a track."), 422, "invalid_link"),
        (UpstreamUnavailable("Spotify did not say in time where this short link leads."), 503, "upstream_unavailable"),
    ],
)
def test_a_short_link_that_leads_nowhere_is_a_problem(recommender, fault, status, code):
    problem = check_problem(ask(make_api(recommender, KnownLinks({}, fault)), seeds=[LINK, SHORT]), status, code)
    assert problem["detail"] == fault.message
    if status == 422:
        assert problem["errors"][0]["field"] == "seeds[1]"


def test_the_recorded_event_of_the_real_service_is_understood(api):
    event = api.recorded("api_recommend")
    body = json.loads(event["body"]) | {"seeds": [LINK]}
    answer = api.answer(event | {"body": json.dumps(body)})
    assert answer.status == 200
    assert answer.headers["X-Request-Id"] == event["requestContext"]["requestId"]
