"""Spent grants are forgotten, but never while one could be brought again."""

from datetime import datetime, timedelta

from shared.db import Database
from shared.program.own_loops import SWEPT, swept
from shared.trust.spent_grants import KEPT, SWEEP
from tests.support import database as databases
from tests.support.clock import FakeClock
from tests.support.database import PATIENCE

LONGEST_LIFE = timedelta(days=21)  # of a proof; until then another grant may be fetched for it


async def spend(pool: Database, at: datetime, *, count: int = 1, issuer: str = "i") -> None:
    async with pool.connection() as connection:
        await connection.execute(
            "INSERT INTO spent_grants (issuer, jti, act, spent_at)"
            " SELECT $1, n::text, 'password.set', $2 FROM generate_series(1, $3) AS n",
            issuer,
            at,
            count,
        )


async def test_a_spent_grant_is_kept_for_longer_than_any_is_taken(
    database: databases.Database, clock: FakeClock
) -> None:
    pool = Database(database.url("identity"), application="test", wait=PATIENCE)

    async def sweep() -> int:
        return await swept(pool, SWEEP, before=clock.now() - KEPT)

    await spend(pool, clock.now(), count=SWEPT + 1)

    clock.advance(hours=30 * 24 - 1)
    await spend(pool, clock.now(), issuer="young")
    early = await sweep()
    async with pool.connection() as connection:
        kept = await connection.fetchval("SELECT count(*) FROM spent_grants")
    clock.advance(hours=1)
    rounds = [await sweep() for _ in range(2)]
    async with pool.connection() as connection:
        left = [row["issuer"] for row in await connection.fetch("SELECT issuer FROM spent_grants")]
    await pool.close()

    assert KEPT > LONGEST_LIFE
    assert (early, kept) == (0, SWEPT + 2)
    assert rounds == [SWEPT, 1]
    assert left == ["young"]
