"""`python -m tests.bench [ROW ...]`: measure, print one table; 1 where something was not measured.

A figure is no assertion: a bound that does not hold is told in the table, and is no failure.
"""

import argparse
import asyncio
import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from deploy.local.errors import CannotStart
from deploy.local.signals import run_until_signalled
from tests.bench.figures import NotMeasured, Result
from tests.bench.rows import ROWS
from tests.bench.site import Site, opened
from tests.bench.table import show

ROUNDS = 5


def say(line: str) -> None:
    """Tell the person at the terminal at once, beside the table."""
    print(line, file=sys.stderr, flush=True)


async def measure(site: Site, names: Sequence[str], rounds: int) -> tuple[list[Result], list[str]]:
    """Measure row by row; one that fails is told, and the others go on."""
    results, failures = [], []
    for name in names:
        began = asyncio.get_running_loop().time()
        say(f"{name} ...")
        try:
            results.append(await ROWS[name](site, rounds))
        except (NotMeasured, CannotStart) as problem:
            failures.append(f"{name} was NOT measured: {problem}")
            say(failures[-1])
        else:
            say(f"{name}: {asyncio.get_running_loop().time() - began:.0f} s")
    return results, failures


async def bench(arguments: argparse.Namespace) -> int:
    """Hold the servers, measure, print."""
    async with opened(os.environ, say) as site:
        results, failures = await measure(site, arguments.rows, arguments.rounds)
        heading = (
            f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {len(os.sched_getaffinity(0))} cores, "
            f"{arguments.rounds} rounds; {site.servers}"
        )
    show(results, heading=heading)
    for failure in failures:
        say(failure)
    if arguments.json:
        arguments.json.write_bytes(msgspec.json.format(msgspec.json.encode(results)))
    return 1 if failures else 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("rows", nargs="*", metavar="ROW", help=", ".join(ROWS))
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--json", type=Path, help="also write every figure to this file")
    arguments = parser.parse_args()
    arguments.rows = arguments.rows or list(ROWS)
    if unknown := [name for name in arguments.rows if name not in ROWS]:
        parser.error(f"no row {', '.join(unknown)}; there are {', '.join(ROWS)}")
    try:
        return run_until_signalled(bench(arguments))
    except CannotStart as problem:
        say(str(problem))
        return 1


if __name__ == "__main__":
    raise SystemExit(main())
