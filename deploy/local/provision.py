"""What an administrator makes: roles, schemas and rights; a vhost and its users. Idempotent.

Roles and users belong to the whole server and are shared by every run on it: their passwords
follow from the administrator's own. A database and a vhost belong to one run.
"""

import re
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

import asyncpg
from yarl import URL

from deploy.local.processes import together
from deploy.local.servers import Servers
from shared.contracts.topology import SERVICES, rights
from shared.messaging.management import Management, segment

if TYPE_CHECKING:
    Connection = asyncpg.Connection[asyncpg.Record]
else:
    Connection = asyncpg.Connection

ROLES_LOCK = 7_101_962  # one run at a time changes what belongs to the whole server
NAME = re.compile(r"[a-z][a-z0-9_-]{0,62}")


def migration_role(service: str) -> str:
    """Return the role that owns the service's schema and alone may change it."""
    return f"{service}_migration"


ROLES = tuple(role for service in SERVICES for role in (service, migration_role(service)))


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseAccess:
    """One provisioned database, and how each role gets into it."""

    servers: Servers
    name: str

    @property
    def administrator_url(self) -> str:
        return in_database(self.servers.postgres_url, self.name)

    def url(self, service: str) -> str:
        """As the service itself: rows only."""
        return self.role_url(service)

    def migration_url(self, service: str) -> str:
        """As the owner of the service's schema."""
        return self.role_url(migration_role(service))

    def role_url(self, role: str) -> str:
        password = self.servers.password(f"role {role}")
        return str(URL(self.administrator_url).with_user(role).with_password(password))


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerAccess:
    """One provisioned vhost, and how each service gets into it."""

    servers: Servers
    vhost: str

    @property
    def administrator_url(self) -> str:
        return in_vhost(self.servers.amqp_url, self.vhost)

    @property
    def management_url(self) -> str:
        return self.servers.management_url

    def url(self, service: str) -> str:
        """As the service's own user."""
        password = self.servers.password(f"user {service}")
        return str(URL(self.administrator_url).with_user(service).with_password(password))


def in_database(url: str, name: str) -> str:
    return str(URL(url).with_path(f"/{name}"))


def in_vhost(url: str, vhost: str) -> str:
    return str(URL(url).with_path(f"/{segment(vhost)}", encoded=True))


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[Connection]:
    """Hold one connection."""
    connection = await asyncpg.connect(url, timeout=30)
    try:
        yield connection
    finally:
        await connection.close()


async def provision_roles(servers: Servers) -> None:
    """Make the two roles of each service: log-on, and nothing else of the whole server."""
    async with connected(servers.postgres_url) as connection, connection.transaction():
        await connection.execute("SELECT pg_advisory_xact_lock($1)", ROLES_LOCK)
        there = {row["rolname"] for row in await connection.fetch("SELECT rolname FROM pg_roles")}
        for role in ROLES:
            verb = "ALTER" if role in there else "CREATE"
            password = servers.password(f"role {role}")
            await connection.execute(
                f"{verb} ROLE {role} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION"
                f" NOBYPASSRLS PASSWORD '{password}'"
            )
            schema = role.removesuffix("_migration")
            await connection.execute(f"ALTER ROLE {role} SET search_path = {schema}")


async def provision_database(servers: Servers, name: str) -> DatabaseAccess:
    """Make the database with a schema a service, owned by its migration role."""
    await provision_roles(servers)
    async with connected(servers.postgres_url) as connection:
        await create_database(connection, name)
    access = DatabaseAccess(servers=servers, name=name)
    async with connected(access.administrator_url) as connection:
        await connection.execute("REVOKE ALL ON SCHEMA public FROM PUBLIC")
        for service in SERVICES:
            owner = migration_role(service)
            await connection.execute(f"CREATE SCHEMA IF NOT EXISTS {service} AUTHORIZATION {owner}")
            await connection.execute(f"GRANT USAGE ON SCHEMA {service} TO {service}")
    return access


async def create_database(
    connection: Connection, name: str, *, template: str = "template0"
) -> None:
    """Make the database unless it is there; only our roles may connect to it.

    A database's own rights are not copied from its template, so they are given here each time.
    Its files are copied, not written to the log block by block: half the work (PostgreSQL 14
    knows no other way).
    """
    if not NAME.fullmatch(name):
        raise ValueError(f"not a database name: {name!r}")
    if not await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", name):
        strategy = "STRATEGY file_copy" if connection.get_server_version() >= (15,) else ""
        await connection.execute(
            f"""CREATE DATABASE "{name}" TEMPLATE "{template}" ENCODING 'UTF8' {strategy}"""
        )
    await connection.execute(f'REVOKE ALL ON DATABASE "{name}" FROM PUBLIC')
    await connection.execute(f'GRANT CONNECT ON DATABASE "{name}" TO {", ".join(ROLES)}')


async def drop_database(servers: Servers, name: str) -> None:
    """Drop it, and whoever is still connected."""
    async with connected(servers.postgres_url) as connection:
        await drop(connection, name)


async def drop(connection: Connection, name: str) -> None:
    """The same, over a connection that is there already."""
    await connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


async def provision_broker(servers: Servers, vhost: str) -> BrokerAccess:
    """Make the vhost and each service's user: no configure right, own exchanges, own queues."""
    async with Management(servers.management_url) as management:
        await management.put(f"/api/vhosts/{segment(vhost)}", {})
        await together(*(admit(management, servers, vhost, each) for each in SERVICES))
        # Who makes a vhost gets no rights in it by itself over HTTP on every version.
        admin = URL(servers.amqp_url).user or ""
        everything = {"configure": ".*", "write": ".*", "read": ".*"}
        await management.put(f"/api/permissions/{segment(vhost)}/{segment(admin)}", everything)
    return BrokerAccess(servers=servers, vhost=vhost)


async def admit(management: Management, servers: Servers, vhost: str, service: str) -> None:
    """Give one service its user and its rights in the vhost.

    The salt is fixed too, so that the same user put again by another run is no change at all.
    """
    password = servers.password(f"user {service}")
    salt = bytes.fromhex(servers.password(f"salt {service}"))[:4]
    digest = b64encode(salt + sha256(salt + password.encode()).digest()).decode()
    user = {
        "password_hash": digest,
        "hashing_algorithm": "rabbit_password_hashing_sha256",
        "tags": "",
    }
    await management.put(f"/api/users/{service}", user)
    may = rights(service)
    allowed = {"configure": may.configure, "write": may.write, "read": may.read}
    await management.put(f"/api/permissions/{segment(vhost)}/{service}", allowed)


async def drop_vhost(servers: Servers, vhost: str) -> None:
    """Remove the vhost with everything in it."""
    async with Management(servers.management_url) as management:
        await management.delete(f"/api/vhosts/{segment(vhost)}")
