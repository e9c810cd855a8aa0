"""What is refused, and what is not known yet, which is tried again later."""

from shared.errors import Conflict


class DeliveryNotResendable(Conflict):
    """It waits, was sent, or failed for a reason that another try does not mend."""

    title = "This cannot be sent again"
    hint = "Only what may not have arrived, or failed and can be mended. List the deliveries."


class NotKnownYet(Exception):
    """The word that is missing may be on its way."""


class PatientUnknown(NotKnownYet):
    """No account is known to be enrolled with this patient record."""


class MergeUnderWay(NotKnownYet):
    """Not all that a merge publishes has arrived: the record's account cannot be said yet."""


class PracticeUnknown(NotKnownYet):
    """The practice's snapshot has not arrived."""
