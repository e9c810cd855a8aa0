"""Invitations: a link that a practice has mailed to its patient (EN-3)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeVar

from services.identity.actions import Action
from services.identity.enrolment.errors import (
    PatientEnrolled,
    PatientWithoutEmail,
    PatientWithoutProof,
)
from services.identity.enrolment.handed_out import hand_out
from services.identity.enrolment.model import INVITATION, INVITED
from services.identity.patients.model import Patient
from services.identity.patients.store import patients
from services.identity.practices.store import practices
from shared.acts import Act, Acts, By
from shared.contracts.addresses import AddressMalformed, mailable
from shared.contracts.contract import Contract
from shared.contracts.identity import PATIENT_INVITED, PatientInvited
from shared.contracts.ids import PatientId, PracticeId
from shared.errors import NotFound
from shared.http.routes import Reply
from shared.idempotency import IdempotencyKey
from shared.one_time import Mint

E = TypeVar("E", bound=PatientInvited)


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

        Raises what `require_invitable` does.
        """
        await self.ready()
        async with self.acts.begin(
            by, Action.INVITE, patient=patient_id, practice=practice_id
        ) as act:
            if kept := await act.repeat(key, Invited):
                return kept
            patient = await patients.hold(act.tx, practice_id, patient_id)
            if patient is None:
                raise NotFound
            require_invitable(patient)
            await patients.invited_first(act.tx, [patient_id], now=act.now)
            expires_at = await self.send(act, practice_id, [patient], event=PATIENT_INVITED)
            return await act.keep(key, Invited(expires_at=expires_at))

    async def ready(self) -> None:
        """Wait for notify's key, before the transaction. Raises CatchingUp."""
        await self.mint.sealer.ready()

    async def invite_at(
        self, act: Act, patient: Patient, address: str, *, locale: str, event: Contract[E]
    ) -> datetime:
        """Have a link mailed to another address than the record's, which is held (EN-4)."""
        reached = replace(patient, email=address)
        require_invitable(reached)
        await patients.invited_first(act.tx, [patient.id], now=act.now)
        return await self.send(act, patient.practice_id, [reached], event=event, locale=locale)

    async def send(
        self,
        act: Act,
        practice_id: PracticeId,
        invited: Sequence[Patient],
        *,
        event: Contract[E],
        locale: str | None = None,
    ) -> datetime:
        """Have a link mailed to each of these, which are held and invitable; return until when
        it is good.
        """
        practice = await practices.find(act.tx, practice_id)
        life = timedelta(days=practice.settings.invitation_days)
        expires_at = act.now + life
        if not invited:
            return expires_at
        seals = await self.mint.sealer.within(act.tx)
        minted = [self.mint.make(INVITATION, one.id, life=life, now=act.now) for one in invited]
        await hand_out(act, INVITED, [each.secret for each in minted], practice_id)
        for patient, each in zip(invited, minted, strict=True):
            event_id, recipient = act.new_id(), patient.email or ""
            act.publish(
                event,
                event.data(
                    patient_id=patient.id,
                    recipients=(recipient,),
                    locale=locale or practice.locale,
                    time_zone=practice.time_zone,
                    occurred_at=act.now,
                    practice_name=practice.name,
                    practice_contact=practice.contact,
                    invitation=each.seal(seals, event_id=event_id, recipient=recipient),
                    invitation_expires_at=expires_at,
                ),
                subject=patient.id,
                event_id=event_id,
            )
        return expires_at


def require_invitable(patient: Patient) -> None:
    """Raise why a record cannot be invited: it has an account, no address that notify would write
    to, or no second proof.

    Whoever reads the mailbox has half of an invitation: the other half is what the record says.
    """
    if patient.account_id is not None:
        raise PatientEnrolled
    try:
        mailable(patient.email or "")
    except AddressMalformed:
        raise PatientWithoutEmail from None
    if patient.home_phone is None and patient.number is None:
        raise PatientWithoutProof
