"""What is refused here."""

from shared.errors import Refused


class PatientOfAnotherPractice(Refused):
    """The patient record is known as another practice's."""


class ReferenceReused(Refused):
    """The reference was used before, for another patient or topic."""
