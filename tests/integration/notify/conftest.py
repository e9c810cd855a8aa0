"""Notify put together on a database and a mail server of the test's own; nothing is started."""

from collections.abc import AsyncIterator

import pytest_asyncio

from deploy.local.catcher import Catcher
from deploy.local.ports import free_port
from tests.integration.notify.office import Office
from tests.support.clock import FakeClock
from tests.support.database import Database


@pytest_asyncio.fixture
async def catcher() -> AsyncIterator[Catcher]:
    """A mail server that listens."""
    made = Catcher(free_port(), free_port())
    await made.start()
    yield made
    await made.stop()


@pytest_asyncio.fixture
async def office(
    database: Database, catcher: Catcher, clock: FakeClock
) -> AsyncIterator[Office]:
    """A replica of notify, its sealing key made."""
    made = Office.opened(database, catcher.smtp_port, clock)
    await made.own_keys.ensure()
    yield made
    await made.close()


@pytest_asyncio.fixture
async def twin(
    office: Office, database: Database, catcher: Catcher, clock: FakeClock
) -> AsyncIterator[Office]:
    """A second replica on the same database."""
    made = Office.opened(database, catcher.smtp_port, clock)
    yield made
    await made.close()


