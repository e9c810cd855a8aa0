"""Account activity and practice communications keep out of each other's way (NT-1)."""

import asyncio

import pytest

from deploy.client.eventually import eventually
from deploy.local.caught import FaultKind
from shared.contracts.ids import PracticeId
from tests.builders import events
from tests.integration.notify.mail_server import MailServer
from tests.rigs.notify import Office
from tests.support.clock import FakeClock


async def broadcast(office: Office, count: int, *, address: str = "all@mail.example") -> PracticeId:
    """One practice writes to many."""
    practice_id, patient_id, _ = await office.with_patient(email=address)
    for number in range(count):
        await office.file_communication(
            events.communication(practice_id, patient_id, reference=str(number))
        )
    return practice_id


@pytest.mark.proves("NT-1")
async def test_a_backlog_of_practice_mails_does_not_hold_up_account_activity(
    office: Office, mail_server: MailServer
) -> None:
    await broadcast(office, 120)
    await office.file_link(events.new_account(), address="late@mail.example")

    await office.activity.once()

    assert len(mail_server.to("late@mail.example")) == 1
    assert mail_server.to("all@mail.example") == []


@pytest.mark.proves("NT-1")
async def test_practice_mails_that_hang_do_not_hold_up_account_activity(
    office: Office, mail_server: MailServer
) -> None:
    await broadcast(office, 8)
    mail_server.fail(FaultKind.SLOW, count=4, seconds=4)
    hanging = asyncio.create_task(office.communications.once())

    def four_hang() -> None:
        assert len(mail_server.mails) == 4

    await eventually(four_hang)
    await office.file_link(events.new_account(), address="late@mail.example")

    await office.activity.once()

    assert len(mail_server.to("late@mail.example")) == 1
    assert not hanging.done()
    await hanging


async def test_practices_take_turns(office: Office, mail_server: MailServer) -> None:
    await broadcast(office, 60)
    await broadcast(office, 1, address="small@mail.example")

    await office.communications.once()

    assert len(mail_server.to("small@mail.example")) == 1
    assert mail_server.to("all@mail.example")


async def test_more_practices_than_a_round_holds_all_get_their_turn(
    office: Office, mail_server: MailServer
) -> None:
    batch = office.communications.batch
    for number in range(2 * batch):
        await broadcast(office, 3, address=f"p{number}@mail.example")

    await office.communications.once()
    await office.communications.once()

    reached = {address for mail in mail_server.mails for address in mail.envelope_to}
    assert len(reached) == 2 * batch


async def test_a_practice_sees_its_own_communications_and_no_account_activity(
    office: Office,
) -> None:
    practice_id, patient_id, account_id = await office.with_patient()
    await office.file_communication(events.communication(practice_id, patient_id))
    await office.file(events.locked(account_id, events.ADDRESS))
    await broadcast(office, 2)

    seen = await office.features.ledger.reading.of_practice(practice_id)

    assert [entry.template for entry in seen] == ["practice-communication"]


async def test_a_person_sees_what_was_sent_to_her_with_masked_addresses(office: Office) -> None:
    practice_id, patient_id, account_id = await office.with_patient()
    await office.file_communication(events.communication(practice_id, patient_id))
    await office.file(events.locked(account_id, events.ADDRESS))
    await office.file(events.locked(events.new_account(), "other@mail.example"))

    seen = await office.features.ledger.reading.of_account(account_id)

    assert {entry.template for entry in seen} == {"practice-communication", "account-locked"}
    assert {entry.address for entry in seen} == {"j***@mail.example"}


@pytest.mark.proves("NT-1")
async def test_a_flood_of_practice_mails_hides_no_account_activity_from_its_reader(
    office: Office, clock: FakeClock
) -> None:
    practice_id, patient_id, account_id = await office.with_patient()
    await office.file(events.locked(account_id, events.ADDRESS))
    clock.advance(minutes=1)
    for number in range(101):
        await office.file_communication(
            events.communication(practice_id, patient_id, reference=str(number))
        )

    seen = await office.features.ledger.reading.of_account(account_id)

    assert [entry.template for entry in seen] == ["practice-communication"] * 100 + [
        "account-locked"
    ]
