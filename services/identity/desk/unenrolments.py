"""A practice un-enrols its patient, and enrols her again (UN-1, UN-3)."""

from dataclasses import dataclass

from services.identity.accounts import accounts
from services.identity.accounts.tellings import tell
from services.identity.actions import Action
from services.identity.desk import enrolled
from services.identity.desk.errors import PatientNotDormant, PatientNotEnrolled
from services.identity.enrolment.errors import PatientEnrolled
from services.identity.enrolment.model import WAYS
from services.identity.patients.store import dormancy
from services.identity.patients.store import enrolments as store
from services.identity.sessions.sessions import Sessions
from shared import one_time
from shared.acts import Act, Acts, By
from shared.contracts.identity import (
    ENROLMENT_ENDED,
    ENROLMENT_REACTIVATED,
)
from shared.contracts.ids import PatientId, PracticeId


@dataclass(frozen=True, slots=True, kw_only=True)
class Unenrolments:
    """`by` carries the staff member and the reason, which stays with the practice.

    The person's snapshot is not told again: the record stays her account's, so nothing in it
    changes.
    """

    acts: Acts
    sessions: Sessions

    async def un_enrol(
        self,
        practice_id: PracticeId,
        patient_id: PatientId,
        *,
        by: By,
        dormant: int | None = None,
    ) -> None:
        """End the enrolment: one of all who try does, and tells. Other practices see nothing.

        With `dormant`, only where nobody has logged on for so many months (UN-2): a log-on waits
        for the account, which is held, or was before.
        """
        async with self.acts.begin(
            by, Action.UN_ENROL, patient=patient_id, practice=practice_id
        ) as act:
            practice, account_id = await enrolled.hold_account(act.tx, practice_id, patient_id)
            if dormant and not await dormancy.is_dormant(
                act.tx, patient_id, months=dormant, now=act.now
            ):
                raise PatientNotDormant
            if not await end_within(act, patient_id):
                raise PatientNotEnrolled
            view = await accounts.changed(act, account_id)
            await self.sessions.practices_changed_within(act, view)
            tell(
                act,
                view,
                ENROLMENT_ENDED,
                practice_name=practice.name,
                practice_contact=practice.contact,
            )
            act.about(account=account_id)
            act.detail = f"patient:{patient_id}"

    async def reactivate(self, practice_id: PracticeId, patient_id: PatientId, *, by: By) -> None:
        """Enrol her again; her credentials are what they were.

        Sessions go on, with new tokens: identity shows the practice at once, and other services
        wait for their copy where a newer token asks them to.
        """
        async with self.acts.begin(
            by, Action.REACTIVATE, patient=patient_id, practice=practice_id
        ) as act:
            practice, account_id = await enrolled.hold_account(act.tx, practice_id, patient_id)
            if not await store.reactivate(act.tx, patient_id, now=act.now):
                raise PatientEnrolled
            view = await accounts.changed(act, account_id)
            await self.sessions.practices_changed_within(act, view)
            tell(act, view, ENROLMENT_REACTIVATED, practice_name=practice.name)
            act.about(account=account_id)
            act.detail = f"patient:{patient_id}"


async def end_within(act: Act, patient_id: PatientId) -> bool:
    """End an enrolment whose account is held, with all that was handed out to the patient; True
    for one caller only. Who ends one tells the account and its sessions.
    """
    if not await store.end(act.tx, patient_id):
        return False
    for way in WAYS.values():
        await one_time.void(act.tx, way.purpose, patient_id, now=act.now)
    return True
