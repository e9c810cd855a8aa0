"""What is refused here."""

from shared.errors import BadRequest, Invalid, Unauthenticated


class TermsRequired(Invalid):
    """The current version of the terms has not been accepted."""

    title = "The current terms must be accepted"
    hint = "Read GET /terms, show them, and send their version."


class GrantExhausted(BadRequest):
    """As many new passwords were refused with this proof as may be (RC-3)."""

    title = "Five new passwords were refused with this proof"
    hint = "Ask for a new link; POST /passwords/check tells which rules a password meets."


class InvalidCredentials(Unauthenticated):
    """Name and password log nobody on; the cause is never told (LG-1)."""

    title = "This name and password log nobody on"
    hint = (
        "Check both and try again, or ask for a reset link, or ask your practice. A lock ends "
        "by itself; a completed reset ends it at once."
    )
