"""Whom a username is mailed to and how often, and how a typed name and birth date are kept and
compared. Pure.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta

from shared.contracts.ids import AccountId
from shared.contracts.matching import Named, name_forms
from shared.limits import HOUR, Limit
from shared.trust.tokens import Digests

PURPOSE = "person"
SIZE = 32  # bytes of a digest
_MONTH_FIRST = re.compile(r"([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})")
_ISO = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")

NOBODY = Named("Nobody", date(1, 1, 1))
"""Stands in where there is no record to compare with, so that a miss takes the steps of a hit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """An account with a notification address, and whom its practices say it is about."""

    account_id: AccountId
    username: str
    address: str
    email: str | None  # its verified account e-mail
    locale: str
    time_zone: str
    records: tuple[Named, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """Whose username is mailed, and where; `told` hears that it was, unless it is where it went."""

    account_id: AccountId
    username: str
    address: str
    locale: str
    time_zone: str
    elsewhere: bool = False
    told: str | None = None


def reminder_limit(*, an_hour: int) -> Limit:
    """How many requests for a username are decided by address, hit and miss alike (RC-1)."""
    return Limit("username-reminder", ((an_hour, HOUR),))


def named_reminder_limit(*, an_hour: int, closing: timedelta) -> Limit:
    """The same of those that come with a name and a date of birth: after so many in an hour the
    address is closed for a while, and then has as many again (RC-2).
    """
    return Limit("username-reminder-by-person", ((an_hour, HOUR),), closing)


def birth_date(typed: str) -> date | None:
    """Read a date in either of the two ways; None: there is no such day."""
    text = typed.strip()
    try:
        if found := _MONTH_FIRST.fullmatch(text):
            month, day, year = map(int, found.groups())
            return date(year, month, day)
        return date.fromisoformat(text) if _ISO.fullmatch(text) else None
    except ValueError:
        return None


def typed_digests(digests: Digests, person: Named) -> bytes:
    """Digest a typed name and date, one behind the other for each form of the name: who waits to be
    looked for is never kept in the clear. A name of which nothing is left is kept likewise.
    """
    return b"".join(
        sorted(_of_forms(digests, name_forms(person.last_name) or {""}, person.birth_date))
    )


def is_one_of(records: Collection[Named], typed: bytes, digests: Digests) -> bool:
    """Whether a record is of the typed person: MG-2's comparison, over digests.

    Each record is compared, so that none is told by how long it took.
    """
    wanted = {typed[at : at + SIZE] for at in range(0, len(typed), SIZE)}
    compared = [
        not wanted.isdisjoint(_of_forms(digests, name_forms(one.last_name), one.birth_date))
        for one in records or (NOBODY,)
    ]
    return any(compared) and bool(records)


def _of_forms(digests: Digests, forms: Collection[str], born: date) -> set[bytes]:
    return {digests.of(PURPOSE, f"{form}\n{born.isoformat()}") for form in forms}
