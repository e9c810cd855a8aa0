"""What is refused here."""

from shared.errors import Conflict, Forbidden


class PatientOfAnotherPractice(Forbidden):
    """The patient record is known as another practice's."""

    title = "This patient record belongs to another practice"
    hint = "Send to patient records of your own practice only; check the id."


class ReferenceReused(Conflict):
    """The reference was used before, for another patient or topic."""

    title = "This reference was used before, for something else"
    hint = "Send each communication under a reference of its own; the same again is harmless."
