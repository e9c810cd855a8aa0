"""What becomes of a request that was accepted first, whoever is named in it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from shared.audit.entries import Origin
from shared.contracts.ids import AccountId

FIRST_PAUSE = timedelta(seconds=0.5)
LONGEST_PAUSE = timedelta(seconds=10)


class Kind(StrEnum):
    """What is asked for by a name that may be nobody's, accepted first and worked on later."""

    RESET_LINK = "reset-link"  #: RC-3, by a username or account e-mail
    USERNAME_REMINDER = "username-reminder"  #: RC-1, RC-2, by an address


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Somebody asked for one of these by a name that may be nobody's."""

    id: UUID
    name_digest: bytes
    person_digests: bytes | None
    """Of the last name and date of birth beside it, where they were typed (RC-2)."""
    requested_at: datetime
    origin: Origin
    seen: bool = False  # looked at before, and nobody yet


@dataclass(frozen=True, slots=True, kw_only=True)
class DueRequest:
    """A request to be worked on now. Where it is the last time, nobody yet is nobody for good."""

    request: Request
    last: bool


class Outcome(StrEnum):
    """What becomes of a request when it is looked at; an audit row's detail where it is final."""

    MAILED = "mailed"
    LIMITED = "limited"  #: a mail went out too recently, or too many did
    NOBODY = "nobody"  #: no active account goes by this name, or has that verified address
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
