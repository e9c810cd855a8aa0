"""The rights that PostgreSQL holds each service to."""

import asyncpg
import pytest

from shared.contracts.topology import SERVICES
from tests.support.database import Database

DENIED = asyncpg.InsufficientPrivilegeError


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE mine (id integer)",
        "CREATE TABLE public.mine (id integer)",
        "CREATE SCHEMA mine",
        "DROP TABLE outbox",
        "TRUNCATE outbox",
        "ALTER TABLE outbox ADD mine integer",
        "SET ROLE {service}_migration",
    ],
)
async def test_service_role_can_only_change_rows(
    one_database: Database, service: str, statement: str
) -> None:
    async with one_database.connection(service) as connection:
        with pytest.raises(DENIED):
            await connection.execute(statement.format(service=service))


@pytest.mark.parametrize("service", SERVICES)
async def test_service_role_cannot_see_into_another_schema(
    one_database: Database, service: str
) -> None:
    other = next(name for name in SERVICES if name != service)

    async with one_database.connection(service) as connection:
        with pytest.raises(DENIED):
            await connection.fetch(f"TABLE {other}.outbox")


@pytest.mark.parametrize("service", SERVICES)
async def test_migration_role_owns_its_schema_alone(one_database: Database, service: str) -> None:
    other = next(name for name in SERVICES if name != service)

    async with one_database.connection(f"{service}_migration") as connection:
        await connection.execute("CREATE TABLE mine (id integer)")
        await connection.execute("DROP TABLE mine")
        with pytest.raises(DENIED):
            await connection.execute(f"CREATE TABLE {other}.mine (id integer)")
        with pytest.raises(DENIED):
            await connection.fetch(f"TABLE {other}.outbox")


async def test_strangers_may_not_connect(one_database: Database) -> None:
    async with one_database.administrator() as administrator:
        allowed = await administrator.fetch(
            "SELECT grantee::regrole::text AS role FROM pg_database, aclexplode(datacl)"
            " WHERE datname = current_database() AND privilege_type = 'CONNECT'"
        )

    names = {row["role"] for row in allowed}
    assert names == {"portico_admin", *SERVICES, *(f"{name}_migration" for name in SERVICES)}
