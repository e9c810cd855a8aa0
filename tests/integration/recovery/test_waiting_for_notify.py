"""Nothing is ever written unsealed: without a key of notify's, requests wait."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from shared.trust.ciphers import KeyPair
from tests.rigs.recovery import USERNAME, Recovery, an_account, replica
from tests.support.clock import FakeClock
from tests.support.database import Database


@pytest_asyncio.fixture
async def keyless(
    database: Database, clock: FakeClock, notify_key: KeyPair
) -> AsyncIterator[Recovery]:
    """A replica that notify's key has not reached."""
    async with replica(database, clock, notify_key) as made:
        yield made


@pytest.mark.proves("RC-3")
async def test_hit_and_miss_wait_for_notifys_key_and_the_hit_is_mailed_then(
    keyless: Recovery,
) -> None:
    await keyless.knows(an_account())
    await keyless.ask(USERNAME)
    await keyless.ask("nobody.at.all")

    without = await keyless.tick()
    waiting = await keyless.rows("SELECT FROM link_requests")
    await keyless.knows_notifys_key()
    await keyless.tick()

    assert (without, len(waiting)) == (0, 2)
    assert len(await keyless.mails()) == 1
