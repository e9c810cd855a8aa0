"""Passkeys, the ceremonies that they answer in, and what becomes of an answer (MF-5, MF-6)."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, NewType
from uuid import UUID

import msgspec

from shared.contracts.identity import AccountState
from shared.contracts.ids import AccountId, SessionId
from shared.limits import DAY, Limit

PasskeyId = NewType("PasskeyId", UUID)

LIFE = timedelta(minutes=5)
"""Of a ceremony: so long its options can be answered."""
MOST = 10
CHALLENGE_BYTES = 32
HANDLE_BYTES = 64
COPIED = Limit("passkey-copied", ((1, DAY),))
"""Answers of one passkey with a counter that did not grow that its holder is told of."""


class Purpose(StrEnum):
    """What a ceremony is begun for; it is good for nothing else."""

    MAKE = "make"
    LOG_ON = "log-on"
    SECOND_STEP = "second-step"
    REAUTHENTICATE = "re-authenticate"
    OWN = "own"  #: MG-1: by a passkey of the other account


class PasskeyEnd(StrEnum):
    """Why a passkey opens nothing any more."""

    HOLDER = "holder"
    FROZEN = "frozen"
    TWO_STEP_RESET = "two-step-reset"
    MERGED = "merged"


class Confirmed(msgspec.Struct, frozen=True, kw_only=True):
    """The re-authentication that a passkey is made with, as its grant said it (SE-3)."""

    jti: str
    issuer: str
    security_version: int
    expires_at: datetime


class Making(msgspec.Struct, frozen=True, kw_only=True):
    """What a passkey is to be made with."""

    name: str
    user_handle: bytes
    confirmed: Confirmed


class Ceremony(msgspec.Struct, frozen=True, kw_only=True):
    """Options that were given out, as they come back sealed with the answer (MF-6)."""

    id: UUID
    purpose: Purpose
    challenge: bytes
    expires_at: datetime
    account_id: AccountId | None = None  # whose session asked; None: nobody's, as at log-on
    session_id: SessionId | None = None
    making: Making | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """What a client is given to have a passkey answer."""

    ceremony: str
    options: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewKey:
    """A key as its authenticator made it. Nothing proves that it is not somebody else's."""

    credential_id: bytes
    public_key: bytes
    counter: int
    synced: bool
    backed_up: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """What a right answer says of its key."""

    counter: int
    synced: bool
    backed_up: bool
    user_handle: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Passkey:
    """A passkey that has not ended, as its holder tells it from the others."""

    id: PasskeyId
    credential_id: bytes
    name: str
    made_at: datetime
    used_at: datetime | None
    synced: bool
    suspended: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptKey:
    """A passkey as an answer is looked at, one that has ended too."""

    id: PasskeyId
    account_id: AccountId
    account_state: AccountState
    user_handle: bytes
    public_key: bytes = field(repr=False)
    suspended: bool
    ended_by: PasskeyEnd | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """A passkey's answer, its ceremony opened and nothing looked at yet."""

    ceremony: Ceremony
    credential: dict[str, Any] = field(repr=False)
    key: KeptKey | None  # None: nobody ever had it

    @property
    def account_id(self) -> AccountId | None:
        """Whose passkey it says that it is."""
        return self.key.account_id if self.key else None


class Cause(StrEnum):
    """Why an answer was refused, for the audit alone: its caller is told no more than that."""

    UNKNOWN = "passkey_unknown"  #: no account has it any more: the one that log-on tells
    MERGED = "account_merged"  #: a right answer of an absorbed account's (MG-5)
    MALFORMED = "malformed"
    REFUSED = "refused"  #: challenge, origin, RP id, a flag or the signature is not right
    FRAMED = "cross_origin"
    HANDLE = "user_handle"  #: another one, or none where it must be there
    ANOTHER = "another_account"
    ENDED = "ended"
    SUSPENDED = "suspended"
    COPIED = "counter"  #: it did not grow


class AnswerRefused(Exception):
    """An answer is not right; what it was is for the audit."""

    def __init__(self, cause: Cause) -> None:
        super().__init__(cause)
        self.cause = cause


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What an answer comes to: a passkey's that was right, and is used with it; or why not."""

    passkey_id: PasskeyId | None = None
    account_id: AccountId | None = None  # whose it was, where that much is known
    cause: Cause | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RelyingParty:
    """What authenticators know the portal by."""

    id: str
    name: str
    origins: tuple[str, ...]
