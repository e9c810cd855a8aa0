"""What is refused here."""

from shared.errors import Refused


class PatientNotEnrolled(Refused):
    """The patient record has no account, or was un-enrolled."""
