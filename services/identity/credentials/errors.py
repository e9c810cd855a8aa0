"""What is refused here."""

from services.identity.emails.errors import EmailRefused
from shared.errors import Refused


class EmailVerified(EmailRefused):
    """The account has a verified address; there is no verb that changes it yet (ID-6)."""


class ReauthenticationRequired(Refused):
    """A session alone is not enough for this: the password must be given again (SE-3)."""
