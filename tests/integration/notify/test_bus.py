"""The whole way: outbox, broker, consumer, ledger, courier, mail server."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
import pytest_asyncio

from services.notify.tellings.model import Reason
from shared.contracts.identity import ACCOUNTS_MERGED
from shared.contracts.merge import MERGE_REFUSED
from shared.contracts.notify import Topic
from shared.messaging.broker import Broker as Connection
from tests.builders import events
from tests.builders.patients import Patient, a_patient
from tests.rigs.mail_server import MailServer
from tests.rigs.notify import Office
from tests.support.broker import Broker
from tests.support.clock import FakeClock
from tests.support.database import Database
from tests.support.neighbours import neighbour


@pytest_asyncio.fixture
async def on_the_bus(
    database: Database, mail_server: MailServer, clock: FakeClock, broker: Broker
) -> AsyncIterator[Office]:
    """A replica as its own user of the broker, nothing started."""
    made = Office.opened(database, clock, mail_server, broker_url=broker.url("notify"))
    yield made
    await made.close()


@pytest.mark.proves("NT-9")
async def test_a_submitted_communication_becomes_a_mail(on_the_bus: Office) -> None:
    await (await a_patient(on_the_bus)).is_submitted(topic=Topic.APPOINTMENT)

    await on_the_bus.file_submitted()
    await on_the_bus.send_all()

    (mail,) = on_the_bus.mail_server.to(events.ADDRESS)
    assert "appointment" in mail.text
    assert "appointment" not in mail.subject


async def written_to_unheard_of(office: Office) -> Patient:
    """A practice submits something for whom notify has not heard of."""
    patient = await a_patient(office)
    await office.forget_accounts()
    await patient.is_submitted()
    await office.file_submitted()
    return patient


async def test_a_communication_for_a_patient_not_heard_of_yet_waits_for_the_snapshot(
    on_the_bus: Office,
) -> None:
    patient = await written_to_unheard_of(on_the_bus)
    assert await on_the_bus.ledger() == []

    await patient.changes(2)
    on_the_bus.clock.advance(minutes=10)
    await on_the_bus.file_submitted()

    assert await on_the_bus.ledger() == [("queued", None)]


async def test_a_communication_for_a_patient_without_an_account_is_written_down_after_minutes(
    on_the_bus: Office,
) -> None:
    patient, clock = await written_to_unheard_of(on_the_bus), on_the_bus.clock
    began = clock.now()
    while not await on_the_bus.ledger():
        clock.advance(seconds=1)
        await on_the_bus.file_submitted()

    assert await on_the_bus.ledger() == [("failed", "no_account")]
    assert timedelta(minutes=2) <= clock.now() - began <= timedelta(minutes=5)
    assert await on_the_bus.rows("SELECT 1 FROM dead_letters") == []
    (seen,) = await on_the_bus.ledger_of(patient.practice_id)
    assert seen.reason is Reason.NO_ACCOUNT


BOTH = ("a@mail.example", "b@mail.example")


def reached(office: Office) -> list[str]:
    return sorted(address for mail in office.mails for address in mail.envelope_to)


async def test_a_merge_comes_and_is_answered_over_the_bus(
    on_the_bus: Office, database: Database, broker: Broker
) -> None:
    survivor, absorbed = events.new_account(), events.new_account()
    merged = events.merged(survivor, absorbed, *BOTH)
    async with neighbour("identity", database, broker) as identity:
        await identity.tell(ACCOUNTS_MERGED, merged, subject=survivor)
        await identity.tell(ACCOUNTS_MERGED, merged, subject=survivor)

    await on_the_bus.consume()
    await on_the_bus.publish()
    await on_the_bus.send_all()

    assert reached(on_the_bus) == [*BOTH]
    assert len(await heard(broker, "merge.saga")) == 3  # identity's two, and one answer


@pytest.mark.proves("MG-6")
async def test_a_merge_that_merge_refused_is_told_to_both(
    on_the_bus: Office, database: Database, broker: Broker
) -> None:
    accounts = [events.new_account() for _ in BOTH]
    for account_id, email in zip(accounts, BOTH, strict=True):
        await on_the_bus.know(events.account(account_id, email=email))
    refused = events.merge_refused(accounts[0], accounts[1], BOTH[0], of_absorbed=BOTH[1:])
    async with neighbour("merge", database, broker) as merge:
        await merge.tell(MERGE_REFUSED, refused, subject=accounts[0])

    await on_the_bus.consume()
    await on_the_bus.send_all()

    assert reached(on_the_bus) == [*BOTH]
    reading = on_the_bus.features.ledger.reading
    seen = [await reading.of_account(account_id) for account_id in accounts]
    assert [[entry.address for entry in entries] for entries in seen] == [
        ["a***@mail.example"],
        ["b***@mail.example"],
    ]


async def heard(broker: Broker, queue: str) -> list[bytes]:
    """What waits in another service's queue, as that service gets it."""
    connection = Connection(broker.url(queue.partition(".")[0]), name="reader")
    try:
        async with connection.pull() as deliveries:
            batch = await deliveries.pull(queue, 50)
            await deliveries.ack(batch)
            return [delivery.body for delivery in batch]
    finally:
        await connection.close()
