"""What is refused here."""

from shared.errors import Refused


class PasswordUnacceptable(Refused):
    """At least one rule of the policy is not met (ID-3)."""


class UnlockLimit(Refused):
    """The account was unlocked by practices as often as it may be in a day (LG-2)."""
