"""A practice says that its patient has no e-mail, so that none is required of her (RC-6)."""

from dataclasses import dataclass

from services.identity.accounts import accounts
from services.identity.accounts.store import accounts as store
from services.identity.actions import Action
from services.identity.desk import enrolled
from shared.acts import Acts, By
from shared.contracts.ids import PatientId, PracticeId


@dataclass(frozen=True, slots=True, kw_only=True)
class Waivers:
    acts: Acts

    async def set(
        self, practice_id: PracticeId, patient_id: PatientId, *, waived: bool, by: By
    ) -> None:
        """Waive the account e-mail of an own patient's account, or take that back.

        `by` carries the staff member and the reason. It counts for the account, whichever of its
        practices said it last. An e-mail stays offered to her (LG-3), and recovery hears of it:
        after a validation she waits for none any more (RC-7).
        """
        async with self.acts.begin(
            by, Action.WAIVE_EMAIL, patient=patient_id, practice=practice_id
        ) as act:
            _, account_id = await enrolled.hold(act, practice_id, patient_id)
            await store.waive_email(act.tx, account_id, waived=waived)
            await accounts.changed(act, account_id)
            act.detail = f"patient:{patient_id}:{'waived' if waived else 'taken_back'}"
