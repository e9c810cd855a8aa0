"""A mail server that takes few connections, refuses us or is away: what is tried, and by whom."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

import pytest
import pytest_asyncio

from deploy.client.eventually import eventually
from services.notify.sending.channels import BeforeDot, Mail, MailChannel
from services.notify.sending.channels.connections import (
    IDLE_SECONDS,
    LIMITED_SECONDS,
)
from services.notify.sending.courier import Courier
from services.notify.sending.model import Answer
from tests.builders.events import ADDRESS
from tests.builders.patients import file_communications, file_locks
from tests.rigs.notify import Office, a_round
from tests.support.database import Database

LOOK_SECONDS = 10.0  # between two looks of status
CLASSES = ("account-activity", "practice-communication")
File = Callable[[Office, int], Awaitable[None]]


def classes(office: Office, *, first: str = CLASSES[0]) -> list[tuple[File, Courier[Mail]]]:
    """Both classes, this one first: what files mails of it, and who sends them."""
    both: list[tuple[File, Courier[Mail]]] = [
        (file_locks, office.activity),
        (file_communications, office.communications),
    ]
    return both if first == CLASSES[0] else both[::-1]


async def at_once(office: Office) -> None:
    """Both classes' loops, as many as the service starts, until nothing is due."""
    couriers = [courier for _, courier in classes(office) * 2]
    await asyncio.gather(*map(until_nothing_is_due, couriers))


async def until_nothing_is_due(courier: Courier[Mail]) -> None:
    while await a_round(courier):
        pass


@pytest.mark.proves("NT-6")
@pytest.mark.parametrize("takes", [1, 2, 4])
async def test_a_server_that_takes_few_connections_gets_every_mail_over_those(
    office: Office, takes: int
) -> None:
    office.mail_server.takes = takes
    await file_locks(office, 10)
    await file_communications(office, 7)

    await at_once(office)

    assert len(office.mails) == 17
    assert Counter(await office.ledger()) == {("sent", None): 17}
    assert {outcome for _, outcome, _ in await office.attempts()} == {"accepted"}
    assert office.mail_server.tries <= takes + 1


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

    def let_go(self, count: int) -> None:
        for _ in range(count):
            self.go.release()


async def test_where_mails_wait_one_connection_more_is_tried_after_a_while(office: Office) -> None:
    server, clock = office.mail_server, office.clock
    server.takes = 1
    held, stuck = await held_up(office, 4)
    await eventually(lambda: was_refused(office))
    for _ in range(10):
        await rest(office)
    tried = server.tries
    clock.advance(seconds=LIMITED_SECONDS * 1.2)
    await rest(office)
    await rest(office)
    again = server.tries

    server.takes = None
    clock.advance(seconds=LIMITED_SECONDS * 1.2)
    for _ in range(3):
        await rest(office)
    held.let_go(4)
    await stuck

    assert (tried, again) == (2, 3)
    assert server.most > 1
    assert len(office.mails) == 4


async def rest(office: Office) -> None:
    """The loop that closes what lies idle, and tries for one more."""
    await office.loop("smtp-idle").once()


def was_refused(office: Office) -> None:
    """And has read that it was."""
    assert office.plumbing.metrics.value("mail_connections", outcome="limited") == 1


def nobody_is_connected(office: Office) -> None:
    assert not office.mail_server.open


async def held_up(
    office: Office, count: int, *, first: str = CLASSES[0]
) -> tuple[Held, asyncio.Task[int]]:
    """Mails of one class of which one after another stops before its dot."""
    file, courier = classes(office, first=first)[0]
    await file(office, count)
    held = Held(courier.channel)
    stuck = asyncio.create_task(a_round(office.with_channel(held, of=courier)))
    await held.moved.wait()
    return held, stuck


@pytest.mark.proves("NT-1")
@pytest.mark.parametrize("slow", CLASSES)
async def test_slow_mails_of_a_class_leave_a_connection_to_the_other(
    office: Office, slow: str
) -> None:
    office.mail_server.takes = 3
    held, stuck = await held_up(office, 4)
    await eventually(lambda: was_refused(office))  # so that the limit is known
    held.let_go(4)
    await stuck
    held, stuck = await held_up(office, 4, first=slow)
    while held.stopped < 2:
        held.moved.clear()
        await held.moved.wait()

    _, (file, other) = classes(office, first=slow)
    await file(office, 5)
    await until_nothing_is_due(other)

    assert (held.stopped, held.sent) == (2, 0)
    assert len(office.mails) == 4 + 5
    held.let_go(4)
    await stuck
    assert Counter(await office.ledger()) == {("sent", None): 13}


@pytest.mark.parametrize("first", CLASSES)
async def test_what_lies_idle_after_a_class_is_used_by_the_other(
    office: Office, first: str
) -> None:
    office.mail_server.takes = 4
    for file, courier in classes(office, first=first):
        await file(office, 4)
        await a_round(courier)

    assert len(office.mails) == 8
    assert {outcome for _, outcome, _ in await office.attempts()} == {"accepted"}


async def test_idle_connections_are_closed(office: Office) -> None:
    await file_locks(office, 4)
    await office.send_all()
    await rest(office)
    opened = len(office.mail_server.open)

    office.clock.advance(seconds=IDLE_SECONDS)
    await rest(office)

    assert opened > 0
    assert office.mail_server.said_goodbye == opened


async def test_idle_connections_are_closed_though_status_looks_there(office: Office) -> None:
    await file_locks(office, 4)
    await office.send_all()
    opened = len(office.mail_server.open)

    for _ in range(int(IDLE_SECONDS / LOOK_SECONDS)):
        office.clock.advance(seconds=LOOK_SECONDS)
        await asyncio.gather(*(probe() for probe in office.composition.probes.values()))
        await rest(office)

    await eventually(lambda: nobody_is_connected(office))
    assert opened > 0


async def test_status_opens_no_connection_to_keep_it(office: Office) -> None:
    for probe in office.composition.probes.values():
        await probe()

    await eventually(lambda: nobody_is_connected(office))
    assert office.mail_server.said_goodbye == office.mail_server.tries > 0


@pytest_asyncio.fixture
async def with_password(office: Office, database: Database) -> AsyncIterator[Office]:
    """A replica whose password the server may refuse."""
    url = f"smtp://portal:wrong@127.0.0.1:{office.mail_server.port}"
    made = Office.opened(database, office.clock, office.mail_server, smtp_url=url)
    yield made
    await made.close()


async def test_a_wrong_password_is_tried_rarely_and_costs_no_mail(with_password: Office) -> None:
    with_password.mail_server.password = "right"
    await file_locks(with_password, 20)
    for _ in range(600):  # ten minutes, each courier looking once a second
        with_password.clock.advance(seconds=1)
        await at_once(with_password)
    tried = with_password.mail_server.tries

    with_password.mail_server.password = "wrong"
    with_password.clock.advance(minutes=20)
    await at_once(with_password)

    assert tried <= 12
    assert len(with_password.mails) == 20
    assert set(await with_password.ledger()) == {("sent", None)}


async def test_a_courier_cancelled_while_it_waits_takes_no_connection_along(office: Office) -> None:
    office.mail_server.takes = 1
    await file_locks(office, 4)
    await at_once(office)
    held, stuck = await held_up(office, 4)
    mail = Mail(sender="a@b.example", recipient=ADDRESS, content=b"Subject: x\r\n\r\nx\r\n")
    waiting = [asyncio.create_task(office.activity.channel.send(mail, nothing)) for _ in range(3)]
    await asyncio.sleep(0)

    for each in waiting:
        each.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    held.let_go(4)
    await stuck

    assert len(office.mails) == 8


async def nothing() -> None:
    """Before the dot."""


async def test_connections_that_died_while_idle_cost_no_mail_a_try(office: Office) -> None:
    await file_locks(office, 4)
    await office.send_all()
    await office.mail_server.stop()
    await office.mail_server.start()
    await file_locks(office, 8)

    await office.send_all()

    assert await office.ledger() == [("sent", None)] * 12
    assert {outcome for _, outcome, _ in await office.attempts()} == {"accepted"}
