"""A practice issues an enrolment token."""

from dataclasses import replace

from services.identity.api.callers import practice_of
from services.identity.api.fields import Line, Name
from services.identity.enrolment_tokens import Issued
from services.identity.features import Features
from services.identity.model import HandedOver
from shared.contracts.ids import PatientId
from shared.http.parsing import uuid_in_path
from shared.http.routes import Body, Call


class EnrolmentTokenBody(Body, frozen=True, kw_only=True):
    handed_over: HandedOver
    staff_id: Name
    reason: Line


async def issue_enrolment_token(features: Features, call: Call[EnrolmentTokenBody]) -> Issued:
    return await features.enrolment_tokens.issue(
        practice_of(call),
        PatientId(uuid_in_path(call.path, "patient_id")),
        handed_over=call.body.handed_over,
        staff_id=call.body.staff_id,
        origin=replace(call.origin, reason=call.body.reason),
        key=call.idempotency,
        now=call.now,
    )
