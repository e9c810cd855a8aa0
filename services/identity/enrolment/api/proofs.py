"""A person proves what her practice gave her, before she chooses anything (EN-1, EN-2, EN-3)."""

from datetime import date

from services.identity.either import not_one_of
from services.identity.enrolment.evidence import (
    NameAndDate,
    Number,
    PhoneAndDate,
    TemporaryPassword,
)
from services.identity.enrolment.features import Features
from services.identity.enrolment.model import INVITED, TEMPORARY, TOKEN
from services.identity.enrolment.proofs import EnrolmentProof
from services.identity.enrolment.ways_in import Brought
from services.identity.fields import Line, Name, Typed
from shared.contracts.birth_dates import BirthDate
from shared.http.routes import Body, Call
from shared.trust.access import Anonymous

KINDS = (
    ("token", "birth_date", "last_name"),
    ("invitation", "birth_date", "home_phone"),
    ("invitation", "number"),
    ("username", "password"),
)


class EnrolmentProofBody(Body, frozen=True, kw_only=True):
    """A token with date of birth and last name; an invitation with date of birth and home phone,
    or with the practice's number of its patient; or a temporary username and password.
    """

    token: Typed | None = None
    invitation: Typed | None = None
    username: Typed | None = None
    password: Typed | None = None
    birth_date: BirthDate | None = None
    last_name: Name | None = None
    home_phone: Line | None = None
    number: Line | None = None


async def prove_enrolment(
    features: Features, call: Call[EnrolmentProofBody, Anonymous]
) -> EnrolmentProof:
    return await features.proofs.prove(brought_with(call.body), by=call.by)


def brought_with(body: EnrolmentProofBody) -> Brought:
    """Take the one of all kinds. Raises BodyInvalid."""
    given = {name for name in body.__struct_fields__ if getattr(body, name) is not None}
    if given not in map(set, KINDS):
        raise not_one_of(body, KINDS)
    match body:
        case EnrolmentProofBody(
            token=str(token), birth_date=date() as born, last_name=str(last_name)
        ):
            by_name = NameAndDate(last_name=last_name, birth_date=born)
            return Brought(way=TOKEN, secret=token, evidence=by_name)
        case EnrolmentProofBody(
            invitation=str(invitation), birth_date=date() as born, home_phone=str(home_phone)
        ):
            by_phone = PhoneAndDate(home_phone=home_phone, birth_date=born)
            return Brought(way=INVITED, secret=invitation, evidence=by_phone)
        case EnrolmentProofBody(invitation=str(invitation), number=str(number)):
            return Brought(way=INVITED, secret=invitation, evidence=Number(number=number))
        case EnrolmentProofBody(username=str(username), password=str(password)):
            by_password = TemporaryPassword(password=password)
            return Brought(way=TEMPORARY, secret=username, evidence=by_password)
        case _:
            raise not_one_of(body, KINDS)
