"""Which of several tracks a sender means who named the day on which it comes out."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final

from daltonify_core.ports.releases import FoundRelease

LONG: Final = timedelta(days=30)
"""Distributors put days off and forward by weeks; what came out longer before is another song of the same name."""


def nearest(found: Sequence[FoundRelease], announced_for: str | None) -> FoundRelease | None:
    """The one that came out nearest to the day, of equally near ones the later one; without a day the newest.

    Dates are YYYY[-MM[-DD]]. Of rough ones (a year, a month) those that may be the day come first. ``None`` of none.
    """
    return min(
        sorted(found, key=lambda one: one.release_date or "", reverse=True),
        key=lambda one: _distance(one.release_date, announced_for),
        default=None,
    )


def is_long_before(found: FoundRelease, announced_for: str | None) -> bool:
    """Whether a track certainly came out long before the day; never where one of both is known only roughly."""
    out, announced = _day(found.release_date), _day(announced_for)
    return out is not None and announced is not None and announced - out > LONG


def _distance(release_date: str | None, announced_for: str | None) -> tuple[bool, int]:
    if announced_for is None:
        return False, 0
    if release_date is None:
        return True, date.max.toordinal()
    out, announced = _day(release_date), _day(announced_for)
    if out is not None and announced is not None:
        return False, abs((out - announced).days)
    may_be = release_date.startswith(announced_for) or announced_for.startswith(release_date)
    return not may_be, 0


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text is not None and len(text) == len("2026-01-02") else None
