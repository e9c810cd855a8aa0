"""What is refused here."""

from shared.errors import Refused


class NotFound(Refused):
    """There is no such thing, or it is another's."""
