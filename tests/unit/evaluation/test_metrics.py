"""Metrics: every value here was worked out by hand."""

import math
from dataclasses import replace

import numpy as np
import pytest

from daltonify_core.evaluation import metrics
from daltonify_core.evaluation.ground import Ground
from daltonify_core.evaluation.metrics import ABSENT, as_lists
from daltonify_core.evaluation.questions import LIST_SIZE, Question
from tests.builders import build_index_folder, make_track, open_index, track_id

LOG3 = math.log2(3)


def hits(*places: int):
    """One list with hits in these places, counted from 1."""
    row = np.zeros((1, LIST_SIZE), dtype=np.bool_)
    row[0, [place - 1 for place in places]] = True
    return row


def ideal(count: int):
    return np.array([count])


def ask(small, seed: str = "seed", relevant=(), level: int = 20, genre: int = 0) -> Question:
    found = np.array(small.items(*relevant), dtype=np.int32)
    return Question(small.item[seed], genre, level, found, found, max(1, len(found)))


def lists_of(small, *rows: tuple[str, ...]):
    return as_lists([[small.item[name] for name in row] for row in rows])


def test_ndcg_of_hits_in_places_1_and_3_where_two_could_be_found():
    # 1 / log2(2) + 1 / log2(4) = 1.5, at best 1 + 1 / log2(3).
    assert metrics.ndcg(hits(1, 3), ideal(2)) == pytest.approx([1.5 / (1 + 1 / LOG3)])


def test_ndcg_is_1_for_the_best_list_and_0_for_none():
    assert metrics.ndcg(hits(1, 2, 3), ideal(3)) == pytest.approx([1.0])
    assert metrics.ndcg(hits(*range(1, LIST_SIZE + 1)), ideal(LIST_SIZE)) == pytest.approx([1.0])
    assert metrics.ndcg(hits(), ideal(3)).tolist() == [0.0]


def test_precision_counts_empty_places_as_misses():
    assert metrics.precision(hits(1, 5, 30)).tolist() == [0.1]


def test_r_precision_looks_at_as_many_places_as_there_could_be_hits():
    assert metrics.r_precision(hits(1, 3, 4), ideal(3)) == pytest.approx([2 / 3])
    assert metrics.r_precision(hits(30), ideal(LIST_SIZE)) == pytest.approx([1 / 30])


def test_hits_are_relevant_items_each_once(small):
    lists = lists_of(small, ("cat", "bob", "ann1", "bob"))
    found = metrics.hits_of(lists, [ask(small, relevant=("ann1", "bob"))], small.ground, once_per_artist=False)
    assert np.flatnonzero(found[0]).tolist() == [1, 2]


def test_a_second_track_of_an_artist_is_no_hit_where_an_artist_may_stand_once(small):
    lists = lists_of(small, ("ann2", "ann1", "bob"))
    asked = [ask(small, relevant=("ann1", "ann2", "bob"))]
    assert metrics.hits_of(lists, asked, small.ground, once_per_artist=True)[0, :3].tolist() == [True, False, True]
    assert metrics.hits_of(lists, asked, small.ground, once_per_artist=False)[0, :3].tolist() == [True] * 3


def test_the_empty_places_of_a_short_list_are_never_hits(small):
    found = metrics.hits_of(lists_of(small, ()), [ask(small, relevant=("bob",))], small.ground, once_per_artist=True)
    assert not found.any()


@pytest.mark.parametrize(
    ("row", "share"),
    [
        (("ann1", "bob", "cat"), 1.0),
        (("equal", "bob"), 0.5),  # no bigger than the seed
        (("weak", "bob"), 0.5),  # a guest who is smaller
        (("unknown", "bob"), 0.5),  # nobody knows whether bigger
        (("nobody", "bob"), 0.5),  # even where the guest is
        (("ann1", "ann2", "bob", "cat"), 0.75),  # an artist twice
        (("guest", "bob"), 0.5),  # the seed's artist as a guest
        (("version", "bob"), 0.5),  # the seed's song
        (("low", "weak"), 0.0),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, tuple) else "",
)
def test_rows_that_keep_the_rules_are_counted(small, row, share):
    assert metrics.rule_abiding(lists_of(small, row), [ask(small)], small.ground) == pytest.approx([share])


def test_names_are_compared_without_accents_whatever_the_index_credits(tmp_path):
    tracks = [
        make_track(track_id=track_id(number), title=title, artists=(artist,), popularity=popularity)
        for number, (title, artist, popularity) in enumerate(
            [
                ("Mine", "Lenny Tavárez", 30),
                ("Hit (feat. Lenny Tavarez)", "Star", 80),
                ("Second", "Ångström", 70),
                ("Third (feat. Angstrom)", "Sun", 75),
                ("Small", "Ñu", 20),
                ("Fourth (feat. Nu)", "Moon", 90),
            ]
        )
    ]
    index = open_index(build_index_folder(tmp_path, tracks))
    ground = Ground.of_index(index)
    index.close()
    item = [ground.item_of[track_id(number)] for number in range(len(tracks))]
    # Like an index whose credits do not see through accents.
    blind = replace(
        ground,
        arrays=replace(
            ground.arrays,
            weakest_credit=ground.arrays.artist_popularity,
            credit_offsets=np.arange(len(tracks) + 1),
            credit_artists=ground.primary,
        ),
    )
    question = Question(item[0], 0, 30, np.empty(0, np.int32), np.empty(0, np.int32), 1)
    for row, share in (([1], 0.0), ([2], 1.0), ([2, 3], 0.5), ([5], 0.0)):
        lists = as_lists([[item[place] for place in row]])
        assert metrics.rule_abiding(lists, [question], blind) == pytest.approx([share])


def test_an_empty_list_has_no_share_lift_or_coherence(small):
    empty, asked = lists_of(small, ()), [ask(small)]
    for values in (
        metrics.rule_abiding(empty, asked, small.ground),
        metrics.mean_lift(empty, asked, small.ground),
        metrics.coherence(empty, asked, small.ground),
    ):
        assert np.isnan(values).all()


def test_versions_of_the_seed_and_of_rows_before_are_counted(small):
    lists = lists_of(small, ("version", "bob"), ("bob", "cat"), ("bob", "bob"))
    asked = [ask(small), ask(small), ask(small)]
    assert metrics.alternate_versions(lists, asked, small.ground).tolist() == [1, 0, 1]


def test_lift_counts_from_the_seeds_level(small):
    # Ann 50, Bob 40 and Cat 60 above 20.
    lists = lists_of(small, ("ann1", "bob", "cat"))
    assert metrics.mean_lift(lists, [ask(small)], small.ground) == pytest.approx([30.0])


def test_distinct_artists_are_the_primary_ones(small):
    lists = lists_of(small, ("ann1", "ann2", "bob"), ())
    assert metrics.distinct_artists(lists, small.ground).tolist() == [2, 0]


def test_overlap_is_the_mean_share_of_rows_that_two_lists_of_a_genre_have_in_common(small):
    lists = as_lists([[1, 2], [2, 3], [1, 2], [1, 2]])
    genres = (0, 0, 0, 1)
    asked = [Question(0, genre, 0, np.empty(0, np.int32), np.empty(0, np.int32), 1) for genre in genres]
    # Of three pairs in genre 0 two share one row and one shares two, of two rows each; genre 1 has no pair.
    assert metrics.overlap(lists, asked) == pytest.approx((1 + 1 + 2) / 3 / 2)


def test_overlap_of_equal_lists_is_1_and_without_a_pair_there_is_none():
    asked = [Question(0, 0, 0, np.empty(0, np.int32), np.empty(0, np.int32), 1)] * 2
    assert metrics.overlap(as_lists([[1, 2, 3]] * 2), asked) == pytest.approx(1.0)
    assert math.isnan(metrics.overlap(as_lists([[1, 2, 3]]), asked[:1]))


def test_coherence_is_0_for_the_whole_genre_and_1_for_one_track_again_and_again(small):
    everything = as_lists([small.ground.arrays.items_of_genre(0).tolist(), [small.item["bob"]] * 5])
    values = metrics.coherence(everything, [ask(small), ask(small)], small.ground)
    assert values == pytest.approx([0.0, 1.0], abs=1e-12)


def test_coherence_compares_mean_squared_distances(small):
    pair = [small.item["ann1"], small.item["ann2"]]
    genre = small.ground.z_scores[small.ground.arrays.items_of_genre(0)]
    squares = ((genre[:, None] - genre) ** 2).sum(axis=2)
    of_genre = squares.sum() / (len(genre) * (len(genre) - 1))
    apart = ((small.ground.z_scores[pair[0]] - small.ground.z_scores[pair[1]]) ** 2).sum()
    found = metrics.coherence(as_lists([pair]), [ask(small)], small.ground)
    assert found == pytest.approx([1 - apart / of_genre])


def test_short_lists_are_filled_up():
    assert as_lists([[7]], size=3).tolist() == [[7, ABSENT, ABSENT]]
