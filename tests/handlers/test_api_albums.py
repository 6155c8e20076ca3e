"""An album as a seed over HTTP: its tracks take its place, and whoever knows them is asked as seldom as possible."""

from dataclasses import replace

import pytest

from daltonify_core.errors import (
    CapReached,
    ConsentNeeded,
    SecretUnavailable,
    UpstreamRateLimited,
    UpstreamUnavailable,
)
from daltonify_core.ports.look_ups import AlbumListing, IdentitySource, TrackIdentity
from tests.builders import make_features, track_id
from tests.fakes.faults import Fault
from tests.fakes.memory_feature_service import MemoryFeatureService
from tests.handlers.api_client import SEED, ApiClient, FixedIndex, KnownLinks, check_problem

PATH = "/api/recommendations"
ALBUM = "Album00000000000000001"
LINK = f"https://open.spotify.com/intl-de/album/{ALBUM}?si=x"
SHORT = "https://spotify.link/AbCdEfGhIjK"
UNAVAILABLE = UpstreamUnavailable("no answer")
INSTEAD = "Give the links of its tracks instead."


def new_id(number):
    return track_id(9_000 + number)


def identity(number):
    return TrackIdentity(
        new_id(number), f"Tide {number}", ("Mira Tallow",), IdentitySource.SPOTIFY, ("Mira000000000000000000",),
        "Shore", "https://i.scdn.co/image/1", "2026-02-03", 187_000 + number, False,
    )  # fmt: skip


def listing(count, total=None):
    return AlbumListing("Shore", tuple(identity(number) for number in range(count)), total or count)


@pytest.fixture
def api(recommender):
    """An album of three tracks, of which everything is known outside, and nothing here."""
    reccobeats = MemoryFeatureService()
    for number in range(30):
        reccobeats.add(new_id(number), make_features(energy=0.3 + 0.01 * number), f"Tide {number}", ["Mira Tallow"])
    api = ApiClient(FixedIndex(recommender), reccobeats=reccobeats, links=KnownLinks({SHORT: LINK}))
    api.spotify.albums[ALBUM] = listing(3)
    return api


def ask(api, *seeds, **fields):
    return api.post(PATH, {"seeds": list(seeds) or [LINK], "size": 10} | fields)


def seeds_of(answer):
    assert answer.status == 200, answer.text
    return [seed["track_id"] for seed in answer.json["seeds"]]


@pytest.mark.parametrize("link", [LINK, f"spotify:album:{ALBUM}", SHORT, {"track": LINK}])
def test_the_tracks_of_an_album_are_the_seeds_in_its_order(api, link):
    answer = ask(api, link)
    assert seeds_of(answer) == [new_id(0), new_id(1), new_id(2)]
    told = answer.json["seeds"][0]
    assert (told["title"], told["album"], told["release_date"]) == ("Tide 0", "Shore", "2026-02-03")
    assert (told["identity_source"], told["features_source"]) == ("spotify", "reccobeats")
    assert not any("album" in note for note in answer.json["notes"])


def test_a_listing_says_what_its_tracks_are_so_that_nobody_asks_for_each(api):
    ask(api)
    assert api.spotify.asked == [ALBUM]
    assert api.oembed.asked == []


def test_an_album_is_asked_for_once_a_day_for_everybody(api):
    first = ask(api).json
    api.completer = api.new_environment()
    assert ask(api).json == first
    api.clock.now = api.clock.now.replace(day=3)
    assert ask(api).json == first
    assert api.spotify.asked == [ALBUM] * 2


def test_seeds_of_the_answer_may_be_sent_back_in_place_of_the_album(api):
    first = ask(api).json
    asked = list(api.spotify.asked)
    assert ask(api, *first["seeds"]).json == first
    assert api.spotify.asked == asked


def test_tracks_beside_an_album_keep_their_places(api):
    assert seeds_of(ask(api, SEED, LINK)) == [SEED, new_id(0), new_id(1), new_id(2)]
    assert seeds_of(ask(api, LINK, SEED)) == [new_id(0), new_id(1), new_id(2), SEED]


def test_a_track_of_the_album_that_is_given_as_well_counts_once(api):
    assert seeds_of(ask(api, new_id(1), LINK)) == [new_id(1), new_id(0), new_id(2)]


def test_of_a_long_album_as_many_tracks_count_as_a_request_may_have_and_it_says_so(api):
    api.spotify.albums[ALBUM] = listing(30, 34)
    answer = ask(api, SEED, LINK)
    assert seeds_of(answer) == [SEED, *(new_id(number) for number in range(19))]
    assert answer.json["notes"][0] == "The album “Shore” has 34 tracks; the first 19 were used."


def test_what_is_said_of_the_album_is_said_of_each_of_its_tracks(api, recommender):
    stranger = replace(identity(0), artists=("Nobody Yet",), artist_ids=())
    api.spotify.albums[ALBUM] = AlbumListing("Shore", (stranger, replace(stranger, track_id=new_id(1))), 2)
    needed = check_problem(ask(api), 422, "seed_data_needed")
    assert needed["missing"] == {"0": ["artist_popularity"], "1": ["artist_popularity"]}
    assert [seed["track_id"] for seed in needed["seeds"]] == [new_id(0), new_id(1)]
    answer = ask(api, {"track": LINK, "followers": 812, "genres": ["country"]})
    assert seeds_of(answer) == [new_id(0), new_id(1)]
    assert {seed["popularity_source"] for seed in answer.json["seeds"]} == {"followers"}
    assert [seed["genres"] for seed in answer.json["seeds"]] == [["country"]] * 2


def test_tracks_of_an_album_that_nobody_knows_do_not_stand_in_the_way_of_the_others(api):
    unheard = replace(identity(0), track_id=track_id(9_900))
    api.spotify.albums[ALBUM] = AlbumListing("Shore", (identity(0), unheard, identity(2)), 3)
    answer = ask(api, SEED, LINK)
    assert seeds_of(answer) == [SEED, new_id(0), new_id(2)]
    assert answer.json["notes"][0] == "1 of the album's 3 tracks do not count: too little is known of them."


def test_a_track_beside_the_album_that_nobody_knows_is_asked_for_as_ever(api):
    unknown = track_id(9_900)
    needed = check_problem(ask(api, LINK, unknown), 422, "seed_data_needed")
    assert list(needed["missing"]) == ["3"]
    assert [seed["track_id"] for seed in needed["seeds"]] == [new_id(0), new_id(1), new_id(2), unknown]


def test_an_album_that_does_not_exist_is_a_wrong_link(api):
    problem = check_problem(ask(api, SEED, f"spotify:album:{SEED}"), 422, "invalid_link")
    assert problem["errors"][0]["field"] == "seeds[1]"
    assert "or give the links of its tracks" in problem["detail"]
    ask(api, f"spotify:album:{SEED}")
    assert api.spotify.asked == [SEED]


def test_an_album_without_tracks_of_spotifys_own_is_a_wrong_link(api):
    api.spotify.albums[ALBUM] = AlbumListing("Shore", (), 2)
    problem = check_problem(ask(api), 422, "invalid_link")
    assert problem["detail"] == f"Spotify lists no track for the album “Shore”. {INSTEAD}"


@pytest.mark.parametrize(
    ("seeds", "field", "message"),
    [
        ([LINK, f"spotify:album:{SEED}"], "seeds[1]", "Give one album at a time"),
        ([LINK, LINK], "seeds[1]", "Give one album at a time"),
        ([{"track": LINK, "title": "Tide"}], "seeds[0].title", "title is said of a track"),
        ([{"track": LINK, "features": {"energy": 0.2}}], "seeds[0].features", "features is said of a track"),
    ],
    ids=["two albums", "one twice", "title", "features"],
)
def test_what_cannot_be_said_of_an_album_is_refused_before_anybody_is_asked(api, seeds, field, message):
    problem = check_problem(ask(api, *seeds), 422, "invalid_query")
    assert problem["errors"][0]["field"] == field
    assert message in problem["detail"]
    assert api.spotify.asked == []


@pytest.mark.parametrize("wrong", [{"genre": "nonsense"}, {"targets": {"energy": 2}}, {"seeds": [LINK, "x"]}])
def test_nobody_is_asked_for_a_request_that_is_refused_anyway(api, wrong):
    assert api.post(PATH, {"seeds": [LINK]} | wrong).status == 422
    assert api.spotify.asked == []


def test_two_short_links_that_lead_to_albums_are_refused_when_that_shows(recommender):
    other = "https://spotify.link/ZyXwVuTsRqP"
    api = ApiClient(FixedIndex(recommender), links=KnownLinks({SHORT: LINK, other: LINK}))
    problem = check_problem(ask(api, SHORT, other), 422, "invalid_query")
    assert problem["errors"][0]["field"] == "seeds[1]"


@pytest.mark.parametrize(
    ("error", "status", "code", "words", "retry_at"),
    [
        (UNAVAILABLE, 503, "album_unavailable", "Spotify does not answer at the moment.", "2026-03-01T12:01:00Z"),
        (
            UpstreamRateLimited("Limited.", 120, quota=True), 503, "album_unavailable",
            "Spotify was asked too often and wants a pause.", "2026-03-01T12:02:00Z",
        ),
        (SecretUnavailable("gone"), 503, "album_unavailable", "This installation cannot ask Spotify", None),
        (ConsentNeeded("wrong"), 503, "album_unavailable", "This installation cannot ask Spotify", None),
    ],
    ids=["no answer", "quota", "no secret", "wrong secret"],
)  # fmt: skip
def test_who_cannot_be_asked_is_told_with_what_to_do_instead(api, error, status, code, words, retry_at):
    api.spotify.faults.add(Fault(error, method="album"))
    problem = check_problem(ask(api), status, code)
    assert problem["detail"].startswith(words)
    assert problem["detail"].endswith(INSTEAD)
    assert problem.get("retry_at") == retry_at


def test_after_three_failures_spotify_is_left_in_peace_for_albums_and_tracks_alike(api):
    api.spotify.faults.add(Fault(UNAVAILABLE, method="album", times=3))
    for _ in range(3):
        check_problem(ask(api), 503, "album_unavailable")
    asked = list(api.spotify.asked)
    check_problem(ask(api), 503, "album_unavailable")
    ask(api, new_id(5))
    assert api.spotify.asked == asked


def test_albums_are_counted_with_the_look_ups_of_a_client(api):
    ask(api)
    counts = [count for (counter, _), count in api.publications.counters.items() if counter.startswith("look-ups")]
    # The album, and each of its tracks for how it sounds.
    assert counts == [4]
    api.publications.faults.add(Fault(CapReached("You have looked up enough today.", 60), method="count", times=9))
    problem = check_problem(ask(api, f"spotify:album:{SEED}"), 429, "cap_reached")
    assert problem["detail"] == f"You have looked up enough today. {INSTEAD}"


def test_tables_that_fail_do_not_keep_an_album_away(api):
    api.look_ups.faults.add(Fault(UNAVAILABLE, times=9))
    api.publications.faults.add(Fault(UNAVAILABLE, times=9))
    assert seeds_of(ask(api)) == [new_id(0), new_id(1), new_id(2)]
