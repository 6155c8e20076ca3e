"""Baselines: each order worked out by hand on a few tracks."""

from dataclasses import replace

import numpy as np
import pytest

from daltonify_core.evaluation import baselines
from daltonify_core.evaluation.ground import Ground
from daltonify_core.evaluation.methods import (
    ORIGINAL,
    ORIGINAL_OF_ANY_BIGGER,
    ORIGINAL_WITH_RULES,
    POPULARITY,
    RANDOM,
    RAW_COSINE,
    SCALED,
    SCALED_OF_ANY_BIGGER,
    all_baselines,
)
from daltonify_core.evaluation.questions import Protocol, Question
from tests.builders import build_index_folder, make_track, open_index, track_id

# Title, artist, popularity of track and artist, and the two features that differ; the seed is (1, 0) in these two.
TRACKS = {
    "seed": (10, 10, 0.8, 0.0),
    "near": (20, 75, 0.8, 0.1),
    "middle": (60, 60, 0.8, 0.4),
    "far": (90, 90, 0.0, 0.8),
    "below": (5, 5, 0.8, 0.05),
    "farther": (70, 70, 0.1, 0.9),
}


@pytest.fixture(scope="module")
def ground(tmp_path_factory):
    plain = dict.fromkeys((*baselines.ORIGINAL_FEATURES, "loudness", "liveness"), 0.0) | {"tempo": 100.0}
    tracks = [
        make_track(
            track_id=track_id(number),
            title=name,
            artists=(name,),
            popularity=popularity,
            artist_popularity=artist,
            **(plain | {"energy": energy, "valence": valence}),
        )
        for number, (name, (popularity, artist, energy, valence)) in enumerate(TRACKS.items())
    ]
    index = open_index(build_index_folder(tmp_path_factory.mktemp("baselines"), tracks))
    yield Ground.of_index(index)
    index.close()


def item(ground: Ground, name: str) -> int:
    return ground.item_of[track_id(list(TRACKS).index(name))]


def question(ground: Ground, *names: str) -> Question:
    candidates = np.array(sorted(item(ground, name) for name in names), dtype=np.int32)
    return Question(item(ground, "seed"), 0, 10, candidates, candidates, 1)


def names(ground: Ground, items) -> list[str]:
    return [ground.tracks[number].title for number in np.asarray(items).tolist()]


ALL = ("near", "middle", "far", "below", "farther")


def test_raw_cosine_orders_by_angle(ground):
    # Angles to (0.8, 0): 0.05/0.8, 0.1/0.8, 0.4/0.8, 0.9/0.1 and 90 degrees.
    ordered = baselines.by_raw_cosine(question(ground, *ALL), ground)
    assert names(ground, ordered) == ["below", "near", "middle", "farther", "far"]


def test_the_original_orders_by_popularity_what_is_at_or_above_the_median_cosine(ground):
    # The median of five is the third, which stays: "middle". Popularity then decides among the three.
    assert names(ground, baselines.as_the_original(question(ground, *ALL), ground)) == ["middle", "near", "below"]
    # The median of four lies between the second and the third.
    four = question(ground, "near", "middle", "far", "farther")
    assert names(ground, baselines.as_the_original(four, ground)) == ["middle", "near"]


def test_popularity_is_the_tracks_not_the_artists(ground):
    ordered = baselines.by_popularity(question(ground, *ALL), ground)
    assert names(ground, ordered) == ["far", "farther", "middle", "near", "below"]


def test_scaled_distance_counts_every_feature_in_units_of_its_spread_but_liveness(ground):
    # Only energy and valence differ, and liveness does not count. Spread of energy 0.355, of valence 0.360:
    # squared distances of near 0.08, middle 1.23, far 10.0, below 0.02, farther 10.1.
    ordered = baselines.by_scaled_distance(question(ground, *ALL), ground)
    assert names(ground, ordered) == ["below", "near", "middle", "far", "farther"]
    assert len(baselines.SCALED_FEATURES) == 8
    assert "liveness" not in baselines.SCALED_FEATURES


def reach(ground: Ground, asked: Question, size: int) -> set[str]:
    return set(names(ground, baselines.within_band(asked, ground, size)))


def test_the_band_widens_until_it_gives_a_whole_list(ground):
    # Lifts above a level of 10: near 65, middle 50, far 80, below -5, farther 60. The band is 10 to 60.
    asked = question(ground, *ALL)
    assert reach(ground, asked, 1) == reach(ground, asked, 2) == {"middle", "farther"}
    # Too few: first its upper end rises, all at once.
    assert reach(ground, asked, 3) == {"middle", "farther", "near", "far"}


def test_the_lower_end_falls_no_further_than_needed_and_never_to_the_level(ground):
    # From a level of 69 only "far" is in the band, at 21; "near" is at 6, "farther" at 1.
    asked = replace(question(ground, *ALL), level=69)
    assert reach(ground, asked, 2) == {"far", "near"}
    assert reach(ground, asked, 4) == {"far", "near", "farther"}


def test_only_tracks_that_one_list_may_hold_make_the_band_wide_enough(small):
    # From a level of 15 the band is 25 to 75: it holds two tracks by Ann, and "equal" is below it.
    candidates = np.array(small.items("ann1", "ann2", "equal"), dtype=np.int32)
    asked = Question(small.item["low"], small.ground.genres.index("pop"), 15, candidates, candidates, 1)
    assert small.names(baselines.within_band(asked, small.ground, 1)) == {"ann1", "ann2"}
    assert small.names(baselines.within_band(asked, small.ground, 2)) == {"ann1", "ann2", "equal"}


def test_chance_depends_on_the_seed_alone(ground):
    asked = question(ground, *ALL)
    first, second = (baselines.by_chance(asked, ground).tolist() for _ in range(2))
    assert first == second
    assert sorted(first) == asked.candidates.tolist()


def test_no_candidates_give_an_empty_order(ground):
    nothing = question(ground)
    for order in (
        baselines.by_chance,
        baselines.by_popularity,
        baselines.as_the_original,
        baselines.by_raw_cosine,
        baselines.by_scaled_distance,
        baselines.within_band,
    ):
        assert len(order(nothing, ground)) == 0


def answer(ground: Ground, name: str, protocol: Protocol, asked: Question) -> list[str]:
    (method,) = (method for method in all_baselines(ground) if method.name == name)
    return names(ground, method.answer(protocol, asked).ranked)


def test_the_original_as_it_was_looks_beyond_the_missions_candidates(ground):
    # "below" is by a smaller artist, whom rule 1 forbids: the mission's candidates are the other four.
    asked = question(ground, "near", "middle", "far", "farther")
    assert answer(ground, ORIGINAL, Protocol.MISSION, asked) == ["middle", "near", "below"]
    assert answer(ground, ORIGINAL_WITH_RULES, Protocol.MISSION, asked) == ["middle", "near"]


def test_in_the_mission_only_baselines_of_any_bigger_artist_leave_the_band(tmp_path):
    # Thirty artists in the band, and one right above the seed who sounds just like it.
    popularities = [20, 25, *range(40, 70)]
    tracks = [
        make_track(
            track_id=track_id(number),
            title=f"Song {number}",
            artists=(f"A{number}",),
            popularity=popularity,
            artist_popularity=popularity,
            energy=0.3 if popularity <= 25 else popularity / 100,
        )
        for number, popularity in enumerate(popularities)
    ]
    index = open_index(build_index_folder(tmp_path, tracks))
    ground = Ground.of_index(index)
    seed, alike = ground.item_of[track_id(0)], ground.item_of[track_id(1)]
    others = np.array(sorted(set(range(len(popularities))) - {seed}), dtype=np.int32)
    asked = Question(seed, 0, 20, others, others, 30)
    lists = {method.name: method.answer(Protocol.MISSION, asked).ranked for method in all_baselines(ground)}
    assert lists[SCALED_OF_ANY_BIGGER][0] == alike
    assert alike in lists[ORIGINAL_OF_ANY_BIGGER]
    for name in (RANDOM, POPULARITY, ORIGINAL_WITH_RULES, RAW_COSINE, SCALED):
        assert lists[name]
        assert alike not in lists[name]
    index.close()


def test_in_the_open_protocol_only_the_original_with_rules_keeps_them(ground):
    asked = question(ground, *ALL)
    assert answer(ground, ORIGINAL, Protocol.OPEN, asked) == ["middle", "near", "below"]
    assert answer(ground, ORIGINAL_WITH_RULES, Protocol.OPEN, asked) == ["middle", "near"]
    assert answer(ground, RAW_COSINE, Protocol.OPEN, asked)[0] == "below"
