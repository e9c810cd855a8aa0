"""Recovery's records and pure rules: what becomes of a request, and the life of a link."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from shared.audit.entries import Origin
from shared.contracts.ids import AccountId
from shared.contracts.sealed import SealPurpose
from shared.limits import DAY, HOUR, Limit
from shared.one_time import Purpose

DEFAULT_MINUTES = 60  # RC-3: for an account without a practice
SHORTEST_MINUTES = 15
LONGEST_MINUTES = 1440
RESET_LINK = Purpose(name=SealPurpose.RESET_LINK, longest=timedelta(minutes=LONGEST_MINUTES))
"""RC-3: used up only by a new password at identity, so no try is counted here."""

FIRST_PAUSE = timedelta(seconds=0.5)
LONGEST_PAUSE = timedelta(seconds=10)


class Kind(StrEnum):
    """What is asked for by a name that may be nobody's, accepted first and worked on later."""

    RESET_LINK = "reset-link"  #: RC-3, by a username or account e-mail
    USERNAME_REMINDER = "username-reminder"  #: RC-1, by an account e-mail


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Somebody asked for one of these by a name that may be nobody's."""

    id: UUID
    name_digest: bytes
    requested_at: datetime
    origin: Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class DueRequest:
    """A request to be worked on now. Where it is the last time, nobody yet is nobody for good."""

    request: Request
    last: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountNames:
    """What an account is found by: its names, and the digests that typed ones are compared with."""

    account_id: AccountId
    username: str
    username_digest: bytes
    email: str | None
    email_digest: bytes | None
    reserved: Sequence[str]
    reserved_digests: Sequence[bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Addressee:
    """Whom a name belongs to: an active account with a verified e-mail.

    `practice_minutes` has an entry for each practice it is enrolled at; None: not heard of yet.
    """

    account_id: AccountId
    username: str
    email: str
    security_version: int
    locale: str
    time_zone: str
    practice_minutes: tuple[int | None, ...]

    @property
    def life_minutes(self) -> int:
        """The life of a link made now."""
        return life_minutes(self.practice_minutes)


STRANGER = Addressee(
    account_id=AccountId(UUID(int=0)),
    username="",
    email="",
    security_version=0,
    locale="en",
    time_zone="UTC",
    practice_minutes=(),
)
"""Stands in for nobody, so that a miss takes the steps of a hit; nothing of it is ever stored."""


def life_minutes(practices: Sequence[int | None]) -> int:
    """Return the shortest life that the practices allow (RC-3).

    A practice not heard of yet counts as the shortest there is: a link may die early but must not
    outlive what a practice wants.
    """
    shortest = min(
        (SHORTEST_MINUTES if minutes is None else minutes for minutes in practices),
        default=DEFAULT_MINUTES,
    )
    return min(max(shortest, SHORTEST_MINUTES), LONGEST_MINUTES)


def link_mail_limit(*, pause: timedelta, an_hour: int, a_day: int) -> Limit:
    """How often one account is mailed a link (RC-3)."""
    return Limit("link-mail", ((1, pause), (an_hour, HOUR), (a_day, DAY)))


def reminder_limit(*, an_hour: int) -> Limit:
    """How many requests for a username are decided by address, hit and miss alike (RC-1)."""
    return Limit("username-reminder", ((an_hour, HOUR),))


class Outcome(StrEnum):
    """What becomes of a request when it is looked at; an audit row's detail where it is final."""

    MAILED = "mailed"
    LIMITED = "limited"  #: a mail went out too recently, or too many did
    NOBODY = "nobody"  #: no active account with a verified e-mail goes by this name
    LATER = "later"  #: nobody yet: the account's snapshot may still be on its way


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What became of a request, and whose the name is; None: nobody's."""

    request: Request
    outcome: Outcome
    account_id: AccountId | None


def decide(*, known: bool, within_limits: bool, final: bool) -> Outcome:
    """Say what becomes of a request."""
    if known:
        return Outcome.MAILED if within_limits else Outcome.LIMITED
    return Outcome.NOBODY if final else Outcome.LATER


def miss_is_final(
    requested_at: datetime, *, fed_since: datetime | None, patience: timedelta, now: datetime
) -> bool:
    """Whether a name that is nobody's will stay so.

    The snapshot of an account just made needs a moment to arrive, and arrives not at all while the
    consumer is not connected; once it is again, the backlog gets the same patience.
    """
    return fed_since is not None and now - max(requested_at, fed_since) >= patience


def next_look(requested_at: datetime, *, patience: timedelta, now: datetime) -> datetime:
    """When to look at a miss again: ever less often, and exactly when patience ends."""
    pause = min(max((now - requested_at) / 2, FIRST_PAUSE), LONGEST_PAUSE)
    end = requested_at + patience
    return min(now + pause, end) if now < end else now + pause
