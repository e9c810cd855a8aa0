"""A practice issues an enrolment token."""

from services.identity.enrolment.features import Features
from services.identity.enrolment.model import HandedOver
from services.identity.enrolment.tokens import Issued
from shared.contracts.ids import PatientId
from shared.http.routes import Call, StaffBody
from shared.trust.access import PracticeCaller


class EnrolmentTokenBody(StaffBody, frozen=True, kw_only=True):
    handed_over: HandedOver


async def issue_enrolment_token(
    features: Features, call: Call[EnrolmentTokenBody, PracticeCaller], patient_id: PatientId
) -> Issued:
    return await features.tokens.issue(
        call.caller.practice_id,
        patient_id,
        handed_over=call.body.handed_over,
        by=call.by,
        key=call.idempotency,
    )
