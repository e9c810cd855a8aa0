"""Questions as recovery keeps them, and the rounds in which they are answered (RC-4, RC-8)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from shared.contracts.ids import AccountId


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSet:
    """Five questions to be kept, with the slow hashes of their answers."""

    set_id: UUID
    account_id: AccountId
    codes: Sequence[str]
    answers: Sequence[str] = field(repr=False)
    account_version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """An account whose holder may set questions: it is held, and neither frozen nor merged."""

    username: str
    security_version: int
    frozen_in: int


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownSet:
    """Five questions as they are compared with; never leaves the service."""

    set_id: UUID
    answers: dict[str, str] = field(repr=False)  # slow hashes, by code


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """Whom a typed name belongs to, and what of her would be asked."""

    account_id: AccountId
    username: str
    security_version: int
    draw: int
    known: KnownSet | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundPolicy:
    """RC-4: how many wrong calls lock for how long, and how many locks close the route."""

    attempts: int = 3
    lasts: timedelta = timedelta(minutes=20)
    locks: int = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """A call's outcome after it was counted."""

    told: bool  # not while locked or closed
    opened: bool  # a success, and it may be told


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundNotice:
    """A lock whose holder is to be told; no account: a name that nobody has."""

    account_id: AccountId | None
    locked_until: datetime
    closing: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """How an account's holder is written to."""

    account_id: AccountId
    email: str | None
    locale: str
    time_zone: str


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a call with answers, kept for a repetition of it: no secret is in it.

    Without a proof it was refused. With one its grant is signed again, as long as that lives.
    """

    proof: UUID | None = None
    account_id: AccountId | None = None
    username: str = ""
    security_version: int = 0
    expires_at: datetime | None = None

    def over(self, now: datetime) -> bool:
        """Whether its proof is too old for another grant."""
        return self.expires_at is not None and now >= self.expires_at
