"""MG-9 here: an account that became another one, for ever, whatever of it still arrives."""

from dataclasses import dataclass

from services.recovery.links.model import RESET_LINK
from services.recovery.merging.store import merges as store
from services.recovery.practice_tokens.model import RESET_TOKEN
from services.recovery.questions.store import questions
from shared import one_time
from shared.acts import Acts, By
from shared.contracts.envelope import Received
from shared.contracts.identity import AccountsMerged
from shared.contracts.merge import MergeApplied
from shared.contracts.recovery import RECOVERY_MERGE_APPLIED
from shared.db import Connection
from shared.messaging.subscriptions import origin_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Absorptions:
    acts: Acts

    async def apply(self, tx: Connection, event: Received[AccountsMerged]) -> None:
        """Keep who became whom, void the absorbed account's link and token, forget its questions,
        and say so: once a merge.

        From here on the absorbed account is nobody, in whatever state its snapshots say it is.
        """
        merge = event.data
        if not await store.absorb(
            tx,
            merge.absorbed_id,
            into=merge.account_id,
            merge_id=merge.merge_id,
            at=merge.occurred_at,
        ):
            return
        # Waiting for who replaces it just now, out of the order of accounts, could deadlock; what
        # is made instead opens nothing (`find_live`).
        for purpose in (RESET_LINK, RESET_TOKEN):
            await one_time.void(tx, purpose, merge.absorbed_id, now=merge.occurred_at, wait=False)
        await questions.drop(tx, merge.absorbed_id)
        by = By(origin=origin_of(event), now=merge.occurred_at)
        async with self.acts.within(tx, by, cause=event.id) as act:
            act.publish(
                RECOVERY_MERGE_APPLIED,
                MergeApplied(merge_id=merge.merge_id),
                subject=merge.account_id,
            )
