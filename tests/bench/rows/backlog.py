"""Account activity while many communications of one practice wait: it is none of its business."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import aio_pika

from tests.bench.figures import Bound, Line, NotMeasured, Result, Sense, percentile
from tests.bench.rows.letters import Office, office
from tests.bench.rows.steady import Locks, Steady
from tests.bench.site import Service, Site

ROWS = 5_000
OPTION = "BACKLOG_ROWS"
FEW = 1_000
RATE = 20.0  # mails of account activity a second
MAILS = 200  # of it a round
FILED = "SELECT NOT EXISTS (SELECT FROM notify.communications WHERE due_at IS NOT NULL)"
FILED_A_SECOND = 200.0  # slower is not waited for
TOP_UP = 0.25  # seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """Account activity beside a backlog, round by round."""

    took: Sequence[Sequence[float]]  # milliseconds
    memory: float  # MiB at most

    def percentiles(self, share: float) -> tuple[float, ...]:
        return tuple(percentile(one, share) for one in self.took)


async def measure(site: Site, rounds: int) -> Result:
    rows = int(site.surroundings.inherited.get(OPTION, ROWS))
    few, many = [await beside(site, count, rounds) for count in (FEW, rows)]
    return Result(
        row="backlog",
        lines=(
            *(
                Line(
                    what=f"account activity beside {rows:,} waiting, {name}",
                    unit="ms",
                    ours=many.percentiles(share),
                    ceiling=few.percentiles(share),
                    ceiling_is=f"the same beside {FEW:,}",
                    bound=bound,
                    share=False,
                )
                for name, share, bound in (
                    ("p50", 0.50, None),
                    ("p99", 0.99, Bound(Sense.AT_MOST, 1.5)),
                )
            ),
            Line(
                what="  notify's memory at most",
                unit="MiB",
                ours=(many.memory,) * rounds,
                ceiling=(few.memory,) * rounds,
                ceiling_is="the same",
                bound=Bound(Sense.AT_MOST, 1.10),
                share=False,
            ),
        ),
        notes=(
            f"backlog: {MAILS} mails of account activity a round at {RATE:.0f} a second; what of "
            f"the practice is mailed meanwhile is submitted anew; {OPTION}=100000 makes it so many",
        ),
    )


async def beside(site: Site, count: int, rounds: int) -> Beside:
    """Measure beside so many, by a process of its own."""
    async with (
        office(site, 1) as ours,
        await aio_pika.connect(site.surroundings.broker.url("identity")) as bus,
    ):
        [notify] = ours.replicas
        locks = await Locks.over(bus)
        steady = Steady(sink=ours.sink, send=locks.send)

        async def once() -> Sequence[float]:
            boxes = [f"{uuid4()}@mail.example" for _ in range(MAILS)]
            return await steady.took(boxes, rate=RATE)

        await ours.submits(count)
        await filed(site, count)
        async with topped_up(ours, locks):
            took = await site.rounds(rounds, once)
        return Beside(took=took, memory=memory_of(notify))


@asynccontextmanager
async def topped_up(ours: Office, locks: Locks) -> AsyncIterator[None]:
    """As many wait all the time: for what is mailed of the practice, as many are submitted."""

    async def top_up() -> None:
        submitted = 0
        while True:
            mailed = len(ours.sink.moments) - locks.sent
            if mailed > submitted:
                await ours.submits(mailed - submitted)
                submitted = mailed
            await asyncio.sleep(TOP_UP)

    ours.sink.moments.clear()
    task = asyncio.create_task(top_up())
    try:
        yield
        if task.done():
            task.result()
    finally:
        task.cancel()
        await asyncio.wait({task})


async def filed(site: Site, count: int) -> None:
    """Wait until all of it is in the ledger."""
    deadline = asyncio.get_running_loop().time() + 60 + count / FILED_A_SECOND
    while not await site.database.fetchval(FILED):
        if asyncio.get_running_loop().time() > deadline:
            raise NotMeasured("the backlog was not filed")
        await asyncio.sleep(0.2)


def memory_of(service: Service) -> float:
    """What a process has had at most."""
    lines = Path(f"/proc/{service.program.pid}/status").read_text().splitlines()
    [peak] = [line for line in lines if line.startswith("VmHWM:")]
    return int(peak.split()[1]) / 1024
