"""Identity, in process, over a database of the test's own."""

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.builders.merges import Registry
from tests.builders.practices import Postman, PracticeDesk, postman_beside, practice_desk
from tests.rigs.identity import Identity, Recovery, identity_service, recovery_beside
from tests.support import database as databases
from tests.support.clock import FakeClock


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


@pytest_asyncio.fixture
async def desk(identity: Identity) -> PracticeDesk:
    """A practice whose system has logged on."""
    return await practice_desk(identity)


@pytest_asyncio.fixture
async def postman(identity: Identity) -> AsyncIterator[Postman]:
    """Who opens what identity has sealed for the mail."""
    async with postman_beside(identity) as beside:
        yield beside


@pytest_asyncio.fixture
async def registry(identity: Identity) -> Registry:
    """Two practices, at which people can have an account each."""
    return Registry(
        identity=identity, desks=(await practice_desk(identity), await practice_desk(identity))
    )
