"""A clock that a test moves by hand."""

from datetime import UTC, datetime, timedelta

from shared.clock import MachineClock

START = datetime(2031, 3, 5, 9, 0, tzinfo=UTC)


class FakeClock:
    """Implements shared.clock.Clock: every reading stands still until `advance`."""

    def __init__(self, start: datetime = START) -> None:
        self.start = start
        self.elapsed = timedelta()
        self.offset = timedelta()

    def now(self) -> datetime:
        """Real time plus the offset of a test or tour."""
        return self.start + self.elapsed + self.offset

    def unshifted(self) -> datetime:
        """Real time alone."""
        return self.start + self.elapsed

    @property
    def steady(self) -> bool:
        """A test's word is the time."""
        return True

    def monotonic(self) -> float:
        """Seconds since the clock was made."""
        return self.elapsed.total_seconds()

    def advance(
        self, *, days: float = 0, hours: float = 0, minutes: float = 0, seconds: float = 0
    ) -> datetime:
        """Let real time pass; returns the new now."""
        self.elapsed += timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
        return self.now()

    def shift(self, offset: timedelta) -> datetime:
        """Set the offset that a test's or tour's clock file would; returns the new now."""
        self.offset = offset
        return self.now()


class RunningClock(FakeClock):
    """Goes on with the real time, for what is tried beside processes of its own."""

    def now(self) -> datetime:
        """Real time plus what a test has moved it by."""
        return self.unshifted() + self.offset

    def unshifted(self) -> datetime:
        """Real time, and what was let pass by hand."""
        return MachineClock().unshifted() + self.elapsed

    def monotonic(self) -> float:
        """Of the machine."""
        return MachineClock().monotonic()
