"""Audio that was left behind: removed when nobody can need it any more, one fault notwithstanding."""

from datetime import UTC, datetime, timedelta

import pytest

from daltonify_core.errors import UpstreamUnavailable
from daltonify_core.use_cases.remove_audio import FORGOTTEN_AFTER, Removal, remove_forgotten
from tests.fakes.faults import Fault, Moment
from tests.fakes.memory_audio import MemoryAudioClips
from tests.fakes.set_clock import SetClock

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
DOWN = UpstreamUnavailable("The storage is down.")


@pytest.fixture
def clock() -> SetClock:
    return SetClock(NOON)


@pytest.fixture
def clips(clock: SetClock) -> MemoryAudioClips:
    """Three clips, each stored a minute after the one before."""
    stored = MemoryAudioClips(clock=clock)
    for job_id in ("a", "b", "c"):
        stored.store(job_id, b"sound")
        clock.advance(60)
    return stored


def test_what_was_stored_too_long_ago_goes_and_what_may_be_needed_stays(clips):
    assert remove_forgotten(clips, NOON + FORGOTTEN_AFTER) == Removal(0, 0)
    assert remove_forgotten(clips, NOON + FORGOTTEN_AFTER + timedelta(minutes=1, seconds=30)) == Removal(2, 0)
    assert clips.clips.keys() == {"c"}


def test_a_clip_that_was_stored_again_counts_from_then(clips, clock):
    clock.advance(FORGOTTEN_AFTER.total_seconds())
    clips.store("a", b"sound")
    assert remove_forgotten(clips, clock.now) == Removal(2, 0)
    assert clips.clips.keys() == {"a"}


@pytest.mark.parametrize("moment", Moment)
def test_a_clip_that_cannot_be_removed_does_not_keep_the_others(clips, moment):
    later = NOON + timedelta(days=1)
    clips.faults.add(Fault(DOWN, moment, "remove"))
    assert remove_forgotten(clips, later) == Removal(3, 1)
    remove_forgotten(clips, later)
    assert clips.clips == {}


def test_a_storage_that_cannot_be_listed_is_an_error(clips):
    clips.faults.add(Fault(DOWN, method="forgotten"))
    with pytest.raises(UpstreamUnavailable):
        remove_forgotten(clips, NOON + timedelta(days=1))
    assert len(clips.clips) == 3
