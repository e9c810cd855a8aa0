"""Locks: one transaction at a time, in the service's own schema, which no other role can touch."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from deploy.client.eventually import eventually
from services.identity.merging.store import merges as identity_merges
from services.notify.projections.store import merges as notify_merges
from shared import locks
from shared.contracts.ids import AccountId, MergeId
from shared.db import Database
from shared.randomness import Randomness
from tests.support import database as databases
from tests.support.clock import FakeClock
from tests.support.database import PATIENCE


@pytest_asyncio.fixture
async def pool(database: databases.Database) -> AsyncIterator[Database]:
    made = Database(database.url("identity"), application="test", wait=10.0)
    yield made
    await made.close()


async def waiting(database: databases.Database) -> int:
    """Fails until somebody waits for a lock."""
    async with database.administrator() as administrator:
        found: int = await administrator.fetchval(
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
            " AND datname = current_database()"
        )
    assert found
    return found


async def test_one_holds_and_the_others_wait_for_its_end(
    database: databases.Database, pool: Database
) -> None:
    order: list[str] = []

    async def second() -> None:
        async with pool.transaction() as tx:
            await locks.hold(tx, "merges")
            order.append("second")

    async with pool.transaction() as tx:
        await locks.hold(tx, "merges")
        task = asyncio.create_task(second())
        await eventually(lambda: waiting(database))
        order.append("first")
    await task

    assert order == ["first", "second"]


async def test_what_a_savepoint_takes_back_lets_the_lock_go(pool: Database) -> None:
    async with pool.transaction() as tx:
        with pytest.raises(LookupError):  # noqa: PT012 - the savepoint too
            async with tx.transaction():
                await locks.hold(tx, "merges")
                raise LookupError

        async with asyncio.timeout(5), pool.transaction() as other:
            await locks.hold(other, "merges")


async def test_a_lock_that_is_none_is_not_held(pool: Database) -> None:
    async with pool.transaction() as tx:
        with pytest.raises(LookupError, match="'nothing' is missing"):
            await locks.hold(tx, "nothing")


@pytest.mark.proves("V13.2.2")
@pytest.mark.parametrize("service", ["identity", "notify"])
async def test_no_other_role_holds_merges_up(database: databases.Database, service: str) -> None:
    """One may take every advisory lock there is: nothing asks for one."""
    pool, ids = Database(database.url(service), application="test", wait=PATIENCE), Randomness()
    async with database.connection("recovery") as other:
        await other.execute(
            "SELECT pg_advisory_lock(hashtextextended('portico merges ' || $1, 0))", service
        )
        async with asyncio.timeout(8), pool.transaction() as tx:
            if service == "identity":
                assert await identity_merges.line_up(tx)
                assert not await identity_merges.line_up(tx)
            else:
                assert await notify_merges.apply(
                    tx,
                    MergeId(ids.uuid()),
                    survivor_id=AccountId(ids.uuid()),
                    absorbed_id=AccountId(ids.uuid()),
                    now=FakeClock().now(),
                )
    await pool.close()
