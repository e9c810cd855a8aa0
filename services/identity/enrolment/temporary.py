"""Temporary usernames and passwords: made for one record, shown once, good for one thing (EN-2)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from services.identity.actions import Action
from services.identity.enrolment.errors import PatientEnrolled
from services.identity.enrolment.handed_out import hand_out
from services.identity.enrolment.model import TEMPORARY, TEMPORARY_PASSWORD, TEMPORARY_USERNAME
from services.identity.patients.store import patients
from services.identity.practices.store import practices
from shared import one_time
from shared.acts import Act, Acts, By
from shared.contracts.ids import PatientId, PracticeId
from shared.errors import NotFound
from shared.http.routes import Reply
from shared.idempotency import IdempotencyKey
from shared.one_time import Mint


class TemporaryCredentials(Reply, frozen=True, kw_only=True):
    """The verb's own reply; never kept, since both are shown once."""

    username: str
    password: str
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Temporary:
    acts: Acts
    mint: Mint

    async def make(
        self,
        practice_id: PracticeId,
        patient_id: PatientId,
        *,
        by: By,
        key: IdempotencyKey | None,
    ) -> TemporaryCredentials:
        """Make the record's one live pair; an earlier one ends in the same transaction.

        No account has them and no log-on takes them: they are proven where tokens are.
        """
        async with self.acts.begin(
            by, Action.MAKE_TEMPORARY, patient=patient_id, practice=practice_id
        ) as act:
            if kept := await act.repeat(key, TemporaryCredentials):
                return kept
            return await self._make(act, practice_id, patient_id)

    async def _make(
        self, act: Act, practice_id: PracticeId, patient_id: PatientId
    ) -> TemporaryCredentials:
        tx, now = act.tx, act.now
        patient = await patients.hold(tx, practice_id, patient_id)
        practice = await practices.find(tx, practice_id)
        if patient is None:
            raise NotFound
        if patient.account_id is not None:
            raise PatientEnrolled
        life = timedelta(hours=practice.settings.temporary_hours)
        username = self.mint.make(TEMPORARY_USERNAME, patient_id, life=life, now=now)
        password = self.mint.make(TEMPORARY_PASSWORD, username.secret.id, life=life, now=now)
        await hand_out(act, TEMPORARY, [username.secret], practice_id)
        await one_time.issue(tx, TEMPORARY_PASSWORD, [password.secret], now=now)
        return TemporaryCredentials(
            username=username.text, password=password.text, expires_at=username.secret.expires_at
        )
