"""Requests out of parsed JSON: every field, and a clear word about everything that is wrong."""

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daltonify_core.catalogue.artists import PopularitySource
from daltonify_core.catalogue.audio_features import CONTINUOUS_FEATURES, AudioFeatures, FeaturesSource
from daltonify_core.errors import InvalidLink, InvalidQuery
from daltonify_core.playlist.band import BandLifts
from daltonify_core.playlist.filters import Explicit
from daltonify_core.playlist.own_slots import OwnSlots
from daltonify_core.playlist.request import Order, RecommendationRequest, RequestFilters, Seed
from daltonify_core.ports.look_ups import IdentitySource
from tests.builders import track_id

ID = track_id(7)
LINK = f"https://open.spotify.com/track/{ID}?si=x"
parse = RecommendationRequest.from_dict


def with_seed(**fields: Any) -> RecommendationRequest:
    return parse({"seeds": [fields]})


def test_only_seeds_are_required_and_the_defaults_are_those_of_the_contract():
    request = parse({"seeds": [LINK]})
    assert request == RecommendationRequest((Seed(ID),))
    assert (request.genre, request.size, request.band, request.widen) == (None, 30, None, False)
    assert (request.popularity_weight, request.variation) == (0.0, 0)
    assert (request.order, request.own_slots) == (Order.FLOW, OwnSlots.EARLY)
    assert request.filters == RequestFilters(Explicit.ALLOW, None, None, (), ())


def test_every_field_is_read():
    request = parse(
        {
            "seeds": [
                LINK,
                {
                    "track": f"spotify:track:{track_id(8)}",
                    "title": "My single",
                    "artists": ["Me", "You"],
                    "followers": 812,
                    "artist_popularity": 12,
                    "genres": ["Country", "hip-hop"],
                    "features": {"danceability": 0.5, "energy": 1, "key": 3, "tempo": None},
                },
            ],
            "genre": "country",
            "size": 40,
            "band": {"min_lift": 5, "max_lift": 50},
            "widen": True,
            "popularity_weight": 1,
            "order": "similarity",
            "own_slots": "spread",
            "filters": {
                "explicit": "clean",
                "year_from": 1990,
                "year_to": 2005,
                "exclude_artists": ["Them"],
                "exclude_tracks": [LINK],
            },
            "targets": {"energy": 0.2, "tempo": -1, "valence": None, "liveness": 0},
            "variation": 3,
        }
    )
    assert request == RecommendationRequest(
        seeds=(
            Seed(ID),
            Seed(
                track_id(8), "My single", ("Me", "You"), AudioFeatures(danceability=0.5, energy=1.0, key=3),
                ("country", "hip hop"), artist_popularity=12, followers=812,
            ),
        ),
        genre="country", size=40, band=BandLifts(5, 50), widen=True, popularity_weight=1.0, order=Order.SIMILARITY,
        own_slots=OwnSlots.SPREAD, filters=RequestFilters(Explicit.CLEAN, 1990, 2005, ("Them",), (LINK,)),
        targets={"energy": 0.2, "tempo": -1.0}, variation=3,
    )  # fmt: skip


def test_null_means_not_given_everywhere():
    names = "genre", "size", "band", "widen", "popularity_weight", "order", "own_slots", "filters", "targets"
    empty = dict.fromkeys((*names, "era", "variation"))
    assert parse({"seeds": [LINK], **empty}) == parse({"seeds": [LINK]})
    inner = dict.fromkeys(("explicit", "year_from", "year_to", "exclude_artists", "exclude_tracks"))
    assert parse({"seeds": [LINK], "filters": inner}) == parse({"seeds": [LINK]})
    bare = dict.fromkeys(("title", "artists", "followers", "artist_popularity", "genres", "features"))
    assert with_seed(track=ID, **bare) == parse({"seeds": [LINK]})


def test_half_a_band_takes_its_other_end_from_the_default():
    assert parse({"seeds": [LINK], "band": {"min_lift": 20}}).band == BandLifts(20, 60)
    assert parse({"seeds": [LINK], "band": {}}).band == BandLifts(10, 60)


def test_only_the_default_band_widens_unasked():
    assert parse({"seeds": [LINK]}).may_widen
    assert parse({"seeds": [LINK]}).era
    assert not parse({"seeds": [LINK], "era": False}).era
    assert not parse({"seeds": [LINK], "band": {}}).may_widen
    assert parse({"seeds": [LINK], "band": {}, "widen": True}).may_widen


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"seed": []}, "The request has an unknown field 'seed'; known are band, era, filters, genre"),
        ({"filters": {"year": 1990}}, "filters has an unknown field 'year'; known are exclude_artists"),
        ({"band": {"min": 1}}, "band has an unknown field 'min'; known are max_lift, min_lift"),
        ({"seeds": None}, "The request needs seeds: a list of links or objects."),
        ({"seeds": LINK}, "The request needs seeds: a list of links or objects."),
        ({"seeds": {}}, "The request needs seeds: a list of links or objects."),
        ({"seeds": []}, "Give 1 to 20 seed tracks, not 0."),
        ({"seeds": [LINK] * 21}, "Give 1 to 20 seed tracks, not 21."),
        ({"seeds": [LINK] * 500}, "Give 1 to 20 seed tracks, not 500."),
        ({"seeds": [7]}, "A seed must be a link or an object."),
        ({"seeds": [None]}, "A seed must be a link or an object."),
        ({"genre": 5}, "genre must be text."),
        ({"size": "30"}, "size must be a whole number."),
        ({"size": 30.0}, "size must be a whole number."),
        ({"size": True}, "size must be a whole number."),
        ({"size": 4}, "The size 4 is not possible; ask for 5 to 100 tracks."),
        ({"size": 101}, "The size 101 is not possible; ask for 5 to 100 tracks."),
        ({"band": [10, 60]}, "band must be an object."),
        ({"band": {"min_lift": "10"}}, "min_lift must be a whole number."),
        ({"band": {"min_lift": 0}}, "The band 0 to 60 is not possible: min_lift must be at least 1"),
        ({"band": {"min_lift": 61, "max_lift": 60}}, "The band 61 to 60 is not possible"),
        ({"widen": 1}, "widen must be true or false."),
        ({"popularity_weight": "1"}, "popularity_weight must be a number."),
        ({"popularity_weight": -0.1}, "popularity_weight is -0.1; it must be from 0 to 1."),
        ({"popularity_weight": 1.1}, "popularity_weight is 1.1; it must be from 0 to 1."),
        ({"popularity_weight": math.nan}, "popularity_weight is nan; it must be from 0 to 1."),
        ({"popularity_weight": 10**400}, "popularity_weight is far too large."),
        ({"order": "random"}, "order must be one of flow, similarity, popularity."),
        ({"order": ["flow"]}, "order must be one of flow, similarity, popularity."),
        ({"own_slots": "top"}, "own_slots must be one of early, first, spread."),
        ({"targets": [0.2]}, "targets must be an object."),
        ({"targets": {"energy": "more"}}, "energy must be a number."),
        ({"targets": {"energy": True}}, "energy must be a number."),
        ({"targets": {"energy": 1.01}}, "The target of energy is 1.01; it must be from -1 to 1."),
        ({"targets": {"tempo": math.nan}}, "The target of tempo is nan; it must be from -1 to 1."),
        ({"targets": {"key": 0.5}}, "'key' cannot be a target; known are danceability, energy"),
        ({"era": 1}, "era must be true or false."),
        ({"seeds": [{"track": LINK, "release_date": "May 2030"}]}, "release_date is 'May 2030'; it must be a date"),
        ({"seeds": [{"track": LINK, "release_date": 2030}]}, "release_date must be text."),
        ({"seeds": [{"duration_ms": 0, "track": LINK}]}, "duration_ms must be a length in milliseconds"),
        ({"seeds": [{"duration_ms": 10**9, "track": LINK}]}, "duration_ms must be a length in milliseconds"),
        ({"variation": -1}, "variation is -1; it must be from 0 to 1,000,000."),
        ({"filters": []}, "filters must be an object."),
        ({"filters": {"explicit": "no"}}, "explicit must be one of allow, clean, only."),
        ({"filters": {"year_from": 1899}}, "The year 1899 is not possible; give one from 1900 to 2100."),
        ({"filters": {"year_from": 2001, "year_to": 2000}}, "year_from (2001) must not be after year_to (2000)."),
        ({"filters": {"exclude_artists": "Them"}}, "exclude_artists must be a list of texts."),
        ({"filters": {"exclude_tracks": [5]}}, "exclude_tracks must be a list of texts."),
        ({"filters": {"exclude_artists": ["x"] * 501}}, "At most 500 artists and as many tracks can be excluded."),
        ({"filters": {"exclude_artists": ["x" * 1001]}}, "exclude_artists must be names of at most 1,000 characters"),
        ({"filters": {"exclude_artists": ["\ud83d"]}}, "exclude_artists must be names of at most 1,000 characters"),
    ],
    ids=lambda value: str(value)[:70],
)  # fmt: skip
def test_what_is_wrong_is_named(changes, message):
    with pytest.raises(InvalidQuery) as refusal:
        parse({"seeds": [LINK]} | changes)
    assert str(refusal.value).startswith(message)
    assert refusal.value.code == "invalid_query"


@pytest.mark.parametrize(
    ("seed", "message"),
    [
        ({"link": LINK}, "A seed has an unknown field 'link'; known are album, artist_ids"),
        ({}, "A seed without a Spotify track needs a title and at least one artist."),
        ({"title": "X"}, "A seed without a Spotify track needs a title and at least one artist."),
        ({"title": "X", "artists": []}, "A seed without a Spotify track needs a title and at least one artist."),
        ({"title": "X", "artists": "Me"}, "artists must be a list of texts."),
        ({"title": "X", "artists": [" "]}, "A seed's title and artists must be 1 to 1,000 characters long."),
        ({"title": "x" * 1001, "artists": ["Me"]}, "A seed's title and artists must be 1 to 1,000 characters long."),
        ({"title": "\ud83d", "artists": ["Me"]}, "A seed's title and artists hold half a character"),
        ({"title": "X", "artists": ["\udc00"]}, "A seed's title and artists hold half a character"),
        ({"track": 5}, "track must be text."),
        ({"track": ID, "title": 5}, "title must be text."),
        ({"track": ID, "followers": -1}, "followers must be from 0 to 1,000,000,000."),
        ({"track": ID, "followers": 1.5}, "followers must be a whole number."),
        ({"track": ID, "artist_popularity": 101}, "artist_popularity must be from 0 to 100."),
        ({"track": ID, "genres": "pop"}, "genres must be a list of texts."),
        ({"track": ID, "features": [0.5]}, "features must be an object."),
        ({"track": ID, "features": {"loud": 1}}, "Unknown feature 'loud'; known are danceability, energy"),
        ({"track": ID, "features": {"energy": "high"}}, "energy is 'high'; it must be a number."),
        ({"track": ID, "features": {"energy": True}}, "energy is True; it must be a number."),
        ({"track": ID, "features": {"energy": 1.5}}, "energy is 1.5; it must be a number from 0 to 1."),
        ({"track": ID, "features": {"tempo": math.nan}}, "tempo is nan; it must be a number from 20 to 400."),
        ({"track": ID, "features": {"key": 1.5}}, "key is 1.5; it must be a whole number."),
        ({"track": ID, "features": {"energy": 10**400}}, "energy is far outside of its range."),
        ({"track": ID, "features": {"key": 10**400}}, "key is far outside of its range."),
    ],
    ids=lambda value: str(value)[:70],
)
def test_what_is_wrong_with_a_seed_is_named(seed, message):
    with pytest.raises(InvalidQuery) as refusal:
        with_seed(**seed)
    assert str(refusal.value).startswith(message)


@pytest.mark.parametrize("value", [[], "x", 5, None, True])
def test_a_request_that_is_no_object_is_refused(value):
    with pytest.raises(InvalidQuery, match="must be an object"):
        parse(value)


@pytest.mark.parametrize("link", ["", "hello", "https://example.org/track/x", ID + "0"])
def test_a_seed_that_is_no_track_link_is_refused_as_such(link):
    with pytest.raises(InvalidLink):
        parse({"seeds": [link]})
    with pytest.raises(InvalidLink):
        with_seed(track=link)


def test_an_album_cannot_be_looked_into_here():
    with pytest.raises(InvalidQuery, match="Only Spotify knows which tracks an album holds"):
        parse({"seeds": [f"spotify:album:{ID}"]})


def test_a_track_id_that_is_none_is_refused_however_a_seed_is_made():
    with pytest.raises(InvalidQuery, match="'nonsense' is not a Spotify track id"):
        Seed("nonsense")


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(exclude_categories=()), max_size=8)
    | st.sampled_from([LINK, ID, "flow", "clean", 10**400]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["seeds", "track", "title", "artists", "features", "energy", "key", "genre", "genres", "size", "band",
                 "min_lift", "widen", "order", "filters", "explicit", "exclude_artists", "variation", "followers"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)  # fmt: skip


some_fields = st.sampled_from(["size", "band", "filters", "order", "genre", "era", "targets"])


@given(json_values, st.dictionaries(some_fields, json_values))
def test_whatever_json_comes_in_it_is_a_request_or_a_clear_refusal(seed, rest):
    for value in (seed, {"seeds": [seed]}, {"seeds": [LINK], **rest}):
        try:
            request = parse(value)
        except InvalidQuery as refusal:
            json.dumps(refusal.message).encode()
        else:
            assert 1 <= len(request.seeds) <= 20


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"seeds": None}, "seeds"),
        ({"seeds": [LINK] * 21}, "seeds"),
        ({"seeds": [LINK, 7]}, "seeds[1]"),
        ({"seeds": [LINK, "hello"]}, "seeds[1]"),
        ({"seeds": [{"track": "hello"}]}, "seeds[0].track"),
        ({"seeds": [{"track": f"spotify:album:{ID}"}]}, "seeds[0].track"),
        ({"seeds": [{"track": ID, "followers": -1}]}, "seeds[0].followers"),
        ({"seeds": [{"track": ID, "artist_popularity": 101}]}, "seeds[0].artist_popularity"),
        ({"seeds": [{"track": ID, "artists": 5}]}, "seeds[0].artists"),
        ({"seeds": [{"track": ID, "features": {"energy": 2}}]}, "seeds[0].features"),
        ({"seeds": [{"title": "X"}]}, "seeds[0]"),
        ({"seeds": [{"track": ID, "tilte": "X"}]}, "seeds[0].tilte"),
        ({"genre": 5}, "genre"),
        ({"size": 4}, "size"),
        ({"band": {"min_lift": 61, "max_lift": 60}}, "band"),
        ({"band": {"min_lift": "x"}}, "band.min_lift"),
        ({"band": {"low": 1}}, "band.low"),
        ({"popularity_weight": 2}, "popularity_weight"),
        ({"order": "x"}, "order"),
        ({"targets": 1}, "targets"),
        ({"targets": {"energy": 2}}, "targets.energy"),
        ({"targets": {"energy": "x"}}, "targets.energy"),
        ({"targets": {"loud": 0.1}}, "targets.loud"),
        ({"variation": -1}, "variation"),
        ({"filters": {"year_from": 1800}}, "filters.year_from"),
        ({"filters": {"year_to": 2200}}, "filters.year_to"),
        ({"filters": {"year_from": 2001, "year_to": 2000}}, "filters.year_from"),
        ({"filters": {"exclude_tracks": [LINK, "x"]}}, "filters.exclude_tracks[1]"),
        ({"filters": {"exclude_tracks": [f"spotify:album:{ID}"]}}, "filters.exclude_tracks[0]"),
        ({"filters": {"exclude_artists": ["x"] * 501}}, "filters.exclude_artists"),
        ({"colour": "red"}, "colour"),
    ],
    ids=lambda value: str(value)[-60:],
)
def test_a_refusal_names_the_place_in_the_request(changes, field):
    with pytest.raises(InvalidQuery) as refusal:
        parse({"seeds": [LINK]} | changes)
    assert refusal.value.field == field


RESOLVED = {
    "track_id": ID,
    "title": "Tide",
    "artists": ["Mira"],
    "artist_ids": [track_id(3)],
    "identity_source": "oembed and given",
    "album": "Shore",
    "artwork_url": "https://i.scdn.co/image/1",
    "release_date": "2031-02",
    "duration_ms": 1000,
    "explicit": False,
    "popularity": 7,
    "genres": ["country"],
    "artist_popularity": 12,
    "popularity_source": "followers",
    "features": {"energy": 0.5},
    "features_source": "reccobeats and given",
    "features_rough": False,
}


def test_a_seed_of_an_answer_is_taken_as_it_came():
    (seed,) = with_seed(**RESOLVED).seeds
    assert seed == Seed(
        ID, "Tide", ("Mira",), AudioFeatures(energy=0.5), ("country",), artist_popularity=12, release_date="2031-02",
        duration_ms=1000, features_source="reccobeats and given", artist_ids=(track_id(3),),
        identity_source="oembed and given", popularity_source=PopularitySource.FOLLOWERS, album="Shore",
        artwork_url="https://i.scdn.co/image/1", explicit=False, popularity=7,
    )  # fmt: skip
    assert seed.features_sources == {FeaturesSource.RECCOBEATS, FeaturesSource.GIVEN}
    assert seed.identity_sources == {IdentitySource.OEMBED, IdentitySource.GIVEN}


def test_the_id_may_stand_in_either_field_or_in_both():
    assert with_seed(track_id=ID) == with_seed(track=LINK) == with_seed(track=LINK, track_id=ID)


@pytest.mark.parametrize(
    ("changes", "field", "message"),
    [
        ({"track_id": LINK}, "track_id", "is not a Spotify track id."),
        ({"track": track_id(8)}, "track_id", "track and track_id name different tracks"),
        ({"artist_ids": ["x"]}, "artist_ids", "artist_ids must be Spotify ids"),
        ({"artist_ids": [ID, ID]}, "artist_ids", "artist_ids must be as many as artists"),
        ({"artists": []}, "artist_ids", "artist_ids must be as many as artists"),
        ({"features_source": "spotify"}, "features_source", "features_source must be one of catalogue, reccobeats"),
        ({"features_source": "given and"}, "features_source", "features_source must be one of"),
        ({"identity_source": "wikipedia"}, "identity_source", "identity_source must be one of catalogue, spotify"),
        ({"popularity_source": "me"}, "popularity_source", "popularity_source must be one of catalogue"),
        ({"popularity": 101}, "popularity", "popularity must be from 0 to 100."),
        ({"album": "x" * 1001}, "album", "at most 1,000 characters"),
        ({"artwork_url": "javascript:alert(1)"}, "artwork_url", "must be the web address of a picture"),
        ({"artwork_url": "https://a/" + "x" * 2000}, "artwork_url", "must be the web address of a picture"),
        ({"artwork_url": "https://a/\n"}, "artwork_url", "must be the web address of a picture"),
        ({"release_date": "2026-02-30"}, "release_date", "must be a date as YYYY, YYYY-MM or YYYY-MM-DD."),
        ({"release_date": "2026-13-01"}, "release_date", "must be a date as YYYY, YYYY-MM or YYYY-MM-DD."),
        ({"release_date": "0000"}, "release_date", "must be a date as YYYY, YYYY-MM or YYYY-MM-DD."),
        ({"features_by_hand": ["tempo"]}, "features_by_hand", "'tempo', which is not among the features"),
        ({"explicit": "no"}, "explicit", "explicit must be true or false."),
    ],
    ids=lambda value: str(value)[:40],
)
def test_what_is_wrong_with_a_resolved_seed_is_named(changes, field, message):
    with pytest.raises(InvalidQuery) as refusal:
        with_seed(**(RESOLVED | changes))
    assert refusal.value.field == f"seeds[0].{field}"
    assert message in refusal.value.message


@pytest.mark.parametrize("name", CONTINUOUS_FEATURES)
def test_one_feature_alone_is_taken_and_the_rest_stays_absent(name):
    value = {"loudness": -7, "tempo": 120}.get(name, 0)
    (seed,) = with_seed(title="X", artists=["Me"], features={name: value}).seeds
    assert seed.features.present() == {name: value}
    assert seed.wants_features


NINE = {name: {"loudness": -7, "tempo": 120}.get(name, 0) for name in CONTINUOUS_FEATURES}


@pytest.mark.parametrize(
    ("source", "by_hand", "wants"),
    [
        ("given", [], False),
        ("reccobeats", [], False),
        ("catalogue", [], False),
        ("measured", [], True),
        ("audio_file", [], True),
        ("measured and given", [], False),
        ("measured and given", ["energy"], True),
    ],
)
def test_features_that_others_would_outrank_are_still_wanted(source, by_hand, wants):
    (seed,) = with_seed(track=LINK, features=NINE, features_source=source, features_by_hand=by_hand).seeds
    assert seed.wants_features is wants


def test_key_mode_and_beats_alone_are_no_features_to_compare_by():
    (seed,) = with_seed(title="X", artists=["Me"], features={"key": 1, "mode": 1, "time_signature": 4}).seeds
    assert seed.wants_features
