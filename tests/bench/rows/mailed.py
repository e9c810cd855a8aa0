"""What rows with mails share: all services with a mail sink, and the bare chain beside them."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import aio_pika
import msgspec

from deploy.local import ports
from shared.contracts.topology import SERVICES
from tests.bench.figures import Line, Measured
from tests.bench.load import FIRST_SOURCE, Job
from tests.bench.rows.people import JSON
from tests.bench.seeds import mailbox_of, name_of
from tests.bench.sink import Sink
from tests.bench.site import Service, Site, listening
from tests.bench.users import Ask
from tests.bench.watch import Watch, server_pids

CONNECTIONS = 12  # to the mail sink, ours and the chain's
QUEUE = "bench.chain"
KEY_THERE = "SELECT EXISTS (SELECT FROM recovery.public_keys WHERE issuer LIKE '%/notify')"
CHAIN_IS = "aiohttp → aio-pika → aiosmtplib, nothing kept"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailing:
    """One replica of each service, whose mails come to the sink."""

    site: Site
    sink: Sink
    services: Sequence[Service]

    @property
    def resets(self) -> Job:
        """Reset links are asked for here; a body names an account."""
        return to("/resets/links", self.of("recovery").http_port)

    def of(self, name: str) -> Service:
        """The replica of that service."""
        return next(one for one in self.services if one.name == name)

    def watch(self) -> Watch:
        """Begin to count what all of them spend."""
        return self.site.watch(*self.services)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """Both programs of the bare chain, which mail to the same sink."""

    mails: Job  # mails are asked for here; a body names a mailbox
    programs: Mapping[str, int]

    def watch(self) -> Watch:
        """Begin to count what they spend, and the broker."""
        return Watch.over({**self.programs, **server_pids()})


@asynccontextmanager
async def mailing(
    site: Site,
    of_notify: Mapping[str, str] | None = None,
    *,
    of_identity: Mapping[str, str] | None = None,
) -> AsyncIterator[Mailing]:
    """Hold all services, each able to do its part of a mail."""
    sink = Sink()
    await sink.open()
    notify = {
        "PORTICO_SMTP_URL": f"smtp://{ports.LOOPBACK}:{sink.port}",
        "PORTICO_SMTP_CONNECTIONS": str(CONNECTIONS),
        **(of_notify or {}),
    }
    extra = {"notify": notify, "identity": of_identity or {}}
    try:
        async with site.services(*SERVICES, extra=extra) as services:
            await site.until(KEY_THERE)
            yield Mailing(site=site, sink=sink, services=services)
    finally:
        sink.close()


@asynccontextmanager
async def chained(site: Site, sink: Sink) -> AsyncIterator[Chain]:
    """Hold the bare chain beside them."""
    administrator, port = site.surroundings.broker.administrator_url, ports.free_port()
    environ = {
        **site.surroundings.of("notify"),
        "AMQP_URL": administrator,
        "QUEUE": QUEUE,
        "PORT": str(port),
        "SMTP_PORT": str(sink.port),
        "CONNECTIONS": str(CONNECTIONS),
    }
    async with await aio_pika.connect(administrator) as connection, AsyncExitStack() as stack:
        channel = await connection.channel()
        queue = await channel.declare_queue(
            QUEUE, durable=True, arguments={"x-queue-type": "quorum"}
        )
        stack.push_async_callback(queue.delete, if_unused=False, if_empty=False)
        programs = {
            role: site.program(role, ["tests.bench.ceilings.chain", role], environ)
            for role in ("handler", "worker")
        }
        for program in programs.values():
            stack.push_async_callback(program.stop)
        await listening(port, programs["handler"])
        yield Chain(
            mails=to("/mails", port),
            programs={role: program.pid for role, program in programs.items()},
        )


def to(path: str, port: int) -> Job:
    """Where something is asked for, whoever asks."""
    return Job(port=port, path=path, headers=JSON, first_source=FIRST_SOURCE)


def resets_of(numbers: Sequence[int]) -> Sequence[Ask]:
    """A reset link for each of these accounts."""
    return [
        Ask(
            body=msgspec.json.encode({"name": name_of(number)}).decode(),
            mailbox=mailbox_of(number),
        )
        for number in numbers
    ]


def mails_to(numbers: Sequence[int]) -> Sequence[Ask]:
    """The same mails by the bare chain."""
    return [
        Ask(
            body=msgspec.json.encode({"to": mailbox_of(number)}).decode(),
            mailbox=mailbox_of(number),
        )
        for number in numbers
    ]


def cpu_of_all(each: str, ours: Sequence[Measured], chain: Sequence[Measured]) -> Line:
    """What all processes spend together, the servers included where they are seen."""
    return Line(
        what=f"  CPU of all processes a {each}",
        unit="µs",
        ours=tuple(one.cpu_of(*one.spent) for one in ours),
        ceiling=tuple(one.cpu_of(*one.spent) for one in chain),
        ceiling_is="the same",
        share=False,
    )
