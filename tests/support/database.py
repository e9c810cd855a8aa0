"""A database of its own for each test, copied from one that was migrated once in this run."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from importlib.resources import files
from itertools import count

from deploy.local.provision import (
    Connection,
    DatabaseAccess,
    connected,
    create_database,
    drop_database,
    provision_database,
)
from deploy.local.servers import Servers
from shared.contracts.topology import SERVICES
from shared.migrate import migrate
from tests.support.leftovers import real_time, sign


@dataclass(slots=True, kw_only=True)
class Template:
    """The migrated database of this run, and the names of its copies."""

    servers: Servers
    access: DatabaseAccess
    broken: dict[str, Exception] = field(default_factory=dict)
    numbers: "count[int]" = field(default_factory=count)

    @asynccontextmanager
    async def copy(self) -> AsyncIterator["Database"]:
        """Hold a fresh copy; it is dropped afterwards."""
        name = f"{self.access.name}_{next(self.numbers)}"
        await create_database(self.servers, name, template=self.access.name)
        try:
            access = DatabaseAccess(servers=self.servers, name=name)
            yield Database(access=access, broken=self.broken)
        finally:
            await drop_database(self.servers, name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    """One test's database. The services' roles get in as they do in production."""

    access: DatabaseAccess
    broken: dict[str, Exception]

    @property
    def administrator_url(self) -> str:
        """For fixtures and assertions only."""
        return self.access.administrator_url

    def url(self, service: str) -> str:
        """As the service: rows only. Raises what its migration raised, and nobody else's."""
        if service in self.broken:
            raise self.broken[service]
        return self.access.url(service)

    def migration_url(self, service: str) -> str:
        """As the owner of the service's schema."""
        return self.access.migration_url(service)

    @asynccontextmanager
    async def connection(self, role: str | None) -> AsyncIterator[Connection]:
        """One bare connection as any role; None is the administrator."""
        url = self.access.role_url(role) if role else self.access.administrator_url
        async with connected(url) as connection:
            yield connection


@asynccontextmanager
async def migrated_template(servers: Servers, run_id: str) -> AsyncIterator[Template]:
    """Make and migrate this run's template; a service's broken migration is kept for its tests."""
    access = await provision_database(servers, f"portico_{run_id}")
    template = Template(servers=servers, access=access)
    try:
        await sign(servers, access.name, begun=real_time())
        for service in SERVICES:
            try:
                await migrate_service(access, service)
            except Exception as problem:
                template.broken[service] = problem
        yield template
    finally:
        await drop_database(servers, access.name)


async def migrate_service(access: DatabaseAccess, service: str) -> None:
    """Do what the service's `migrate` verb does, with fewer partitions: each is copied per test."""
    folders = (
        files("shared") / "migrations",
        files(f"services.{service}") / "migrations",
    )
    await migrate(access.migration_url(service), service=service, folders=folders, months=1)
