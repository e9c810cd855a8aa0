"""A mail server that takes few connections, refuses us or is away: what is tried, and by whom."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
import pytest_asyncio

from deploy.client.eventually import eventually
from services.notify.sending.channels import BeforeDot, Mail, MailChannel
from services.notify.sending.channels.connections import (
    IDLE_SECONDS,
    LIMITED_SECONDS,
    REFUSED_SECONDS,
)
from services.notify.sending.model import Answer
from tests.builders import events
from tests.builders.events import ADDRESS
from tests.integration.notify.mail_server import MailServer
from tests.rigs.notify import Office
from tests.support.clock import FakeClock
from tests.support.database import Database

LOOK_SECONDS = 10.0  # between two looks of status
CLASSES = ("account-activity", "practice-communication")


async def file_locks(office: Office, count: int) -> None:
    for _ in range(count):
        await office.file(events.locked(events.new_account(), ADDRESS))


async def file_communications(office: Office, count: int) -> None:
    practice_id, patient_id, _ = await office.with_patient(email="practice@mail.example")
    for number in range(count):
        data = events.communication(practice_id, patient_id, reference=str(number))
        await office.file_communication(data)


async def at_once(office: Office) -> None:
    """Both classes' loops, as many as the service starts, until nothing is due."""

    async def loop(name: str) -> None:
        courier = office.activity if name == CLASSES[0] else office.communications
        while await courier.once():
            pass

    await asyncio.gather(*(loop(name) for name in CLASSES * 2))


@pytest.mark.proves("NT-6")
@pytest.mark.parametrize("takes", [1, 2, 4])
async def test_a_server_that_takes_few_connections_gets_every_mail_over_those(
    office: Office, mail_server: MailServer, takes: int
) -> None:
    mail_server.takes = takes
    await file_locks(office, 10)
    await file_communications(office, 7)

    await at_once(office)

    assert len(mail_server.mails) == 17
    assert Counter(await office.ledger()) == {("sent", None): 17}
    assert {outcome for _, outcome, _ in await office.attempts()} == {"accepted"}
    assert mail_server.tries <= takes + 1


@dataclass(slots=True)
class Held:
    """The real channel; each mail stops before its dot until the test lets one go."""

    channel: MailChannel
    stopped: int = 0
    sent: int = 0
    go: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(0))
    moved: asyncio.Event = field(default_factory=asyncio.Event)

    async def send(self, mail: Mail, before_dot: BeforeDot) -> Answer:
        async def before() -> None:
            self.stopped += 1
            self.moved.set()
            await self.go.acquire()
            await before_dot()

        answer = await self.channel.send(mail, before)
        self.sent += 1
        return answer

    async def reachable(self) -> bool:
        return await self.channel.reachable()


async def test_one_more_than_the_server_takes_is_tried_after_a_while_where_mails_wait(
    office: Office, mail_server: MailServer, clock: FakeClock
) -> None:
    mail_server.takes = 1
    held, stuck = await held_up(office, 4)

    def refused() -> None:
        assert mail_server.refused == 1

    await eventually(refused)
    for _ in range(10):
        await rest(office)
    tried = mail_server.tries
    clock.advance(seconds=LIMITED_SECONDS * 1.2)
    await rest(office)
    await rest(office)
    again = mail_server.tries

    mail_server.takes = None
    clock.advance(seconds=LIMITED_SECONDS * 1.2)
    for _ in range(3):
        await rest(office)
    for _ in range(4):
        held.go.release()
    await stuck

    assert (tried, again) == (2, 3)
    assert mail_server.most > 1
    assert len(mail_server.mails) == 4


async def rest(office: Office) -> None:
    """The loop that closes what lies idle, and tries for one more."""
    (idle,) = [loop for loop in office.composition.loops if loop.name == "smtp-idle"]
    await idle.once()


async def held_up(office: Office, count: int) -> tuple[Held, asyncio.Task[int]]:
    """Account activity of which one mail after another stops before its dot."""
    await file_locks(office, count)
    held = Held(office.activity.channel)
    stuck = asyncio.create_task(office.with_channel(held).once())
    await held.moved.wait()
    return held, stuck


async def learn_the_limit(office: Office, mail_server: MailServer) -> None:
    """Have four mails under way at once, of which the server takes fewer."""
    held, stuck = await held_up(office, 4)

    def refused() -> None:
        assert mail_server.refused == 1

    await eventually(refused)
    for _ in range(4):
        held.go.release()
    await stuck


@pytest.mark.proves("NT-1")
@pytest.mark.parametrize("slow", CLASSES)
async def test_slow_mails_of_one_class_leave_a_connection_to_the_other(
    office: Office, mail_server: MailServer, clock: FakeClock, slow: str
) -> None:
    mail_server.takes = 3
    await learn_the_limit(office, mail_server)
    slow_one, other = office.activity, office.communications
    if slow == CLASSES[1]:
        slow_one, other = other, slow_one
    await (file_locks if slow == CLASSES[0] else file_communications)(office, 4)
    held = Held(slow_one.channel)
    stuck = asyncio.create_task(office.with_channel(held, of=slow_one).once())
    while held.stopped < 2:
        held.moved.clear()
        await held.moved.wait()

    await (file_communications if slow == CLASSES[0] else file_locks)(office, 5)
    while await other.once():
        pass

    assert (held.stopped, held.sent) == (2, 0)
    assert len(mail_server.mails) == 4 + 5
    for _ in range(4):
        held.go.release()
    await stuck
    assert Counter(await office.ledger()) == {("sent", None): 13}


@pytest.mark.parametrize("first", CLASSES)
async def test_what_lies_idle_after_one_class_is_used_by_the_other(
    office: Office, mail_server: MailServer, first: str
) -> None:
    mail_server.takes = 4
    steps = [(file_locks, office.activity), (file_communications, office.communications)]
    for file, courier in steps if first == CLASSES[0] else reversed(steps):
        await file(office, 4)
        await courier.once()

    assert len(mail_server.mails) == 8
    assert {outcome for _, outcome, _ in await office.attempts()} == {"accepted"}


async def test_idle_connections_are_closed(
    office: Office, mail_server: MailServer, clock: FakeClock
) -> None:
    await file_locks(office, 4)
    await office.send_all()
    await rest(office)
    opened = len(mail_server.open)

    clock.advance(seconds=IDLE_SECONDS)
    await rest(office)

    assert opened > 0
    assert mail_server.said_goodbye == opened


async def test_idle_connections_are_closed_though_status_looks_at_the_server(
    office: Office, mail_server: MailServer, clock: FakeClock
) -> None:
    await file_locks(office, 4)
    await office.send_all()
    opened = len(mail_server.open)

    for _ in range(int(IDLE_SECONDS / LOOK_SECONDS)):
        clock.advance(seconds=LOOK_SECONDS)
        await asyncio.gather(*(probe() for probe in office.composition.probes.values()))
        await rest(office)

    def closed() -> None:
        assert not mail_server.open

    await eventually(closed)
    assert opened > 0


async def test_status_opens_no_connection_to_keep_it(
    office: Office, mail_server: MailServer
) -> None:
    for probe in office.composition.probes.values():
        await probe()

    def closed() -> None:
        assert not mail_server.open

    await eventually(closed)
    assert mail_server.said_goodbye == mail_server.tries > 0


async def test_a_sender_refused_for_a_moment_holds_mail_for_seconds(
    office: Office, mail_server: MailServer, clock: FakeClock
) -> None:
    await file_locks(office, 4)
    await file_communications(office, 4)
    mail_server.strict.says["MAIL"] = "550 5.7.1 Sender rejected"
    await at_once(office)
    refused = mail_server.strict.asked.count("MAIL")
    mail_server.strict.says.clear()

    clock.advance(seconds=REFUSED_SECONDS[0])

    assert refused > 1
    assert await office.activity.channel.reachable()


@pytest_asyncio.fixture
async def with_password(
    office: Office, database: Database, mail_server: MailServer, clock: FakeClock
) -> AsyncIterator[Office]:
    """A replica whose password the server may refuse."""
    url = f"smtp://portal:wrong@127.0.0.1:{mail_server.port}"
    made = Office.opened(database, mail_server.port, clock, smtp_url=url)
    yield made
    await made.close()


async def test_a_wrong_password_is_tried_rarely_and_costs_no_mail(
    with_password: Office, mail_server: MailServer, clock: FakeClock
) -> None:
    mail_server.password = "right"
    await file_locks(with_password, 20)
    for _ in range(600):  # ten minutes, each courier looking once a second
        clock.advance(seconds=1)
        await at_once(with_password)
    tried = mail_server.tries

    mail_server.password = "wrong"
    clock.advance(minutes=20)
    await at_once(with_password)

    assert tried <= 12
    assert len(mail_server.mails) == 20
    assert set(await with_password.ledger()) == {("sent", None)}


async def test_of_many_that_ask_one_tries_a_server_that_is_away(
    office: Office, mail_server: MailServer, clock: FakeClock
) -> None:
    mail_server.takes = 0
    await file_locks(office, 20)
    await at_once(office)
    before = mail_server.tries

    clock.advance(minutes=1)
    await asyncio.gather(*(office.activity.channel.reachable() for _ in range(16)))

    assert (before, mail_server.tries) == (1, 2)
    mail_server.takes = None
    clock.advance(minutes=1)
    await office.activity.channel.reachable()
    clock.advance(minutes=20)
    await office.send_all()
    assert len(mail_server.mails) == 20


async def test_a_courier_that_is_cancelled_while_it_waits_takes_no_connection_along(
    office: Office, mail_server: MailServer
) -> None:
    mail_server.takes = 1
    await file_locks(office, 4)
    await at_once(office)
    await file_locks(office, 4)
    held = Held(office.activity.channel)
    stuck = asyncio.create_task(office.with_channel(held).once())
    await held.moved.wait()
    mail = Mail(sender="a@b.example", recipient=ADDRESS, content=b"Subject: x\r\n\r\nx\r\n")
    waiting = [asyncio.create_task(office.activity.channel.send(mail, nothing)) for _ in range(3)]
    await asyncio.sleep(0)

    for each in waiting:
        each.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    for _ in range(4):
        held.go.release()
    await stuck

    assert len(mail_server.mails) == 8


async def nothing() -> None:
    """Before the dot."""


async def test_connections_that_died_together_cost_no_mail_a_try(
    office: Office, mail_server: MailServer
) -> None:
    await file_locks(office, 4)
    await office.send_all()
    await mail_server.stop()
    await mail_server.start()
    await file_locks(office, 8)

    await office.send_all()

    assert {outcome for _, outcome, _ in await office.attempts()} == {"accepted"}
