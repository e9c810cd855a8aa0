"""A newer snapshot wins, whatever order and however many writers there are."""

import asyncio
from collections.abc import AsyncIterator
from itertools import permutations

import pytest
import pytest_asyncio

from shared.db import Database
from shared.messaging import snapshots
from tests.support import database as databases

PRACTICE = "018f3c1e-0000-4000-8000-000000000001"


@pytest_asyncio.fixture
async def rows(database: databases.Database) -> AsyncIterator[Database]:
    """The test's database as merge's own role."""
    opened = Database(database.url("merge"), application="merge")
    yield opened
    await opened.close()


async def keep(rows: Database, version: int) -> bool:
    async with rows.transaction() as tx:
        return await snapshots.keep(
            tx,
            "practices",
            "practice_id",
            version=version,
            practice_id=PRACTICE,
            name=f"n{version}",
            contact="",
            locale="en",
            time_zone="UTC",
        )


async def kept(rows: Database) -> list[tuple[int, str]]:
    async with rows.connection() as connection:
        found = await connection.fetch("SELECT version, name FROM practices")
    return [(row["version"], row["name"]) for row in found]


@pytest.mark.parametrize("order", list(permutations((1, 2, 3))))
async def test_the_newest_stays_and_each_keep_says_whether_it_changed_anything(
    rows: Database, order: tuple[int, ...]
) -> None:
    changed = [await keep(rows, version) for version in (*order, *order)]

    newest = [version > max(order[:i], default=0) for i, version in enumerate(order)]
    assert changed == newest + [False] * 3
    assert await kept(rows) == [(3, "n3")]


async def test_of_parallel_writers_the_newest_wins(rows: Database) -> None:
    changed = await asyncio.gather(*(keep(rows, version) for version in range(1, 17)))

    assert changed[-1]
    assert await kept(rows) == [(16, "n16")]
