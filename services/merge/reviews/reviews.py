"""Reviews: practices decide of two accounts that are not one person's by their records (MG-2)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from services.merge.actions import Action
from services.merge.projections.store import accounts
from services.merge.reviews.ends import refuse
from services.merge.reviews.errors import (
    MergeReviewApproved,
    MergeReviewEnded,
    ReviewInProgress,
    ReviewOfMerged,
    ReviewStale,
)
from services.merge.reviews.model import OwnRecord, Review, Reviewer
from services.merge.reviews.store import reviews as store
from services.merge.saga.model import Reason, State
from services.merge.saga.store import busy_accounts, merges
from shared.acts import Act, Acts, By
from shared.contracts.identity import ReviewRefusal
from shared.contracts.ids import AccountId, MergeId, PatientId, PracticeId
from shared.contracts.log_on_names import masked
from shared.contracts.merge import MERGE_APPROVED, MergeApproved
from shared.db import Connection
from shared.errors import NotFound
from shared.http.routes import Reply

LISTED = 100


class RecordShown(Reply, frozen=True, kw_only=True):
    """What the practice's own record says of the account's holder."""

    patient_id: PatientId
    last_name: str
    first_name: str
    birth_date: date


class ReviewListed(Reply, frozen=True, kw_only=True):
    """`records` are the practice's own of either account; `approved`: nothing is left for it."""

    merge_id: MergeId
    review_until: datetime
    approved: bool
    records: tuple[RecordShown, ...]


class SideShown(Reply, frozen=True, kw_only=True):
    """One of the two accounts: its masked name, and of records the reviewing practice's own alone.
    Where else somebody is a patient is no practice's to know (ST-1).
    """

    username: str
    records: tuple[RecordShown, ...]
    approved: bool


class ReviewShown(Reply, frozen=True, kw_only=True):
    """`survivor` is the account that asked, into which `absorbed` would go. `open`: this practice
    may still approve; whoever sees it may reject it while it is under review.
    """

    merge_id: MergeId
    state: State
    reason: Reason | None
    open: bool
    requested_at: datetime
    review_until: datetime
    survivor: SideShown
    absorbed: SideShown


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviews:
    acts: Acts

    async def of_practice(self, practice_id: PracticeId, *, by: By) -> Sequence[ReviewListed]:
        """List what the practice may decide, what waits for it before the rest.

        It is on record: it shows the practice's records of every party.
        """
        async with self.acts.begin(by, Action.LIST_REVIEWS, practice=practice_id) as act:
            found = await store.pending(act.tx, practice_id, now=by.now, limit=LISTED)
            both = {account_id for review, _ in found for account_id in review.parties}
            records = await store.records_at(act.tx, practice_id, both)
        return [
            ReviewListed(
                merge_id=review.merge_id,
                review_until=review.review_until,
                approved=not awaits(review, reviewer),
                records=of(records, *review.parties),
            )
            for review, reviewer in found
        ]

    async def read(self, practice_id: PracticeId, merge_id: MergeId, *, by: By) -> ReviewShown:
        """Read one, whatever became of it. That it was looked at is on record. Raises NotFound."""
        async with self.acts.begin(
            by, Action.READ_REVIEW, merge=merge_id, practice=practice_id
        ) as act:
            review, reviewer = await own(act.tx, merge_id, practice_id)
            merge = await merges.find(act.tx, merge_id)
            if merge is None:
                raise NotFound
            names = await store.usernames(act.tx, review.parties)
            records = await store.records_at(act.tx, practice_id, review.parties)
            survivor, absorbed = (
                SideShown(
                    username=masked(names[account_id]),
                    records=of(records, account_id),
                    approved=approver is not None,
                )
                for account_id, approver in zip(review.parties, review.approvers, strict=True)
            )
            return ReviewShown(
                merge_id=merge_id,
                state=merge.progress.state,
                reason=merge.progress.reason,
                open=not review.ended and by.now < review.review_until and awaits(review, reviewer),
                requested_at=merge.requested_at,
                review_until=review.review_until,
                survivor=survivor,
                absorbed=absorbed,
            )

    async def approve(self, practice_id: PracticeId, merge_id: MergeId, *, by: By) -> None:
        """Approve for the side, or for both, that the practice has records of. With both approved
        identity is asked to merge by what was proven.

        Both accounts are taken first, as by whoever asks for a merge, and let go again where the
        other side is still to approve. Raises NotFound, MergeReviewEnded, MergeReviewApproved,
        ReviewInProgress, ReviewStale, ReviewOfMerged; then nothing is changed.
        """
        async with self.acts.begin(
            by, Action.APPROVE_REVIEW, merge=merge_id, practice=practice_id
        ) as act:
            review, _ = await own(act.tx, merge_id, practice_id)
            if review.ended:
                raise MergeReviewEnded
            if not await busy_accounts.take(act.tx, merge_id, review.parties):
                review, _ = await own(act.tx, merge_id, practice_id)
                raise MergeReviewEnded if review.ended else ReviewInProgress
            await require_standing(act, merge_id)
            approved = await store.approve(act.tx, merge_id, practice_id, now=act.now)
            if approved is None:
                review, _ = await own(act.tx, merge_id, practice_id)
                raise MergeReviewEnded if review.ended else MergeReviewApproved
            if approved.ended:
                await accept(act, approved)
            else:
                await busy_accounts.free(act.tx, merge_id)
            tell_both(act, approved, practice_id)

    async def reject(self, practice_id: PracticeId, merge_id: MergeId, *, by: By) -> None:
        """Refuse it for good; both are told, and not why (MG-6). A practice of either side may.

        Raises NotFound, MergeReviewEnded.
        """
        async with self.acts.begin(
            by, Action.REJECT_REVIEW, merge=merge_id, practice=practice_id
        ) as act:
            review, _ = await own(act.tx, merge_id, practice_id)
            if not await store.reject(act.tx, merge_id, practice_id, now=act.now):
                raise MergeReviewEnded
            await refuse(act, review, ReviewRefusal.REJECTED)
            tell_both(act, review, practice_id)


async def own(
    connection: Connection, merge_id: MergeId, practice_id: PracticeId
) -> tuple[Review, Reviewer]:
    """Read one of the practice's. Raises NotFound, for another's as for nobody's."""
    found = await store.find(connection, merge_id, practice_id)
    if found is None:
        raise NotFound
    return found


async def require_standing(act: Act, merge_id: MergeId) -> None:
    """Raise where nothing may be approved any more, by the time or by what is known of both.

    Identity asks the same once more, by its own books.
    """
    match await store.lapse(act.tx, merge_id, now=act.now):
        case ReviewRefusal.ACCOUNT_MERGED:
            raise ReviewOfMerged
        case ReviewRefusal.PROOF_STALE:
            raise ReviewStale
        case ReviewRefusal.EXPIRED:
            raise MergeReviewEnded


async def accept(act: Act, review: Review) -> None:
    """Ask identity to merge. Raises MergeReviewEnded where it has refused it meanwhile."""
    if not await merges.note_approved(act.tx, review.merge_id, at=act.now):
        raise MergeReviewEnded
    survivor = (await accounts.find(act.tx, (review.survivor_id,)))[review.survivor_id]
    await merges.keep_known_charts(act.tx, review.merge_id, survivor.patient_ids)
    act.publish(
        MERGE_APPROVED,
        MergeApproved(merge_id=review.merge_id, approved_by=review.approved_by),
        subject=review.survivor_id,
    )


def awaits(review: Review, reviewer: Reviewer) -> bool:
    """Whether something is left for this practice to approve."""
    of_survivor, of_absorbed = review.approvers
    return (reviewer.of_survivor and of_survivor is None) or (
        reviewer.of_absorbed and of_absorbed is None
    )


def of(records: Sequence[OwnRecord], *account_ids: AccountId) -> tuple[RecordShown, ...]:
    """Show those of these accounts."""
    return tuple(
        RecordShown(
            patient_id=record.patient_id,
            last_name=record.last_name,
            first_name=record.first_name,
            birth_date=record.birth_date,
        )
        for record in records
        if record.account_id in account_ids
    )


def tell_both(act: Act, review: Review, practice_id: PracticeId) -> None:
    """Let what was done stand in the history of both accounts (AU-1)."""
    act.about(account=review.survivor_id, practice=practice_id)
    act.also(account=review.absorbed_id, practice=practice_id)
