"""A person enrols with what her practice gave her."""

from datetime import date

from services.identity.either import not_one_of, require_email_choice
from services.identity.enrolment.enrolments import Application, Enrolled
from services.identity.enrolment.evidence import NameAndDate
from services.identity.enrolment.features import Features
from services.identity.enrolment.model import TOKEN
from services.identity.enrolment.ways_in import Brought
from services.identity.fields import Name, Typed
from shared.contracts.birth_dates import BirthDate
from shared.http.routes import Body, Call
from shared.trust.access import Anonymous


class EnrolmentBody(Body, frozen=True, kw_only=True):
    """Token, date of birth and last name, or the `grant` of who has proven such a thing before.

    An e-mail, or `no_email: true`: having none is a choice, never an oversight (EN-7).
    """

    terms_version: Name
    token: Typed | None = None
    birth_date: BirthDate | None = None
    last_name: Name | None = None
    grant: Typed | None = None
    username: Typed
    password: Typed
    email: Typed | None = None
    no_email: bool = False


async def enrol(features: Features, call: Call[EnrolmentBody, Anonymous]) -> Enrolled:
    body = call.body
    require_email_choice(body.email, no_email=body.no_email)
    return await features.enrolments.enrol(
        Application(
            terms_version=body.terms_version,
            proof=proof_of(body),
            email=body.email,
            username=body.username,
            password=body.password,
        ),
        by=call.by,
        key=call.idempotency,
    )


def proof_of(body: EnrolmentBody) -> Brought | str:
    """Take the one of both. Raises BodyInvalid."""
    match body:
        case EnrolmentBody(
            token=str(token), birth_date=date() as born, last_name=str(last_name), grant=None
        ):
            evidence = NameAndDate(last_name=last_name, birth_date=born)
            return Brought(way=TOKEN, secret=token, evidence=evidence)
        case EnrolmentBody(grant=str(grant), token=None, birth_date=None, last_name=None):
            return grant
        case _:
            raise not_one_of(body, (("token", "birth_date", "last_name"), ("grant",)))
