"""A practice clears the password lock of its patient's account (LG-2, ST-1)."""

from dataclasses import dataclass

from services.identity.accounts import accounts
from services.identity.accounts.tellings import tell
from services.identity.actions import Action
from services.identity.desk.errors import PatientNotEnrolled
from services.identity.passwords.lockouts import Lockouts
from services.identity.patients.store import enrolments, patients
from services.identity.practices.store import practices
from shared.acts import Act, Acts, By
from shared.contracts.identity import ACCOUNT_UNLOCKED, EnrolmentState
from shared.contracts.ids import AccountId, PatientId, PracticeId
from shared.db import Connection
from shared.errors import NotFound


@dataclass(frozen=True, slots=True, kw_only=True)
class Unlocks:
    acts: Acts
    lockouts: Lockouts

    async def unlock(self, practice_id: PracticeId, patient_id: PatientId, *, by: By) -> None:
        """Begin anew with no wrong password counted; an account that is not locked stays so.

        `by` carries the staff member and the reason. The holder is told, and of the lock as
        well: whoever has the practice's client cannot keep guesses from her. Only the account's
        lock can be cleared: one of a name that nobody has belongs to no practice. Nothing but
        that lock is held.

        Raises UnlockLimit past 3 a day an account.
        """
        async with self.acts.begin(
            by, Action.UNLOCK, patient=patient_id, practice=practice_id
        ) as act:
            account_id = await self._account(act.tx, practice_id, patient_id)
            act.about(account=account_id)
            if await self.lockouts.unlock(act.tx, account_id, now=act.now):
                await self._tell(act, account_id, practice_id)

    async def _tell(self, act: Act, account_id: AccountId, practice_id: PracticeId) -> None:
        view = await accounts.view(act.tx, account_id)
        practice = await practices.find(act.tx, practice_id)
        tell(
            act,
            view,
            ACCOUNT_UNLOCKED,
            practice_name=practice.name,
            practice_contact=practice.contact,
            no_password=view.account.reset_by_practice,
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
