"""People who each wait for their mail: they and the mail sink share the bench's own process."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import msgspec

from tests.bench.figures import NotMeasured
from tests.bench.load import Connection, Job, requests
from tests.bench.sink import Sink

WITHIN = 30.0  # seconds for one mail


class Ask(msgspec.Struct, frozen=True, kw_only=True):
    """One request, and the mailbox to which its mail comes."""

    body: str
    mailbox: str


@dataclass(slots=True, kw_only=True)
class Users:
    """Each asks over a connection of its own, waits for the mail, then asks the next."""

    sink: Sink
    job: Job  # where they ask, and how
    took: list[float] = field(default_factory=list)  # seconds from the request to its mail

    async def ask(self, asks: Sequence[Ask], *, users: int, pause: float = 0.0) -> None:
        """Let so many of them ask for these between them."""
        job = msgspec.structs.replace(self.job, bodies=tuple(ask.body for ask in asks))
        waiting = iter(list(zip(requests(job), asks, strict=True)))
        await asyncio.gather(*(self._one(waiting, pause) for _ in range(users)))

    async def _one(self, waiting: Iterator[tuple[bytes, Ask]], pause: float) -> None:
        connection = Connection()
        await connection.open(self.job.host, self.job.port)
        now = asyncio.get_running_loop().time
        try:
            for request, ask in waiting:
                mailed, began = self.sink.expect(ask.mailbox), now()
                status = await connection.ask(request)
                if status != 202:
                    raise NotMeasured(f"{self.job.path} answered {status}")
                try:
                    async with asyncio.timeout(WITHIN):
                        self.took.append(await mailed - began)
                except TimeoutError:
                    raise NotMeasured(f"no mail after {WITHIN:.0f} s") from None
                await asyncio.sleep(pause)
        finally:
            connection.close()
