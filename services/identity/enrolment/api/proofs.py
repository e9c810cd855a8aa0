"""A person proves what her practice gave her, before she chooses anything (EN-1)."""

from datetime import date

from services.identity.enrolment.evidence import NameAndDate
from services.identity.enrolment.features import Features
from services.identity.enrolment.model import TOKEN
from services.identity.enrolment.proofs import EnrolmentProof
from services.identity.enrolment.ways_in import Brought
from services.identity.fields import Name, Typed
from shared.http.routes import Body, Call
from shared.trust.access import Anonymous


class EnrolmentProofBody(Body, frozen=True, kw_only=True):
    """The practice's token, with what only its patient and the practice know."""

    token: Typed
    birth_date: date
    last_name: Name


async def prove_enrolment(
    features: Features, call: Call[EnrolmentProofBody, Anonymous]
) -> EnrolmentProof:
    body = call.body
    brought = Brought(
        way=TOKEN,
        secret=body.token,
        evidence=NameAndDate(last_name=body.last_name, birth_date=body.birth_date),
    )
    return await features.proofs.prove(brought, by=call.by)
