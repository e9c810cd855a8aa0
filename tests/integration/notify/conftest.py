"""Notify put together on a database and a mail server of the test's own; nothing is started."""

from collections.abc import AsyncIterator

import pytest_asyncio

from shared.contracts.identity import IDENTITY_KEYS_CHANGED
from tests.integration.notify.caller import Caller
from tests.integration.notify.mail_server import MailServer
from tests.rigs.issuer import Issuer
from tests.rigs.notify import Office
from tests.support.clock import FakeClock
from tests.support.database import Database
from tests.support.trust import trusting


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
    made = Office.opened(database, mail_server.port, clock)
    await made.make_keys()
    yield made
    await made.close()


@pytest_asyncio.fixture
async def twin(
    office: Office, database: Database, mail_server: MailServer, clock: FakeClock
) -> AsyncIterator[Office]:
    """A second replica on the same database."""
    made = Office.opened(database, mail_server.port, clock)
    yield made
    await made.close()


@pytest_asyncio.fixture
async def caller(office: Office, database: Database, clock: FakeClock) -> AsyncIterator[Caller]:
    """Somebody who calls a replica that has heard of identity's key."""
    async with trusting(database, "identity", clock) as identity:
        await identity.own_keys.ensure()
        for body in await identity.published():
            await office.hear(IDENTITY_KEYS_CHANGED, office.plumbing.public_keys.apply, body)
        async with office.client:
            yield Caller(office=office, issuer=Issuer(trust=identity, clock=clock))
