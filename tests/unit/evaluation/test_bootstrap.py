"""Bootstrap: paired, repeatable, by whole groups."""

import math

import numpy as np
import pytest

from daltonify_core.evaluation.bootstrap import mean, ratio_of_means, resampled_weights

EACH = np.arange(200)
VALUES = np.random.default_rng(3).random(200)


def test_each_resample_draws_as_many_questions_as_there_are():
    weights = resampled_weights(EACH, random_seed=1, resamples=50)
    assert weights.shape == (50, 200)
    assert (weights.sum(axis=1) == 200).all()
    assert len({tuple(row) for row in weights.tolist()}) == 50


def test_a_group_is_drawn_as_a_whole():
    groups = np.array([4, 4, 9, 4, 9, 1])
    weights = resampled_weights(groups, random_seed=1, resamples=50)
    for group in np.unique(groups):
        own = weights[:, groups == group]
        assert (own == own[:, :1]).all()
    firsts = weights[:, [0, 2, 5]]
    assert (firsts.sum(axis=1) == 3).all()


def test_what_is_twice_as_good_on_every_question_is_so_for_sure():
    weights = resampled_weights(EACH, random_seed=1)
    found = ratio_of_means(2 * VALUES, VALUES, weights)
    assert (found.value, found.low, found.high) == pytest.approx((2.0, 2.0, 2.0))


def test_pairing_takes_out_what_is_easy_for_both():
    weights = resampled_weights(EACH, random_seed=1)
    noise = np.random.default_rng(4).random(200) / 100
    paired = ratio_of_means(VALUES + noise, VALUES, weights)
    unrelated = ratio_of_means(VALUES[::-1] + noise, VALUES, weights)
    assert paired.high - paired.low < (unrelated.high - unrelated.low) / 10


def test_bounds_of_a_mean_are_about_two_standard_errors_away():
    found = mean(VALUES, resampled_weights(EACH, random_seed=1))
    error = VALUES.std() / math.sqrt(len(VALUES))
    assert found.value == pytest.approx(VALUES.mean())
    assert found.value - found.low == pytest.approx(1.96 * error, rel=0.1)
    assert found.high - found.value == pytest.approx(1.96 * error, rel=0.1)


def test_equal_seeds_give_equal_bounds():
    first, second = (mean(VALUES, resampled_weights(EACH, random_seed=5)) for _ in range(2))
    assert first == second


def test_resamples_in_which_neither_finds_anything_are_left_out_of_the_bounds():
    weights = np.array([[3.0, 0.0, 0.0], [0.0, 3.0, 0.0], [1.0, 1.0, 1.0]])
    found = ratio_of_means(np.array([0.0, 2.0, 1.0]), np.array([0.0, 1.0, 1.0]), weights)
    assert (found.low, found.high) == (1.5, 2.0)


def test_a_ratio_to_nothing_is_infinite_and_of_nothing_to_nothing_unknown():
    weights = resampled_weights(EACH, random_seed=1)
    assert ratio_of_means(VALUES, np.zeros(200), weights).value == math.inf
    assert math.isnan(ratio_of_means(np.zeros(200), np.zeros(200), weights).value)
