"""Log-on through one replica of identity, against bcrypt alone on as many threads."""

import os
from dataclasses import dataclass

import msgspec

from tests.bench.ceilings import hashes
from tests.bench.figures import (
    Bound,
    Line,
    Measured,
    NotMeasured,
    Result,
    Sense,
    percentile,
    steady_rate,
)
from tests.bench.processes import outcome_of
from tests.bench.rows.people import People, answers_to
from tests.bench.seeds import COST
from tests.bench.site import Site
from tests.bench.watch import costs

SECONDS = 5.0
WAITING = 1  # log-ons that wait for a hashing thread: enough that none is idle
OVERLOAD = 100.0  # log-ons a second, many times what a few cores hash
OVERLOAD_SECONDS = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    raw: float  # hashes a second
    ours: float  # log-ons a second
    refused: float  # milliseconds
    measured: Measured


async def measure(site: Site, rounds: int) -> Result:
    threads = len(os.sched_getaffinity(0))
    async with site.services("identity") as (identity,):
        people = await People.at(site, identity)

        async def once() -> Round:
            job = hashes.Job(threads=threads, cost=COST, seconds=SECONDS)
            hashed = await outcome_of("tests.bench.ceilings.hashes", job, hashes.Hashed)
            watch = site.watch(identity)
            [answers] = await answers_to(
                people.log_ons(connections=WAITING + threads, seconds=SECONDS)
            )
            measured = watch.measured(len(answers.ended))
            answers.must(201)
            flood = people.log_ons(connections=100, seconds=OVERLOAD_SECONDS)
            [flooded] = await answers_to(msgspec.structs.replace(flood, rate=OVERLOAD))
            flooded.must(201, 503)
            turned_away = flooded.only(503).took
            if not turned_away:
                raise NotMeasured("nobody was turned away in the overload")
            return Round(
                raw=steady_rate(hashed.ended),
                ours=steady_rate(answers.ended),
                refused=percentile(turned_away, 0.99) * 1000,
                measured=measured,
            )

        done = await site.rounds(rounds, once)
    return Result(
        row="logon",
        lines=(
            Line(
                what="log-on",
                unit="a second",
                ours=tuple(one.ours for one in done),
                ceiling=tuple(one.raw for one in done),
                ceiling_is=f"bcrypt cost {COST}, {threads} threads",
                bound=Bound(Sense.AT_LEAST, 0.95),
            ),
            Line(
                what="  overload: 503 after, p99",
                unit="ms",
                ours=tuple(one.refused for one in done),
                bound=Bound(Sense.AT_MOST, 50),
            ),
        ),
        notes=(
            f"log-on: every one was answered 201; {WAITING + threads} under way at any time; "
            f"overload: {OVERLOAD:.0f} log-ons a second",
            costs("log-on", "log-on", [one.measured for one in done]),
        ),
    )
