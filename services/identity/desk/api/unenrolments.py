"""A practice un-enrols its patient, and enrols her again (UN-1, UN-3)."""

from services.identity.desk.features import Features
from services.identity.staff import StaffBody, by_staff
from shared.contracts.ids import PatientId
from shared.http.callers import practice_of
from shared.http.parsing import uuid_in_path
from shared.http.routes import Call, NoReply


class UnenrolmentBody(StaffBody, frozen=True, kw_only=True):
    """Nothing but who un-enrols, and why."""


class ReactivationBody(StaffBody, frozen=True, kw_only=True):
    """Nothing but who enrols again, and why."""


async def un_enrol_patient(features: Features, call: Call[UnenrolmentBody]) -> NoReply:
    await features.unenrolments.un_enrol(
        practice_of(call),
        PatientId(uuid_in_path(call.path, "patient_id")),
        by=by_staff(call),
    )
    return NoReply()


async def reactivate_patient(features: Features, call: Call[ReactivationBody]) -> NoReply:
    await features.unenrolments.reactivate(
        practice_of(call),
        PatientId(uuid_in_path(call.path, "patient_id")),
        by=by_staff(call),
    )
    return NoReply()
