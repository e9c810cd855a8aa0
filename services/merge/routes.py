"""Merge's verbs, each with its guard: one file to read for who may do what."""

from services.merge.api.merges import list_merges, read_merge, request_merge
from services.merge.api.offers import read_offer, skip_offer
from services.merge.api.person_conflicts import list_merge_conflicts
from services.merge.errors import (
    AccountMerged,
    MergeConfirmationRequired,
    MergeInProgress,
    MergePersonMismatch,
    MergeProofStale,
    MergeSameAccount,
    ProofForAnotherService,
    ProofInvalid,
    ProofOfAnotherAccount,
    ProofOfAnotherAct,
    ProofOfAnotherSession,
    ProofUsed,
)
from services.merge.features import Features
from shared.contracts.scopes import Scope
from shared.errors import NotFound
from shared.http.guards import Counted, Practice, Session
from shared.http.own_source import source_at
from shared.http.routes import Route, route

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
    MergePersonMismatch,
)

# fmt: off
ROUTES: tuple[Route[Features], ...] = (
    route("POST", "/merges", Session(Counted.REFUSALS),
          request_merge, status=202, idempotent=True, rows=("MG-1", "MG-2", "MG-3", "MG-4", "MG-6"),
          summary="Merge another account of mine into the one I am logged on to; cannot be undone",
          problems=REQUEST_PROBLEMS),
    route("GET", "/merges", Session(),
          list_merges, rows=("MG-9",),
          summary="List the merges my account asked for"),
    route("GET", "/merges/{merge_id}", Session(),
          read_merge, rows=("MG-9",),
          summary="See how far a merge is",
          problems=(NotFound,)),
    route("GET", "/offer", Session(),
          read_offer, rows=("MG-7", "MG-8"),
          summary="See which other accounts are likely mine, and where a merge is offered today"),
    route("POST", "/offer/skip", Session(),
          skip_offer, rows=("MG-7",),
          summary="Let the offer wait for three months"),
    route("GET", "/practice/merge-conflicts", Practice(Scope.MERGES_READ),
          list_merge_conflicts, rows=("MG-5",),
          summary="List this practice's duplicate charts that merges brought to light"),
    source_at("merge"),
)
# fmt: on
