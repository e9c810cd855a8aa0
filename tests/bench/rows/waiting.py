"""Sixteen users who each wait for the mail, then ask again, against the bare chain."""

from collections.abc import Sequence
from dataclasses import dataclass

from tests.bench.figures import Bound, Line, Measured, Result, Sense, percentile
from tests.bench.load import Job
from tests.bench.rows.mailed import (
    CHAIN_IS,
    chained,
    cpu_of_all,
    mailing,
    mails_to,
    resets_of,
)
from tests.bench.seeds import known_accounts
from tests.bench.sink import Sink
from tests.bench.site import Site
from tests.bench.users import Ask, Users
from tests.bench.watch import Watch, costs

USERS = 16
ASKS = 640  # a round, each for an account of its own: one may be mailed once a minute


@dataclass(frozen=True, slots=True, kw_only=True)
class Waited:
    """One round of one side; times in milliseconds."""

    measured: Measured
    p50: float
    p99: float


async def measure(site: Site, rounds: int) -> Result:
    async with mailing(site) as ours, chained(site, ours.sink) as chain:

        async def once() -> tuple[Waited, Waited]:
            numbers = await known_accounts(site, ASKS)
            bare = await waited(ours.sink, chain.mails, mails_to(numbers), chain.watch())
            return bare, await waited(ours.sink, ours.resets, resets_of(numbers), ours.watch())

        bare, portico = zip(*await site.rounds(rounds, once), strict=True)
    return Result(
        row="waiting",
        lines=(
            Line(
                what=f"{USERS} users, each waits for the mail, then asks again",
                unit="mails a second",
                ours=tuple(one.measured.rate for one in portico),
                ceiling=tuple(one.measured.rate for one in bare),
                ceiling_is=CHAIN_IS,
                bound=Bound(Sense.AT_LEAST, 0.80),
            ),
            *(
                Line(
                    what=f"  {name}",
                    unit="ms",
                    ours=tuple(getattr(one, name) for one in portico),
                    ceiling=tuple(getattr(one, name) for one in bare),
                    ceiling_is="the same",
                    share=False,
                )
                for name in ("p50", "p99")
            ),
            cpu_of_all("mail", [one.measured for one in portico], [one.measured for one in bare]),
        ),
        notes=(
            f"waiting: {ASKS} resets a round, each for an account of its own, from the request to "
            "its mail; the chain looks nothing up and seals, keeps, limits and audits nothing",
            costs("waiting", "mail", [one.measured for one in portico]),
        ),
    )


async def waited(sink: Sink, job: Job, asks: Sequence[Ask], watch: Watch) -> Waited:
    """Let the users ask for these between them."""
    users = Users(sink=sink, job=job)
    await users.ask(asks, users=USERS)
    return Waited(
        measured=watch.measured(len(asks)),
        p50=percentile(users.took, 0.50) * 1000,
        p99=percentile(users.took, 0.99) * 1000,
    )
