"""Identity, in process, over a database of the test's own."""

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.support import database as databases
from tests.support.clock import FakeClock
from tests.support.identity import Identity, Recovery, identity_service, recovery_beside


@pytest_asyncio.fixture
async def identity(database: databases.Database, clock: FakeClock) -> AsyncIterator[Identity]:
    """One replica with a clock that stands still."""
    async with identity_service(database, clock) as running:
        yield running


@pytest_asyncio.fixture
async def second(identity: Identity) -> AsyncIterator[Identity]:
    """Another replica of the same service."""
    async with identity_service(identity.database, identity.clock) as running:
        yield running


@pytest_asyncio.fixture
async def recovery(identity: Identity) -> AsyncIterator[Recovery]:
    """Who issues the grants for a new password."""
    async with recovery_beside(identity) as beside:
        yield beside
