"""How each of merge's errors is told: status, stable code, and what to do next."""

from services.merge import errors
from shared.grants import (
    GrantInvalid,
    GrantUsed,
    GrantWrongAccount,
    GrantWrongAct,
    GrantWrongService,
    GrantWrongSession,
)
from shared.http.problems import Problems, ProblemType

PROBLEMS: Problems = {
    errors.NotFound: ProblemType(
        404, "not_found", "There is nothing here", "Check the id; only your own can be seen."
    ),
    errors.MergeConfirmationRequired: ProblemType(
        422,
        "merge_confirmation_required",
        "A merge cannot be undone and must be confirmed",
        "Say so to the account's holder, and send the request again with confirm: true.",
    ),
    errors.MergeSameAccount: ProblemType(
        409,
        "merge_same_account",
        "Both proofs are of the same account",
        "Prove the other account, by its own username and password.",
    ),
    errors.AccountMerged: ProblemType(
        409,
        "account_merged",
        "One of these accounts has been merged into another",
        "Log on to the account that is left; there is nothing more to merge.",
    ),
    errors.MergeInProgress: ProblemType(
        409,
        "merge_in_progress",
        "Another merge of one of these accounts is under way",
        "Nothing was used up; wait until GET /merges/{merge_id} says that it ended.",
    ),
    errors.MergeProofStale: ProblemType(
        409,
        "merge_proof_stale",
        "An account has changed since it was proven",
        "Prove both again: re-authenticate, and give the other's username and password.",
    ),
    errors.MergePersonMismatch: ProblemType(
        422,
        "merge_person_mismatch",
        "These accounts are not of the same person",
        "Last name and date of birth must match; have a practice correct what is wrong.",
    ),
    GrantInvalid: ProblemType(
        400,
        "grant_invalid",
        "This proof is not valid, or not any more",
        "Prove both accounts again at identity; each proof works for a few minutes.",
    ),
    GrantWrongAct: ProblemType(
        400,
        "grant_wrong_act",
        "This proof is of something else",
        "Send a re-authentication for a merge as `reauthenticated`, an ownership proof as `owned`.",
    ),
    GrantWrongService: ProblemType(
        400,
        "grant_wrong_service",
        "This proof is for another service",
        "Send each grant to the service that it was issued for.",
    ),
    GrantWrongAccount: ProblemType(
        400,
        "grant_wrong_account",
        "This re-authentication is of another account",
        "Re-authenticate in the session that asks for the merge.",
    ),
    GrantWrongSession: ProblemType(
        400,
        "grant_wrong_session",
        "This proof was given in another session",
        "Prove both accounts in the session that asks for the merge.",
    ),
    GrantUsed: ProblemType(
        400,
        "grant_used",
        "This proof was used before",
        "See GET /merges whether the merge was accepted; else prove both accounts again.",
    ),
}
