"""What recovery publishes."""

from uuid import UUID

from shared.contracts.contract import Contract, Data, InMail, Kind, Moment
from shared.contracts.identity import Activity, PlainActivity
from shared.contracts.ids import AccountId
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
    """RC-1, RC-2: the username to mail, to a verified address of the account only; notify alone can
    read it.
    """

    username: Sealed


class UsernameMailedElsewhere(PlainActivity, frozen=True, kw_only=True):
    """RC-2: the username was mailed to a notification address, which is told as an onlooker may see
    it; the account e-mail hears of it.
    """

    address: InMail[str]


class ResetTokenIssued(PlainActivity, frozen=True, kw_only=True):
    """RC-5: a practice gave out a token with which a new password can be set. It is not told."""

    practice_name: InMail[str]
    practice_contact: InMail[str]
    expires_at: InMail[Moment]


class SecurityQuestionsSet(Data, frozen=True, kw_only=True):
    """RC-8: five were set. `set_id` is also the id of the receipt, so that identity, which tells
    the holder, does so once. A freeze after `account_version` has dropped them.
    """

    account_id: AccountId
    set_id: UUID
    account_version: int


class RecoveryLocked(PlainActivity, frozen=True, kw_only=True):
    """RC-4: three wrong calls; nothing is answered until then. With the fifth lock in a row the
    route is closed as well, until a full log-on that identity tells under the id of this closing.
    """

    locked_until: InMail[Moment]
    closed: InMail[bool]
    closing: UUID | None


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
USERNAME_MAILED_ELSEWHERE = Contract(
    "recovery", "username-mailed-elsewhere", UsernameMailedElsewhere, Kind.ACTIVITY
)
RESET_TOKEN_ISSUED = Contract("recovery", "reset-token-issued", ResetTokenIssued, Kind.ACTIVITY)
RECOVERY_MERGE_APPLIED = Contract("recovery", "merge-applied", MergeApplied, Kind.STEP)
SECURITY_QUESTIONS_SET = Contract(
    "recovery", "security-questions-set", SecurityQuestionsSet, Kind.STEP
)
RECOVERY_LOCKED = Contract("recovery", "locked", RecoveryLocked, Kind.ACTIVITY)
