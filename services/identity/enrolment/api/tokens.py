"""A practice issues an enrolment token."""

from services.identity.enrolment.features import Features
from services.identity.enrolment.model import HandedOver
from services.identity.enrolment.tokens import Issued
from services.identity.staff import StaffBody, by_staff
from shared.contracts.ids import PatientId
from shared.http.callers import practice_of
from shared.http.parsing import uuid_in_path
from shared.http.routes import Call


class EnrolmentTokenBody(StaffBody, frozen=True, kw_only=True):
    handed_over: HandedOver


async def issue_enrolment_token(features: Features, call: Call[EnrolmentTokenBody]) -> Issued:
    return await features.tokens.issue(
        practice_of(call),
        PatientId(uuid_in_path(call.path, "patient_id")),
        handed_over=call.body.handed_over,
        staff_id=call.body.staff_id,
        by=by_staff(call),
        key=call.idempotency,
    )
