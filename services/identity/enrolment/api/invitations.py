"""A practice invites its patient."""

from services.identity.enrolment.features import Features
from services.identity.enrolment.invitations import Invited
from shared.contracts.ids import PatientId
from shared.http.routes import Call, StaffBody
from shared.trust.access import PracticeCaller


async def invite_patient(
    features: Features, call: Call[StaffBody, PracticeCaller], patient_id: PatientId
) -> Invited:
    return await features.invitations.invite(
        call.caller.practice_id, patient_id, by=call.by, key=call.idempotency
    )
