"""What is not known yet: tried again later."""


class NotKnownYet(Exception):
    """The word that is missing may be on its way."""


class PatientUnknown(NotKnownYet):
    """No account is known to be enrolled with this patient record."""


class MergeUnderWay(NotKnownYet):
    """Not all that a merge publishes has arrived: the record's account cannot be said yet."""


class PracticeUnknown(NotKnownYet):
    """The practice's snapshot has not arrived."""
