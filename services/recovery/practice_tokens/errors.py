"""What is refused here."""

from shared.errors import Conflict, Invalid, Limited


class ResetTokenInvalid(Invalid):
    """Username and token open nothing together; the cause is never told (RC-5)."""

    title = "This username and token do not fit"
    hint = (
        "Check both: a token has eight digits, and five wrong ones make it void. Ask the practice "
        "for a new one; it voids the one before."
    )


class WrongToken(ResetTokenInvalid):
    """Another one than the live token of whose name it came with. Told alike, counted."""

    code = ResetTokenInvalid.code
    cause = "wrong"


class TokenKeptBack(ResetTokenInvalid):
    """The right token from a source that has used up its budget. Told as any other (LG-4)."""

    code = ResetTokenInvalid.code
    cause = "source_exhausted"


class PatientNotEnrolled(Conflict):
    """The patient record has no account, or was un-enrolled."""

    title = "This patient is not enrolled"
    hint = "Issue an enrolment token, or re-activate who was un-enrolled."


class AccountFrozen(Conflict):
    """Its holder froze the account: before a token it is to be thawed (RC-9)."""

    title = "This account is frozen"
    hint = "Make sure who asks, and thaw it first; a token issued after that sets the password."


class ResetTokenLimit(Limited):
    """The account was given as many tokens as it may be in a day, by whichever practices."""

    title = "This account was given enough tokens today"
    hint = (
        "Five wrong digits void a token, so this many bound what can be guessed. The Retry-After "
        "header says when another one may be issued."
    )


class NoLiveResetToken(Conflict):
    """No token of this practice's is good for the account."""

    title = "This practice has no live reset token for this patient"
    hint = "It was used, replaced by a newer one, made void, or has expired."
