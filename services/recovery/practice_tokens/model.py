"""Reset tokens: how they are made and given out, how long they live, what is counted (RC-5)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from services.recovery.grants.model import Proven
from shared.contracts.identity import AccountState
from shared.contracts.ids import AccountId
from shared.contracts.practice_settings import PracticeSettings
from shared.http.routes import Reply
from shared.limits import DAY, HOUR, Limit
from shared.one_time import READ_AS, Purpose
from shared.trust.typed_secrets import typed_symbols

DIGITS = 8
WRONG = "wrong"
LONGEST = timedelta(days=7)
LONGEST_POSTED = timedelta(days=21)
RESET_TOKEN = Purpose(name="reset-token", longest=LONGEST_POSTED, digits=DIGITS, tries={WRONG: 5})
"""Its owner is the account, whichever practice gives it: so one lives, and a newer one voids it."""


class HandedOver(StrEnum):
    """How a token reaches the patient; never by e-mail, which is the way of RC-3."""

    IN_PERSON = "in-person"
    PHONE = "phone"
    POST = "post"


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Whose account is enrolled at a practice, as far as recovery has heard, and the practice."""

    account_id: AccountId
    state: AccountState
    security_version: int
    email: str | None
    locale: str
    time_zone: str
    practice_name: str
    practice_contact: str
    settings: PracticeSettings


class GivenResetToken(Reply, frozen=True, kw_only=True):
    """Never the token."""

    handed_over: HandedOver
    staff_id: str | None
    issued_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A live token, as it is compared with."""

    digest: bytes
    hash: str
    proven: Proven  # what it proves, once it is the right one


def token_life(handed_over: HandedOver, settings: PracticeSettings) -> timedelta:
    """How long a token lives, by how it is handed over; within the bounds, whatever was told."""
    if handed_over is HandedOver.POST:
        return bounded(timedelta(days=settings.reset_token_days_post), LONGEST_POSTED)
    return bounded(timedelta(hours=settings.reset_token_hours), LONGEST)


def bounded(life: timedelta, longest: timedelta) -> timedelta:
    return min(max(life, timedelta(hours=1)), longest)


def digits_of(typed: str) -> str | None:
    """Read a token as it was typed or pasted; None for what can be none."""
    digits = typed_symbols(typed, alphabet="0123456789", read_as=READ_AS)
    return digits if len(digits) == DIGITS else None


def token_limit(*, a_day: int) -> Limit:
    """How many tokens one account may be given, by all its practices."""
    return Limit("reset-token", ((a_day, DAY),))


def guess_limit(*, an_hour: int) -> Limit:
    """How many wrong tokens there may be over all accounts before that is an alarm."""
    return Limit("reset-token-guess", ((an_hour, HOUR),))
