"""A practice reads its patient's username out to her, and she is told (RC-2b)."""

from dataclasses import dataclass

from services.identity.accounts import accounts
from services.identity.accounts.tellings import tell
from services.identity.actions import Action
from services.identity.desk import enrolled
from shared.acts import Acts, By
from shared.contracts.identity import USERNAME_READ
from shared.contracts.ids import PatientId, PracticeId


@dataclass(frozen=True, slots=True, kw_only=True)
class UsernameReading:
    acts: Acts

    async def read(self, practice_id: PracticeId, patient_id: PatientId, *, by: By) -> str:
        """Return the username of an own patient's account.

        `by` carries the staff member and the reason. The holder is told each time, with the
        practice's name and without the username: who has the practice's client learns nothing
        in silence.
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
