"""A real mail server: what Postfix takes, and what it gives back (NT-5)."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from tempfile import mkdtemp

import pytest
import pytest_asyncio
from aiosmtpd.smtp import SMTP, Envelope, Session

from deploy.client.eventually import eventually
from deploy.local import ports
from shared.contracts.scopes import Scope
from tests.builders import events
from tests.builders.patients import file_communications
from tests.conftest import told_at_once
from tests.rigs import postfix
from tests.rigs.issuer import Issuer
from tests.rigs.mail_server import MailServer
from tests.rigs.notify import Office
from tests.support.clock import FakeClock
from tests.support.database import Database
from tests.support.infra import one_at_a_time

BOUNCES = "bounces.portico.example"
SECONDS = 30


class Pipe:
    """Stands for the program that the mail server pipes to: hands over what came, as it came."""

    def __init__(self) -> None:
        self.came: list[bytes] = []

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        assert isinstance(envelope.content, bytes)
        self.came.append(envelope.content)
        return "250 OK"


@pytest.fixture(scope="session")
def program(request: pytest.FixtureRequest) -> Path:
    """Debian's postfix, installed as a server would be; missing, the test fails and says so."""
    with one_at_a_time("postfix"):
        return asyncio.run(postfix.installed(os.environ, told_at_once(request.config)))


@pytest.fixture
def folder() -> Iterator[Path]:
    """Its own, where all may look in, whoever owns the checkout: it drops root's rights."""
    made = Path(mkdtemp(prefix="portico-postfix-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made)


@pytest_asyncio.fixture
async def pipe() -> AsyncIterator[tuple[Pipe, int]]:
    made, port = Pipe(), ports.free_port()
    server = await asyncio.get_running_loop().create_server(
        lambda: SMTP(made, enable_SMTPUTF8=True), ports.LOOPBACK, port
    )
    yield made, port
    server.close()


@pytest.mark.proves("NT-5")
@pytest.mark.parametrize(
    ("says", "suppresses"),
    [("550 5.1.1 No such mailbox", True), ("552 5.2.2 Mailbox full", False)],
)
async def test_postfix_takes_a_mail_and_gives_it_back_to_its_return_path(
    program: Path,
    folder: Path,
    pipe: tuple[Pipe, int],
    mail_server: MailServer,
    database: Database,
    clock: FakeClock,
    says: str,
    suppresses: bool,
) -> None:
    handed, given_back = pipe
    mail_server.strict.says["RCPT"] = says
    port = ports.free_port()
    office = Office.opened(
        database,
        clock,
        smtp_url=f"smtp://{ports.LOOPBACK}:{port}",
        mail_return_path=f"bounces@{BOUNCES}",
    )
    try:
        await office.make_keys()
        async with (
            office.served(database) as issuer,
            postfix.running(
                program,
                folder,
                port=port,
                elsewhere=mail_server.port,
                own_domain=BOUNCES,
                given_back=given_back,
            ),
        ):
            await file_communications(office)
            await office.send_all()
            assert await office.ledger() == [("sent", None)]

            async def came_back() -> bytes:
                assert handed.came, (folder / "log").read_text()
                return handed.came[0]

            await hands_over(office, issuer, await eventually(came_back, within=SECONDS))
        [row] = await office.rows("SELECT bounce_status FROM deliveries WHERE state = 'bounced'")
        assert row["bounce_status"] == says.split()[1]
        rows = await office.rows("SELECT address FROM suppressions")
        assert [row["address"] for row in rows] == [events.ADDRESS] * suppresses
    finally:
        await office.close()


async def hands_over(office: Office, issuer: Issuer, message: bytes) -> None:
    token = await issuer.client_token(None, Scope.BOUNCES_WRITE)
    assert (await office.call("POST", "/bounces", message=message, token=token)).status == 204
