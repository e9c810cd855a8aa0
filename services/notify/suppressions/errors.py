"""What is refused here."""

from shared.errors import Limited


class TooManyLifts(Limited):
    """Three times a day an account may have its addresses tried again (NT-5)."""

    code = Limited.code
    title = "The address was tried again often enough for today"
    hint = "Check the address, or wait as long as the Retry-After header says."
