"""A practice lists who asks to be enrolled, and decides (EN-4, ST-1)."""

from datetime import date, datetime
from typing import Annotated, ClassVar

from msgspec import UNSET, Meta, UnsetType

from services.identity.budgets import TOKENS
from services.identity.fields import Line
from services.identity.requests.decisions import PAGE, Approval, Approved
from services.identity.requests.features import Features
from services.identity.requests.model import (
    MOST_CONTACTS,
    EnrolmentRequest,
    RequestId,
    RequestState,
)
from shared.contracts.ids import PatientId
from shared.contracts.scopes import Scope
from shared.errors import Violation
from shared.http.parsing import id_of
from shared.http.problems import BodyInvalid, ScopeMissing
from shared.http.routes import Call, NoBody, NoReply, Reply, StaffBody
from shared.trust.access import PracticeCaller

Number = Annotated[int, Meta(ge=1, le=MOST_CONTACTS)]


class PendingRequest(Reply, frozen=True, kw_only=True):
    request_id: RequestId
    last_name: str
    first_name: str
    birth_date: date
    asked_at: datetime
    expires_at: datetime


class PendingRequestsReply(Reply, frozen=True, kw_only=True):
    """Up to 100, who waits longest first; `next` is to be sent as `after`."""

    requests: tuple[PendingRequest, ...]
    next: RequestId | UnsetType = UNSET

    shows_most: ClassVar[int] = PAGE

    @property
    def shows(self) -> int:
        return len(self.requests)


class RequestContact(Reply, frozen=True, kw_only=True):
    """`number` is what an approval names it by; without `email` she said that she has none."""

    number: int
    home_phone: str
    address: str
    email: str | None
    locale: str


class RequestReply(Reply, frozen=True, kw_only=True):
    """Every contact that came with it, the first asked first: nobody has proven any of them."""

    shows_most: ClassVar[int] = 1  # all of one person, or of who says so

    request_id: RequestId
    state: RequestState
    last_name: str
    first_name: str
    birth_date: date
    contacts: tuple[RequestContact, ...]
    patient_id: PatientId | None
    asked_at: datetime
    expires_at: datetime
    ended_at: datetime | None


class ApprovalBody(StaffBody, frozen=True, kw_only=True):
    """`patient_id` is a record of the practice's; without it one is registered, under `number`
    where one is given, with the phone and the address of `contact`. The invitation goes to the
    address of the contact `mail_to`; null: no mail, and the practice hands out a token.
    """

    patient_id: PatientId | None = None
    number: Line | None = None
    contact: Number = 1
    mail_to: Number | None

    def counts_as(self, budget: str) -> int:
        """A token where somebody is invited; a record where one is registered, or nobody invited:
        every approval counts.
        """
        invites = self.mail_to is not None
        return int(invites if budget == TOKENS.name else self.patient_id is None or not invites)


async def list_enrolment_requests(
    features: Features, call: Call[NoBody, PracticeCaller]
) -> PendingRequestsReply:
    after = id_of(call.query, "after")
    found = await features.decisions.list(
        call.caller.practice_id, after=RequestId(after) if after else None, by=call.by
    )
    return PendingRequestsReply(
        requests=tuple(map(_pending, found)),
        next=found[-1].id if len(found) == PAGE else UNSET,
    )


def _pending(request: EnrolmentRequest) -> PendingRequest:
    return PendingRequest(
        request_id=request.id,
        last_name=request.person.last_name,
        first_name=request.person.first_name,
        birth_date=request.person.birth_date,
        asked_at=request.asked_at,
        expires_at=request.expires_at,
    )


async def read_enrolment_request(
    features: Features, call: Call[NoBody, PracticeCaller], request_id: RequestId
) -> RequestReply:
    asked = await features.decisions.read(call.caller.practice_id, request_id, by=call.by)
    request = asked.request
    return RequestReply(
        request_id=request.id,
        state=request.state,
        last_name=request.person.last_name,
        first_name=request.person.first_name,
        birth_date=request.person.birth_date,
        contacts=tuple(
            RequestContact(
                number=number,
                home_phone=contact.home_phone,
                address=contact.address,
                email=contact.email,
                locale=contact.locale,
            )
            for number, contact in enumerate(asked.contacts, start=1)
        ),
        patient_id=request.patient_id,
        asked_at=request.asked_at,
        expires_at=request.expires_at,
        ended_at=request.ended_at,
    )


async def approve_enrolment_request(
    features: Features, call: Call[ApprovalBody, PracticeCaller], request_id: RequestId
) -> Approved:
    """Approve; who may hand out tokens, but register nobody, approves for records there are."""
    body = call.body
    if body.patient_id is None and Scope.PATIENTS_WRITE not in call.caller.scopes:
        raise ScopeMissing
    if body.patient_id is not None and body.number is not None:
        raise BodyInvalid(
            Violation(
                field="number", code="field_not_allowed", detail="a record has its own number"
            )
        )
    return await features.decisions.approve(
        call.caller.practice_id,
        request_id,
        Approval(
            patient_id=body.patient_id,
            number=body.number,
            contact=body.contact,
            mail_to=body.mail_to,
        ),
        by=call.by,
    )


async def reject_enrolment_request(
    features: Features, call: Call[StaffBody, PracticeCaller], request_id: RequestId
) -> NoReply:
    await features.decisions.reject(call.caller.practice_id, request_id, by=call.by)
    return NoReply()
