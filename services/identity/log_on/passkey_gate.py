"""The gate of passkeys that a reset has suspended: each is kept or removed (MF-10, LG-3)."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.identity.accounts import accounts
from services.identity.accounts.tellings import CredentialTellings
from services.identity.actions import Action
from services.identity.credentials.errors import ReauthenticationRequired
from services.identity.log_on.errors import GateClosed
from services.identity.log_on.gates import Gates
from services.identity.passkeys.model import PasskeyId
from services.identity.passkeys.removals import Removals
from services.identity.passkeys.store import passkeys as store
from services.identity.proving.confirmations import Confirmations
from services.identity.sessions.model import FRESH
from shared.acts import Acts, By
from shared.contracts.identity import PASSKEY_REMOVED
from shared.errors import NotFound
from shared.trust.access import SessionCaller
from shared.trust.grants import Verb


@dataclass(frozen=True, slots=True, kw_only=True)
class PasskeyGate:
    acts: Acts
    tellings: CredentialTellings
    confirmations: Confirmations
    gates: Gates
    removals: Removals

    async def answer(
        self,
        *,
        keep: Sequence[PasskeyId],
        remove: Sequence[PasskeyId],
        reauthenticated: str | None,
        caller: SessionCaller,
        by: By,
    ) -> None:
        """Let those that are kept serve again, and end the others, all of them or none.

        Ten minutes after the password that began the session it must be given again: whoever has
        the session alone brings no thief's passkey back (SE-3). One that is not suspended is
        removed elsewhere, by a re-authentication in any case (MF-9).

        Raises GateClosed, ReauthenticationRequired, NotFound, and TwoStepNeedsMeans.
        """
        account_id, action = caller.account_id, Action.KEEP_PASSKEYS
        grant = await self.confirmations.check_if_any(
            action, reauthenticated, Verb.PASSKEYS, caller=caller, by=by
        )
        await self.tellings.ready()
        async with self.acts.begin(by, action, account=account_id) as act:
            standing = await self.gates.hold(act, caller)
            view = await accounts.view(act.tx, account_id)
            if not standing.passkeys_to_keep:
                raise GateClosed
            if grant is not None:
                await self.confirmations.spend(act.tx, grant, view, now=act.now)
            elif act.now >= caller.auth_time + FRESH:
                raise ReauthenticationRequired
            if await store.keep(act.tx, account_id, keep) != {*keep}:
                raise NotFound
            if not remove:
                return
            view = await self.removals.remove(
                act, dict.fromkeys(remove), caller=caller, only_suspended=True
            )
            await self.tellings.tell(act, view, PASSKEY_REMOVED)
