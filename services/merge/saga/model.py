"""MG-9, the saga as a pure rule: what was heard of a merge says what state it is in.

    under-review ──▶ requested ──▶ applying ──▶ completed
        └────────────────┴───────▶ refused

Practices decide what is under review; the rest the other services tell. Their messages come in any
order and more than once. What is kept is the set of facts they tell, so the state depends on
nothing else: `merge-applied` before `accounts-merged` is normal, since they come from different
exchanges.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from shared.contracts.identity import MergeRefusal, ReviewRefusal
from shared.contracts.ids import AccountId, MergeId, PatientId


class Applier(StrEnum):
    """Who unites the two accounts in what it owns."""

    IDENTITY = "identity"  #: accounts-merged: the merge itself
    RECOVERY = "recovery"
    NOTIFY = "notify"


class Reason(StrEnum):
    """Why a merge waits for practices, or is refused: identity's reasons, and those of a review."""

    GRANT_INVALID = MergeRefusal.GRANT_INVALID
    GRANT_USED = MergeRefusal.GRANT_USED
    PROOF_STALE = MergeRefusal.PROOF_STALE
    ACCOUNT_MERGED = MergeRefusal.ACCOUNT_MERGED
    SAME_ACCOUNT = MergeRefusal.SAME_ACCOUNT
    PERSON_MISMATCH = MergeRefusal.PERSON_MISMATCH
    REVIEW_REJECTED = ReviewRefusal.REJECTED
    REVIEW_EXPIRED = ReviewRefusal.EXPIRED


class State(StrEnum):
    """What the survivor's holder is told."""

    UNDER_REVIEW = "under-review"  #: not of one person by their records: practices decide (MG-2)
    REQUESTED = "requested"  #: accepted; identity has not decided, as far as is known
    APPLYING = "applying"  #: merged for good; some have yet to follow
    COMPLETED = "completed"
    REFUSED = "refused"  #: by practices, by the time or by identity; nothing was changed


ENDED = frozenset({State.COMPLETED, State.REFUSED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """The facts heard of one merge."""

    applied: frozenset[Applier] = frozenset()
    refusal: Reason | None = None
    under_review: bool = False

    @property
    def state(self) -> State:
        """What these facts come to."""
        if self.refusal is not None:
            return State.REFUSED
        if self.under_review:
            return State.UNDER_REVIEW
        if not self.applied:
            return State.REQUESTED
        return State.APPLYING if self.awaited else State.COMPLETED

    @property
    def reason(self) -> Reason | None:
        """Why it is refused, or has to wait for practices."""
        if self.state is State.UNDER_REVIEW:
            return Reason.PERSON_MISMATCH
        return self.refusal

    @property
    def ended(self) -> bool:
        """Nothing more can come: both accounts are free for another merge."""
        return self.state in ENDED

    @property
    def awaited(self) -> frozenset[Applier]:
        """Who has not applied it; of a refused merge nobody will."""
        return frozenset() if self.refusal is not None else frozenset(Applier) - self.applied


@dataclass(frozen=True, slots=True, kw_only=True)
class Merge:
    """Two accounts on their way to being one, or arrived."""

    id: MergeId
    survivor_id: AccountId
    absorbed_id: AccountId
    known_charts: frozenset[PatientId]  # the survivor's, as the merge was accepted
    progress: Progress
    requested_at: datetime
    ended_at: datetime | None
    review_until: datetime | None = None  # where practices had to decide, or have to (MG-2)
    approved_at: datetime | None = None  # by the practices that had to

    @property
    def accepted_at(self) -> datetime:
        """Since when the others are asked, which a review may have put off."""
        return self.approved_at or self.requested_at
