"""Merge's verbs, each with its guard: one file to read for who may do what."""

from services.merge.budgets import READS, REVIEWS
from services.merge.candidates.api.offers import read_offer, skip_offer
from services.merge.charts.api.person_conflicts import list_merge_conflicts
from services.merge.features import Features
from services.merge.merging.api.merges import list_merges, read_merge, request_merge
from services.merge.merging.errors import MergeConfirmationRequired, MergeSameAccount
from services.merge.parties.errors import (
    AccountMerged,
    MergeProofStale,
    ProofForAnotherService,
    ProofInvalid,
    ProofOfAnotherAccount,
    ProofOfAnotherAct,
    ProofOfAnotherSession,
    ProofUsed,
)
from services.merge.reviews.api.reviews import (
    approve_merge_review,
    list_merge_reviews,
    read_merge_review,
    reject_merge_review,
)
from services.merge.reviews.errors import (
    MergeReviewApproved,
    MergeReviewEnded,
    ReviewInProgress,
    ReviewOfMerged,
    ReviewStale,
)
from services.merge.saga.errors import MergeInProgress
from shared.contracts.scopes import Scope
from shared.errors import NotFound
from shared.http.guards import Counted, Practice, Session, Staff
from shared.http.own_source import source_at
from shared.http.routes import Route, lifted, route

REQUEST_PROBLEMS = (
    MergeConfirmationRequired,
    ProofInvalid,
    ProofOfAnotherAct,
    ProofForAnotherService,
    ProofOfAnotherAccount,
    ProofOfAnotherSession,
    ProofUsed,
    MergeSameAccount,
    MergeInProgress,
    AccountMerged,
    MergeProofStale,
)

# fmt: off
ROUTES: tuple[Route[Features], ...] = (
    *lifted(lambda of: of.merging, (
        route("POST", "/merges", Session(Counted.REFUSALS),
              request_merge, status=202, idempotent=True,
              rows=("MG-1", "MG-2", "MG-3", "MG-4", "MG-6"),
              summary="Merge another account of mine into the one I am logged on to;"
                      " cannot be undone",
              problems=REQUEST_PROBLEMS),
        route("GET", "/merges", Session(),
              list_merges, rows=("MG-9",),
              summary="List the merges my account asked for"),
        route("GET", "/merges/{merge_id}", Session(),
              read_merge, rows=("MG-9",),
              summary="See how far a merge is",
              problems=(NotFound,)),
    )),
    *lifted(lambda of: of.candidates, (
        route("GET", "/offer", Session(),
              read_offer, rows=("MG-7", "MG-8"),
              summary="See which other accounts are likely mine,"
                      " and where a merge is offered today"),
        route("POST", "/offer/skip", Session(),
              skip_offer, rows=("MG-7",),
              summary="Let the offer wait for three months"),
    )),
    *lifted(lambda of: of.charts, (
        route("GET", "/practice/merge-conflicts", Practice(Scope.MERGES_READ),
              list_merge_conflicts, counts_on=(READS,), rows=("MG-5", "ST-1"),
              summary="List this practice's duplicate charts that are not settled yet"),
    )),
    *lifted(lambda of: of.reviews, (
        route("GET", "/practice/merge-reviews", Practice(Scope.MERGES_READ),
              list_merge_reviews, counts_on=(READS,), rows=("MG-2", "ST-1"),
              summary="List the merges that wait for this practice to decide"),
        route("GET", "/practice/merge-reviews/{merge_id}", Practice(Scope.MERGES_READ),
              read_merge_review, counts_on=(READS,), rows=("MG-2", "ST-1"),
              summary="Read one of them, with this practice's own records of both accounts",
              problems=(NotFound,)),
        route("POST", "/practice/merge-reviews/{merge_id}/approve", Staff(Scope.MERGES_REVIEW),
              approve_merge_review, counts_on=(REVIEWS,), rows=("MG-2", "ST-1"),
              summary="Approve a merge, for the accounts that this practice has records of",
              problems=(NotFound, MergeReviewEnded, MergeReviewApproved, ReviewInProgress,
                        ReviewStale, ReviewOfMerged)),
        route("POST", "/practice/merge-reviews/{merge_id}/reject", Staff(Scope.MERGES_REVIEW),
              reject_merge_review, counts_on=(REVIEWS,), rows=("MG-2", "ST-1"),
              summary="Reject a merge for good; the reason stays with the practice",
              problems=(NotFound, MergeReviewEnded)),
    )),
    source_at("merge"),
)
# fmt: on
