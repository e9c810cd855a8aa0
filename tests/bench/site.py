"""Where it is measured: durable servers, a database and a vhost, and services started as wanted."""

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import aiohttp
import asyncpg
import msgspec

from deploy.local import ports, servers
from deploy.local.kept_secrets import KeptSecrets
from deploy.local.processes import Program, Run, Say, reap, together
from deploy.local.provision import (
    connected,
    drop_database,
    drop_vhost,
    provision_broker,
    provision_database,
)
from deploy.local.settings import Surroundings
from deploy.local.stack import ROOT, run_verb
from shared.contracts.topology import SERVICES
from shared.http.health import Status
from shared.messaging.management import Management, segment
from tests.bench.figures import NotMeasured
from tests.bench.processes import cpu_of
from tests.bench.watch import Watch, server_pids

if TYPE_CHECKING:
    Connection = asyncpg.Connection[asyncpg.Record]
else:
    Connection = asyncpg.Connection

FOLDER = ROOT / ".local"
NAME = "bench"
READY_WITHIN = 60.0

R = TypeVar("R")


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One replica of a service, as `python -m services.<name>`."""

    name: str
    program: Program
    http_port: int
    metrics_port: int

    @property
    def cpu(self) -> float:
        """Seconds it has spent until now."""
        self.program.check()
        return cpu_of(self.program.pid)


@dataclass(slots=True, kw_only=True)
class Site:
    """Both servers with nothing on them but what a row puts there."""

    servers: servers.Servers
    run: Run
    surroundings: Surroundings
    database: Connection  # as its administrator, for seeds and questions
    known: int = 0  # accounts that recovery and notify have been told of

    @property
    def name(self) -> str:
        return self.surroundings.database.name

    @asynccontextmanager
    async def services(
        self,
        *names: str,
        extra: Mapping[str, Mapping[str, str]] | None = None,
        but: Sequence[str] = (),
    ) -> AsyncIterator[tuple[Service, ...]]:
        """Hold one replica of each, with everything it shares there but for the parts named."""
        made = [self.start(name, (extra or {}).get(name, {})) for name in names]
        try:
            await together(*(ready(service, but) for service in made))
            yield tuple(made)
        finally:
            await together(*(service.program.stop() for service in made))

    def start(self, name: str, extra: Mapping[str, str]) -> Service:
        http_port, metrics_port = ports.free_port(), ports.free_port()
        environ = self.surroundings.of(name, http_port=http_port, metrics_port=metrics_port)
        del environ["PORTICO_CLOCK_FILE"]  # as in production, where it would be refused
        program = self.program(name, [f"services.{name}"], {**environ, **extra})
        return Service(name=name, program=program, http_port=http_port, metrics_port=metrics_port)

    def program(self, name: str, module: Sequence[str], environ: Mapping[str, str]) -> Program:
        """Start a module as a process that ends with the bench."""
        return self.run.start(
            name,
            [sys.executable, "-m", *module],
            environ=environ,
            log=FOLDER / "logs" / f"bench-{name}.log",
            folder=ROOT,
        )

    async def verb(self, service: str, *arguments: str) -> bytes:
        """Run one of a service's verbs."""
        return await run_verb(service, arguments, environ=self.surroundings.of_verbs(service))

    async def purge(self, *queues: str) -> None:
        """Empty queues nobody consumes just now."""
        async with Management(self.servers.management_url) as management:
            for queue in queues:
                path = f"/api/queues/{segment(self.name)}/{segment(queue)}/contents"
                await management.delete(path)

    async def until(self, question: str) -> None:
        """Wait until the database says yes. Raises NotMeasured where it never does."""
        deadline = asyncio.get_running_loop().time() + READY_WITHIN
        while not await self.database.fetchval(question):
            if asyncio.get_running_loop().time() > deadline:
                raise NotMeasured(f"never came true: {question}")
            await asyncio.sleep(0.1)

    async def rounds(self, count: int, once: Callable[[], Awaitable[R]]) -> Sequence[R]:
        """Do one round to warm up, look over the tables as autovacuum does in life, then these."""
        await once()
        await self.database.execute("ANALYZE")
        return [await once() for _ in range(count)]

    def watch(self, *services: Service) -> Watch:
        """Begin to count what these spend, and both servers."""
        pids = {service.name: service.program.pid for service in services}
        return Watch.over({**pids, **server_pids()})


@asynccontextmanager
async def opened(environ: Mapping[str, str], say: Say) -> AsyncIterator[Site]:
    """Hold durable servers with everything a service needs on them."""
    await reap(FOLDER, say)
    for old in (FOLDER / "logs").glob("bench-*.log"):
        old.unlink()
    async with AsyncExitStack() as stack:
        found = await stack.enter_async_context(servers.opened(environ, folder=FOLDER, say=say))
        run = Run(FOLDER)
        stack.push_async_callback(run.stop)
        await together(drop_database(found, NAME), drop_vhost(found, NAME))  # of servers by URL
        database = await provision_database(found, NAME)
        private = run.private_folder("bench")
        clock_file = private / "clock"
        clock_file.write_text("0\n")
        surroundings = Surroundings(
            database=database,
            broker=await provision_broker(found, NAME),
            secrets=KeptSecrets(private / "secrets"),
            clock_file=clock_file,
            smtp_url=f"smtp://{ports.LOOPBACK}:9",  # a row with mails has its own
            portal_url="https://portal.example",  # no row opens it
            mails_url="",
            inherited=environ,
        )
        administrator = await stack.enter_async_context(connected(database.administrator_url))
        site = Site(servers=found, run=run, surroundings=surroundings, database=administrator)
        for verb in ("migrate", "topology"):
            await together(*(site.verb(service, verb) for service in SERVICES))
        yield site


async def ready(service: Service, but: Sequence[str]) -> None:
    """Wait until every part answers but those that this row does without, and it is ready."""
    asked = f"http://{ports.LOOPBACK}:{service.metrics_port}/health"
    deadline = asyncio.get_running_loop().time() + READY_WITHIN
    missing = ["no answer"]
    async with aiohttp.ClientSession() as session:
        while missing:
            service.program.check()
            if asyncio.get_running_loop().time() > deadline:
                raise NotMeasured(f"{service.name} is not ready: {', '.join(missing)}")
            await asyncio.sleep(0.1)
            with suppress(aiohttp.ClientError):
                async with session.get(f"{asked}/status") as reply:
                    told = msgspec.json.decode(await reply.read(), type=Status)
                missing = [one.name for one in told.parts if not one.ok and one.name not in but]
                async with session.get(f"{asked}/ready") as reply:
                    missing += [] if reply.status == 200 else ["a start of its own"]


async def listening(port: int, program: Program) -> None:
    """Wait until a program that has no health to ask takes connections."""
    while ports.is_free(port):
        program.check()
        await asyncio.sleep(0.05)
