"""Merges that practices decide: what was proven is kept, and an approval names it (MG-2).

What merge says of a review comes in any order, by way of retries and dead letters as well. So it
is kept as facts, and what they come to is done by whichever comes last.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.identity.accounts.tellings import tell
from services.identity.actions import Action
from services.identity.merging.errors import MergeImpossible
from services.identity.merging.outcomes import (
    Outcomes,
    begin,
    hold,
    of_the_survivor,
    parties,
    record,
)
from services.identity.merging.proofs import ProofChecker, Proofs, require_proven
from services.identity.merging.store import merges
from services.identity.merging.store import reviews as store
from services.identity.merging.store.reviews import Proven, Review
from services.identity.merging.unions import Couple
from shared.acts import Act, Acts, By
from shared.clock import Clock
from shared.contracts.envelope import Received
from shared.contracts.identity import MERGE_UNDER_REVIEW, MergeRefusal
from shared.contracts.merge import MergeApproved, MergeReviewEnded, MergeReviewRequested
from shared.db import Connection
from shared.messaging.subscriptions import origin_of

KEPT = timedelta(days=33)  # 30 of the review, and as late as a proof may come by the bus

Said = Received[MergeApproved] | Received[MergeReviewEnded]


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeReviews:
    acts: Acts
    clock: Clock
    proofs: ProofChecker
    outcomes: Outcomes

    async def keep(self, tx: Connection, *events: Received[MergeReviewRequested]) -> None:
        """Check both proofs, spend them, and keep what they have proven.

        No bearer proof has to live for as long as a review. Both are told that practices decide;
        of proofs that do not hold nobody hears. In the order of `MergeDecisions.decide`, for the
        same reasons.
        """
        proofs = [await self.proofs.check(event.data) for event in events]
        may_wait = await merges.line_up(tx)
        await hold(tx, {i for e in events for i in parties(e.data)}, wait=may_wait)
        for event, proven in zip(events, proofs, strict=True):
            await self._keep(tx, event, proven)

    async def approve(self, tx: Connection, *events: Received[MergeApproved]) -> None:
        """Merge by what was proven, where it still stands; an approval that is early waits."""
        may_wait = await merges.line_up(tx)
        now = self.clock.now()
        heard = [(e, await store.approve(tx, e.data.merge_id, now=now)) for e in events]
        await self._settle_all(tx, heard, wait=may_wait)

    async def end(self, tx: Connection, *events: Received[MergeReviewEnded]) -> None:
        """Let nothing come of what was proven any more, and tell both why (MG-6)."""
        may_wait = await merges.line_up(tx)
        heard = [(e, await store.end(tx, e.data.merge_id, e.data.reason)) for e in events]
        await self._settle_all(tx, heard, wait=may_wait)

    async def _keep(
        self, tx: Connection, event: Received[MergeReviewRequested], proofs: Proofs | MergeRefusal
    ) -> None:
        """Keep one, both accounts held. What does not hold is decided here and now."""
        request, by = event.data, By(origin=of_the_survivor(event), now=self.clock.now())
        async with self.acts.within(tx, by, cause=event.id) as act:
            couple = await self.outcomes.couple(tx, *parties(request))
            if isinstance(proofs, MergeRefusal):
                if await begin(act, request.merge_id, couple):
                    await self.outcomes.turn_away(act, event, couple, proofs)
                return
            review = await store.prove(tx, request.merge_id, proven(couple, proofs, now=act.now))
            if review is None:
                return
            if not await self.proofs.spend(act, proofs):
                if await begin(act, request.merge_id, couple):
                    await self.outcomes.turn_away(act, event, couple, MergeRefusal.GRANT_USED)
                return
            try:
                await require_proven(tx, couple, proofs.versions)
            except MergeImpossible as impossible:
                if await begin(act, request.merge_id, couple):
                    await self.outcomes.reject(act, request.merge_id, couple, impossible.reason)
                return
            if review.due:
                await self._settle(act, review, couple)
            else:
                tell_under_review(act, request, couple)

    async def _settle_all(
        self, tx: Connection, heard: Iterable[tuple[Said, Review | None]], *, wait: bool
    ) -> None:
        """Do what is due, the accounts of all being held at once."""
        due = [(event, review) for event, review in heard if review is not None and review.due]
        await hold(tx, {i for _, review in due for i in review.parties}, wait=wait)
        for event, review in due:
            by = By(origin=origin_of(event), now=self.clock.now())
            async with self.acts.within(tx, by, cause=event.id) as act:
                couple = await self.outcomes.couple(tx, *review.parties)
                await self._settle(act, review, couple)

    async def _settle(self, act: Act, review: Review, couple: Couple) -> None:
        """Decide it for ever: by what was proven, whatever the records say (MG-2)."""
        if not await begin(act, review.merge_id, couple):
            return
        if review.refusal is not None:
            await self.outcomes.end_review(act, review.merge_id, couple, review.refusal)
            return
        try:
            async with act.attempt():
                if review.proven is None or act.now - review.proven.at > KEPT:
                    raise MergeImpossible(MergeRefusal.PROOF_STALE)
                await require_proven(act.tx, couple, review.proven.versions)
                await self.outcomes.merge(act, review.merge_id, couple, asking=None)
        except MergeImpossible as impossible:
            await self.outcomes.reject(act, review.merge_id, couple, impossible.reason)


def proven(couple: Couple, proofs: Proofs, *, now: datetime) -> Proven:
    return Proven(
        survivor_id=couple.survivor.account.id,
        absorbed_id=couple.absorbed.account.id,
        versions=proofs.versions,
        at=now,
    )


def tell_under_review(act: Act, request: MergeReviewRequested, couple: Couple) -> None:
    """Tell both that practices decide, and until when (MG-6)."""
    tell(
        act,
        couple.survivor,
        MERGE_UNDER_REVIEW,
        recipients=couple.recipients,
        merge_id=request.merge_id,
        absorbed_id=request.absorbed_id,
        absorbed_recipients=couple.absorbed.recipients,
        review_until=request.review_until,
    )
    record(act, Action.REVIEW_MERGE, couple)
