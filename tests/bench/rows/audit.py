"""`audit verify` over a long chain: rows a second, and that its memory does not grow with them."""

import asyncio
import os
from dataclasses import dataclass

from tests.bench.figures import Bound, Line, NotMeasured, Result, Sense
from tests.bench.seeds import audited
from tests.bench.site import Site

SERVICE = "recovery"
ROWS = 200_000
OPTION = "AUDIT_ROWS"
SHORTER = 4  # times, of what the memory is compared with
WHOLE = "chain whole to place "


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """One run of the verb, as a process of its own."""

    rows: int
    seconds: float
    cpu: float
    memory: float  # MiB at most


async def measure(site: Site, rounds: int) -> Result:
    wanted = max(SHORTER, int(site.surroundings.inherited.get(OPTION, ROWS)))
    await audited(site, SERVICE, wanted // SHORTER)
    shorter = await verified(site)
    await audited(site, SERVICE, wanted)
    done = [await verified(site) for _ in range(rounds)]
    return Result(
        row="audit",
        lines=(
            Line(
                what=f"audit verify over {done[0].rows:,} rows",
                unit="rows a second",
                ours=tuple(one.rows / one.seconds for one in done),
            ),
            Line(
                what="  its CPU a row",
                unit="µs",
                ours=tuple(one.cpu / one.rows * 1e6 for one in done),
            ),
            Line(
                what="  its memory at most",
                unit="MiB",
                ours=tuple(one.memory for one in done),
                ceiling=(shorter.memory,) * len(done),
                ceiling_is=f"the same over {shorter.rows:,} rows",
                bound=Bound(Sense.AT_MOST, 1.10),
                share=False,
            ),
        ),
        notes=(
            f"audit: the verb as a process of its own, its start included, on a chain that is "
            f"whole; {OPTION}=10000000 makes it so many rows",
        ),
    )


async def verified(site: Site) -> Verified:
    """Let the verb go along what is there. Raises NotMeasured where it says anything but whole."""
    now = asyncio.get_running_loop().time
    began = now()
    verb = [f"services.{SERVICE}", "audit", "verify"]
    program = site.program("verify", verb, site.surroundings.of_verbs(SERVICE))
    _, status, used = await asyncio.to_thread(os.wait4, program.pid, 0)
    seconds = now() - began
    *_, told = ["", *program.log.read_text().splitlines()]
    if status or not told.startswith(WHOLE):
        raise NotMeasured(f"audit verify ended with {status}:\n{program.last_words()}")
    return Verified(
        rows=int(told.removeprefix(WHOLE).partition(",")[0]),
        seconds=seconds,
        cpu=used.ru_utime + used.ru_stime,
        memory=used.ru_maxrss / 1024,
    )
