"""The relay: a filled outbox to the broker, against the same bodies published by raw aio-pika."""

import asyncio

from shared.contracts.recovery import RESET_LINK_REQUESTED
from shared.messaging.relay import BATCH
from tests.bench.ceilings import publishing
from tests.bench.figures import Measured, NotMeasured, Result, beside
from tests.bench.processes import outcome_of
from tests.bench.seeds import outgoing, reset_link_requested
from tests.bench.site import Service, Site
from tests.bench.watch import costs

MESSAGES = 8_000
WITHIN = 60.0
LOOK_EVERY = 0.01
QUEUE = "notify.account-activity"  # where they go; nobody consumes
FIRST = "SELECT min(id) FROM recovery.outbox"


async def measure(site: Site, rounds: int) -> Result:
    async with site.services("recovery", but=("sessions",)) as (recovery,):

        async def once() -> tuple[Measured, Measured]:
            messages = [reset_link_requested() for _ in range(MESSAGES)]
            job = publishing.Job(
                url=site.surroundings.broker.url("recovery"),
                exchange="recovery.events",
                routing_key=RESET_LINK_REQUESTED.routing_key,
                bodies=tuple(one.body.decode() for one in messages),
                window=BATCH,
            )
            raw = await outcome_of("tests.bench.ceilings.publishing", job, Measured)
            await site.purge(QUEUE)
            await outgoing(site.database, "recovery", messages)
            ours = await drained(site, recovery)
            await site.purge(QUEUE)
            return raw, ours

        raw, ours = zip(*await site.rounds(rounds, once), strict=True)
    return Result(
        row="relay",
        lines=beside(
            "relay",
            "message",
            ours,
            raw,
            ceiling_is=f"aio-pika, confirms, window {BATCH}",
            at_least=0.80,
        ),
        notes=(
            "relay: the ceiling publishes the same bodies, persistent and mandatory, with the "
            "public API of aio-pika; ours also claims the rows and deletes them, durably",
            costs("relay", "message", ours),
        ),
    )


async def drained(site: Site, service: Service) -> Measured:
    """Time the outbox from the first row gone to the last: ids are published in order."""
    now = asyncio.get_running_loop().time
    first = await site.database.fetchval(FIRST)
    last = await site.database.fetchval("SELECT max(id) FROM recovery.outbox")
    deadline, watch = now() + WITHIN, site.watch(service)
    here = first
    while (found := await site.database.fetchval(FIRST)) is not None:
        if found == first:
            watch = site.watch(service)
        if now() > deadline:
            raise NotMeasured(f"the outbox still holds rows after {WITHIN:.0f} s")
        here = found
        await asyncio.sleep(LOOK_EVERY)
    if here == first:
        raise NotMeasured("the outbox was empty before it was looked at again")
    return watch.measured(last - first + 1)
