"""Sessions: their lives and ends (SE-1)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NewType
from uuid import UUID

from services.identity.sessions.reach import Standing
from shared.contracts.ids import AccountId, SessionId

DeviceId = NewType("DeviceId", UUID)


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionLives:
    """SE-1: idle since the last refresh, at most in all, how long a twin refresh is honest, and how
    many live at once in one account.

    Within `rest` of a rotation its successor does not rotate: a session has so many tokens at most.
    """

    idle: timedelta = timedelta(minutes=15)
    longest: timedelta = timedelta(hours=12)
    twin: timedelta = timedelta(seconds=30)
    rest: timedelta = timedelta(seconds=5)
    most: int = 50


FRESH = timedelta(minutes=10)
"""SE-3: so long after its `auth_time` a token vouches for its holder in what comes first, for a
password or a passkey was given then, or a new one set. After that it does not: it may be stolen.
"""


class SessionEnd(StrEnum):
    """Why a session ended; one that is only idle or expired was not ended."""

    HOLDER = "holder"
    PASSWORD_RESET = "password-reset"  # noqa: S105 - a reason, not a password
    PASSWORD_CHANGE = "password-change"  # noqa: S105 - likewise
    EMAIL_CHANGE = "email-change"
    REFRESH_REUSE = "refresh-reuse"
    MERGED = "merged"
    UNENROLLED = "un-enrolled"
    TERMS_DECLINED = "terms-declined"
    SECOND_STEP = "second-step"  #: a full one took its place (LG-3)
    SECOND_STEP_FAILED = "second-step-failed"
    TWO_STEP_CHANGE = "two-step-change"
    TWO_STEP_RESET = "two-step-reset"
    FROZEN = "frozen"
    REVOKED = "revoked"  #: by its refresh token (RFC 7009)
    TOO_MANY = "too-many"
    DEVICE_REVOKED = "device-revoked"
    PASSKEY_REMOVED = "passkey-removed"


class BegunBy(StrEnum):
    """What opened a session, and the second step where one was taken."""

    PASSWORD = "password"  # noqa: S105 - likewise
    PASSWORD_RESET = "password-reset"  # noqa: S105 - likewise
    PASSWORD_CHANGE = "password-change"  # noqa: S105 - likewise
    APP = "app"
    RECOVERY_CODE = "recovery-code"
    PASSKEY = "passkey"


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """What a client says of itself. It is shown to the holder and decides nothing: anybody can say
    anything (MF-2).
    """

    device_name: str | None = None
    agent: str | None = None

    def over(self, before: "Described") -> "Described":
        """Say what is said now, and what was said before where nothing is."""
        return Described(
            device_name=self.device_name or before.device_name, agent=self.agent or before.agent
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    id: SessionId
    account_id: AccountId
    auth_time: datetime
    started_at: datetime
    refreshed_at: datetime
    issued_at: datetime  # what an access token of now says: never before a narrowing
    idle_until: datetime  # without a refresh before
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """An access token as somebody shows it now: which session it is of, and since when."""

    session_id: SessionId
    issued_at: datetime
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedSession:
    """A session as its holder tells it from the others."""

    session: Session
    described: Described
    device_id: DeviceId | None  # None: of before devices were kept
    trusted: bool  # so that no code is asked for there
    network: str | None  # where it began; no place is looked up
    begun_by: tuple[BegunBy, ...]  # in the order it was given; of none it was not kept


@dataclass(frozen=True, slots=True, kw_only=True)
class Refreshable:
    """A refresh token that did not rotate, as it stands: why it did not."""

    session: Session
    standing: Standing
    live: bool
    rests: bool  # made by a rotation a moment ago
    same_device: bool  # who brings it has the secret of where its session began
    used_at: datetime | None
    successor_sealed: bytes | None
