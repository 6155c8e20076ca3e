"""Units that a header does not state and only a whole file can tell: popularity in 0..1 or 0..100, and durations."""

import re
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from enum import StrEnum
from functools import lru_cache
from typing import Final

from daltonify_core.catalogue.public_data.cells import is_missing
from daltonify_core.errors import InvalidTrack


class PopularityScale(StrEnum):
    """How a file writes popularity; ``AUTO`` means that the file's own values decide."""

    AUTO = "auto"
    FRACTION = "0..1"
    PERCENT = "0..100"


class DurationUnit(StrEnum):
    """The unit of a column of durations."""

    MILLISECONDS = "ms"
    SECONDS = "s"
    MINUTES = "min"


class PopularityScaleDetector:
    """Watches a whole column: it counts as 0..1 only when nothing exceeds 1 and something has a fractional part."""

    def __init__(self) -> None:
        self._highest = float("-inf")
        self._has_fraction = False

    def see(self, text: str) -> None:
        """Take one cell; what is no number says nothing about the scale."""
        try:
            value = float(text.replace(",", "."))
        except ValueError:
            return
        # A NaN compares as False and so leaves both as they are.
        if value > self._highest:
            self._highest = value
        if 0 < value < 1:
            self._has_fraction = True

    def scale(self) -> PopularityScale | None:
        """The scale of what was seen; ``None`` when no cell held a number."""
        if self._highest == float("-inf"):
            return None
        fraction = self._has_fraction and self._highest <= 1
        return PopularityScale.FRACTION if fraction else PopularityScale.PERCENT


# Music lasts from half a minute to 25 minutes, bar few exceptions: as minutes such values lie below 25, as seconds
# between 25 and 1,500, as milliseconds from 25,000 up. Most rows of a file decide.
_SECONDS_FROM: Final = 25
_MILLISECONDS_FROM: Final = 5_000


class DurationUnitDetector:
    """Watches a column of durations whose header names no unit; the magnitude of most values decides."""

    def __init__(self) -> None:
        self._votes = dict.fromkeys((DurationUnit.MILLISECONDS, DurationUnit.SECONDS, DurationUnit.MINUTES), 0)

    def see(self, text: str) -> None:
        """Take one cell; what is no positive number has no vote."""
        try:
            value = float(text)
        except ValueError:
            return
        if value >= _MILLISECONDS_FROM:
            self._votes[DurationUnit.MILLISECONDS] += 1
        elif value >= _SECONDS_FROM:
            self._votes[DurationUnit.SECONDS] += 1
        elif value > 0:
            self._votes[DurationUnit.MINUTES] += 1

    def unit(self) -> DurationUnit:
        """The unit of most values; milliseconds, as Spotify writes them, when votes are equal or absent."""
        return max(self._votes, key=self._votes.__getitem__)


_MILLISECONDS_PER: Final = {DurationUnit.MILLISECONDS: 1, DurationUnit.SECONDS: 1_000, DurationUnit.MINUTES: 60_000}
_CLOCK: Final = re.compile(r"(?:(\d{1,2}):)?(\d{1,3}):(\d{2})")


@lru_cache(maxsize=4_096)  # a column has few distinct values, or is at most a little slower
def parse_popularity(column: str, text: str, scale: PopularityScale) -> int | None:
    """Popularity in 0..100, halves rounded up; raises ``InvalidTrack`` for what is no number or lies outside.

    Decimal arithmetic, because 0.575 * 100 is below 57.5 in binary.
    """
    if is_missing(text):
        return None
    try:
        value = Decimal(text.strip().replace(",", "."))
    except InvalidOperation:
        raise InvalidTrack(column, f"{column} is {text[:40]!r}; it must be a number.") from None
    if value.is_nan():
        return None
    highest = 1 if scale is PopularityScale.FRACTION else 100
    if not 0 <= value <= highest:
        raise InvalidTrack(column, f"{column} is {text[:40]!r}; it must lie in 0..{highest}.")
    return int((value * (100 // highest)).to_integral_value(ROUND_HALF_UP))


def parse_duration(text: str, unit: DurationUnit) -> int | None:
    """Milliseconds; ``m:ss`` and ``h:mm:ss`` are understood in any unit. Raises ``InvalidTrack`` for other text."""
    try:
        value = float(text) * _MILLISECONDS_PER[unit]
        return round(value) if value == value else None
    except (ValueError, OverflowError):  # OverflowError: infinity has no nearest integer
        if is_missing(text):
            return None
        clock = _CLOCK.fullmatch(text.strip())
        if clock is None:
            raise InvalidTrack("duration_ms", f"The duration is {text[:40]!r}; it must be a number.") from None
        hours, minutes, seconds = (int(part or 0) for part in clock.groups())
        return ((hours * 60 + minutes) * 60 + seconds) * 1_000
