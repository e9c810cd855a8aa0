"""MG-9, the saga's steps: each message of queue merge.saga, in any order, repeated or not."""

from dataclasses import dataclass

from services.merge.actions import Action
from services.merge.charts.model import duplicate_charts
from services.merge.charts.store import person_conflicts
from services.merge.reviews.store import reviews
from services.merge.saga.model import Applier, Merge, Reason
from services.merge.saga.store import absorptions, busy_accounts, merges
from shared.acts import Acts, By
from shared.clock import Clock
from shared.contracts.envelope import Received
from shared.contracts.identity import AccountsMerged, MergeRejected
from shared.contracts.ids import MergeId
from shared.contracts.merge import MergeApplied
from shared.db import Connection
from shared.messaging.subscriptions import Undeliverable, origin_of

Heard = Received[AccountsMerged] | Received[MergeRejected] | Received[MergeApplied]


@dataclass(frozen=True, slots=True, kw_only=True)
class SagaSteps:
    """One guarded UPDATE a message says whether it is news; only then anything follows."""

    acts: Acts
    clock: Clock

    async def merged(self, tx: Connection, event: Received[AccountsMerged]) -> None:
        """Identity has merged: keep who absorbed whom, and the duplicate charts (MG-5)."""
        merge = await self._applied(tx, event, Applier.IDENTITY)
        if merge is None:
            return
        require_accounts(merge, event.data)
        now = self.clock.now()
        await absorptions.add(tx, merge, at=now)
        charts = duplicate_charts(event.data.enrolments, known=merge.known_charts)
        for practice_id, patient_ids in charts.items():
            await person_conflicts.add(tx, merge.id, practice_id, patient_ids, at=now)

    async def applied(self, tx: Connection, event: Received[MergeApplied]) -> None:
        """A service has filed what it keeps of the absorbed account under the survivor."""
        await self._applied(tx, event, Applier(event.publisher))

    async def rejected(self, tx: Connection, event: Received[MergeRejected]) -> None:
        """Identity's last look found a reason: nothing was changed, and both accounts are free.

        The review goes first, as for whoever decides one: all take the two rows in this order.
        """
        told = event.data
        await reviews.close(tx, told.merge_id, at=self.clock.now())
        merge = await merges.note_refused(tx, told.merge_id, Reason(told.reason))
        if merge is None:
            known = await found(tx, told.merge_id)
            if known.progress.refusal is None:
                raise Undeliverable(f"merge {known.id} was applied, and now refused")
            return
        require_accounts(merge, told)
        await self._end(tx, merge, event)

    async def _applied(
        self, tx: Connection, event: Received[AccountsMerged] | Received[MergeApplied], by: Applier
    ) -> Merge | None:
        """Note it; None where it was known. The last of all ends the merge."""
        merge = await merges.note_applied(tx, event.data.merge_id, by)
        if merge is None:
            known = await found(tx, event.data.merge_id)
            if by not in known.progress.applied:
                raise Undeliverable(
                    f"merge {known.id} is {known.progress.state}, and now applied by {by}"
                )
        elif merge.progress.ended:
            await self._end(tx, merge, event)
        return merge

    async def _end(self, tx: Connection, merge: Merge, event: Heard) -> None:
        """Let both accounts go in the transaction of the message that ended the merge."""
        now = self.clock.now()
        await merges.end(tx, merge.id, at=now)
        await busy_accounts.free(tx, merge.id)
        reason = merge.progress.refusal
        async with self.acts.within(tx, By(origin=origin_of(event), now=now)) as act:
            act.record(
                Action.END,
                "refused" if reason else "done",
                account=merge.survivor_id,
                detail=reason or str(merge.id),
            )


async def found(tx: Connection, merge_id: MergeId) -> Merge:
    """Find what a message is about. Raises Undeliverable: merge asks before anybody can answer."""
    merge = await merges.find(tx, merge_id)
    if merge is None:
        raise Undeliverable(f"there is no merge {merge_id}")
    return merge


def require_accounts(merge: Merge, told: AccountsMerged | MergeRejected) -> None:
    """Raises Undeliverable where identity speaks of other accounts than were asked about."""
    if (merge.survivor_id, merge.absorbed_id) != (told.account_id, told.absorbed_id):
        raise Undeliverable(f"merge {merge.id} is about other accounts")
