"""What is refused of the two accounts, and of a grant in the words of whoever wants to merge."""

from shared.errors import Conflict
from shared.trust.grants import (
    GrantInvalid,
    GrantUsed,
    GrantWrongAccount,
    GrantWrongAct,
    GrantWrongService,
    GrantWrongSession,
)


class AccountMerged(Conflict):
    """One of the accounts is no more: it was absorbed by another."""

    title = "One of these accounts has been merged into another"
    hint = "Log on to the account that is left; there is nothing more to merge."


class MergeProofStale(Conflict):
    """Since it was proven, an account's credentials changed, or it was frozen."""

    title = "An account has changed since it was proven"
    hint = "Prove both again: re-authenticate, and give the other's username and password."


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
