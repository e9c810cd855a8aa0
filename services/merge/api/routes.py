"""Merge's verbs on one screen."""

from services.merge.api.merges import (
    MergesShown,
    RequestMerge,
    list_merges,
    read_merge,
    request_merge,
)
from services.merge.api.person_conflicts import MergeConflicts, list_merge_conflicts
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
from services.merge.merges import MergeShown
from shared.errors import NotFound
from shared.http.own_source import source_at
from shared.http.routes import Client, Counted, NoBody, Route, Session, route

ROUTES: tuple[Route[Features], ...] = (
    route(
        "POST",
        "/merges",
        request_merge,
        body=RequestMerge,
        reply=MergeShown,
        guard=Session(Counted.REFUSALS),
        summary="Merge another account of mine into the one I am logged on to; cannot be undone",
        status=202,
        problems=(
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
        ),
        idempotent=True,
        rows=("MG-1", "MG-2", "MG-3", "MG-4", "MG-6"),
    ),
    route(
        "GET",
        "/merges",
        list_merges,
        body=NoBody,
        reply=MergesShown,
        guard=Session(),
        summary="List the merges my account asked for",
        rows=("MG-9",),
    ),
    route(
        "GET",
        "/merges/{merge_id}",
        read_merge,
        body=NoBody,
        reply=MergeShown,
        guard=Session(),
        summary="See how far a merge is",
        problems=(NotFound,),
        rows=("MG-9",),
    ),
    route(
        "GET",
        "/practice/merge-conflicts",
        list_merge_conflicts,
        body=NoBody,
        reply=MergeConflicts,
        guard=Client("merges:read"),
        summary="List this practice's duplicate charts that merges brought to light",
        rows=("MG-5",),
    ),
    source_at("merge"),
)
