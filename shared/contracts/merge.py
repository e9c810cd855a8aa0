"""What merge publishes, and the answer that its saga waits for (MG-9).

The subject of every message of a merge is the survivor: a batch is worked in the order of subjects,
so that two replicas lock the rows of two merges in the same order.
"""

from shared.contracts.contract import Contract, Data, Kind
from shared.contracts.identity import MergeNotDone
from shared.contracts.ids import AccountId, MergeId, SessionId


class MergeRequested(Data, frozen=True, kw_only=True):
    """MG-1: both accounts are proven and merge has accepted; identity decides by the same proofs.

    The grants are spent at merge already, and once more at identity with the merge itself: who
    reads them on the bus can do nothing with them.
    """

    merge_id: MergeId
    survivor_id: AccountId
    absorbed_id: AccountId
    session_id: SessionId  # of the survivor, that asked: the one that goes on (SE-1)
    reauthenticated: str
    owned: str


class MergeApplied(Data, frozen=True, kw_only=True):
    """A service has filed everything of the absorbed account under the survivor (MG-9)."""

    merge_id: MergeId


class MergeRefused(MergeNotDone, frozen=True, kw_only=True):
    """MG-2, MG-6: merge itself refused, because the two are not of one person."""


MERGE_REQUESTED = Contract("merge", "merge-requested", MergeRequested, Kind.STEP)
MERGE_REFUSED = Contract("merge", "merge-refused", MergeRefused, Kind.ACTIVITY)
