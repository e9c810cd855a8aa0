"""What is refused here."""

from shared.errors import Conflict


class ReferenceReused(Conflict):
    """The reference was used before, for another patient or topic."""

    title = "This reference was used before, for something else"
    hint = "Send each communication under a reference of its own; the same again is harmless."
