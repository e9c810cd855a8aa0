"""Account activity and practice communications keep out of each other's way (NT-1)."""

import asyncio

import pytest

from deploy.client.eventually import eventually
from deploy.local.caught import FaultKind
from tests.builders import events
from tests.builders.patients import a_patient, file_communications
from tests.rigs.notify import Office, a_round

ALL = "all@mail.example"


@pytest.mark.proves("NT-1")
async def test_a_backlog_of_practice_mails_holds_up_no_account_activity(office: Office) -> None:
    await file_communications(office, 120, email=ALL)
    await office.file_link(events.new_account(), address="late@mail.example")

    await a_round(office.activity)

    assert len(office.mail_server.to("late@mail.example")) == 1
    assert office.mail_server.to(ALL) == []


@pytest.mark.proves("NT-1")
async def test_practice_mails_that_hang_do_not_hold_up_account_activity(office: Office) -> None:
    await file_communications(office, 8, email=ALL)
    office.mail_server.fail(FaultKind.SLOW, count=4, seconds=4)
    hanging = asyncio.create_task(a_round(office.communications))

    def four_hang() -> None:
        assert len(office.mails) == 4

    await eventually(four_hang)
    await office.file_link(events.new_account(), address="late@mail.example")

    await a_round(office.activity)

    assert len(office.mail_server.to("late@mail.example")) == 1
    assert not hanging.done()
    await hanging


async def test_practices_take_turns(office: Office) -> None:
    await file_communications(office, 60, email=ALL)
    await file_communications(office, email="small@mail.example")

    await a_round(office.communications)

    assert len(office.mail_server.to("small@mail.example")) == 1
    assert office.mail_server.to(ALL)


async def test_more_practices_than_a_round_holds_all_get_their_turn(office: Office) -> None:
    batch = office.communications.claims.batch
    for number in range(2 * batch):
        await file_communications(office, 3, email=f"p{number}@mail.example")

    await a_round(office.communications)
    await a_round(office.communications)

    reached = {address for mail in office.mails for address in mail.envelope_to}
    assert len(reached) == 2 * batch


@pytest.mark.proves("NT-1")
@pytest.mark.parametrize("email", [events.ADDRESS, None], ids=["mails", "notices"])
async def test_a_flood_from_a_practice_hides_no_account_activity_from_its_reader(
    office: Office, email: str | None
) -> None:
    patient = await a_patient(office, email=email)
    await office.file(events.locked(patient.account_id, *([email] if email else [])))
    office.clock.advance(minutes=1)
    for number in range(101):
        await patient.is_written_to(str(number))

    seen = await (patient.mails() if email else patient.notices())

    assert seen == ["practice-communication"] * 100 + ["account-locked"]
