"""How connections to a mail server are encrypted, and whom notify believes (V12.3)."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import pytest_asyncio

from tests.builders import events
from tests.builders.events import ADDRESS
from tests.rigs.mail_server import MailServer
from tests.rigs.notify import Office
from tests.support import certificates
from tests.support.certificates import Pair
from tests.support.clock import FakeClock
from tests.support.database import Database

CA = certificates.authority()
OWN, OF_CA = certificates.certificate_of(None), certificates.certificate_of(CA)
OF_ANOTHER_HOST = certificates.certificate_of(CA, host="192.0.2.1")
Opened = Callable[..., Office]


@pytest_asyncio.fixture
async def server() -> AsyncIterator[MailServer]:
    """A mail server that a test starts as it needs it."""
    made = MailServer()
    yield made
    await made.stop()


@pytest_asyncio.fixture
async def opened(
    office: Office, database: Database, server: MailServer, clock: FakeClock, tmp_path: Path
) -> AsyncIterator[Opened]:
    """Make a replica for a scheme, with the private CA or without."""
    made: list[Office] = []

    def of(scheme: str, *, ca: bool = False, user: str = "") -> Office:
        changed = {"smtp_url": f"{scheme}://{user}127.0.0.1:{server.port}"}
        if ca:
            changed["tls_ca"] = str(certificates.written(CA, tmp_path))
        made.append(Office.opened(database, clock, server, **changed))
        return made[-1]

    yield of
    for each in made:
        await each.close()


async def sent_by(office: Office, server: MailServer) -> int:
    await office.file(events.locked(events.new_account(), ADDRESS))
    await office.send_all()
    return len(server.mails)


@pytest.mark.parametrize("pair", [OWN, OF_CA, OF_ANOTHER_HOST], ids=["own", "of-ca", "other-host"])
async def test_smtp_encrypts_with_a_server_of_any_certificate(
    opened: Opened, server: MailServer, tmp_path: Path, pair: Pair
) -> None:
    server.tls = certificates.served_with(pair, tmp_path)
    await server.start()

    assert await sent_by(opened("smtp"), server) == 1
    assert server.encrypted == [True]


async def test_smtp_sends_in_the_clear_where_nothing_else_is_offered(
    opened: Opened, server: MailServer
) -> None:
    await server.start()

    assert await sent_by(opened("smtp"), server) == 1
    assert server.encrypted == [False]


@pytest.mark.parametrize("scheme", ["smtp+starttls", "smtps"])
@pytest.mark.parametrize(
    ("pair", "ca", "sent"),
    [
        pytest.param(OF_CA, True, 1, id="of-the-ca"),
        pytest.param(OF_CA, False, 0, id="of-a-ca-nobody-named"),
        pytest.param(OWN, True, 0, id="its-own"),
        pytest.param(OF_ANOTHER_HOST, True, 0, id="of-another-host"),
    ],
)
async def test_what_is_insisted_on_is_verified_by_the_private_ca(
    opened: Opened,
    server: MailServer,
    tmp_path: Path,
    scheme: str,
    pair: Pair,
    ca: bool,
    sent: int,
) -> None:
    if scheme == "smtps":
        await server.start(tls=certificates.served_with(pair, tmp_path))
    else:
        server.tls = certificates.served_with(pair, tmp_path)
        await server.start()
    office = opened(scheme, ca=ca)

    assert await sent_by(office, server) == sent
    assert await office.ledger() == [("sent", None) if sent else ("queued", None)]


@pytest.mark.parametrize("scheme", ["smtp+starttls", "smtps"])
async def test_what_is_insisted_on_never_falls_back_to_plaintext(
    opened: Opened, server: MailServer, scheme: str
) -> None:
    server.password = "pw"
    await server.start()
    office = opened(scheme, user="user:pw@")

    assert await sent_by(office, server) == 0
    assert server.strict.asked == server.tried == []
    assert await office.ledger() == [("queued", None)]
