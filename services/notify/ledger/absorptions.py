"""A merge, as far as it is notify's: what was the absorbed account's is the survivor's (MG-9)."""

from dataclasses import dataclass

from services.notify.ledger.ledger import Ledger
from services.notify.ledger.store import deliveries
from services.notify.preferences import address_snapshots
from services.notify.preferences.store import moves
from services.notify.projections.store import merges
from shared.acts import Acts, By
from shared.clock import Clock
from shared.contracts.envelope import Received
from shared.contracts.identity import AccountsMerged
from shared.contracts.merge import MergeApplied
from shared.contracts.notify import NOTIFY_MERGE_APPLIED
from shared.db import Connection
from shared.messaging.subscriptions import origin_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Absorptions:
    """Takes effect once for a merge id, for ever, in the consumer's transaction."""

    ledger: Ledger
    acts: Acts
    clock: Clock

    async def apply(self, tx: Connection, event: Received[AccountsMerged]) -> None:
        """Keep who absorbed whom, drop the absorbed account's links and usernames, tell both
        addresses (MG-6), and say so to the saga.
        """
        data, now = event.data, self.clock.now()
        if not await merges.apply(
            tx,
            data.merge_id,
            survivor_id=data.account_id,
            absorbed_id=data.absorbed_id,
            now=now,
        ):
            return
        changed = await moves.take_over(
            tx, survivor_id=data.account_id, absorbed_id=data.absorbed_id
        )
        await deliveries.drop(tx, data.absorbed_id, now=now)
        await self.ledger.file_activity(tx, event)
        by = By(origin=origin_of(event), now=now)
        async with self.acts.within(tx, by, cause=event.id) as act:
            act.publish(
                NOTIFY_MERGE_APPLIED,
                MergeApplied(merge_id=data.merge_id),
                subject=data.account_id,
            )
            await address_snapshots.changed(act, changed)
