"""A database for each test, copied from one that was migrated once in this run.

A copy costs 100 ms of two cores: the next test gets the same one, as it was when it was copied,
unless a test altered a table.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from importlib.resources import files
from itertools import count
from pathlib import Path

import asyncpg
from yarl import URL

from deploy.local import provision
from deploy.local.provision import (
    DatabaseAccess,
    connected,
    create_database,
    drop,
    provision_database,
)
from deploy.local.servers import Servers
from shared.contracts.topology import SERVICES
from shared.db import Connection, Pool
from shared.migrate import migrate
from tests.support.leftovers import real_time, sign
from tests.support.pools import Pools

ADMINISTRATORS = 20  # connections of a test, for fixtures and assertions
OURS = "a test's administrator"
PATIENCE = 30.0  # seconds for a connection: a busy machine is no failure
KEPT = Path(__file__).with_name("kept.sql")


@dataclass(slots=True, kw_only=True)
class Template:
    """The migrated database of this run, and the names of its copies."""

    access: DatabaseAccess
    administrator: provision.Connection  # of the whole server
    broken: dict[str, Exception] = field(default_factory=dict)
    numbers: "count[int]" = field(default_factory=count)
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)  # a connection does one thing at once

    @asynccontextmanager
    async def copy(self) -> AsyncIterator["Database"]:
        """Hold a fresh copy; it is dropped afterwards."""
        name = f"{self.access.name}_{next(self.numbers)}"
        async with self.turn:
            await create_database(self.administrator, name, template=self.access.name)
        try:
            async with administered(replace(self.access, name=name), self.broken) as copy:
                yield copy
        finally:
            async with self.turn:
                await drop(self.administrator, name)

    @asynccontextmanager
    async def foreign(self, suffix: str, made: str) -> AsyncIterator[DatabaseAccess]:
        """Hold an empty database that an administrator made in another way than we do."""
        access = replace(self.access, name=f"{self.access.name}_{suffix}")
        async with self.turn:
            await self.administrator.execute(
                f'CREATE DATABASE "{access.name}" TEMPLATE template0 {made}'
            )
        try:
            async with connected(access.administrator_url) as administrator:
                for service in SERVICES:
                    await administrator.execute(
                        f"CREATE SCHEMA {service} AUTHORIZATION {service}_migration"
                    )
            yield access
        finally:
            async with self.turn:
                await drop(self.administrator, access.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Database(DatabaseAccess):
    """One test's database. The services' roles get in as they do in production."""

    broken: dict[str, Exception]
    administrators: Pool

    def url(self, service: str) -> str:
        """As the service: rows only. Raises what its migration raised, and nobody else's."""
        if service in self.broken:
            raise self.broken[service]
        return self.role_url(service)

    @asynccontextmanager
    async def connection(self, role: str) -> AsyncIterator[Connection]:
        """One bare connection as any role."""
        async with connected(self.role_url(role)) as connection:
            yield connection

    @asynccontextmanager
    async def administrator(self) -> AsyncIterator[Connection]:
        """One of the connections that this test keeps: a new one costs more than most of its work.

        What was set on it is reset when it is given back.
        """
        async with self.administrators.acquire() as connection:
            yield connection

    async def keep(self) -> None:
        """Remember what is in it now."""
        async with self.administrator() as connection:
            await connection.execute("SELECT kept.keep()")

    async def restored(self) -> bool:
        """Whether it is again as it was kept; false where a table was altered."""
        async with self.administrator() as connection:
            return bool(await connection.fetchval("SELECT kept.restore()"))

    async def left_alone(self, *, but: Iterable[int] = ()) -> None:
        """End whatever a test left connected, other than these processes of the server."""
        async with self.administrator() as connection:
            await connection.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                " WHERE datname = current_database()"
                " AND application_name <> $1 AND pid <> ALL ($2::int[])",
                OURS,
                list(but),
            )

    async def waits_for_a_lock(self, application: str, *, at_least: int = 1) -> None:
        """Assert that so many statements of this program wait for a row or a table."""
        async with self.administrator() as connection:
            waiting = await connection.fetchval(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                " AND application_name = $1 AND wait_event_type = 'Lock'",
                application,
            )
        assert waiting >= at_least


@dataclass(slots=True, kw_only=True)
class Copies:
    """A worker's copy, handed from test to test."""

    template: Template
    stack: AsyncExitStack = field(default_factory=AsyncExitStack)
    current: tuple[Database, Pools] | None = None

    @asynccontextmanager
    async def one(self) -> AsyncIterator[Database]:
        """Hold a database as it was migrated, for one test."""
        if self.current is None:
            copy = await self.stack.enter_async_context(self.template.copy())
            self.current = copy, Pools(database=URL(copy.administrator_url))
        copy, pools = self.current
        with pools.lent():
            yield copy
        await copy.left_alone(but=pools.processes())
        if not await copy.restored():
            await self.close()

    async def close(self) -> None:
        """Drop it; the next test gets a new one."""
        if self.current is not None:
            self.current[1].terminate()
        self.current = None
        await self.stack.aclose()


@asynccontextmanager
async def administered(
    access: DatabaseAccess, broken: dict[str, Exception] | None = None
) -> AsyncIterator[Database]:
    """Hold a database with the administrators' connections to it."""
    administrators = await asyncpg.create_pool(
        access.administrator_url,
        min_size=0,
        max_size=ADMINISTRATORS,
        server_settings={"application_name": OURS},
    )
    try:
        yield Database(
            servers=access.servers,
            name=access.name,
            passwords=access.passwords,
            broken=broken or {},
            administrators=administrators,
        )
    finally:
        administrators.terminate()


@asynccontextmanager
async def migrated_template(servers: Servers, run_id: str) -> AsyncIterator[Template]:
    """Make and migrate this run's template; a service's broken migration is kept for its tests."""
    access = await provision_database(servers, f"portico_{run_id}")
    async with connected(servers.postgres_url) as administrator:
        template = Template(access=access, administrator=administrator)
        try:
            await sign(servers, access.name, begun=real_time())
            for service in SERVICES:
                try:
                    await migrate_service(access, service)
                except Exception as problem:
                    template.broken[service] = problem
            async with connected(access.administrator_url) as owner:
                await owner.execute(KEPT.read_text())
            yield template
        finally:
            await drop(administrator, access.name)


async def migrate_service(access: DatabaseAccess, service: str) -> None:
    """Do what the service's `migrate` verb does, with fewer partitions: each is copied per test."""
    folders = (
        files("shared") / "migrations",
        files(f"services.{service}") / "migrations",
    )
    await migrate(access.migration_url(service), service=service, folders=folders, months=1)
