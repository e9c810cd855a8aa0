"""A steady 50 introspections a second while log-ons saturate the cores, against the same idle."""

import asyncio
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass

import aiohttp
import msgspec

from deploy.local import ports
from tests.bench.figures import (
    Bound,
    Line,
    Measured,
    NotMeasured,
    Result,
    Sense,
    percentile,
)
from tests.bench.load import Job
from tests.bench.rows.people import People, answers_to
from tests.bench.site import Service, Site
from tests.bench.watch import costs

SECONDS = 6.0
STEADY = 50.0  # introspections a second
LIVENESS = 20.0  # looks a second
WAITING = 1  # log-ons that wait for a hashing thread: enough that none is idle
BUCKET = re.compile(r'portico_event_loop_lag_seconds_bucket\{le="([^"]+)"\} (\S+)')


@dataclass(frozen=True, slots=True, kw_only=True)
class Felt:
    """What one phase was like, in milliseconds."""

    introspection_p99: float
    lag_p99: float  # the upper end of the histogram's bucket
    liveness_longest: float
    answered: int


async def measure(site: Site, rounds: int) -> Result:
    threads = len(os.sched_getaffinity(0))
    async with site.services("identity") as (identity,):
        people = await People.at(site, identity)

        async def once() -> tuple[Felt, Felt, Measured]:
            steady = await people.introspections(connections=16, seconds=SECONDS)
            steady = msgspec.structs.replace(steady, rate=STEADY)
            idle = await felt(identity, steady)
            log_ons = people.log_ons(connections=WAITING + threads, seconds=SECONDS + 3)
            storming = asyncio.create_task(answers_to(log_ons))
            watch = site.watch(identity)
            try:
                await asyncio.sleep(1.5)  # until every thread hashes
                storm = await felt(identity, steady)
            finally:
                [opened] = await storming
            opened.must(201)
            return idle, storm, watch.measured(len(opened.ended) + storm.answered)

        idle, storm, both = zip(*await site.rounds(rounds, once), strict=True)
    return Result(
        row="storm",
        lines=(
            Line(
                what="introspection in a log-on storm, p99",
                unit="ms",
                ours=tuple(one.introspection_p99 for one in storm),
                ceiling=tuple(one.introspection_p99 for one in idle),
                ceiling_is="the same, idle",
                bound=Bound(Sense.AT_MOST, 2.0),
                share=False,
            ),
            Line(
                what="  event-loop lag, p99 at most",
                unit="ms",
                ours=tuple(one.lag_p99 for one in storm),
                bound=Bound(Sense.AT_MOST, 5.0),
            ),
            Line(
                what="  liveness, longest",
                unit="ms",
                ours=tuple(one.liveness_longest for one in storm),
                bound=Bound(Sense.AT_MOST, 50.0),
            ),
        ),
        notes=(
            f"storm: {STEADY:.0f} introspections and {LIVENESS:.0f} looks at liveness a second, "
            f"each timed from when it was due; {WAITING + threads} log-ons under way",
            costs("storm", "answer", both),
        ),
    )


async def felt(identity: Service, steady: Job) -> Felt:
    """One phase: introspection and liveness at their rates, and the loop's own histogram."""
    looks = Job(
        port=identity.http_port,
        method="GET",
        path="/health/live",
        connections=8,
        seconds=SECONDS,
        rate=LIVENESS,
    )
    before = await lag_buckets(identity)
    introspected, looked = await answers_to(steady, looks)
    after = await lag_buckets(identity)
    introspected.must(200)
    looked.must(200)
    return Felt(
        introspection_p99=percentile(introspected.took, 0.99) * 1000,
        lag_p99=bucket_of(0.99, before, after) * 1000,
        liveness_longest=max(looked.took) * 1000,
        answered=len(introspected.ended) + len(looked.ended),
    )


async def lag_buckets(service: Service) -> Mapping[float, float]:
    """Read how often the loop was at most so late."""
    url = f"http://{ports.LOOPBACK}:{service.metrics_port}/metrics"
    async with aiohttp.ClientSession() as http, http.get(url) as reply:
        text = await reply.text()
    return {float(bound): float(count) for bound, count in BUCKET.findall(text)}


def bucket_of(share: float, before: Mapping[float, float], after: Mapping[float, float]) -> float:
    """The smallest bucket's bound that this share of what came between does not exceed."""
    total = after[float("inf")] - before.get(float("inf"), 0.0)
    if not total:
        raise NotMeasured("the loop's lag was not observed")
    return next(
        bound for bound in sorted(after) if after[bound] - before.get(bound, 0.0) >= share * total
    )
