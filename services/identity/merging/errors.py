"""What is refused here."""

from shared.contracts.identity import MergeRefusal


class MergeImpossible(Exception):
    """A merge that was accepted cannot be done: nothing is changed, and all are told why."""

    def __init__(self, reason: MergeRefusal) -> None:
        super().__init__(reason)
        self.reason = reason
