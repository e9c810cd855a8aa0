"""What recovery publishes."""

from shared.contracts.contract import Contract, Kind, Moment
from shared.contracts.identity import Activity
from shared.contracts.keys import KeysChanged
from shared.contracts.merge import MergeApplied
from shared.contracts.sealed import Sealed


class ResetLinkRequested(Activity, frozen=True, kw_only=True):
    """RC-3: the link to mail; `life_minutes` is printed in the mail."""

    link: Sealed
    link_expires_at: Moment
    life_minutes: int


class UsernameReminderInClear(Activity, frozen=True, kw_only=True):
    """RC-1 as it was published before: the username stands in every queue and dead letter."""

    username: str


class UsernameReminderRequested(Activity, frozen=True, kw_only=True):
    """RC-1: the username to mail, to the verified account e-mail only; notify alone can read it."""

    username: Sealed


RECOVERY_KEYS_CHANGED = Contract("recovery", "keys-changed", KeysChanged, Kind.SNAPSHOT)
RESET_LINK_REQUESTED = Contract(
    "recovery", "reset-link-requested", ResetLinkRequested, Kind.ACTIVITY
)
USERNAME_REMINDER_IN_CLEAR = Contract(
    "recovery", "username-reminder-requested", UsernameReminderInClear, Kind.ACTIVITY
)
USERNAME_REMINDER_REQUESTED = Contract(
    "recovery", "username-reminder-requested", UsernameReminderRequested, Kind.ACTIVITY, version=2
)
RECOVERY_MERGE_APPLIED = Contract("recovery", "merge-applied", MergeApplied, Kind.STEP)
