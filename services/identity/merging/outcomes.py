"""What comes of a merge that identity was asked for, and who is told of it (MG-5, MG-6)."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import TypeVar

from services.identity.accounts import accounts
from services.identity.accounts.tellings import tell
from services.identity.actions import Action
from services.identity.merging.store import merges as store
from services.identity.merging.unions import Couple, Unions
from shared.acts import Act
from shared.audit.entries import Origin, Outcome
from shared.contracts.envelope import Received
from shared.contracts.identity import (
    ACCOUNTS_MERGED,
    MERGE_REJECTED,
    MERGE_REVIEW_REFUSED,
    MergeRefusal,
    ReviewRefusal,
)
from shared.contracts.ids import AccountId, MergeId, SessionId
from shared.contracts.merge import MergeRequested
from shared.db import Connection
from shared.logs import logger
from shared.messaging.subscriptions import Undeliverable, origin_of
from shared.metrics import Metrics

R = TypeVar("R", bound=MergeRequested)

log = logger("merges")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcomes:
    """Each is final, both accounts being held; whoever calls has begun the merge's decision."""

    unions: Unions
    metrics: Metrics

    async def couple(self, tx: Connection, survivor: AccountId, absorbed: AccountId) -> Couple:
        """Read both as they stand."""
        return Couple(
            survivor=await accounts.view(tx, survivor),
            absorbed=await accounts.view(tx, absorbed),
        )

    async def merge(
        self, act: Act, merge_id: MergeId, couple: Couple, *, asking: SessionId | None
    ) -> None:
        """Make one of two; of the survivor's sessions the one that asks goes on, if any."""
        survivor = await self.unions.unite(act, couple, asking=asking)
        tell(
            act,
            survivor,
            ACCOUNTS_MERGED,
            recipients=couple.recipients,
            merge_id=merge_id,
            absorbed_id=couple.absorbed.account.id,
            enrolments=survivor.told_enrolments,
        )
        record(act, Action.MERGE, couple)

    async def reject(
        self, act: Act, merge_id: MergeId, couple: Couple, reason: MergeRefusal
    ) -> None:
        """Refuse what both have proven, and tell both (MG-6)."""
        await self._tell(act, merge_id, couple, reason, origin=act.origin)
        record(act, Action.MERGE, couple, reason)

    async def turn_away(
        self, act: Act, event: Received[R], couple: Couple, reason: MergeRefusal
    ) -> None:
        """Refuse what nobody has proven: the saga ends, and neither account hears a word of it.

        It is the bus's doing, not a person's: merge would have refused it, so it is an alarm.
        """
        origin, merge_id = origin_of(event), event.data.merge_id
        await self._tell(act, merge_id, couple, reason, origin=origin, proven=False)
        act.record(Action.MERGE, "refused", merge=merge_id, detail=reason, origin=origin)
        self.metrics.count("merges_unproven", reason=reason)
        log.error("merge_unproven", event_id=event.id, reason=reason)

    async def end_review(
        self, act: Act, merge_id: MergeId, couple: Couple, reason: ReviewRefusal
    ) -> None:
        """Tell both that what was proven goes no further: it is never approved any more (MG-6)."""
        await store.refuse(act.tx, merge_id, reason)
        tell(
            act,
            couple.survivor,
            MERGE_REVIEW_REFUSED,
            recipients=couple.recipients,
            merge_id=merge_id,
            absorbed_id=couple.absorbed.account.id,
            absorbed_recipients=couple.absorbed.recipients,
            reason=reason,
        )
        record(act, Action.MERGE, couple, reason)

    async def _tell(
        self,
        act: Act,
        merge_id: MergeId,
        couple: Couple,
        reason: MergeRefusal,
        *,
        origin: Origin,
        proven: bool = True,
    ) -> None:
        await store.refuse(act.tx, merge_id, reason)
        tell(
            act,
            couple.survivor,
            MERGE_REJECTED,
            recipients=couple.recipients if proven else (),
            origin=origin,
            merge_id=merge_id,
            absorbed_id=couple.absorbed.account.id,
            absorbed_recipients=couple.absorbed.recipients if proven else (),
            reason=reason,
            proven=proven,
        )


async def begin(act: Act, merge_id: MergeId, couple: Couple) -> bool:
    """Take it upon this transaction to decide it. False: it was decided before."""
    return await store.begin(
        act.tx,
        merge_id,
        survivor_id=couple.survivor.account.id,
        absorbed_id=couple.absorbed.account.id,
        now=act.now,
    )


def parties(request: MergeRequested) -> tuple[AccountId, AccountId]:
    """Whom it is about."""
    return request.survivor_id, request.absorbed_id


async def hold(tx: Connection, account_ids: Collection[AccountId], *, wait: bool) -> None:
    """Hold these, and what they absorbed before. Raises Undeliverable where there is no such."""
    if not set(account_ids) <= await store.hold(tx, account_ids, wait=wait):
        raise Undeliverable("no such account")


def record(
    act: Act, action: Action, couple: Couple, refusal: MergeRefusal | ReviewRefusal | None = None
) -> None:
    """Leave a row for each account, so that the history of either tells it (AU-1)."""
    outcome: Outcome = "refused" if refusal else "done"
    for account_id in sorted({couple.survivor.account.id, couple.absorbed.account.id}):
        act.record(action, outcome, account=account_id, detail=refusal)


def of_the_survivor(event: Received[R]) -> Origin:
    """Her holder asked, in her session; from where, merge's own row says."""
    return origin_of(event, actor=f"account:{event.data.survivor_id}")
