"""A replica as a process of its own, over a test's database, set up as the replicas in process."""

import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp

from deploy.client.eventually import eventually
from deploy.local import ports
from deploy.local.processes import Program, Run
from deploy.local.stack import ROOT
from shared.settings.loader import PREFIX
from tests.rigs.replica import Caller
from tests.support.infra import FOLDER

READY_WITHIN = 60.0
CONNECTIONS = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """One that takes requests."""

    program: Program
    caller: Caller


@asynccontextmanager
async def process(
    run: Run, service: str, environ: Mapping[str, str], *, name: str
) -> AsyncIterator[Process]:
    """Hold a replica, ready; it drains and ends on leaving."""
    http_port, metrics_port = ports.free_ports(2)
    program = run.start(
        name,
        [sys.executable, "-m", f"services.{service}"],
        environ={
            **environ,
            f"{PREFIX}HTTP_PORT": str(http_port),
            f"{PREFIX}METRICS_PORT": str(metrics_port),
        },
        log=FOLDER / "logs" / f"{name}.log",
        folder=ROOT,
    )
    try:
        await ready(program, metrics_port)
        async with aiohttp.ClientSession(
            f"http://{ports.LOOPBACK}:{http_port}",
            connector=aiohttp.TCPConnector(limit=CONNECTIONS),
        ) as client:
            yield Process(program=program, caller=Caller(client=client))
    finally:
        await program.stop()


async def ready(program: Program, metrics_port: int) -> None:
    """Wait until it says that it takes requests."""

    async def asked() -> None:
        program.check()
        try:
            async with (
                aiohttp.ClientSession() as session,
                session.get(f"http://{ports.LOOPBACK}:{metrics_port}/health/ready") as reply,
            ):
                assert reply.status == 200, await reply.text()
        except aiohttp.ClientError as problem:
            raise AssertionError(str(problem)) from None

    await eventually(asked, within=READY_WITHIN, pause=0.1)
