"""A practice reads its record of a patient, and how things stand with her (ST-1)."""

from dataclasses import dataclass
from datetime import datetime

from services.identity.accounts import accounts
from services.identity.actions import Action
from services.identity.enrolment.model import ENROLMENT_TOKEN
from services.identity.passwords.lockouts import Lockouts
from services.identity.patients.model import Patient
from services.identity.patients.store import enrolments, patients
from services.identity.two_step.store import two_steps
from shared import one_time
from shared.acts import Acts, By
from shared.contracts.identity import AccountState, EnrolmentState
from shared.contracts.ids import AccountId, PatientId, PracticeId
from shared.db import Connection
from shared.errors import NotFound


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How things stand with the account, as far as it is the business of one of its practices."""

    locked: bool = False
    frozen: bool = False
    two_step_on: bool = False
    email_waived: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A patient record with what became of it; who is not enrolled has no standing here."""

    patient: Patient
    enrolled: bool
    token_until: datetime | None
    standing: Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class Records:
    acts: Acts
    lockouts: Lockouts

    async def read(self, practice_id: PracticeId, patient_id: PatientId, *, by: By) -> Record:
        """An own record; nothing of other practices, and not when anybody logged on.

        That it was looked at is on record before it is told, and a look for an id that is none
        of the practice's as well: who has stolen a client is followed by what she has seen.
        """
        record = await self._find(practice_id, patient_id, by.now)
        async with self.acts.begin(
            by, Action.READ_PATIENT, patient=patient_id, practice=practice_id
        ):
            if record is None:
                raise NotFound
        return record

    async def _find(
        self, practice_id: PracticeId, patient_id: PatientId, now: datetime
    ) -> Record | None:
        """Everything as it stands at one moment."""
        async with self.acts.database.snapshot() as tx:
            patient = await patients.find(tx, practice_id, patient_id)
            if patient is None:
                return None
            enrolment = await enrolments.find(tx, patient_id)
            enrolled = enrolment is not None and enrolment.state is EnrolmentState.ENROLLED
            return Record(
                patient=patient,
                enrolled=enrolled,
                token_until=await one_time.live_until(tx, ENROLMENT_TOKEN, patient_id, now=now),
                standing=await self._standing(tx, enrolment.account_id, now)
                if enrolment and enrolled
                else Standing(),
            )

    async def _standing(self, tx: Connection, account_id: AccountId, now: datetime) -> Standing:
        view = await accounts.view(tx, account_id)
        two_step = await two_steps.find(tx, account_id)
        return Standing(
            locked=await self.lockouts.is_locked(tx, account_id, now=now),
            frozen=view.account.state is AccountState.FROZEN,
            two_step_on=two_step is not None and two_step.on,
            email_waived=view.account.email_waived,
        )
