"""The account settings in one read (ID-8), as the session sees them that asks (SE-4)."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.identity.accounts import accounts
from services.identity.accounts.model import AccountView
from services.identity.passkeys.model import Passkey
from services.identity.passkeys.store import passkeys
from services.identity.sessions.reach import Sight
from services.identity.sessions.store import standings
from services.identity.two_step.model import TwoStep
from services.identity.two_step.store import two_steps
from shared.db import Database
from shared.trust.access import SessionCaller


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadSettings:
    """Everything of the settings page."""

    view: AccountView
    sight: Sight
    two_step: TwoStep | None
    passkeys: Sequence[Passkey]
    passkeys_offered: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountSettings:
    database: Database
    passkeys_offered: bool

    async def read(self, caller: SessionCaller) -> ReadSettings:
        """What its holder has set, and what this session sees of each practice."""
        async with self.database.snapshot() as tx:
            return ReadSettings(
                view=await accounts.view(tx, caller.account_id),
                sight=await standings.sight_of(tx, caller.session_id),
                two_step=await two_steps.find(tx, caller.account_id),
                passkeys=await passkeys.list_live(tx, caller.account_id),
                passkeys_offered=self.passkeys_offered,
            )
