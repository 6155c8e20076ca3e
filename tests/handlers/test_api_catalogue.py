"""What a page asks besides lists: genres, tracks, the QR code, the configuration, the health of the service."""

import re
import tomllib
from datetime import timedelta
from pathlib import Path

import pytest
from shared.settings import VERSION

from daltonify_core.catalogue.audio_features import CONTINUOUS_FEATURES
from daltonify_core.errors import UpstreamUnavailable
from daltonify_core.ports.limits import Circuit
from tests.builders import build_index_folder, make_track, track_id
from tests.fakes.faults import Fault
from tests.fakes.memory_secrets import MemorySecretStore
from tests.handlers.api_client import (
    NOON,
    SEED,
    ApiClient,
    FixedIndex,
    check_problem,
    make_event,
    make_settings,
    open_recommender,
)

PLAYLIST = "37i9dQZF1DX0XUsuxWHRQd"


def test_genres_come_with_their_number_of_tracks(api, recommender):
    answer = api.get("/api/genres")
    assert answer.status == 200
    assert {genre["name"]: genre["tracks"] for genre in answer.json["genres"]} == dict(
        recommender.index.manifest.genres
    )
    for genre in answer.json["genres"]:
        assert genre["typical"] == recommender.index.typical_features(genre["name"]).present()
        assert list(genre["typical"]) == list(CONTINUOUS_FEATURES)


def test_tracks_are_found_by_words(api):
    answer = api.get("/api/tracks", q="paper tallow")
    assert answer.json == {
        "tracks": [
            {
                "track_id": SEED,
                "uri": f"spotify:track:{SEED}",
                "url": f"https://open.spotify.com/track/{SEED}",
                "title": "Paper Boats",
                "artists": ["Mira Tallow"],
                "album": "Album",
                "release_year": 2019,
                "artist_popularity": 12,
                "genres": ["country"],
            }
        ]
    }


def test_words_that_are_in_many_tracks_find_the_smaller_artists_first(api):
    tracks = api.get("/api/tracks", q="song").json["tracks"]
    known = [track["artist_popularity"] or 0 for track in tracks]
    assert len(tracks) == 20
    assert known == sorted(known)


def test_words_that_find_nothing_are_no_problem(api):
    assert api.get("/api/tracks", q="zzzzzz").json == {"tracks": []}
    assert api.get("/api/tracks", q="!!").json == {"tracks": []}


def test_tracks_are_found_by_ids_and_links_in_their_order_and_each_once(api):
    other = api.get("/api/tracks", q="song 7").json["tracks"][0]["track_id"]
    ids = f"{other},https://open.spotify.com/track/{SEED}?si=x,spotify:track:{other},{track_id(999)}"
    tracks = api.get("/api/tracks", ids=ids).json["tracks"]
    assert [track["track_id"] for track in tracks] == [other, SEED]


def test_an_artist_whose_popularity_nobody_knows_has_none(tmp_path):
    tracks = [make_track(track_id=track_id(1), popularity=None), make_track(track_id=track_id(2), artists=("B",))]
    recommender = open_recommender(build_index_folder(tmp_path, tracks))
    found = ApiClient(FixedIndex(recommender)).get("/api/tracks", ids=track_id(1)).json["tracks"][0]
    recommender.index.close()
    assert found["artist_popularity"] is None


@pytest.mark.parametrize(
    ("query", "field", "message"),
    [
        ({}, "q", "Give either q"),
        ({"q": "paper", "ids": SEED}, "ids", "Give either q"),
        ({"q": "p"}, "q", "q must have 2 or more characters."),
        ({"q": ""}, "q", "q must have 2 or more characters."),
        ({"q": "p" * 81}, "q", "q must have at most 80 characters."),
        ({"ids": f"{SEED},spotify:album:{SEED}"}, "ids[1]", "Give links to tracks"),
        ({"ids": ",".join([SEED] * 51)}, "ids", "At most 50 tracks can be looked up at once, not 51."),
    ],
    ids=str,
)  # fmt: skip
def test_a_query_that_cannot_be_answered_names_its_field(api, query, field, message):
    problem = check_problem(api.get("/api/tracks", **query), 422, "invalid_query")
    assert problem["errors"][0]["field"] == field
    assert message in problem["detail"]


@pytest.mark.parametrize("ids", ["x", "", f"{SEED},", "https://example.org"])
def test_an_id_that_is_none_is_refused(api, ids):
    problem = check_problem(api.get("/api/tracks", ids=ids), 422, "invalid_link")
    assert problem["errors"][0]["field"].startswith("ids[")


def test_words_with_commas_stay_whole(api):
    assert api.get("/api/tracks", q="paper, boats, tallow").json["tracks"][0]["track_id"] == SEED


def test_a_query_given_twice_is_refused(api):
    event = make_event("GET", "/api/tracks", {"q": "paper,boats"}) | {"rawQueryString": "q=paper&q=boats"}
    check_problem(api.answer(event), 422, "invalid_query")


def test_the_recorded_event_of_the_real_service_is_understood(api):
    assert len(api.answer(api.recorded("api_tracks")).json["tracks"]) == 0


@pytest.mark.parametrize(
    "playlist",
    [
        PLAYLIST,
        f"spotify:playlist:{PLAYLIST}",
        f"https://open.spotify.com/playlist/{PLAYLIST}?si=abc",
        f"http://127.0.0.1:8001/playlist/{PLAYLIST}",
    ],
)
def test_a_qr_code_is_drawn_for_any_form_of_a_playlist(recommender, playlist):
    settings = make_settings(OPEN_PLAYLISTS_AT="http://127.0.0.1:8001/playlist/")
    answer = ApiClient(FixedIndex(recommender), settings).get("/api/qr", playlist=playlist)
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "image/svg+xml"
    assert answer.headers["Cache-Control"] == "public, max-age=86400"
    assert answer.text.startswith("<svg ")
    assert "style=" not in answer.text
    assert answer.text == ApiClient(FixedIndex(recommender), settings).get("/api/qr", playlist=PLAYLIST).text


def test_a_qr_code_for_print_is_a_picture_that_holds_the_same_code(recommender):
    settings = make_settings(OPEN_PLAYLISTS_AT="http://127.0.0.1:8001/playlist/")
    api = ApiClient(FixedIndex(recommender), settings)
    answer = api.get("/api/qr", playlist=PLAYLIST, format="png")
    assert (answer.status, answer.headers["Content-Type"]) == (200, "image/png")
    assert answer.headers["Cache-Control"] == "public, max-age=86400"
    assert answer.body.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = (int.from_bytes(answer.body[place : place + 4]) for place in (16, 20))
    [modules] = re.findall(r'viewBox="0 0 (\d+) \d+"', api.get("/api/qr", playlist=PLAYLIST, format="svg").text)
    assert width == height >= 1000
    # Whole pixels for each module, or scanners meet blurred edges.
    assert width % int(modules) == 0


def test_a_qr_code_comes_in_two_forms_only(api):
    problem = check_problem(api.get("/api/qr", playlist=PLAYLIST, format="gif"), 422, "invalid_query")
    assert problem["errors"] == [{"field": "format", "message": "format must be one of 'svg' or 'png'."}]


@pytest.mark.parametrize(
    "playlist", ["x", f"spotify:track:{SEED}", f"https://example.org/playlist/{PLAYLIST}", "a" * 3000]
)
def test_a_qr_code_is_drawn_for_nothing_but_playlists(api, playlist):
    answer = api.get("/api/qr", playlist=playlist)
    assert answer.status == 422
    assert answer.json["errors"][0]["field"] == "playlist"
    assert len(answer.text) < 700


def test_a_qr_code_needs_a_playlist(api):
    problem = check_problem(api.get("/api/qr"), 422, "invalid_query")
    assert problem["errors"] == [{"field": "playlist", "message": "playlist is missing."}]


def test_the_configuration_tells_a_page_everything(api, recommender):
    assert api.get("/api/config").json == {
        "version": VERSION,
        "index": {
            "version": recommender.index.version,
            "tracks": 401,
            "built_at": "2026-01-15T12:00:00Z",
            "snapshot": None,
            "source": recommender.index.manifest.source,
        },
        "demo": {"catalogue": False, "spotify": True, "reccobeats": True},
        "publishing": {"access": "code", "available": True, "retry_at": None},
        "limits": {
            "size": [5, 100],
            "seeds": 20,
            "exclusions": 500,
            "pinned": 100,
            "query": [2, 80],
            "ids": 50,
            "title": 80,
            "description": 200,
            "uris": 110,
            "reserves": 15,
            "body_bytes": 65536,
            "audio_bytes": 3_000_000,
            "audio_seconds": [10, 30],
            "audio_rate": 44_100,
        },
        "open_playlists_at": "https://open.spotify.com/playlist/",
        "spotify": {
            "client_id": None,
            "api": "http://127.0.0.1:9/v1/",
            "accounts": "https://accounts.spotify.com",
            "embeds": "https://open.spotify.com/embed/",
        },
        "attribution": {"logo": None},
    }


def test_an_app_for_visitors_and_a_logo_are_told_where_the_operator_has_them(recommender):
    settings = make_settings(SPOTIFY_CLIENT_ID="0123456789abcdef0123456789abcdef", SPOTIFY_LOGO="spotify-logo.svg")
    config = ApiClient(FixedIndex(recommender), settings).get("/api/config").json
    assert config["spotify"]["client_id"] == "0123456789abcdef0123456789abcdef"
    assert config["attribution"] == {"logo": "/spotify-logo.svg"}


def test_invented_tracks_and_real_services_are_told_from_their_opposites(tmp_path):
    tracks = [make_track(track_id=track_id(number), source="synthetic") for number in (1, 2)]
    recommender = open_recommender(build_index_folder(tmp_path, tracks))
    # An empty address counts as absent, and then the real one is asked.
    settings = make_settings(SPOTIFY_API="", RECCOBEATS_API="")
    demo = ApiClient(FixedIndex(recommender), settings).get("/api/config").json["demo"]
    recommender.index.close()
    assert demo == {"catalogue": True, "spotify": False, "reccobeats": False}


def test_a_real_spotify_beside_a_simulated_reccobeats_is_told(recommender):
    settings = make_settings(SPOTIFY_API="")
    demo = ApiClient(FixedIndex(recommender), settings).get("/api/config").json["demo"]
    assert demo == {"catalogue": False, "spotify": False, "reccobeats": True}


def test_without_an_index_the_configuration_still_comes(api):
    api.index.current = None
    config = api.get("/api/config")
    assert (config.status, config.json["index"], config.json["demo"]["catalogue"]) == (200, None, False)


def test_an_open_circuit_shows_until_when_publishing_waits(api):
    api.publications.open_circuit("spotify", Circuit(NOON + timedelta(hours=5), "The quota is used up."))
    publishing = api.get("/api/config").json["publishing"]
    assert publishing == {"access": "code", "available": False, "retry_at": "2026-03-01T17:00:00Z"}
    api.clock.advance(5 * 3600)
    assert api.get("/api/config").json["publishing"]["available"]


def test_a_table_that_cannot_be_reached_only_takes_publishing_away(api):
    api.publications.faults.add(Fault(UpstreamUnavailable("no table"), method="circuit"))
    config = api.get("/api/config")
    assert (config.status, config.json["publishing"]["available"]) == (200, False)


def test_publishing_is_not_on_offer_while_nobody_has_a_code(api):
    api.secrets = MemorySecretStore({"publishing": {"edit_token_key": "NEVERLOGME" * 4, "access_codes": ""}})
    assert not api.get("/api/config").json["publishing"]["available"]


def test_publishing_is_not_on_offer_without_its_secret(api):
    api.secrets = MemorySecretStore({})
    assert not api.get("/api/config").json["publishing"]["available"]


def test_publishing_is_not_on_offer_before_the_service_account_gave_its_consent(api):
    consent = api.secrets.secrets.pop("spotify")
    assert not api.get("/api/config").json["publishing"]["available"]
    api.secrets.write("spotify", consent)
    assert api.get("/api/config").json["publishing"]["available"]


def test_where_publishing_is_off_nobody_asks_the_table(recommender):
    api = ApiClient(FixedIndex(recommender), make_settings(PUBLISH_ACCESS="off"))
    assert api.get("/api/config").json["publishing"] == {"access": "off", "available": False, "retry_at": None}
    assert api.publications.faults.calls == []


def test_health_is_good_while_there_is_an_index_and_bad_without(api):
    answer = api.get("/api/health")
    assert (answer.status, answer.json) == (
        200, {"ok": True, "version": VERSION, "index_built_at": "2026-01-15T12:00:00Z"}
    )  # fmt: skip
    api.index.current = None
    answer = api.get("/api/health")
    assert (answer.status, answer.json) == (503, {"ok": False, "version": VERSION, "index_built_at": None})


def test_the_version_is_the_package_s():
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
    assert project["version"] == VERSION
    assert re.fullmatch(r"\d+\.\d+\.\d+", VERSION)


@pytest.mark.parametrize("path", ["/api/genres", "/api/tracks?q=paper"])
def test_what_needs_an_index_says_when_there_is_none(api, path):
    api.index.current = None
    path, _, query = path.partition("?")
    check_problem(api.send("GET", path, {"q": "paper"} if query else {}), 503, "index_unavailable")
