"""Introspection through one replica of identity, against a bare handler that reads one row."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlencode

from deploy.local import ports
from tests.bench.figures import Measured, Result, beside
from tests.bench.load import Job
from tests.bench.rows.people import FORM, People, answers_to
from tests.bench.site import Site, listening
from tests.bench.watch import Watch, costs

SECONDS = 3.0
CONNECTIONS = 16


async def measure(site: Site, rounds: int) -> Result:
    async with site.services("identity") as (identity,):
        people = await People.at(site, identity)
        job = await people.introspections(connections=CONNECTIONS, seconds=SECONDS)
        async with handler(site) as (pid, plain):

            async def once() -> tuple[Measured, Measured]:
                bare = await answered(plain, Watch.over({"handler": pid}))
                return bare, await answered(job, site.watch(identity))

            bare, ours = zip(*await site.rounds(rounds, once), strict=True)
    return Result(
        row="introspection",
        lines=beside(
            "introspection",
            "request",
            ours,
            bare,
            ceiling_is="aiohttp + asyncpg, one row",
            at_least=0.80,
        ),
        notes=(
            f"introspection: {CONNECTIONS} connections, one live session; the ceiling finds its "
            "row by primary key and checks nothing",
            costs("introspection", "request", ours),
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


async def answered(job: Job, watch: Watch) -> Measured:
    """One round of one side."""
    [answers] = await answers_to(job)
    answers.must(200)
    return watch.measured(len(answers.ended), seconds=SECONDS)
