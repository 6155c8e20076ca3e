"""A clock that stands still until a test moves it."""

from datetime import datetime, timedelta


class SetClock:
    """Called for the time, as ``Clock`` is."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.now += timedelta(seconds=seconds)
