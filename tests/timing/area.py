"""The area under the curve: how well the time of a reply tells two classes apart."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import fmean, variance

BOUND = 0.03  # from 0.5, at which a time tells nothing
DEVIATIONS = 1.96  # of the 95 per cent around it


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """The chance that one of the first class took longer than one of the second."""

    value: float
    margin: float  # the true one is within, 95 times of 100

    @property
    def exceeds(self) -> bool:
        """Whether it is further from 0.5 than may be."""
        return abs(self.value - 0.5) > BOUND


def area(first: Sequence[float], second: Sequence[float]) -> Area:
    """Compare each with each; equal ones count half. The margin is DeLong's (1988).

    Ranks are compared, so a few replies that took very long count no more than others.
    """
    above, below = shares_below(first, second), shares_below(second, first)
    error = sqrt(variance(above) / len(above) + variance(below) / len(below))
    return Area(value=fmean(above), margin=DEVIATIONS * error)


def shares_below(these: Sequence[float], others: Sequence[float]) -> Sequence[float]:
    """The share of the others that is below each of these."""
    ordered = sorted(others)
    return [
        (bisect_left(ordered, one) + bisect_right(ordered, one)) / (2 * len(ordered))
        for one in these
    ]
