"""Confirmations: the holder of a session has just given the password again, for one verb (SE-3)."""

from dataclasses import dataclass
from datetime import datetime

from services.identity.accounts.model import AccountView
from services.identity.actions import Action
from shared.acts import Acts, By
from shared.db import Connection
from shared.trust.access import SessionCaller
from shared.trust.grants import Grant, GrantChecker, GrantSuperseded, Verb


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmations:
    acts: Acts
    grants: GrantChecker

    async def check(
        self, action: Action, token: str, verb: Verb, *, caller: SessionCaller, by: By
    ) -> Grant:
        """Return the grant, which is for this verb and of this session; a refusal is on record as
        one of the action. Spends nothing.
        """
        async with self.acts.before(by, action, account=caller.account_id):
            return await self.grants.confirmed(
                token,
                verb,
                account_id=caller.account_id,
                session_id=caller.session_id,
                now=by.now,
            )

    async def check_if_any(
        self, action: Action, token: str | None, verb: Verb, *, caller: SessionCaller, by: By
    ) -> Grant | None:
        """The same, where the password need not have been given again; None: it was not."""
        if token is None:
            return None
        return await self.check(action, token, verb, caller=caller, by=by)

    async def spend(
        self, tx: Connection, grant: Grant, view: AccountView, *, now: datetime
    ) -> None:
        """Use it up with its effect. The account is held: no credential of it changes before the
        commit. Raises GrantUsed, and GrantSuperseded where one has changed since.
        """
        if grant.security_version != view.account.security_version:
            raise GrantSuperseded
        await self.grants.spend(tx, grant, now=now)
