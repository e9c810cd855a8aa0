"""What is refused here."""

from shared.errors import Conflict, Invalid, Limited


class EmailMalformed(Invalid):
    """Not an address that mail can be sent to."""

    title = "This is not an e-mail address"
    hint = "Check the address."


class EmailUnavailable(Conflict):
    """Another account has verified the address in the meantime (ID-4)."""

    title = "Another account has verified this address"
    hint = "Use another address, or log on to the account that has it."


class LinkInvalid(Invalid):
    """The link verifies nothing; the cause is never told (ID-6)."""

    title = "This link does not work any more, or not here"
    hint = "Log on to the account the mail was for, or have a new link sent."


class TooManyMails(Limited):
    """The account, or the address, has had its mails for this hour or day (ID-6)."""

    code = Limited.code
    title = "Enough mails were sent for this account or to this address for now"
    hint = "Wait as long as the Retry-After header says."
