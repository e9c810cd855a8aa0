"""Reset requests through to the mail, through one replica of each service."""

from dataclasses import dataclass

import msgspec

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
from tests.bench.load import Jobs, Outcome
from tests.bench.processes import outcome_of, own_cpu
from tests.bench.rows.mailed import mailing, resets_of
from tests.bench.seeds import known_accounts
from tests.bench.site import Site
from tests.bench.watch import SERVERS, costs, server_pids

REQUESTS = 1_500  # a round, each for an account of its own: one may be mailed once a minute
CONNECTIONS = 32
WITHIN = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    accepted: float  # a second
    mailed: Measured  # from the first request to the last mail


async def measure(site: Site, rounds: int) -> Result:
    async with mailing(site) as ours:

        async def once() -> Round:
            numbers = await known_accounts(site, REQUESTS)
            bodies = tuple(ask.body for ask in resets_of(numbers))
            job = msgspec.structs.replace(ours.resets, bodies=bodies, connections=CONNECTIONS)
            ours.sink.moments.clear()
            watch, own = ours.watch(), own_cpu()
            outcome = await outcome_of("tests.bench.load", Jobs((job,)), Outcome)
            [answers] = outcome.answers
            answers.must(202)
            if not await ours.sink.until(REQUESTS, within=WITHIN):
                raise NotMeasured(f"{len(ours.sink.moments)} of {REQUESTS} mails came")
            mailed = watch.measured(
                REQUESTS,
                seconds=max(ours.sink.moments) - (answers.ended[0] - answers.took[0]),
                others={"load generator": outcome.cpu, "mail sink": own_cpu() - own},
            )
            return Round(accepted=steady_rate(answers.ended), mailed=mailed)

        done = await site.rounds(rounds, once)
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
