"""Which of several tracks is the one that was announced for a day."""

import pytest

from daltonify_core.ports.releases import FoundRelease
from daltonify_core.releases.nearest import is_long_before, nearest


def out(date: str | None) -> FoundRelease:
    return FoundRelease("x" * 22, "Home", ("A" * 22,), ("Me",), release_date=date)


@pytest.mark.parametrize(
    ("dates", "announced_for", "chosen"),
    [
        (["2024-05-01", "2026-03-06", "2026-05-01"], "2026-03-07", "2026-03-06"),
        (["2026-03-01", "2026-03-11"], "2026-03-06", "2026-03-11"),
        (["2019", "2026", "2026-07-01"], "2026-03", "2026"),
        (["2019", "2026", None], "2026-03-06", "2026"),
        (["2024-05-01", "2026-03-06", "2026-05-01"], None, "2026-05-01"),
        ([None], "2026-03-06", None),
    ],
)
def test_the_one_that_came_out_nearest_is_meant(dates, announced_for, chosen):
    found = nearest([out(date) for date in dates], announced_for)
    assert found is not None
    assert found.release_date == chosen


def test_of_none_nobody_is_meant():
    assert nearest([], "2026-03-06") is None


@pytest.mark.parametrize(
    ("date", "announced_for", "is_other"),
    [
        ("2026-01-30", "2026-03-06", True),
        ("2026-02-27", "2026-03-06", False),
        ("2026-05-01", "2026-03-06", False),
        ("2019", "2026-03-06", False),
        ("2019-01-01", None, False),
        ("2019-01-01", "2026", False),
        (None, "2026-03-06", False),
    ],
)
def test_what_came_out_long_before_is_another_one(date, announced_for, is_other):
    assert is_long_before(out(date), announced_for) is is_other
