"""What is refused here."""

from shared.contracts.identity import MergeRefusal
from shared.errors import Refused


class MergeImpossible(Refused):
    """A merge that was accepted cannot be done: nothing is changed, and all are told why."""

    def __init__(self, reason: MergeRefusal) -> None:
        super().__init__()
        self.reason = reason
