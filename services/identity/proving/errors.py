"""What is refused here."""

from shared.errors import Conflict, Forbidden


class ReauthenticationFailed(Forbidden):
    """The password is not the session's account's, or is not told to be while locked (SE-3)."""

    title = "This password does not prove that it is you"
    hint = "Check it and try again; while locked no password does."


class MergeProofFailed(Forbidden):
    """Name and password prove no account; the cause is never told (MG-1)."""

    title = "This name and password prove no account"
    hint = "Check both and try again; while locked no password does."


class MergeNeedsTwoStep(Conflict):
    """The other account has two-step on and the session's, which stays, has not (MG-5)."""

    title = "The other account has two-step verification on, and this one has not"
    hint = "Set it up for the account of the session, which stays, then prove the other one again."


class MergeSameAccount(Conflict):
    """An account is not merged with itself."""

    title = "This is the account of the session"
    hint = "Give the name and password of the other account."
