"""Keys sort by their bytes: no upgrade of the machine's locales loses a row or lets in a double."""

import pytest

from shared.contracts.topology import SERVICES
from shared.database_server import doubts
from tests.support.database import Database

BY_LOCALE = """
    SELECT i.indexrelid::regclass::text, collation_id::regcollation::text
    FROM pg_index i
    JOIN pg_class c ON c.oid = i.indrelid
    CROSS JOIN unnest(i.indcollation) AS collation_id
    WHERE c.relnamespace = to_regnamespace($1)
      AND collation_id NOT IN (0, 'pg_catalog."C"'::regcollation)
"""


@pytest.mark.parametrize("service", SERVICES)
async def test_every_indexed_text_is_compared_by_its_bytes(
    database: Database, service: str
) -> None:
    async with database.administrator() as administrator:
        found = [tuple(row) for row in await administrator.fetch(BY_LOCALE, service)]

    assert found == []


async def test_a_locale_that_sorts_anew_is_told(database: Database) -> None:
    async with database.administrator() as administrator:
        if administrator.get_server_version() < (15,):
            pytest.skip("this server does not note a version")
        before = await doubts(administrator)
        async with administrator.transaction():
            await administrator.execute(
                "UPDATE pg_database SET datcollversion = '0.1' WHERE datname = current_database()"
            )
            told = await doubts(administrator)
            await administrator.execute(
                "UPDATE pg_database SET datcollversion = NULL WHERE datname = current_database()"
            )

    assert before == []
    assert len(told) == 1
    assert "version 0.1 of the locale" in told[0]
    assert "REINDEX DATABASE" in told[0]
