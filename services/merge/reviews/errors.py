"""What is refused of a review, in the words of whoever reviews."""

from services.merge.parties.errors import AccountMerged, MergeProofStale
from services.merge.saga.errors import MergeInProgress
from shared.errors import Conflict


class MergeReviewEnded(Conflict):
    """The review was approved or rejected before, or its time is over."""

    title = "This review has ended"
    hint = "Read it: it was approved or rejected before, or its time is over."


class MergeReviewApproved(Conflict):
    """What this practice can approve has been approved, by it or by another of the same side."""

    title = "This side of the merge has been approved"
    hint = "Nothing is left for this practice to approve; the review waits for the other side."


class ReviewInProgress(MergeInProgress):
    """Another merge of one of the accounts is under way just now."""

    code = MergeInProgress.code
    hint = "Nothing was changed; approve it again in a moment."


class ReviewStale(MergeProofStale):
    """Since it was asked for, an account's credentials changed, or it was frozen."""

    code = MergeProofStale.code
    hint = "Nothing can be approved any more; the patient has to prove both, and ask again."


class ReviewOfMerged(AccountMerged):
    """One of the accounts was absorbed by another meanwhile."""

    code = AccountMerged.code
    hint = "Nothing can be approved any more; the patient is told so."
