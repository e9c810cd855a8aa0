"""The load generator, a process of its own: `python -m tests.bench.load`, jobs on stdin.

A lean HTTP/1.1 client over kept connections: the machine is to be spent by who answers.
"""

import asyncio
import itertools
from collections import Counter
from collections.abc import Iterator, Mapping
from ipaddress import IPv4Address

import msgspec

from deploy.local.ports import LOOPBACK
from tests.bench.figures import NotMeasured
from tests.bench.processes import given, own_cpu, tell

FIRST_SOURCE = int(IPv4Address("11.0.0.0"))


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """Requests to one verb. Each comes from a source of its own, as a proxy would tell it (LG-4).

    As fast as the connections allow, or `rate` a second whatever the answers take; until the
    `seconds` are over, or each body was sent once.
    """

    port: int
    path: str
    host: str = LOOPBACK
    method: str = "POST"
    headers: Mapping[str, str] = {}
    bodies: tuple[str, ...] = ("",)
    connections: int = 8
    seconds: float | None = None
    rate: float | None = None
    first_source: int = FIRST_SOURCE


class Answers(msgspec.Struct, frozen=True, kw_only=True):
    """Every answer: when it came (the machine's monotonic clock), after how long, its status."""

    ended: tuple[float, ...]
    took: tuple[float, ...]
    status: tuple[int, ...]

    def only(self, *statuses: int) -> "Answers":
        """Keep the answers with one of these."""
        kept = [place for place, status in enumerate(self.status) if status in statuses]
        return Answers(
            ended=tuple(self.ended[place] for place in kept),
            took=tuple(self.took[place] for place in kept),
            status=tuple(self.status[place] for place in kept),
        )

    def must(self, *statuses: int) -> None:
        """Raises NotMeasured where any answer has another one."""
        found = Counter(self.status)
        if set(found) - set(statuses):
            raise NotMeasured(f"answers by status: {dict(found)}, where {statuses} were expected")


class Jobs(msgspec.Struct, frozen=True):
    """What one process does at the same time."""

    jobs: tuple[Job, ...]


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    answers: tuple[Answers, ...]  # of each job
    cpu: float


class Connection(asyncio.Protocol):
    """One kept connection, one request at a time; it understands replies with a length."""

    def __init__(self) -> None:
        self._buffer = b""
        self._answer: asyncio.Future[int] | None = None
        self._transport: asyncio.Transport | None = None

    async def open(self, host: str, port: int) -> None:
        await asyncio.get_running_loop().create_connection(lambda: self, host, port)

    async def ask(self, request: bytes) -> int:
        """Send it and return the reply's status. Raises ConnectionError where none comes."""
        if self._transport is None or self._transport.is_closing():
            raise ConnectionError("closed")
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._answer

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, end, rest = self._buffer.partition(b"\r\n\r\n")
        if not end:
            return
        lower = head.lower()
        place = lower.find(b"content-length:")
        length = int(lower[place + 15 :].split(b"\r\n", 1)[0]) if place >= 0 else 0
        if len(rest) < length:
            return
        self._buffer = rest[length:]
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(int(head[9:12]))

    def connection_lost(self, exc: Exception | None) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(ConnectionError("the server closed the connection"))


class Load:
    """One job at work."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.answers: list[tuple[float, float, int]] = []
        self._requests = requests(job)
        self._now = asyncio.get_running_loop().time

    async def run(self) -> Answers:
        connections = [Connection() for _ in range(self.job.connections)]
        for connection in connections:
            await connection.open(self.job.host, self.job.port)
        try:
            if self.job.rate is None:
                until = self._now() + (self.job.seconds or float("inf"))
                await asyncio.gather(*(self._as_fast(each, until) for each in connections))
            else:
                await self._at_rate(connections, self.job.rate)
        finally:
            for connection in connections:
                connection.close()
        ended, took, status = zip(*self.answers, strict=True) if self.answers else ((), (), ())
        return Answers(ended=ended, took=took, status=status)

    async def _as_fast(self, connection: Connection, until: float) -> None:
        """One request after the other; what is answered after the end counts for nothing."""
        for request in self._requests:
            began = self._now()
            if began >= until:
                return
            status = await connection.ask(request)
            if self._now() < until:
                self.answers.append((self._now(), self._now() - began, status))

    async def _at_rate(self, connections: list[Connection], rate: float) -> None:
        """Each at its time, which its duration is counted from: a late start is the server's."""
        free: asyncio.Queue[Connection] = asyncio.Queue()
        for connection in connections:
            free.put_nowait(connection)
        began = self._now()

        async def send(due: float, request: bytes) -> None:
            connection = await free.get()
            status = await connection.ask(request)
            self.answers.append((self._now(), self._now() - due, status))
            free.put_nowait(connection)

        async with asyncio.TaskGroup() as group:
            for number in range(int(rate * (self.job.seconds or 1.0))):
                due = began + number / rate
                await asyncio.sleep(due - self._now())
                group.create_task(send(due, next(self._requests)))


def requests(job: Job) -> Iterator[bytes]:
    """Write the requests: the bodies in turn, for ever where the job has a time to end."""
    rounds = itertools.cycle(job.bodies) if job.seconds is not None else iter(job.bodies)
    lines = "".join(f"{name}: {value}\r\n" for name, value in job.headers.items())
    for number, body in enumerate(rounds):
        source = IPv4Address(job.first_source + number)
        head = (
            f"{job.method} {job.path} HTTP/1.1\r\nHost: {job.host}\r\nX-Forwarded-For: {source}\r\n"
            f"{lines}Content-Length: {len(body.encode())}\r\n\r\n"
        )
        yield (head + body).encode()


async def main() -> None:
    jobs = given(Jobs).jobs
    began = own_cpu()
    answers = await asyncio.gather(*(Load(job).run() for job in jobs))
    tell(Outcome(answers=tuple(answers), cpu=own_cpu() - began))


if __name__ == "__main__":
    asyncio.run(main())
