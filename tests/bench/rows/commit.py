"""From what is committed to the mail server's yes, idle and at a hundred a second."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from itertools import count
from uuid import UUID

import aio_pika

from shared.contracts.ids import PracticeId
from tests.bench.figures import Line, NotMeasured, Result, percentile
from tests.bench.load import Connection, requests
from tests.bench.rows.broadcast import a_practice, communications
from tests.bench.rows.mailed import mailing
from tests.bench.rows.steady import Locks, Send, Steady
from tests.bench.seeds import mailbox_of, patients
from tests.bench.site import Site

IDLE = 40  # mails a round, one after the other
RATE = 100.0  # a second
BUSY = 500  # mails a round at that rate
CONNECTIONS = 16
SHARES = (("p50", 0.50), ("p99", 0.99))

Round = Sequence[Sequence[float]]  # idle, then busy, of each way


async def measure(site: Site, rounds: int) -> Result:
    async with (
        mailing(site) as ours,
        await aio_pika.connect(site.surroundings.broker.url("identity")) as bus,
    ):
        practice, references = await a_practice(site), count()
        locks = await Locks.over(bus)

        async def once() -> Round:
            numbers = range(site.known, site.known + IDLE + BUSY)
            site.known += IDLE + BUSY
            known = await patients(site, PracticeId(UUID(practice.practice_id)), numbers)
            boxes = [mailbox_of(number) for number in numbers]
            job = await communications(ours, practice, known, references)
            found: list[Sequence[float]] = []
            async with submitting(job.port, dict(zip(boxes, requests(job), strict=True))) as send:
                for way in (locks.send, send):
                    steady = Steady(sink=ours.sink, send=way)
                    found.append(await steady.took(boxes[:IDLE], rate=None))
                    found.append(await steady.took(boxes[IDLE:], rate=RATE))
            return found

        done = await site.rounds(rounds, once)
    ways = (
        "account activity, published → SMTP accepted",
        "practice communication, committed → SMTP accepted",
    )
    return Result(
        row="commit",
        lines=tuple(
            Line(
                what=f"{way}, {name}",
                unit="ms",
                ours=tuple(percentile(one[2 * place + 1], share) for one in done),
                ceiling=tuple(percentile(one[2 * place], share) for one in done),
                ceiling_is="the same, idle",
                share=False,
            )
            for place, way in enumerate(ways)
            for name, share in SHARES
        ),
        notes=(
            f"commit: {BUSY} mails a round at {RATE:.0f} a second, beside {IDLE} one after the "
            "other; a communication counts from its 202, which comes after its commit, account "
            "activity from when its event is handed to the broker, as a relay does at once",
        ),
    )


@asynccontextmanager
async def submitting(port: int, asked: dict[str, bytes]) -> AsyncIterator[Send]:
    """Hold connections of a practice's system; a mailbox stands for the patient that it is of."""
    free: asyncio.Queue[Connection] = asyncio.Queue()
    opened = [Connection() for _ in range(CONNECTIONS)]
    now: Callable[[], float] = asyncio.get_running_loop().time
    for connection in opened:
        await connection.open("127.0.0.1", port)
        free.put_nowait(connection)

    async def send(mailbox: str) -> float:
        connection = await free.get()
        status = await connection.ask(asked[mailbox])
        at = now()
        free.put_nowait(connection)
        if status != 202:
            raise NotMeasured(f"a submission was answered with {status}")
        return at

    try:
        yield send
    finally:
        for connection in opened:
            connection.close()
