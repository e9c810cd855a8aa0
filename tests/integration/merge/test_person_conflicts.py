"""MG-5: a practice learns which of its patient records now belong to one account."""

import pytest

from shared.contracts.identity import AccountState, EnrolmentState
from tests.builders.people import Person, a_person, a_practice, enrolled
from tests.rigs.issuer import Issuer
from tests.rigs.merge import Merging, Saga

pytestmark = pytest.mark.proves("MG-5")


async def merged(merging: Merging, survivor: Person, absorbed: Person) -> Saga:
    await merging.knows(survivor, absorbed)
    saga = await merging.under_way(survivor, absorbed)
    await merging.hear(saga.merged(), saga.merged())
    return saga


async def test_a_practice_with_two_records_of_a_person_is_told_of_both(
    merging: Merging, identity: Issuer
) -> None:
    practice, other = a_practice(), a_practice()
    mine, hers = enrolled(practice), enrolled(practice, EnrolmentState.UNENROLLED)
    saga = await merged(
        merging,
        a_person(enrolments=(mine, enrolled(other))),
        a_person(enrolments=(hers,)),
    )

    token = await identity.client_token(practice, "merges:read")
    (conflict,) = (await merging.get("/practice/merge-conflicts", token)).body["conflicts"]

    assert conflict.keys() == {"merge_id", "patient_ids", "found_at"}
    assert conflict["merge_id"] == str(saga.merge_id)
    assert sorted(conflict["patient_ids"]) == sorted([str(mine.patient_id), str(hers.patient_id)])


@pytest.mark.parametrize("snapshots_first", [True, False])
async def test_a_practice_is_told_of_what_a_merge_brings_and_of_nothing_it_had_before(
    merging: Merging, identity: Issuer, snapshots_first: bool
) -> None:
    """Whatever the snapshots of after the merge say by then: they come by another queue."""
    practice, other = a_practice(), a_practice()
    had = (enrolled(practice), enrolled(practice), enrolled(other))
    survivor, absorbed = a_person(enrolments=had), a_person(enrolments=(enrolled(other),))
    await merging.knows(survivor, absorbed)
    saga = await merging.under_way(survivor, absorbed)
    if snapshots_first:
        await merging.knows(
            survivor.changed(enrolments=(*had, *absorbed.enrolments)),
            absorbed.changed(state=AccountState.MERGED, enrolments=()),
        )
    await merging.hear(saga.merged())

    told = [
        (await merging.get("/practice/merge-conflicts", token)).body["conflicts"]
        for token in [await identity.client_token(one, "merges:read") for one in (practice, other)]
    ]

    assert [len(conflicts) for conflicts in told] == [0, 1]
    assert set(told[1][0]["patient_ids"]) == {
        str(enrolment.patient_id) for enrolment in (had[2], *absorbed.enrolments)
    }


async def test_a_third_record_of_a_practice_is_told_with_the_two_it_had(merging: Merging) -> None:
    practice = a_practice()
    had = (enrolled(practice), enrolled(practice))
    await merged(merging, a_person(enrolments=had), a_person(enrolments=(enrolled(practice),)))

    (conflict,) = await merging.rows("SELECT patient_ids FROM person_conflicts")

    assert len(conflict["patient_ids"]) == 3
