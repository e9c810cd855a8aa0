"""Merge on a database of its own: one replica, or two; and identity's signature."""

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.rigs.issuer import Issuer
from tests.rigs.merge import Merging, replica
from tests.support.clock import FakeClock
from tests.support.database import Database
from tests.support.trust import trusting


@pytest_asyncio.fixture
async def identity(database: Database, clock: FakeClock) -> AsyncIterator[Issuer]:
    """Identity with its keys made."""
    async with trusting(database, "identity", clock) as trust:
        await trust.own_keys.ensure()
        yield Issuer(trust=trust, clock=clock)


@pytest_asyncio.fixture
async def merging(database: Database, clock: FakeClock, identity: Issuer) -> AsyncIterator[Merging]:
    """A replica that knows identity's keys."""
    async with replica(database, clock, identity) as made:
        yield made


@pytest_asyncio.fixture
async def second(
    merging: Merging, database: Database, clock: FakeClock, identity: Issuer
) -> AsyncIterator[Merging]:
    """Another replica on the same database."""
    async with replica(database, clock, identity) as made:
        yield made
