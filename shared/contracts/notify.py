"""What notify publishes, and what practices write to it about."""

from enum import StrEnum

from shared.contracts.contract import Contract, Kind
from shared.contracts.keys import KeysChanged
from shared.contracts.merge import MergeApplied


class Topic(StrEnum):
    """NT-1: what a practice writes to a patient about."""

    MESSAGE = "message"
    APPOINTMENT = "appointment"
    HEALTH_RECORD = "health-record"
    STATEMENT = "statement"


NOTIFY_KEYS_CHANGED = Contract("notify", "keys-changed", KeysChanged, Kind.SNAPSHOT)
NOTIFY_MERGE_APPLIED = Contract("notify", "merge-applied", MergeApplied, Kind.STEP)
