"""What is refused here."""

from shared.errors import Conflict, Forbidden, Invalid


class TokenInvalid(Invalid):
    """The enrolment token does not open anything; the cause is never told (EN-1)."""

    title = "This token does not fit"
    hint = (
        "Check the token, the date of birth and the last name, or ask the practice for a new one."
    )


class WrongPerson(TokenInvalid):
    """A live token came with another person's date or name. Told as TokenInvalid, counted."""

    code = TokenInvalid.code
    cause = "wrong_person"


class TemporaryCredentialInvalid(Invalid):
    """This temporary username and password open nothing; the cause is never told (EN-2)."""

    title = "This temporary username and password do not fit"
    hint = "Check both, or ask the practice for new ones."


class WrongTemporaryPassword(TemporaryCredentialInvalid):
    """A live username came with another password. Told alike, counted."""

    code = TemporaryCredentialInvalid.code
    cause = "wrong_password"


class InvitationInvalid(Invalid):
    """The invitation does not open anything; the cause is never told (EN-3)."""

    title = "This invitation does not fit"
    hint = "Check what was typed beside the link, or ask the practice for a new invitation."


class WrongInvitee(InvitationInvalid):
    """A live invitation came with what is not its patient's. Told alike, counted."""

    code = InvitationInvalid.code
    cause = "wrong_person"


class AgeNotAllowed(Forbidden):
    """Too young for an account of her own; told only to who has proven a secret (EN-8)."""

    title = "The patient is too young for an account of her own"
    hint = "Ask the practice: it says from which age patients have one."


class AlreadyEnrolled(Conflict):
    """The account has this enrolment. Told only to who has proven the account (EN-5)."""

    title = "This practice is in the account already"
    hint = "Log on: there is nothing to add."


class PersonMismatch(Conflict):
    """Name and date of birth fit none of the account's records: the practice decides (EN-5)."""

    title = "The practice's record and the account are of different people"
    hint = (
        "The token is still good. Ask the practice to check the last name and the date of "
        "birth, or log on with the account of that person."
    )


class PatientWithoutEmail(Conflict):
    """The practice's record has no address that an invitation could be mailed to (EN-3)."""

    title = "This record has no e-mail address that a mail can be written to"
    hint = "Issue an enrolment token instead, or correct the address."


class PatientWithoutProof(Conflict):
    """The record has nothing that could prove its person beside an invitation (EN-3)."""

    title = "This record has neither a home phone nor a number"
    hint = "Issue an enrolment token instead, or add one of both."


class PatientEnrolled(Conflict):
    """The patient record has an account already, or is enrolled with it already."""

    title = "This patient has an account"
    hint = "The patient can log on, or recover the account; who was un-enrolled is re-activated."


class NothingLive(Conflict):
    """Nothing of the kind is live for this record."""

    title = "Nothing of this kind is live for this record"
    hint = "List what was handed out: it was used, replaced, made void, or has expired."
