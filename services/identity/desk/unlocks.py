"""A practice clears the password lock of its patient's account (LG-2, ST-1)."""

from dataclasses import dataclass
from datetime import datetime

from services.identity.accounts.accounts import Accounts
from services.identity.desk.errors import PatientNotEnrolled
from services.identity.passwords.lockouts import Lockouts
from services.identity.patients.store import enrolments, patients
from services.identity.practices.store import practices
from shared.audit import Origin
from shared.contracts.identity import ACCOUNT_UNLOCKED, AccountUnlocked, EnrolmentState
from shared.contracts.ids import AccountId, PatientId, PracticeId
from shared.db import Connection
from shared.errors import NotFound
from shared.messaging.outbox import Outbox
from shared.transactions import Transactions

ACTION = "account.unlock"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unlocks:
    transactions: Transactions
    lockouts: Lockouts
    accounts: Accounts
    outbox: Outbox

    async def unlock(
        self, practice_id: PracticeId, patient_id: PatientId, *, origin: Origin, now: datetime
    ) -> None:
        """Begin anew with no wrong password counted; an account that is not locked stays so.

        `origin` carries the staff member and the reason. The holder is told, and of the lock as
        well: whoever has the practice's client cannot keep guesses from her. Only the account's
        lock can be cleared: one of a name that nobody has belongs to no practice. Nothing but
        that lock is held.

        Raises UnlockLimit past 3 a day an account.
        """
        subject, practice = f"patient:{patient_id}", str(practice_id)
        async with self.transactions.audited(
            origin, ACTION, subject=subject, practice=practice
        ) as tx:
            account_id = await self._account(tx, practice_id, patient_id)
            if await self.lockouts.unlock(tx, account_id, now=now):
                await self._tell(tx, account_id, practice_id, origin, now)
            await self.transactions.audit.record(
                tx,
                origin,
                action=ACTION,
                outcome="done",
                subject=f"account:{account_id}",
                practice=practice,
            )

    async def _tell(
        self,
        tx: Connection,
        account_id: AccountId,
        practice_id: PracticeId,
        origin: Origin,
        now: datetime,
    ) -> None:
        view = await self.accounts.view(tx, account_id)
        practice = await practices.find(tx, practice_id)
        if practice is None:
            raise NotFound
        await self.outbox.add(
            tx,
            ACCOUNT_UNLOCKED,
            AccountUnlocked(
                account_id=account_id,
                recipients=view.recipients,
                locale=view.account.locale,
                time_zone=view.account.time_zone,
                occurred_at=now,
                practice_name=practice.name,
                practice_contact=practice.contact,
            ),
            subject=account_id,
            origin=origin,
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
