"""A real mail server: what Postfix takes, and what it gives back (NT-5)."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import mkdtemp

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from deploy.client.eventually import eventually
from deploy.local import ports
from deploy.mail_server import hand_over
from shared.contracts.scopes import Scope
from tests.builders import events
from tests.builders.patients import file_communications
from tests.conftest import told_at_once
from tests.rigs import postfix
from tests.rigs.mail_server import MailServer
from tests.rigs.notify import Office
from tests.support.clock import FakeClock
from tests.support.database import Database
from tests.support.infra import one_at_a_time

BOUNCES = "bounces.portico.example"
SECONDS = 30
HAND_OVER = Path(hand_over.__file__)


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


@asynccontextmanager
async def piped(
    program: Path,
    folder: Path,
    mail_server: MailServer,
    office: Office,
    database: Database,
    *,
    port: int,
) -> AsyncIterator[None]:
    """Postfix, which pipes what comes to our return paths to the program that hands it over to this
    replica, as whoever runs one would set it up.
    """
    await office.make_keys()
    async with office.served(database) as issuer:

        async def log_on(request: web.Request) -> web.Response:
            """Identity's part."""
            said = await request.post()
            assert (said["client_id"], said["client_secret"]) == ("mx", "secret")
            token = await issuer.client_token(None, Scope.BOUNCES_WRITE)
            return web.json_response({"access_token": token})

        identity = web.Application()
        identity.router.add_post("/oauth/token", log_on)
        copied = Path(shutil.copy(HAND_OVER, folder))
        credentials = folder / "client.json"
        credentials.write_text('{"client_id": "mx", "client_secret": "secret"}')
        shutil.chown(credentials, "nobody")
        credentials.chmod(0o400)
        async with (
            TestServer(identity) as server,
            postfix.running(
                program,
                folder,
                port=port,
                elsewhere=mail_server.port,
                own_domain=BOUNCES,
                handed_to=(
                    str(copied),
                    *("--identity", str(server.make_url("")).rstrip("/")),
                    *("--notify", str(office.client.make_url("")).rstrip("/")),
                    *("--credentials", str(credentials)),
                ),
            ),
        ):
            yield


async def ends(office: Office, folder: Path) -> tuple[str, str | None]:
    """What becomes of the only mail that a practice had sent, once its server has told."""

    async def told() -> tuple[str, str | None]:
        [row] = await office.rows(
            "SELECT state, bounce_status FROM deliveries WHERE practice_id IS NOT NULL"
        )
        assert row["state"] != "sent", (folder / "log").read_text()
        return row["state"], row["bounce_status"]

    return await eventually(told, within=SECONDS)


@pytest.mark.proves("NT-5")
@pytest.mark.parametrize(
    ("says", "suppresses"),
    [("550 5.1.1 No such mailbox", True), ("552 5.2.2 Mailbox full", False)],
)
async def test_postfix_takes_a_mail_and_pipes_it_back_from_its_return_path(
    program: Path,
    folder: Path,
    mail_server: MailServer,
    database: Database,
    clock: FakeClock,
    says: str,
    suppresses: bool,
) -> None:
    mail_server.strict.says["RCPT"] = says
    port = ports.free_port()
    office = through(database, clock, port)
    async with piped(program, folder, mail_server, office, database, port=port):
        await file_communications(office)
        await office.send_all()
        sent = await office.ledger()

        end = await ends(office, folder)

        suppressed = await office.rows("SELECT address FROM suppressions")
    await office.close()
    assert sent == [("sent", None)]
    assert end == ("bounced", says.split()[1])
    assert [row["address"] for row in suppressed] == [events.ADDRESS] * suppresses


@pytest.mark.proves("NT-5")
@pytest.mark.parametrize("receipts", ["yes", "no"])
async def test_postfix_tells_of_what_it_delivered_where_it_is_asked_to(
    program: Path,
    folder: Path,
    mail_server: MailServer,
    database: Database,
    clock: FakeClock,
    receipts: str,
) -> None:
    port = ports.free_port()
    office = through(database, clock, port, mail_receipts=receipts)
    async with piped(program, folder, mail_server, office, database, port=port):
        await file_communications(office, email=f"ada@{postfix.KEEPS}")
        await office.send_all()

        async def delivered() -> None:
            assert f"to=<ada@{postfix.KEEPS}>" in (folder / "log").read_text()

        await eventually(delivered, within=SECONDS)
        if receipts == "yes":
            assert await ends(office, folder) == ("delivered", None)
        counted = office.plumbing.metrics.value("bounces", outcome="delivered")
        last = await office.ledger()
    await office.close()
    assert counted == (receipts == "yes")
    assert last == [("delivered" if receipts == "yes" else "sent", None)]


@pytest.mark.proves("NT-5")
async def test_what_goes_on_to_a_server_that_tells_nothing_stays_sent(
    program: Path, folder: Path, mail_server: MailServer, database: Database, clock: FakeClock
) -> None:
    port = ports.free_port()
    office = through(database, clock, port, mail_receipts="yes")
    async with piped(program, folder, mail_server, office, database, port=port):
        await file_communications(office)
        await office.send_all()

        async def told() -> None:
            assert office.plumbing.metrics.value("bounces", outcome="no-failure") == 1

        await eventually(told, within=SECONDS)
        last = await office.ledger()
    await office.close()
    assert last == [("sent", None)]


def through(database: Database, clock: FakeClock, port: int, **changed: str) -> Office:
    """A replica that sends by Postfix."""
    return Office.opened(
        database,
        clock,
        None,
        smtp_url=f"smtp://{ports.LOOPBACK}:{port}",
        mail_return_path=f"bounces@{BOUNCES}",
        **changed,
    )
