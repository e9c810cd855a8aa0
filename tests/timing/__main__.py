"""`python -m tests.timing [DOOR ...]`: knock, and tell what the time of a reply gives away.

Of each class the area under the curve of known against it: 0.50 tells nothing, and further than
0.03 from there is named. A figure is no assertion; 1 where something was not measured.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from statistics import median

from deploy.local.errors import CannotStart
from deploy.local.signals import run_until_signalled
from shared.randomness import Randomness
from tests.bench.figures import NotMeasured
from tests.bench.site import Site, opened
from tests.timing.area import BOUND, area
from tests.timing.doors import DOORS
from tests.timing.pairs import Took, compare

PAIRS = 2_000
WARM_UP = 200  # pairs before that count for nothing: statements prepared, caches filled


def say(line: str) -> None:
    print(line, flush=True)


async def knock(site: Site, name: str, pairs: int) -> None:
    """Try every class at one door."""
    randomness = Randomness()
    async with DOORS[name](site) as door:
        warm = next(iter(door.others.values()))
        await compare(door, warm, pairs=WARM_UP, randomness=randomness)
        await site.database.execute("ANALYZE")
        for other, bodies in door.others.items():
            took = await compare(
                door, bodies, pairs=pairs, randomness=randomness, known=door.against.get(other)
            )
            say(told(name, other, took))


def told(door: str, other: str, took: Took) -> str:
    """One line of the report."""
    found = area(took.known, took.other)
    verdict = f"EXCEEDS 0.50 ± {BOUND}" if found.exceeds else "tells nothing"
    return (
        f"{door}: known against {other}: AUC {found.value:.3f} ± {found.margin:.3f}, {verdict} "
        f"({len(took.known)} pairs, medians {median(took.known) * 1000:.2f} and "
        f"{median(took.other) * 1000:.2f} ms)"
    )


async def timing(doors: Sequence[str], pairs: int) -> int:
    async with opened(os.environ, say) as site:
        for name in doors:
            try:
                await knock(site, name, pairs)
            except NotMeasured as problem:
                say(f"{name} was NOT measured: {problem}")
                return 1
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.timing", description=__doc__)
    parser.add_argument("doors", nargs="*", metavar="DOOR", help=", ".join(DOORS))
    parser.add_argument("--pairs", type=int, default=PAIRS)
    arguments = parser.parse_args()
    doors = arguments.doors or list(DOORS)
    if unknown := [name for name in doors if name not in DOORS]:
        parser.error(f"no door {', '.join(unknown)}; there are {', '.join(DOORS)}")
    try:
        return run_until_signalled(timing(doors, arguments.pairs))
    except CannotStart as problem:
        say(str(problem))
        return 1


if __name__ == "__main__":
    sys.exit(main())
