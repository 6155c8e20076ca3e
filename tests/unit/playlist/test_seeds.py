"""What is known of a seed: the catalogue first, the artist's own words second, and never a guess."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daltonify_core.catalogue.artists import PopularitySource
from daltonify_core.catalogue.audio_features import AudioFeatures
from daltonify_core.catalogue.track import ArtistCredit
from daltonify_core.errors import SeedDataNeeded
from daltonify_core.playlist.request import Seed
from daltonify_core.playlist.seeds import popularity_of_followers, resolve_seeds
from tests.builders import build_index_folder, make_features, make_track, open_index, track_id

KNOWN, DUET, UNRATED, UNKNOWN = track_id(1), track_id(2), track_id(3), track_id(99)
TWIN_IDS = "Twin00000000000000000A", "Twin00000000000000000B"


@pytest.fixture(scope="module")
def index(tmp_path_factory):
    tracks = [
        make_track(track_id=KNOWN, title="Boston", artists=("Dalton",), popularity=15, genres=("country",), energy=0.7),
        make_track(track_id=DUET, title="Two", artists=("Dalton", "Guest"), popularity=12),
        make_track(track_id=UNRATED, title="Silence", artists=("Nobody",), popularity=None),
        *(
            make_track(track_id=track_id(10 + place), artists=(ArtistCredit("Nova", artist_id),), popularity=60)
            for place, artist_id in enumerate(TWIN_IDS)
        ),
    ]
    opened = open_index(build_index_folder(tmp_path_factory.mktemp("seeds"), tracks))
    yield opened
    opened.close()


def resolve_one(index, seed):
    (resolved,) = resolve_seeds([seed], index)
    return resolved


def new_seed(**overrides):
    values: dict[str, Any] = {"title": "My single", "artists": ("Me",), "features": make_features(), "followers": 800}
    return Seed(**values | overrides)


def test_a_catalogue_track_needs_nothing_else(index):
    seed = resolve_one(index, Seed(KNOWN))
    assert (seed.track_id, seed.title, seed.artists) == (KNOWN, "Boston", ("Dalton",))
    assert (seed.artist_popularity, seed.popularity_source) == (15, PopularitySource.TRACK_MAX)
    assert (seed.features, seed.features_source) == (make_features(), "catalogue")
    assert (seed.album, seed.release_year, seed.explicit, seed.genres) == ("Album", 2019, False, ("country",))
    assert index.tracks.tracks([seed.item])[0].track_id == KNOWN


def test_a_track_that_nobody_knows_is_what_the_artist_says(index):
    seed = resolve_one(index, new_seed(track_id=UNKNOWN, genres=("Hip-Hop",)))
    assert (seed.track_id, seed.item, seed.artist_numbers) == (UNKNOWN, None, ())
    assert (seed.title, seed.artists, seed.genres) == ("My single", ("Me",), ("hip hop",))
    assert (seed.features_source, seed.popularity_source) == ("given", PopularitySource.FOLLOWERS)


def test_given_features_outrank_the_catalogues_one_by_one(index):
    seed = resolve_one(index, Seed(KNOWN, features=AudioFeatures(energy=0.1, tempo=90.0)))
    assert seed.features == make_features(energy=0.1, tempo=90.0)
    assert seed.features_source == "catalogue and given"


def test_given_title_and_artists_outrank_the_catalogues(index):
    seed = resolve_one(index, Seed(KNOWN, title="Boston (Live)", artists=("Dalton & the Sheriff",)))
    assert (seed.title, seed.artists) == ("Boston (Live)", ("Dalton & the Sheriff",))
    assert seed.artist_popularity == 15


@pytest.mark.parametrize("said", [{"artist_popularity": 3}, {"followers": 10}, {"artist_popularity": 99}])
def test_the_catalogues_popularity_outranks_what_the_artist_says(index, said):
    assert resolve_one(index, Seed(KNOWN, **said)).artist_popularity == 15


def test_a_namesake_in_the_catalogue_counts_only_when_the_artist_says_nothing(index):
    said = resolve_one(index, new_seed(artists=("DALTON",), artist_popularity=3))
    assert (said.artist_popularity, said.popularity_source) == (3, PopularitySource.GIVEN)
    unsaid = resolve_one(index, new_seed(artists=("DALTON",), followers=None))
    assert (unsaid.artist_popularity, unsaid.popularity_source) == (15, PopularitySource.TRACK_MAX)


def test_given_popularity_outranks_followers(index):
    seed = resolve_one(index, new_seed(artist_popularity=33))
    assert (seed.artist_popularity, seed.popularity_source) == (33, PopularitySource.GIVEN)


def test_an_artist_whose_popularity_the_catalogue_lacks_may_give_it(index):
    seed = resolve_one(index, Seed(UNRATED, artist_popularity=8))
    assert (seed.artist_popularity, seed.popularity_source) == (8, PopularitySource.GIVEN)


def test_the_level_is_the_primary_artists_and_all_credited_ones_are_known(index):
    seed = resolve_one(index, Seed(DUET))
    assert seed.artist_popularity == 15
    assert [artist.name for artist in index.tracks.artists(seed.artist_numbers)] == ["Dalton", "Guest"]


def test_artists_named_beyond_the_catalogues_credits_belong_to_the_seed_too(index):
    seed = resolve_one(index, Seed(KNOWN, artists=("Dalton", "guest", "Stranger")))
    assert [artist.name for artist in index.tracks.artists(seed.artist_numbers)] == ["Dalton", "Guest"]
    assert seed.unnumbered_artists == {"stranger"}


def test_a_name_that_several_artists_bear_is_kept_as_a_name(index):
    seed = resolve_one(index, new_seed(artists=("Nova",)))
    assert (seed.artist_numbers, seed.unnumbered_artists) == ((), {"nova"})
    assert seed.popularity_source is PopularitySource.FOLLOWERS


def test_a_catalogue_track_by_one_of_them_is_only_that_ones(index):
    seed = resolve_one(index, Seed(track_id(10)))
    assert len(seed.artist_numbers) == 1
    assert seed.unnumbered_artists == frozenset()


@pytest.mark.parametrize(
    ("seed", "missing", "advice"),
    [
        (Seed(UNKNOWN), ("title", "artists", "features", "artist_popularity"), "its title and artists; its features"),
        (Seed(UNKNOWN, title="X", artists=("Me",)), ("features", "artist_popularity"), "its features"),
        (new_seed(features=AudioFeatures()), ("features",), "its features"),
        (new_seed(features=AudioFeatures(key=3, mode=1)), ("features",), "its features"),
        (new_seed(followers=None), ("artist_popularity",), "the artist's number of followers"),
        (Seed(UNRATED), ("artist_popularity",), "the artist's number of followers"),
        (new_seed(artists=("Dalton",), features=AudioFeatures(), followers=None), ("features",), "its features"),
    ],
    ids=["unknown id", "only words", "no features", "key alone", "no popularity", "unrated artist", "known artist"],
)
def test_what_is_missing_is_named(index, seed, missing, advice):
    with pytest.raises(SeedDataNeeded) as refusal:
        resolve_seeds([seed], index)
    assert refusal.value.missing == {0: missing}
    assert f"Give {advice}" in refusal.value.message
    assert refusal.value.code == "seed_data_needed"


def test_every_seed_that_needs_more_is_named_by_its_position(index):
    with pytest.raises(SeedDataNeeded, match="Another seed lacks data too") as refusal:
        resolve_seeds([Seed(KNOWN), Seed(UNKNOWN), new_seed(), new_seed(followers=None)], index)
    assert refusal.value.missing == {
        1: ("title", "artists", "features", "artist_popularity"),
        3: ("artist_popularity",),
    }
    assert UNKNOWN in refusal.value.message


def test_what_is_known_of_every_seed_and_what_helps_is_data_too(index):
    with pytest.raises(SeedDataNeeded) as refusal:
        resolve_seeds([Seed(KNOWN), Seed(UNKNOWN, title="X", artists=("Me",)), new_seed(followers=None)], index)
    known, described, new = refusal.value.seeds
    assert (known.track_id, known.missing) == (KNOWN, ())
    assert (described.track_id, described.title, described.artists) == (UNKNOWN, "X", ("Me",))
    assert new.missing == ("artist_popularity",)
    assert refusal.value.remedies == [
        {"kind": "describe", "seeds": [1], "fields": ["features"]},
        {"kind": "followers", "seeds": [1, 2]},
        {"kind": "audio_file", "seeds": [1]},
        {"kind": "measure", "seeds": [1]},
    ]


def test_a_remedy_that_no_seed_needs_is_not_offered(index):
    with pytest.raises(SeedDataNeeded) as refusal:
        resolve_seeds([new_seed(followers=None)], index)
    assert refusal.value.remedies == [{"kind": "followers", "seeds": [0]}]


def test_of_many_seeds_that_need_more_the_first_is_described_and_the_rest_counted(index):
    with pytest.raises(SeedDataNeeded, match=r"“First”.*2 more seeds lack data too\.$"):
        resolve_seeds([new_seed(title=title, followers=None) for title in ("First", "Second", "Third")], index)


def test_seeds_keep_their_order_and_each_track_comes_once(index):
    seeds = resolve_seeds([Seed(DUET), new_seed(), Seed(KNOWN), Seed(DUET)], index)
    assert [seed.track_id for seed in seeds] == [DUET, None, KNOWN]


def test_any_one_continuous_feature_is_enough(index):
    seed = resolve_one(index, new_seed(features=AudioFeatures(energy=0.5)))
    assert seed.features == AudioFeatures(energy=0.5)


@given(st.integers(0, 10**9), st.integers(0, 10**9))
def test_more_followers_never_mean_less_popularity(first, second):
    fewer, more = sorted((first, second))
    assert 0 <= popularity_of_followers(fewer) <= popularity_of_followers(more) <= 100


@pytest.mark.parametrize(
    ("followers", "popularity"), [(0, 0), (1, 0), (589, 4), (2_630, 14), (58_900, 44), (2_630_000, 74), (10**9, 100)]
)
def test_followers_are_read_off_the_table(followers, popularity):
    assert popularity_of_followers(followers) == pytest.approx(popularity, abs=1)


def test_date_and_length_come_from_the_catalogue_and_else_from_the_request(index):
    given: dict[str, Any] = {"release_date": "2031-02", "duration_ms": 1_000}
    known = resolve_one(index, Seed(KNOWN, **given))
    track = index.tracks.tracks([known.item])[0]
    assert (known.release_date, known.duration_ms) == (track.release_date, track.duration_ms)
    assert known.release_date is not None
    new = resolve_one(index, Seed(title="New", artists=("Me",), features=make_features(), followers=10, **given))
    assert (new.release_date, new.duration_ms, new.release_year) == ("2031-02", 1_000, 2031)


def test_the_artists_other_tracks_count_only_for_a_track_of_the_catalogue(index):
    described: dict[str, Any] = {
        "title": "Boston",
        "artists": ("Dalton",),
        "features": make_features(),
        "followers": 10,
    }
    known, namesake = resolve_one(index, Seed(KNOWN)), resolve_one(index, Seed(**described))
    assert known.primary_artist == namesake.primary_artist is not None
    sound = index.sound_of_artist(known.primary_artist, known.item)
    assert sound is not None
    assert (sound.tracks, sound.with_seed) == (2, True)
    assert index.sound_of_artist(known.primary_artist, None).with_seed is False
    # A guest's tracks are somebody else's.
    guest = next(number for number in resolve_one(index, Seed(DUET)).artist_numbers if number != known.primary_artist)
    assert index.sound_of_artist(guest, None) is None
