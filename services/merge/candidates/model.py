"""Who looks alike, and where and when a merge is offered: pure rules."""

import calendar
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from shared.contracts.ids import AccountId, PracticeId
from shared.contracts.matching import Described


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookalike:
    """MG-8: a record of another account that shares date of birth and phone or address."""

    account_id: AccountId
    practice_id: PracticeId
    described: Described


class Place(StrEnum):
    """MG-7: where a merge is offered, besides the settings."""

    LOG_ON = "log-on"
    HOME = "home"


QUIET_MONTHS = 3


def place_of(*, candidates: bool, quiet_until: date | None, today: date) -> Place | None:
    """Say where a merge is offered today, if anywhere (MG-7).

    | candidate | skipped | today | place |
    | --- | --- | --- | --- |
    | none | | | nowhere |
    | some | never | | at the log-on |
    | some | yes | before the day | nowhere |
    | some | yes | the day, or later | the home page |
    """
    if not candidates:
        return None
    if quiet_until is None:
        return Place.LOG_ON
    return Place.HOME if today >= quiet_until else None


def quiet_from(today: date) -> date:
    """The day three calendar months on, or the last of its month (MG-7): 31 January, 30 April."""
    years, month = divmod(today.month - 1 + QUIET_MONTHS, 12)
    year, month = today.year + years, month + 1
    return date(year, month, min(today.day, calendar.monthrange(year, month)[1]))


def day_in(time_zone: str, now: datetime) -> date:
    """The day that it is there. Where a zone is of newer tables than ours, UTC's."""
    try:
        zone = ZoneInfo(time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        zone = ZoneInfo("UTC")
    return now.astimezone(zone).date()
