"""What is a duplicate chart: a pure rule."""

from collections.abc import Iterable, Sequence
from uuid import UUID

import pytest

from services.merge.charts.model import duplicate_charts
from shared.contracts.identity import Enrolment, EnrolmentState
from shared.contracts.ids import PatientId, PracticeId


def patient(number: int) -> PatientId:
    return PatientId(UUID(int=number))


def test_a_practice_has_a_duplicate_chart_where_it_has_two_records() -> None:
    elm, oak, ash = (PracticeId(UUID(int=number)) for number in (10, 11, 12))
    charts = [(elm, 2), (oak, 3), (elm, 1), (elm, 2), (ash, 4), (ash, 4)]

    found = duplicate_charts(unenrolled(charts), known={patient(2), patient(3)})

    assert found == {elm: (patient(1), patient(2))}


@pytest.mark.parametrize(
    ("known", "told"), [((1, 2), False), ((1, 2, 3), False), ((1,), True), ((3,), True)]
)
def test_a_practice_learns_nothing_of_records_that_were_all_the_survivors(
    known: Sequence[int], told: bool
) -> None:
    elm = PracticeId(UUID(int=10))

    found = duplicate_charts(
        unenrolled([(elm, 1), (elm, 2)]), known={patient(number) for number in known}
    )

    assert bool(found) is told


def unenrolled(charts: Iterable[tuple[PracticeId, int]]) -> Iterable[Enrolment]:
    for practice, number in charts:
        yield Enrolment(
            practice_id=practice, patient_id=patient(number), state=EnrolmentState.UNENROLLED
        )
