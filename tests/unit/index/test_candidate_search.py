"""Candidate search: both ways give the same ranking, and the answer says which way it took."""

import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from daltonify_core.index.candidate_search import CandidateSearch, Ranking, SearchPath, SearchSettings
from daltonify_core.index.exact import CROWD, ranking_distances, squared_distances
from daltonify_core.index.feature_space import QueryPoint
from daltonify_core.index.items import ItemArrays
from tests.builders import track_id
from tests.bundles import make_arrays, plain_space
from tests.fakes.exact_neighbours import ExactNeighbours

COUNT = 300
SPACE = plain_space(sigma=3.0)
DIMENSION = SPACE.dimension
RANDOM = np.random.default_rng(1)
VECTORS = RANDOM.normal(scale=2.0, size=(COUNT, DIMENSION)).astype(np.float32)
POPULARITY = sorted(RANDOM.integers(1, 101, size=COUNT).tolist(), reverse=True)
# Ids in no order, so that they and item numbers cannot be mistaken for each other.
ARRAYS = make_arrays(POPULARITY, [track_id(int(number)) for number in RANDOM.permutation(COUNT)])
EVERYTHING = np.arange(COUNT, dtype=np.int32)

NEVER_PROPOSE = SearchSettings()
ALWAYS_PROPOSE = SearchSettings(exact_up_to=0, items_per_proposal=0)


def point(*values: float) -> QueryPoint:
    return QueryPoint(np.array([*values, *[0.0] * (DIMENSION - len(values))]))


def search_in(
    vectors=VECTORS, arrays=ARRAYS, settings: SearchSettings = ALWAYS_PROPOSE, neighbours=None
) -> CandidateSearch:
    return CandidateSearch(SPACE, vectors, arrays, neighbours or ExactNeighbours(vectors), settings)


class CountingNeighbours(ExactNeighbours):
    """Remembers how many neighbours were asked for, and with which share of the usual inspection."""

    def __init__(self, vectors) -> None:
        super().__init__(vectors)
        self.asked: list[int] = []
        self.shares: list[float] = []

    def nearest(self, query, count, share=1.0):
        self.asked.append(count)
        self.shares.append(share)
        return super().nearest(query, count)

    def effort(self, count):
        return 100 + 10 * count


def assert_same_best(one: Ranking, other: Ranking, count: int) -> None:
    """Equal scores throughout the best ``count``, and equal items wherever the last score does not tie beyond them."""
    assert one.scores[:count].tolist() == other.scores[:count].tolist()
    if len(one.scores):
        last = one.scores[:count][-1]
        assert one.items[one.scores > last].tolist() == other.items[other.scores > last].tolist()


seeds = st.lists(
    st.lists(st.floats(-5, 5), min_size=DIMENSION, max_size=DIMENSION).map(lambda values: QueryPoint(np.array(values))),
    min_size=1,
    max_size=3,
)
subsets = st.sets(st.integers(0, COUNT - 1), min_size=1).map(lambda items: np.array(sorted(items), dtype=np.int32))


@given(queries=seeds, allowed=subsets, count=st.integers(1, 40))
def test_both_ways_rank_any_allowed_subset_alike(queries, allowed, count):
    exact = search_in(settings=NEVER_PROPOSE).rank(queries, allowed, count)
    proposed = search_in().rank(queries, allowed, count)
    assert exact.path is SearchPath.EXACT
    # Asking for more than there is leaves nothing to propose.
    assert proposed.path is (SearchPath.ANNOY if count <= len(allowed) else SearchPath.EXACT)
    assert_same_best(exact, proposed, count)


@given(queries=seeds, allowed=subsets, count=st.integers(1, 400), weight=st.sampled_from([0.0, 0.5, 2.0]))
def test_a_ranking_holds_allowed_items_only_once_each_and_enough_of_them(queries, allowed, count, weight):
    for settings in (NEVER_PROPOSE, ALWAYS_PROPOSE):
        ranking = search_in(settings=settings).rank(queries, allowed, count, weight)
        items = ranking.items.tolist()
        assert len(set(items)) == len(items) >= min(count, len(allowed))
        assert set(items) <= set(allowed.tolist())
        assert np.all(np.diff(ranking.scores) <= 0)
        assert len(ranking.scores) == len(ranking.similarities) == len(items)
        assert ranking.complete == (len(items) == len(allowed))


@given(queries=seeds, allowed=subsets)
def test_the_exact_way_agrees_with_measuring_each_item_by_hand(queries, allowed):
    ranking = search_in(settings=NEVER_PROPOSE).rank(queries, allowed, COUNT)
    expected = []
    for item in allowed.tolist():
        nearest = min(math.dist(VECTORS[item].astype(np.float64), query.vector) for query in queries)
        expected.append((-round(math.exp(-(nearest**2) / 18.0), 5), ARRAYS.track_ids[item]))
    assert -ranking.scores == pytest.approx(np.array([score for score, _ in sorted(expected)]), abs=1.1e-5)


COARSE = np.round(VECTORS, 0)


@given(
    queries=seeds,
    allowed=subsets,
    count=st.integers(1, 40),
    vectors=st.sampled_from([VECTORS, COARSE]),
    distance=st.sampled_from([0.0, 10.0, 100.0]),
)
def test_leaving_out_early_who_cannot_win_never_changes_the_answer(queries, allowed, count, vectors, distance):
    # Coarse vectors tie often, and far away everything rounds to the same similarity.
    queries = [QueryPoint(query.vector + distance) for query in queries]
    similarities = SPACE.similarity(squared_distances(vectors[allowed], queries))
    threshold = np.sort(similarities)[::-1][: min(count, len(allowed))][-1]
    winners = sorted(
        (-similarity, ARRAYS.track_ids[item], item)
        for similarity, item in zip(similarities.tolist(), allowed.tolist(), strict=True)
        if similarity >= threshold
    )
    ranking = search_in(vectors, settings=NEVER_PROPOSE).rank(queries, allowed, count)
    assert ranking.items.tolist() == [item for _, _, item in winners]
    assert (-ranking.similarities).tolist() == [similarity for similarity, _, _ in winners]


def test_equal_scores_are_ordered_by_track_id_on_both_ways():
    vectors = np.zeros((50, DIMENSION), np.float32)
    ids = [track_id(int(number)) for number in np.random.default_rng(4).permutation(50)]
    arrays = make_arrays([60] * 50, ids)
    for settings in (NEVER_PROPOSE, ALWAYS_PROPOSE):
        ranking = search_in(vectors, arrays, settings).rank([point()], np.arange(50, dtype=np.int32), 50)
        assert [ids[item] for item in ranking.items] == sorted(ids)


def test_whoever_ties_with_the_last_place_stays_so_that_ids_decide():
    vectors = np.zeros((50, DIMENSION), np.float32)
    vectors[:5, 0] = 1.0
    ids = [track_id(number) for number in range(49, -1, -1)]
    search = search_in(vectors, make_arrays([60] * 50, ids), NEVER_PROPOSE)
    ranking = search.rank([point(1.0)], np.arange(50, dtype=np.int32), 7)
    assert ranking.items[:7].tolist() == [4, 3, 2, 1, 0, 49, 48]
    assert ranking.complete


def test_several_seeds_mean_near_to_any_of_them():
    vectors = np.zeros((4, DIMENSION), np.float32)
    vectors[:, 0] = [0.0, 10.0, 5.0, 9.0]
    arrays = make_arrays([60] * 4)
    for settings in (NEVER_PROPOSE, ALWAYS_PROPOSE):
        ranking = search_in(vectors, arrays, settings).rank([point(0.0), point(10.0)], np.arange(4, dtype=np.int32), 4)
        assert ranking.items.tolist() == [0, 1, 3, 2]
        assert ranking.similarities[:2].tolist() == [1.0, 1.0]


def on_a_line(*places: float) -> tuple[np.ndarray, ItemArrays]:
    vectors = np.zeros((len(places), DIMENSION), np.float32)
    vectors[:, 0] = places
    return vectors, make_arrays([60] * len(places))


@pytest.mark.parametrize("settings", [NEVER_PROPOSE, ALWAYS_PROPOSE])
def test_in_a_crowd_of_seeds_one_that_lies_apart_counts_less(settings):
    album = [point(0.0), point(0.5), point(1.0), point(-0.5), point(20.0)]
    # Nearer to the lonely seed than any other to its own nearest one, and yet last.
    vectors, arrays = on_a_line(20.1, 2.2, -2.0, 0.2)
    ranking = search_in(vectors, arrays, settings).rank(album, np.arange(4, dtype=np.int32), 4)
    assert ranking.items.tolist() == [3, 1, 2, 0]
    assert ranking.similarities[3] == ranking.similarities.max()


@pytest.mark.parametrize("settings", [NEVER_PROPOSE, ALWAYS_PROPOSE])
def test_a_crowd_of_two_kinds_never_means_their_average(settings):
    crowd = [*[point(0.0)] * 4, *[point(20.0)] * 4]
    vectors, arrays = on_a_line(10.0, 3.0, 17.0, 9.0)
    ranking = search_in(vectors, arrays, settings).rank(crowd, np.arange(4, dtype=np.int32), 4)
    assert ranking.items.tolist() == [1, 2, 3, 0]


def test_seeds_that_lie_apart_alike_count_alike():
    crowd = [point(0.0), point(20.0), point(40.0), point(60.0)]
    vectors, arrays = on_a_line(1.0, 19.0, 41.0, 59.0)
    ranking = search_in(vectors, arrays, NEVER_PROPOSE).rank(crowd, np.arange(4, dtype=np.int32), 4)
    assert ranking.items.tolist() == [0, 1, 2, 3]
    assert len(set(ranking.scores.tolist())) == 1


crowds = st.lists(
    st.lists(st.floats(-5, 5), min_size=DIMENSION, max_size=DIMENSION).map(lambda values: QueryPoint(np.array(values))),
    min_size=CROWD,
    max_size=8,
)


@given(queries=crowds, allowed=subsets)
def test_no_item_is_nearer_to_a_crowd_than_to_its_nearest_member_and_copies_of_one_seed_are_that_seed(queries, allowed):
    nearest = squared_distances(VECTORS[allowed], queries)
    assert np.all(ranking_distances(SPACE, VECTORS[allowed], queries) >= nearest - 1e-9)
    same = ranking_distances(SPACE, VECTORS[allowed], queries[:1] * CROWD)
    assert same == pytest.approx(squared_distances(VECTORS[allowed], queries[:1]))


@given(queries=crowds, allowed=subsets, count=st.integers(1, 40), distance=st.sampled_from([0.0, 10.0, 100.0]))
def test_leaving_out_early_who_cannot_win_never_changes_the_answer_for_a_crowd(queries, allowed, count, distance):
    queries = [QueryPoint(query.vector + distance) for query in queries]
    scores = SPACE.similarity(ranking_distances(SPACE, VECTORS[allowed], queries))
    threshold = np.sort(scores)[::-1][: min(count, len(allowed))][-1]
    winners = sorted(
        (-score, ARRAYS.track_ids[item], item)
        for score, item in zip(scores.tolist(), allowed.tolist(), strict=True)
        if score >= threshold
    )
    ranking = search_in(settings=NEVER_PROPOSE).rank(queries, allowed, count)
    assert ranking.items.tolist() == [item for _, _, item in winners]


def test_proposals_for_a_crowd_find_nearly_all_that_exact_search_finds():
    found = 0
    for number in range(20):
        start = VECTORS[number * 7].astype(np.float64)
        crowd = [QueryPoint(start + VECTORS[number * 5 + step] * 0.5) for step in range(6)]
        exact, proposed = (
            search_in(settings=way).rank(crowd, EVERYTHING, 20) for way in (NEVER_PROPOSE, ALWAYS_PROPOSE)
        )
        assert proposed.path is SearchPath.ANNOY
        found += len(set(exact.items[:20].tolist()) & set(proposed.items[:20].tolist()))
    assert found >= 0.95 * 20 * 20


def test_a_seed_among_forbidden_tracks_still_gets_its_share_when_another_seed_is_served_at_once():
    # Everything near the second seed is forbidden, but behind it lies an allowed track that beats all of the first's.
    vectors = np.zeros((61, DIMENSION), np.float32)
    vectors[:20, 0] = np.linspace(2.0, 3.0, 20)
    vectors[20:60, 0] = 100.0
    vectors[60, 0] = 101.0
    allowed = np.array([*range(20), 60], dtype=np.int32)
    ranking = search_in(vectors, make_arrays([60] * 61)).rank([point(0.0), point(100.0)], allowed, 3)
    assert ranking.path is SearchPath.ANNOY
    assert ranking.items[:3].tolist() == [60, 0, 1]


def test_less_is_inspected_where_less_will_do():
    neighbours = CountingNeighbours(VECTORS)
    search = search_in(neighbours=neighbours)
    search.rank([point()], EVERYTHING, 10)
    search.rank([point()], EVERYTHING, 10, share=0.25)
    assert neighbours.shares == [1.0, 0.25]


@given(queries=seeds, count=st.integers(1, COUNT + 5))
@pytest.mark.parametrize("settings", [ALWAYS_PROPOSE, NEVER_PROPOSE], ids=["proposed", "exact"])
def test_the_nearest_of_all_are_those_that_rank_first(settings, queries, count):
    search = search_in(settings=settings)
    found = search.nearest(queries, count)
    assert len(set(found.tolist())) == len(found) == min(count, COUNT)
    similarities = SPACE.similarity(squared_distances(VECTORS, queries))
    assert similarities[found] == pytest.approx(np.sort(similarities)[::-1][:count], abs=1.1e-5)


def test_where_too_few_are_proposed_everything_is_measured():
    class Few(ExactNeighbours):
        def nearest(self, query, count, share=1.0):
            return super().nearest(query, count)[:5]

    found = search_in(settings=SearchSettings(0, items_per_proposal=1), neighbours=Few(VECTORS)).nearest([point()], 20)
    assert found.tolist() == search_in(settings=NEVER_PROPOSE).rank([point()], EVERYTHING, 20).items[:20].tolist()


@pytest.mark.parametrize(
    ("settings", "query", "asked"),
    [
        (SearchSettings(exact_up_to=100, items_per_proposal=10), point(), [20]),
        (SearchSettings(exact_up_to=101, items_per_proposal=10), point(), []),
        (ALWAYS_PROPOSE, QueryPoint(np.zeros(DIMENSION), np.eye(DIMENSION)[:3]), []),
    ],
    ids=["as cheap as measuring all", "dearer", "a seed that lacks features"],
)
def test_the_nearest_are_proposed_where_that_is_no_dearer_than_measuring_all(settings, query, asked):
    neighbours = CountingNeighbours(VECTORS)
    found = search_in(settings=settings, neighbours=neighbours).nearest([query], 20, 0.5)
    assert len(found) == 20
    assert neighbours.asked == asked
    assert set(neighbours.shares) <= {0.5}


def test_the_way_is_chosen_by_what_the_neighbour_index_says_of_its_effort():
    settings = SearchSettings.beside(CountingNeighbours(VECTORS))
    # Measuring sixty items takes as long as inspecting one entry.
    assert (settings.exact_up_to, settings.items_per_proposal) == (6_000, 600.0)
    search = CandidateSearch(SPACE, VECTORS, ARRAYS, CountingNeighbours(VECTORS))
    assert search.rank([point()], EVERYTHING, 10).path is SearchPath.EXACT


def test_a_seed_that_lacks_features_is_measured_exactly():
    partial = QueryPoint(np.zeros(DIMENSION), np.eye(DIMENSION)[:4] * 1.5)
    ranking = search_in().rank([point(), partial], EVERYTHING, 10)
    assert ranking.path is SearchPath.EXACT
    distances = squared_distances(VECTORS[EVERYTHING], [point(), partial])
    expected = np.minimum(
        np.square(VECTORS.astype(np.float64)).sum(axis=1),
        np.square(VECTORS[:, :4].astype(np.float64)).sum(axis=1) * 2.25,
    )
    assert distances == pytest.approx(expected)
    assert ranking.similarities[:10].tolist() == np.sort(SPACE.similarity(expected))[::-1][:10].tolist()


def test_without_a_popularity_weight_score_is_similarity():
    ranking = search_in(settings=NEVER_PROPOSE).rank([point()], EVERYTHING, 20)
    assert ranking.scores.tolist() == ranking.similarities.tolist()


@pytest.mark.parametrize("weight", [0.1, 1.0, 5.0])
def test_popularity_weighs_as_much_as_asked_for_and_is_measured_exactly(weight):
    ranking = search_in().rank([point()], EVERYTHING, COUNT, weight)
    assert ranking.path is SearchPath.EXACT
    similarities = SPACE.similarity(squared_distances(VECTORS[EVERYTHING], [point()]))
    scores = np.round(similarities + weight * np.array(POPULARITY) / 100.0, 5)
    assert ranking.scores.tolist() == np.sort(scores)[::-1].tolist()
    assert ranking.similarities.tolist() == similarities[ranking.items].tolist()


def test_a_large_weight_puts_the_most_popular_first():
    ranking = search_in().rank([point()], EVERYTHING, 10, popularity_weight=1_000.0)
    assert [POPULARITY[item] for item in ranking.items[:10]] == POPULARITY[:10]


@pytest.mark.parametrize(("allowed", "path"), [(50, SearchPath.EXACT), (51, SearchPath.ANNOY)])
def test_the_way_changes_above_the_set_number_of_allowed_items(allowed, path):
    search = search_in(settings=SearchSettings(exact_up_to=50, items_per_proposal=0))
    assert search.rank([point()], EVERYTHING[:allowed], 5).path is path


def test_proposals_start_from_the_share_that_is_allowed_and_widen_until_enough_remain():
    # The seed's whole neighbourhood is forbidden, so the first proposals hold too few allowed items.
    by_distance = np.argsort(np.square(VECTORS).sum(axis=1))
    allowed = np.sort(by_distance[150:]).astype(np.int32)
    neighbours = CountingNeighbours(VECTORS)
    ranking = search_in(neighbours=neighbours).rank([point()], allowed, 10)
    assert ranking.path is SearchPath.ANNOY
    assert neighbours.asked == [31, 62, 124, 248]
    assert ranking.items[:10].tolist() == by_distance[150:160].tolist()


def test_where_all_is_allowed_one_proposal_is_enough():
    neighbours = CountingNeighbours(VECTORS)
    search_in(neighbours=neighbours).rank([point()], EVERYTHING, 10)
    assert neighbours.asked == [11]


@pytest.mark.parametrize(("maximum", "asked"), [(100, [31, 62]), (30, []), (31, [31])])
def test_when_proposals_would_grow_too_large_everything_is_measured_instead(maximum, asked):
    by_distance = np.argsort(np.square(VECTORS).sum(axis=1))
    allowed = np.sort(by_distance[150:]).astype(np.int32)
    neighbours = CountingNeighbours(VECTORS)
    settings = SearchSettings(exact_up_to=0, items_per_proposal=len(allowed) / maximum)
    ranking = search_in(settings=settings, neighbours=neighbours).rank([point()], allowed, 10)
    assert ranking.path is SearchPath.EXACT
    assert neighbours.asked == asked
    assert ranking.items[:10].tolist() == by_distance[150:160].tolist()


@pytest.mark.parametrize("settings", [NEVER_PROPOSE, ALWAYS_PROPOSE])
def test_nothing_allowed_gives_an_empty_complete_ranking(settings):
    ranking = search_in(settings=settings).rank([point()], np.empty(0, np.int32), 10)
    assert ranking.items.tolist() == []
    assert ranking.complete


def test_ranking_again_gives_the_same_answer_and_leaves_the_allowed_items_alone():
    allowed = EVERYTHING[::3].copy()
    queries: Sequence[QueryPoint] = [point(1.0), point(-2.0, 3.0)]
    one, two = (search_in().rank(queries, allowed, 25) for _ in range(2))
    assert one.items.tolist() == two.items.tolist()
    assert allowed.tolist() == EVERYTHING[::3].tolist()


def test_a_narrow_filter_is_measured_exactly_however_large_the_index_is():
    # One item in ten is allowed, so a proposal for 10 tracks would be 151 wide and cost as much as 15,100 items.
    allowed = EVERYTHING[::10]
    neighbours = CountingNeighbours(VECTORS)
    search = search_in(settings=SearchSettings(exact_up_to=0, items_per_proposal=100), neighbours=neighbours)
    assert search.rank([point()], allowed, 10).path is SearchPath.EXACT
    assert neighbours.asked == []


@given(queries=seeds, allowed=subsets, count=st.integers(1, 40), offset=st.floats(0, 60))
def test_what_is_taken_off_a_distance_changes_both_ways_alike(queries, allowed, count, offset):
    queries = [QueryPoint(query.vector, None, offset) for query in queries]
    exact = search_in(settings=NEVER_PROPOSE).rank(queries, allowed, count)
    assert_same_best(exact, search_in().rank(queries, allowed, count), count)
    if len(queries) == 1:
        raw = np.square(VECTORS[allowed] - queries[0].vector).sum(axis=1)
        best = np.exp(-np.maximum(np.sort(raw)[:count] - offset, 0.0) / (2.0 * SPACE.sigma**2))
        assert exact.similarities[:count] == pytest.approx(best, abs=1.1e-5)
