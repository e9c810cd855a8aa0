"""What becomes of everything two accounts have once they are one (MG-5). Decided elsewhere."""

from dataclasses import dataclass

from services.identity.accounts import accounts
from services.identity.accounts.model import AccountView
from services.identity.devices.store import devices
from services.identity.emails.model import EMAIL_VERIFICATION
from services.identity.merging.store import merges as store
from services.identity.passkeys.model import PasskeyEnd
from services.identity.passkeys.store import passkeys
from services.identity.patients.patients import Patients
from services.identity.patients.store import patients
from services.identity.sessions.model import SessionEnd
from services.identity.sessions.sessions import Sessions
from services.identity.two_step.store import two_steps
from shared import one_time
from shared.acts import Act
from shared.contracts.ids import SessionId


@dataclass(frozen=True, slots=True, kw_only=True)
class Couple:
    """Both accounts while they are held, before anything is changed."""

    survivor: AccountView
    absorbed: AccountView

    @property
    def recipients(self) -> tuple[str, ...]:
        """MG-6: the verified addresses that both have."""
        return (*self.survivor.recipients, *self.absorbed.recipients)

    @property
    def leaves_email(self) -> bool:
        """Whether the verified address goes to the survivor, who has none."""
        return bool(self.absorbed.verified_email and not self.survivor.verified_email)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unions:
    patients: Patients
    sessions: Sessions

    async def unite(self, act: Act, couple: Couple, *, asking: SessionId | None) -> AccountView:
        """Row by row as the README's table has it; return the survivor as it stands then.

        Both accounts are held. The survivor's session that asked goes on, every other one ends;
        after a review all do, since it is practices that act then (SE-1).
        """
        survivor_id, absorbed_id = couple.survivor.account.id, couple.absorbed.account.id
        await devices.void_all(act.tx, absorbed_id, now=act.now)
        moved = await patients.hand_over(act.tx, absorbed_id, survivor_id)
        await self._hand_over_names(act, couple)
        await store.leave_waiver(act.tx, absorbed_id, survivor_id)
        await store.leave_validation(act.tx, absorbed_id, survivor_id)
        await two_steps.turn_off(act.tx, absorbed_id)
        await passkeys.end_all(act.tx, absorbed_id, PasskeyEnd.MERGED, now=act.now)
        await store.absorb(act.tx, absorbed_id, survivor_id)
        await self.sessions.end_within(act, absorbed_id, why=SessionEnd.MERGED)
        await self.sessions.end_within(act, survivor_id, why=SessionEnd.MERGED, spare=asking)
        for patient in moved:
            self.patients.announce(act, patient)
        await accounts.announce(act, absorbed_id)
        survivor = await accounts.changed(act, survivor_id)
        await self.sessions.practices_changed_within(act, survivor)
        return survivor

    async def _hand_over_names(self, act: Act, couple: Couple) -> None:
        """A link mailed to an address that is claimed no more ends with the claim."""
        survivor_id, absorbed_id = couple.survivor.account.id, couple.absorbed.account.id
        ended = (absorbed_id, survivor_id) if couple.leaves_email else (absorbed_id,)
        await one_time.supersede(act.tx, EMAIL_VERIFICATION, ended, now=act.now)
        if couple.leaves_email:
            await store.leave_email(act.tx, absorbed_id, survivor_id)
        else:
            await store.free_email(act.tx, absorbed_id)
        await store.leave_names(act.tx, absorbed_id, survivor_id, now=act.now)
