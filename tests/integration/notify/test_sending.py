"""What a courier does with each answer of a mail server (NT-5, NT-6)."""

import pytest

from deploy.local.catcher import Catcher
from deploy.local.mailbox import Fault, FaultKind
from services.notify.errors import MailServerAway
from tests.integration.notify import events
from tests.integration.notify.events import ADDRESS
from tests.integration.notify.office import Office
from tests.support.clock import FakeClock
from tests.support.database import Database

MINUTES_OF_BACK_OFF = 20  # longer than any wait for another try


async def file_lock(office: Office) -> None:
    await office.file(events.locked(events.new_account(), ADDRESS))


async def file_communication(office: Office) -> None:
    practice_id, patient_id, _ = await office.with_patient()
    await office.file_communication(events.communication(practice_id, patient_id))


@pytest.mark.proves("NT-1", "NT-5", part="delivered and bounced need receipts")
async def test_account_activity_goes_to_the_address_it_was_told_for(
    office: Office, catcher: Catcher
) -> None:
    await file_lock(office)

    await office.send_all()

    (mail,) = catcher.mailbox.to(ADDRESS)
    assert "locked" in mail.subject
    assert await office.ledger() == [("sent", None)]
    assert await office.attempts() == [("answered", "accepted", 250)]


async def test_a_refused_recipient_is_final(office: Office, catcher: Catcher) -> None:
    await file_lock(office)
    catcher.mailbox.faults.append(Fault(kind=FaultKind.REFUSE))

    await office.send_all()

    assert await office.ledger() == [("failed", "refused")]
    rows = await office.rows("SELECT phase, outcome, smtp_code, enhanced_code FROM attempts")
    assert [tuple(row) for row in rows] == [("before-dot", "refused", 550, "5.1.1")]


async def test_a_temporary_refusal_is_tried_again_after_a_while(
    office: Office, catcher: Catcher, clock: FakeClock
) -> None:
    await file_lock(office)
    catcher.mailbox.faults.append(Fault(kind=FaultKind.TEMPFAIL))
    await office.send_all()
    assert await office.ledger() == [("queued", None)]

    clock.advance(seconds=7)
    await office.send_all()

    assert await office.ledger() == [("sent", None)]
    assert [outcome for _, outcome, _ in await office.attempts()] == ["deferred", "accepted"]


@pytest.mark.parametrize("kind", [FaultKind.SLOW, FaultKind.DROP_AFTER_DATA])
async def test_unanswered_account_activity_goes_again_as_the_same_mail(
    office: Office, catcher: Catcher, clock: FakeClock, kind: FaultKind
) -> None:
    await file_lock(office)
    catcher.mailbox.faults.append(Fault(kind=kind, seconds=1))
    await office.send_all()
    assert await office.attempts() == [("after-dot", "unanswered", None)]

    clock.advance(minutes=MINUTES_OF_BACK_OFF)
    await office.send_all()

    first, second = catcher.mailbox.to(ADDRESS)
    assert first.message_id == second.message_id
    assert await office.ledger() == [("sent", None)]


async def test_account_activity_is_resent_three_times_and_then_held(
    office: Office, catcher: Catcher, clock: FakeClock
) -> None:
    await file_lock(office)
    catcher.mailbox.faults.append(Fault(kind=FaultKind.DROP_AFTER_DATA, count=9))

    for _ in range(6):
        await office.send_all()
        clock.advance(minutes=MINUTES_OF_BACK_OFF)

    assert len(catcher.mailbox.mails) == 4
    assert await office.ledger() == [("unknown", "unanswered")]


@pytest.mark.parametrize("kind", [FaultKind.SLOW, FaultKind.DROP_AFTER_DATA])
async def test_an_unanswered_practice_communication_is_held(
    office: Office, catcher: Catcher, clock: FakeClock, kind: FaultKind
) -> None:
    await file_communication(office)
    catcher.mailbox.faults.append(Fault(kind=kind, seconds=1))

    await office.send_all()
    clock.advance(minutes=MINUTES_OF_BACK_OFF)
    await office.send_all()

    assert len(catcher.mailbox.mails) == 1
    assert await office.ledger() == [("unknown", "unanswered")]


async def test_a_mail_server_that_is_away_costs_no_delivery_its_tries(
    database: Database, catcher: Catcher, office: Office, clock: FakeClock
) -> None:
    away = Office.opened(database, 1, clock)
    for _ in range(9):
        await file_lock(away)

    for _ in range(5):
        await away.activity.once()
    clock.advance(minutes=1)
    await office.send_all()

    assert len(await office.attempts()) == 9 + away.activity.batch
    assert len(catcher.mailbox.mails) == 9
    await away.close()


async def test_readiness_names_the_mail_server_and_recovers_without_a_restart(
    office: Office, catcher: Catcher
) -> None:
    probe = office.composition.probes["smtp"]
    await probe()
    await catcher.stop()
    await office.composition.closers[0]()
    with pytest.raises(MailServerAway):
        await probe()

    await catcher.start()
    await probe()


async def test_a_mail_whose_connection_died_while_idle_goes_over_a_fresh_one(
    office: Office, catcher: Catcher
) -> None:
    await file_lock(office)
    await office.send_all()
    await catcher.restart()
    await file_lock(office)

    await office.send_all()

    assert await office.ledger() == [("sent", None), ("sent", None)]


async def test_connections_are_reused(office: Office, catcher: Catcher) -> None:
    for _ in range(12):
        await file_lock(office)

    await office.send_all()

    assert len(catcher.mailbox.mails) == 12
    assert catcher.sessions <= office.plumbing.settings.smtp_connections


async def test_what_cannot_be_sent_for_three_days_is_given_up(
    office: Office, catcher: Catcher, clock: FakeClock
) -> None:
    await file_lock(office)
    catcher.mailbox.faults.append(Fault(kind=FaultKind.TEMPFAIL, count=9))
    await office.send_all()

    clock.advance(hours=72)
    await office.send_all()

    assert await office.ledger() == [("failed", "gave_up")]
