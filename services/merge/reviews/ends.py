"""Reviews that end without an approval, and those of which nothing may be approved any more."""

from dataclasses import dataclass

from services.merge.actions import Action
from services.merge.reviews.model import Review
from services.merge.reviews.store import reviews as store
from services.merge.saga.model import Reason
from services.merge.saga.store import merges
from shared.acts import Act, Acts
from shared.clock import Clock
from shared.contracts.identity import ReviewRefusal
from shared.contracts.merge import MERGE_REVIEW_ENDED, MergeReviewEnded

BATCH = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewEnds:
    acts: Acts
    clock: Clock

    async def once(self) -> int:
        """End up to BATCH that nobody decided in time, or that nobody can approve any more since
        credentials of either changed; return how many.

        So whoever changes her password need not wait for thirty days to ask again.
        """
        async with self.acts.open(self.acts.of_the_service(self.clock.now())) as act:
            ended = await store.end_lapsed(act.tx, now=act.now, limit=BATCH)
            for review, reason in ended:
                await refuse(act, review, reason)
                for account_id in review.parties:
                    act.record(Action.END, "refused", account=account_id, detail=reason)
        return len(ended)


async def refuse(act: Act, review: Review, reason: ReviewRefusal) -> None:
    """Refuse the merge of a review that this act has ended, and let identity tell both (MG-6)."""
    merge = await merges.note_refused(act.tx, review.merge_id, Reason(reason))
    if merge is None:
        return
    await merges.end(act.tx, review.merge_id, at=act.now)
    act.publish(
        MERGE_REVIEW_ENDED,
        MergeReviewEnded(merge_id=review.merge_id, reason=reason),
        subject=review.survivor_id,
    )
