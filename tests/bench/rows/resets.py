"""Reset requests through to the mail, through one replica of each service."""

import itertools
from dataclasses import dataclass

import msgspec

from deploy.local import ports
from shared.contracts.topology import SERVICES
from tests.bench.figures import (
    Bound,
    Line,
    Measured,
    NotMeasured,
    Result,
    Sense,
    steady_rate,
)
from tests.bench.load import FIRST_SOURCE, Job, Jobs, Outcome
from tests.bench.processes import outcome_of, own_cpu
from tests.bench.rows.people import JSON
from tests.bench.seeds import known_accounts, name_of
from tests.bench.sink import Sink
from tests.bench.site import Service, Site
from tests.bench.watch import SERVERS, costs, server_pids

REQUESTS = 1_500  # a round, each for an account of its own: one may be mailed once a minute
CONNECTIONS = 32
WITHIN = 60.0
KEY_THERE = "SELECT EXISTS (SELECT FROM recovery.public_keys WHERE issuer LIKE '%/notify')"


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    accepted: float  # a second
    mailed: Measured  # from the first request to the last mail


async def measure(site: Site, rounds: int) -> Result:
    sink, first = Sink(), itertools.count(0, REQUESTS)
    await sink.open()
    environ = {"PORTICO_SMTP_URL": f"smtp://{ports.LOOPBACK}:{sink.port}"}
    await known_accounts(site, (rounds + 1) * REQUESTS)
    try:
        async with site.services(*SERVICES, extra={"notify": environ}) as running:
            recovery = next(one for one in running if one.name == "recovery")
            await site.until(KEY_THERE)

            async def once() -> Round:
                sink.moments.clear()
                job = requests(recovery, next(first))
                watch, own = site.watch(*running), own_cpu()
                outcome = await outcome_of("tests.bench.load", Jobs((job,)), Outcome)
                [answers] = outcome.answers
                answers.must(202)
                if not await sink.until(REQUESTS, within=WITHIN):
                    raise NotMeasured(f"{len(sink.moments)} of {REQUESTS} mails came")
                mailed = watch.measured(
                    REQUESTS,
                    seconds=max(sink.moments) - (answers.ended[0] - answers.took[0]),
                    others={"load generator": outcome.cpu, "mail sink": own_cpu() - own},
                )
                return Round(accepted=steady_rate(answers.ended), mailed=mailed)

            done = await site.rounds(rounds, once)
    finally:
        sink.close()
    mailed = [one.mailed for one in done]
    return Result(
        row="resets",
        lines=(
            Line(
                what="resets accepted",
                unit="a second",
                ours=tuple(one.accepted for one in done),
            ),
            Line(
                what="resets through to the mail",
                unit="a second",
                ours=tuple(one.rate for one in mailed),
            ),
            Line(
                what="  CPU a reset, services and servers",
                unit="µs",
                ours=tuple(one.cpu_of(*SERVICES, *SERVERS) for one in mailed),
                bound=Bound(Sense.AT_MOST, 3000) if server_pids() else None,
            ),
        ),
        notes=(
            f"resets: {REQUESTS} requests a round over {CONNECTIONS} connections, each for an "
            "account of its own that was put into recovery's and notify's projections before; to "
            "the mail: from the first request to the last mail",
            costs("resets", "reset", mailed),
        ),
    )


def requests(recovery: Service, first: int) -> Job:
    """One for each of the next accounts."""
    return Job(
        port=recovery.http_port,
        path="/resets/links",
        headers=JSON,
        bodies=tuple(
            msgspec.json.encode({"name": name_of(number)}).decode()
            for number in range(first, first + REQUESTS)
        ),
        connections=CONNECTIONS,
        first_source=FIRST_SOURCE + first,
    )
