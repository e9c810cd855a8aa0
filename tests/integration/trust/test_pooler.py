"""Through a pooler, whichever way it lends its servers, everything works and nothing is set."""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from importlib.resources import files
from typing import TypeVar

import pytest
import pytest_asyncio

from shared.db import Connection, Database
from shared.errors import DatabaseUnavailable
from shared.migrate import migrate
from tests.rigs.identity import PASSWORD, identity_service
from tests.support import database as databases
from tests.support.clock import FakeClock
from tests.support.pooler import pooled

R = TypeVar("R")

AT_ONCE = 6
KEEP = "INSERT INTO spent_grants (issuer, jti, act, spent_at) VALUES ($1, $2, 'a', now())"
FIND = "SELECT jti FROM spent_grants WHERE issuer = $1 AND jti = ANY ($2::text[])"
COUNT = "SELECT count(*) FROM spent_grants WHERE issuer = $1 AND spent_at <= $2"
LENDING = {"session": 30, "transaction": 3}  # servers; the fewer, the sooner two share one


@pytest_asyncio.fixture(params=LENDING)
async def through(
    request: pytest.FixtureRequest, database: databases.Database
) -> AsyncIterator[databases.Database]:
    lending = request.param
    async with pooled(database, lending, environ=os.environ, servers=LENDING[lending]) as between:
        yield between


async def at_once(count: int, work: Callable[[int], Awaitable[R]]) -> list[R]:
    """Do it that often, six at a time."""
    turn = asyncio.Semaphore(AT_ONCE)

    async def one(number: int) -> R:
        async with turn:
            return await work(number)

    return await asyncio.gather(*(one(number) for number in range(count)))


async def test_people_log_on(through: databases.Database, clock: FakeClock) -> None:
    async with identity_service(through, clock) as identity:
        for number in range(AT_ONCE):
            await identity.an_account(f"person.{number}")

        async def log_on(number: int) -> int:
            answer = await identity.log_on(f"person.{number % AT_ONCE}", PASSWORD)
            return answer.status

        assert await at_once(60, log_on) == [201] * 60


async def test_statements_and_transactions_of_two_replicas_do_not_mix(
    through: databases.Database,
) -> None:
    replicas = [
        Database(through.url("identity"), application=f"test {number}", wait=20.0)
        for number in range(2)
    ]

    async def work(number: int) -> list[str]:
        pool, name = replicas[number % 2], f"{number}"
        async with pool.transaction() as tx:
            await tx.execute(KEEP, "i", name)
            await tx.executemany(KEEP, [(name, "1"), (name, "2")])
        async with pool.connection() as connection:
            count = await connection.fetchval(COUNT, name, await pool.time())
            rows = await connection.fetch(FIND, "i", [name, "never"])
        return [str(count), *(row["jti"] for row in rows)]

    found = await at_once(120, work)
    for pool in replicas:
        await pool.ping()
        await pool.close()

    assert found == [["2", f"{number}"] for number in range(120)]


async def test_a_migration_passes_through(through: databases.Database) -> None:
    folders = (files("shared") / "migrations", files("services.identity") / "migrations")
    async with through.connection("identity_migration") as owner:
        await owner.execute("DROP TABLE schema_migrations, locks CASCADE")
        tables = await owner.fetch(
            "SELECT relname FROM pg_class WHERE relnamespace = 'identity'::regnamespace"
            " AND relkind IN ('r', 'p') AND NOT relispartition"
        )
        for table in tables:
            await owner.execute(f'DROP TABLE "{table["relname"]}" CASCADE')

    outcomes = await asyncio.gather(
        *(
            migrate(
                through.migration_url("identity"), service="identity", folders=folders, months=1
            )
            for _ in range(3)
        )
    )

    names = [name for outcome in outcomes for name in outcome]
    assert len(names) == len(set(names)) > 6
    async with through.connection("identity") as service:
        assert await service.fetchval("SELECT count(*) FROM locks") == 2


async def test_a_connection_keeps_its_limits(through: databases.Database) -> None:
    """Set over the connection, not as start-up parameters, which poolers refuse."""
    pool = Database(through.url("identity"), application="test", command_timeout=5.0)

    async with pool.transaction() as tx:
        row = await tx.fetchrow(
            "SELECT current_setting('statement_timeout') AS longest,"
            " current_setting('application_name') AS named"
        )
    await pool.close()

    assert row is not None
    assert tuple(row) == ("7s", "test")


async def test_a_wrong_password_is_told_through_a_pooler_too(through: databases.Database) -> None:
    url = through.url("identity").replace("identity:", "identity:x")

    with pytest.raises(DatabaseUnavailable, match=r"(refuses the|wrong) password"):
        await Database(url, application="test").ping()


class Blind(Database):
    """Takes every connection for the server's own, as behind a pooler that hides itself."""

    async def _looked_at(self, connection: Connection) -> None:
        await self._accepted(connection)


async def test_a_pooler_that_was_not_noticed_is_so_by_the_first_statement_it_mixes_up(
    database: databases.Database,
) -> None:
    async with pooled(database, "transaction", environ=os.environ, servers=2) as between:
        pool = Blind(between.url("identity"), application="test", wait=20.0)

        async def ask(number: int) -> object:
            async with pool.connection() as connection:
                return await connection.fetchval("SELECT $1::int", number)

        async with between.connection("identity") as one, between.connection("identity") as other:
            held, held_then = one.transaction(), other.transaction()
            await held.start()  # holds a server
            prepared = await ask(1)  # at the only one that is free
            await held_then.start()  # holds that
            await held.rollback()
            with pytest.raises(DatabaseUnavailable, match=r"^a pooler in between"):
                await ask(2)
            await held_then.rollback()
        then = await at_once(60, ask)
        await pool.close()

    assert prepared == 1
    assert then == list(range(60))
