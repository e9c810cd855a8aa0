"""The table that a person reads."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from tests.bench.figures import Line, Result, Spread

WIDTH = 170


def show(results: Sequence[Result], *, heading: str) -> None:
    """Print one table over all rows, and below it what must be known to read it."""
    table = Table(title=heading, title_justify="left", caption_justify="left")
    for column in ("what", "unit", "ours", "ceiling", "the ceiling is", "ratio", "bound", "holds"):
        right = column in ("ours", "ceiling", "ratio", "bound")
        table.add_column(column, justify="right" if right else "left")
    for result in results:
        for line in result.lines:
            table.add_row(*cells(line))
        table.add_section()
    console = Console(width=WIDTH)
    console.print(table)
    console.print("min / median / max of the rounds; a bound is of the ratio where there is one")
    for result in results:
        for note in result.notes:
            console.print(f"- {note}", highlight=False)


def cells(line: Line) -> tuple[str, ...]:
    """One line of it."""
    return (
        line.what,
        line.unit,
        three(line.ours),
        three(line.ceiling) if line.ceiling else "",
        line.ceiling_is,
        ratios(line) if line.ceiling else "",
        bound(line),
        {True: "yes", False: "NO", None: ""}[line.holds],
    )


def three(figures: Sequence[float]) -> str:
    """Three digits that count."""
    spread = Spread.of(figures)
    return " / ".join(rounded(one) for one in (spread.low, spread.middle, spread.high))


def rounded(figure: float) -> str:
    return f"{figure:,.0f}" if figure >= 100 else f"{figure:.3g}"


def ratios(line: Line) -> str:
    spread = Spread.of(line.ratios)
    return " / ".join(as_ratio(line, one) for one in (spread.low, spread.middle, spread.high))


def as_ratio(line: Line, figure: float) -> str:
    return f"{figure:.0%}" if line.share else f"{figure:.2f}"


def bound(line: Line) -> str:
    if line.bound is None:
        return ""
    value = line.bound.value
    told = as_ratio(line, value) if line.ceiling else rounded(value)
    return f"{line.bound.sense} {told}"
