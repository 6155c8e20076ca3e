"""Where own tracks stand, and how many there may be."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daltonify_core.playlist.own_slots import OwnSlots, own_positions, own_track_limit

recommended_counts = st.integers(0, 100)
all_slots = st.sampled_from(OwnSlots)


@pytest.mark.parametrize(("recommended", "limit"), [(1, 1), (5, 1), (19, 1), (20, 2), (30, 3), (99, 9), (100, 10)])
def test_one_own_track_for_each_ten_others_and_at_least_one(recommended, limit):
    assert own_track_limit(recommended) == limit


@given(st.integers(0, 12), recommended_counts, all_slots)
def test_positions_are_ascending_each_once_and_inside_the_list(own, recommended, slots):
    positions = own_positions(own, recommended, slots)
    assert len(positions) == own
    assert positions == sorted(set(positions))
    assert all(1 <= position <= own + recommended for position in positions)


@given(st.integers(1, 10), st.integers(2, 100))
def test_the_first_own_track_stands_in_slot_three(own, recommended):
    assert own_positions(own, recommended, OwnSlots.EARLY)[0] == 3


@pytest.mark.parametrize(("recommended", "position"), [(0, 1), (1, 2), (2, 3)])
def test_in_a_very_short_list_the_own_track_comes_last(recommended, position):
    assert own_positions(1, recommended, OwnSlots.EARLY) == [position]


def test_further_own_tracks_stand_evenly_deeper():
    assert own_positions(3, 30, OwnSlots.EARLY) == [3, 13, 23]


@given(st.integers(1, 10), recommended_counts)
def test_first_means_the_top_of_the_list(own, recommended):
    assert own_positions(own, recommended, OwnSlots.FIRST) == list(range(1, own + 1))


def test_spread_means_the_middle_of_equal_parts():
    assert own_positions(1, 30, OwnSlots.SPREAD) == [16]
    assert own_positions(3, 30, OwnSlots.SPREAD) == [6, 17, 28]


@given(st.integers(2, 10), st.integers(2, 100), st.sampled_from([OwnSlots.EARLY, OwnSlots.SPREAD]))
def test_distances_between_own_tracks_differ_by_one_at_most(own, recommended, slots):
    positions = own_positions(own, recommended, slots)
    gaps = {second - first for first, second in pairwise(positions)}
    assert max(gaps) - min(gaps) <= 1


@given(st.integers(5, 100), all_slots)
def test_as_many_own_tracks_as_the_limit_allows_never_stand_side_by_side_unless_asked(recommended, slots):
    positions = own_positions(own_track_limit(recommended), recommended, slots)
    if slots is not OwnSlots.FIRST:
        assert all(second - first > 1 for first, second in pairwise(positions))
