"""Enrolment tokens: issued by a practice for one patient record, shown once (EN-1)."""

from dataclasses import dataclass
from datetime import datetime

from services.identity.actions import Action
from services.identity.enrolment.errors import PatientEnrolled
from services.identity.enrolment.handed_out import hand_out
from services.identity.enrolment.model import ENROLMENT_TOKEN, TOKEN, HandedOver, token_life
from services.identity.patients.store import patients
from services.identity.practices.store import practices
from shared.acts import Act, Acts, By
from shared.contracts.ids import PatientId, PracticeId
from shared.errors import NotFound
from shared.http.routes import Reply
from shared.idempotency import IdempotencyKey
from shared.one_time import Mint


class Issued(Reply, frozen=True, kw_only=True):
    """The verb's own reply; never kept, since the token is shown once."""

    token: str
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrolmentTokens:
    acts: Acts
    mint: Mint

    async def issue(
        self,
        practice_id: PracticeId,
        patient_id: PatientId,
        *,
        handed_over: HandedOver,
        by: By,
        key: IdempotencyKey | None,
    ) -> Issued:
        """Make the record's one live token; an earlier one ends in the same transaction.

        `by` carries the staff member and the reason.
        """
        async with self.acts.begin(
            by, Action.ISSUE_ENROLMENT_TOKEN, patient=patient_id, practice=practice_id
        ) as act:
            if kept := await act.repeat(key, Issued):
                return kept
            return await self._issue(act, practice_id, patient_id, handed_over)

    async def _issue(
        self,
        act: Act,
        practice_id: PracticeId,
        patient_id: PatientId,
        handed_over: HandedOver,
    ) -> Issued:
        tx, now = act.tx, act.now
        patient = await patients.hold(tx, practice_id, patient_id)
        practice = await practices.find(tx, practice_id)
        if patient is None:
            raise NotFound
        if patient.account_id is not None:
            raise PatientEnrolled
        minted = self.mint.make(
            ENROLMENT_TOKEN,
            patient_id,
            life=token_life(handed_over, practice.settings),
            now=now,
            sent_to=handed_over,
        )
        await hand_out(act, TOKEN, [minted.secret], practice_id)
        return Issued(token=minted.text, expires_at=minted.secret.expires_at)
