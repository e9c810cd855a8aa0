"""Passkeys that their holder removes, in her settings or after a reset (MF-9, MF-10)."""

from collections.abc import Iterable
from dataclasses import dataclass

from services.identity.accounts import accounts
from services.identity.accounts.model import AccountView
from services.identity.accounts.store import accounts as account_store
from services.identity.devices.store import devices
from services.identity.passkeys.errors import TwoStepNeedsMeans
from services.identity.passkeys.model import PasskeyId
from services.identity.passkeys.store import passkeys as store
from services.identity.sessions.model import SessionEnd
from services.identity.sessions.sessions import Sessions
from shared.acts import Act
from shared.contracts.ids import AccountId
from shared.errors import NotFound
from shared.trust.access import SessionCaller


@dataclass(frozen=True, slots=True, kw_only=True)
class Removals:
    sessions: Sessions

    async def remove(
        self,
        act: Act,
        passkey_ids: Iterable[PasskeyId],
        *,
        caller: SessionCaller,
        only_suspended: bool = False,
    ) -> AccountView:
        """End these passkeys of an account that is held, and the other sessions that began with
        them; the account as it stands then. The last one may go, the password stays.

        Raises NotFound, also for another's and, with `only_suspended`, for one that is not; and
        TwoStepNeedsMeans.
        """
        account_id = caller.account_id
        for passkey_id in passkey_ids:
            if not await store.end(
                act.tx, account_id, passkey_id, only_suspended=only_suspended, now=act.now
            ):
                raise NotFound
            await self.sessions.end_within(
                act,
                account_id,
                why=SessionEnd.PASSKEY_REMOVED,
                passkey=passkey_id,
                spare=caller.session_id,
            )
        if await store.leaves_two_step_bare(act.tx, account_id):
            raise TwoStepNeedsMeans
        return await self.changed(act, account_id)

    async def changed(self, act: Act, account_id: AccountId) -> AccountView:
        """Void links, tokens and grants of before; trusted devices stay."""
        await devices.keep_trust(act.tx, account_id)
        await account_store.change_credential(act.tx, account_id)
        return await accounts.changed(act, account_id)
