"""MG-5: a practice learns which of its patient records now belong to one account."""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
import pytest
import pytest_asyncio

from shared.contracts.identity import CHARTS_SETTLED, AccountState, EnrolmentState
from shared.contracts.ids import PatientId, PracticeId
from shared.messaging.messages import Delivery
from tests.builders import events
from tests.builders.people import Person, a_person, a_practice, enrolled
from tests.rigs.issuer import Issuer
from tests.rigs.merge import Merging, Saga, message

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Two records of one person at a practice, each of an account of its own until they merge."""

    merging: Merging
    identity: Issuer
    practice_id: PracticeId
    survivor: Person
    absorbed: Person

    @property
    def records(self) -> Sequence[PatientId]:
        return [
            one.patient_id for each in (self.survivor, self.absorbed) for one in each.enrolments
        ]

    def settled(
        self, *given_up: PatientId, kept: Sequence[PatientId], practice_id: PracticeId | None = None
    ) -> Delivery:
        told = events.charts_settled(practice_id or self.practice_id, kept=kept, given_up=given_up)
        return message(CHARTS_SETTLED, told, subject=self.survivor.account_id)

    async def conflicts(self) -> int:
        """How many its practice is shown."""
        token = await self.identity.client_token(self.practice_id, "merges:read")
        answer = await self.merging.get("/practice/merge-conflicts", token)
        return len(answer.body["conflicts"])


@pytest_asyncio.fixture
async def chart(merging: Merging, identity: Issuer) -> Chart:
    practice = a_practice()
    survivor = a_person(enrolments=(enrolled(practice),))
    absorbed = a_person(enrolments=(enrolled(practice),))
    await merging.knows(survivor, absorbed)
    return Chart(
        merging=merging,
        identity=identity,
        practice_id=practice,
        survivor=survivor,
        absorbed=absorbed,
    )


@pytest.mark.proves("ST-1")
@pytest.mark.parametrize("both_stay", [False, True], ids=["one given up", "both stay"])
@pytest.mark.parametrize("settled_first", [False, True], ids=["merged first", "settled first"])
async def test_a_conflict_is_settled_whichever_is_heard_first_and_however_often(
    chart: Chart, both_stay: bool, settled_first: bool
) -> None:
    saga = await chart.merging.under_way(chart.survivor, chart.absorbed)
    first, second = chart.records
    settled = (
        chart.settled(kept=[first, second]) if both_stay else chart.settled(first, kept=[second])
    )
    heard = [settled, saga.merged()] if settled_first else [saga.merged(), settled]

    for delivery in (*heard, *heard):
        await chart.merging.hear(delivery)

    assert await chart.conflicts() == 0
    assert await chart.merging.dead() == []


@pytest.mark.proves("ST-1")
async def test_a_conflict_stays_until_all_of_its_records_are_settled_together(
    chart: Chart,
) -> None:
    saga = await chart.merging.under_way(chart.survivor, chart.absorbed)
    await chart.merging.hear(saga.merged())
    first, second = chart.records
    third = enrolled(chart.practice_id).patient_id

    await chart.merging.hear(chart.settled(third, kept=[first]))
    await chart.merging.hear(chart.settled(first, kept=[second], practice_id=a_practice()))
    one_too_few = await chart.conflicts()
    await chart.merging.hear(chart.settled(first, third, kept=[second]))

    assert one_too_few == 1
    assert await chart.conflicts() == 0


@pytest.mark.proves("ST-1")
async def test_an_un_enrolment_by_itself_settles_nothing(chart: Chart) -> None:
    """It says nothing of charts: the practice has both still."""
    saga = await chart.merging.under_way(chart.survivor, chart.absorbed)
    await chart.merging.hear(saga.merged())
    [here] = chart.survivor.enrolments
    gone = enrolled(chart.practice_id, EnrolmentState.UNENROLLED)
    gone = msgspec.structs.replace(gone, patient_id=chart.records[1])

    await chart.merging.knows(chart.survivor.changed(enrolments=(here, gone)))

    assert await chart.conflicts() == 1


@pytest.mark.proves("ST-1")
async def test_what_was_settled_is_not_told_again_by_the_next_merge(
    chart: Chart, merging: Merging
) -> None:
    """Both records went with their account into a third one, that had none there."""
    first, second = chart.records
    await merging.hear(chart.settled(first, kept=[second]))
    both = (*chart.survivor.enrolments, *chart.absorbed.enrolments)
    had_both = a_person(enrolments=both)

    await merged(merging, a_person(), had_both)

    assert await chart.conflicts() == 0
    assert len(await merging.rows("SELECT FROM person_conflicts")) == 1
