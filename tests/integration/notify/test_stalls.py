"""A mail server that takes connections and says nothing is seen, and so is what waits for it."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest
import pytest_asyncio

from deploy.client.eventually import eventually
from services.notify.sending.channels import silence
from shared.http import health
from tests.builders.patients import file_communications, file_locks
from tests.rigs.blunt_mail_server import DOT, SILENCE, BluntMailServer
from tests.rigs.notify import Office, a_round
from tests.support.clock import FakeClock
from tests.support.database import Database

pytestmark = pytest.mark.proves("NT-6")

COMMANDS = ["MAIL", "RCPT", "DATA", DOT]
PATIENT = 30.0  # seconds
WELL: dict[str, str | None] = {"smtp": None, "smtp-practice": None}
STALLED: dict[str, str | None] = {"smtp": None, "smtp-practice": "MailServerStalled"}
AGES = [
    ("account-activity", "email"),
    ("practice-communication", "email"),
    ("account-activity", "text-message"),
    ("practice-communication", "text-message"),
]


@pytest_asyncio.fixture
async def server() -> AsyncIterator[BluntMailServer]:
    made = BluntMailServer()
    await made.start()
    yield made
    await made.stop()


@pytest_asyncio.fixture
async def open_portal(
    office: Office, database: Database, server: BluntMailServer, clock: FakeClock
) -> AsyncIterator[Callable[[float], Office]]:
    """Put a replica together that sends to this server, and waits so long for a reply."""
    opened: list[Office] = []

    def portal(seconds: float) -> Office:
        made = Office.opened(
            database,
            clock,
            smtp_url=f"smtp://127.0.0.1:{server.port}",
            smtp_connections="1",
            smtp_command_seconds=f"{seconds}",
            smtp_dot_seconds=f"{seconds}",
        )
        opened.append(made)
        return made

    yield portal
    for made in opened:
        await made.close()


@pytest.fixture
def asked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each look is a new one."""
    monkeypatch.setattr(health, "STATUS_KEPT", 0.0)


async def reasons(portal: Office) -> dict[str, str | None]:
    """What the status has against the mail server, for each class."""
    found = await portal.service.health.status()
    return {part.name: part.reason for part in found.parts if part.name.startswith("smtp")}


@pytest.mark.usefixtures("asked_at_once")
@pytest.mark.parametrize("command", COMMANDS)
async def test_the_status_says_so_while_a_mail_waits(
    open_portal: Callable[[float], Office],
    server: BluntMailServer,
    command: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(silence, "STALLED_SECONDS", 0.05)
    server.says[command] = SILENCE
    portal = open_portal(PATIENT)
    await file_communications(portal)
    before = await reasons(portal)

    sending = asyncio.create_task(a_round(portal.communications))

    async def is_told() -> None:
        assert await reasons(portal) == STALLED

    await eventually(is_told)
    assert before == WELL
    assert not sending.done()
    await server.stop()
    await sending


@pytest.mark.usefixtures("asked_at_once")
@pytest.mark.parametrize("command", COMMANDS)
async def test_a_mail_that_was_given_up_is_told_until_another_is_answered(
    open_portal: Callable[[float], Office], server: BluntMailServer, command: str
) -> None:
    server.says[command] = SILENCE
    portal = open_portal(0.5)
    await file_communications(portal)
    await a_round(portal.communications)
    given_up = await reasons(portal)

    del server.says[command]
    await file_communications(portal)
    await a_round(portal.communications)

    assert (given_up, await reasons(portal)) == (STALLED, WELL)


def ages(office: Office) -> list[float]:
    """Of the oldest delivery that is due, of each class and channel."""
    value = office.plumbing.metrics.value
    return [
        value("deliveries_due_seconds", message_class=of_class, channel=channel)
        for of_class, channel in AGES
    ]


async def test_the_age_of_what_is_due_and_nobody_sends_is_measured(office: Office) -> None:
    look = office.loop("deliveries-due").once
    await look()
    nothing = ages(office)

    await file_locks(office)
    office.clock.advance(seconds=10)
    await file_communications(office)
    await file_locks(office)
    await file_communications(office)
    office.clock.advance(seconds=20)
    await look()
    waiting = ages(office)

    await office.send_all()
    await look()

    assert (nothing, waiting, ages(office)) == ([0] * 4, [30, 20, 0, 0], [0] * 4)


async def test_what_backs_off_is_not_late(office: Office) -> None:
    office.mail_server.strict.says["RCPT"] = "450 4.2.0 greylisted"
    await file_locks(office)
    await file_communications(office)
    await a_round(office.activity)
    await a_round(office.communications)
    office.clock.advance(seconds=1)

    await office.loop("deliveries-due").once()

    assert ages(office) == [0] * 4
