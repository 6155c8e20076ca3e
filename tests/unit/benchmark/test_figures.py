"""What benchmarks compute from what they measured."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.benchmark.figures import Times, growth, least_of_rounds, percentile, recall

VECTORS = np.array([[0.0], [1.0], [2.0], [3.0], [3.0]], dtype=np.float32)
QUERY = np.array([0.0])


def test_a_percentile_is_the_least_value_that_so_many_do_not_exceed():
    values = [float(value) for value in range(1, 201)]
    assert percentile(values, 50) == 100
    assert percentile(values, 99) == 198
    assert percentile(values, 100) == 200
    assert percentile(values, 0) == 1


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1), st.floats(0, 100))
def test_a_percentile_is_one_of_the_values_and_enough_of_them_do_not_exceed_it(values, share):
    found = percentile(values, share)
    assert found in values
    assert sum(value <= found for value in values) >= share / 100 * len(values) - 1e-9


@pytest.mark.parametrize(("values", "share"), [([], 50), ([1.0], 101), ([1.0], -1)])
def test_a_percentile_of_nothing_or_beyond_all_is_refused(values, share):
    with pytest.raises(ValueError, match="percentile"):
        percentile(values, share)


def test_times_tell_the_middle_the_slowest_hundredth_and_the_mean():
    assert Times.of([1.0, 2.0, 3.0, 10.0]) == Times(p50=2.0, p99=10.0, mean=4.0, count=4)


def test_of_several_rounds_each_question_keeps_its_least_time():
    assert least_of_rounds([[3.0, 1.0], [2.0, 5.0], [4.0, 2.0]]) == [2.0, 1.0]


def test_rounds_with_different_questions_are_refused():
    with pytest.raises(ValueError, match="shorter"):
        least_of_rounds([[1.0, 2.0], [1.0]])


def test_recall_is_the_share_of_the_nearest_that_was_found():
    exact = np.array([0, 1, 2])
    assert recall(np.array([0, 1, 2]), exact, QUERY, VECTORS, 3) == 1.0
    assert recall(np.array([0, 1, 3]), exact, QUERY, VECTORS, 3) == pytest.approx(2 / 3)
    assert recall(np.array([], dtype=np.int64), exact, QUERY, VECTORS, 3) == 0.0


def test_an_equally_distant_item_counts_as_well_as_the_one_of_the_exact_answer():
    assert recall(np.array([0, 1, 2, 4]), np.array([0, 1, 2, 3]), QUERY, VECTORS, 4) == 1.0


def test_an_item_that_was_found_twice_counts_once():
    assert recall(np.array([0, 0, 0]), np.array([0, 1, 2]), QUERY, VECTORS, 3) == pytest.approx(1 / 3)


def test_what_was_found_beyond_the_wanted_number_does_not_count():
    assert recall(np.array([3, 0, 1]), np.array([0, 1]), QUERY, VECTORS, 2) == 0.5


def test_where_fewer_are_allowed_than_wanted_finding_those_is_everything():
    assert recall(np.array([0, 1]), np.array([0, 1]), QUERY, VECTORS, 30) == 1.0
    assert recall(np.array([], dtype=np.int64), np.array([], dtype=np.int64), QUERY, VECTORS, 30) == 1.0


def test_growth_is_the_power_of_the_size_that_a_cost_follows():
    sizes = [10_000, 100_000, 1_000_000]
    assert growth(sizes, [2.0, 2.0, 2.0]) == 0
    assert growth(sizes, [1.0, 10.0, 100.0]) == pytest.approx(1)
    assert growth(sizes, [math.sqrt(size) for size in sizes]) == pytest.approx(0.5)


def test_growth_of_a_single_size_is_unknown():
    assert growth([10_000], [1.0]) is None
    assert growth([10_000, 100_000], [0.0, 1.0]) is None
