"""The account settings in one read (ID-8), as the session sees them that asks (SE-4)."""

from dataclasses import dataclass

from services.identity.accounts.accounts import Accounts
from services.identity.accounts.model import AccountView
from services.identity.sessions.reach import Sight
from services.identity.sessions.sessions import Sessions
from services.identity.two_step.model import TwoStep
from services.identity.two_step.store import two_steps
from shared.db import Database
from shared.trust.access import SessionCaller


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountSettings:
    database: Database
    accounts: Accounts
    sessions: Sessions

    async def read(self, caller: SessionCaller) -> tuple[AccountView, Sight, TwoStep | None]:
        """Everything of the settings page, and what this session sees of each practice."""
        async with self.database.snapshot() as tx:
            view = await self.accounts.view(tx, caller.account_id)
            two_step = await two_steps.find(tx, caller.account_id)
            return view, await self.sessions.look(tx, caller.session_id), two_step
