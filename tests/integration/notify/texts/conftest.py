"""Notify with a provider of text messages of the test's own."""

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.rigs.mail_server import MailServer
from tests.rigs.notify import Office
from tests.rigs.replica import HOOKS_URL
from tests.rigs.texts import Provider
from tests.support.clock import FakeClock
from tests.support.database import Database


@pytest_asyncio.fixture
async def provider() -> AsyncIterator[Provider]:
    made = Provider(HOOKS_URL)
    await made.start()
    yield made
    await made.stop()


@pytest_asyncio.fixture
async def office(
    database: Database, mail_server: MailServer, clock: FakeClock, provider: Provider
) -> AsyncIterator[Office]:
    made = Office.opened(database, clock, mail_server, texts_url=provider.url)
    provider.office = made
    await made.make_keys()
    yield made
    await made.close()
