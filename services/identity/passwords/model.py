"""What a password must not be (ID-3); locks: the rule, an outcome as it was counted, and a notice
that is due (LG-2).
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from services.identity.actions import Action
from shared.contracts.ids import AccountId
from shared.limits import DAY, Limit


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What a password must not be: words an attacker would try for this person first."""

    username: str = ""
    emails: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    birth_dates: tuple[date, ...] = ()
    practices: tuple[str, ...] = ()
    two_step: bool = False  # a code is asked for beside it: then it may be shorter


@dataclass(frozen=True, slots=True, kw_only=True)
class LockPolicy:
    """LG-2: how many failures in a row lock for how long, and how often the holder is told.

    Over all locks, so many in a row disable the password until a reset (SP 800-63B-4 3.2.2).
    """

    failures: int = 4
    lasts: timedelta = timedelta(minutes=20)
    notices_a_day: int = 3
    disabled_after: int = 100
    unlocks_a_day: int = 3

    @property
    def notices(self) -> Limit:
        """Of locks, to one holder; a disabled password is always told."""
        return Limit("lock-notice", ((self.notices_a_day, DAY),))

    @property
    def unlocks(self) -> Limit:
        """Of one account, by all its practices."""
        return Limit("unlock", ((self.unlocks_a_day, DAY),))


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """A log-on's outcome after it was counted: only what may be told is told."""

    told: bool
    failures: int  # in a row, before a right one, locks between them or not (SE-2)
    voided: bool  # the device that it came from, by the last wrong one that it may give


@dataclass(frozen=True, slots=True, kw_only=True)
class LockNotice:
    """A lock whose holder is to be told; no account: a name that nobody has."""

    key: bytes
    account_id: AccountId | None
    locked_until: datetime | None  # None: nothing but the disabled password is to be told
    disabled: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LockRecord:
    """What the audit knew of an account's last lock until now, and whether that one goes on."""

    account_id: AccountId | None
    known: bool
    goes_on: bool

    @property
    def actions(self) -> tuple[Action, ...]:
        """What is to be put on record, in order; one that was known has ended by now."""
        begun = () if self.known and not self.goes_on else (Action.BEGIN_LOCK,)
        if self.known:
            return (Action.END_LOCK, *begun)
        return begun if self.goes_on else (*begun, Action.END_LOCK)
