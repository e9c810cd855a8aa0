"""What is refused here."""

from shared.errors import Refused


class EmailRefused(Refused):
    """The address cannot become this account's e-mail."""


class EmailMalformed(EmailRefused):
    """Not an address that mail can be sent to."""


class EmailUnavailable(EmailRefused):
    """Another account has verified the address in the meantime (ID-4)."""


class LinkInvalid(Refused):
    """The link verifies nothing; the cause is never told (ID-6)."""


class TooManyMails(Refused):
    """The account, or the address, has had its mails for this hour or day (ID-6)."""
