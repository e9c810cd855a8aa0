"""Reset requests through to the mail, through one replica of each service."""

import os
from collections.abc import Mapping, Sequence

import msgspec

from bench.figures import Bound, Line, NotMeasured, Result, Sense, Spread, steady_rate
from bench.load import FIRST_SOURCE, Job, Jobs, Outcome
from bench.processes import cpu_of, outcome_of
from bench.rows.people import JSON
from bench.seeds import known_accounts, name_of
from bench.sink import Sink
from bench.site import Service, Site
from deploy.local import ports
from shared.contracts.topology import SERVICES

REQUESTS = 2_000  # a round, each for an account of its own: one may be mailed once a minute
CONNECTIONS = 32
WITHIN = 60.0
KEY_THERE = "SELECT EXISTS (SELECT FROM recovery.public_keys WHERE issuer LIKE '%/notify')"


async def measure(site: Site, rounds: int) -> Result:
    accepted, mailed = [], []
    spent: list[Mapping[str, float]] = []
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
                outcome = await outcome_of("bench.load", Jobs((job,)), Outcome)
                [answers] = outcome.answers
                answers.must(202)
                if not await sink.until(REQUESTS, within=WITHIN):
                    raise NotMeasured(f"{len(sink.moments)} of {REQUESTS} mails came")
                after = costs(site, running)
                if number == 0:
                    continue  # connections open, statements prepared
                began = answers.ended[0] - answers.took[0]
                accepted.append(steady_rate(answers.ended))
                mailed.append(REQUESTS / (max(sink.moments) - began))
                each = {name: (after[name] - before[name]) / REQUESTS * 1e6 for name in before}
                spent.append({**each, "load generator": outcome.cpu / REQUESTS * 1e6})
    finally:
        sink.close()
    return Result(
        row="resets",
        lines=(
            Line(
                what="reset requests accepted",
                unit="a second",
                ours=tuple(accepted),
            ),
            Line(
                what="reset requests through to the mail",
                unit="a second",
                ours=tuple(mailed),
                bound=Bound(Sense.AT_LEAST, 1000),
            ),
        ),
        notes=(
            f"resets: {REQUESTS} requests a round over {CONNECTIONS} connections, each for an "
            "account of its own that was put into recovery's and notify's tables by SQL; to the "
            "mail: from the first request to the last mail",
            f"resets: {told(spent)}",
        ),
    )


def requests(recovery: Service, first: int) -> Job:
    """One for each of the next accounts."""
    return Job(
        host=ports.LOOPBACK,
        port=recovery.http_port,
        method="POST",
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


def told(spent: Sequence[Mapping[str, float]]) -> str:
    """Name who spent most; together they can spend no more than the machine's cores have."""
    middles = {name: Spread.of(one[name] for one in spent).middle for name in spent[0]}
    ranked = sorted(middles.items(), key=lambda item: -item[1])
    cores = len(os.sched_getaffinity(0))
    total = sum(middles.values())
    each = ", ".join(f"{name} {cost:.0f}" for name, cost in ranked)
    return (
        f"CPU a request in µs: {each}; together {total:.0f}, so {cores} cores end at "
        f"{cores * 1e6 / total:.0f} a second, and {ranked[0][0]} alone at {1e6 / ranked[0][1]:.0f}"
    )
