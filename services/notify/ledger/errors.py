"""What is not known yet: tried again later."""


class PatientUnknown(Exception):
    """No account is known to be enrolled with this patient record: the word may be on the way."""


class MergeUnderWay(Exception):
    """Not all that a merge publishes has arrived: the record's account cannot be said yet."""


class PracticeUnknown(Exception):
    """The practice is not known; its snapshot may still be on the way."""
