"""A person enrols with a practice's token."""

from datetime import date

from services.identity.enrolment.enrolments import Application, Enrolled
from services.identity.enrolment.features import Features
from services.identity.fields import Name, Typed
from shared.errors import Violation
from shared.http.problems import BodyInvalid
from shared.http.routes import Body, Call
from shared.trust.access import Anonymous


class EnrolmentBody(Body, frozen=True, kw_only=True):
    """An e-mail, or `no_email: true`: having none is a choice, never an oversight (EN-7)."""

    terms_version: Name
    token: Typed
    birth_date: date
    last_name: Name
    username: Typed
    password: Typed
    email: Typed | None = None
    no_email: bool = False


async def enrol(features: Features, call: Call[EnrolmentBody, Anonymous]) -> Enrolled:
    body = call.body
    if (body.email is None) is not body.no_email:
        raise BodyInvalid(
            Violation(
                field="email",
                code="field_missing" if body.email is None else "field_not_allowed",
                detail="either an e-mail address or no_email: true",
            )
        )
    return await features.enrolments.enrol(
        Application(
            terms_version=body.terms_version,
            token=body.token,
            birth_date=body.birth_date,
            last_name=body.last_name,
            email=body.email,
            username=body.username,
            password=body.password,
        ),
        by=call.by,
        key=call.idempotency,
    )
