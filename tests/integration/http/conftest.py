"""The shop of the tests behind a real web server, over a database of the test's own."""

from collections.abc import AsyncIterator

import pytest_asyncio

from shared.db import Database
from tests.support import database as databases
from tests.support.clock import FakeClock
from tests.support.shop import Stall, open_stall


@pytest_asyncio.fixture
async def stall(database: databases.Database, clock: FakeClock) -> AsyncIterator[Stall]:
    """One replica."""
    pool = Database(database.url("merge"), application="shop", wait=10)
    async with open_stall(database=pool, clock=clock) as opened:
        yield opened
