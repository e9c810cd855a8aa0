"""Locks: the rule, an outcome as it was counted, and a notice that is due (LG-2)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.contracts.ids import AccountId


@dataclass(frozen=True, slots=True, kw_only=True)
class LockPolicy:
    """LG-2: how many failures in a row lock for how long, and how often the holder is told."""

    failures: int = 4
    lasts: timedelta = timedelta(minutes=20)
    notices_a_day: int = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """A log-on's outcome after it was counted: only what may be told is told."""

    told: bool
    locked_until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LockNotice:
    """A lock whose holder is to be told; no account: a name that nobody has."""

    account_id: AccountId | None
    locked_until: datetime
    within_limit: bool
