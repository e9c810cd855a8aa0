"""The whole way: outbox, broker, consumer, ledger, courier, mail server."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
import pytest_asyncio

from services.notify.communications.model import Communication
from services.notify.tellings.model import Reason
from shared.acts import By
from shared.audit.entries import Origin
from shared.contracts.identity import ACCOUNTS_MERGED
from shared.contracts.ids import PatientId, PracticeId
from shared.contracts.merge import MERGE_REFUSED
from shared.contracts.notify import Topic
from shared.messaging.broker import Broker as Connection
from tests.builders import events
from tests.integration.notify.mail_server import MailServer
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
    made = Office.opened(database, mail_server.port, clock, broker_url=broker.url("notify"))
    yield made
    await made.close()


@pytest.mark.proves("NT-9")
async def test_a_submitted_communication_becomes_a_mail(
    on_the_bus: Office, mail_server: MailServer
) -> None:
    practice_id, patient_id, _ = await on_the_bus.with_patient()
    communication = Communication(
        practice_id=practice_id, patient_id=patient_id, topic=Topic.APPOINTMENT, reference="1"
    )
    origin = Origin(actor="client:x", source="", correlation_id=events.RANDOMNESS.uuid())
    await on_the_bus.features.communications.submissions.submit(
        communication, by=By(origin=origin, now=on_the_bus.clock.now())
    )

    await on_the_bus.publish()
    await on_the_bus.consume()
    await on_the_bus.send_all()

    (mail,) = mail_server.to(events.ADDRESS)
    assert "appointment" in mail.text
    assert "appointment" not in mail.subject


async def submit_one(
    office: Office, practice_id: PracticeId, patient_id: PatientId, clock: FakeClock
) -> None:
    """A practice submits a message notice; it goes over the bus and back to notify."""
    communication = Communication(
        practice_id=practice_id, patient_id=patient_id, topic=Topic.MESSAGE, reference="1"
    )
    origin = Origin(actor="client:x", source="", correlation_id=events.RANDOMNESS.uuid())
    await office.features.communications.submissions.submit(
        communication, by=By(origin=origin, now=clock.now())
    )
    await office.publish()
    await office.consume()


async def test_a_communication_for_a_patient_not_heard_of_yet_waits_for_the_snapshot(
    on_the_bus: Office, mail_server: MailServer, clock: FakeClock
) -> None:
    practice_id, patient_id, account_id = await on_the_bus.with_patient()
    await on_the_bus.forget_accounts()
    await submit_one(on_the_bus, practice_id, patient_id, clock)
    assert await on_the_bus.ledger() == []

    await on_the_bus.know(
        events.account(account_id, events.enrolment(practice_id, patient_id)), version=2
    )
    clock.advance(minutes=10)
    await on_the_bus.service.messaging.retries["notify.practice-communications"].once()

    assert await on_the_bus.ledger() == [("queued", None)]


async def test_a_communication_for_a_patient_without_an_account_is_written_down_after_minutes(
    on_the_bus: Office, clock: FakeClock
) -> None:
    practice_id, patient_id, _ = await on_the_bus.with_patient()
    await on_the_bus.forget_accounts()
    await submit_one(on_the_bus, practice_id, patient_id, clock)

    retries = on_the_bus.service.messaging.retries["notify.practice-communications"]
    began = clock.now()
    while not await on_the_bus.ledger():
        clock.advance(seconds=1)
        await retries.once()

    assert await on_the_bus.ledger() == [("failed", "no_account")]
    assert timedelta(minutes=2) <= clock.now() - began <= timedelta(minutes=5)
    assert await on_the_bus.rows("SELECT 1 FROM dead_letters") == []
    (seen,) = await on_the_bus.features.ledger.reading.of_practice(practice_id)
    assert seen.reason is Reason.NO_ACCOUNT


async def test_a_merge_comes_and_is_answered_over_the_bus(
    on_the_bus: Office, mail_server: MailServer, database: Database, broker: Broker
) -> None:
    survivor, absorbed = events.new_account(), events.new_account()
    merged = events.merged(survivor, absorbed, "a@mail.example", "b@mail.example")
    async with neighbour("identity", database, broker) as identity:
        await identity.tell(ACCOUNTS_MERGED, merged, subject=survivor)
        await identity.tell(ACCOUNTS_MERGED, merged, subject=survivor)

    await on_the_bus.consume()
    await on_the_bus.publish()
    await on_the_bus.send_all()

    assert sorted(mail.envelope_to for mail in mail_server.mails) == [
        ("a@mail.example",),
        ("b@mail.example",),
    ]
    assert len(await heard(broker, "merge.saga")) == 3  # identity's two, and one answer


@pytest.mark.proves("MG-6")
async def test_a_merge_that_merge_refused_is_told_to_both(
    on_the_bus: Office, mail_server: MailServer, database: Database, broker: Broker
) -> None:
    survivor, absorbed = events.new_account(), events.new_account()
    refused = events.merge_refused(
        survivor, absorbed, "a@mail.example", of_absorbed=("b@mail.example",)
    )
    await on_the_bus.know(events.account(survivor, email="a@mail.example"))
    await on_the_bus.know(events.account(absorbed, email="b@mail.example"))
    async with neighbour("merge", database, broker) as merge:
        await merge.tell(MERGE_REFUSED, refused, subject=survivor)

    await on_the_bus.consume()
    await on_the_bus.send_all()

    assert sorted(mail.envelope_to for mail in mail_server.mails) == [
        ("a@mail.example",),
        ("b@mail.example",),
    ]
    reading = on_the_bus.features.ledger.reading
    seen = [await reading.of_account(account_id) for account_id in (survivor, absorbed)]
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
