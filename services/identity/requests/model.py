"""Requests to be enrolled, as a person makes them and a practice sees them (EN-4)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import NewType
from uuid import UUID

from shared.contracts.ids import PatientId
from shared.contracts.matching import name_forms, same_person
from shared.limits import DAY, HOUR, Limit

RequestId = NewType("RequestId", UUID)

LIFE = timedelta(days=30)
KEPT = timedelta(days=90)  # past its expiry: a practice may still ask what became of it
MOST_CONTACTS = 20
"""Of one request: a flood of others fills no table, and what came first is what a practice sees."""


class RequestState(StrEnum):
    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who asks, by which two requests are told apart."""

    last_name: str
    first_name: str
    birth_date: date

    def is_also(self, other: "Person") -> bool:
        """Whether both are one person, however a keyboard writes the names (EN-1)."""
        return same_person(
            self.last_name, self.birth_date, other.last_name, other.birth_date
        ) and same_first_name(self.first_name, other.first_name)


def same_first_name(one: str, other: str) -> bool:
    """Whether two are one; a first name without a letter, such as a dash, is itself alone."""
    return one == other or not name_forms(one).isdisjoint(name_forms(other))


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """Where the person says she is reached, proven by nobody; no e-mail is her own choice."""

    home_phone: str
    address: str
    email: str | None
    locale: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrolmentRequest:
    id: RequestId
    state: RequestState
    person: Person
    patient_id: PatientId | None
    asked_at: datetime
    expires_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request with every contact that came with it; the first is number 1."""

    request: EnrolmentRequest
    contacts: Sequence[Contact]


def request_mail_limit(*, an_hour: int, a_day: int) -> Limit:
    """How many mails that a request was made an address may get, whoever types it."""
    return Limit("request-mail", ((an_hour, HOUR), (a_day, DAY)))
