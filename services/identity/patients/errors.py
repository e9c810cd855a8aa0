"""What is refused here."""

from shared.errors import Conflict, Invalid


class PatientNumberTaken(Conflict):
    """Another record of the practice has this number."""

    title = "Another patient record has this number"
    hint = "Use the record that has it, or another number."


class BirthDateInFuture(Invalid):
    """Nobody is born tomorrow."""

    title = "This date of birth is in the future"
    hint = "Check the date."


class NameIncomparable(Invalid):
    """Nothing is left of a last name once it is written as names are compared."""

    title = "There is no letter in this last name"
    hint = "Nobody could enrol by it; write the name as the patient writes it."


class PatientChanged(Conflict):
    """Another correction, or an enrolment, was there between reading the record and this."""

    title = "This record has changed since it was read"
    hint = "Read it again, and correct it as it is now."
