"""What a merge tells a practice of its charts: a pure rule."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from shared.contracts.identity import Enrolment
from shared.contracts.ids import MergeId, PatientId, PracticeId
from shared.http.routes import Reply


class MergeConflict(Reply, frozen=True, kw_only=True):
    """`merge_person_conflict`: these patient records now belong to one account."""

    merge_id: MergeId
    patient_ids: tuple[PatientId, ...]
    found_at: datetime


def duplicate_charts(
    enrolments: Iterable[Enrolment], *, known: Collection[PatientId]
) -> Mapping[PracticeId, tuple[PatientId, ...]]:
    """Find the practices with two or more patient records among these, un-enrolled ones too.

    Those of which every record was the survivor's before, the `known`, learn nothing by this merge.
    """
    charts: dict[PracticeId, set[PatientId]] = defaultdict(set)
    for enrolment in enrolments:
        charts[enrolment.practice_id].add(enrolment.patient_id)
    return {
        practice_id: tuple(sorted(patient_ids))
        for practice_id, patient_ids in charts.items()
        if len(patient_ids) > 1 and not patient_ids <= set(known)
    }
