"""The way back of a suppressed address: it was verified, or its owner or an operator says so."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

from services.notify.actions import Action
from services.notify.projections.store import accounts
from services.notify.suppressions.errors import TooManyLifts
from services.notify.suppressions.model import Suppression
from services.notify.suppressions.store import suppressions as store
from shared import limits
from shared.acts import Acts, By
from shared.contracts.envelope import Received
from shared.contracts.identity import Mailed
from shared.contracts.ids import AccountId
from shared.db import Connection
from shared.limits import Limit

A = TypeVar("A", bound=Mailed)
LIFTS = Limit("suppression-lift", ((3, timedelta(hours=24)),))


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifting:
    """Where no mailbox is after all, the next mail suppresses the address again."""

    acts: Acts

    async def of_account(self, account_id: AccountId) -> Sequence[Suppression]:
        """Those of an account's own addresses that get no mail."""
        async with self.acts.database.connection() as connection:
            own = await accounts.own_addresses(connection, account_id)
            return await store.find(connection, own)

    async def lift_own(self, account_id: AccountId, *, by: By) -> None:
        """Let mails go to an account's own addresses again; what lifts nothing uses nothing up.

        Raises TooManyLifts: mails that come back cost their sender the trust of other servers.
        """
        async with self.acts.begin(by, Action.LIFT_SUPPRESSION, account=account_id) as act:
            own = await accounts.own_addresses(act.tx, account_id)
            if not await store.lift(act.tx, own, until=act.now):
                return
            taken = await limits.take(act.tx, LIFTS, [account_id.bytes], now=act.now)
            [lift] = taken.values()
            if not lift.granted:
                raise TooManyLifts(retry_after=(lift.free_at - act.now).total_seconds())

    async def verified(self, tx: Connection, *events: Received[A]) -> None:
        """Whoever opened a link in a mail that went there has the mailbox. It is told last."""
        for event in events:
            await store.lift(tx, event.data.recipients[-1:], until=event.time)

    async def newest(self, *, limit: int) -> Sequence[Suppression]:
        """List what is suppressed, newest first, for an operator."""
        async with self.acts.database.connection() as connection:
            return await store.newest(connection, limit=limit)

    async def lift(self, addresses: Sequence[str], *, by: By) -> int:
        """Lift these by an operator's word; return how many were suppressed."""
        async with self.acts.begin(by, Action.LIFT_SUPPRESSION) as act:
            return await store.lift(act.tx, addresses, until=act.now)
