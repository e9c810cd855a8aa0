"""The consumer: a full queue's snapshots into a projection, against raw aio-pika that only acks."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import aio_pika

from shared.messaging.intake import BATCH, PREFETCH
from tests.bench.ceilings import consuming, publishing
from tests.bench.figures import Measured, NotMeasured, Result, beside
from tests.bench.processes import outcome_of
from tests.bench.seeds import Message, account_changed
from tests.bench.site import Service, Site
from tests.bench.watch import Watch, costs

MESSAGES = 8_000
WINDOW = 400
WITHIN = 60.0
LOOK_EVERY = 0.01
QUEUE = "merge.accounts"
SPARE = "bench.accounts"  # gets the same messages, for the ceiling
OTHERS = ("recovery.accounts", "notify.accounts")  # they get them too, and nobody consumes
PUBLISHER = "identity"  # and the user who sends them: merge believes nobody else
TAKEN = """
SELECT EXISTS (SELECT FROM merge.inbox WHERE consumer = $1 AND publisher = $2 AND event_id = $3)
"""


async def measure(site: Site, rounds: int) -> Result:
    administrator = site.surroundings.broker.administrator_url
    connection = await aio_pika.connect(administrator)
    identity = await aio_pika.connect(site.surroundings.broker.url(PUBLISHER))
    async with connection, identity, site.services("merge", but=("sessions",)) as (merge,):
        spare = await (await connection.channel()).declare_queue(
            SPARE, durable=True, arguments={"x-queue-type": "quorum"}
        )
        await spare.bind("identity.events", account_changed(1).routing_key)
        channel = await identity.channel(publisher_confirms=True, on_return_raises=True)
        exchange = await channel.get_exchange("identity.events", ensure=False)

        async def once() -> tuple[Measured, Measured]:
            messages = [account_changed(number + 1) for number in range(MESSAGES)]
            async with held(merge):
                await publishing.publish(
                    exchange,
                    messages[0].routing_key,
                    [(str(one.event_id), one.body) for one in messages],
                    window=WINDOW,
                    by=PUBLISHER,
                )
                job = consuming.Job(
                    url=administrator,
                    queue=SPARE,
                    messages=MESSAGES,
                    prefetch=PREFETCH,
                    batch=BATCH,
                )
                raw = await outcome_of("tests.bench.ceilings.consuming", job, Measured)
                await site.purge(*OTHERS)
                watch = site.watch(merge)
            return raw, await consumed(site, watch, messages)

        raw, ours = zip(*await site.rounds(rounds, once), strict=True)
        await spare.delete(if_unused=False, if_empty=False)
    return Result(
        row="consumer",
        lines=beside(
            "consumer",
            "message",
            ours,
            raw,
            ceiling_is=f"aio-pika, prefetch {PREFETCH}, acks of {BATCH}",
            at_least=0.80,
        ),
        notes=(
            "consumer: the ceiling takes the same messages from a queue of its own and drops them; "
            "ours decodes each, keeps its inbox row and its snapshot (merge.accounts), durably",
            costs("consumer", "message", ours),
        ),
    )


@asynccontextmanager
async def held(service: Service) -> AsyncIterator[None]:
    """Let the service stand still, so that its queue fills; shorter than the broker's patience."""
    os.kill(service.program.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(service.program.pid, signal.SIGCONT)


async def consumed(site: Site, watch: Watch, messages: Sequence[Message]) -> Measured:
    """Time until the last message, and with it every one before it, is in the inbox."""
    while not await site.database.fetchval(TAKEN, QUEUE, PUBLISHER, messages[-1].event_id):
        if watch.seconds > WITHIN:
            raise NotMeasured(f"not every message was consumed after {WITHIN:.0f} s")
        await asyncio.sleep(LOOK_EVERY)
    measured = watch.measured(len(messages))
    kept = await site.database.fetchval(
        "SELECT count(*) FROM merge.inbox WHERE event_id = ANY($1)",
        [one.event_id for one in messages],
    )
    if kept != len(messages):
        raise NotMeasured(f"{kept} of {len(messages)} messages are in the inbox")
    return measured
