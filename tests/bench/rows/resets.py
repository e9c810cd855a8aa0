"""Reset requests through to the mail, through one replica of each service."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from deploy.local import ports
from shared.contracts.topology import SERVICES
from tests.bench.figures import Bound, Line, NotMeasured, Result, Sense, Spread, steady_rate
from tests.bench.load import FIRST_SOURCE, Job, Jobs, Outcome
from tests.bench.processes import cpu_of, outcome_of
from tests.bench.rows.people import JSON
from tests.bench.seeds import known_accounts, name_of
from tests.bench.sink import Sink
from tests.bench.site import Service, Site

REQUESTS = 1_500  # a round, each for an account of its own: one may be mailed once a minute
CONNECTIONS = 32
WITHIN = 60.0
KEY_THERE = "SELECT EXISTS (SELECT FROM recovery.public_keys WHERE issuer LIKE '%/notify')"


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """From the first request to the last mail, and what each process spent meanwhile."""

    seconds: float
    cpu: Mapping[str, float]


async def measure(site: Site, rounds: int) -> Result:
    accepted: list[float] = []
    rounds_done: list[Round] = []
    sink = Sink()
    await sink.open()
    environ = {"PORTICO_SMTP_URL": f"smtp://{ports.LOOPBACK}:{sink.port}"}
    await known_accounts(site, (rounds + 1) * REQUESTS)
    try:
        async with site.services(*SERVICES, extra={"notify": environ}) as running:
            recovery = next(one for one in running if one.name == "recovery")
            await site.until(KEY_THERE)
            for number in range(rounds + 1):
                sink.moments.clear()
                job = requests(recovery, number * REQUESTS)
                before = costs(site, running)
                outcome = await outcome_of("tests.bench.load", Jobs((job,)), Outcome)
                [answers] = outcome.answers
                answers.must(202)
                if not await sink.until(REQUESTS, within=WITHIN):
                    raise NotMeasured(f"{len(sink.moments)} of {REQUESTS} mails came")
                after = costs(site, running)
                if number == 0:
                    continue  # connections open, statements prepared
                accepted.append(steady_rate(answers.ended))
                cpu = {name: after[name] - before[name] for name in before}
                rounds_done.append(
                    Round(
                        seconds=max(sink.moments) - (answers.ended[0] - answers.took[0]),
                        cpu={**cpu, "load generator": outcome.cpu},
                    )
                )
    finally:
        sink.close()
    return Result(
        row="resets",
        lines=(
            Line(
                what="resets accepted",
                unit="a second",
                ours=tuple(accepted),
            ),
            Line(
                what="resets through to the mail",
                unit="a second",
                ours=tuple(REQUESTS / one.seconds for one in rounds_done),
                bound=Bound(Sense.AT_LEAST, 1000),
            ),
        ),
        notes=(
            f"resets: {REQUESTS} requests a round over {CONNECTIONS} connections, each for an "
            "account of its own that was put into recovery's and notify's projections before; to "
            "the mail: from the first request to the last mail",
            f"resets: {told(rounds_done)}",
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


def costs(site: Site, running: Sequence[Service]) -> Mapping[str, float]:
    """Seconds that everything has spent until now."""
    return {
        **{service.name: service.cpu for service in running},
        **site.server_cpu(),
        "mail sink": cpu_of(os.getpid()),
    }


def told(rounds: Sequence[Round]) -> str:
    """Name what was spent and who was busiest: the first ceiling is the one that is reached."""
    each = {name: Spread.of(one.cpu[name] for one in rounds).middle for name in rounds[0].cpu}
    ranked = sorted(each.items(), key=lambda item: -item[1])
    cores = len(os.sched_getaffinity(0))
    seconds = Spread.of(one.seconds for one in rounds).middle
    busiest, most = ranked[0]
    costs_each = ", ".join(f"{name} {cost / REQUESTS * 1e6:.0f}" for name, cost in ranked)
    return (
        f"CPU a request in µs: {costs_each}; busiest was {busiest} with {most / seconds:.0%} of a "
        f"core, and all of this together took {sum(each.values()) / seconds / cores:.0%} of "
        f"{cores} cores"
    )
