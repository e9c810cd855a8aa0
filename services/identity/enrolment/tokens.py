"""Enrolment tokens: issued by a practice for one patient record, shown once (EN-1)."""

from dataclasses import dataclass
from datetime import datetime

from services.identity.actions import Action
from services.identity.enrolment.errors import PatientEnrolled
from services.identity.enrolment.model import EnrolmentToken, HandedOver, TokenLives
from services.identity.enrolment.store import tokens as store
from services.identity.patients.store import patients
from shared.acts import Act, Acts, By
from shared.contracts.ids import PatientId, PracticeId
from shared.errors import NotFound
from shared.http.routes import Reply
from shared.idempotency import IdempotencyKey
from shared.randomness import CROCKFORD, Randomness
from shared.tokens import Digests
from shared.typed_secrets import typed_symbols

SYMBOLS = 16  # 80 bits at five bits a symbol
_READ_AS = {"O": "0", "I": "1", "L": "1"}  # Crockford: what people read for what
_PURPOSE = "enrolment-token"


class Issued(Reply, frozen=True, kw_only=True):
    """The verb's own reply; never kept, since the token is shown once."""

    token: str
    expires_at: datetime


def token_digest(digests: Digests, typed: str) -> bytes:
    """The digest of a token however it was typed or pasted (EN-1)."""
    return digests.of(_PURPOSE, typed_symbols(typed, alphabet=CROCKFORD, read_as=_READ_AS))


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrolmentTokens:
    acts: Acts
    randomness: Randomness
    digests: Digests
    lives: TokenLives

    async def issue(
        self,
        practice_id: PracticeId,
        patient_id: PatientId,
        *,
        handed_over: HandedOver,
        staff_id: str,
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
            return await self._issue(act, practice_id, patient_id, handed_over, staff_id)

    async def _issue(
        self,
        act: Act,
        practice_id: PracticeId,
        patient_id: PatientId,
        handed_over: HandedOver,
        staff_id: str,
    ) -> Issued:
        tx, now = act.tx, act.now
        patient = await patients.hold(tx, practice_id, patient_id)
        if patient is None:
            raise NotFound
        if patient.account_id is not None:
            raise PatientEnrolled
        symbols = self.randomness.crockford(SYMBOLS)
        token = EnrolmentToken(
            id=self.randomness.uuid(),
            patient_id=patient_id,
            digest=token_digest(self.digests, symbols),
            handed_over=handed_over,
            issued_by=staff_id,
            issued_at=now,
            expires_at=now + self.lives.of(handed_over),
        )
        await store.supersede(tx, patient_id, now=now)
        await store.add(tx, token)
        groups = (symbols[at : at + 4] for at in range(0, SYMBOLS, 4))
        return Issued(token="-".join(groups), expires_at=token.expires_at)
