"""The band above the seed level, and the order in which it widens."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daltonify_core.errors import InvalidQuery
from daltonify_core.playlist.band import Band, BandLifts, band_stages

levels = st.integers(0, 100)


@st.composite
def lifts(draw):
    low = draw(st.integers(1, 100))
    return BandLifts(low, draw(st.integers(low, 100)))


def members(band: Band) -> set[int]:
    return {popularity for popularity in range(101) if band.low <= popularity <= band.high}


def test_the_default_band_is_ten_to_sixty_points_above_the_seed():
    (stage,) = band_stages(15, BandLifts(), may_widen=False)
    assert (stage.added, stage.used, stage.widened) == (Band(25, 75), Band(25, 75), False)


def test_widening_raises_the_upper_end_first_and_then_lowers_the_lower_end_point_by_point():
    stages = list(band_stages(70, BandLifts(3, 10), may_widen=True))
    assert [stage.added for stage in stages] == [Band(73, 80), Band(81, 100), Band(72, 72), Band(71, 71)]
    assert [stage.used for stage in stages] == [Band(73, 80), Band(73, 100), Band(72, 100), Band(71, 100)]
    assert [stage.widened for stage in stages] == [False, True, True, True]


def test_a_band_that_already_ends_at_100_is_only_lowered():
    stages = list(band_stages(95, BandLifts(3, 60), may_widen=True))
    assert [stage.added for stage in stages] == [Band(98, 100), Band(97, 97), Band(96, 96)]


def test_nobody_is_bigger_than_100():
    assert all(not members(stage.added) for stage in band_stages(100, BandLifts(), may_widen=True))


@given(levels, lifts())
def test_the_first_stage_is_exactly_what_was_asked_for(level, wanted):
    first = next(iter(band_stages(level, wanted, may_widen=True)))
    asked = {popularity for popularity in range(101) if wanted.min_lift <= popularity - level <= wanted.max_lift}
    assert members(first.added) == members(first.used) == asked
    assert not first.widened


@given(levels, lifts())
def test_without_widening_there_is_one_stage(level, wanted):
    assert len(list(band_stages(level, wanted, may_widen=False))) == 1


@given(levels, lifts())
def test_stages_never_overlap_and_together_are_everybody_above_the_level(level, wanted):
    stages = list(band_stages(level, wanted, may_widen=True))
    together = [popularity for stage in stages for popularity in sorted(members(stage.added))]
    assert sorted(together) == list(range(level + 1, 101))


@given(levels, lifts(), st.booleans())
def test_what_is_in_use_is_all_that_was_added_so_far(level, wanted, may_widen):
    so_far: set[int] = set()
    for number, stage in enumerate(band_stages(level, wanted, may_widen)):
        so_far |= members(stage.added)
        assert members(stage.used) == so_far
        assert stage.widened == (number > 0)


@given(levels, lifts())
def test_every_widening_adds_somebody_and_the_upper_end_never_waits_for_the_lower(level, wanted):
    _, *widened = band_stages(level, wanted, may_widen=True)
    assert all(members(stage.added) for stage in widened)
    assert all(stage.used.high == 100 for stage in widened)
    lows = [stage.used.low for stage in widened if stage.added.high < 100 or len(members(stage.added)) == 1]
    assert lows == sorted(lows, reverse=True)


@given(st.integers(-5, 110), st.integers(-5, 110))
def test_lifts_lie_in_1_to_100_and_in_order_or_are_refused(low, high):
    if 1 <= low <= high <= 100:
        assert (BandLifts(low, high).min_lift, BandLifts(low, high).max_lift) == (low, high)
    else:
        with pytest.raises(InvalidQuery, match=f"band {low} to {high} is not possible"):
            BandLifts(low, high)


@pytest.mark.parametrize(
    ("min_lift", "max_lift", "band"),
    [
        (None, None, (10, 60)),
        (20, None, (20, 60)),
        (None, 40, (10, 40)),
        (None, 8, (1, 8)),
        (None, 10, (1, 10)),
        (65, None, (65, 100)),
        (60, None, (60, 100)),
        (30, 30, (30, 30)),
    ],
)
def test_one_end_alone_leaves_room_for_a_band(min_lift, max_lift, band):
    lifts = BandLifts.from_ends(min_lift, max_lift)
    assert (lifts.min_lift, lifts.max_lift) == band


@pytest.mark.parametrize(("min_lift", "max_lift"), [(0, None), (None, 0), (0, 0), (40, 30), (None, 101), (-5, None)])
def test_ends_that_are_out_of_range_are_refused_alone_too(min_lift, max_lift):
    with pytest.raises(InvalidQuery):
        BandLifts.from_ends(min_lift, max_lift)
