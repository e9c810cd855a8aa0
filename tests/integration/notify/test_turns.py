"""NT-9: practices take turns from what they submit to the ledger, and each is filed once."""

import asyncio
from collections import Counter
from typing import Any

import pytest

from services.notify.ledger.errors import PracticeUnknown
from services.notify.ledger.waiting import FILED_AT_ONCE
from services.notify.tellings.practice_communications import practice_communication
from shared.contracts.ids import PracticeId
from tests.builders import events
from tests.builders.communications import communication
from tests.builders.patients import Patient, a_patient
from tests.rigs.notify import Office

pytestmark = pytest.mark.proves("NT-9")

MANY = 1000


async def broadcasts(patient: Patient, count: int) -> None:
    """Her practice submits so many at once."""
    office = patient.office
    sent = [
        communication(patient.practice_id, patient.patient_id, reference=f"{number}")
        for number in range(count)
    ]
    await office.features.communications.submissions.submit_all(
        patient.practice_id, sent, by=office.plumbing.operator()
    )


async def filed(office: Office) -> Counter[PracticeId]:
    rows = await office.rows("SELECT practice_id FROM deliveries")
    return Counter(row["practice_id"] for row in rows)


async def waiting(office: Office) -> int:
    [row] = await office.rows("SELECT count(*) FROM communications WHERE due_at IS NOT NULL")
    return int(row["count"])


@pytest.mark.proves("NT-1")
async def test_what_one_practice_submits_is_not_behind_a_broadcast_of_another(
    office: Office,
) -> None:
    large, small = await a_patient(office), await a_patient(office)
    await broadcasts(large, MANY)
    await broadcasts(small, 10)

    await office.features.ledger.waiting.once()

    assert await filed(office) == {large.practice_id: FILED_AT_ONCE // 2, small.practice_id: 10}


async def test_nor_behind_what_of_another_is_tried_again(office: Office) -> None:
    large, small = await a_patient(office), await a_patient(office)
    await office.forget_accounts()
    await broadcasts(large, MANY)
    await office.file_submitted()
    assert (await filed(office), await waiting(office)) == ({}, MANY)
    await large.changes(2)
    await small.changes(2)

    office.clock.advance(minutes=10)  # all of it is due again, for longer than what comes now
    await broadcasts(small, 10)
    await office.features.ledger.waiting.once()

    assert await filed(office) == {large.practice_id: FILED_AT_ONCE // 2, small.practice_id: 10}


async def test_more_practices_than_a_round_holds_all_get_their_turn(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.notify.ledger.waiting.FILED_AT_ONCE", 3)
    practices = [await a_patient(office) for _ in range(7)]
    for patient in practices:
        await broadcasts(patient, 5)

    for _ in range(3):
        await office.features.ledger.waiting.once()

    assert set(await filed(office)) == {patient.practice_id for patient in practices}


@pytest.mark.proves("NT-6")
async def test_replicas_that_file_at_once_file_each_once(office: Office, twin: Office) -> None:
    patients = [await a_patient(office) for _ in range(3)]
    for patient in patients:
        await broadcasts(patient, 300)

    await asyncio.gather(*(one.file_submitted() for one in (office, twin, office, twin)))

    assert await filed(office) == {patient.practice_id: 300 for patient in patients}
    assert await waiting(office) == 0


async def test_one_that_cannot_be_filed_is_in_no_others_way(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    patient = await a_patient(office)

    def stumbling(one: Any, *known: Any, **told: Any) -> Any:
        if one.communication.reference == "3":
            raise ZeroDivisionError
        return practice_communication(one, *known, **told)

    with monkeypatch.context() as patched:
        patched.setattr("services.notify.ledger.ledger.practice_communication", stumbling)
        await broadcasts(patient, 8)
        await office.file_submitted()
    assert (await filed(office), await waiting(office)) == ({patient.practice_id: 7}, 1)

    office.clock.advance(minutes=10)
    await office.file_submitted()

    assert (await filed(office), await waiting(office)) == ({patient.practice_id: 8}, 0)


async def test_what_waits_for_a_practice_is_kept_until_it_comes_and_check_tells_of_it(
    office: Office,
) -> None:
    patient, unheard_of = await a_patient(office), PracticeId(events.RANDOMNESS.uuid())
    await patient.is_submitted(practice_id=unheard_of)
    for _ in range(20):
        await office.file_submitted()
        office.clock.advance(minutes=10)

    told = await office.checked("communications waiting")
    assert told is not None
    assert told.startswith(f"1 for {PracticeUnknown.__name__} since")

    await office.know_practice(events.practice(unheard_of))
    await office.file_submitted()
    assert await filed(office) == {unheard_of: 1}
    assert await office.checked("communications waiting") is None


async def test_what_a_release_before_this_one_submits_is_filed_as_well(office: Office) -> None:
    patient = await a_patient(office)
    await office.rows(
        "INSERT INTO communications"
        " (practice_id, reference, event_id, patient_id, topic, submitted_at)"
        " VALUES ($1, 'visit-7', $2, $3, 'message', $4) RETURNING event_id",
        patient.practice_id,
        events.new_event(),
        patient.patient_id,
        office.clock.now(),
    )

    await office.file_submitted()

    assert await filed(office) == {patient.practice_id: 1}
