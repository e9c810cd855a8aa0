"""What is told of the rounds, and what a bound says to it."""

import pytest

from tests.bench.figures import (
    Bound,
    Line,
    Measured,
    NotMeasured,
    Sense,
    Spread,
    beside,
    percentile,
    steady_rate,
)


def a_line(*, ours: tuple[float, ...], ceiling: tuple[float, ...] = (), bound: Bound) -> Line:
    return Line(what="something", unit="a second", ours=ours, ceiling=ceiling, bound=bound)


@pytest.mark.parametrize(
    ("figures", "middle"), [((3.0,), 3.0), ((9.0, 1.0, 2.0), 2.0), ((4.0, 1.0, 2.0, 9.0), 3.0)]
)
def test_the_middle_of_the_rounds_is_their_median(
    figures: tuple[float, ...], middle: float
) -> None:
    assert Spread.of(figures) == Spread(min(figures), middle, max(figures))


def test_a_bound_is_of_the_ratio_of_each_round_to_its_own_ceiling() -> None:
    noisy = a_line(
        ours=(80.0, 8.0, 800.0), ceiling=(100.0, 10.0, 1000.0), bound=Bound(Sense.AT_LEAST, 0.8)
    )

    assert noisy.ratios == pytest.approx((0.8, 0.8, 0.8))
    assert noisy.holds


@pytest.mark.parametrize(("figure", "holds"), [(4.9, True), (5.0, True), (5.1, False)])
def test_without_a_ceiling_the_bound_is_of_the_figure_itself(figure: float, holds: bool) -> None:
    assert a_line(ours=(figure,), bound=Bound(Sense.AT_MOST, 5.0)).holds is holds


def test_a_ceiling_that_did_nothing_measures_nothing() -> None:
    line = a_line(ours=(1.0,), ceiling=(0.0,), bound=Bound(Sense.AT_LEAST, 0.8))

    with pytest.raises(NotMeasured):
        line.holds  # noqa: B018 - asking is what raises


@pytest.mark.parametrize(("share", "value"), [(0.0, 1), (0.01, 1), (0.5, 50), (0.99, 99), (1, 100)])
def test_a_percentile_is_the_smallest_value_that_this_share_does_not_exceed(
    share: float, value: int
) -> None:
    assert percentile(list(range(100, 0, -1)), share) == value


def test_a_steady_rate_counts_the_spaces_between_completions() -> None:
    assert steady_rate([10.0, 10.5, 11.0, 11.5, 12.0]) == 2.0


@pytest.mark.parametrize("moments", [(), (1.0,), (1.0, 2.0), (3.0, 3.0, 3.0)])
def test_too_few_completions_are_no_rate(moments: tuple[float, ...]) -> None:
    with pytest.raises(NotMeasured):
        steady_rate(moments)


def test_rate_and_cpu_stand_beside_the_ceiling_s() -> None:
    ours = [Measured(done=1000, seconds=2.0, cpu=0.5)]
    raw = [Measured(done=1000, seconds=1.0, cpu=0.25)]

    rate, cpu = beside("a thing", "mail", ours, raw, ceiling_is="raw", at_least=0.5)

    assert (rate.ours, rate.ceiling, rate.holds) == ((500.0,), (1000.0,), True)
    assert (cpu.ours, cpu.ceiling, cpu.holds) == ((500.0,), (250.0,), None)
