"""A practice helps with its patient's account: thaws it, reads the username out, waives the e-mail.

`by` carries the staff member and the reason (ST-1).
"""

from dataclasses import dataclass

from services.identity.accounts import accounts
from services.identity.accounts.store import accounts as account_store
from services.identity.accounts.store import freezes
from services.identity.accounts.tellings import tell
from services.identity.actions import Action
from services.identity.desk import enrolled
from services.identity.desk.errors import AccountNotFrozen
from shared.acts import Acts, By
from shared.contracts.identity import ACCOUNT_THAWED, USERNAME_READ
from shared.contracts.ids import PatientId, PracticeId


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountHelp:
    acts: Acts

    async def thaw(self, practice_id: PracticeId, patient_id: PatientId, *, by: By) -> None:
        """Open again what its holder froze (RC-9), for any practice where it is enrolled; the
        holder is told.

        There is no password, and none is set but by a practice's token (RC-5): whoever had the
        mailbox, or the old password, has no way in. Raises AccountNotFrozen.
        """
        async with self.acts.begin(
            by, Action.THAW, patient=patient_id, practice=practice_id
        ) as act:
            practice, account_id = await enrolled.hold(act, practice_id, patient_id)
            if not await freezes.thaw(act.tx, account_id):
                raise AccountNotFrozen
            tell(
                act,
                await accounts.changed(act, account_id),
                ACCOUNT_THAWED,
                practice_name=practice.name,
                practice_contact=practice.contact,
            )

    async def read_username(self, practice_id: PracticeId, patient_id: PatientId, *, by: By) -> str:
        """Return the username of an own patient's account (RC-2b).

        The holder is told each time, with the practice's name and without the username: who has the
        practice's client learns nothing in silence.
        """
        async with self.acts.begin(
            by, Action.READ_USERNAME, patient=patient_id, practice=practice_id
        ) as act:
            practice, account_id = await enrolled.hold(act, practice_id, patient_id)
            view = await accounts.view(act.tx, account_id)
            tell(
                act,
                view,
                USERNAME_READ,
                practice_name=practice.name,
                practice_contact=practice.contact,
            )
        return view.account.username

    async def waive_email(
        self, practice_id: PracticeId, patient_id: PatientId, *, waived: bool, by: By
    ) -> None:
        """Waive the account e-mail of an own patient's account, or take that back (RC-6).

        It counts for the account, whichever of its practices said it last. An e-mail stays offered
        to her (LG-3), and recovery hears of it: after a validation she waits for none any more
        (RC-7).
        """
        async with self.acts.begin(
            by, Action.WAIVE_EMAIL, patient=patient_id, practice=practice_id
        ) as act:
            _, account_id = await enrolled.hold(act, practice_id, patient_id)
            await account_store.waive_email(act.tx, account_id, waived=waived)
            await accounts.changed(act, account_id)
            act.detail = f"patient:{patient_id}:{'waived' if waived else 'taken_back'}"
