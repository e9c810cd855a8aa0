"""Anybody sees which practices take requests, and asks one of them (EN-4)."""

from typing import Literal

from services.identity.either import require_email_choice
from services.identity.fields import Line, Name, Typed
from services.identity.requests.features import Features
from services.identity.requests.model import Contact, Person
from shared.contracts.birth_dates import BirthDate
from shared.contracts.ids import PracticeId
from shared.http.routes import Body, Call, NoBody, Reply
from shared.trust.access import Anonymous


class OpenPractice(Reply, frozen=True, kw_only=True):
    """`contact` says how its patients reach it."""

    practice_id: PracticeId
    name: str
    contact: str


class OpenPracticesReply(Reply, frozen=True, kw_only=True):
    practices: tuple[OpenPractice, ...]


class EnrolmentRequestBody(Body, frozen=True, kw_only=True):
    """Phone and address are what the practice's record will say. An e-mail, or `no_email: true`:
    having none is a choice, never an oversight. `locale` is of the mails.
    """

    practice_id: PracticeId
    last_name: Name
    first_name: Name
    birth_date: BirthDate
    home_phone: Line
    address: Line
    email: Typed | None = None
    no_email: bool = False
    locale: Typed


class EnrolmentRequested(Reply, frozen=True, kw_only=True):
    """The same for everybody. The practice answers within 30 days, or not at all."""

    state: Literal["pending_approval"] = "pending_approval"


async def list_practices(features: Features, call: Call[NoBody, Anonymous]) -> OpenPracticesReply:
    return OpenPracticesReply(
        practices=tuple(
            OpenPractice(practice_id=each.id, name=each.name, contact=each.contact)
            for each in await features.requests.open_practices()
        )
    )


async def request_enrolment(
    features: Features, call: Call[EnrolmentRequestBody, Anonymous]
) -> EnrolmentRequested:
    body = call.body
    require_email_choice(body.email, no_email=body.no_email)
    await features.requests.submit(
        body.practice_id,
        Person(last_name=body.last_name, first_name=body.first_name, birth_date=body.birth_date),
        Contact(
            home_phone=body.home_phone,
            address=body.address,
            email=body.email,
            locale=body.locale,
        ),
        by=call.by,
    )
    return EnrolmentRequested()
