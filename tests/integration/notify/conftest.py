"""Notify put together on a database and a mail server of the test's own; nothing is started."""

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.rigs.issuer import Issuer
from tests.rigs.mail_server import MailServer
from tests.rigs.notify import Office
from tests.support.clock import FakeClock
from tests.support.database import Database


@pytest_asyncio.fixture
async def mail_server() -> AsyncIterator[MailServer]:
    """A mail server that listens."""
    made = MailServer()
    await made.start()
    yield made
    await made.stop()


@pytest_asyncio.fixture
async def office(
    database: Database, mail_server: MailServer, clock: FakeClock
) -> AsyncIterator[Office]:
    """A replica of notify, its sealing key made."""
    made = Office.opened(database, clock, mail_server)
    await made.make_keys()
    yield made
    await made.close()


@pytest_asyncio.fixture
async def twin(
    office: Office, database: Database, mail_server: MailServer, clock: FakeClock
) -> AsyncIterator[Office]:
    """A second replica on the same database."""
    made = Office.opened(database, clock, mail_server)
    yield made
    await made.close()


@pytest_asyncio.fixture
async def issuer(office: Office, database: Database) -> AsyncIterator[Issuer]:
    """The office is served; this signs its callers' tokens."""
    async with office.served(database) as made:
        yield made
