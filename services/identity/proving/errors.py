"""What is refused here."""

from shared.errors import Refused


class ReauthenticationFailed(Refused):
    """The password is not the session's account's, or is not told to be while locked (SE-3)."""


class MergeProofFailed(Refused):
    """Name and password prove no account; the cause is never told (MG-1)."""


class MergeSameAccount(Refused):
    """An account is not merged with itself."""
