from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from services.recovery.waiting.model import miss_is_final, next_look

ASKED = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
PATIENCE = timedelta(seconds=60)


@pytest.mark.parametrize(("seconds", "final"), [(59.999, False), (60, True)])
def test_a_backlog_gets_sixty_seconds_once_accounts_are_heard_of_again(
    seconds: float, final: bool
) -> None:
    back = ASKED + timedelta(hours=1)
    now = back + timedelta(seconds=seconds)

    assert miss_is_final(ASKED, fed_since=back, patience=PATIENCE, now=now) is final


def test_a_miss_is_looked_at_ever_less_often_and_exactly_at_sixty_seconds() -> None:
    looks = [timedelta(0)]
    while looks[-1] < PATIENCE:
        now = ASKED + looks[-1]
        looks.append(next_look(ASKED, patience=PATIENCE, now=now) - ASKED)

    pauses = [after - before for before, after in pairwise(looks)]
    assert looks[-1] == PATIENCE
    assert 8 <= len(pauses) <= 16
    assert max(pauses) <= timedelta(seconds=10)


def test_a_miss_that_outlives_its_patience_is_looked_at_every_ten_seconds() -> None:
    now = ASKED + timedelta(minutes=5)

    assert next_look(ASKED, patience=PATIENCE, now=now) == now + timedelta(seconds=10)
