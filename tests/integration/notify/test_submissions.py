"""NT-9 by HTTP: one communication for one reference, and the whole way over the bus."""

import asyncio

import pytest

from services.notify.communications.errors import PatientOfAnotherPractice, ReferenceReused
from services.notify.communications.model import Communication
from shared.acts import By
from shared.audit.entries import Origin
from shared.contracts.ids import EventId, PatientId, PracticeId
from shared.contracts.notify import Topic
from tests.builders import events
from tests.rigs.notify import Office

PRACTICE = PracticeId(events.RANDOMNESS.uuid())
PATIENT = PatientId(events.RANDOMNESS.uuid())


async def submit(
    office: Office,
    *,
    practice_id: PracticeId = PRACTICE,
    patient_id: PatientId = PATIENT,
    topic: Topic = Topic.MESSAGE,
    reference: str = "ref-1",
) -> EventId:
    communication = Communication(
        practice_id=practice_id, patient_id=patient_id, topic=topic, reference=reference
    )
    origin = Origin(actor="client:x", source="", correlation_id=events.RANDOMNESS.uuid())
    return await office.features.communications.submissions.submit(
        communication, by=By(origin=origin, now=office.clock.now())
    )


async def written(office: Office) -> int:
    rows = await office.rows(
        "SELECT count(*) FROM outbox WHERE routing_key = 'notify.communication-submitted.v1'"
    )
    return int(rows[0]["count"])


@pytest.mark.proves("NT-9")
async def test_the_same_reference_again_is_the_same_communication_also_in_a_race(
    office: Office,
) -> None:
    ids = await asyncio.gather(*(submit(office) for _ in range(12)))

    assert len(set(ids)) == 1
    assert await written(office) == 1


@pytest.mark.proves("NT-9")
async def test_a_reference_used_for_something_else_is_refused(office: Office) -> None:
    await submit(office)

    with pytest.raises(ReferenceReused):
        await submit(office, topic=Topic.STATEMENT)
    with pytest.raises(ReferenceReused):
        await submit(office, patient_id=PatientId(events.RANDOMNESS.uuid()))

    assert await written(office) == 1
    rows = await office.rows("SELECT outcome, detail FROM audit_entries ORDER BY at, id")
    assert sorted(tuple(row) for row in rows) == [
        ("done", "message"),
        ("refused", "reference_reused"),
        ("refused", "reference_reused"),
    ]


async def test_what_was_taken_before_its_patient_was_known_elsewhere_stays_taken(
    office: Office,
) -> None:
    _, foreign, _ = await office.with_patient()
    await office.forget_accounts()
    first = await submit(office, patient_id=foreign)
    await office.know(
        events.account(
            events.new_account(), events.enrolment(PracticeId(events.RANDOMNESS.uuid()), foreign)
        ),
        version=2,
    )

    assert await submit(office, patient_id=foreign) == first
    with pytest.raises(PatientOfAnotherPractice):
        await submit(office, patient_id=foreign, reference="ref-2")


async def test_two_practices_may_use_the_same_reference(office: Office) -> None:
    first = await submit(office)
    second = await submit(office, practice_id=PracticeId(events.RANDOMNESS.uuid()))

    assert first != second
    assert await written(office) == 2
