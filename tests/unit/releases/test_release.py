"""States of a release, what may follow what, and how long to look for one."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daltonify_core.releases.release import OPEN_STATES, TRANSITIONS, Patience, ReleaseState, check_transition

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)


def test_every_state_can_be_reached_and_every_open_one_left():
    reached = set().union(*TRANSITIONS.values())
    assert reached == set(ReleaseState)
    assert all(TRANSITIONS[state] for state in OPEN_STATES)
    assert not TRANSITIONS[ReleaseState.DONE]


@pytest.mark.parametrize("before", ReleaseState)
@pytest.mark.parametrize("after", ReleaseState)
def test_a_step_is_allowed_if_the_table_says_so_or_nothing_changes_in_an_open_state(before, after):
    if after in TRANSITIONS[before] or (before is after and before in OPEN_STATES):
        check_transition(before, after)
    else:
        with pytest.raises(ValueError, match=f"{before} cannot become {after}"):
            check_transition(before, after)


def test_looks_come_at_growing_gaps_until_patience_ends():
    patience = Patience()
    looks, now = [NOON], NOON
    while (look := patience.next_look(NOON, len(looks), now)) is not None:
        looks.append(look)
        now = look
    gaps = [later - earlier for earlier, later in pairwise(looks)]
    assert gaps[:3] == [timedelta(minutes=10), timedelta(minutes=20), timedelta(minutes=40)]
    assert max(gaps) == timedelta(hours=6)
    assert all(later >= earlier for earlier, later in pairwise(gaps[:-1]))
    assert looks[-1] == NOON + timedelta(days=14), "the last look is at the very end"
    assert len(looks) < 70


@given(misses=st.integers(1, 10_000), passed=st.timedeltas(timedelta(), timedelta(days=20)))
def test_a_look_lies_ahead_and_within_patience(misses, passed):
    patience = Patience()
    look = patience.next_look(NOON, misses, NOON + passed)
    if passed >= patience.give_up_after:
        assert look is None
    else:
        assert NOON + passed < look <= min(NOON + patience.give_up_after, NOON + passed + patience.longest_gap)
