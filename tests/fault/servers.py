"""Servers that these tests may kill: always started by them, never the ones that URLs name."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from deploy.client.eventually import eventually
from deploy.local import ports, postgres, rabbitmq
from deploy.local.errors import ProgramFailed, SourceUnavailable
from deploy.local.processes import Program, Run, Trace, known, lives, reap, together
from deploy.local.servers import (
    URLS,
    WAYS,
    Servers,
    Source,
    Wanted,
    described,
    first_that_serves,
)
from shared.randomness import Randomness
from tests.support.infra import FOLDER
from tests.support.proc import tree

if TYPE_CHECKING:
    from testcontainers.core.container import DockerContainer

STARTS_WITHIN = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Victim:
    """A server whose data outlives it: killed with SIGKILL, started again in the same place."""

    kill: Callable[[], Awaitable[None]]
    start: Callable[[], Awaitable[None]]  # returns once it answers


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnServers:
    servers: Servers
    database: Victim
    broker: Victim
    evaluate: Callable[[str], Awaitable[None]]  # an Erlang expression, inside the broker


@asynccontextmanager
async def own_servers(
    environ: Mapping[str, str], say: Callable[[str], None]
) -> AsyncIterator[OwnServers]:
    """Hold durable servers in containers, or on this machine; `SERVERS=urls` is not heeded.

    Raises NoServers, with the reason of each way, where neither can be had.
    """
    await reap(FOLDER, say)
    wanted = Wanted(environ=without_urls(environ), folder=FOLDER, durable=True, say=say)
    async with AsyncExitStack() as stack:

        async def start(source: Source) -> OwnServers:
            if source not in STARTS:
                raise SourceUnavailable("only what was started here is killed here")
            async with AsyncExitStack() as attempt:
                await WAYS[source].prepare(wanted)
                found = await STARTS[source](wanted, attempt)
                stack.push_async_exit(attempt.pop_all())
            return found

        found = await first_that_serves(wanted, start)
        say(f"to be killed: {found.servers}")
        yield found


def without_urls(environ: Mapping[str, str]) -> dict[str, str]:
    """Forget what is not ours to kill."""
    kept = {name: value for name, value in environ.items() if name not in URLS}
    if kept.get("SERVERS") == Source.URLS:
        del kept["SERVERS"]
    return kept


# ---- in containers


async def in_containers(wanted: Wanted, stack: AsyncExitStack) -> OwnServers:
    """Two containers on ports of our choice: an engine gives others after a restart."""
    from testcontainers.core.config import testcontainers_config

    from deploy.local import containers

    checkout = containers.checkout_of(wanted.folder)
    both = containers.Containers(checkout=checkout, owner=known(os.getpid()))
    testcontainers_config.ryuk_disabled = True  # as Containers.start has it
    stack.push_async_callback(both.stop)
    password = Randomness().token()
    database = both.describe_postgres(password, durable=True)
    database.with_bind_ports(5432, ports.free_port())
    broker = both.describe_rabbitmq(password)
    broker.with_bind_ports(5672, ports.free_port()).with_bind_ports(15672, ports.free_port())
    await together(both.launch(database), both.launch(broker))
    url = (
        f"postgresql://{postgres.ADMINISTRATOR}:{password}@{containers.at(database, 5432)}/postgres"
    )
    access = f"{rabbitmq.ADMINISTRATOR}:{password}"
    amqp = f"amqp://{access}@{containers.at(broker, 5672)}/"
    management = f"http://{access}@{containers.at(broker, 15672)}"

    async def database_answers() -> None:
        await postgres.answers(url, check=containers.alive(database))

    async def broker_answers() -> None:
        await rabbitmq.answers(management, check=containers.alive(broker))

    await together(database_answers(), broker_answers())
    return OwnServers(
        servers=await described(Source.CONTAINERS, url, amqp, management),
        database=container_victim(database, database_answers),
        broker=container_victim(broker, broker_answers),
        evaluate=partial(evaluated_in_container, broker),
    )


async def evaluated_in_container(container: "DockerContainer", expression: str) -> None:
    """Run rabbitmqctl beside the node."""
    command = ["rabbitmqctl", "eval", expression]
    done = await asyncio.to_thread(container.get_wrapped_container().exec_run, command)
    assert done.exit_code == 0, done.output


def container_victim(
    container: "DockerContainer", answers: Callable[[], Awaitable[None]]
) -> Victim:
    """Kill all of a container's processes, and start it again on its own file system."""

    async def kill() -> None:
        await asyncio.to_thread(container.get_wrapped_container().kill, "SIGKILL")

    async def start() -> None:
        await asyncio.to_thread(container.get_wrapped_container().start)
        await answers()

    return Victim(kill=kill, start=start)


# ---- on this machine


@dataclass(slots=True)
class AgainRun(Run):
    """A run that remembers how each program was started."""

    how: dict[str, tuple[tuple[Any, ...], dict[str, Any]]] = field(default_factory=dict)

    def start(self, name: str, *arguments: Any, **named: Any) -> Program:
        """Start a program, as every run does."""
        self.how[name] = (arguments, named)
        return Run.start(self, name, *arguments, **named)

    def again(self, name: str) -> Program:
        """Start it as it was started last."""
        arguments, named = self.how[name]
        return Run.start(self, name, *arguments, **named)

    def named(self, name: str) -> Program:
        """Return the program that was started last under this name."""
        return next(program for program in reversed(self.programs) if program.name == name)


async def on_this_machine(wanted: Wanted, stack: AsyncExitStack) -> OwnServers:
    """Two private servers on ports that they keep."""
    run = AgainRun(wanted.folder)
    stack.push_async_callback(run.stop)
    environ = {name: wanted.environ[name] for name in ("PATH", "LANG") if name in wanted.environ}
    url, node = await together(
        postgres.start(run, environ=environ, durable=True),
        rabbitmq.start(run, environ=environ),
    )

    async def database_answers() -> None:
        await postgres.answers(url, check=run.named("postgres").check)

    async def broker_answers() -> None:
        await rabbitmq.answers(node.management_url, check=run.named("rabbitmq").check)

    return OwnServers(
        servers=await described(Source.LOCAL, url, node.amqp_url, node.management_url),
        database=program_victim(run, "postgres", database_answers),
        broker=program_victim(run, "rabbitmq", broker_answers),
        evaluate=partial(evaluated_here, run),
    )


async def evaluated_here(run: AgainRun, expression: str) -> None:
    """Run rabbitmqctl as the node was started: with its cookie, its mapper and its user."""
    server = rabbitmq.find()
    assert server is not None
    _, named = run.how["rabbitmq"]
    process = await asyncio.create_subprocess_exec(
        server.with_name("rabbitmqctl"),
        "eval",
        expression,
        env=named["environ"],
        user=named["user"],
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    told, _ = await process.communicate()
    assert process.returncode == 0, told.decode()


def program_victim(run: AgainRun, name: str, answers: Callable[[], Awaitable[None]]) -> Victim:
    """Kill a program with all that it started, and start it again as it was started."""

    async def kill() -> None:
        program = run.named(name)
        family = [known(pid) for pid in tree(program.pid)]
        for process in family:
            if lives(process):
                os.kill(process.pid, signal.SIGKILL)
        await asyncio.to_thread(program.process.wait)
        await eventually(lambda: all_gone(family), within=STARTS_WITHIN)

    async def start() -> None:
        async def up() -> None:
            run.again(name)
            try:
                await answers()
            except ProgramFailed as problem:  # it may find what the killed one left behind
                raise AssertionError(problem) from problem

        await eventually(up, within=STARTS_WITHIN, pause=0.5)

    return Victim(kill=kill, start=start)


def all_gone(processes: list[Trace]) -> None:
    assert not [process for process in processes if lives(process)]


STARTS: Mapping[Source, Callable[[Wanted, AsyncExitStack], Awaitable[OwnServers]]] = {
    Source.CONTAINERS: in_containers,
    Source.LOCAL: on_this_machine,
}
