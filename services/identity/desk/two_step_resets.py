"""A practice resets two-step verification for a patient who has lost her phone (MF-4)."""

from dataclasses import dataclass

from services.identity.accounts import accounts
from services.identity.accounts.store import accounts as account_store
from services.identity.accounts.tellings import CredentialTellings
from services.identity.actions import Action
from services.identity.desk import enrolled
from services.identity.passkeys.model import PasskeyEnd
from services.identity.passkeys.store import passkeys
from services.identity.passwords.policy import PasswordPolicy
from services.identity.sessions.model import SessionEnd
from services.identity.sessions.sessions import Sessions
from services.identity.two_step.errors import TwoStepOff
from services.identity.two_step.store import two_steps as store
from shared.acts import Acts, By
from shared.contracts.identity import TWO_STEP_RESET
from shared.contracts.ids import PatientId, PracticeId


@dataclass(frozen=True, slots=True, kw_only=True)
class TwoStepResets:
    acts: Acts
    policy: PasswordPolicy
    tellings: CredentialTellings
    sessions: Sessions

    async def reset(self, practice_id: PracticeId, patient_id: PatientId, *, by: By) -> None:
        """Forget app and recovery codes, end the passkeys and every session; the password stays,
        but where it may be too short to stand alone each log-on asks for another one (ID-3). A
        frozen account's is reset as well, which has none (RC-9).

        `by` carries the staff member and the reason. The holder is told, so that nobody takes the
        second step away in silence; staff see no secret. Raises TwoStepOff.
        """
        await self.tellings.ready()
        async with self.acts.begin(
            by, Action.RESET_TWO_STEP, patient=patient_id, practice=practice_id
        ) as act:
            practice, account_id = await enrolled.hold(act, practice_id, patient_id)
            if not await store.turn_off(act.tx, account_id):
                raise TwoStepOff
            await passkeys.end_all(act.tx, account_id, PasskeyEnd.TWO_STEP_RESET, now=act.now)
            if self.policy.asks_more_alone:
                await account_store.require_new_password(act.tx, account_id)
            await account_store.change_credential(act.tx, account_id)
            await self.sessions.end_within(act, account_id, why=SessionEnd.TWO_STEP_RESET)
            view = await accounts.changed(act, account_id)
            await self.tellings.tell(
                act,
                view,
                TWO_STEP_RESET,
                practice_name=practice.name,
                practice_contact=practice.contact,
                no_password=view.account.reset_by_practice,
            )
