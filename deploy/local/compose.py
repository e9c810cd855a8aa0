"""The stack in containers: its secrets, written for this user alone; its start, and its end."""

import asyncio
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import aiohttp

from deploy.local import ports, postgres, rabbitmq
from deploy.local.addresses import StackAddresses
from deploy.local.demo import add_demo
from deploy.local.errors import ProgramFailed
from deploy.local.kept_secrets import KeptSecrets
from deploy.local.processes import Say, together
from deploy.local.provision import BrokerAccess, DatabaseAccess
from deploy.local.provisioner import PURPOSES, variable
from deploy.local.servers import AMQP_URL, MANAGEMENT_URL, POSTGRES_URL, Servers, Source
from deploy.local.settings import (
    for_cookies,
    for_mails,
    for_migrate,
    for_passkeys,
    for_practices,
    for_texts,
    for_topology,
    secrets_of,
)
from deploy.local.stack_ports import Ports
from shared.contracts.topology import SERVICES

HERE = Path(__file__).resolve().parents[1]
FILES = ("-f", str(HERE / "compose.yaml"), "-f", str(HERE / "compose.tour.yaml"))
CATCHER = "smtp://catcher:8025"
CATCHER_PAGE = "http://catcher:8080"
HOOKS = "http://balancer:8104"
NAME = "portico"  # of the database and the vhost
GATEWAY = "gateway"
BESIDE = ("provision", "balancer", "catcher", GATEWAY)
IMAGES = tuple(f"portico-{name}" for name in (*SERVICES, *BESIDE))
BEFORE_GATEWAY = (*SERVICES, "balancer", "catcher")  # with what they depend on
PORTAL = "http://localhost:8100"  # a name: an address is no domain that a passkey can be for
DESK = "http://localhost:8109"
MORE = "`docker compose -p portico logs` says more"
HEALTHY_WITHIN = 300  # seconds
BALANCED_WITHIN = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Compose:
    """Docker's compose with our two files and what they read."""

    folder: Path  # .local
    environ: Mapping[str, str]
    say: Say

    @property
    def files(self) -> Path:
        """The folder of everything that compose.yaml reads from this machine."""
        return self.folder / "compose"

    async def up(self, replicas: int) -> StackAddresses:
        """Build, start, and wait until every replica is ready and the balancer knows one."""
        self.write()
        self.say("building the images")
        await self.compose("--progress", "quiet", "build")
        self.say(f"starting PostgreSQL, RabbitMQ and {replicas} of each service")
        await self.started(BEFORE_GATEWAY, scaled=dict.fromkeys(SERVICES, replicas))
        fixed = Ports.fixed()
        fronts = {
            service: f"http://{ports.LOOPBACK}:{port}" for service, (port,) in fixed.http.items()
        }
        await together(*(balanced(f"{front}/health/live") for front in fronts.values()))
        demo = await add_demo(partial(self.verb, "identity"))
        self.say(f"starting {replicas} of the web gateway")
        write_environ(self.desk_file, for_practices(demo.of_desk))
        await self.started([GATEWAY], scaled={GATEWAY: replicas})
        await together(*(balanced(f"{front}/") for front in (PORTAL, DESK)))
        await self.compose("exec", "-T", GATEWAY, "python", "-m", "deploy.gateway", "check")
        return StackAddresses(
            services={service: (url,) for service, url in fronts.items()},
            metrics={},  # each replica's own, inside
            smtp_url=CATCHER,
            mails=f"http://{ports.LOOPBACK}:{fixed.mail}",
            portal=PORTAL,
            desk=DESK,
            portals=(f"http://{ports.LOOPBACK}:{fixed.portal[0]}",),
            clock_file=self.clock_file,
            practice=demo.practice,
            neighbour=demo.neighbour,
            gateway=demo.gateway,
            mail_server=demo.mail_server,
        )

    async def down(self) -> None:
        """Remove containers, network, volumes, our images and the secrets."""
        self.write()  # compose reads its files here too
        await self.compose("--progress", "quiet", "down", "--volumes")
        await self.docker("image", "rm", "--force", *IMAGES)
        shutil.rmtree(self.files)

    async def started(self, names: Iterable[str], *, scaled: Mapping[str, int]) -> None:
        """Start these as often as is said, and wait until each says that it is well."""
        scale = [
            part for each, number in scaled.items() for part in ("--scale", f"{each}={number}")
        ]
        waiting = ("--wait", "--wait-timeout", str(HEALTHY_WITHIN))
        await self.compose("--progress", "quiet", "up", *waiting, *scale, *names)

    async def verb(self, service: str, *arguments: str) -> bytes:
        """Run one of a service's verbs in its first replica."""
        inside = ("exec", "-T", service, "python", "-m", f"services.{service}")
        return await self.compose(*inside, *arguments)

    async def compose(self, *arguments: str) -> bytes:
        """Run compose with both files and what they ask of whoever deploys them."""
        return await self.docker("compose", "--env-file", str(self.mail_file), *FILES, *arguments)

    async def docker(self, *arguments: str) -> bytes:
        """Run the client to its end; return what it printed, or raise with its complaint."""
        if shutil.which("docker") is None:
            raise ProgramFailed("docker is not a program of this machine")
        process = await asyncio.create_subprocess_exec(
            *("docker", *arguments),
            env=self.environ,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            output, complaint = await process.communicate()
        except asyncio.CancelledError:
            process.terminate()
            await process.wait()
            raise
        if process.returncode:
            told = (complaint + output).decode(errors="replace")[-4000:]
            raise ProgramFailed(
                f"docker {' '.join(arguments)}: {process.returncode}\n{told}\n{MORE}"
            )
        return output

    @property
    def clock_file(self) -> Path:
        return self.files / "clock" / "offset"

    @property
    def mail_file(self) -> Path:
        """The variables that compose.yaml has no default for; the shell's own go first."""
        return self.files / "mail.env"

    @property
    def desk_file(self) -> Path:
        """What the desk is told of the demo practices, which are new each time."""
        return self.files / "gateway.desk.env"

    def write(self) -> None:
        """Write the clock and each program's secrets: no other program's, for this user's eyes."""
        self.clock_file.parent.mkdir(parents=True, exist_ok=True)
        if not self.clock_file.exists():  # else it goes on from where a tour has moved it to
            self.clock_file.write_text("0\n")
        for path in (self.clock_file.parent, self.clock_file):
            path.chmod(0o755)  # read by the services' user
        write_environ(
            self.mail_file,
            {
                **for_mails(CATCHER, PORTAL),
                **for_texts(CATCHER_PAGE, HOOKS),
                **for_passkeys(PORTAL),
            },
        )
        write_environ(self.desk_file, {})
        for program, environ in self.secrets().items():
            write_environ(self.files / f"{program}.env", environ)

    def secrets(self) -> dict[str, dict[str, str]]:
        """Return what compose.yaml's env files hold. Only `provision`, which runs once, knows the
        administrators: the database's and the broker's are two."""
        secrets = self.kept
        of_postgres = f"{postgres.ADMINISTRATOR}:{secrets.password('postgres administrator')}"
        of_rabbitmq = f"{rabbitmq.ADMINISTRATOR}:{secrets.password('rabbitmq administrator')}"
        servers = Servers(
            source=Source.CONTAINERS,
            postgres_url=f"postgresql://{of_postgres}@postgres:5432/postgres",
            amqp_url=f"amqp://{of_rabbitmq}@rabbitmq:5672/",
            management_url=f"http://{of_rabbitmq}@rabbitmq:15672",
            postgres_version="17",
            rabbitmq_version="4",
        )
        database = DatabaseAccess(servers=servers, name=NAME, passwords=secrets)
        broker = BrokerAccess(servers=servers, vhost=NAME, passwords=secrets)
        programs = {
            "postgres": {
                "POSTGRES_USER": postgres.ADMINISTRATOR,
                "POSTGRES_PASSWORD": secrets.password("postgres administrator"),
                "POSTGRES_DB": "postgres",
            },
            "rabbitmq": {
                "RABBITMQ_DEFAULT_USER": rabbitmq.ADMINISTRATOR,
                "RABBITMQ_DEFAULT_PASS": secrets.password("rabbitmq administrator"),
            },
            "provision": {
                "SERVERS": Source.URLS,
                POSTGRES_URL: servers.postgres_url,
                AMQP_URL: servers.amqp_url,
                MANAGEMENT_URL: servers.management_url,
                **{variable(purpose): secrets.password(purpose) for purpose in PURPOSES},
            },
        }
        for service in SERVICES:
            programs[service] = secrets_of(service, database, broker, secrets)
            programs[f"{service}.migrate"] = for_migrate(service, database)
            programs[f"{service}.topology"] = for_topology(broker)
        programs[GATEWAY] = for_cookies(secrets)
        return programs

    @property
    def kept(self) -> KeptSecrets:
        """Every password and key, made at the first start; they end with the servers' data."""
        return KeptSecrets(self.files / "secrets")


async def balanced(url: str) -> None:
    """Wait until the balancer has found a replica that is ready, and that one answers."""
    deadline = asyncio.get_running_loop().time() + BALANCED_WITHIN
    async with aiohttp.ClientSession() as session:
        while asyncio.get_running_loop().time() < deadline:
            try:
                async with session.get(url) as reply:
                    if reply.status == 200:
                        return
            except aiohttp.ClientError:
                pass
            await asyncio.sleep(0.2)
    raise ProgramFailed(f"{url}: the balancer finds no replica that is ready")


def write_environ(path: Path, environ: Mapping[str, str]) -> None:
    """Write variables for this user's eyes only."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.chmod(0o600)
    path.write_text("".join(f"{name}={value}\n" for name, value in environ.items()))
