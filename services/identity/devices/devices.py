"""Devices as their holder looks them over: listed, renamed, revoked (MF-2)."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.identity.accounts import accounts
from services.identity.accounts.tellings import tell
from services.identity.actions import Action
from services.identity.devices.model import Device
from services.identity.devices.store import devices as store
from services.identity.sessions.model import DeviceId, SessionEnd
from services.identity.sessions.sessions import Sessions
from services.identity.sessions.store import sessions
from shared.acts import Acts, By
from shared.contracts.identity import DEVICE_REMOVED, DeviceEnd
from shared.errors import NotFound
from shared.trust.access import SessionCaller


@dataclass(frozen=True, slots=True, kw_only=True)
class Devices:
    acts: Acts
    sessions: Sessions

    async def list(
        self, caller: SessionCaller, *, by: By
    ) -> tuple[Sequence[Device], DeviceId | None]:
        """The known ones, the one used last first, and which of them this session began on."""
        async with self.acts.database.snapshot() as tx:
            found = await store.list_known(tx, caller.account_id, now=by.now)
            return found, await sessions.device_of(tx, caller.session_id)

    async def rename(
        self, device_id: DeviceId, name: str, *, caller: SessionCaller, by: By
    ) -> None:
        """Call it so from now on. Raises NotFound, also for another's or one that is void."""
        account_id = caller.account_id
        async with self.acts.begin(by, Action.RENAME_DEVICE, account=account_id) as act:
            await accounts.hold(act.tx, account_id, caller.session_id)
            if not await store.rename(act.tx, account_id, device_id, name, now=act.now):
                raise NotFound

    async def revoke(self, device_id: DeviceId, *, caller: SessionCaller, by: By) -> None:
        """Make it void, and end the sessions that began there, but for the one that asks.

        It needs no password given again: who takes trust away takes nothing from its holder.
        Raises NotFound as above.
        """
        account_id = caller.account_id
        async with self.acts.begin(by, Action.REVOKE_DEVICE, account=account_id) as act:
            view = await accounts.hold(act.tx, account_id, caller.session_id)
            if not await store.void(act.tx, account_id, device_id, now=act.now):
                raise NotFound
            await self.sessions.end_within(
                act,
                account_id,
                why=SessionEnd.DEVICE_REVOKED,
                device=device_id,
                spare=caller.session_id,
            )
            tell(act, view, DEVICE_REMOVED, cause=DeviceEnd.HOLDER)
