"""What practices submit, taken by HTTP, one by one and by the thousand, and from the bus."""

import asyncio
from collections.abc import Sequence
from itertools import count
from uuid import UUID, uuid4

import aiohttp
import msgspec

from deploy.local.provision import admit_system, expel_system
from shared.contracts import inbox
from shared.contracts.ids import PracticeId
from shared.contracts.inbox import System
from shared.messaging.broker import Broker, Publisher
from shared.messaging.messages import Outcome as Confirm
from shared.messaging.messages import Outgoing
from tests.bench.figures import Line, Measured, NotMeasured, Result
from tests.bench.load import Job, Jobs, Outcome
from tests.bench.processes import outcome_of
from tests.bench.rows.broadcast import SENDERS, a_practice, communications
from tests.bench.rows.mailed import Mailing, mailing
from tests.bench.seeds import patients
from tests.bench.site import Site
from tests.bench.watch import costs

SINGLE = 1_000  # a round
MANY = 5_000  # a round, by the thousand and by the bus
CALL = 1_000  # rows
WINDOW = 500  # messages of which no confirm has come
WITHIN = 120.0
KEPT = "SELECT count(*) FROM notify.communications"
BUDGET = {"PORTICO_CLIENT_COMMUNICATIONS_AN_HOUR": "10000000"}

Round = tuple[Measured, Measured, Measured]


async def measure(site: Site, rounds: int) -> Result:
    async with mailing(site, BUDGET) as ours:
        practice, references = await a_practice(site), count()
        practice_id = PracticeId(UUID(practice.practice_id))
        numbers = range(site.known, site.known + MANY)
        site.known += MANY
        known = await patients(site, practice_id, numbers)
        system = System(practice_id=practice_id, client_id=uuid4())
        url = await admit_system(site.surroundings.broker, system, f"bench {uuid4()}")
        broker = Broker(url, name="a practice's system")
        publisher = broker.publisher()

        async def once() -> Round:
            one_by_one = await communications(ours, practice, known[:SINGLE], references)
            single = await singly(ours, one_by_one)
            together = await communications(ours, practice, known, references)
            bulk = await in_bulk(ours, together)
            said = await communications(ours, practice, known, references)
            return single, bulk, await published(ours, publisher, system, said.bodies)

        try:
            single, bulk, bus = zip(*await site.rounds(rounds, once), strict=True)
        finally:
            await broker.close()
            await expel_system(site.surroundings.broker, system)
    return Result(
        row="intake",
        lines=tuple(
            Line(
                what=f"communications taken {how}",
                unit="rows a second",
                ours=tuple(one.rate for one in done),
            )
            for how, done in (
                (f"by HTTP, one a call over {SENDERS} connections", single),
                (f"by HTTP, {CALL:,} a call", bulk),
                ("from the bus", bus),
            )
        ),
        notes=(
            f"intake: {SINGLE:,} a round one by one, {MANY:,} by each other way, until they are "
            "kept and audited; meanwhile the same replica files and mails what it has",
            costs("intake in bulk", "row", bulk),
            costs("intake from the bus", "row", bus),
        ),
    )


async def singly(ours: Mailing, job: Job) -> Measured:
    job = msgspec.structs.replace(job, connections=SENDERS)
    watch = ours.site.watch(ours.of("notify"))
    [answers] = (await outcome_of("tests.bench.load", Jobs((job,)), Outcome)).answers
    answers.must(202)
    began = min(ended - took for ended, took in zip(answers.ended, answers.took, strict=True))
    return watch.measured(len(job.bodies), seconds=max(answers.ended) - began)


async def in_bulk(ours: Mailing, job: Job) -> Measured:
    """The same rows, a thousand a call, one call after the other."""
    calls = [
        f'{{"communications": [{",".join(job.bodies[start : start + CALL])}]}}'
        for start in range(0, len(job.bodies), CALL)
    ]
    async with aiohttp.ClientSession() as http:
        watch = ours.site.watch(ours.of("notify"))
        for call in calls:
            url = f"http://{job.host}:{job.port}{job.path}/bulk"
            async with http.post(url, data=call, headers=job.headers) as reply:
                text = await reply.read()
            if reply.status != 200 or text.count(b'"submitted"') != CALL:
                raise NotMeasured(f"{reply.status}: {text[:200]!r}")
    return watch.measured(len(job.bodies))


async def published(
    ours: Mailing, publisher: Publisher, system: System, bodies: Sequence[str]
) -> Measured:
    """The same by the bus, until all of it is kept as well."""
    messages = [
        Outgoing(
            message_id=str(uuid4()),
            exchange=inbox.EXCHANGE,
            routing_key=system.routing_key,
            body=body.encode(),
            content_type=inbox.CONTENT_TYPE,
        )
        for body in bodies
    ]
    wanted = await ours.site.database.fetchval(KEPT) + len(messages)
    await publisher.ready()
    watch, loop = ours.site.watch(ours.of("notify")), asyncio.get_running_loop()
    for start in range(0, len(messages), WINDOW):
        outcomes = await publisher.publish(messages[start : start + WINDOW], within=WITHIN)
        if set(outcomes) != {Confirm.CONFIRMED}:
            raise NotMeasured(f"the broker says {set(outcomes)}")
    deadline = loop.time() + WITHIN
    while (kept := await ours.site.database.fetchval(KEPT)) < wanted:
        if loop.time() > deadline:
            raise NotMeasured(f"{wanted - kept} of {len(messages)} were not taken")
        await asyncio.sleep(0.02)
    return watch.measured(len(messages))
