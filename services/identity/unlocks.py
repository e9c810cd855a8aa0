"""A practice clears the password lock of its patient's account (LG-2, ST-1)."""

from dataclasses import dataclass

from services.identity.errors import NotFound, PatientNotEnrolled
from services.identity.lockouts import Lockouts
from services.identity.store import enrolments, patients
from shared.audit import Origin
from shared.contracts.identity import EnrolmentState
from shared.contracts.ids import AccountId, PatientId, PracticeId
from shared.db import Connection
from shared.transactions import Transactions

ACTION = "account.unlock"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unlocks:
    transactions: Transactions
    lockouts: Lockouts

    async def unlock(
        self, practice_id: PracticeId, patient_id: PatientId, *, origin: Origin
    ) -> None:
        """Begin anew with no wrong password counted; an account that is not locked stays so.

        `origin` carries the staff member and the reason. Only the account's lock can be cleared:
        one of a name that nobody has belongs to no practice. Nothing but that lock is held.
        """
        subject, practice = f"patient:{patient_id}", str(practice_id)
        async with self.transactions.audited(
            origin, ACTION, subject=subject, practice=practice
        ) as tx:
            account_id = await self._account(tx, practice_id, patient_id)
            await self.lockouts.clear(tx, account_id)
            await self.transactions.audit.record(
                tx,
                origin,
                action=ACTION,
                outcome="done",
                subject=f"account:{account_id}",
                practice=practice,
            )

    async def _account(
        self, tx: Connection, practice_id: PracticeId, patient_id: PatientId
    ) -> AccountId:
        if not await patients.belongs(tx, patient_id, practice_id):
            raise NotFound
        enrolment = await enrolments.find(tx, patient_id)
        if enrolment is None or enrolment.state is not EnrolmentState.ENROLLED:
            raise PatientNotEnrolled
        return enrolment.account_id
