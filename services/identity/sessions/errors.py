"""What is refused here."""

from shared.errors import Refused


class RefreshInvalid(Refused):
    """The refresh token renews nothing; the cause is never told (SE-1)."""
