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


class MergeSameAccount(Conflict):
    """An account is not merged with itself."""

    title = "This is the account of the session"
    hint = "Give the name and password of the other account."
