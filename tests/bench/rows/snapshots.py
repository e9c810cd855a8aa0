"""Live events while 100,000 accounts are published again at a bounded rate, beside the same idle.

The verb is `snapshots publish accounts`, at its own rate, as a process beside the services. It is
stopped at the end of each round and goes on in the next one where it was.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aio_pika
from aio_pika.abc import AbstractExchange

from shared.program.verbs.snapshots import RATE
from tests.bench.ceilings import publishing
from tests.bench.figures import (
    Bound,
    Line,
    Measured,
    NotMeasured,
    Result,
    Sense,
    percentile,
)
from tests.bench.rows.mailed import Mailing, mailing, resets_of
from tests.bench.seeds import account_changed, known_accounts, log_on_accounts
from tests.bench.site import Site
from tests.bench.users import Users
from tests.bench.watch import costs

ACCOUNTS = 100_000
FACTS = 150  # of a phase, one after the other: accounts that changed just now
ASKS = 45  # of a phase, meanwhile: reset links, each until its mail
PAUSE = 0.02  # seconds between a live event and the next
WITHIN = 30.0
PUBLISHER = "identity"
HEARD = """
SELECT EXISTS (SELECT FROM recovery.inbox WHERE consumer = 'recovery.accounts' AND event_id = $1)
AND EXISTS (SELECT FROM merge.inbox WHERE consumer = 'merge.accounts' AND event_id = $1)
AND EXISTS (SELECT FROM notify.inbox WHERE consumer = 'notify.accounts' AND event_id = $1)
"""
PUBLISHED = "SELECT published FROM identity.publications WHERE snapshots = 'accounts'"


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """How long live events took, p99 in milliseconds."""

    fact: float  # until the last of three services has it
    mail: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    idle: Phase
    amidst: Phase
    published: Measured  # of those 100,000, while it was measured


async def measure(site: Site, rounds: int) -> Result:
    await enough_accounts(site)
    identity = await aio_pika.connect(site.surroundings.broker.url(PUBLISHER))
    async with mailing(site) as ours, identity:
        channel = await identity.channel(publisher_confirms=True, on_return_raises=True)
        exchange = await channel.get_exchange("identity.events", ensure=False)

        async def once() -> Round:
            idle = await felt(site, ours, exchange)
            async with publication(site):
                before, watch = await published(site), ours.watch()
                amidst = await felt(site, ours, exchange)
                measured = watch.measured(await published(site) - before)
            return Round(idle=idle, amidst=amidst, published=measured)

        done = await site.rounds(rounds, once)
    count = sum(one.published.done for one in done)
    return Result(
        row="snapshots",
        lines=(
            Line(
                what=f"an account changes while {ACCOUNTS:,} are published again, p99",
                unit="ms",
                ours=tuple(one.amidst.fact for one in done),
                ceiling=tuple(one.idle.fact for one in done),
                ceiling_is="the same, idle",
                bound=Bound(Sense.AT_MOST, 2.0),
                share=False,
            ),
            Line(
                what="  a reset's mail meanwhile, p99",
                unit="ms",
                ours=tuple(one.amidst.mail for one in done),
                ceiling=tuple(one.idle.mail for one in done),
                ceiling_is="the same, idle",
                bound=Bound(Sense.AT_MOST, 2.0),
                share=False,
            ),
            Line(
                what="  published again meanwhile",
                unit="accounts a second",
                ours=tuple(one.published.rate for one in done),
            ),
        ),
        notes=(
            f"snapshots: {FACTS} changed accounts and {ASKS} resets a phase, each kind one after "
            "the other; a changed account goes through the queues of those published again, until "
            f"recovery, merge and notify have it. Of {ACCOUNTS:,} accounts {count:,} went out "
            f"while these were measured, at most {RATE} a second, as the verb does by itself",
            costs("snapshots", "snapshot", [one.published for one in done]),
        ),
    )


async def enough_accounts(site: Site) -> None:
    """Make those that are not there yet; no other row's account has one's name."""
    there = await site.database.fetchval("SELECT count(*) FROM identity.accounts")
    await log_on_accounts(site, range(there, ACCOUNTS))
    await site.database.execute("ANALYZE")
    site.known = max(site.known, ACCOUNTS)


async def felt(site: Site, ours: Mailing, exchange: AbstractExchange) -> Phase:
    """One phase: both kinds of live events beside each other."""
    users = Users(sink=ours.sink, job=ours.resets)
    asks = resets_of(await known_accounts(site, ASKS))
    facts, _ = await asyncio.gather(heard(site, exchange), users.ask(asks, users=1, pause=PAUSE))
    return Phase(
        fact=percentile(facts, 0.99) * 1000,
        mail=percentile(users.took, 0.99) * 1000,
    )


async def heard(site: Site, exchange: AbstractExchange) -> list[float]:
    """Seconds from when each account's change is published until all have committed it."""
    now, took = asyncio.get_running_loop().time, list[float]()
    for number in range(FACTS):
        message, began = account_changed(number), now()
        await publishing.publish(
            exchange,
            message.routing_key,
            [(str(message.event_id), message.body)],
            window=1,
            by=PUBLISHER,
        )
        while not await site.database.fetchval(HEARD, message.event_id):
            if now() - began > WITHIN:
                raise NotMeasured(f"a changed account was not heard of after {WITHIN:.0f} s")
            await asyncio.sleep(0.001)
        took.append(now() - began)
        await asyncio.sleep(PAUSE)
    return took


@asynccontextmanager
async def publication(site: Site) -> AsyncIterator[None]:
    """Hold the verb as a process, from where it goes on. Raises ProgramFailed where it ended."""
    before = await published(site)
    environ = site.surroundings.of_verbs("identity")
    verb = ["services.identity", "snapshots", "publish", "accounts"]
    program = site.program("snapshots", verb, environ)
    try:
        async with asyncio.timeout(WITHIN):
            while await published(site) <= before:
                program.check()
                await asyncio.sleep(0.05)
        yield
        program.check()
    finally:
        await program.stop()


async def published(site: Site) -> int:
    """How many of them the verb has published until now."""
    return await site.database.fetchval(PUBLISHED) or 0
