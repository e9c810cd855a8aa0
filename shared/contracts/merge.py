"""What merge publishes, and the answer that its saga waits for (MG-9).

The subject of every message of a merge is the survivor: a batch is worked in the order of subjects,
so that two replicas lock the rows of two merges in the same order.
"""

from shared.contracts.contract import Contract, Data, Kind, Moment
from shared.contracts.identity import MergeNotDone, ReviewRefusal
from shared.contracts.ids import AccountId, MergeId, PracticeId, SessionId


class MergeRequested(Data, frozen=True, kw_only=True):
    """MG-1: both accounts are proven and merge has accepted; identity decides by the same proofs.

    The grants are spent at merge already, and once more at identity with the merge itself: who
    reads them on the bus can do nothing with them.
    """

    merge_id: MergeId
    survivor_id: AccountId
    absorbed_id: AccountId
    session_id: SessionId  # of the survivor, that asked: the one that goes on (SE-1)
    reauthenticated: str
    owned: str


class MergeReviewRequested(MergeRequested, frozen=True, kw_only=True):
    """MG-2: the same, of two that are not one person by their records: practices decide first.

    An event of its own, since whoever took it for the other would merge at once, and for good: a
    release that does not know it keeps it until there is one that does.
    """

    review_until: Moment


class MergeApproved(Data, frozen=True, kw_only=True):
    """MG-2: a practice of both approves, or one of each side. It names the merge alone: what was
    proven is identity's, which decides by it once more.
    """

    merge_id: MergeId
    approved_by: tuple[PracticeId, ...]


class MergeReviewEnded(Data, frozen=True, kw_only=True):
    """MG-2: a review ended without an approval, and no later one counts."""

    merge_id: MergeId
    reason: ReviewRefusal


class MergeApplied(Data, frozen=True, kw_only=True):
    """A service has filed everything of the absorbed account under the survivor (MG-9)."""

    merge_id: MergeId


class MergeRefused(MergeNotDone, frozen=True, kw_only=True):
    """MG-2, MG-6: merge itself refused, because the two are not of one person.

    Of a release before there were reviews: nobody publishes it, and who has it queued reads it.
    """


MERGE_REQUESTED = Contract("merge", "merge-requested", MergeRequested, Kind.STEP)
MERGE_REVIEW_REQUESTED = Contract(
    "merge", "merge-review-requested", MergeReviewRequested, Kind.STEP
)
MERGE_APPROVED = Contract("merge", "merge-approved", MergeApproved, Kind.STEP)
MERGE_REVIEW_ENDED = Contract("merge", "merge-review-ended", MergeReviewEnded, Kind.STEP)
MERGE_REFUSED = Contract("merge", "merge-refused", MergeRefused, Kind.ACTIVITY)
