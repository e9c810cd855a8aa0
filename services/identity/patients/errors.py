"""What is refused here."""

from shared.errors import Refused


class PatientNumberTaken(Refused):
    """Another record of the practice has this number."""


class BirthDateInFuture(Refused):
    """Nobody is born tomorrow."""


class NameIncomparable(Refused):
    """Nothing is left of a last name once it is written as names are compared."""
