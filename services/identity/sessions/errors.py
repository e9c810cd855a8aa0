"""What is refused here."""

from shared.errors import Unauthenticated


class RefreshInvalid(Unauthenticated):
    """The refresh token renews nothing; the cause is never told (SE-1)."""

    title = "This session is over"
    hint = "Log on again."
