"""Marks in a README, between which a table is written, and what was written there by hand."""

import re
from collections.abc import Iterable, Mapping, Sequence

BEGIN, END = "<!-- {name}: made by `make docs` -->", "<!-- {name}: end -->"
CODE = re.compile(r"`([^`]+)`")
BAR = re.compile(r"(?<!\\)\|")


class MarkMissing(Exception):
    """A README has no place for a table; the message says what to put there."""


def parts(readme: str, name: str) -> str:
    """Return what stands between the marks of this table. Raises MarkMissing."""
    begin, end = BEGIN.format(name=name), END.format(name=name)
    _, found, rest = readme.partition(begin + "\n")
    inner, closed, _ = rest.partition(end)
    if not found or not closed:
        raise MarkMissing(f"put a line `{begin}` and a line `{end}` where the table belongs")
    return inner


def filled(readme: str, name: str, table: str) -> str:
    """Return the README with this between the marks."""
    return readme.replace(
        f"{BEGIN.format(name=name)}\n{parts(readme, name)}",
        f"{BEGIN.format(name=name)}\n{table}\n",
        1,
    )


def notes(table: str, column: int) -> Mapping[str, str]:
    """Return what was written by hand in the last column, by each name in this one."""
    found = {}
    for line in table.splitlines():
        cells = [cell.strip() for cell in BAR.split(line)[1:-1]]
        if len(cells) > column + 1:
            found.update(dict.fromkeys(CODE.findall(cells[column]), cells[-1]))
    return found


def table_of(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Write a table; a bar within a cell is escaped."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def cell(text: str) -> str:
    """Return a text as it stands in a cell."""
    return text.replace("|", "\\|")


def code(text: str) -> str:
    return f"`{text}`"
