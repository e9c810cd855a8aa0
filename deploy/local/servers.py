"""Where PostgreSQL and RabbitMQ come from: URLs, else a Docker engine, else this machine."""

import hashlib
import hmac
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

import asyncpg
from yarl import URL

from deploy.local import postgres, rabbitmq
from deploy.local.errors import NoServers, ProgramFailed, SettingUnknown, SourceUnavailable
from deploy.local.packages import install
from deploy.local.processes import Run, Say, known, together
from shared.errors import BrokerUnavailable
from shared.messaging.management import ManagementRefused

Found = TypeVar("Found")

POSTGRES_URL = "PORTICO_POSTGRES_ADMIN_URL"
AMQP_URL = "PORTICO_AMQP_URL"
MANAGEMENT_URL = "PORTICO_RABBITMQ_MANAGEMENT_URL"
URLS = (POSTGRES_URL, AMQP_URL, MANAGEMENT_URL)

THREE_WAYS = f"""no PostgreSQL and RabbitMQ to work with. Any one of these three would do:
  urls        set {POSTGRES_URL}, {AMQP_URL} and {MANAGEMENT_URL}
  containers  a Docker engine that answers, and has or can pull postgres:17 and rabbitmq:4
  local       postgresql and rabbitmq-server installed on this machine (as root: by us, with apt)
Tried:"""


class Source(StrEnum):
    """In the order they are tried; SERVERS=... forces one."""

    URLS = "urls"
    CONTAINERS = "containers"
    LOCAL = "local"


@dataclass(frozen=True, slots=True, kw_only=True)
class Servers:
    """Both servers as their administrator sees them."""

    source: Source
    postgres_url: str = field(repr=False)
    amqp_url: str = field(repr=False)
    management_url: str = field(repr=False)
    postgres_version: str
    rabbitmq_version: str

    def password(self, purpose: str) -> str:
        """Return the password of a role or user for `make run` and test runs: these belong to the
        whole server, so every run on the same servers must come to the same one. What is deployed
        (compose.yaml) keeps a random one for each instead, and no key ever follows from this."""
        key = f"{URL(self.postgres_url).password}\0{URL(self.amqp_url).password}".encode()
        return hmac.new(key, f"portico {purpose}".encode(), hashlib.sha256).hexdigest()

    def __str__(self) -> str:
        return (
            f"servers: {self.source}: PostgreSQL {self.postgres_version}, "
            f"RabbitMQ {self.rabbitmq_version}"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a source is given to open servers with."""

    environ: Mapping[str, str]
    folder: Path  # .local
    durable: bool
    say: Say


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One source: what it needs, and how it is opened once it has that.

    Both raise SourceUnavailable where the next source should be tried.
    """

    prepare: Callable[[Wanted], Awaitable[None]]
    start: Callable[[Wanted, AsyncExitStack], Awaitable[Servers]]


@asynccontextmanager
async def opened(
    environ: Mapping[str, str], *, folder: Path, say: Say, durable: bool = True
) -> AsyncIterator[Servers]:
    """Hold both servers; stop what was started. `durable`: they survive a kill of the machine.

    What a crashed run left is to be reaped before. Raises NoServers, with the reason of every
    source that was tried.
    """
    wanted = Wanted(environ=environ, folder=folder, durable=durable, say=say)
    async with AsyncExitStack() as stack:

        async def start(source: Source) -> Servers:
            way = WAYS[source]
            async with AsyncExitStack() as attempt:
                await way.prepare(wanted)
                servers = await way.start(wanted, attempt)
                stack.push_async_exit(attempt.pop_all())
            return servers

        servers = await first_that_serves(wanted, start)
        say(str(servers))
        yield servers


async def prepare(environ: Mapping[str, str], *, folder: Path, say: Say) -> Source:
    """Install or pull what is missing for the first source that can serve; start nothing."""
    wanted = Wanted(environ=environ, folder=folder, durable=True, say=say)

    async def prepared(source: Source) -> Source:
        await WAYS[source].prepare(wanted)
        return source

    return await first_that_serves(wanted, prepared)


async def first_that_serves(wanted: Wanted, attempt: Callable[[Source], Awaitable[Found]]) -> Found:
    """Try the sources in order, or only the one that is forced; say why one is passed over."""
    reasons: list[str] = []
    for source in sources(wanted.environ):
        if reasons:
            wanted.say(f"{reasons[-1].strip()}; trying {source}")
        try:
            return await attempt(source)
        except SourceUnavailable as problem:
            reasons.append(f"  {source}: {problem}")
    raise NoServers("\n".join([THREE_WAYS, *reasons]))


def sources(environ: Mapping[str, str]) -> tuple[Source, ...]:
    """Return the one that SERVERS forces, else all in order."""
    forced = environ.get("SERVERS", "")
    if not forced:
        return tuple(Source)
    try:
        return (Source(forced),)
    except ValueError:
        known = ", ".join(Source)
        raise SettingUnknown(f"SERVERS={forced}: not one of {known}") from None


async def check_urls(wanted: Wanted) -> None:
    """All three, with a password: some but not all is a mistake to be told, not to be passed."""
    missing = [name for name in URLS if not wanted.environ.get(name)]
    if len(missing) == len(URLS):
        raise SourceUnavailable(f"none of {', '.join(URLS)} is set")
    if missing:
        raise NoServers(f"{', '.join(missing)} not set; the servers' URLs go together")
    unprotected = [name for name in URLS if not URL(wanted.environ[name]).password]
    if unprotected:
        raise NoServers(f"{', '.join(unprotected)}: the administrator's password is missing")


async def from_urls(wanted: Wanted, stack: AsyncExitStack) -> Servers:
    """Use the servers of the environment."""
    return await described(Source.URLS, *(wanted.environ[name] for name in URLS))


async def prepare_engine(wanted: Wanted) -> None:
    """An engine answers, and has the images or pulls them."""
    try:
        from deploy.local import containers  # only who has the extra can use it
    except ImportError as problem:
        raise SourceUnavailable(f"{problem}; it comes with `pip install -e '.[dev]'`") from problem
    checkout = containers.checkout_of(wanted.folder)
    await containers.prepare(checkout, wanted.say)


async def from_containers(wanted: Wanted, stack: AsyncExitStack) -> Servers:
    """Start two containers."""
    from deploy.local import containers

    checkout = containers.checkout_of(wanted.folder)
    started = containers.Containers(checkout=checkout, owner=known(os.getpid()))
    stack.push_async_callback(started.stop)
    url, node = await started.start(durable=wanted.durable)
    return await described(Source.CONTAINERS, url, node.amqp_url, node.management_url)


async def install_missing(wanted: Wanted) -> None:
    """Both servers are installed on this machine, by us where that is possible."""
    missing = [server.PACKAGE for server in (postgres, rabbitmq) if server.find() is None]
    if missing:
        await install(missing, wanted.environ, wanted.say)


async def from_this_machine(wanted: Wanted, stack: AsyncExitStack) -> Servers:
    """Start private processes."""
    run = Run(wanted.folder)
    stack.push_async_callback(run.stop)
    environ = {name: wanted.environ[name] for name in ("PATH", "LANG") if name in wanted.environ}
    url, node = await together(
        postgres.start(run, environ=environ, durable=wanted.durable),
        rabbitmq.start(run, environ=environ),
    )
    return await described(Source.LOCAL, url, node.amqp_url, node.management_url)


async def described(source: Source, postgres_url: str, amqp_url: str, management: str) -> Servers:
    """Ask both servers for their versions."""
    try:
        return Servers(
            source=source,
            postgres_url=postgres_url,
            amqp_url=amqp_url,
            management_url=management,
            postgres_version=await postgres.version(postgres_url),
            rabbitmq_version=await rabbitmq.version(management),
        )
    except (OSError, asyncpg.PostgresError, BrokerUnavailable, ManagementRefused) as problem:
        raise ProgramFailed(f"{source}: a server does not answer: {problem}") from problem


WAYS: Mapping[Source, Way] = {
    Source.URLS: Way(prepare=check_urls, start=from_urls),
    Source.CONTAINERS: Way(prepare=prepare_engine, start=from_containers),
    Source.LOCAL: Way(prepare=install_missing, start=from_this_machine),
}
