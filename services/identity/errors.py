"""What every group of identity refuses."""

from shared.errors import Refused


class NotFound(Refused):
    """There is no such thing, or none of the caller's."""
