"""Recovery on a database of its own: one replica, or two."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from shared.trust.ciphers import KeyPair
from tests.rigs.issuer import Issuer
from tests.rigs.recovery import Recovery, a_sealing_key, replica
from tests.support.clock import FakeClock
from tests.support.database import Database
from tests.support.trust import trusting


@pytest.fixture
def notify_key() -> KeyPair:
    """Notify's pair; its public half has not arrived by itself."""
    return a_sealing_key()


@pytest_asyncio.fixture
async def recovery(
    database: Database, clock: FakeClock, notify_key: KeyPair
) -> AsyncIterator[Recovery]:
    """A replica that can sign grants and knows notify's key."""
    async with replica(database, clock, notify_key) as made:
        await made.own_keys.ensure()
        await made.knows_notifys_key()
        yield made


@pytest_asyncio.fixture
async def second(
    recovery: Recovery, database: Database, clock: FakeClock, notify_key: KeyPair
) -> AsyncIterator[Recovery]:
    """Another replica on the same database."""
    async with replica(database, clock, notify_key) as made:
        yield made


@pytest_asyncio.fixture
async def identity(
    recovery: Recovery, database: Database, clock: FakeClock
) -> AsyncIterator[Issuer]:
    """Identity as far as recovery believes it: it signs tokens and grants."""
    async with trusting(database, "identity", clock) as trust:
        await trust.own_keys.ensure()
        await recovery.learns_keys(trust)
        yield Issuer(trust=trust, clock=clock)
