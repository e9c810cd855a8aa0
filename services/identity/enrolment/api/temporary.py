"""A practice makes a temporary username and password."""

from services.identity.enrolment.features import Features
from services.identity.enrolment.temporary import TemporaryCredentials
from shared.contracts.ids import PatientId
from shared.http.routes import Call, StaffBody
from shared.trust.access import PracticeCaller


async def make_temporary_credentials(
    features: Features, call: Call[StaffBody, PracticeCaller], patient_id: PatientId
) -> TemporaryCredentials:
    return await features.temporary.make(
        call.caller.practice_id, patient_id, by=call.by, key=call.idempotency
    )
