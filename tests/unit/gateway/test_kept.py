from datetime import timedelta

import msgspec
import pytest

from tests.support.clock import START
from tests.unit.gateway.kept import KEPT, NOW


@pytest.mark.proves("SE-1")
@pytest.mark.parametrize(
    ("until", "passed", "left"),
    [
        ({}, 0, 900),
        ({}, 899, 1),
        ({}, 900, 0),
        ({}, 2000, 0),
        ({"ends_at": NOW + 300}, 0, 300),
        ({"ends_at": NOW + 300}, 300, 0),
    ],
)
def test_a_session_lives_as_long_as_identity_said(
    until: dict[str, int], passed: int, left: int
) -> None:
    kept, now = msgspec.structs.replace(KEPT, **until), START + timedelta(seconds=passed)

    assert (kept.left(now), kept.alive(now)) == (left, left > 0)


@pytest.mark.proves("SE-1")
@pytest.mark.parametrize(("idle_until", "renewable"), [(NOW + 290, True), (NOW + 296, False)])
def test_going_on_gives_more_only_before_the_longest_life_is_over(
    idle_until: int, renewable: bool
) -> None:
    kept = msgspec.structs.replace(KEPT, idle_until=idle_until, ends_at=NOW + 300)

    assert kept.renewable is renewable
