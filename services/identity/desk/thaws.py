"""A practice thaws an account that its patient froze (RC-9, ST-1)."""

from dataclasses import dataclass

from services.identity.accounts import accounts
from services.identity.accounts.store import freezes as store
from services.identity.accounts.tellings import tell
from services.identity.actions import Action
from services.identity.desk import enrolled
from services.identity.desk.errors import AccountNotFrozen
from shared.acts import Acts, By
from shared.contracts.identity import ACCOUNT_THAWED
from shared.contracts.ids import PatientId, PracticeId


@dataclass(frozen=True, slots=True, kw_only=True)
class Thaws:
    acts: Acts

    async def thaw(self, practice_id: PracticeId, patient_id: PatientId, *, by: By) -> None:
        """Open the account again for any practice where it is enrolled; the holder is told.

        `by` carries the staff member and the reason. There is no password, and none is set but by
        a practice's token (RC-5): whoever had the mailbox, or the old password, has no way in.
        Raises AccountNotFrozen.
        """
        async with self.acts.begin(
            by, Action.THAW, patient=patient_id, practice=practice_id
        ) as act:
            practice, account_id = await enrolled.hold(act, practice_id, patient_id)
            if not await store.thaw(act.tx, account_id):
                raise AccountNotFrozen
            tell(
                act,
                await accounts.changed(act, account_id),
                ACCOUNT_THAWED,
                practice_name=practice.name,
                practice_contact=practice.contact,
            )
