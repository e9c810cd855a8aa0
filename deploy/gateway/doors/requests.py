"""Requests to be enrolled: made by anybody, decided by a practice's system (EN-4)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeVar

import msgspec

from deploy.gateway.doors.http import Asker, Door, Nothing, Sent, Verb
from deploy.gateway.doors.practice import ByStaff, Client, PracticeSystem
from deploy.gateway.web.visits import Visit

R = TypeVar("R", bound=msgspec.Struct)


class OpenPractice(msgspec.Struct, frozen=True, kw_only=True):
    practice_id: str
    name: str
    contact: str


class OpenPractices(msgspec.Struct, frozen=True, kw_only=True):
    practices: tuple[OpenPractice, ...]


class Demographics(Sent, frozen=True, kw_only=True):
    practice_id: str
    last_name: str
    first_name: str
    birth_date: date
    home_phone: str
    address: str
    email: str | None = None
    no_email: bool = False
    locale: str


class Pending(msgspec.Struct, frozen=True, kw_only=True):
    request_id: str
    last_name: str
    first_name: str
    birth_date: date
    asked_at: datetime
    expires_at: datetime


class PendingPage(msgspec.Struct, frozen=True, kw_only=True):
    requests: tuple[Pending, ...]
    next: str | None = None


class Contact(msgspec.Struct, frozen=True, kw_only=True):
    number: int
    home_phone: str
    address: str
    email: str | None
    locale: str


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    request_id: str
    state: str
    last_name: str
    first_name: str
    birth_date: date
    contacts: tuple[Contact, ...]
    patient_id: str | None
    asked_at: datetime
    expires_at: datetime
    ended_at: datetime | None

    @property
    def name(self) -> str:
        """As people say it."""
        return f"{self.first_name} {self.last_name}"


class Approval(ByStaff, frozen=True, kw_only=True):
    patient_id: str | None = None
    number: str | None = None
    contact: int
    mail_to: int | None


class Approved(msgspec.Struct, frozen=True, kw_only=True):
    patient_id: str
    invitation_expires_at: datetime | None


OF_REQUEST = "/practice/enrolment-requests/{request_id}"
PRACTICES = Verb("list_practices", "GET", "/practices", OpenPractices)
REQUEST = Verb("request_enrolment", "POST", "/enrolment-requests", Nothing, Demographics)
PENDING = Verb(
    "list_enrolment_requests", "GET", "/practice/enrolment-requests", PendingPage, bearer=True
)
READ = Verb("read_enrolment_request", "GET", OF_REQUEST, Asked, bearer=True)
APPROVE = Verb(
    "approve_enrolment_request", "POST", f"{OF_REQUEST}/approve", Approved, Approval, bearer=True
)
REJECT = Verb(
    "reject_enrolment_request", "POST", f"{OF_REQUEST}/reject", Nothing, ByStaff, bearer=True
)

VERBS: tuple[Verb[Any], ...] = (PRACTICES, REQUEST, PENDING, READ, APPROVE, REJECT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Requests:
    """What anybody asks; each method one verb. Raises Refused, Away, Broken."""

    identity: Door

    async def practices(self, visit: Visit) -> tuple[OpenPractice, ...]:
        return (await self.identity.call(PRACTICES, visit)).practices

    async def submit(self, visit: Visit, body: Demographics) -> None:
        await self.identity.call(REQUEST, visit, body=body)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decisions:
    """What a practice decides; likewise."""

    system: PracticeSystem

    async def pending(self, asker: Asker, client: Client, after: str | None) -> PendingPage:
        query = {"after": after} if after else {}
        return await self._call(PENDING, asker, client, query=query)

    async def read(self, asker: Asker, client: Client, request_id: str) -> Asked:
        return await self._call(READ, asker, client, ids={"request_id": request_id})

    async def approve(
        self, asker: Asker, client: Client, request_id: str, body: Approval
    ) -> Approved:
        return await self._call(APPROVE, asker, client, ids={"request_id": request_id}, body=body)

    async def reject(self, asker: Asker, client: Client, request_id: str, body: ByStaff) -> None:
        await self._call(REJECT, asker, client, ids={"request_id": request_id}, body=body)

    async def _call(
        self,
        verb: Verb[R],
        asker: Asker,
        client: Client,
        *,
        ids: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
        body: Sent | None = None,
    ) -> R:
        token = await self.system.token(asker, client, "identity")
        return await self.system.identity.call(
            verb, asker, token=token, ids=ids, query=query, body=body
        )
