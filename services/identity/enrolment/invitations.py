"""Invitations: a link that a practice has mailed to its patient (EN-3)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from services.identity.actions import Action
from services.identity.enrolment.errors import (
    PatientEnrolled,
    PatientWithoutEmail,
    PatientWithoutProof,
)
from services.identity.enrolment.handed_out import hand_out
from services.identity.enrolment.model import INVITATION, INVITED
from services.identity.patients.store import patients
from services.identity.practices.store import practices
from shared.acts import Act, Acts, By
from shared.contracts.identity import PATIENT_INVITED, PatientInvited
from shared.contracts.ids import PatientId, PracticeId
from shared.errors import NotFound
from shared.http.routes import Reply
from shared.idempotency import IdempotencyKey
from shared.one_time import Mint


class Invited(Reply, frozen=True, kw_only=True):
    """Kept with its idempotency key, so it is the verb's own reply."""

    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitations:
    acts: Acts
    mint: Mint

    async def invite(
        self,
        practice_id: PracticeId,
        patient_id: PatientId,
        *,
        by: By,
        key: IdempotencyKey | None,
    ) -> Invited:
        """Have a link mailed to the record's address; an earlier one ends in the same transaction.

        Whoever reads the mailbox has half of it: the other half is what the record says of its
        patient, so one that says neither phone nor number is not invited.
        """
        await self.mint.sealer.ready()
        async with self.acts.begin(
            by, Action.INVITE, patient=patient_id, practice=practice_id
        ) as act:
            if kept := await act.repeat(key, Invited):
                return kept
            return await act.keep(key, await self._invite(act, practice_id, patient_id))

    async def _invite(self, act: Act, practice_id: PracticeId, patient_id: PatientId) -> Invited:
        tx, now = act.tx, act.now
        patient = await patients.hold(tx, practice_id, patient_id)
        practice = await practices.find(tx, practice_id)
        if patient is None or practice is None:
            raise NotFound
        if patient.account_id is not None:
            raise PatientEnrolled
        if patient.email is None:
            raise PatientWithoutEmail
        if patient.home_phone is None and patient.number is None:
            raise PatientWithoutProof
        life = timedelta(days=practice.settings.invitation_days)
        minted = self.mint.make(INVITATION, patient_id, life=life, now=now)
        await hand_out(act, INVITED, minted.secret, patient)
        event_id = act.new_id()
        act.publish(
            PATIENT_INVITED,
            PatientInvited(
                patient_id=patient_id,
                recipients=(patient.email,),
                locale=practice.locale,
                time_zone=practice.time_zone,
                occurred_at=now,
                practice_name=practice.name,
                practice_contact=practice.contact,
                invitation=await self.mint.seal(
                    tx, minted, event_id=event_id, recipient=patient.email
                ),
                invitation_expires_at=minted.secret.expires_at,
            ),
            subject=patient_id,
            event_id=event_id,
        )
        return Invited(expires_at=minted.secret.expires_at)
