"""What an administrator makes: roles, schemas and rights; a vhost and its users. Idempotent.

Roles and users belong to the whole server and are shared by every run on it: where no passwords
are handed in, theirs follow from the administrator's own. A database and a vhost belong to one run.
"""

import re
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Protocol

import asyncpg
from yarl import URL

from deploy.local.processes import together
from deploy.local.servers import Servers
from shared.contracts.inbox import System
from shared.contracts.topology import SERVICES, Rights, rights, topology_rights
from shared.messaging.management import Management, segment

if TYPE_CHECKING:
    Connection = asyncpg.Connection[asyncpg.Record]
else:
    Connection = asyncpg.Connection

ROLES_LOCK = 7_101_962  # one run at a time changes what belongs to the whole server
NAME = re.compile(r"[a-z][a-z0-9_-]{0,62}")
TOPOLOGY = "topology"  # the broker's user that alone may change exchanges, queues and policies
OPERATORS = 20  # connections to PostgreSQL that no service can take from who has to help
MIGRATING = 4  # connections of a migration role: `migrate` needs one


class Passwords(Protocol):
    """Where the passwords of roles and users come from."""

    def password(self, purpose: str) -> str:
        """Return the one of "role <name>" or "user <name>"."""


def migration_role(service: str) -> str:
    """Return the role that owns the service's schema and alone may change it."""
    return f"{service}_migration"


ROLES = tuple(role for service in SERVICES for role in (service, migration_role(service)))


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseAccess:
    """One provisioned database, and how each role gets into it."""

    servers: Servers
    name: str
    passwords: Passwords

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
        password = self.passwords.password(f"role {role}")
        return str(URL(self.administrator_url).with_user(role).with_password(password))


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerAccess:
    """One provisioned vhost, and how each service gets into it."""

    servers: Servers
    vhost: str
    passwords: Passwords

    @property
    def administrator_url(self) -> str:
        return in_vhost(self.servers.amqp_url, self.vhost)

    @property
    def management_url(self) -> str:
        """The management API as the administrator, for fixtures; no program of ours gets it."""
        return self.servers.management_url

    @property
    def topology_url(self) -> str:
        """The management API as who may change this vhost's topology and nothing else."""
        return self._as(TOPOLOGY, self.servers.management_url)

    def url(self, service: str) -> str:
        """As the service's own user."""
        return self._as(service, self.administrator_url)

    def _as(self, user: str, url: str) -> str:
        password = self.passwords.password(f"user {user}")
        return str(URL(url).with_user(user).with_password(password))


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


def connection_limits(max_connections: int) -> dict[str, int]:
    """Deal a server's connections out by role: together they leave some to the operators, so no
    role can take what another one needs."""
    rest = max_connections - OPERATORS - MIGRATING * len(SERVICES)
    return {role: rest // len(SERVICES) if role in SERVICES else MIGRATING for role in ROLES}


async def provision_roles(
    servers: Servers, passwords: Passwords | None = None, *, bounded: bool = False
) -> None:
    """Make the two roles of each service: log-on, and nothing else of the whole server.

    `bounded`: each with its part of the server's connections, as a deployment has it. Test runs
    share the roles of one server, and would take them from each other.
    """
    passwords = passwords or servers
    async with connected(servers.postgres_url) as connection, connection.transaction():
        await connection.execute("SELECT pg_advisory_xact_lock($1)", ROLES_LOCK)
        there = {row["rolname"] for row in await connection.fetch("SELECT rolname FROM pg_roles")}
        limits = connection_limits(int(await connection.fetchval("SHOW max_connections")))
        for role in ROLES:
            verb = "ALTER" if role in there else "CREATE"
            password = passwords.password(f"role {role}").replace("'", "''")
            limit = limits[role] if bounded else -1
            await connection.execute(
                f"{verb} ROLE {role} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION"
                f" NOBYPASSRLS CONNECTION LIMIT {limit} PASSWORD '{password}'"
            )
            schema = role.removesuffix("_migration")
            await connection.execute(f"ALTER ROLE {role} SET search_path = {schema}")


async def provision_database(
    servers: Servers, name: str, passwords: Passwords | None = None, *, bounded: bool = False
) -> DatabaseAccess:
    """Make the database with a schema a service, owned by its migration role."""
    passwords = passwords or servers
    await provision_roles(servers, passwords, bounded=bounded)
    async with connected(servers.postgres_url) as connection:
        await create_database(connection, name)
    access = DatabaseAccess(servers=servers, name=name, passwords=passwords)
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

    Encoding and order are named: names are unique by their bytes, whatever the machine's locale is
    or a later one of the operating system takes for equal. A copy has what its template has.
    A database's own rights are not copied from its template, so they are given here each time.
    Its files are copied, not written to the log block by block: half the work (PostgreSQL 14
    knows no other way).
    """
    if not NAME.fullmatch(name):
        raise ValueError(f"not a database name: {name!r}")
    if not await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", name):
        strategy = "STRATEGY file_copy" if connection.get_server_version() >= (15,) else ""
        bytewise = "ENCODING 'UTF8' LOCALE 'C'" if template == "template0" else ""
        await connection.execute(
            f'CREATE DATABASE "{name}" TEMPLATE "{template}" {bytewise} {strategy}'
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


async def provision_broker(
    servers: Servers, vhost: str, passwords: Passwords | None = None
) -> BrokerAccess:
    """Make the vhost and each service's user: no configure right, own exchanges, own queues."""
    passwords = passwords or servers
    async with Management(servers.management_url) as management:
        await management.put(f"/api/vhosts/{segment(vhost)}", {})

        async def admit(user: str, tag: str, may: Rights) -> None:
            """Set the user's password and its rights in the vhost."""
            known = password_hash(passwords.password(f"user {user}"))
            await management.put(f"/api/users/{user}", {**known, "tags": tag})
            allowed = {"configure": may.configure, "write": may.write, "read": may.read}
            await management.put(f"/api/permissions/{segment(vhost)}/{user}", allowed)

        # A policy is set by a policymaker: no administrator, who could give itself the rest.
        await together(
            *(admit(service, "", rights(service)) for service in SERVICES),
            admit(TOPOLOGY, "policymaker", topology_rights()),
        )
        # Who makes a vhost gets no rights in it by itself over HTTP on every version.
        admin = URL(servers.amqp_url).user or ""
        everything = {"configure": ".*", "write": ".*", "read": ".*"}
        await management.put(f"/api/permissions/{segment(vhost)}/{segment(admin)}", everything)
    return BrokerAccess(servers=servers, vhost=vhost, passwords=passwords)


async def admit_system(broker: BrokerAccess, system: System, password: str) -> str:
    """Make a practice's system a user that writes its own routing key and nothing else (NT-9).

    Returns its AMQP URL. The narrower right comes first: without it, the wider would hold alone.
    """
    vhost, user = segment(broker.vhost), segment(system.user)
    async with Management(broker.management_url) as management:
        await management.put(f"/api/users/{user}", {**password_hash(password), "tags": ""})
        narrow = dict(system.topic_permissions)
        await management.put(f"/api/topic-permissions/{vhost}/{user}", narrow)
        await management.put(f"/api/permissions/{vhost}/{user}", dict(system.permissions))
    return str(URL(broker.administrator_url).with_user(system.user).with_password(password))


async def expel_system(broker: BrokerAccess, system: System) -> None:
    """Remove its user; the broker ends its connections."""
    async with Management(broker.management_url) as management:
        await management.delete(f"/api/users/{segment(system.user)}")


def password_hash(password: str) -> dict[str, str]:
    """Return what the broker keeps of a password. The salt is the password's own: the same user
    put again by another run is no change at all, and passwords here are 256 random bits."""
    salt = sha256(b"salt " + password.encode()).digest()[:4]
    digest = b64encode(salt + sha256(salt + password.encode()).digest()).decode()
    return {"password_hash": digest, "hashing_algorithm": "rabbit_password_hashing_sha256"}


async def drop_vhost(servers: Servers, vhost: str) -> None:
    """Remove the vhost with everything in it."""
    async with Management(servers.management_url) as management:
        await management.delete(f"/api/vhosts/{segment(vhost)}")
