"""The time, as a dependency: the database's time, kept by the monotonic clock in between."""

import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

STEP = timedelta(seconds=2)  # a larger jump of the offset makes a replica not ready
MEASURE_EVERY = 10.0  # seconds
TRUSTED_ROUND_TRIP = 1.0  # seconds; a slower answer says too little about the time


class Clock(Protocol):
    """Deadlines are compared to the `now` passed in; waits use `monotonic`."""

    def now(self) -> datetime:
        """Aware UTC, with the offset of a test or a tour on top."""

    def unshifted(self) -> datetime:
        """Aware UTC without that offset: for what measures real delay (beats, leases)."""

    def monotonic(self) -> float:
        """Seconds that never jump."""

    @property
    def steady(self) -> bool:
        """Whether this is known to be the time that all replicas go by."""


class ClockFile:
    """Seconds of offset in a text file: how a tour or a test moves every process at once.

    Production settings refuse it. A file half written, or away, leaves the last offset.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read_at = -1  # the mtime, in nanoseconds, of what was read last
        self._offset = timedelta(0)

    def offset(self) -> timedelta:
        """Read the file again only where its mtime has changed."""
        try:
            changed_at = self._path.stat().st_mtime_ns
            if changed_at != self._read_at:
                self._offset = timedelta(seconds=float(self._path.read_text()))
                self._read_at = changed_at
        except (OSError, ValueError, OverflowError):
            return self._offset
        return self._offset


class MachineClock:
    """The machine's time: for a program without a database, whose deadlines nobody shares."""

    steady = True

    def __init__(self, *, clock_file: Path | None = None) -> None:
        self._file = ClockFile(clock_file) if clock_file else None

    def now(self) -> datetime:
        return self.unshifted() + (self._file.offset() if self._file else timedelta(0))

    def unshifted(self) -> datetime:
        return datetime.fromtimestamp(time.time(), UTC)

    def monotonic(self) -> float:
        return time.monotonic()


class DatabaseClock:
    """Monotonic time plus the offset to the database, so that all replicas agree on deadlines.

    Before the first measurement it goes by the machine's clock and is not steady. A measurement
    that differs by more than STEP is not believed until the next one confirms it; between the two
    the old offset goes on and the replica is not ready.
    """

    def __init__(
        self,
        measure: Callable[[], Awaitable[datetime]],
        *,
        clock_file: Path | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        machine: Callable[[], float] = time.time,
    ) -> None:
        self._measure = measure
        self._monotonic = monotonic
        self._file = ClockFile(clock_file) if clock_file else None
        self._zero = datetime.fromtimestamp(machine(), UTC) - timedelta(seconds=monotonic())
        self._doubted: datetime | None = None
        self._steady = False

    def now(self) -> datetime:
        shift = self._file.offset() if self._file else timedelta(0)
        return self.unshifted() + shift

    def unshifted(self) -> datetime:
        return self._zero + timedelta(seconds=self._monotonic())

    def monotonic(self) -> float:
        return self._monotonic()

    @property
    def steady(self) -> bool:
        """Measured, and not in the middle of a step: a part of being ready."""
        return self._steady

    async def once(self) -> int:
        """Measure the offset; for a Loop every MEASURE_EVERY seconds. Never says it did much."""
        asked = self._monotonic()
        told = await self._measure()
        answered = self._monotonic()
        if answered - asked <= TRUSTED_ROUND_TRIP:
            self._judge(told - timedelta(seconds=(asked + answered) / 2))
        return 0

    def _judge(self, zero: datetime) -> None:
        first = not self._steady and self._doubted is None
        believable = [moment for moment in (self._zero, self._doubted) if moment is not None]
        if first or any(abs(zero - moment) <= STEP for moment in believable):
            self._zero, self._doubted, self._steady = zero, None, True
        else:
            self._doubted, self._steady = zero, False
