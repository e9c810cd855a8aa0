"""How well times tell two classes apart, and how sure that is."""

from statistics import NormalDist

import pytest

from tests.timing.area import area


def test_times_that_are_all_longer_tell_everything() -> None:
    told = area([3.0, 4.0, 5.0], [1.0, 2.0])

    assert (told.value, told.margin) == (1.0, 0.0)
    assert told.exceeds
    assert area([1.0, 2.0], [3.0, 4.0, 5.0]).value == 0.0


def test_equal_times_count_half() -> None:
    assert area([1.0, 1.0], [1.0, 1.0, 1.0]).value == 0.5
    assert area([1.0, 2.0], [1.0, 2.0]).value == 0.5


def test_each_is_compared_with_each() -> None:
    # of nine pairs: 2 > 1; 4 > 1, 3; 6 > 1, 3, 5
    assert area([2.0, 4.0, 6.0], [1.0, 3.0, 5.0]).value == pytest.approx(6 / 9)


def test_the_margin_is_as_wide_as_the_areas_of_many_such_experiments_are() -> None:
    found = [
        area(NormalDist().samples(200, seed=seed), NormalDist().samples(200, seed=f"other {seed}"))
        for seed in range(1, 301)
    ]

    missed = sum(abs(one.value - 0.5) > one.margin for one in found)
    assert 3 <= missed <= 30  # of 300, 15 where the margin is that of 95 per cent


@pytest.mark.parametrize(("later", "exceeds"), [(0.0, False), (0.05, False), (0.2, True)])
def test_two_thousand_pairs_show_a_shift_that_is_larger_than_the_bound(
    later: float, exceeds: bool
) -> None:
    """A shift of 0.2 deviations is an area of 0.556, one of 0.05 is 0.514."""
    first = NormalDist(later).samples(2_000, seed="first")
    second = NormalDist().samples(2_000, seed="second")

    told = area(first, second)

    assert told.exceeds is exceeds
    assert told.margin < 0.02
