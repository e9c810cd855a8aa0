"""Confirmations: the holder of a session has just given the password again, for one verb (SE-3)."""

from dataclasses import dataclass
from datetime import datetime

from services.identity.accounts.model import AccountView
from shared.contracts.ids import AccountId, SessionId
from shared.db import Connection
from shared.trust.grants import Grant, GrantChecker, GrantSuperseded, Verb


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmations:
    grants: GrantChecker

    async def check(
        self, token: str, verb: Verb, *, account_id: AccountId, session_id: SessionId, now: datetime
    ) -> Grant:
        """Return the grant, which is for this verb and of this session. Spends nothing."""
        return await self.grants.confirmed(
            token, verb, account_id=account_id, session_id=session_id, now=now
        )

    async def spend(
        self, tx: Connection, grant: Grant, view: AccountView, *, now: datetime
    ) -> None:
        """Use it up with its effect. The account is held: no credential of it changes before the
        commit. Raises GrantUsed, and GrantSuperseded where one has changed since.
        """
        if grant.security_version != view.account.security_version:
            raise GrantSuperseded
        await self.grants.spend(tx, grant, now=now)
