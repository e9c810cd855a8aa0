"""What is refused here."""

from shared.errors import Refused


class TermsRequired(Refused):
    """The current version of the terms has not been accepted."""


class GrantExhausted(Refused):
    """As many new passwords were refused with this proof as may be (RC-3)."""


class InvalidCredentials(Refused):
    """Name and password log nobody on; the cause is never told (LG-1)."""
