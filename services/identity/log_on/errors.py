"""What is refused here."""

from shared.errors import BadRequest, Conflict, Forbidden, Invalid, Unauthenticated


class TermsRequired(Invalid):
    """The current version of the terms has not been accepted."""

    title = "The current terms must be accepted"
    hint = "Read GET /terms, show them, and send their version."


class TermsDeclined(Forbidden):
    """Who declines the terms has no session: it has ended (EN-9)."""

    title = "The terms were declined, and the session has ended"
    hint = "Log on again to read and accept them."


class TermsPublished(Conflict):
    """A version stands for one text, and once replaced it does not come back (EN-9)."""

    title = "This version of the terms was published before"
    hint = "Publish under a new version."


class GateClosed(Conflict):
    """It was passed before, or another comes before it (LG-3)."""

    title = "This step is done, or another one comes first"
    hint = "Refresh the session and go on."


class GateNotOffered(Conflict):
    """It is required, or answered in its own words: there is no offer to decline (LG-3)."""

    title = "This step is no offer, and cannot be skipped"
    hint = "Take it; a disclaimer is accepted or declined."


class DisclaimerChanged(Conflict):
    """This session is asked for another version than the one that was answered (DISC-1)."""

    title = "The text that was answered is not the one that is asked for"
    hint = "Read GET /gates/disclaimers, show the text, and send its version."


class GrantExhausted(BadRequest):
    """As many new passwords were refused with this proof as may be (RC-3)."""

    title = "Five new passwords were refused with this proof"
    hint = "Ask for a new link; POST /passwords/check tells which rules a password meets."


class ValidationUnavailable(Invalid):
    """Validation was used before, or there is an account e-mail by now (RC-6)."""

    title = "This account's password cannot be set by validation"
    hint = "Contact your practice: it can help you to a new password."


class InvalidCredentials(Unauthenticated):
    """Name and password log nobody on; the cause is never told (LG-1)."""

    title = "This name and password log nobody on"
    hint = (
        "Check both and try again, or ask for a reset link, or ask your practice. A lock ends "
        "by itself; a completed reset ends it at once."
    )
