"""Who somebody says she is, and what her practice's record says. Pure."""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

import msgspec

from shared.contracts.ids import AccountId
from shared.contracts.log_on_names import name_key
from shared.contracts.matching import name_forms
from shared.contracts.phones import SHORTEST, national, same_phone
from shared.limits import DAY, Limit
from shared.one_time import Purpose

LIFE = timedelta(minutes=15)  # to find one's address among four
PROOF_LIFE = timedelta(minutes=10)  # to set a password, from the answer on
SWEPT = 1000  # records a round
SWEEP_EVERY = 300.0  # seconds
VALIDATION = Purpose(name="validation", longest=LIFE, kept=DAY, several=True)
"""RC-6: a question that was asked, answered once. It is kept for a day past its end: what was
answered to one decides of the others."""

ROUNDS = Limit("validation-round", ((3, DAY),))
"""Of a typed name, whoever's it is, and of an account by whichever of its names."""

_SPELLINGS = re.compile(r"([aou])a+|(d)[jh]+|(n)g+")
"""Two spellings of one name, once e is a: what follows is left out. See `name_forms`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A practice's record of a person, with the phone and address that a proof needs."""

    patient_id: UUID
    last_name: str
    first_name: str
    birth_date: date
    home_phone: str
    address: str


NOBODY = Record(
    patient_id=UUID(int=0),
    last_name="Nobody",
    first_name="Nobody",
    birth_date=date(1, 1, 1),
    home_phone="000000",
    address="1 Main Street, Springfield, IL 62701",
)
"""Stands in where there is no record to compare with, so that a miss takes the steps of a hit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """An account by one of its names, and the records of whom it is.

    There are none where the way is shut: then no fields are right.
    """

    account_id: AccountId
    security_version: int
    records: tuple[Record, ...]


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A question as it was asked, kept for a repetition while it lives: no secret is in it, since
    the challenge is drawn of the id under recovery's own key.
    """

    id: UUID
    addresses: tuple[str, ...]
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Fields:
    """What was typed."""

    username: str
    birth_date: date
    last_name: str
    first_name: str
    home_phone: str

    def of(self, record: Record) -> bool:
        """Whether all of it is what one record says, however it was written."""
        compared = (
            self.birth_date == record.birth_date,
            not name_forms(self.last_name).isdisjoint(name_forms(record.last_name)),
            not name_forms(self.first_name).isdisjoint(name_forms(record.first_name)),
            same_phone(self.home_phone, record.home_phone),
        )
        return all(compared)  # each was, so that none is told by how long it took

    @property
    def key(self) -> str:
        """The one form of all that would be taken for the same: another spelling of wrong fields
        must bring up the same addresses, as another spelling of right ones does.
        """
        said = (
            name_key(self.username),
            self.birth_date.isoformat(),
            spelled(self.last_name),
            spelled(self.first_name),
            national(self.home_phone)[-SHORTEST:],
        )
        return "\n".join(said)


def spelled(name: str) -> str:
    """One spelling of a name for all that `name_forms` finds equal; of some others as well."""
    form = min(name_forms(name), default="").replace("e", "a")
    return _SPELLINGS.sub(lambda found: "".join(filter(None, found.groups())), form)
