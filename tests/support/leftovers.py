"""What a killed run left on servers that are not ours to stop: the next run's to drop.

Each run signs a database of its own with the time it began; nothing without a sign is touched.
"""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

from deploy.local.provision import Connection, connected, drop_database, drop_vhost
from deploy.local.servers import Servers

SIGN = "portico test run, begun "
SIGNED = re.compile(r"portico_([0-9a-z]{8})(?:_suite)?")
KEPT = timedelta(days=1)  # no run takes that long
LOCK = 7_101_963  # two runs that begin at once do not drop the same


def real_time() -> datetime:
    """Other runs have no clock of ours: only the real one tells their age."""
    return datetime.now(UTC)


async def sign(servers: Servers, name: str, *, begun: datetime) -> None:
    """Say on a run's database that it is a test run's, and since when."""
    async with connected(servers.postgres_url) as connection:
        await connection.execute(f"COMMENT ON DATABASE \"{name}\" IS '{SIGN}{begun.isoformat()}'")


async def drop_leftovers(servers: Servers, *, now: datetime) -> None:
    """Drop every database and vhost of the runs that began more than a day ago."""
    async with locked(servers) as connection:
        for run_id in await forgotten(connection, now):
            own = f"^portico_{run_id}(_|$)"
            databases = await connection.fetch(
                "SELECT datname FROM pg_database WHERE datname ~ $1 ORDER BY datname DESC", own
            )
            for vhost in (f"portico-{run_id}", f"portico_{run_id}_suite"):
                await drop_vhost(servers, vhost)
            for row in databases:
                await drop_database(servers, row["datname"])


@asynccontextmanager
async def locked(servers: Servers) -> AsyncIterator[Connection]:
    """Hold the lock as long as the connection."""
    async with connected(servers.postgres_url) as connection:
        await connection.execute("SELECT pg_advisory_lock($1)", LOCK)
        yield connection


async def forgotten(connection: Connection, now: datetime) -> set[str]:
    """Return the ids of the runs whose sign is too old."""
    signs = await connection.fetch(
        "SELECT datname, shobj_description(oid, 'pg_database') AS sign FROM pg_database"
        " WHERE starts_with(shobj_description(oid, 'pg_database'), $1)",
        SIGN,
    )
    return {
        found[1]
        for row in signs
        if (found := SIGNED.fullmatch(row["datname"]))
        and now - datetime.fromisoformat(row["sign"].removeprefix(SIGN)) > KEPT
    }
