"""Picking from a ranking, and other lists on request."""

from statistics import fmean

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from daltonify_core.index.candidate_search import Ranking, SearchPath
from daltonify_core.playlist.filters import OnePerArtist
from daltonify_core.playlist.selection import VARIATION_POOL, Pick, pick, vary


class Ranked:
    """Items 0, 1, 2, … from best to worst; remembers how many were asked for."""

    def __init__(self, count: int, paths: tuple[SearchPath, ...] = (SearchPath.EXACT,)) -> None:
        self.count, self.paths, self.asked = count, paths, list[int]()

    def __call__(self, wanted: int) -> Ranking:
        path = self.paths[min(len(self.asked), len(self.paths) - 1)]
        self.asked.append(wanted)
        items = np.arange(min(wanted, self.count), dtype=np.int32)
        scores = 1.0 - items / 1000.0
        return Ranking(items, scores, scores, path, complete=wanted >= self.count)


def test_the_best_that_all_filters_admit_are_picked_in_order():
    one_per_artist = OnePerArtist(lambda items: [[item // 2] for item in items.tolist()])
    picks, path = pick(Ranked(100), [one_per_artist], 3)
    assert [one.item for one in picks] == [0, 2, 4]
    assert [one.score for one in picks] == [1.0, 0.998, 0.996]
    assert path is SearchPath.EXACT


def test_more_candidates_are_asked_for_until_the_list_is_full():
    ranked = Ranked(10_000)
    picks, _ = pick(ranked, [OnePerArtist(lambda items: [[item // 50] for item in items.tolist()])], 5)
    assert [one.item for one in picks] == [0, 50, 100, 150, 200]
    assert ranked.asked == sorted(set(ranked.asked))
    assert len(ranked.asked) > 1


def test_when_no_candidate_is_left_the_list_is_shorter():
    picks, _ = pick(Ranked(40), [OnePerArtist(lambda items: [[item // 20] for item in items.tolist()])], 5)
    assert [one.item for one in picks] == [0, 20]


def test_one_approximate_ranking_makes_the_answer_approximate():
    ranked = Ranked(10_000, (SearchPath.ANNOY, SearchPath.EXACT))
    _, path = pick(ranked, [OnePerArtist(lambda items: [[item // 50] for item in items.tolist()])], 5)
    assert len(ranked.asked) > 1
    assert path is SearchPath.ANNOY


POOL = [Pick(item, 1.0 - item / 1000.0, 1.0 - item / 1000.0) for item in range(200)]


def name_of(item: int) -> bytes:
    return f"{item:022d}".encode()


def test_variation_zero_is_the_best():
    assert vary(POOL, 10, 0, name_of) == POOL[:10]


def test_a_pool_that_is_too_small_to_vary_is_used_whole():
    assert vary(POOL[:7], 10, 5, name_of) == POOL[:7]


@given(st.integers(1, 1_000_000), st.integers(1, 60))
def test_a_variation_draws_from_the_nearest_only_best_first_and_the_same_each_time(variation, count):
    drawn = vary(POOL, count, variation, name_of)
    assert len(drawn) == count
    assert drawn == sorted(set(drawn), key=lambda one: one.item)
    assert set(drawn) <= set(POOL[: VARIATION_POOL * count])
    assert vary(POOL, count, variation, name_of) == drawn


def mean_similarity(picks: list[Pick]) -> float:
    return fmean(one.similarity for one in picks)


similarities = st.lists(st.floats(0.0, 1.0), min_size=1, max_size=120)


@given(similarities, st.integers(1, 1_000_000), st.integers(1, 40))
def test_a_variation_is_another_list_and_nearly_as_good_as_far_as_the_pool_allows(values, variation, count):
    pool = [Pick(item, value, value) for item, value in enumerate(sorted(values, reverse=True))]
    best, drawn = pool[:count], vary(pool, count, variation, name_of)
    assert len(drawn) == len(best)
    half = count // 2
    fewest_shared = max(0, 2 * count - len(pool)) if len(pool) > count else len(best)
    assert len(set(drawn) & set(best)) <= max(half, fewest_shared)
    # The nearest list that shares half with the best one: if that is good enough, so is whatever was drawn.
    shared = max(half, fewest_shared)
    nearest = [*best[:shared], *pool[count : 2 * count - shared]]
    assert mean_similarity(drawn) >= min(0.95 * mean_similarity(best), mean_similarity(nearest)) - 1e-9


def test_variations_differ_from_each_other_and_from_the_best():
    lists = {tuple(one.item for one in vary(POOL, 30, variation, name_of)) for variation in range(20)}
    assert len(lists) == 20


def test_where_similarity_falls_quickly_a_variation_stays_with_the_nearest():
    steep = [Pick(item, 0.9**item, 0.9**item) for item in range(200)]
    drawn = vary(steep, 10, 3, name_of)
    assert drawn == [*steep[:5], *steep[10:15]]
