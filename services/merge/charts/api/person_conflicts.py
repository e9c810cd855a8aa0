"""MG-5 over HTTP: a practice reads its duplicate charts."""

from datetime import datetime
from typing import ClassVar

from services.merge.charts.features import Features
from services.merge.charts.person_conflicts import LISTED
from shared.contracts.ids import MergeId, PatientId
from shared.http.routes import Call, NoBody, Reply
from shared.trust.access import PracticeCaller


class MergeConflict(Reply, frozen=True, kw_only=True):
    """`merge_person_conflict`: these patient records now belong to one account."""

    merge_id: MergeId
    patient_ids: tuple[PatientId, ...]
    found_at: datetime


class MergeConflicts(Reply, frozen=True, kw_only=True):
    """The newest hundred that are not settled, newest first. No names: the practice has its own."""

    conflicts: tuple[MergeConflict, ...]

    shows_most: ClassVar[int] = LISTED

    @property
    def shows(self) -> int:
        return len(self.conflicts)


async def list_merge_conflicts(
    features: Features, call: Call[NoBody, PracticeCaller]
) -> MergeConflicts:
    """Show a practice its own."""
    found = await features.person_conflicts.of_practice(call.caller.practice_id, by=call.by)
    return MergeConflicts(
        conflicts=tuple(
            MergeConflict(
                merge_id=conflict.merge_id,
                patient_ids=conflict.patient_ids,
                found_at=conflict.found_at,
            )
            for conflict in found
        )
    )
