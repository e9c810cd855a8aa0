"""The whole stack: rights, verbs, the mail catcher, services, two demo practices; and its end."""

import asyncio
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from uuid import UUID

import aiohttp

from deploy.local import ports
from deploy.local.addresses import StackAddresses
from deploy.local.demo import Demo, add_demo
from deploy.local.errors import ProgramFailed
from deploy.local.kept_secrets import KeptSecrets
from deploy.local.processes import Program, Run, Say, together
from deploy.local.provision import (
    BrokerAccess,
    admit_system,
    provision_broker,
    provision_database,
)
from deploy.local.servers import Servers
from deploy.local.settings import Surroundings
from deploy.local.stack_ports import Ports
from shared.contracts.ids import PracticeId
from shared.contracts.inbox import System
from shared.contracts.topology import SERVICES
from shared.randomness import Randomness

ROOT = Path(__file__).resolve().parents[2]
READY_WITHIN = 90.0
ANSWERED_WITHIN = 5.0  # seconds
ASKED_EVERY = 0.2  # seconds; a replica that starts has better to do than to answer
GATEWAY = "gateway"
READY = b'"ready":true'


@dataclass(slots=True, kw_only=True)
class Stack:
    """One stack on servers that are there. `addresses` says where all of it is, once started."""

    servers: Servers
    run: Run
    name: str  # of its database and its vhost
    folder: Path  # of its clock file, secrets and logs
    ports: Ports
    say: Say
    environ: Mapping[str, str]
    extra: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    commands: Mapping[str, Sequence[str]] = field(default_factory=dict)  # instead of its program
    surroundings: Surroundings = field(init=False)
    demo: Demo = field(init=False)
    programs: dict[str, Program] = field(default_factory=dict)

    async def start(self) -> StackAddresses:
        """Bring everything up, in order, and wait until each service is ready."""
        database = await provision_database(self.servers, self.name)
        broker = await provision_broker(self.servers, self.name)
        for old in (self.folder / "logs").glob("*.log"):
            old.unlink()
        clock_file = self.folder / "clock"
        clock_file.write_text("0\n")
        self.surroundings = Surroundings(
            database=database,
            broker=broker,
            secrets=KeptSecrets(self.folder / "secrets"),
            clock_file=clock_file,
            smtp_url=f"smtp://{ports.LOOPBACK}:{self.ports.smtp}",
            portal_url=self.portal_url,
            mails_url=self.url(self.ports.mail),
            inherited=self.environ,
            extra=self.extra,
        )
        for verb in ("migrate", "topology"):
            self.say(f"{verb}: {', '.join(SERVICES)}")
            await together(*(self.verb(service, verb) for service in SERVICES))
        self.say("starting the mail catcher and the services")
        self.start_catcher()
        for service, replica in self.replicas:
            self.start_service(service, replica)
        await together(*(self.ready(*replica) for replica in self.replicas))
        await together(*(self.whole(*replica) for replica in self.replicas))
        self.demo = await add_demo(partial(self.verb, "identity"))
        inbox = await self.admit(broker)
        for replica in range(len(self.ports.portal)):
            self.start_gateway(replica)
        await together(*map(self.gateway_ready, range(len(self.ports.portal))))
        return replace(self.describe(self.demo), inbox=inbox)

    async def stop(self) -> None:
        """Stop the services, all at once, then the catcher."""
        programs = [self.programs.get(program_name(*each)) for each in self.replicas]
        await together(*(program.stop() for program in programs if program is not None))
        await self.run.stop()

    @property
    def replicas(self) -> list[tuple[str, int]]:
        """Every service with every replica's number."""
        http = self.ports.http
        return [(service, number) for service in http for number in range(len(http[service]))]

    def start_catcher(self) -> None:
        """Start the mail catcher as a process of its own."""
        self.programs["catcher"] = self.run.start(
            "catcher",
            [
                sys.executable,
                *("-m", "deploy.local.catcher", str(self.ports.smtp), str(self.ports.mail)),
            ],
            environ={name: self.environ[name] for name in ("PATH",) if name in self.environ},
            log=self.log("catcher"),
            folder=ROOT,
        )

    def start_service(self, service: str, replica: int = 0) -> None:
        """Start a replica of a service, also again after a test has killed it."""
        name = program_name(service, replica)
        self.programs[name] = self.run.start(
            name,
            self.commands.get(service) or (sys.executable, "-m", f"services.{service}"),
            environ=self.surroundings.of(
                service,
                http_port=self.ports.http[service][replica],
                metrics_port=self.ports.metrics[service][replica],
            ),
            log=self.log(name),
            folder=ROOT,
        )

    def start_gateway(self, replica: int = 0) -> None:
        """Start a replica of the web gateway, which calls one replica of each service: there is
        no balancer on this machine.
        """
        name = program_name(GATEWAY, replica)
        http = self.ports.http
        self.programs[name] = self.run.start(
            name,
            self.commands.get(GATEWAY) or (sys.executable, "-m", "deploy.gateway"),
            environ=self.surroundings.of_gateway(
                {service: self.url(each[replica]) for service, each in http.items()},
                http_port=self.ports.portal[replica],
                metrics_port=self.ports.portal_metrics[replica],
                desk_port=None if replica else self.ports.desk,
                practices=self.demo.of_desk,
            ),
            log=self.log(name),
            folder=ROOT,
        )

    async def gateway_ready(self, replica: int = 0, *, within: float = READY_WITHIN) -> None:
        """Wait until a replica of the gateway answers."""
        port = self.ports.portal_metrics[replica]
        name = program_name(GATEWAY, replica)
        await self.health(name, port, "ready", READY, within)

    async def ready(self, service: str, replica: int = 0, *, within: float = READY_WITHIN) -> None:
        """Wait until the replica says that it is ready, or raise with what it last said."""
        port = self.ports.metrics[service][replica]
        await self.health(program_name(service, replica), port, "ready", READY, within)

    async def whole(self, service: str, replica: int = 0, *, within: float = READY_WITHIN) -> None:
        """Wait until the replica finds all that it shares with others as well."""
        port = self.ports.metrics[service][replica]
        await self.health(program_name(service, replica), port, "status", b'{"ok":true', within)

    async def health(self, name: str, port: int, path: str, wanted: bytes, within: float) -> None:
        url = f"{self.url(port)}/health/{path}"
        loop = asyncio.get_running_loop()
        deadline = loop.time() + within
        answer = b"no answer"
        patience = aiohttp.ClientTimeout(total=ANSWERED_WITHIN)
        async with aiohttp.ClientSession(timeout=patience) as session:
            while loop.time() < deadline:
                self.programs[name].check()
                try:
                    async with session.get(url) as reply:
                        answer = await reply.read()
                    if wanted in answer:
                        return
                except (aiohttp.ClientError, TimeoutError):
                    pass
                await asyncio.sleep(ASKED_EVERY)
        words = self.programs[name].last_words()
        told = answer.decode(errors="replace")
        raise ProgramFailed(f"{name} is not ready after {within:.0f} s: {told}\n{words}")

    def describe(self, demo: Demo) -> StackAddresses:
        """Say where everything is, and how the demo practices and a gateway's client log on."""
        http, metrics = self.ports.http, self.ports.metrics
        return StackAddresses(
            services={service: tuple(map(self.url, each)) for service, each in http.items()},
            metrics={service: tuple(map(self.url, each)) for service, each in metrics.items()},
            smtp_url=self.surroundings.smtp_url,
            mails=self.url(self.ports.mail),
            portal=self.portal_url,
            portals=tuple(map(self.url, self.ports.portal)),
            desk=f"http://localhost:{self.ports.desk}",
            clock_file=self.surroundings.clock_file,
            practice=demo.practice,
            neighbour=demo.neighbour,
            gateway=demo.gateway,
            mail_server=demo.mail_server,
        )

    async def admit(self, broker: BrokerAccess) -> str:
        """Let the demo practice's own system speak on the bus; return its AMQP URL (NT-9)."""
        practice = self.demo.practice
        system = System(
            practice_id=PracticeId(UUID(practice.practice_id)), client_id=UUID(practice.client_id)
        )
        return await admit_system(broker, system, Randomness().token())

    async def verb(self, service: str, *arguments: str) -> bytes:
        """Run one of a service's verbs; return what it printed, or raise with its complaint."""
        return await run_verb(service, arguments, environ=self.surroundings.of_verbs(service))

    @property
    def portal_url(self) -> str:
        """What people open: a name, since an address is no domain that a passkey can be for."""
        return f"http://localhost:{self.ports.portal[0]}"

    def url(self, port: int) -> str:
        return f"http://{ports.LOOPBACK}:{port}"

    def log(self, name: str) -> Path:
        return self.folder / "logs" / f"{name}.log"


def program_name(service: str, replica: int) -> str:
    """Name a replica's program and log: `identity` the first, `identity-2` the second."""
    return f"{service}-{replica + 1}" if replica else service


async def run_verb(service: str, arguments: Sequence[str], *, environ: Mapping[str, str]) -> bytes:
    """Run `python -m services.<service> ...` to its end."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", f"services.{service}", *arguments),
        env=environ,
        cwd=ROOT,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, complaint = await process.communicate()
    if process.returncode:
        told = (complaint + output).decode(errors="replace")[-4000:]
        verb = " ".join(arguments)
        raise ProgramFailed(f"{service} {verb} ended with {process.returncode}:\n{told}")
    return output


@asynccontextmanager
async def running(stack: Stack) -> AsyncIterator[StackAddresses]:
    """Hold a stack; it is stopped in reverse order, also when it came up only in part."""
    try:
        yield await stack.start()
    finally:
        await stack.stop()
