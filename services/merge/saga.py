"""MG-9, the saga as a pure rule: what was heard of a merge says what state it is in.

    requested ──▶ applying ──▶ completed
        └───────▶ refused

The messages come in any order and more than once. What is kept is the set of facts they tell, so
the state depends on nothing else: `merge-applied` before `accounts-merged` is normal, since they
come from different exchanges.
"""

from dataclasses import dataclass
from enum import StrEnum

from shared.contracts.identity import MergeRefusal


class Applier(StrEnum):
    """Who unites the two accounts in what it owns."""

    IDENTITY = "identity"  #: accounts-merged: the merge itself
    RECOVERY = "recovery"
    NOTIFY = "notify"


class State(StrEnum):
    """What the survivor's holder is told."""

    REQUESTED = "requested"  #: accepted; identity has not decided, as far as is known
    APPLYING = "applying"  #: merged for good; some have yet to follow
    COMPLETED = "completed"
    REFUSED = "refused"  #: identity's last look found a reason; nothing was changed


ENDED = frozenset({State.COMPLETED, State.REFUSED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """The facts heard of one merge."""

    applied: frozenset[Applier] = frozenset()
    refusal: MergeRefusal | None = None

    @property
    def state(self) -> State:
        """What these facts come to."""
        if self.refusal is not None:
            return State.REFUSED
        if not self.applied:
            return State.REQUESTED
        return State.APPLYING if self.awaited else State.COMPLETED

    @property
    def ended(self) -> bool:
        """Nothing more can come: both accounts are free for another merge."""
        return self.state in ENDED

    @property
    def awaited(self) -> frozenset[Applier]:
        """Who has not applied it; of a refused merge nobody will."""
        return frozenset() if self.refusal is not None else frozenset(Applier) - self.applied
