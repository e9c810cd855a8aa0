"""The database that one test hands to the next."""

from tests.support.database import Database

KNOWN = """
SELECT relname FROM pg_class WHERE oid = 'identity.outbox'::regclass AND reltuples > 0
UNION ALL
SELECT attname FROM pg_statistic JOIN pg_attribute ON attrelid = starelid AND attnum = staattnum
WHERE starelid = 'identity.outbox'::regclass
"""
FILL = """
INSERT INTO identity.outbox (event_id, exchange, routing_key, body, created_at, available_at)
SELECT gen_random_uuid(), 'identity.events', 'one', '', now(), now() FROM generate_series(1, 1000)
"""


async def test_it_has_neither_the_rows_of_the_last_one_nor_what_the_planner_knew_of_them(
    database: Database,
) -> None:
    async with database.administrator() as owner:
        await owner.execute(FILL)
        await owner.execute("ANALYZE identity.outbox")
        assert await owner.fetch(KNOWN)

        assert await database.restored()

        assert not await owner.fetch("SELECT FROM identity.outbox")
        assert not await owner.fetch(KNOWN)
