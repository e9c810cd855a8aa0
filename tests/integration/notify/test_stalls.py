"""A mail server that takes connections and says nothing is seen, and so is what waits for it."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from typing import Protocol

import pytest
import pytest_asyncio

from deploy.client.eventually import eventually
from services.notify.sending.channels import silence
from shared.http import health
from tests.builders.patients import file_communications, file_locks
from tests.rigs.blunt_mail_server import DOT, HANG_UP, SILENCE, BluntMailServer
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


class Opened(Protocol):
    """Opens a replica."""

    def __call__(self, seconds: float, *, connections: int = 1) -> Office: ...


@pytest_asyncio.fixture
async def server() -> AsyncIterator[BluntMailServer]:
    made = BluntMailServer()
    await made.start()
    yield made
    await made.stop()


@pytest_asyncio.fixture
async def open_portal(
    office: Office, database: Database, server: BluntMailServer, clock: FakeClock
) -> AsyncIterator[Opened]:
    """Put a replica together that sends to this server, and waits so long for a reply."""
    opened: list[Office] = []

    def portal(seconds: float, *, connections: int = 1) -> Office:
        made = Office.opened(
            database,
            clock,
            smtp_url=f"smtp://127.0.0.1:{server.port}",
            smtp_connections=f"{connections}",
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
    open_portal: Opened,
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
    open_portal: Opened, server: BluntMailServer, command: str
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


async def states(office: Office) -> "Counter[str]":
    return Counter(state for state, _ in await office.ledger())


def is_paused(office: Office, message_class: str = "practice-communication") -> float:
    return office.plumbing.metrics.value(
        "dots_unanswered", message_class=message_class, channel="email"
    )


@pytest.mark.usefixtures("asked_at_once")
@pytest.mark.proves("NT-5")
@pytest.mark.parametrize("said", [SILENCE, HANG_UP], ids=["silent", "hangs-up"])
async def test_a_server_that_answers_no_dot_has_few_mails_and_goes_on_once_it_answers(
    open_portal: Opened, server: BluntMailServer, said: bytes
) -> None:
    server.says[DOT] = said
    portal = open_portal(0.3, connections=4)
    await file_communications(portal, 40)

    for _ in range(10):
        await a_round(portal.communications)
    under_way = len(server.mails)
    first = await states(portal)
    probes = []
    for _ in range(4):  # each a minute later: the longest pause is over
        portal.clock.advance(minutes=1)
        before = len(server.mails)
        for _ in range(3):
            await a_round(portal.communications)
        probes.append(len(server.mails) - before)
    told = await reasons(portal)
    paused = is_paused(portal)
    left = await portal.rows("SELECT 1 FROM deliveries WHERE state = 'queued' AND attempts = 0")

    del server.says[DOT]
    portal.clock.advance(minutes=1)
    while await a_round(portal.communications):
        pass

    assert under_way <= 2 * 4
    assert first == {"unknown": under_way, "queued": 40 - under_way}
    assert probes == [1] * 4
    assert (told, paused) == (STALLED, 1)
    assert len(left) == 40 - under_way - 4
    assert await states(portal) == {"unknown": under_way + 4, "sent": 36 - under_way}
    assert (await reasons(portal), is_paused(portal)) == (WELL, 0)


@pytest.mark.proves("NT-1")
async def test_dots_of_one_class_without_an_answer_do_not_pause_the_other(
    open_portal: Opened, server: BluntMailServer
) -> None:
    portal = open_portal(0.3)
    server.says[DOT] = SILENCE
    await file_communications(portal, 3)
    await a_round(portal.communications)
    paused = is_paused(portal)

    del server.says[DOT]
    await file_locks(portal)
    await a_round(portal.activity)

    assert (paused, is_paused(portal, "account-activity")) == (1, 0)
    assert await states(portal) == {"unknown": 2, "queued": 1, "sent": 1}


@pytest.mark.parametrize("silent", [1, 2])
async def test_silent_dots_among_answered_ones_pause_nothing(
    open_portal: Opened, server: BluntMailServer, silent: int
) -> None:
    server.says[DOT] = SILENCE
    portal = open_portal(2.0, connections=4)
    await file_communications(portal, silent)
    await portal.communications.once()

    def are_silent() -> None:
        assert len(server.mails) == silent

    await eventually(are_silent)
    del server.says[DOT]
    await file_communications(portal, 5)
    await a_round(portal.communications)

    await file_communications(portal, 5)
    await a_round(portal.communications)

    assert await states(portal) == {"unknown": silent, "sent": 10}
    assert is_paused(portal) == 0


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
