"""The pool: bounded waits, one name for every way to be away, and whole after any cancellation."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio

from deploy.client.eventually import eventually
from shared.clock import DatabaseClock
from shared.db import Connection, Database, StatementFailed, UniqueViolation, one_connection
from shared.errors import DatabaseUnavailable, TransactionConflict
from shared.loops import Loop
from shared.randomness import Randomness
from tests.support import database as databases
from tests.support.lines import logged
from tests.support.proxy import proxied

KEEP = "INSERT INTO spent_grants (issuer, jti, act, spent_at) VALUES ('i', $1, 'a', '2031-03-05')"


@pytest_asyncio.fixture(scope="module")
async def database(template: databases.Template) -> AsyncIterator[databases.Database]:
    """One for the module: the pool's fixture empties the table."""
    async with template.copy() as copy:
        yield copy


@pytest_asyncio.fixture
async def pool(database: databases.Database) -> AsyncIterator[Database]:
    made = Database(database.url("identity"), application="test", size=4, wait=5.0)
    async with made.connection() as connection:
        await connection.execute("DELETE FROM spent_grants")
    yield made
    await made.close()


async def kept(pool: Database) -> list[str]:
    async with pool.connection() as connection:
        rows = await connection.fetch("SELECT jti FROM spent_grants ORDER BY jti")
    return [row["jti"] for row in rows]


async def terminate(database: databases.Database, pid: int) -> None:
    async with one_connection(database.administrator_url, application="test") as administrator:
        await administrator.execute("SELECT pg_terminate_backend($1)", pid)


async def eventually_pings(pool: Database) -> None:
    async def pings() -> bool:
        try:
            await pool.ping()
        except DatabaseUnavailable as away:
            raise AssertionError from away
        return True

    assert await eventually(pings)


async def backend(connection: Connection) -> int:
    pid: int = await connection.fetchval("SELECT pg_backend_pid()")
    return pid


async def test_a_transaction_commits_whole_and_an_error_undoes_it_and_comes_out_as_it_is(
    pool: Database,
) -> None:
    async with pool.transaction() as tx:
        await tx.execute(KEEP, "1")
        await tx.execute(KEEP, "2")
    with pytest.raises(LookupError):  # noqa: PT012 - the commit too
        async with pool.transaction() as tx:
            await tx.execute(KEEP, "3")
            raise LookupError

    assert await kept(pool) == ["1", "2"]


async def test_a_wrong_statement_is_not_taken_for_an_absent_database(pool: Database) -> None:
    with pytest.raises(UniqueViolation) as taken:  # noqa: PT012 - the commit too
        async with pool.transaction() as tx:
            await tx.execute(KEEP, "1")
            await tx.execute(KEEP, "1")
    assert taken.value.constraint_name == "spent_grants_pkey"
    with pytest.raises(StatementFailed):
        async with pool.connection() as connection:
            await connection.execute("SELECT nothing FROM nowhere")
    with pytest.raises(Exception, match="expects 1 argument") as wrong:
        async with pool.connection() as connection:
            await connection.execute(KEEP, "1", "2")
    assert not isinstance(wrong.value, DatabaseUnavailable)


@pytest.mark.parametrize(
    ("url", "cause"),
    [
        ("postgresql://identity:hunter2@127.0.0.1:1/portico", "nobody listens there"),
        ("postgresql://identity:hunter2@no-such-host.invalid:5432/portico", "no such host"),
        (
            "postgresql://identity:hunter2@127.0.0.1:1/x?sslmode=verify-full&sslrootcert=/none",
            "a file or a socket that the URL names is not there",
        ),
        (
            "postgresql://identity:hunter2@127.0.0.1:1/x?sslmode=perhaps",
            "the URL's parameters do not fit",
        ),
    ],
)
async def test_why_nobody_is_reached_is_told(url: str, cause: str) -> None:
    with pytest.raises(DatabaseUnavailable) as away:
        await Database(url, application="test").ping()

    assert str(away.value) == cause


async def test_why_a_server_lets_nobody_in_is_in_our_words(database: databases.Database) -> None:
    url = database.url("identity")
    causes = {
        url.replace("identity:", "identity:hunter2"): "wrong password, or no such role (28P01)",
        url.replace("identity:", "hunter2:"): "wrong password, or no such role (28P01)",
        url + "_hunter2": "no such database (3D000)",
    }
    for wrong, cause in causes.items():
        with pytest.raises(DatabaseUnavailable) as away:
            await Database(wrong, application="test").ping()
        assert str(away.value) == cause


async def test_a_role_without_the_right_to_connect_is_told(template: databases.Template) -> None:
    async with template.copy() as database:
        await set_up(database, "REVOKE CONNECT ON DATABASE {} FROM merge")

        with pytest.raises(DatabaseUnavailable) as away:
            await Database(database.url("merge"), application="test").ping()

    assert str(away.value) == "this role may not connect to the database (42501)"


async def set_up(database: databases.Database, statement: str) -> None:
    """Change something of the database as its administrator, who calls it by its name."""
    async with database.administrator() as administrator:
        name = await administrator.fetchval("SELECT current_database()")
        await administrator.execute(statement.format(f'"{name}"'))


async def test_the_log_says_why_the_database_is_away() -> None:
    pool = Database("postgresql://identity:hunter2@127.0.0.1:1/portico", application="test")

    async def ask() -> int:
        await pool.ping()
        return 0

    async def told() -> list[dict[str, Any]]:
        found = lines.read_back("loop_waits")
        assert found
        return found

    with logged() as lines:
        task = asyncio.create_task(Loop(name="test", once=ask, every=60.0).run())
        [line] = await eventually(told)
        task.cancel()
        await asyncio.wait({task})

    assert (line["error"], line["reason"]) == ("DatabaseUnavailable", "nobody listens there")


@pytest.mark.parametrize("goes_on", [True, False], ids=["amid-it", "before-the-commit"])
async def test_a_terminated_backend_is_away_for_one_transaction_only(
    database: databases.Database, pool: Database, goes_on: bool
) -> None:
    with pytest.raises(DatabaseUnavailable):  # noqa: PT012 - the commit too
        async with pool.transaction() as tx:
            await tx.execute(KEEP, "1")
            await terminate(database, await backend(tx))
            if goes_on:
                await tx.execute(KEEP, "2")

    await pool.ping()
    assert await kept(pool) == []


async def test_a_refusal_raised_while_the_backend_dies_is_no_driver_s_error(
    database: databases.Database, pool: Database
) -> None:
    with pytest.raises((DatabaseUnavailable, LookupError)):  # noqa: PT012 - the commit too
        async with pool.transaction() as tx:
            await terminate(database, await backend(tx))
            raise LookupError

    await pool.ping()


async def test_idle_connections_that_died_cost_at_most_one_failure_each(
    database: databases.Database, pool: Database
) -> None:
    async with pool.connection() as one, pool.connection() as two:
        pids = [await backend(one), await backend(two)]
    for pid in pids:
        await terminate(database, pid)

    await eventually_pings(pool)


async def test_it_comes_back_without_a_restart(database: databases.Database) -> None:
    async with proxied(database.url("identity")) as proxy:
        pool = Database(proxy.url(database.url("identity")), application="test")
        for _ in range(2):
            proxy.cut()
            with pytest.raises(DatabaseUnavailable):
                await pool.ping()
            proxy.restore()
            await pool.ping()
        await pool.close()


async def test_a_network_that_swallows_everything_is_away_after_the_command_s_time(
    database: databases.Database,
) -> None:
    async with proxied(database.url("identity")) as proxy:
        url = proxy.url(database.url("identity"))
        pool = Database(url, application="test", wait=1.0, command_timeout=0.5)
        await pool.ping()

        proxy.blackhole()
        with pytest.raises(DatabaseUnavailable):
            async with pool.transaction() as tx:
                await tx.execute("SELECT 1")
        with pytest.raises(DatabaseUnavailable):
            await pool.ping()

        proxy.restore()
        await eventually_pings(pool)
        await pool.close()


async def test_who_waits_too_long_for_a_connection_is_told(database: databases.Database) -> None:
    pool = Database(database.url("identity"), application="test", size=1, wait=0.2)

    async with pool.transaction():
        with pytest.raises(DatabaseUnavailable):
            async with pool.connection():
                pytest.fail("there is one connection only")

    await pool.ping()
    await pool.close()


async def test_a_deadlock_ends_with_one_winner_and_a_typed_error(pool: Database) -> None:
    async with pool.transaction() as tx:
        for jti in ("1", "2"):
            await tx.execute(KEEP, jti)
    both = asyncio.Barrier(2)

    async def update(first: str, second: str) -> None:
        async with pool.transaction() as tx:
            await tx.execute("UPDATE spent_grants SET act = 'x' WHERE jti = $1", first)
            await both.wait()
            await tx.execute("UPDATE spent_grants SET act = 'x' WHERE jti = $1", second)

    outcomes = await asyncio.gather(update("1", "2"), update("2", "1"), return_exceptions=True)

    assert [type(outcome) for outcome in outcomes if outcome] == [TransactionConflict]


async def test_after_a_storm_of_cancellations_the_pool_is_whole(
    database: databases.Database, pool: Database
) -> None:
    randomness = Randomness()

    async def work(number: int) -> None:
        async with pool.transaction() as tx:
            await tx.execute(KEEP, f"{number}")
            await tx.execute("SELECT pg_sleep(0.01)")

    async def cut_short(number: int) -> None:
        task = asyncio.create_task(work(number))
        await asyncio.wait({task}, timeout=randomness.between(0, 0.08))
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    await asyncio.gather(*(cut_short(number) for number in range(200)))

    async with pool.connection(), pool.connection(), pool.connection(), pool.connection() as last:
        await last.execute("SELECT 1")
    async with one_connection(database.administrator_url, application="watch") as administrator:
        left = await administrator.fetchval(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'test'"
            " AND datname = current_database() AND state <> 'idle'"
        )
    assert left == 0


async def test_a_cancelled_statement_is_cancelled_at_the_server(
    database: databases.Database, pool: Database
) -> None:
    async def sleep_long() -> None:
        async with pool.connection() as connection:
            await connection.execute("SELECT pg_sleep(7)")

    task = asyncio.create_task(sleep_long())
    await asyncio.wait({task}, timeout=0.3)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    async def running() -> int:
        async with one_connection(database.administrator_url, application="watch") as administrator:
            found: int = await administrator.fetchval(
                "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep(7)%'"
                " AND datname = current_database() AND state = 'active'"
            )
        assert found == 0
        return found

    assert await eventually(running) == 0


async def test_closed_is_away(pool: Database) -> None:
    await pool.ping()
    await pool.close()

    with pytest.raises(DatabaseUnavailable):
        await pool.ping()


async def test_the_clock_keeps_the_server_s_time(pool: Database) -> None:
    clock = DatabaseClock(pool.time)

    await clock.once()

    assert clock.steady
    assert abs(clock.now() - await pool.time()) < timedelta(seconds=1)


async def test_transactions_are_read_committed_whatever_the_server_s_default(
    template: databases.Template,
) -> None:
    async with template.copy() as database:
        await set_up(
            database, "ALTER DATABASE {} SET default_transaction_isolation = 'serializable'"
        )
        pool = Database(database.url("identity"), application="test")
        async with pool.transaction() as tx:
            isolation = await tx.fetchval("SHOW transaction_isolation")
        await pool.close()

    assert isolation == "read committed"


async def test_a_rehearsal_within_another_is_taken_back_at_once_and_holds_up_nobody(
    database: databases.Database, pool: Database
) -> None:
    """Who counts what a purge would delete must not keep requests from those rows (ST-3)."""
    async with pool.connection() as connection:
        await connection.execute(KEEP, "mine")
    async with pool.rehearsal():
        async with pool.rehearsal():
            async with pool.connection() as connection:
                await connection.execute("DELETE FROM spent_grants")
            assert await kept(pool) == []

        assert await kept(pool) == ["mine"]
        async with one_connection(database.url("identity"), application="test") as another:
            await another.execute("SELECT FROM spent_grants FOR UPDATE NOWAIT")
        async with pool.transaction() as tx:
            await tx.execute(KEEP, "rehearsed")
        assert await kept(pool) == ["mine", "rehearsed"]

    assert await kept(pool) == ["mine"]
