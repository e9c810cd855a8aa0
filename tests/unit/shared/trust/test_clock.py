"""The clock follows the database, doubts a step, and can be moved by a file."""

import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from shared.clock import DatabaseClock

THEN = datetime(2031, 3, 5, 9, 0, tzinfo=UTC)


class Server:
    """A database's clock beside the process's own monotonic one, both moved by hand."""

    def __init__(self) -> None:
        self.ahead = timedelta(0)
        self.seconds = 100.0
        self.round_trip = 0.0

    async def time(self) -> datetime:
        self.seconds += self.round_trip / 2
        told = THEN + timedelta(seconds=self.seconds) + self.ahead
        self.seconds += self.round_trip / 2
        return told

    def clock(self, file: Path | None = None) -> DatabaseClock:
        return DatabaseClock(
            self.time, clock_file=file, monotonic=lambda: self.seconds, machine=lambda: 0.0
        )


async def measured(clock: DatabaseClock) -> bool:
    """Measure once; return whether the clock is steady then."""
    await clock.once()
    return clock.steady


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str], Path]:
    """Write the clock file as a later moment than any write before."""
    path, writes = tmp_path / "clock", iter(range(1, 100))

    def written(text: str) -> Path:
        path.write_text(text)
        moment = 1_900_000_000 + next(writes)
        os.utime(path, (moment, moment))
        return path

    return written


async def test_before_it_is_measured_the_clock_is_not_steady(server: Server) -> None:
    clock = server.clock()

    assert not clock.steady

    assert await measured(clock)
    assert clock.now() == THEN + timedelta(seconds=100)


async def test_the_half_of_the_round_trip_is_taken_off(server: Server) -> None:
    server.round_trip = 0.5
    clock = server.clock()

    await clock.once()

    assert clock.now() == THEN + timedelta(seconds=server.seconds)


async def test_a_measurement_that_took_a_second_is_not_believed(server: Server) -> None:
    server.round_trip = 1.01
    clock = server.clock()

    await clock.once()

    assert not clock.steady


@pytest.mark.parametrize("ahead", [2, -2])
async def test_a_drift_of_two_seconds_is_followed_at_once(server: Server, ahead: int) -> None:
    clock = server.clock()
    await clock.once()

    server.ahead = timedelta(seconds=ahead)
    await clock.once()

    assert clock.steady
    assert clock.now() == THEN + timedelta(seconds=100 + ahead)


@pytest.mark.parametrize("ahead", [2.001, -2.001, 3600])
async def test_a_step_makes_it_unsteady_until_the_next_measurement_confirms_it(
    server: Server, ahead: float
) -> None:
    clock = server.clock()
    await clock.once()
    server.ahead = timedelta(seconds=ahead)

    assert not await measured(clock)
    assert clock.now() == THEN + timedelta(seconds=100)

    assert await measured(clock)
    assert clock.now() == THEN + timedelta(seconds=100 + ahead)


async def test_a_single_stray_measurement_changes_nothing(server: Server) -> None:
    clock = server.clock()
    await clock.once()
    server.ahead = timedelta(hours=1)
    await clock.once()

    server.ahead = timedelta(0)
    await clock.once()

    assert clock.steady
    assert clock.now() == THEN + timedelta(seconds=100)


async def test_a_clock_that_keeps_jumping_stays_unsteady(server: Server) -> None:
    clock = server.clock()
    await clock.once()

    for hours in (1, 2, 3):
        server.ahead = timedelta(hours=hours)
        assert not await measured(clock)


async def test_the_file_moves_now_and_not_the_unshifted_time(
    server: Server, write: Callable[[str], Path]
) -> None:
    clock = server.clock(write("1200"))
    await clock.once()

    assert clock.now() == THEN + timedelta(seconds=1300)
    assert clock.unshifted() == THEN + timedelta(seconds=100)

    write("86400.5\n")
    assert clock.now() == THEN + timedelta(seconds=86500.5)


async def test_a_shift_is_no_step(server: Server, write: Callable[[str], Path]) -> None:
    clock = server.clock(write("0"))
    await clock.once()

    write("86400")
    clock.now()
    await clock.once()

    assert clock.steady


@pytest.mark.parametrize("half_written", ["", "12x", "nan", "inf", "1e300"])
async def test_a_file_half_written_leaves_the_last_offset(
    server: Server, write: Callable[[str], Path], half_written: str
) -> None:
    clock = server.clock(write("60"))
    await clock.once()
    clock.now()

    write(half_written)

    assert clock.now() == THEN + timedelta(seconds=160)


async def test_a_file_that_is_not_there_is_no_offset(server: Server, tmp_path: Path) -> None:
    clock = server.clock(tmp_path / "absent")
    await clock.once()

    assert clock.now() == THEN + timedelta(seconds=100)
