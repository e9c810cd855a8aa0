"""What is refused here."""

from shared.errors import Refused


class TokenInvalid(Refused):
    """The enrolment token does not open anything; the cause is never told (EN-1)."""


class WrongPerson(TokenInvalid):
    """A live token came with another person's date or name. Told as TokenInvalid, counted."""


class AlreadyEnrolled(Refused):
    """The account has this enrolment. Told only to who has proven the account (EN-5)."""


class PersonMismatch(Refused):
    """Name and date of birth fit none of the account's records: the practice decides (EN-5)."""


class PatientEnrolled(Refused):
    """The patient record has an account already, or is enrolled with it already."""
