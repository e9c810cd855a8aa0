"""The whole stack: rights, verbs, the mail catcher, four services, a demo practice; and its end."""

import asyncio
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import msgspec

from deploy.local import ports
from deploy.local.addresses import ClientCredentials, PracticeCredentials, StackAddresses
from deploy.local.errors import PortsHeld, ProgramFailed
from deploy.local.processes import Program, Run, Say, together
from deploy.local.provision import provision_broker, provision_database
from deploy.local.servers import Servers
from deploy.local.settings import Surroundings
from shared.contracts.topology import SERVICES

ROOT = Path(__file__).resolve().parents[2]
READY_WITHIN = 60.0
DEMO = ("--contact", "+1 555 0100", "--locale", "en", "--time-zone", "America/New_York")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """Where the catcher and each service listen."""

    smtp: int
    mail: int
    http: Mapping[str, int]
    metrics: Mapping[str, int]

    @classmethod
    def fixed(cls) -> "Ports":
        """The ports that a person can remember, as the services' own defaults have them."""
        return cls(
            smtp=8125,
            mail=8180,
            http={service: 8101 + place for place, service in enumerate(SERVICES)},
            metrics={service: 9101 + place for place, service in enumerate(SERVICES)},
        )

    @classmethod
    def free(cls) -> "Ports":
        """Ports that nobody listens on, for tests beside a running stack."""
        return cls(
            smtp=ports.free_port(),
            mail=ports.free_port(),
            http={service: ports.free_port() for service in SERVICES},
            metrics={service: ports.free_port() for service in SERVICES},
        )

    def check(self) -> None:
        """Raise PortsHeld that names each port which is taken, and by whom."""
        wanted = (self.smtp, self.mail, *self.http.values(), *self.metrics.values())
        held = [port for port in wanted if not ports.is_free(port)]
        if held:
            lines = [f"  {port}: {ports.holder(port)}" for port in held]
            raise PortsHeld("\n".join(["these ports are held; is a stack running?", *lines]))


@dataclass(slots=True, kw_only=True)
class Stack:
    """One stack on servers that are there. `addresses` says where all of it is, once started."""

    servers: Servers
    run: Run
    name: str  # of its database and its vhost
    folder: Path  # of its clock file and logs
    ports: Ports
    say: Say
    environ: Mapping[str, str]
    extra: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    surroundings: Surroundings = field(init=False)
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
            clock_file=clock_file,
            smtp_url=f"smtp://{ports.LOOPBACK}:{self.ports.smtp}",
            inherited=self.environ,
            extra=self.extra,
        )
        for verb in ("migrate", "topology"):
            self.say(f"{verb}: {', '.join(SERVICES)}")
            await together(*(self.verb(service, verb) for service in SERVICES))
        self.say("starting the mail catcher and the services")
        self.start_catcher()
        for service in SERVICES:
            self.start_service(service)
        await together(*(self.ready(service) for service in SERVICES))
        return await self.describe()

    async def stop(self) -> None:
        """Stop the services, then the catcher."""
        await self.run.stop()

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

    def start_service(self, service: str) -> None:
        """Start a service, also again after a test has killed it."""
        self.programs[service] = self.run.start(
            service,
            [sys.executable, "-m", f"services.{service}"],
            environ=self.surroundings.of(
                service,
                http_port=self.ports.http[service],
                metrics_port=self.ports.metrics[service],
            ),
            log=self.log(service),
            folder=ROOT,
        )

    async def ready(self, service: str, *, within: float = READY_WITHIN) -> None:
        """Wait until the service says that it is ready, or raise with what it last said."""
        url = f"{self.url(self.ports.http[service])}/health/ready"
        loop = asyncio.get_running_loop()
        deadline = loop.time() + within
        answer = "no answer"
        async with aiohttp.ClientSession() as session:
            while loop.time() < deadline:
                self.programs[service].check()
                try:
                    async with session.get(url) as reply:
                        if reply.status == 200:
                            return
                        answer = await reply.text()
                except aiohttp.ClientError:
                    pass
                await asyncio.sleep(0.05)
        words = self.programs[service].last_words()
        raise ProgramFailed(f"{service} is not ready after {within:.0f} s: {answer}\n{words}")

    async def describe(self) -> StackAddresses:
        """Make the demo practice and a gateway's client, and say where everything is."""
        practice = await self.verb("identity", "practice", "add", "Lindenhof", *DEMO, "--json")
        gateway = await self.verb("identity", "gateway", "add", "portal", "--json")
        http, metrics = self.ports.http, self.ports.metrics
        return StackAddresses(
            services={service: (self.url(port),) for service, port in http.items()},
            metrics={service: (self.url(port),) for service, port in metrics.items()},
            smtp_url=self.surroundings.smtp_url,
            mails=self.url(self.ports.mail),
            clock_file=self.surroundings.clock_file,
            practice=msgspec.json.decode(practice, type=PracticeCredentials),
            gateway=msgspec.json.decode(gateway, type=ClientCredentials),
        )

    async def verb(self, service: str, *arguments: str) -> bytes:
        """Run one of a service's verbs; return what it printed, or raise with its complaint."""
        return await run_verb(service, arguments, environ=self.surroundings.of_verbs(service))

    def url(self, port: int) -> str:
        return f"http://{ports.LOOPBACK}:{port}"

    def log(self, name: str) -> Path:
        return self.folder / "logs" / f"{name}.log"


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
