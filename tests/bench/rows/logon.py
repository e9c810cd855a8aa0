"""Log-on through one replica of identity, against bcrypt alone on as many threads."""

import os

import msgspec

from tests.bench.ceilings import hashes
from tests.bench.figures import Bound, Line, NotMeasured, Result, Sense, percentile, steady_rate
from tests.bench.processes import outcome_of
from tests.bench.rows.people import People, answers_to
from tests.bench.seeds import COST
from tests.bench.site import Site

SECONDS = 5.0
WAITING = 1  # log-ons that wait for a hashing thread: enough that none is idle
OVERLOAD = 100.0  # log-ons a second, many times what a few cores hash
OVERLOAD_SECONDS = 2.0


async def measure(site: Site, rounds: int) -> Result:
    threads = len(os.sched_getaffinity(0))
    raw, ours, refused = [], [], []
    async with site.services("identity") as (identity,):
        people = await People.at(site, identity)
        for _ in range(rounds):
            job = hashes.Job(threads=threads, cost=COST, seconds=SECONDS)
            hashed = await outcome_of("tests.bench.ceilings.hashes", job, hashes.Hashed)
            raw.append(steady_rate(hashed.ended))
            [answers] = await answers_to(
                people.log_ons(connections=WAITING + threads, seconds=SECONDS)
            )
            answers.must(201)
            ours.append(steady_rate(answers.ended))
            flood = people.log_ons(connections=100, seconds=OVERLOAD_SECONDS)
            [answers] = await answers_to(msgspec.structs.replace(flood, rate=OVERLOAD))
            answers.must(201, 503)
            turned_away = answers.only(503).took
            if not turned_away:
                raise NotMeasured("nobody was turned away in the overload")
            refused.append(percentile(turned_away, 0.99) * 1000)
    return Result(
        row="logon",
        lines=(
            Line(
                what="log-on",
                unit="a second",
                ours=tuple(ours),
                ceiling=tuple(raw),
                ceiling_is=f"bcrypt cost {COST}, {threads} threads",
                bound=Bound(Sense.AT_LEAST, 0.95),
            ),
            Line(
                what="  overload: 503 after, p99",
                unit="ms",
                ours=tuple(refused),
                bound=Bound(Sense.AT_MOST, 50),
            ),
        ),
        notes=(
            f"log-on: every one was answered 201; {WAITING + threads} under way at any time; "
            f"overload: {OVERLOAD:.0f} log-ons a second",
        ),
    )
