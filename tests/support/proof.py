"""Which rows of the feature list are built, and which tests prove it: `make proof`.

A README claims rows in a table headed `| row | state |` and says there what is missing of each; a
test proves them by the marker `proves`, which names the rows alone.
"""

import contextlib
import io
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).parents[2]
READMES = (ROOT / "README.md", *sorted(ROOT.glob("services/*/README.md")))
ROW = re.compile(r"^\|\s*(?P<row>[A-Z]{2,4}-\d+b?)\s*\|\s*(?P<state>built|part: [^|]+?)\s*\|")


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A row as a README claims it; `missing` is None where it is built whole."""

    row: str
    readme: Path
    missing: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """A test and a row it proves."""

    row: str
    test: str


@dataclass(slots=True)
class ProofCollector:
    """A pytest plugin that reads the markers of all collected tests."""

    proofs: list[Proof] = field(default_factory=list)

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        for item in items:
            self.proofs += proofs_of(item)


def proofs_of(item: pytest.Item) -> list[Proof]:
    """Return what one test says it proves. Raises UsageError where it says more than rows."""
    found = []
    for marker in item.iter_markers("proves"):
        if marker.kwargs:
            raise pytest.UsageError(
                f"{item.nodeid}: `proves` names rows alone; "
                "what is missing is said in the README's table of rows"
            )
        found += [Proof(row=row, test=item.nodeid.partition("[")[0]) for row in marker.args]
    return found


def claims() -> Iterator[Claim]:
    """Read every README's table of rows."""
    for readme in READMES:
        for line in readme.read_text().splitlines():
            if found := ROW.match(line):
                missing = found["state"].partition("part: ")[2]
                yield Claim(row=found["row"], readme=readme, missing=missing or None)


def faults(claimed: list[Claim], proofs: list[Proof]) -> list[str]:
    """Say where claims and tests do not fit; an empty list is a pass."""
    proven = {proof.row for proof in proofs}
    rows: dict[str, Claim] = {}
    found = []
    for claim in claimed:
        place = claim.readme.relative_to(ROOT)
        if claim.row not in proven:
            found.append(f"{place}: {claim.row} has no test")
        first = rows.setdefault(claim.row, claim)
        if claim.missing != first.missing:
            found.append(
                f"{claim.row} misses {claim.missing!r} by {place}, "
                f"{first.missing!r} by {first.readme.relative_to(ROOT)}"
            )
    found += [
        f"{proof.test} proves {proof.row}, which no README claims"
        for proof in proofs
        if not proof.row.startswith("V") and proof.row not in rows
    ]
    return found


def main() -> int:
    """Print rows → tests → state, parts apart; 1 where claims and tests do not fit."""
    collector = ProofCollector()
    listing = io.StringIO()
    with contextlib.redirect_stdout(listing):
        code = pytest.main(["--collect-only", "-qq", "--no-header"], [collector])
    if code:
        print(listing.getvalue())  # noqa: T201 - why the tests cannot be read
        return int(code)
    claimed = list(claims())
    console = Console(width=None if sys.stdout.isatty() else 160)
    for title, part in (("Built", False), ("Built in part", True)):
        table = Table(title=title, show_lines=True)
        for column in ("row", "where", "missing", "tests") if part else ("row", "where", "tests"):
            table.add_column(column, overflow="fold")
        for claim in sorted(claimed, key=lambda claim: claim.row):
            if bool(claim.missing) is part:
                tests = sorted({p.test for p in collector.proofs if p.row == claim.row})
                where = str(claim.readme.relative_to(ROOT).parent)
                cells = (claim.row, where, *([claim.missing or ""] if part else []))
                table.add_row(*cells, "\n".join(tests))
        console.print(table)
    standards = sorted({proof.row for proof in collector.proofs if proof.row.startswith("V")})
    console.print(f"ASVS requirements with a test: {', '.join(standards)}")
    wrong = faults(claimed, collector.proofs)
    for line in wrong:
        console.print(f"[red]{line}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
