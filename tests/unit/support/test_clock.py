"""The clock that tests move by hand."""

from datetime import timedelta

from shared.clock import Clock
from tests.support.clock import START, FakeClock


def test_it_stands_still_until_it_is_moved() -> None:
    clock: Clock = FakeClock()

    assert (clock.now(), clock.unshifted(), clock.monotonic()) == (START, START, 0)


def test_time_that_passes_is_seen_by_every_reading() -> None:
    clock = FakeClock()

    clock.advance(minutes=20)

    passed = timedelta(minutes=20)
    assert (clock.now(), clock.unshifted()) == (START + passed, START + passed)
    assert clock.monotonic() == passed.total_seconds()


def test_an_offset_shifts_now_alone() -> None:
    clock = FakeClock()

    clock.shift(timedelta(hours=1))

    assert clock.now() == START + timedelta(hours=1)
    assert (clock.unshifted(), clock.monotonic()) == (START, 0)
