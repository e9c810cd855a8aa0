"""A newer snapshot wins, whatever order and however many writers there are."""

import asyncio
from collections.abc import AsyncIterator
from itertools import permutations

import pytest
import pytest_asyncio

from shared.contracts.identity import PRACTICE_CHANGED
from shared.db import Database
from shared.messaging.snapshots import Projection
from tests.support import database as databases
from tests.support.database import PATIENCE

PRACTICES = Projection(name="practices", contract=PRACTICE_CHANGED, key="practice_id")
PRACTICE = "018f3c1e-0000-4000-8000-000000000001"


@pytest_asyncio.fixture
async def rows(database: databases.Database) -> AsyncIterator[Database]:
    """The test's database as merge's own role."""
    opened = Database(database.url("merge"), application="merge", wait=PATIENCE)
    yield opened
    await opened.close()


def row(version: int) -> dict[str, object]:
    return {
        "version": version,
        "practice_id": PRACTICE,
        "name": f"n{version}",
    }


async def keep(rows: Database, *versions: int) -> None:
    async with rows.transaction() as tx:
        await PRACTICES.keep(tx, [row(version) for version in versions])


async def kept(rows: Database) -> list[tuple[int, str]]:
    async with rows.connection() as connection:
        found = await connection.fetch("SELECT version, name FROM practices")
    return [(row["version"], row["name"]) for row in found]


@pytest.mark.parametrize("order", list(permutations((1, 2, 3))))
async def test_the_newest_stays_whatever_came_before_it(
    rows: Database, order: tuple[int, ...]
) -> None:
    for place, version in enumerate((*order, *order), start=1):
        await keep(rows, version)

        newest = max(order[:place])
        assert await kept(rows) == [(newest, f"n{newest}")]


@pytest.mark.parametrize("order", list(permutations((1, 2, 3))))
async def test_of_several_kept_at_once_the_newest_stays(
    rows: Database, order: tuple[int, ...]
) -> None:
    await keep(rows, *order, *order)

    assert await kept(rows) == [(3, "n3")]


async def test_of_parallel_writers_the_newest_wins(rows: Database) -> None:
    await asyncio.gather(*(keep(rows, version) for version in range(1, 17)))

    assert await kept(rows) == [(16, "n16")]
