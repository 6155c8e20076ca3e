"""Recommending: the product's rules hold for any request, on a catalogue of synthetic tracks and real adapters."""

import functools
import hashlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from statistics import fmean
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from daltonify_core.catalogue.artists import artist_key
from daltonify_core.catalogue.audio_features import CONTINUOUS_FEATURES, AudioFeatures
from daltonify_core.catalogue.songs import Song, song_of
from daltonify_core.catalogue.track import ArtistCredit, Track
from daltonify_core.errors import InvalidQuery, NoBiggerArtists, SeedDataNeeded, UnknownGenre
from daltonify_core.index.candidate_search import CandidateSearch, SearchPath, SearchSettings
from daltonify_core.playlist.band import Band, BandLifts
from daltonify_core.playlist.filters import Explicit
from daltonify_core.playlist.genre_choice import GenreSource
from daltonify_core.playlist.own_slots import OwnSlots
from daltonify_core.playlist.recommendation import RESERVES, Recommendation, Row
from daltonify_core.playlist.request import Order, RecommendationRequest, RequestFilters, Seed
from daltonify_core.use_cases.recommend import Recommender
from infra.local.synthetic_catalogue import synthetic_tracks
from tests.builders import build_index_folder, make_features, make_track, open_index, track_id
from tests.fakes.exact_neighbours import ExactNeighbours

BUILT_AT = "2026-01-15T12:00:00Z"
ALWAYS_ANNOY = SearchSettings(exact_up_to=0, items_per_proposal=0)
TRACKS = tuple(synthetic_tracks(3_000, 5))
BY_ID = {track.track_id: track for track in TRACKS}
GENRES = ("disco", "r&b", "pop", "hip hop", "rock")


def levels_of(tracks: Iterable[Track]) -> dict[str, int]:
    """Every artist's popularity: their own where it is given, else their most popular track's."""
    given_levels: dict[str, int] = {}
    best: dict[str, int] = {}
    for track in tracks:
        if track.artist_popularity is not None:
            given_levels[artist_key(track.artists[0])] = track.artist_popularity
        for credit in track.artists:
            if track.popularity is not None:
                best[artist_key(credit)] = max(best.get(artist_key(credit), 0), track.popularity)
    return best | given_levels


LEVELS = levels_of(TRACKS)


@functools.cache
def artist_keys(track: Track) -> frozenset[str]:
    return frozenset(artist_key(credit) for credit in track.artists)


@functools.cache
def song(track: Track) -> Song:
    return song_of(track.title, [credit.name for credit in track.artists])


def same_song(first: Track, second: Track) -> bool:
    return song(first).is_version_of(song(second))


def clash(first: Track, second: Track) -> bool:
    """Whether the two may not stand in one list."""
    return bool(artist_keys(first) & artist_keys(second)) or same_song(first, second)


@pytest.fixture(scope="session")
def bundle(tmp_path_factory) -> Path:
    return build_index_folder(tmp_path_factory.mktemp("synthetic"), TRACKS)


class Synthetic(Recommender):
    """A recommender for the synthetic catalogue that does not fill a failure report with its arrays."""

    def __repr__(self) -> str:
        return "<recommender>"


@pytest.fixture(scope="session")
def exact(bundle) -> Iterator[Recommender]:
    index = open_index(bundle)
    yield Synthetic(index, BUILT_AT)
    index.close()


@pytest.fixture(scope="session")
def approximate(bundle) -> Iterator[Recommender]:
    index = open_index(bundle, ALWAYS_ANNOY)
    yield Synthetic(index, BUILT_AT)
    index.close()


@pytest.fixture(params=["exact", "approximate"])
def recommender(request) -> Recommender:
    found: Recommender = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def recommend_from(tmp_path):
    """Recommend from a catalogue of a few tracks."""
    with ExitStack() as opened:

        def recommend(tracks: Iterable[Track], request: RecommendationRequest) -> Recommendation:
            folder = tmp_path / str(len(list(tmp_path.iterdir())))
            index = open_index(build_index_folder(folder, tracks))
            opened.callback(index.close)
            return Recommender(index, BUILT_AT).recommend(request)

        yield recommend


# --- Any request on a synthetic catalogue -----------------------------------------------------------------------------

some_bands = st.builds(lambda low, more: BandLifts(low, min(100, low + more)), st.integers(1, 60), st.integers(0, 60))
bands = st.none() | some_bands
years = st.none() | st.integers(1970, 2026)
wishes = st.builds(
    lambda explicit, first, last: RequestFilters(
        explicit, *((first, last) if None in (first, last) else sorted((first, last)))
    ),
    st.sampled_from(Explicit),
    years,
    years,
)
link_seeds = st.sampled_from(TRACKS).map(lambda track: Seed(track.track_id))
object_seeds = st.builds(
    Seed,
    title=st.just("My single"),
    artists=st.just(("Somebody new",)),
    features=st.sampled_from(TRACKS).map(lambda track: track.features._replace(loudness=None, key=None)),
    followers=st.integers(0, 300_000),
)
requests = st.builds(
    RecommendationRequest,
    seeds=st.lists(link_seeds | object_seeds, min_size=1, max_size=6).map(tuple),
    genre=st.none() | st.sampled_from(GENRES),
    size=st.integers(5, 40),
    band=bands,
    widen=st.booleans(),
    popularity_weight=st.sampled_from([0.0, 0.0, 0.3, 1.0]),
    order=st.sampled_from(Order),
    own_slots=st.sampled_from(OwnSlots),
    filters=st.just(RequestFilters()) | wishes,
    targets=st.dictionaries(st.sampled_from(CONTINUOUS_FEATURES), st.floats(-1, 1), max_size=2),
    variation=st.sampled_from([0, 0, 1, 77]),
)
# Somebody is always bigger than these, so that every example says something.
little_known = st.sampled_from([track for track in TRACKS if LEVELS[artist_key(track.artists[0])] <= 60])
plain_requests = st.builds(
    RecommendationRequest,
    seeds=st.lists(little_known.map(lambda track: Seed(track.track_id)), min_size=1, max_size=3).map(tuple),
    genre=st.sampled_from(GENRES),
    size=st.integers(5, 40),
    variation=st.sampled_from([0, 0, 5]),
)
# The recommenders are read-only, so examples may share them.
many = settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
fewer = settings(many, max_examples=30)


def seed_level(request: RecommendationRequest, answer: Recommendation) -> int:
    by_link = [LEVELS[artist_key(BY_ID[seed.track_id].artists[0])] for seed in request.seeds if seed.track_id]
    return max([*by_link, *(seed.artist_popularity for seed in answer.seeds if seed.track_id is None)])


def allowed(request: RecommendationRequest, level: int, genres: Iterable[str], band: Band) -> list[Track]:
    """Every track that the rules about single tracks allow."""
    seeds = [BY_ID[seed.track_id] for seed in request.seeds if seed.track_id]
    seed_artists = {key for seed in seeds for key in artist_keys(seed)}
    wanted = request.filters
    return [
        track
        for track in TRACKS
        if band.low <= LEVELS[artist_key(track.artists[0])] <= band.high
        and all(LEVELS.get(key, 101) > level for key in artist_keys(track))
        and not artist_keys(track) & seed_artists
        and set(track.genres) & set(genres)
        and (wanted.explicit is not Explicit.CLEAN or not track.explicit)
        and (wanted.explicit is not Explicit.ONLY or track.explicit)
        and (wanted.year_from is None or (track.release_year or 0) >= wanted.year_from)
        and (wanted.year_to is None or (track.release_year or 9999) <= wanted.year_to)
    ]


def assert_rules(request: RecommendationRequest, answer: Recommendation) -> None:
    level = seed_level(request, answer)
    recommended = [row for row in answer.tracks if not row.own]
    rows = [*recommended, *answer.reserves]
    tracks = [BY_ID[row.track_id] for row in rows if row.track_id]
    assert len(tracks) == len(rows)
    pool = allowed(request, level, answer.genre.used, answer.band.used)
    # Rules 1, 2 and the filters: every single track, of the list and of the reserves.
    assert {track.track_id for track in tracks} <= {track.track_id for track in pool}
    assert answer.band.candidates == len(pool)
    # Rule 3, for the list and the reserves together, so that any reserve can replace any row.
    assert not [(a.title, b.title) for a, b in combinations(tracks, 2) if clash(a, b)]
    seeds = [BY_ID[seed.track_id] for seed in request.seeds if seed.track_id]
    assert not [(a.title, b.title) for a in tracks for b in seeds if same_song(a, b)]
    # Rule 2: the band that was asked for, and widening only where it may and must.
    lifts = request.band or BandLifts()
    assert answer.band.asked == Band(level + lifts.min_lift, min(100, level + lifts.max_lift))
    assert len(recommended) <= request.size
    if answer.band.widened:
        assert request.band is None or request.widen
        assert answer.band.used.high == 100
        assert level < answer.band.used.low <= answer.band.asked.low
        assert any("were considered too" in note for note in answer.notes)
    else:
        assert answer.band.used == answer.band.asked
    if any("sounds nothing like it" in note for note in answer.notes):
        assert 5 <= len(recommended) < request.size
        assert any(note.startswith(f"Only {len(recommended)} of {request.size} tracks") for note in answer.notes)
    elif len(recommended) < request.size:
        # Nobody who may stand in the list was left out.
        if request.band is None or request.widen:
            pool = allowed(request, level, answer.genre.used, Band(level + 1, 100))
        listed = {track.track_id for track in tracks}
        assert not answer.reserves
        assert all(any(clash(track, other) for other in tracks) for track in pool if track.track_id not in listed)
        assert any(note.startswith(f"Only {len(recommended)} of {request.size} tracks") for note in answer.notes)
    elif answer.band.widened:
        # The last step was needed.
        lowest = min(row.artist_popularity for row in recommended)
        assert lowest == answer.band.used.low or answer.band.used.low == answer.band.asked.low
    for row in rows:
        track = BY_ID[str(row.track_id)]
        assert row.artist_popularity == LEVELS[artist_key(track.artists[0])]
        assert row.lift == row.artist_popularity - level > 0
        assert row.reason.endswith(f"{row.lift} point{'s' if row.lift > 1 else ''} more popular")
        assert (row.title, row.artists) == (track.title, tuple(credit.name for credit in track.artists))
    # Rule 5 and the numbering.
    own = [row for row in answer.tracks if row.own]
    assert 1 <= len(own) <= max(1, request.size // 10)
    assert [row.position for row in (*answer.tracks, *answer.reserves)] == list(range(1, len(own) + len(rows) + 1))
    if request.own_slots is OwnSlots.EARLY:
        assert own[0].position == min(3, len(recommended) + 1)
    if request.own_slots is OwnSlots.FIRST:
        assert [row.position for row in own] == list(range(1, len(own) + 1))
    assert len(answer.reserves) <= RESERVES


@many
@given(wanted=requests)
def test_no_rule_is_ever_broken(recommender, wanted):
    try:
        answer = recommender.recommend(wanted)
    except NoBiggerArtists:
        # Only an empty pool is an error.
        if wanted.genre is not None and all(seed.track_id for seed in wanted.seeds):
            level = max(LEVELS[artist_key(BY_ID[str(seed.track_id)].artists[0])] for seed in wanted.seeds)
            lifts = wanted.band or BandLifts()
            widest = Band(level + 1, 100) if wanted.may_widen else Band(level + lifts.min_lift, level + lifts.max_lift)
            assert allowed(wanted, level, [wanted.genre], widest) == []
        return
    assert_rules(wanted, answer)


@fewer
@given(wanted=requests)
def test_the_same_request_gives_the_same_answer(recommender, wanted):
    try:
        answer = recommender.recommend(wanted)
    except NoBiggerArtists as refusal:
        with pytest.raises(NoBiggerArtists, match="^" + refusal.message[:20]):
            recommender.recommend(wanted)
        return
    assert recommender.recommend(wanted) == answer


@fewer
@given(wanted=plain_requests, lifts=some_bands)
def test_widening_only_adds_what_is_missing(recommender, wanted, lifts):
    narrow = replace(wanted, band=lifts, order=Order.SIMILARITY)
    after = recommender.recommend(replace(narrow, widen=True))
    in_band = [
        row.track_id
        for row in after.tracks
        if not row.own and after.band.asked.low <= row.artist_popularity <= after.band.asked.high
    ]
    everybody = after.band.asked == Band(seed_level(narrow, after) + 1, 100)
    assert after.band.widened == (len(in_band) < wanted.size and not everybody)
    if not in_band:
        with pytest.raises(NoBiggerArtists):
            recommender.recommend(narrow)
        return
    before = recommender.recommend(narrow)
    assert [row.track_id for row in before.tracks if not row.own] == in_band
    assert before.band.asked == before.band.used == after.band.asked


@fewer
@given(wanted=plain_requests, weight=st.sampled_from([0.0, 0.5]))
def test_similarity_ranks_and_popularity_weighs_only_what_was_asked(exact, wanted, weight):
    everybody = BandLifts(1, 100)
    answer = exact.recommend(replace(wanted, popularity_weight=weight, band=everybody, variation=0))

    def score(row: Row) -> float:
        return float(round(row.similarity + weight * row.artist_popularity / 100, 5))

    worst = min(score(row) for row in answer.tracks if not row.own)
    assert all(score(row) <= worst + 1e-5 for row in answer.reserves)
    spare = [score(row) for row in answer.reserves]
    assert spare == sorted(spare, reverse=True)


@fewer
@given(wanted=plain_requests)
def test_orders_hold_the_same_tracks_differently(recommender, wanted):
    flow, similar, popular = (
        [row for row in recommender.recommend(replace(wanted, order=order)).tracks if not row.own] for order in Order
    )
    assert {row.track_id for row in flow} == {row.track_id for row in similar} == {row.track_id for row in popular}
    assert [row.similarity for row in similar] == sorted((row.similarity for row in similar), reverse=True)
    assert [row.artist_popularity for row in popular] == sorted(
        (row.artist_popularity for row in popular), reverse=True
    )


@fewer
@given(wanted=plain_requests)
def test_a_resolved_seed_sent_back_as_an_object_gives_the_same_list(exact, wanted):
    answer = exact.recommend(wanted)
    objects = [
        {
            "track": seed["track_id"],
            "title": seed["title"],
            "artists": seed["artists"],
            "features": seed["features"],
            "artist_popularity": seed["artist_popularity"],
        }
        for seed in json.loads(json.dumps(answer.to_dict()))["seeds"]
    ]
    again = exact.recommend(replace(wanted, seeds=RecommendationRequest.from_dict({"seeds": objects}).seeds))
    assert again.tracks == answer.tracks
    assert again.reserves == answer.reserves


LOW = sorted(TRACKS, key=lambda track: (LEVELS[artist_key(track.artists[0])], track.track_id))[100:400:10]


@pytest.mark.parametrize("variation", [1, 2, 1_000_000])
def test_a_variation_is_another_list_that_keeps_the_rules(recommender, variation):
    for track in LOW[:5]:
        wanted = RecommendationRequest((Seed(track.track_id),), genre="pop", size=10)
        varied = recommender.recommend(replace(wanted, variation=variation))
        assert_rules(replace(wanted, variation=variation), varied)
        plain = recommender.recommend(wanted)
        shared = {row.track_id for row in varied.tracks if not row.own} & {row.track_id for row in plain.tracks}
        if varied.band.candidates >= 10 * wanted.size:
            assert len(shared) <= wanted.size // 2


@pytest.mark.parametrize("name", ["energy", "valence", "acousticness", "tempo"])
def test_a_target_moves_the_list_as_asked_and_the_answer_says_so(exact, name):
    gained = []
    plain_wishes = [RecommendationRequest((Seed(track.track_id),), genre="pop", size=20) for track in LOW[:12]]
    for wanted in plain_wishes:
        less, plain, more = (
            fmean(getattr(row.features, name) for row in answer.tracks if not row.own)
            for answer in (exact.recommend(replace(wanted, targets={name: shift})) for shift in (-1.0, 0.0, 1.0))
        )
        scale = 0.02 * (200.0 if name == "tempo" else 1.0)
        assert less - scale <= plain <= more + scale
        gained.append(more - less)
    assert fmean(gained) > 0
    asked = replace(plain_wishes[0], targets={name: -0.5})
    answer = exact.recommend(asked)
    reached = fmean(getattr(row.features, name) for row in answer.tracks if not row.own)
    own = getattr(answer.seeds[0].features, name)
    less_of_it = {"energy": "calmer", "valence": "darker", "acousticness": "less acoustic", "tempo": "slower"}[name]
    if reached < own:
        assert f"As you asked, the list is {less_of_it} than your own track." in answer.notes
    else:
        assert any(note.startswith(f"You asked for {less_of_it} tracks; on average") for note in answer.notes)
    assert_rules(asked, answer)


@pytest.mark.parametrize(
    ("energies", "note"),
    [
        ((0.92, 0.95), "As you asked, the list is more energetic than your own track."),
        (
            (0.82, 0.86),
            "You asked for more energetic tracks; on average the nearest ones are still a little calmer than your own.",
        ),
        (
            (0.3, 0.4),
            "You asked for more energetic tracks; on average the nearest ones are still calmer than your own.",
        ),
        (
            (0.88, 0.88),
            "You asked for more energetic tracks; on average the nearest ones are still just like your own.",
        ),
    ],
)
def test_the_note_on_a_target_says_what_is_true_of_the_list(recommend_from, energies, note):
    tracks = [make_track(track_id=track_id(0), artists=("Me",), popularity=20, genres=("pop",), energy=0.88)]
    tracks += [
        make_track(
            track_id=track_id(1 + place),
            title=f"Song {place}",
            artists=(f"Artist {place}",),
            popularity=50,
            genres=("pop",),
            energy=energies[place % 2],
            tempo=90.0 + place,
        )
        for place in range(40)
    ]
    answer = recommend_from(tracks, RecommendationRequest((Seed(track_id(0)),), size=20, targets={"energy": 0.2}))
    assert note in answer.notes
    assert sum("more energetic" in one for one in answer.notes) == 1


def test_a_target_for_what_nobody_knows_of_the_track_is_said_to_change_nothing(exact):
    seed = Seed(title="My single", artists=("Somebody new",), features=AudioFeatures(energy=0.4), followers=100)
    wanted = RecommendationRequest((seed,), genre="pop")
    answer = exact.recommend(replace(wanted, targets={"tempo": 1.0}))
    assert "The tempo of your track is not known, so asking for another one changed nothing." in answer.notes
    plain = exact.recommend(wanted)
    assert [row.track_id for row in answer.tracks] == [row.track_id for row in plain.tracks]


def test_a_target_leaves_the_genre_as_it_is(exact):
    wanted = RecommendationRequest((Seed(title="My single", artists=("New",), features=LOW[3].features, followers=9),))
    plain, moved = exact.recommend(wanted), exact.recommend(replace(wanted, targets={"energy": -1.0}))
    assert moved.genre == plain.genre


def test_of_many_seeds_one_that_lies_apart_draws_hardly_anything(exact):
    pop = [track for track in TRACKS if track.genres == ("pop",) and LEVELS[artist_key(track.artists[0])] <= 40]
    anchor = pop[0].features
    album = sorted(pop, key=lambda track: sum(
        abs(getattr(track.features, name) - getattr(anchor, name)) for name in ("energy", "valence", "acousticness")
    ))  # fmt: skip
    seeds = [Seed(track.track_id) for track in (*album[:6], album[-1])]
    answer = exact.recommend(RecommendationRequest(tuple(seeds), genre="pop", size=20))
    stray = exact.recommend(RecommendationRequest((seeds[-1],), genre="pop", size=20))
    theirs = {row.track_id for row in stray.tracks if not row.own}
    assert len([row for row in answer.tracks if row.track_id in theirs]) <= 3


def test_annoy_finds_nearly_the_tracks_that_exact_search_finds(exact, approximate):
    found = expected = 0
    for track in LOW:
        wanted = RecommendationRequest((Seed(track.track_id),), genre="pop", size=20)
        reference, answer = exact.recommend(wanted), approximate.recommend(wanted)
        assert (reference.search, answer.search) == (SearchPath.EXACT, SearchPath.ANNOY)
        ids = {row.track_id for row in reference.tracks}
        expected += len(ids)
        found += len(ids & {row.track_id for row in answer.tracks})
    assert found >= 0.95 * expected


def test_what_annoy_cannot_weigh_is_searched_exactly(approximate):
    wanted = RecommendationRequest((Seed(LOW[0].track_id),), genre="pop")
    assert approximate.recommend(wanted).search is SearchPath.ANNOY
    assert approximate.recommend(replace(wanted, popularity_weight=0.1)).search is SearchPath.EXACT
    partial = Seed(title="X", artists=("Somebody new",), features=AudioFeatures(energy=0.5), followers=10)
    assert approximate.recommend(replace(wanted, seeds=(partial,))).search is SearchPath.EXACT


FRESH = """
import hashlib, json, sys
from pathlib import Path
from daltonify_core.playlist.request import RecommendationRequest
from daltonify_core.use_cases.recommend import Recommender
from tests.builders import open_index

recommender = Recommender(open_index(Path(sys.argv[1])), sys.argv[2])
for request in json.loads(sys.argv[3]):
    answer = recommender.recommend(RecommendationRequest.from_dict(request)).to_dict()
    print(hashlib.sha256(json.dumps(answer, allow_nan=False).encode()).hexdigest())
recommender.index.close()
"""


def test_a_fresh_process_with_another_hash_seed_gives_the_same_json(bundle, exact):
    asked: list[Mapping[str, Any]] = [
        {"seeds": [LOW[0].track_id]},
        {"seeds": [LOW[1].track_id, LOW[2].track_id], "size": 100, "variation": 4},
        {"seeds": [LOW[3].track_id], "genre": "rock", "band": {"min_lift": 1, "max_lift": 5}, "widen": True},
        {"seeds": [{"title": "X", "artists": ["Y"], "followers": 9, "features": {"energy": 0.4, "tempo": 99}}]},
    ]
    here = [
        hashlib.sha256(
            json.dumps(exact.recommend(RecommendationRequest.from_dict(request)).to_dict(), allow_nan=False).encode()
        ).hexdigest()
        for request in asked
    ]
    root = Path(__file__).parents[3]
    for hash_seed in ("1", "4242"):
        output = subprocess.run(
            [sys.executable, "-c", FRESH, str(bundle), BUILT_AT, json.dumps(asked)],
            cwd=root, env={**os.environ, "PYTHONHASHSEED": hash_seed}, capture_output=True, text=True, check=True,
        ).stdout  # fmt: skip
        assert output.split() == here


# --- The shape of the answer ------------------------------------------------------------------------------------------

ROW_FIELDS = [
    "position", "own", "track_id", "uri", "url", "title", "artists", "album", "release_year", "explicit", "popularity",
    "artist_popularity", "lift", "similarity", "reason", "reason_parts", "features",
]  # fmt: skip


def test_the_answer_has_exactly_the_shape_of_the_contract(exact):
    wanted = RecommendationRequest((Seed(LOW[0].track_id),), genre="pop")
    answer = json.loads(json.dumps(exact.recommend(wanted).to_dict(), allow_nan=False))
    assert list(answer) == ["index", "search", "seeds", "genre", "band", "tracks", "reserves", "notes"]
    assert answer["index"] == {
        "version": exact.index.manifest.version,
        "tracks": 3_000,
        "built_at": BUILT_AT,
        "snapshot": "2026-01",
        "source": "synthetic",
    }
    (seed,) = answer["seeds"]
    assert list(seed) == [
        "track_id", "title", "artists", "artist_ids", "identity_source", "album", "artwork_url", "release_date",
        "duration_ms", "explicit", "popularity", "genres", "artist_popularity", "popularity_source", "features",
        "features_source", "features_rough",
    ]  # fmt: skip
    assert seed["popularity_source"] == seed["features_source"] == "catalogue"
    assert list(answer["genre"]) == ["used", "how", "inferred"]
    assert (answer["genre"]["used"], answer["genre"]["how"]) == (["pop"], "asked")
    assert [list(genre) for genre in answer["genre"]["inferred"]] == [["name", "share"]] * 5
    assert list(answer["band"]) == ["asked", "used", "widened", "candidates", "tracks_at"]
    assert answer["band"]["asked"] == [seed["artist_popularity"] + 10, seed["artist_popularity"] + 60]
    assert len(answer["tracks"]) == 31
    assert len(answer["reserves"]) == 15
    for row in answer["tracks"] + answer["reserves"]:
        assert list(row) == ROW_FIELDS
        assert row["uri"] == f"spotify:track:{row['track_id']}"
        assert row["url"] == f"https://open.spotify.com/track/{row['track_id']}"
        assert set(CONTINUOUS_FEATURES) <= set(row["features"])
        assert 0 <= row["similarity"] <= 1
        assert {"feature", "kind"} <= set(row["reason_parts"][0] if row["reason_parts"] else {"feature", "kind"})
        assert [part.get("points") for part in row["reason_parts"]][-1:] == ([] if row["own"] else [row["lift"]])
    own = answer["tracks"][2]
    assert (own["own"], own["reason"], own["reason_parts"], own["lift"]) == (True, "your own track", [], 0)
    assert [row["own"] for row in answer["tracks"]].count(True) == 1


def test_a_request_without_parts_of_reasons_gives_the_same_list(exact):
    seeds = (Seed(LOW[0].track_id),)
    whole, without = (
        exact.recommend(RecommendationRequest(seeds, genre="pop", reason_parts=wanted)) for wanted in (True, False)
    )
    bare = [tuple(row._replace(reason_parts=()) for row in rows) for rows in (whole.tracks, whole.reserves)]
    assert without == replace(whole, tracks=bare[0], reserves=bare[1])
    shorter = without.to_dict(reason_parts=False)
    assert list(shorter["tracks"][0]) == [name for name in ROW_FIELDS if name != "reason_parts"]
    assert [row["reason"] for row in shorter["tracks"]] == [row.reason for row in whole.tracks]


# --- Single rules with a few tracks -----------------------------------------------------------------------------------

SEED = make_track(track_id=track_id(1), title="Boston", artists=("Me",), popularity=30)
GUEST_ID, OTHER_ID = "Nova000000000000000000", "Nova000000000000000001"


def big(number: int, **overrides: Any) -> Track:
    """A track by an artist above the seed's level; greater numbers sound less like the seed."""
    values = {"artists": (f"Big {number}",), "title": f"Hit {number}", "popularity": 60, "energy": 0.7 - 0.01 * number}
    return make_track(track_id=track_id(100 + number), **values | overrides)


def ask(*seeds: Seed, **fields: Any) -> RecommendationRequest:
    return RecommendationRequest(seeds or (Seed(SEED.track_id),), **fields)


def names(answer: Recommendation) -> list[str]:
    """Primary artists of the recommended tracks, by similarity or as asked."""
    return [row.artists[0] for row in answer.tracks if not row.own]


def by_similarity(**fields: Any) -> RecommendationRequest:
    return ask(order=Order.SIMILARITY, **fields)


def test_equally_popular_artists_and_smaller_ones_are_never_recommended(recommend_from):
    tracks = [SEED, big(1, popularity=30), big(2, popularity=29), big(3, popularity=31), big(4, popularity=0)]
    assert names(recommend_from(tracks, ask())) == ["Big 3"]


def test_at_level_zero_artists_at_zero_are_not_recommended(recommend_from):
    tracks = [replace(SEED, popularity=0), big(1, popularity=0), big(2, popularity=1), big(3, popularity=None)]
    assert names(recommend_from(tracks, ask())) == ["Big 2"]


def test_the_artist_is_not_recommended_even_as_a_guest(recommend_from):
    seed = replace(SEED, artist_popularity=30)
    tracks = [seed, big(1, artists=("Big 1", "Me")), big(2, artists=("Big 2", "You"))]
    assert names(recommend_from(tracks, ask())) == ["Big 2"]


def test_whoever_is_credited_with_the_seed_is_not_recommended_either(recommend_from):
    duet = replace(SEED, artists=(ArtistCredit("Me"), ArtistCredit("Big 1")))
    assert names(recommend_from([duet, big(1), big(2)], ask())) == ["Big 2"]


def test_a_guest_who_is_not_above_the_level_keeps_a_track_out(recommend_from):
    tracks = [
        SEED,
        big(1, artists=("Big 1", "Small"), artist_popularity=80, popularity=25),
        big(2, artists=("Big 2", "Level"), artist_popularity=80, popularity=30),
        big(3, artists=("Big 3", "Above"), artist_popularity=80, popularity=31),
        big(4, artists=("Big 4", "Unknown"), artist_popularity=80, popularity=None),
    ]
    assert names(recommend_from(tracks, by_similarity())) == ["Big 3", "Big 4"]


def test_the_level_is_that_of_the_most_popular_seed(recommend_from):
    second = make_track(track_id=track_id(2), title="Austin", artists=("You",), popularity=50)
    tracks = [SEED, second, big(1, popularity=50), big(2, popularity=51)]
    answer = recommend_from(tracks, ask(Seed(SEED.track_id), Seed(second.track_id)))
    assert names(answer) == ["Big 2"]
    assert [row.lift for row in answer.tracks if not row.own] == [1]


def test_two_seeds_of_one_artist_take_that_artist_out_once_and_for_all(recommend_from):
    second = make_track(track_id=track_id(2), title="Austin", artists=("Me",), popularity=20)
    third = make_track(track_id=track_id(3), title="Dallas", artists=("Me",), popularity=10)
    answer = recommend_from(
        [SEED, second, third, *map(big, range(1, 25))], ask(Seed(SEED.track_id), Seed(second.track_id), size=20)
    )
    assert [row.track_id for row in answer.tracks if row.own] == [SEED.track_id, second.track_id]
    assert "Me" not in names(answer)
    assert len(names(answer)) == 20


def test_a_short_list_holds_fewer_own_tracks_and_says_so(recommend_from):
    second = make_track(track_id=track_id(2), title="Austin", artists=("Me",), popularity=20)
    answer = recommend_from([SEED, second, *map(big, range(1, 8))], ask(Seed(SEED.track_id), Seed(second.track_id)))
    assert [row.position for row in answer.tracks if row.own] == [3]
    assert (
        "The list holds 1 of your 2 tracks: at most one for every ten others, and one version of each song."
        in answer.notes
    )


def test_time_of_release_counts_beside_the_sound_unless_it_is_switched_off(recommend_from):
    tracks = [SEED, *(big(number, release_date=f"{2019 - 3 * number}-05-01", energy=0.7) for number in range(1, 11))]
    tracks[-1] = big(10, release_date="1989-05-01", energy=0.69)
    with_era = recommend_from(tracks, ask(order=Order.SIMILARITY))
    assert names(with_era) == [f"Big {number}" for number in range(1, 11)]
    assert all(row.similarity < 1.0 for row in with_era.tracks if not row.own)
    without = recommend_from(tracks, ask(order=Order.SIMILARITY, era=False))
    assert [row.similarity for row in without.tracks if not row.own][:9] == [1.0] * 9
    assert not any(part.feature == "release_year" for row in without.tracks for part in row.reason_parts)


def test_a_track_that_comes_out_tomorrow_counts_as_of_the_newest_time(recommend_from):
    tracks = [SEED, *(big(number, release_date=f"{2019 - 3 * number}-05-01", energy=0.7) for number in range(1, 11))]
    sound = SEED.features
    mine: dict[str, Any] = {
        "title": "New",
        "artists": ("Nobody yet",),
        "features": sound,
        "followers": 9,
        "genres": ("pop",),
    }
    request = ask(Seed(**mine, duration_ms=200_000, release_date="2044-01"), order=Order.SIMILARITY, size=5)
    assert names(recommend_from(tracks, request))[1:] == [f"Big {number}" for number in range(1, 5)]


def test_a_reason_speaks_of_the_seed_that_is_nearest(recommend_from):
    quiet = make_track(track_id=track_id(2), title="Hush", artists=("Me",), popularity=20, energy=0.1, acousticness=0.9)
    tracks = [SEED, quiet, big(1), big(2, energy=0.12, acousticness=0.88)]
    answer = recommend_from(tracks, ask(Seed(SEED.track_id), Seed(quiet.track_id)))
    reasons = {row.artists[0]: row.reason for row in answer.tracks if not row.own}
    assert reasons["Big 1"].startswith("beside “Boston”: ")
    assert reasons["Big 2"].startswith("beside “Hush”: ")


@pytest.mark.parametrize("title", ["Boston - Live at Home", "Boston (feat. Me)", "BOSTON - 2011 Remaster"])
def test_no_version_of_the_seed_is_recommended_whoever_is_credited(recommend_from, title):
    seed = replace(SEED, title="Boston (feat. Big 1)")
    assert names(recommend_from([seed, big(1, title=title), big(2)], ask())) == ["Big 2"]


def test_versions_of_one_song_under_different_artists_do_not_meet_in_a_list(recommend_from):
    tracks = [SEED, big(1, title="WAP (feat. Big 2)"), big(2, title="WAP"), big(3, title="WAP")]
    assert names(recommend_from(tracks, by_similarity())) == ["Big 1", "Big 3"]


def test_one_track_per_artist_counts_guests(recommend_from):
    tracks = [
        SEED, big(1, artists=("Big 1", "Guest")), big(2, artists=("Guest",)), big(3, artists=("Big 3", "big 1")), big(4)
    ]  # fmt: skip
    assert names(recommend_from(tracks, by_similarity())) == ["Big 1", "Big 4"]


def test_a_seed_that_nobody_knows_is_recommended_for_from_what_the_artist_says(recommend_from):
    seed = Seed(title="My single", artists=("Me",), followers=812, genres=("pop",), features=make_features(tempo=None))
    guest = big(2, artists=("Big 2", "Me"), artist_popularity=60, popularity=None)
    answer = recommend_from([big(1), guest], ask(seed))
    own = next(row for row in answer.tracks if row.own)
    assert (own.track_id, own.uri, own.url, own.title, own.artists) == (None, None, None, "My single", ("Me",))
    assert names(answer) == ["Big 1"]
    *_, estimated, compared, undated, not_released = answer.notes
    assert undated == "“My single” counts as a new release, since it is not on Spotify yet."
    assert not_released == f"“My single” is not on Spotify yet. Add it at place {own.position} on release day."
    assert estimated == "The artist's popularity was estimated from the number of followers."
    assert compared.startswith("“My single” was compared by danceability, energy")
    assert "tempo" not in compared


def test_absent_features_neither_attract_nor_repel(recommend_from):
    seed = Seed(title="X", artists=("Me",), artist_popularity=5, genres=("pop",), features=AudioFeatures(energy=0.7))
    tracks = [big(1, energy=0.3), big(2, energy=0.7, tempo=60.0, acousticness=0.99)]
    assert names(recommend_from(tracks, ask(seed, order=Order.SIMILARITY))) == ["Big 2", "Big 1"]


def test_given_features_change_the_list(recommend_from):
    tracks = [SEED, big(1, energy=0.7), big(2, energy=0.1)]
    calmer = Seed(SEED.track_id, features=AudioFeatures(energy=0.1))
    assert names(recommend_from(tracks, by_similarity())) == ["Big 1", "Big 2"]
    assert names(recommend_from(tracks, ask(calmer, order=Order.SIMILARITY))) == ["Big 2", "Big 1"]


def twins() -> list[Track]:
    """Two artists of one name, which no name can tell apart, and somebody else."""
    return [
        SEED,
        big(1, artists=(ArtistCredit("Nova", GUEST_ID),)),
        big(2, artists=("Big 2", ArtistCredit("NOVA", OTHER_ID))),
        big(3),
    ]


def test_an_artist_whose_name_others_bear_is_not_recommended_to_themself(recommend_from):
    seed = Seed(title="X", artists=("Nova",), artist_popularity=5, genres=("pop",), features=make_features())
    assert names(recommend_from(twins()[1:], ask(seed))) == ["Big 3"]


def test_artists_named_with_the_seed_beyond_the_catalogues_credits_are_not_recommended(recommend_from):
    seed = Seed(SEED.track_id, artists=("Me", "big 1", "Nova"))
    tracks = [*twins()[:3], big(4), big(5, artists=("Big 1",))]
    assert names(recommend_from(tracks, ask(seed))) == ["Big 4"]


@pytest.mark.parametrize(
    ("excluded", "left"),
    [
        (("big 1",), ["Nova", "Big 3"]),
        (("BIG 3", "Big 1"), ["Nova"]),
        ((GUEST_ID,), ["Big 1", "Big 3"]),
        (("nova",), ["Big 1", "Big 3"]),
        (("Nobody", " ", ""), ["Big 1", "Nova", "Big 3"]),
    ],
    ids=["name", "names", "id", "name of an artist with id", "nobody"],
)
def test_artists_are_excluded_by_name_or_id(recommend_from, excluded, left):
    tracks = [SEED, big(1), big(2, artists=(ArtistCredit("Nova", GUEST_ID),)), big(3)]
    wanted = by_similarity(filters=RequestFilters(exclude_artists=excluded))
    assert names(recommend_from(tracks, wanted)) == left


def test_a_name_that_several_artists_bear_excludes_them_all(recommend_from):
    wanted = by_similarity(filters=RequestFilters(exclude_artists=("Nova",)))
    assert names(recommend_from(twins(), wanted)) == ["Big 3"]


@pytest.mark.parametrize("form", ["{}", "spotify:track:{}", "https://open.spotify.com/intl-de/track/{}?si=1"])
def test_tracks_are_excluded_by_any_link(recommend_from, form):
    wanted = ask(filters=RequestFilters(exclude_tracks=(form.format(track_id(101)), track_id(999))))
    assert names(recommend_from([SEED, big(1), big(2)], wanted)) == ["Big 2"]


def test_an_album_cannot_be_excluded_as_a_track():
    with pytest.raises(InvalidQuery, match="exclude_tracks takes track links"):
        RequestFilters(exclude_tracks=(f"spotify:album:{track_id(5)}",))


def test_years_and_lyrics_filter_and_unknown_ones_are_dealt_with_openly(recommend_from):
    tracks = [
        SEED,
        big(1, release_date="1999-12-31", explicit=True),
        big(2, release_date="2000", explicit=None),
        big(3, release_date=None, explicit=False),
    ]
    year = recommend_from(tracks, by_similarity(filters=RequestFilters(year_from=2000)))
    clean = recommend_from(tracks, by_similarity(filters=RequestFilters(Explicit.CLEAN)))
    only = recommend_from(tracks, by_similarity(filters=RequestFilters(Explicit.ONLY)))
    assert (names(year), names(clean), names(only)) == (["Big 2"], ["Big 2", "Big 3"], ["Big 1"])
    assert "For 1 of the tracks it is not known whether their lyrics are explicit." in clean.notes


def test_popularity_weighs_only_when_asked(recommend_from):
    tracks = [SEED, big(1, popularity=50), big(9, popularity=80, energy=0.4)]
    assert names(recommend_from(tracks, by_similarity())) == ["Big 1", "Big 9"]
    weighed = ask(order=Order.SIMILARITY, size=5, popularity_weight=1.0, band=BandLifts(1, 100))
    assert names(recommend_from(tracks, weighed)) == ["Big 1", "Big 9"]
    many_big = [SEED, *(big(n, popularity=40) for n in range(1, 6)), big(9, popularity=90, energy=0.4)]
    one_short = replace(weighed, popularity_weight=0.0)
    assert "Big 9" not in names(recommend_from(many_big, one_short))
    assert "Big 9" in names(recommend_from(many_big, weighed))


def test_a_band_that_was_asked_for_is_not_widened_and_the_shorter_list_is_explained(recommend_from):
    tracks = [SEED, big(1, popularity=45), big(2, popularity=70)]
    answer = recommend_from(tracks, ask(band=BandLifts(10, 20)))
    assert names(answer) == ["Big 1"]
    assert answer.notes == (
        "Only 1 of 30 tracks: there are no more in this genre, band and choice of filters, with one track per artist.",
    )
    assert (answer.band.asked, answer.band.used, answer.band.widened) == (Band(40, 50), Band(40, 50), False)


def test_widening_is_said_with_the_numbers(recommend_from):
    tracks = [SEED, big(1, popularity=45), big(2, popularity=95), big(3, popularity=32)]
    answer = recommend_from(tracks, by_similarity())
    assert names(answer) == ["Big 1", "Big 2", "Big 3"]
    assert (
        answer.notes[0]
        == "The band 40 to 90 held only 1 track that fits, so artists from 31 to 100 were considered too."
    )


def test_near_the_top_no_band_begins_above_100(recommend_from):
    tracks = [replace(SEED, popularity=95), big(1, popularity=97)]
    answer = recommend_from(tracks, ask())
    assert names(answer) == ["Big 1"]
    assert answer.notes[0] == (
        "Nobody is above 100 and the band would begin at 105, so artists from 96 to 100 were considered too."
    )


def test_when_nobody_is_bigger_that_is_the_answer(recommend_from):
    tracks = [replace(SEED, popularity=100), big(1, popularity=100), big(2, popularity=99)]
    with pytest.raises(NoBiggerArtists, match="Nobody in pop is more popular than the track's artist, who is at 100"):
        recommend_from(tracks, ask())


@pytest.mark.parametrize(
    "fields",
    [
        {"band": BandLifts(50, 60)},
        {"filters": RequestFilters(year_from=2026)},
        {"filters": RequestFilters(exclude_artists=("Big 1",))},
    ],
    ids=["band", "years", "artist"],
)
def test_when_only_wishes_leave_nobody_the_answer_says_that(recommend_from, fields):
    with pytest.raises(
        NoBiggerArtists, match="level of 30 have 1 track in pop, but the band or the filters leave none"
    ):
        recommend_from([SEED, big(1)], ask(**fields))


def test_the_genre_is_kept_to_and_others_are_refused_with_a_list(recommend_from):
    tracks = [SEED, big(1), big(2, genres=("rock",)), big(3, genres=("rock", "pop"))]
    assert names(recommend_from(tracks, ask(genre="Rock", order=Order.SIMILARITY))) == ["Big 2", "Big 3"]
    assert names(recommend_from(tracks, by_similarity())) == ["Big 1", "Big 3"]
    with pytest.raises(UnknownGenre, match=r"no genre 'polka'. It offers pop, rock\."):
        recommend_from(tracks, ask(genre="polka"))


def test_how_the_genre_was_found_is_said(recommend_from):
    unnamed = replace(SEED, genres=())
    other = make_track(track_id=track_id(2), artists=("Me",), title="Austin", popularity=3, genres=("rock",))
    rock = [big(n, genres=("rock",)) for n in range(1, 4)]
    pop = [big(n, genres=("pop",), energy=0.05, acousticness=0.9) for n in range(4, 7)]
    own = recommend_from([SEED, *rock, *pop], ask())
    artist = recommend_from([unnamed, other, *rock, *pop], ask())
    both = recommend_from([replace(SEED, genres=("pop", "rock")), *rock, *pop], ask())
    assert (own.genre.used, own.genre.how) == (("pop",), GenreSource.TRACK)
    assert (artist.genre.used, artist.genre.how) == (("rock",), GenreSource.ARTIST)
    assert "The genre rock was taken from the artist's other tracks." in artist.notes
    assert set(both.genre.used) == {"pop", "rock"}
    assert any(note.startswith("No genre stood out clearly, so ") for note in both.notes)
    assert set(names(both)) == {f"Big {n}" for n in range(1, 7)}


def test_a_genre_is_inferred_from_what_sounds_nearest(exact):
    # Tracks of the catalogue, heard without their names, by somebody new.
    votes = 0
    for track in [track for track in TRACKS if track.genres == ("hip hop",)][:10]:
        seed = Seed(title="X", artists=("Somebody new",), features=track.features, followers=100)
        answer = exact.recommend(RecommendationRequest((seed,)))
        assert answer.genre.how is GenreSource.INFERRED
        assert sum(share for _, share in answer.genre.inferred) <= 1.0 + 1e-4
        assert list(answer.genre.used) == [name for name, _ in answer.genre.inferred[: len(answer.genre.used)]]
        if len(answer.genre.used) == 2:
            both = " and ".join(answer.genre.used)
            said = f"No genre stood out clearly among the tracks that sound nearest, so {both} were used."
        else:
            said = f"The genre {answer.genre.used[0]} was inferred from the tracks that sound nearest."
        assert said in answer.notes
        votes += "hip hop" in [name for name, _ in answer.genre.inferred]
    assert votes >= 5


class Inspected(ExactNeighbours):
    """Remembers how much of the usual inspection was asked for."""

    def __init__(self, vectors: Any) -> None:
        super().__init__(vectors)
        self.shares: list[float] = []

    def nearest(self, query: Any, count: int, share: float = 1.0) -> Any:
        self.shares.append(share)
        return super().nearest(query, count)


def test_the_nearest_tracks_are_looked_for_thoroughly_only_where_they_choose_the_genre(approximate):
    index = approximate.index
    neighbours = Inspected(index.vectors)
    search = CandidateSearch(index.space, index.vectors, index.arrays, neighbours, ALWAYS_ANNOY)
    watched = Recommender(replace(index, search=search), BUILT_AT)
    track = next(track for track in TRACKS if track.genres == ("hip hop",))
    seed = Seed(title="X", artists=("Somebody new",), features=track.features, duration_ms=200_000, followers=100)
    seed = replace(seed, release_date="2020-05-01")
    seen = []
    in_genres = [replace(seed, genres=genres) for genres in (("pop",), ("polka",), ("pop", "rock", "disco"))]
    for one, genre in ((seed, "pop"), (seed, None), *((one, None) for one in in_genres)):
        neighbours.shares.clear()
        watched.recommend(RecommendationRequest((one,), genre=genre))
        seen.append(neighbours.shares[0])
    assert seen == [0.25, 1.0, 0.25, 1.0, 1.0]


class WatchedTracks:
    """A track store that remembers which items it was asked for."""

    def __init__(self, tracks: Any) -> None:
        self._tracks = tracks
        self.asked: set[int] = set()

    def tracks(self, items: Sequence[int]) -> Any:
        self.asked |= set(items)
        return self._tracks.tracks(items)

    def listed(self, items: Sequence[int]) -> Any:
        self.asked |= set(items)
        return self._tracks.listed(items)

    def known(self, track_ids: Sequence[str]) -> Any:
        found = self._tracks.known(track_ids)
        self.asked |= {item for item, _ in found.values()}
        return found

    def __getattr__(self, name: str) -> Any:
        return getattr(self._tracks, name)


def test_metadata_are_read_of_seeds_and_of_returned_tracks_alone(tmp_path):
    several = [big(number, title="Boston") for number in range(4)]
    remix = big(4, title="Boston - Big 1 Remix")
    index = open_index(build_index_folder(tmp_path, [SEED, *several, remix, big(20), big(21)]))
    watched = WatchedTracks(index.tracks)
    answer = Recommender(replace(index, tracks=watched), BUILT_AT).recommend(ask())
    ids = index.arrays.track_ids
    told = {row.track_id for row in (*answer.tracks, *answer.reserves)}
    assert sum(row.title == "Boston" for row in answer.tracks) == 5, "songs of one title by different artists"
    assert "Big 4" not in names(answer), "a version of a song that is in the list"
    assert {ids[item].decode() for item in watched.asked} == told | {SEED.track_id}
    index.close()


def test_a_seed_without_data_is_refused_before_anything_else(exact):
    with pytest.raises(SeedDataNeeded):
        exact.recommend(RecommendationRequest((Seed(track_id(1)),), genre="polka"))


# --- Pinned tracks ----------------------------------------------------------------------------------------------------

EVERY_GENRE = {genre for track in TRACKS for genre in track.genres}
NOT_THERE = "0" * 22
some_pins = st.lists(st.sampled_from([*BY_ID, NOT_THERE]), max_size=45).map(tuple)


def pins_to_keep(request: RecommendationRequest, level: int) -> list[str]:
    """What the rules let stay of the pinned tracks, the earlier ones first."""
    may_stay = {track.track_id for track in allowed(request, level, EVERY_GENRE, Band(level + 1, 100))}
    standing = [BY_ID[seed.track_id] for seed in request.seeds if seed.track_id]
    kept: list[str] = []
    for pin in dict.fromkeys(request.pinned):
        track = BY_ID.get(pin)
        if track and pin in may_stay and not any(clash(track, other) for other in standing):
            kept.append(pin)
            standing.append(track)
    return kept


def listed_ids(answer: Recommendation) -> list[str]:
    return [str(row.track_id) for row in answer.tracks if not row.own]


@many
@given(wanted=requests, pinned=some_pins)
def test_pinned_tracks_stay_and_no_rule_is_broken_for_them(recommender, wanted, pinned):
    wanted = replace(wanted, pinned=pinned)
    try:
        answer = recommender.recommend(wanted)
    except NoBiggerArtists:
        # Whatever could stay would have made a list.
        if all(seed.track_id for seed in wanted.seeds):
            level = max(LEVELS[artist_key(BY_ID[str(seed.track_id)].artists[0])] for seed in wanted.seeds)
            assert pins_to_keep(wanted, level) == []
        return
    level = seed_level(wanted, answer)
    kept = pins_to_keep(wanted, level)
    listed = listed_ids(answer)
    assert set(listed) & set(pinned) == set(kept)
    assert len(listed) <= max(wanted.size, len(kept))
    assert not {str(row.track_id) for row in answer.reserves} & set(kept)
    rows = [row for row in (*answer.tracks, *answer.reserves) if not row.own]
    tracks = [BY_ID[str(row.track_id)] for row in rows]
    assert not [(a.title, b.title) for a, b in combinations(tracks, 2) if clash(a, b)]
    everybody = {track.track_id for track in allowed(wanted, level, EVERY_GENRE, Band(level + 1, 100))}
    chosen = {track.track_id for track in allowed(wanted, level, answer.genre.used, answer.band.used)}
    assert {track.track_id for track in tracks} <= everybody
    assert {track.track_id for track in tracks} - set(kept) <= chosen
    assert all(row.lift == row.artist_popularity - level > 0 for row in rows)
    assert [row.position for row in (*answer.tracks, *answer.reserves)] == list(
        range(1, len(answer.tracks) + len(answer.reserves) + 1)
    )
    own = {seed.track_id for seed in wanted.seeds} & {row.track_id for row in answer.tracks if row.own}
    lost = set(pinned) - set(kept) - own - {NOT_THERE}
    assert any("could not stay pinned: " in note for note in answer.notes) == bool(lost)
    assert any(note.startswith("1 pinned track could not be kept") for note in answer.notes) == (NOT_THERE in pinned)
    assert recommender.recommend(wanted) == answer


@fewer
@given(wanted=plain_requests, elsewhere=st.sampled_from(GENRES), lifts=some_bands)
def test_a_list_that_is_pinned_whole_stays_whatever_is_turned(recommender, wanted, elsewhere, lifts):
    before = recommender.recommend(wanted)
    pinned = tuple(listed_ids(before))
    assume(len(pinned) >= 5)
    after = recommender.recommend(replace(wanted, pinned=pinned, size=len(pinned), genre=elsewhere, band=lifts))
    assert set(listed_ids(after)) == set(pinned)
    similarities = {row.track_id: row.similarity for row in before.tracks}
    assert {row.track_id: row.similarity for row in after.tracks} == similarities
    same = recommender.recommend(replace(wanted, pinned=pinned[::-1], size=len(pinned)))
    assert [row.track_id for row in same.tracks] == [row.track_id for row in before.tracks]


@fewer
@given(wanted=plain_requests)
def test_pinning_what_is_in_the_list_anyway_changes_nothing(exact, wanted):
    plain = replace(wanted, variation=0)
    answer = exact.recommend(plain)
    # How far a band is widened depends on what else there is to choose, which is less with every pin.
    assume(not answer.band.widened)
    before = listed_ids(answer)
    after = exact.recommend(replace(plain, pinned=tuple(before[:2])))
    assert set(listed_ids(after)) == set(before)


def pin(*numbers: int, **fields: Any) -> RecommendationRequest:
    return by_similarity(pinned=tuple(track_id(100 + number) for number in numbers), **fields)


def test_a_pinned_track_needs_neither_genre_nor_band_nor_likeness(recommend_from):
    far = big(9, genres=("rock",), popularity=99, energy=0.01, acousticness=0.99, tempo=60.0)
    tracks = [SEED, *map(big, range(1, 9)), far, big(20, genres=("rock",))]
    answer = recommend_from(tracks, pin(9, genre="pop", band=BandLifts(10, 40), size=5))
    assert names(answer) == ["Big 1", "Big 2", "Big 3", "Big 4", "Big 9"]
    assert answer.notes == ()


def test_whoever_is_pinned_keeps_their_other_tracks_and_versions_out(recommend_from):
    tracks = [
        SEED,
        big(1, artists=("Big 5",), title="Hit 50"),
        big(2, title="Hit 5 - Live"),
        big(3, title="Hit 5 (feat. Big 5)"),
        big(4),
        big(5),
    ]
    assert names(recommend_from(tracks, pin(5))) == ["Big 2", "Big 4", "Big 5"]


@pytest.mark.parametrize(
    ("track", "fields", "reason"),
    [
        (big(1, popularity=30), {}, "all artists in the list must be more popular than yours (30 of 100)"),
        (big(1, popularity=None), {}, "all artists in the list must be more popular than yours (30 of 100)"),
        (
            big(1, artists=("Big 1", "Small"), artist_popularity=80, popularity=20),
            {},
            "all artists in the list must be more popular than yours (30 of 100)",
        ),
        (
            big(1, artists=("Big 1", "Me"), artist_popularity=80, popularity=31),
            {},
            "your own artists stand in the list with your own tracks only",
        ),
        (
            big(1),
            {"filters": RequestFilters(exclude_artists=("big 1",))},
            "you left out the track or its artist",
        ),
        (
            big(1),
            {"filters": RequestFilters(exclude_tracks=(track_id(101),))},
            "you left out the track or its artist",
        ),
        (
            big(1, explicit=True),
            {"filters": RequestFilters(Explicit.CLEAN)},
            "your choice of lyrics leaves it out",
        ),
        (
            big(1, release_date="1990"),
            {"filters": RequestFilters(year_from=2000)},
            "your choice of years leaves it out",
        ),
    ],
)
def test_a_pinned_track_that_a_rule_forbids_is_left_out_and_the_reason_told(recommend_from, track, fields, reason):
    answer = recommend_from([replace(SEED, artist_popularity=30), track, big(2)], pin(1, **fields))
    assert names(answer) == ["Big 2"]
    assert f"“{track.title}” could not stay pinned: {reason}." in answer.notes


def test_of_pinned_tracks_that_exclude_each_other_the_first_stays(recommend_from):
    tracks = [SEED, big(1), big(2, artists=("Big 2", "Big 1")), *(big(n, artists=("Big 1",)) for n in range(3, 8))]
    answer = recommend_from(tracks, pin(2, 1, 3, 4, 5))
    assert names(answer) == ["Big 2"]
    assert (
        "“Hit 1”, “Hit 3”, “Hit 4” and 1 more could not stay pinned: one of the artists stands in the list already."
        in answer.notes
    )


def test_own_tracks_that_are_pinned_stand_where_they_stand_without_a_word(recommend_from):
    tracks = [SEED, *map(big, range(1, 8))]
    answer = recommend_from(tracks, by_similarity(pinned=(SEED.track_id,), size=5))
    assert answer == replace(recommend_from(tracks, by_similarity(size=5)), index=answer.index)


def test_a_new_own_track_that_is_pinned_is_not_missed(recommend_from):
    fresh = Seed(track_id(999), title="New", artists=("Me",), features=make_features(), followers=5, genres=("pop",))
    answer = recommend_from([big(1), big(2)], ask(fresh, pinned=(track_id(999), track_id(998))))
    assert [note for note in answer.notes if "pinned" in note] == [
        "1 pinned track could not be kept: the catalogue, as it is now, does not hold what was pinned."
    ]


def test_more_pinned_tracks_than_the_size_make_the_list_longer_and_it_says_so(recommend_from):
    answer = recommend_from([SEED, *map(big, range(1, 12))], pin(*range(1, 9), size=5))
    assert names(answer) == [f"Big {number}" for number in range(1, 9)]
    assert [row.artists[0] for row in answer.reserves] == ["Big 9", "Big 10", "Big 11"]
    assert answer.notes[-1] == "8 tracks are pinned, so the list has more than the 5 that were asked for."


def test_pinned_tracks_alone_are_a_list_where_the_genre_has_nobody_bigger(recommend_from):
    small = [big(number, popularity=10) for number in range(1, 4)]
    answer = recommend_from([SEED, *small, big(9, genres=("rock",))], pin(9))
    assert names(answer) == ["Big 9"]
    assert answer.reserves == ()
    assert any(note.startswith("Only 1 of 30 tracks") for note in answer.notes)


def test_the_band_counts_the_genres_tracks_at_every_popularity(recommend_from):
    tracks = [SEED, big(1, popularity=31), big(2, popularity=31), big(3, popularity=99, genres=("rock", "pop")),
              big(4, popularity=5), big(5, popularity=None), big(6, popularity=50, genres=("rock",))]  # fmt: skip
    in_pop = recommend_from(tracks, ask(genre="pop", band=BandLifts(1, 1))).band.tracks_at
    assert len(in_pop) == 101
    assert {level: count for level, count in enumerate(in_pop) if count} == {5: 1, 30: 1, 31: 2, 99: 1}
    both = recommend_from([replace(SEED, genres=("pop", "rock")), *tracks[1:]], ask())
    assert set(both.genre.used) == {"pop", "rock"}
    assert {level: count for level, count in enumerate(both.band.tracks_at) if count} == {
        5: 1, 30: 1, 31: 2, 50: 1, 99: 1
    }  # fmt: skip


@pytest.mark.parametrize(
    ("pinned", "field"),
    [
        ((f"spotify:album:{track_id(5)}",), "pinned[0]"),
        ((track_id(5), "no link"), "pinned[1]"),
        (tuple(track_id(number) for number in range(101)), "pinned"),
    ],
    ids=["album", "no link", "too many"],
)
def test_only_links_to_tracks_can_be_pinned_and_no_more_than_a_list_may_hold(pinned, field):
    with pytest.raises(InvalidQuery) as refused:
        RecommendationRequest.from_dict({"seeds": [SEED.track_id], "pinned": list(pinned)})
    assert refused.value.field == field


def test_a_track_counts_as_pinned_once_in_whatever_form_it_is_given():
    forms = [track_id(5), f"spotify:track:{track_id(5)}", f"https://open.spotify.com/intl-de/track/{track_id(5)}?si=1"]
    request = RecommendationRequest.from_dict({"seeds": [SEED.track_id], "pinned": forms})
    assert request.pinned == (track_id(5),)


def test_the_synthetic_catalogue_tries_the_rules():
    assert sum(len(track.artists) > 1 for track in TRACKS) > 100
    assert any(same_song(first, second) for first, second in combinations(TRACKS[:500], 2))
    assert {LEVELS[artist_key(track.artists[0])] for track in TRACKS} >= set(range(10, 80))


def test_a_name_that_several_artists_bear_keeps_all_of_them_out(recommend_from):
    phoenixes = [
        big(1, artists=(ArtistCredit("Phoenix", GUEST_ID),)),
        big(2, artists=(ArtistCredit("PHOENIX", OTHER_ID),)),
        big(3, artists=("Phoenix",)),
    ]
    described = Seed(title="New", artists=("Phoenix",), features=SEED.features, genres=("pop",), followers=10)
    tracks = [SEED, *phoenixes, big(4)]
    assert names(recommend_from(tracks, by_similarity())) == ["Phoenix", "PHOENIX", "Phoenix", "Big 4"]
    assert names(recommend_from(tracks, ask(described, order=Order.SIMILARITY))) == ["Me", "Big 4"]
    excluded = by_similarity(filters=RequestFilters(exclude_artists=("phoenix",)))
    assert names(recommend_from(tracks, excluded)) == ["Big 4"]


def test_a_guest_whom_only_the_title_names_counts_as_credited(recommend_from):
    me_as_guest = big(1, title="Hit (feat. Me)")
    guest_twice = big(2, title="Song (feat. Big 3)")
    answer = recommend_from([SEED, me_as_guest, guest_twice, big(3), big(4)], by_similarity())
    assert names(answer) == ["Big 2", "Big 4"]


def test_the_genre_of_the_artist_comes_from_their_own_tracks_and_not_from_a_guests(recommend_from):
    star = [big(number, artists=("Star",), genres=("pop",)) for number in range(1, 9)]
    folk = [
        big(20, genres=("folk",)),
        make_track(track_id=track_id(5), artists=("Me",), genres=("folk",), popularity=5),
    ]
    seed = make_track(track_id=track_id(6), title="Duet", artists=("Me", "Star"), genres=(), popularity=5)
    answer = recommend_from([seed, *star, *folk], ask(Seed(seed.track_id)))
    assert (answer.genre.used, answer.genre.how) == (("folk",), GenreSource.ARTIST)


def test_versions_of_one_own_song_take_one_slot(recommend_from):
    versions = [
        make_track(track_id=track_id(number), title=title, artists=("Me",), popularity=5)
        for number, title in ((1, "Dreams"), (2, "Dreams - Single Version"), (3, "Other"))
    ]
    pool = [big(number) for number in range(1, 41)]
    answer = recommend_from([*versions, *pool], ask(*(Seed(track.track_id) for track in versions), size=30))
    assert [row.title for row in answer.tracks if row.own] == ["Dreams", "Other"]


def test_equal_descriptions_are_one_track(recommend_from):
    described = Seed(title="New", artists=("Me",), features=SEED.features, genres=("pop",), followers=10)
    answer = recommend_from([big(number) for number in range(1, 41)], ask(described, described, described))
    assert len(answer.seeds) == 1


def test_a_list_of_tracks_that_sound_different_says_so(recommend_from):
    unlike = make_features(energy=0.05, tempo=60.0, loudness=-25.0, valence=0.05, acousticness=0.95, danceability=0.1)
    far = make_track(track_id=track_id(9), artists=("Far",), popularity=60, **unlike.present())
    assert any("sounds much like it" in note for note in recommend_from([SEED, far], ask()).notes)
    assert not any("sounds much like it" in note for note in recommend_from([SEED, big(1)], ask()).notes)


def test_a_seed_without_a_date_says_that_time_did_not_count_unless_nobody_asked_for_it(recommend_from):
    me: dict[str, Any] = {"artists": ("Me",), "features": SEED.features, "genres": ("pop",), "followers": 10}
    tracks = [big(number) for number in range(1, 31)]

    def said(*titles: str, era: bool = True, released: str | None = None) -> list[str]:
        seeds = (Seed(f"{title:A>22}", title, release_date=released, **me) for title in titles)
        return [note for note in recommend_from(tracks, ask(*seeds, era=era)).notes if "time did not count" in note]

    assert len(said("One", "Two")) == 2
    assert said("One", "Two", "Three") == ["3 of your tracks have no release date, so for them time did not count."]
    assert said("One", released="2020") == said("One", era=False) == []
    tracks = [big(number, release_date=None) for number in range(1, 31)]
    assert said("One") == []


def test_a_track_that_is_not_out_yet_meets_the_newest(recommend_from):
    tracks = [big(number, release_date=str(1960 + number)) for number in range(1, 61)]
    me: dict[str, Any] = {"artists": ("Me",), "features": SEED.features, "genres": ("pop",), "followers": 10}
    answer = recommend_from(tracks, ask(Seed(title="Mine", **me), size=10))
    assert min(row.release_year or 0 for row in answer.tracks if not row.own) >= 1990
    assert "“Mine” counts as a new release, since it is not on Spotify yet." in answer.notes
    long_ago = Seed(title="Mine", release_date="1970", **me)
    assert max(row.release_year or 0 for row in recommend_from(tracks, ask(long_ago, size=10)).tracks) < 1985


def test_a_seed_of_one_number_is_never_said_to_be_quite_like_anything_nor_unlike_everything(exact):
    seed = Seed(title="New", artists=("Me",), features=AudioFeatures(energy=0.6), followers=10)
    answer = exact.recommend(ask(seed, genre="pop"))
    most = max(row.similarity for row in answer.tracks if not row.own)
    assert most < 0.7
    (said,) = (note for note in answer.notes if note.startswith("With so little known"))
    assert most == pytest.approx(float(re.findall(r"0\.\d", said)[0]), abs=0.1)
    assert not any("sounds much like it" in note for note in answer.notes)


def test_a_seed_of_few_numbers_ranks_what_is_as_near_by_sound_and_not_by_name(exact):
    few = AudioFeatures(energy=0.6, danceability=0.5, tempo=120.0)
    seed = Seed(title="New", artists=("Me",), features=few, followers=10)
    rows = [row for row in exact.recommend(ask(seed, genre="pop", order=Order.SIMILARITY)).tracks if not row.own]
    assert len({row.similarity for row in rows}) > len(rows) / 2


def test_a_seed_that_nothing_in_the_list_is_beside_is_named(recommend_from):
    calm = AudioFeatures(
        danceability=0.2, energy=0.1, loudness=-20.0, speechiness=0.03, acousticness=0.95, instrumentalness=0.0,
        liveness=0.1, valence=0.2, tempo=80.0,
    )  # fmt: skip
    me: dict[str, Any] = {"artists": ("Me",), "genres": ("pop",), "followers": 812}
    loud, quiet = Seed(title="Loud", features=SEED.features, **me), Seed(title="Quiet", features=calm, **me)
    said = "Every track in the list is closer to others of yours than to “Quiet”."
    said += " Make a list of it alone to see what fits."
    near = [big(number) for number in range(1, 8)]
    small = [big(number, features=calm, popularity=5) for number in range(8, 16)]
    assert said in recommend_from([*near, *small], ask(loud, quiet, size=10)).notes
    both = [*near, *(big(number, features=calm) for number in range(8, 16))]
    assert said not in recommend_from(both, ask(loud, quiet, size=10)).notes
    assert not any("closer to" in note for note in recommend_from(both, ask(loud, size=10)).notes)


def test_what_sounds_nothing_like_it_is_left_out_while_enough_is_left(recommend_from):
    unlike = AudioFeatures(
        danceability=0.05, energy=0.01, loudness=-45.0, speechiness=0.9, acousticness=0.999, instrumentalness=0.95,
        liveness=0.95, valence=0.01, tempo=45.0,
    )  # fmt: skip
    near = [big(number) for number in range(1, 9)]
    crowd = [big(number) for number in range(20, 60)]
    strange = [big(number, features=unlike) for number in range(10, 13)]
    answer = recommend_from([SEED, *near, *crowd, *strange], ask(size=100))
    assert not {"Big 10", "Big 11", "Big 12"} & set(names(answer))
    assert any(note.endswith("sounds nothing like it.") for note in answer.notes)
    alone = recommend_from([SEED, big(1), *strange], ask(size=5))
    assert len(names(alone)) == 4


def test_a_namesake_is_named_so_that_the_artist_can_object(recommend_from):
    described = Seed(title="New", artists=("Big 2",), features=SEED.features, genres=("pop",))
    notes = recommend_from([big(2), big(3, popularity=90)], ask(described)).notes
    assert any("an artist called Big 2 at 60 of 100" in note for note in notes)
    said = Seed(title="New", artists=("Big 2",), features=SEED.features, genres=("pop",), followers=10)
    assert not any("an artist called" in note for note in recommend_from([big(2), big(3)], ask(said)).notes)


def test_a_genre_that_is_not_on_offer_is_said_to_be_missing(recommend_from):
    described = Seed(title="New", artists=("New",), features=SEED.features, genres=("polka",), followers=10)
    assert any("too few tracks of polka" in note for note in recommend_from([big(1), big(2)], ask(described)).notes)


def test_a_wider_genre_that_takes_the_place_of_the_tracks_own_is_named(recommend_from):
    described = Seed(title="New", artists=("New",), features=SEED.features, genres=("indie pop",), followers=10)
    answer = recommend_from([big(1), big(2)], ask(described))
    assert answer.genre.used == ("pop",)
    assert "The catalogue has too few tracks of indie pop to look there, so pop was used." in answer.notes
    assert sum("indie pop" in note for note in answer.notes) == 1


@pytest.mark.parametrize("spelling", ["Lenny Tavarez", "lenny tavárez", "LENNY TAVÁREZ"])
def test_an_artist_is_left_out_however_the_accents_are_written(recommend_from, spelling):
    tracks = [SEED, big(1, artists=("Lenny Tavárez",)), big(2, title="Hit (feat. Lenny Tavarez)"), big(3)]
    answer = recommend_from(tracks, ask(filters=RequestFilters(exclude_artists=(spelling,))))
    assert names(answer) == ["Big 3"]
    assert not any("changed nothing" in note for note in answer.notes)


@pytest.mark.parametrize(("own", "credited"), [("Lenny Tavárez", "Lenny Tavarez"), ("Lenny Tavarez", "Lenny Tavárez")])
def test_the_seeds_artist_stays_out_however_the_accents_are_written(recommend_from, own, credited):
    seed = make_track(track_id=track_id(0), title="Mine", artists=(own,), popularity=20, genres=("pop",))
    tracks = [
        seed,
        big(1, artists=(credited,)),
        big(2, title=f"Hit (feat. {credited})"),
        big(3, title=f"Hit (feat. {own})"),
        big(4),
    ]
    assert names(recommend_from(tracks, ask(Seed(track_id(0))))) == ["Big 4"]
    described = Seed(title="New", artists=(own,), features=SEED.features, genres=("pop",), followers=10)
    assert names(recommend_from(tracks[1:], ask(described))) == ["Big 4"]


def test_leaving_out_somebody_whom_nobody_knows_is_said_to_change_nothing(recommend_from):
    wanted = ask(filters=RequestFilters(exclude_artists=("Big 1", "Bigg 2")))
    answer = recommend_from([SEED, big(1), big(2)], wanted)
    assert names(answer) == ["Big 2"]
    assert [note for note in answer.notes if "changed nothing" in note] == [
        "Nobody called Bigg 2 is in the catalogue, so leaving them out changed nothing."
    ]


def test_an_artist_left_out_by_id_is_no_unknown_name(recommend_from):
    tracks = [SEED, big(1, artists=(ArtistCredit("Nova", GUEST_ID),)), big(2)]
    answer = recommend_from(tracks, ask(filters=RequestFilters(exclude_artists=(GUEST_ID,))))
    assert names(answer) == ["Big 2"]
    assert not any("changed nothing" in note for note in answer.notes)


def test_an_artist_whom_only_titles_name_never_gets_the_tracks_they_are_guests_on(recommend_from):
    tracks = [SEED, big(1, title="Island (feat. Nevve)"), big(2)]
    nevve = Seed(title="New", artists=("Nevve",), features=SEED.features, genres=("pop",), followers=10)
    assert "Big 1" not in names(recommend_from(tracks, ask(nevve)))
    without = recommend_from(tracks, ask(filters=RequestFilters(exclude_artists=("Nevve",))))
    assert names(without) == ["Big 2"]
    guest_on_mine = Seed(
        title="New (feat. Nevve)", artists=("X",), features=SEED.features, genres=("pop",), followers=10
    )
    assert "Big 1" not in names(recommend_from(tracks, ask(guest_on_mine)))


def test_two_tracks_share_no_guest_even_if_nobody_knows_the_guest(recommend_from):
    tracks = [SEED, big(1, title="One (feat. Travis)"), big(2, title="Two (Somebody feat. Travis)"), big(3)]
    assert names(recommend_from(tracks, by_similarity())) == ["Big 1", "Big 3"]


def test_a_seed_of_the_catalogue_under_a_shared_name_keeps_out_all_who_bear_it(recommend_from):
    bearers = [
        big(1, artists=(ArtistCredit("Echo", GUEST_ID),)),
        big(2, artists=(ArtistCredit("Echo", OTHER_ID),)),
        big(3, title="Three (feat. Echo)"),
    ]
    seed = make_track(track_id=track_id(1), title="Mine", artists=("Echo",), popularity=20)
    assert names(recommend_from([seed, *bearers, big(4)], ask(Seed(seed.track_id)))) == ["Big 4"]


def test_a_known_guest_does_not_set_the_genre_of_an_unknown_artist(recommend_from):
    star = [big(number, artists=("Star",), genres=("pop",)) for number in range(1, 9)]
    near = [big(20 + number, genres=("folk",), energy=0.1) for number in range(9)]
    quiet = Seed(title="Mine (feat. Star)", artists=("X",), features=make_features(energy=0.1), followers=10)
    assert recommend_from([*star, *near], ask(quiet)).genre.how is GenreSource.INFERRED
