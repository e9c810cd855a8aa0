"""Two-step verification of an account, a code as it is offered, and what becomes of it (MF-3)."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from services.identity.sessions.reach import Means
from shared.contracts.identity import TwoStepMode
from shared.contracts.ids import AccountId, SessionId
from shared.limits import DAY, HOUR, Limit

WRONG = Limit("second-step", ((10, timedelta(minutes=15)),))
"""Wrong codes of one account, wherever they were given: the tenth locks."""
LOCK_LASTS = timedelta(minutes=20)
NOTICES = Limit("second-step-notice", ((3, DAY),))
"""Locks that one holder is told of."""
WRONG_A_SESSION = 5
SET_UP_LASTS = timedelta(hours=1)
CODES = 10
CODE_SETS = Limit("recovery-codes", ((5, HOUR),))
"""Sets made for one account: each is ten slow hashes, of which guesses should have the use."""
TOLD_AT = 3


class Outcome(StrEnum):
    """What became of a code; the caller is told of PASSED and of nothing else."""

    OFF = "off"  #: two-step is: no code is asked for
    PASSED = "passed"
    MISSING = "missing"  #: none was given
    WRONG = "wrong"
    LOCKED = "locked"  #: right or wrong, it was neither used up nor counted
    KEPT_BACK = "source_exhausted"  #: likewise, for its source was told enough (LG-4)
    OVER = "second_step_over"  #: wrong, and the fifth in a session that waited for one


@dataclass(frozen=True, slots=True, kw_only=True)
class CodesSalt:
    """What every recovery code of one set is hashed with."""

    salt: bytes
    pepper_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """An app that is being set up, by one session."""

    sealed: bytes = field(repr=False)
    session_id: SessionId
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TwoStep:
    """How an account stands with two-step: on with an app, with passkeys, or both (MF-8)."""

    account_id: AccountId
    on_since: datetime | None
    app_sealed: bytes | None = field(repr=False)
    pending: Pending | None
    codes_salt: CodesSalt | None
    codes_left: int
    passkeys: int  # that count: none that is suspended
    locked_until: datetime | None
    mode: TwoStepMode

    @property
    def means(self) -> tuple[Means, ...]:
        """What it can be taken by; nothing, while it is off."""
        if not self.on:
            return ()
        has = {
            Means.APP: self.app_sealed is not None,
            Means.PASSKEY: self.passkeys > 0,
            Means.RECOVERY_CODE: self.codes_left > 0,
        }
        return tuple(means for means in Means if has[means])

    @property
    def on(self) -> bool:
        """Whether log-on asks for it."""
        return self.on_since is not None

    def is_locked(self, now: datetime) -> bool:
        """Whether no code is taken (MF-3)."""
        return self.locked_until is not None and now < self.locked_until


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptSecret:
    """An app's secret as a row has it."""

    account_id: AccountId
    sealed: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """A code as it was typed, after the slow work and before anything is decided."""

    typed: str | None = field(repr=False)
    recovery_hash: str | None = field(repr=False)  # where it looks like a recovery code

    @property
    def means(self) -> Means:
        """What it is a code of, if it is one."""
        return Means.APP if self.recovery_hash is None else Means.RECOVERY_CODE


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCodes:
    """A set of recovery codes just made: shown once, kept as hashes."""

    shown: tuple[str, ...] = field(repr=False)
    hashes: tuple[str, ...]
    salt: CodesSalt
