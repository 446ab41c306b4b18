"""A clock that stands still until a test moves it."""

from datetime import UTC, datetime, timedelta

START = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)


class FixedClock:
    """Callable like `tutela.storage.clock.utc_now`; `now` can be set."""

    def __init__(self, now: datetime = START) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def advance(self, seconds: float) -> datetime:
        """Let time pass and return the new instant."""
        self.now += timedelta(seconds=seconds)
        return self.now
