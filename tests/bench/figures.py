"""What was measured: one reading a round, beside its ceiling's, and what the bound says to it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import starmap

import msgspec


class NotMeasured(Exception):
    """A figure that would mean nothing: something failed, or did not happen."""


class Sense(StrEnum):
    AT_LEAST = "≥"
    AT_MOST = "≤"


class Bound(msgspec.Struct, frozen=True):
    """What the architecture asks for: of the ratio to the ceiling, or of our own figure."""

    sense: Sense
    value: float

    def holds(self, figure: float) -> bool:
        """Whether a figure is on the right side."""
        return figure >= self.value if self.sense is Sense.AT_LEAST else figure <= self.value


@dataclass(frozen=True, slots=True)
class Spread:
    """Lowest, middle and highest of the rounds."""

    low: float
    middle: float
    high: float

    @classmethod
    def of(cls, figures: Iterable[float]) -> "Spread":
        """Of an even number the middle is the mean of the two in the middle."""
        ordered = sorted(figures)
        if not ordered:
            raise NotMeasured("no rounds")
        half = len(ordered) // 2
        upper, lower = ordered[half], ordered[half - (1 - len(ordered) % 2)]
        return cls(ordered[0], (upper + lower) / 2, ordered[-1])


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the table: a figure a round, with the ceiling's of the same round beside it."""

    what: str
    unit: str
    ours: tuple[float, ...]
    ceiling: tuple[float, ...] = ()  # empty where the bound is of our figure itself
    ceiling_is: str = ""
    bound: Bound | None = None  # none: told, not held against anything
    share: bool = True  # the ratio is told in per cent, else as a factor

    @property
    def ratios(self) -> tuple[float, ...]:
        """Ours by the ceiling's, round by round: both met the same noise."""
        return tuple(starmap(ratio, zip(self.ours, self.ceiling, strict=True)))

    @property
    def judged(self) -> Spread:
        """What the bound is of."""
        return Spread.of(self.ratios if self.ceiling else self.ours)

    @property
    def holds(self) -> bool | None:
        """Whether the middle round keeps the bound; None where there is none."""
        return None if self.bound is None else self.bound.holds(self.judged.middle)


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the limits: its lines, and what a reader of the figures must know."""

    row: str
    lines: tuple[Line, ...]
    notes: tuple[str, ...] = ()


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """What one round did: how much, in which time, and what its process spent on it."""

    done: int
    seconds: float
    cpu: float  # seconds of that process, user and system
    spent: Mapping[str, float] = {}  # of every process group that took part, servers too

    @property
    def rate(self) -> float:
        return self.done / self.seconds

    @property
    def cpu_each(self) -> float:
        """Microseconds."""
        return self.cpu / self.done * 1e6

    def cpu_of(self, *groups: str) -> float:
        """The same of several groups together, as far as they were seen."""
        return sum(self.spent.get(group, 0.0) for group in groups) / self.done * 1e6


def beside(
    what: str,
    each: str,
    ours: Sequence[Measured],
    ceiling: Sequence[Measured],
    *,
    ceiling_is: str,
    at_least: float,
) -> tuple[Line, Line]:
    """The rate, which the bound is of, and the CPU time: less noisy on a machine that is shared."""
    return (
        Line(
            what=what,
            unit=f"{each}s a second",
            ours=tuple(one.rate for one in ours),
            ceiling=tuple(one.rate for one in ceiling),
            ceiling_is=ceiling_is,
            bound=Bound(Sense.AT_LEAST, at_least),
        ),
        Line(
            what=f"  its CPU a {each}",
            unit="µs",
            ours=tuple(one.cpu_each for one in ours),
            ceiling=tuple(one.cpu_each for one in ceiling),
            ceiling_is="the same",
            share=False,
        ),
    )


def ratio(ours: float, ceiling: float) -> float:
    """Raises NotMeasured where the ceiling did nothing."""
    if ceiling <= 0:
        raise NotMeasured("the ceiling did nothing")
    return ours / ceiling


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that this share of all does not exceed."""
    if not values:
        raise NotMeasured("no values")
    ordered = sorted(values)
    place = -(-len(ordered) * share // 1)  # rounded up
    return ordered[max(0, int(place) - 1)]


def steady_rate(moments: Sequence[float]) -> float:
    """Completions a second, from the first to the last: what was cut off at the ends is out."""
    if len(moments) < 3 or max(moments) <= min(moments):
        raise NotMeasured("too little happened")
    return (len(moments) - 1) / (max(moments) - min(moments))
