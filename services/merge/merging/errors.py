"""What is refused of a request as it was sent."""

from shared.errors import Conflict, Invalid


class MergeConfirmationRequired(Invalid):
    """The request does not say that it knows a merge cannot be undone."""

    title = "A merge cannot be undone and must be confirmed"
    hint = "Say so to the account's holder, and send the request again with confirm: true."


class MergeSameAccount(Conflict):
    """An account cannot be merged with itself."""

    title = "Both proofs are of the same account"
    hint = "Prove the other account, by its own username and password."
