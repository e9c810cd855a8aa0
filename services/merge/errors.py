"""What merge refuses: the merge itself, and the proofs that are brought for it."""

from shared.errors import Conflict, Invalid
from shared.trust.grants import (
    GrantInvalid,
    GrantUsed,
    GrantWrongAccount,
    GrantWrongAct,
    GrantWrongService,
    GrantWrongSession,
)


class MergeConfirmationRequired(Invalid):
    """The request does not say that it knows a merge cannot be undone."""

    title = "A merge cannot be undone and must be confirmed"
    hint = "Say so to the account's holder, and send the request again with confirm: true."


class MergeSameAccount(Conflict):
    """An account cannot be merged with itself."""

    title = "Both proofs are of the same account"
    hint = "Prove the other account, by its own username and password."


class AccountMerged(Conflict):
    """One of the accounts is no more: it was absorbed by another."""

    title = "One of these accounts has been merged into another"
    hint = "Log on to the account that is left; there is nothing more to merge."


class MergeInProgress(Conflict):
    """Another merge of one of these accounts has not ended."""

    title = "Another merge of one of these accounts is under way"
    hint = "Nothing was used up; wait until GET /merges/{merge_id} says that it ended."


class MergeProofStale(Conflict):
    """Since it was proven, an account's credentials changed, or it was frozen."""

    title = "An account has changed since it was proven"
    hint = "Prove both again: re-authenticate, and give the other's username and password."


class MergePersonMismatch(Invalid):
    """No record of the one account has last name and birth date of one of the other's."""

    title = "These accounts are not of the same person"
    hint = "Last name and date of birth must match; have a practice correct what is wrong."


# ---- refusals of a grant, in the words of whoever wants to merge


class ProofInvalid(GrantInvalid):
    """One of the two proofs is no grant of identity's, or expired."""

    code = GrantInvalid.code
    title = "This proof is not valid, or not any more"
    hint = "Prove both accounts again at identity; each proof works for a few minutes."


class ProofOfAnotherAct(GrantWrongAct):
    """A proof of something else, or the two swapped."""

    code = GrantWrongAct.code
    title = "This proof is of something else"
    hint = (
        "Send a re-authentication for a merge as `reauthenticated`, an ownership proof as `owned`."
    )


class ProofForAnotherService(GrantWrongService):
    """A proof that is not for merge to take."""

    code = GrantWrongService.code
    title = "This proof is for another service"
    hint = "Send each grant to the service that it was issued for."


class ProofOfAnotherAccount(GrantWrongAccount):
    """A re-authentication of another account than the caller's."""

    code = GrantWrongAccount.code
    title = "This re-authentication is of another account"
    hint = "Re-authenticate in the session that asks for the merge."


class ProofOfAnotherSession(GrantWrongSession):
    """A proof that was given in another session than the one that asks."""

    code = GrantWrongSession.code
    hint = "Prove both accounts in the session that asks for the merge."


class ProofUsed(GrantUsed):
    """One of the two proofs was spent before."""

    code = GrantUsed.code
    title = "This proof was used before"
    hint = "See GET /merges whether the merge was accepted; else prove both accounts again."
