"""What notify publishes, and what practices write to it about."""

from enum import StrEnum

from shared.contracts.contract import Contract, Data, Kind
from shared.contracts.ids import AccountId
from shared.contracts.keys import KeysChanged
from shared.contracts.listings import SnapshotsListed
from shared.contracts.merge import MergeApplied


class Topic(StrEnum):
    """NT-1: what a practice writes to a patient about."""

    MESSAGE = "message"
    APPOINTMENT = "appointment"
    HEALTH_RECORD = "health-record"
    STATEMENT = "statement"


class NotificationAddressesChanged(Data, frozen=True, kw_only=True):
    """NT-2: the e-mail addresses that an account has verified besides its account e-mail, all of
    them. By one of these a forgotten username is asked for (RC-2).
    """

    account_id: AccountId
    addresses: tuple[str, ...]


NOTIFY_KEYS_CHANGED = Contract("notify", "keys-changed", KeysChanged, Kind.SNAPSHOT)
NOTIFY_MERGE_APPLIED = Contract("notify", "merge-applied", MergeApplied, Kind.STEP)
NOTIFICATION_ADDRESSES_CHANGED = Contract(
    "notify", "notification-addresses-changed", NotificationAddressesChanged, Kind.SNAPSHOT
)
NOTIFY_SNAPSHOTS_LISTED = Contract("notify", "snapshots-listed", SnapshotsListed, Kind.LISTING)
