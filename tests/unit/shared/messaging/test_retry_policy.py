"""The back-off of failing messages and of refused outbox rows."""

import pytest

from shared.messaging.relay import put_off
from shared.messaging.retries import RetryPolicy
from shared.randomness import Randomness


class Highest(Randomness):
    """Jitter at its upper end."""

    def between(self, low: float, high: float) -> float:
        return high


class Lowest(Randomness):
    """Jitter at its lower end."""

    def between(self, low: float, high: float) -> float:
        return low


@pytest.mark.parametrize(("attempts", "seconds"), [(1, 1), (2, 2), (5, 16), (10, 512), (11, 600)])
def test_a_failing_message_waits_twice_as_long_each_time_to_ten_minutes(
    attempts: int, seconds: float
) -> None:
    policy = RetryPolicy()

    assert policy.delay(attempts, Highest()).total_seconds() == seconds
    assert policy.delay(attempts, Lowest()).total_seconds() == seconds / 2


def test_twelve_tries_last_at_most_half_an_hour() -> None:
    policy = RetryPolicy()

    waits = [policy.delay(attempt, Highest()).total_seconds() for attempt in range(1, 12)]

    assert not policy.is_last(11)
    assert policy.is_last(12)
    assert sum(waits) == 27 * 60 + 3


@pytest.mark.parametrize(("attempts", "seconds"), [(0, 1), (3, 8), (5, 30), (1000, 30)])
def test_a_refused_row_is_put_off_to_half_a_minute_at_most(attempts: int, seconds: float) -> None:
    assert put_off(attempts, Highest()).total_seconds() == seconds
