"""A practice corrects its record of a patient (ST-1)."""

from dataclasses import dataclass, replace
from datetime import date
from typing import TypedDict

from services.identity.actions import Action
from services.identity.enrolment.model import INVITATION
from services.identity.patients.errors import PatientChanged
from services.identity.patients.patients import Patients
from services.identity.patients.store import patients as store
from shared import one_time
from shared.acts import Acts, By
from shared.contracts.ids import PatientId, PracticeId
from shared.errors import NotFound


class Changes(TypedDict, total=False):
    """What a record is to say; what is left out stays."""

    last_name: str
    first_name: str
    birth_date: date
    home_phone: str | None
    address: str | None
    email: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Corrections:
    acts: Acts
    patients: Patients

    async def correct(
        self,
        practice_id: PracticeId,
        patient_id: PatientId,
        changes: Changes,
        *,
        version: int,
        by: By,
    ) -> int:
        """Change what is named in a record that stands at `version` still; return the version then.

        Of two corrections at once one is done, and the other is told that the record has changed.
        What was handed out stays good, and from now on proves who the record is of as corrected;
        but for an invitation to an address that is not the patient's.
        """
        async with self.acts.begin(
            by, Action.CORRECT_PATIENT, patient=patient_id, practice=practice_id
        ) as act:
            patient = await store.hold(act.tx, practice_id, patient_id)
            if patient is None:
                raise NotFound
            if patient.version != version:
                raise PatientChanged
            after = replace(patient, **changes)
            if after == patient:
                return version
            differs = (name for name in changes if getattr(after, name) != getattr(patient, name))
            act.detail = " ".join(sorted(differs))
            await self.patients.check(act, after)
            corrected = await store.correct(act.tx, after)
            if corrected is None:
                raise PatientChanged
            if corrected.email != patient.email:
                await one_time.void(act.tx, INVITATION, patient_id, now=act.now)
            self.patients.announce(act, corrected)
            return corrected.version
