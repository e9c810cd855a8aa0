"""What is refused here."""

from services.identity.emails.errors import LinkInvalid


class NotMeLinkInvalid(LinkInvalid):
    """The link freezes nothing, or the date of birth is not the holder's; which is never told."""

    code = LinkInvalid.code
    title = "This link does not work any more, or the date of birth is not right"
    hint = "Check the date; if it was right, call your practice."


class WrongBirthDate(NotMeLinkInvalid):
    """A live link, with a date of birth that is not the holder's: counted, and not told."""

    code = LinkInvalid.code
    cause = "wrong_birth_date"
