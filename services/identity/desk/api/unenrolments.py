"""A practice un-enrols its patient, and enrols her again (UN-1, UN-3)."""

from services.identity.desk.features import Features
from shared.contracts.ids import PatientId
from shared.http.routes import Call, NoReply, StaffBody
from shared.trust.access import PracticeCaller


async def un_enrol_patient(
    features: Features, call: Call[StaffBody, PracticeCaller], patient_id: PatientId
) -> NoReply:
    await features.unenrolments.un_enrol(call.caller.practice_id, patient_id, by=call.by)
    return NoReply()


async def reactivate_patient(
    features: Features, call: Call[StaffBody, PracticeCaller], patient_id: PatientId
) -> NoReply:
    await features.unenrolments.reactivate(call.caller.practice_id, patient_id, by=call.by)
    return NoReply()
