"""Introspection through one replica of identity, against a bare handler that reads one row."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlencode

from deploy.local import ports
from tests.bench.figures import Measured, Result, beside
from tests.bench.load import Job
from tests.bench.processes import cpu_of
from tests.bench.rows.people import FORM, People, answers_to
from tests.bench.site import Site, listening

SECONDS = 3.0
CONNECTIONS = 16


async def measure(site: Site, rounds: int) -> Result:
    bare, ours = [], []
    async with site.services("identity") as (identity,):
        people = await People.at(site, identity)
        job = await people.introspections(connections=CONNECTIONS, seconds=SECONDS)
        async with handler(site) as (pid, plain):
            for _ in range(rounds):
                bare.append(await answered(plain, pid))
                ours.append(await answered(job, identity.program.pid))
    return Result(
        row="introspection",
        lines=beside(
            "introspection",
            "request",
            ours,
            bare,
            ceiling_is="aiohttp + asyncpg, one row",
            at_least=0.60,
        ),
        notes=(
            f"introspection: {CONNECTIONS} connections, one live session; the ceiling finds its "
            "row by primary key and checks nothing",
        ),
    )


@asynccontextmanager
async def handler(site: Site) -> AsyncIterator[tuple[int, Job]]:
    """Hold the bare handler: its process, and the job that asks it for a session that is there."""
    port = ports.free_port()
    session = await site.database.fetchval("SELECT id FROM identity.sessions LIMIT 1")
    environ = {
        **site.surroundings.of("identity"),
        "PORT": str(port),
        "DATABASE_URL": site.surroundings.database.url("identity"),
    }
    program = site.program("handler", ["tests.bench.ceilings.handler"], environ)
    try:
        await listening(port, program)
        yield (
            program.pid,
            Job(
                port=port,
                path="/introspect",
                headers=FORM,
                bodies=(urlencode({"token": session}),),
                connections=CONNECTIONS,
                seconds=SECONDS,
            ),
        )
    finally:
        await program.stop()


async def answered(job: Job, pid: int) -> Measured:
    """One round of one side."""
    spent = cpu_of(pid)
    [answers] = await answers_to(job)
    answers.must(200)
    return Measured(done=len(answers.ended), seconds=SECONDS, cpu=cpu_of(pid) - spent)
