"""Who has not logged on for months: a practice lists them, and may un-enrol them (UN-2)."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.identity.actions import Action
from services.identity.desk.unenrolments import Unenrolments
from services.identity.patients.model import DormantPatient
from services.identity.patients.store import dormancy as store
from shared.acts import Acts, By
from shared.contracts.ids import PatientId, PracticeId
from shared.errors import Refused

PAGE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """What became of one record of a bulk; without a refusal it was un-enrolled."""

    patient_id: PatientId
    refusal: type[Refused] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Dormancy:
    """Nothing here happens by itself: a practice looks, and a practice decides."""

    acts: Acts
    unenrolments: Unenrolments

    async def list(
        self, practice_id: PracticeId, months: int, *, after: PatientId | None, by: By
    ) -> Sequence[DormantPatient]:
        """A page of them, who was here longest ago first; `after` is the last one of the page
        before. A page is on record: it tells of many at once when each was here.
        """
        async with self.acts.begin(by, Action.LIST_DORMANT, practice=practice_id) as act:
            act.detail = f"months={months}"
            return await store.list_dormant(
                act.tx, practice_id, months=months, after=after, limit=PAGE, now=by.now
            )

    async def un_enrol(
        self, practice_id: PracticeId, patient_ids: Sequence[PatientId], *, months: int, by: By
    ) -> Sequence[Ended]:
        """Un-enrol each that is still dormant, in an act of its own, and say what became of each.

        Who has logged on since she was listed stays enrolled. The same call again changes nothing.
        """
        return [
            Ended(
                patient_id=patient_id,
                refusal=await self._end(practice_id, patient_id, months, by),
            )
            for patient_id in patient_ids
        ]

    async def _end(
        self, practice_id: PracticeId, patient_id: PatientId, months: int, by: By
    ) -> type[Refused] | None:
        try:
            await self.unenrolments.un_enrol(practice_id, patient_id, dormant=months, by=by)
        except Refused as refused:
            return type(refused)
        return None
