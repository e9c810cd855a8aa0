"""A serving process: everything started in order, in one task group; SIGTERM drains it."""

import asyncio
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from aiohttp import web

from shared.errors import Unavailable
from shared.http.connections import Runner
from shared.logs import logger
from shared.loops import GRACE
from shared.program.program import F, S
from shared.program.runtime import Assembled

log = logger("process")

DRAIN_SECONDS = 10.0  # for requests that have begun
FLUSH_SECONDS = 5.0  # for the last relay round
PARTING_SECONDS = 1.0  # for kept-alive connections to be told, with a reply, that they end
BACKLOG = 1024  # connections the kernel keeps for us while the loop is busy


class CannotListen(Exception):
    """A port of the settings is taken, or not ours to take; the message names it."""


@dataclass(frozen=True, slots=True)
class Listening:
    """Two web servers on ports that the settings name, or that were free."""

    http: Runner
    metrics: Runner
    http_port: int
    metrics_port: int


async def serve(service: Assembled[F, S], stop: asyncio.Event | None = None) -> None:
    """Run until SIGTERM or SIGINT (or `stop`). Database and broker may come and go meanwhile.

    Raises an exception group with CannotListen.
    """
    stop = stop or asyncio.Event()
    with stopped_by_signals(stop):
        try:
            await run_until(stop, service)
        except* CannotListen:
            await service.close()  # or what it holds would complain of the closed event loop
            raise
    log.info("stopped")


async def run_until(stop: asyncio.Event, service: Assembled[F, S]) -> None:
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(run) for run in runs(service)]
        listening = await listen(service)
        log.info(
            "listening",
            host=service.plumbing.settings.http_host,
            http_port=listening.http_port,
            metrics_port=listening.metrics_port,
        )
        await stop.wait()
        await drain(service, listening, tasks)


def runs(service: Assembled[F, S]) -> "Iterator[asyncio._CoroutineLike[None]]":
    """Everything that goes on for as long as the process lives."""
    messaging = service.messaging
    for intake in messaging.intakes:
        yield intake.run()
    if service.ended_sessions is not None:
        yield service.ended_sessions.run()
    for loop in (*messaging.relay_loops, *messaging.loops, *service.loops):
        loop.metrics = service.plumbing.metrics
        yield loop.run()


async def listen(service: Assembled[F, S]) -> Listening:
    """Accept requests; a free port is chosen where the settings say 0."""
    settings = service.plumbing.settings
    randomness = service.plumbing.randomness
    http = await Runner.of(
        service.application, randomness=randomness, shutdown_timeout=DRAIN_SECONDS
    )
    metrics = await Runner.of(service.metrics_application, randomness=randomness)
    ports = []
    for runner, port in ((http, settings.http_port), (metrics, settings.metrics_port)):
        await runner.setup()
        site = web.TCPSite(runner, settings.http_host, port, backlog=BACKLOG)
        try:
            await site.start()
        except OSError as error:
            await http.cleanup()
            await metrics.cleanup()
            raise CannotListen(f"{settings.http_host}:{port}: {error.strerror}") from error
        ports.append(runner.addresses[0][1])
    return Listening(http, metrics, *ports)


async def drain(
    service: Assembled[F, S], listening: Listening, tasks: list["asyncio.Task[None]"]
) -> None:
    """Stop in the order in which nothing is lost.

    Not ready; no new requests, those begun finish; consumers and loops end, a batch at hand is
    settled; what requests and batches wrote is published in a last round; then all is closed.
    """
    service.health.stopping = True
    log.info("draining")
    await listening.http.closed_by_clients(PARTING_SECONDS)
    await listening.http.cleanup()
    await end(tasks)
    try:
        async with asyncio.timeout(FLUSH_SECONDS):
            await service.messaging.flush()
    except (TimeoutError, Unavailable) as error:
        log.warning("flush_failed", error=error)  # the rows stay; another relay publishes them
    await service.close()
    await listening.metrics.cleanup()


async def end(tasks: Sequence["asyncio.Task[None]"]) -> None:
    """Cancel until all have ended: a cancellation can be swallowed by what a task awaits."""
    pending = set(tasks)
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=GRACE + 1)


@contextmanager
def stopped_by_signals(stop: asyncio.Event) -> Iterator[None]:
    """Set `stop` on SIGTERM and Ctrl-C; a second one ends the process at once."""
    loop = asyncio.get_running_loop()

    def ask(number: signal.Signals) -> None:
        log.info("signal", signal=number.name)
        loop.remove_signal_handler(number)
        stop.set()

    numbers = (signal.SIGTERM, signal.SIGINT)
    for number in numbers:
        loop.add_signal_handler(number, ask, number)
    try:
        yield
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)
